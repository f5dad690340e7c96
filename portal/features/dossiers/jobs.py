"""Jobs of dossiers: login details, requests for access, links that grow old."""

from portal.db.session import WriteSession
from portal.features.dossiers import service
from portal.features.dossiers.domain import AccessRequested
from portal.features.dossiers.service import AskAccess, SendInvitation, TellOwner
from portal.jobs.contract import Tools, handles, handles_long, hears, sweeps
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(SendInvitation)
async def send_invitation(task: Task, job: SendInvitation) -> None:
    """The one-time link, made and mailed."""
    await service.send_invitation(task, job)


@handles(AskAccess)
async def ask_access(session: WriteSession, actor: Actor, job: AskAccess, tools: Tools) -> None:
    """The company is claimed elsewhere: ask its owner."""
    await service.ask_access(session, tools, actor, job.dossier_id)


@handles_long(TellOwner)
async def tell_owner(task: Task, job: TellOwner) -> None:
    """One owner, about one request."""
    await service.tell_owner(task, job)


@hears(AccessRequested, as_system=True)
async def access_requested(
    session: WriteSession, actor: Actor, event: AccessRequested, _tools: Tools
) -> None:
    """The owners are told; the asking firm never sees who they are."""
    await service.tell_owners(session, actor, event.dossier_id, event.company_id)


@sweeps(every=300)
async def expire_invitations(session: WriteSession, _tools: Tools) -> None:
    """Links that were not used in time."""
    await service.expire_old(session)
