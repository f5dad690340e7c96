"""Reading what was handed in, and counting what waits when a dossier opens or ends."""

from portal.db.session import WriteSession
from portal.features.dossiers.domain import AccessEnded, DossierOpened
from portal.features.intake import service
from portal.features.intake.service import ReadUpload
from portal.jobs.contract import Tools, handles_long, hears
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(ReadUpload)
async def read_upload(task: Task, job: ReadUpload) -> None:
    """Settle every file of an upload."""
    await service.read_upload(task, job)


@hears(DossierOpened, as_system=True)
async def dossier_opened(session: WriteSession, _actor: Actor, event: DossierOpened, _tools: Tools) -> None:
    """The firm sees what waits in quick entry."""
    await service.recount(session, event.dossier_id, event.company_id, sees=True)


@hears(AccessEnded, as_system=True)
async def access_ended(session: WriteSession, _actor: Actor, event: AccessEnded, _tools: Tools) -> None:
    """The firm does not see it any more."""
    await service.recount(session, event.dossier_id, event.company_id, sees=False)
