"""Jobs of invitations: login details, links that grow old, access asked of an owner."""

from portal.db.session import WriteSession
from portal.features.onboarding.service import activation, invitations
from portal.features.onboarding.service.activation import AskAccess
from portal.features.onboarding.service.invitations import SendInvitation
from portal.jobs.contract import Tools, handles, handles_long, sweeps
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(SendInvitation)
async def send_invitation(task: Task, job: SendInvitation) -> None:
    """The one-time link, made and mailed."""
    await invitations.send_invitation(task, job)


@handles(AskAccess)
async def ask_access(session: WriteSession, actor: Actor, job: AskAccess, tools: Tools) -> None:
    """The company is claimed elsewhere: ask its owner."""
    await activation.ask_access(session, tools, actor, job.dossier_id)


@sweeps("dossiers.expire_invitations", every=300)
async def expire_invitations(session: WriteSession, _tools: Tools) -> None:
    """Links that were not used in time."""
    await invitations.expire_old(session)
