"""The letter of an invitation: its one-time link is made while the mail is being sent, and is in clear nowhere else but in the mail.

What may have changed since somebody was invited is asked again: whether the firm still looks after the company, whether whoever
invited may still give the role. Else the invitation ends and nothing leaves.

The firm of the host sends the letters to a company's people and sees neither their invitations nor their addresses. So those are read
and written in the system scope, and the firm's row of the mail has no recipient.
"""

from typing import ClassVar
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.service import people
from portal.features.branding import service as branding
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.service import dossiers
from portal.features.mail.domain import Content
from portal.features.mail.service import delivery
from portal.features.onboarding import repository
from portal.features.onboarding.domain import VALID, InvitationKind, InvitationState, roles_to_give
from portal.features.onboarding.models import Invitation
from portal.features.parties import service as parties
from portal.jobs.contract import Job, Priority, Tools, clock_of
from portal.jobs.ledger import enqueue
from portal.jobs.runner import Task
from portal.kernel.actor import ROLE_NAMES, Actor, Role
from portal.kernel.ids import new_token, token_hash

MESSAGES = {
    InvitationKind.CLAIM: "invitation",
    InvitationKind.STAFF: "invitation_staff",
    InvitationKind.MEMBER: "invitation_member",
}
"""The letter of each kind: a folder in themes/templates/mail."""


class SendInvitation(Job, frozen=True, kw_only=True):
    """Make the one-time link of an invitation and mail it."""

    name: ClassVar[str] = "dossiers.send_invitation"
    priority: ClassVar[Priority] = Priority.NOW
    invitation_id: UUID
    mail_id: UUID


class SendToMember(Job, frozen=True, kw_only=True):
    """Make and mail the link of an invitation that its company alone sees: neither this row nor the firm's of the mail names the recipient."""

    name: ClassVar[str] = "onboarding.send_to_member"
    priority: ClassVar[Priority] = Priority.NOW
    invitation_id: UUID
    mail_id: UUID


async def prepare(session: WriteSession, actor: Actor, made: Invitation) -> None:
    """Let a firm's letter leave once this transaction is committed."""
    mail_id = await delivery.prepare(
        session,
        made.firm_id,
        message=MESSAGES[made.kind],
        to_email=made.email,
        to_name=made.name,
        language=made.language,
        dossier_id=made.dossier_id,
    )
    job = SendInvitation(invitation_id=made.id, mail_id=mail_id)
    await enqueue(session, delivery.sender(made.firm_id, actor), job)


async def prepare_to_member(session: WriteSession, actor: Actor, invitation_id: UUID) -> None:
    """Let the letter of a company's invitation leave through the firm of the host; runs in the system scope."""
    made = await repository.invitation(session, invitation_id)
    if made is None or made.state is not InvitationState.NONE:
        return
    mail_id = await delivery.prepare(
        session, made.firm_id, message=MESSAGES[made.kind], to_email=None, to_name="", language=made.language
    )
    job = SendToMember(invitation_id=made.id, mail_id=mail_id)
    await enqueue(session, delivery.sender(made.firm_id, actor), job)


async def send_invitation(task: Task, job: SendInvitation) -> None:
    """Make the link, mail it, and mark the invitation as sent."""

    async def content(session: WriteSession) -> Content | None:
        found = await repository.invitation(session, job.invitation_id, lock=True)
        if found is None or found.state is not InvitationState.NONE:
            return None  # withdrawn, or a newer one took its place meanwhile
        about = await _about_firms(session, task.actor, found)
        return await _linked(session, task.tools, found, about)

    async def done(session: WriteSession) -> None:
        await _sent(session, job.invitation_id)

    async def gave_up(session: WriteSession, why: str) -> None:
        await repository.note_failure(session, job.invitation_id, why)

    await delivery.dispatch(task, job.mail_id, content, done, gave_up)


async def send_to_member(task: Task, job: SendToMember) -> None:
    """Make the link of an invitation to a company, mail it, and mark it as sent: all about the invitation in transactions of the system.

    They are committed before those of the mail. A worker that died in between finds the invitation sent and its mail still waiting:
    then a new link is made, as for every mail with a secret.
    """

    async def content(_session: WriteSession) -> Content | None:
        async with task.tools.database.system_scope() as system:
            found = await repository.invitation(system, job.invitation_id, lock=True)
            if found is None or found.state not in (InvitationState.NONE, InvitationState.SENT):
                return None
            return await _linked(system, task.tools, found, await _about_company(system, found))

    async def done(_session: WriteSession) -> None:
        async with task.tools.database.system_scope() as system:
            await _sent(system, job.invitation_id)

    async def gave_up(_session: WriteSession, why: str) -> None:
        async with task.tools.database.system_scope() as system:
            await repository.note_failure(system, job.invitation_id, why)

    await delivery.dispatch(task, job.mail_id, content, done, gave_up)


async def _sent(session: WriteSession, invitation_id: UUID) -> None:
    await repository.move_invitation(
        session, invitation_id, InvitationState.SENT, sent_at=clock_of(session).now()
    )


async def giver_of(session: ReadSession, found: Invitation) -> Role | None:
    """What whoever sent an invitation of staff or members is now, where it was sent; None when they are nothing there any more."""
    if found.invited_by is None:
        return None
    if found.kind is InvitationKind.STAFF:
        return await people.role_at_firm(session, found.firm_id, found.invited_by)
    if found.company_id is None:
        return None
    return await people.role_in_company(session, found.company_id, found.invited_by)


async def is_given(session: ReadSession, found: Invitation) -> bool:
    """Whether whoever sent an invitation of staff or members may still give its role."""
    return found.role in roles_to_give(await giver_of(session, found), found.kind)


async def _about_firms(session: ReadSession, actor: Actor, found: Invitation) -> dict[str, object] | None:
    """What the letter of a claim or to a colleague says; None when it may not be used any more."""
    if found.kind is InvitationKind.STAFF:
        return await _role(session, found) if await is_given(session, found) else None
    dossier = await dossiers.dossier(session, actor, found.dossier_id) if found.dossier_id else None
    if dossier is None or dossier.access is not Access.MANAGED:
        return None
    return {"company": dossier.name}


async def _about_company(session: ReadSession, found: Invitation) -> dict[str, object] | None:
    if found.company_id is None or not await is_given(session, found):
        return None
    if not await people.serves(session, found.firm_id, found.company_id):
        return None
    company = await parties.company(session, found.company_id)
    return {"company": company.name, **await _role(session, found)}


async def _role(session: ReadSession, found: Invitation) -> dict[str, object]:
    giver = await people.person(session, found.invited_by) if found.invited_by is not None else None
    return {
        "role": ROLE_NAMES[found.role] if found.role is not None else "",
        "inviter": giver.name if giver is not None else "",
    }


async def _linked(
    session: WriteSession, tools: Tools, found: Invitation, about: dict[str, object] | None
) -> Content | None:
    """The letter with a new link; without anything to say the invitation ends."""
    if about is None:
        await repository.move_invitation(session, found.id, InvitationState.EXPIRED)
        return None
    token = new_token()
    digest = found.token_hash = token_hash(token)
    found.expires_at = clock_of(session).now() + VALID
    await session.flush()
    host = await branding.main_host(session, found.firm_id)
    link = f"{tools.settings.origin(host)}/activate/{token}"
    recipient = (found.name, found.email) if found.kind is InvitationKind.MEMBER else None
    return Content(
        {"link": link, "expires_at": found.expires_at, **about},
        edition=digest.hex()[:12],
        recipient=recipient,
    )
