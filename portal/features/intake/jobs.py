"""Reading what was handed in, giving up on it, and counting what waits when a dossier opens or ends."""

from portal.db.session import WriteSession
from portal.features.dossiers.domain.dossiers import AccessEnded, DossierOpened
from portal.features.intake.service import inbox_run, lookups, orphans, upload_run
from portal.features.intake.service.reception import GiveUp, GiveUpInbox, ReadInbox, ReadUpload
from portal.jobs.contract import Tools, handles, handles_long, on_event, sweeps
from portal.jobs.ledger import enqueue
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import CompanyId, FirmId


@handles_long(ReadUpload, max_attempts=16)  # a few for each file that ends its worker
async def read_upload(task: Task, job: ReadUpload) -> None:
    """Settle every file of an upload."""
    await upload_run.read_upload(task, job)


@handles_long(ReadInbox, max_attempts=16)
async def read_inbox(task: Task, job: ReadInbox) -> None:
    """Find out whose every file of an upload is."""
    await inbox_run.read_inbox(task, job)


@sweeps("intake.look_for_orphaned_files", every=15)
async def look_for_orphaned_files(session: WriteSession, _tools: Tools) -> None:
    """Files whose reading was given up must not look as if somebody still read them."""
    for company_id, upload_id in await orphans.find_orphaned(session):
        actor = Actor(door=Door.JOB, name="intake", company_id=CompanyId(company_id))
        await enqueue(session, actor, GiveUp(upload_id=upload_id), unique_key=f"intake.give_up:{upload_id}")
    for firm_id, upload_id in await orphans.find_orphaned_in_inbox(session):
        actor = Actor(door=Door.JOB, name="intake", firm_id=FirmId(firm_id))
        key = f"{GiveUpInbox.name}:{upload_id}"
        await enqueue(session, actor, GiveUpInbox(upload_id=upload_id), unique_key=key)


@handles(GiveUp)
async def give_up(session: WriteSession, _actor: Actor, job: GiveUp, tools: Tools) -> None:
    """Say so to whoever handed them in."""
    await orphans.give_up(session, job, tools.clock.now())


@handles(GiveUpInbox)
async def give_up_inbox(session: WriteSession, _actor: Actor, job: GiveUpInbox, _tools: Tools) -> None:
    """A person says whose they are."""
    await orphans.give_up_inbox(session, job)


@on_event(DossierOpened, "intake.dossier_opened", as_system=True)
async def dossier_opened(session: WriteSession, _actor: Actor, event: DossierOpened, _tools: Tools) -> None:
    """The firm sees what waits in quick entry."""
    await lookups.recount(session, event.dossier_id, event.company_id)


@on_event(AccessEnded, "intake.access_ended", as_system=True)
async def access_ended(session: WriteSession, _actor: Actor, event: AccessEnded, _tools: Tools) -> None:
    """The firm does not see it any more."""
    await lookups.recount(session, event.dossier_id, event.company_id)
