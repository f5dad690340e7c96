"""Jobs of dossiers: login details, requests for access, links that grow old."""

from datetime import timedelta

from portal.db.session import WriteSession
from portal.features.dossiers import service
from portal.features.dossiers.domain import AccessRequested
from portal.features.dossiers.service import AcceptRows, AskAccess, SendInvitation, TellOwner
from portal.jobs.contract import Tools, handles, handles_long, on_event, sweeps
from portal.jobs.runner import Task
from portal.kernel.actor import Actor

STOPPED_AFTER = timedelta(minutes=2)


@handles_long(SendInvitation)
async def send_invitation(task: Task, job: SendInvitation) -> None:
    """The one-time link, made and mailed."""
    await service.send_invitation(task, job)


@handles(AskAccess)
async def ask_access(session: WriteSession, actor: Actor, job: AskAccess, tools: Tools) -> None:
    """The company is claimed elsewhere: ask its owner."""
    await service.ask_access(session, tools, actor, job.dossier_id)


@handles(AcceptRows)
async def accept_rows(session: WriteSession, actor: Actor, job: AcceptRows, tools: Tools) -> None:
    """One batch of an accepted list."""
    await service.accept_rows(session, tools, actor, job)


@sweeps("dossiers.end_stopped_imports", every=60)
async def end_stopped_imports(session: WriteSession, tools: Tools) -> None:
    """Lists whose batch was given up must not look as if somebody still worked on them."""
    await service.go_on(session, tools.clock.now() - STOPPED_AFTER)


@handles_long(TellOwner)
async def tell_owner(task: Task, job: TellOwner) -> None:
    """One owner, about one request."""
    await service.tell_owner(task, job)


@on_event(AccessRequested, "dossiers.access_requested", as_system=True)
async def access_requested(
    session: WriteSession, actor: Actor, event: AccessRequested, _tools: Tools
) -> None:
    """The owners are told; the asking firm never sees who they are."""
    await service.tell_owners(session, actor, event.dossier_id, event.company_id)


@sweeps("dossiers.expire_invitations", every=300)
async def expire_invitations(session: WriteSession, _tools: Tools) -> None:
    """Links that were not used in time."""
    await service.expire_old(session)
