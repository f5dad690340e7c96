"""Jobs of dossiers: requests for access."""

from portal.db.session import WriteSession
from portal.features.dossiers.domain.dossiers import AccessRequested
from portal.features.dossiers.service import access
from portal.features.dossiers.service.access import TellOwner
from portal.jobs.contract import Tools, handles_long, on_event
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(TellOwner)
async def tell_owner(task: Task, job: TellOwner) -> None:
    """One owner, about one request."""
    await access.tell_owner(task, job)


@on_event(AccessRequested, "dossiers.access_requested", as_system=True)
async def access_requested(
    session: WriteSession, actor: Actor, event: AccessRequested, _tools: Tools
) -> None:
    """The owners are told; the asking firm never sees who they are."""
    await access.tell_owners(session, actor, event.dossier_id, event.company_id)
