"""Items follow what happens below: papers that arrive and change, access that opens and ends. Across firms, in the system scope."""

from portal.db.session import WriteSession
from portal.features.banking.domain import StatementArrived
from portal.features.documents.domain import DocumentArrived, DocumentChanged
from portal.features.dossiers.domain import AccessEnded, DossierOpened
from portal.features.items import service
from portal.jobs.contract import Tools, hears
from portal.kernel.actor import Actor


@hears(DocumentArrived, as_system=True)
async def document_arrived(
    session: WriteSession, _actor: Actor, event: DocumentArrived, _tools: Tools
) -> None:
    """An item in every dossier on the company."""
    await service.make_for_document(session, event.document_id)


@hears(StatementArrived, as_system=True)
async def statement_arrived(
    session: WriteSession, _actor: Actor, event: StatementArrived, _tools: Tools
) -> None:
    """An item in every dossier on the company."""
    await service.make_for_statement(session, event.statement_id)


@hears(DocumentChanged, as_system=True)
async def document_changed(
    session: WriteSession, _actor: Actor, event: DocumentChanged, _tools: Tools
) -> None:
    """The items take the new values and start again."""
    await service.follow_change(session, event.document_id)


@hears(DossierOpened, as_system=True)
async def dossier_opened(session: WriteSession, _actor: Actor, event: DossierOpened, _tools: Tools) -> None:
    """Items for what the company has already."""
    await service.make_for_dossier(session, event.dossier_id, event.company_id)


@hears(AccessEnded, as_system=True)
async def access_ended(session: WriteSession, _actor: Actor, event: AccessEnded, _tools: Tools) -> None:
    """The firm keeps its history and nothing of the company's."""
    await service.end_access(session, event.dossier_id)
