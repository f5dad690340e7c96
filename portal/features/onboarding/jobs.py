"""Jobs of invitations: letters with one-time links, links that grow old, access asked of an owner."""

from portal.db.session import WriteSession
from portal.features.onboarding.domain import MemberInvited
from portal.features.onboarding.service import activation, invitations, letters
from portal.features.onboarding.service.activation import AskAccess
from portal.features.onboarding.service.letters import SendInvitation, SendToMember
from portal.jobs.contract import Tools, handles, handles_long, on_event, sweeps
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@handles_long(SendInvitation)
async def send_invitation(task: Task, job: SendInvitation) -> None:
    """The one-time link, made and mailed."""
    await letters.send_invitation(task, job)


@on_event(MemberInvited, "onboarding.prepare_to_member", as_system=True)
async def prepare_to_member(session: WriteSession, actor: Actor, event: MemberInvited, _tools: Tools) -> None:
    """A company's letter leaves through the firm of the host: neither sees the other's rows."""
    await letters.prepare_to_member(session, actor, event.invitation_id)


@handles_long(SendToMember)
async def send_to_member(task: Task, job: SendToMember) -> None:
    """Its one-time link, made and mailed."""
    await letters.send_to_member(task, job)


@handles(AskAccess)
async def ask_access(session: WriteSession, actor: Actor, job: AskAccess, tools: Tools) -> None:
    """The company is claimed elsewhere: ask its owner."""
    await activation.ask_access(session, tools, actor, job.dossier_id)


@sweeps("dossiers.expire_invitations", every=300)
async def expire_invitations(session: WriteSession, _tools: Tools) -> None:
    """Links that were not used in time."""
    await invitations.expire_old(session)
