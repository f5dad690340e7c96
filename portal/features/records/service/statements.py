"""Looking at bank statements: lists of them with the state of their items."""

from uuid import UUID

import msgspec

from portal.db.paging import Page
from portal.db.session import ReadSession
from portal.features.banking.domain import StatementQuery
from portal.features.documents.service.lookups import own_uploads_only
from portal.features.records.repository import statements as statements_repository
from portal.features.records.repository.statements import ListedStatement
from portal.kernel.actor import Actor


async def listed(
    session: ReadSession, actor: Actor, company_id: UUID, dossier_id: UUID | None, query: StatementQuery
) -> Page[ListedStatement]:
    """One page of statements; with a dossier also the state of their items there. A contributor sees the own uploads."""
    mine = msgspec.structs.replace(query, received_by=own_uploads_only(actor))
    return await statements_repository.page(session, company_id, dossier_id, mine)
