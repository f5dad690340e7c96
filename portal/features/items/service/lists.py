"""Lists of items, and what items call their papers."""

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from portal.db.paging import Page
from portal.db.session import ReadSession
from portal.features.audit import service as audit
from portal.features.items.domain import ItemQuery, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.repository import lists as lists_repository


async def listed(session: ReadSession, query: ItemQuery) -> Page[DossierItem]:
    """One page of items: of a dossier, or (without dossier_id) of everything the session may see."""
    return await lists_repository.page(session, query)


async def counts(session: ReadSession, query: ItemQuery) -> dict[ItemState, int]:
    """How many items of a list are in each state."""
    return await lists_repository.counts(session, query)


@dataclass(frozen=True, slots=True)
class Named:
    """What people call a document or statement now, and a dossier it is in."""

    name: str
    kind: str
    dossier_id: UUID


async def named(
    session: ReadSession, subjects: Collection[UUID | None], dossier_id: UUID | None = None
) -> dict[UUID, Named]:
    """Names of documents and statements by their ids, in one look; those without an item are left out."""
    wanted = {one for one in subjects if one is not None}
    found: dict[UUID, Named] = {}
    for item in await lists_repository.named(session, wanted, dossier_id):
        subject = item.document_id or item.statement_id
        if subject is not None:
            name = audit.named(item.number, item.counterparty)
            found.setdefault(subject, Named(name, item.kind.value, item.dossier_id))
    return found
