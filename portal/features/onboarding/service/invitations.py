"""Login details: inviting the entrepreneur of a dossier by a one-time link, never with a password.

The link's token exists in clear only while its mail is being sent (see portal.features.mail.service.delivery) and in the mail itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, ClassVar
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.audit import service as audit
from portal.features.branding import service as branding
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.mail.domain import Content, one_line
from portal.features.mail.service import delivery
from portal.features.onboarding import repository
from portal.features.onboarding.domain import InvitationState
from portal.features.onboarding.models import Invitation
from portal.jobs.contract import Job, Priority, clock_of
from portal.jobs.ledger import enqueue
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.ids import new_id, new_token, token_hash
from portal.kernel.language import N_, Language

VALID = timedelta(days=14)
MESSAGE = "invitation"
MOST_AT_ONCE = 500
NO_NAME = N_("Please fill this in.")
ACTIVATED = N_("This company has activated already. Its owner decides who else gets access.")
NO_ACCESS = N_("You have no access to this company, so you cannot invite its people.")
TOO_MANY = N_("Choose at most %(limit)s dossiers at once.")
NO_ADDRESS = N_("no e-mail address of a contact person")


class SendInvitation(Job, frozen=True, kw_only=True):
    """Make the one-time link of an invitation and mail it."""

    name: ClassVar[str] = "dossiers.send_invitation"
    priority: ClassVar[Priority] = Priority.NOW
    invitation_id: UUID
    mail_id: UUID


async def invite(
    session: WriteSession, actor: Actor, dossier: Dossier, *, email: str, name: str, language: Language
) -> Invitation:
    """Send login details to the entrepreneur of a dossier. An earlier link for the dossier stops working.

    Asked again for the same address while the mail has not left yet (a double click), it gives the invitation there is.

    Raises:
        Forbidden: the actor may not invite.
        Conflict: the company has activated already, or the firm has no access to it.
        Invalid: the address (`email`) or the name is not one.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    address, person = email.strip().lower(), one_line(name, 120)
    faults = {} if is_address(address) else {"email": NOT_AN_ADDRESS}
    if not person:
        faults["name"] = NO_NAME
    if faults:
        raise Invalid(fields=faults)
    await repository.lock_invitations(session, dossier.id)
    if dossier.access is not Access.MANAGED:
        raise Conflict(ACTIVATED if dossier.access is Access.GRANTED else NO_ACCESS, code="not_managed")
    now = clock_of(session).now()
    before = await repository.invitations(session, dossier.id)
    if before and before[0].state is InvitationState.NONE and before[0].email == address:
        return before[0]
    await repository.expire_invitations(session, dossier.id, now)
    made = Invitation(
        id=new_id(),
        firm_id=dossier.firm_id,
        dossier_id=dossier.id,
        company_id=dossier.company_id,
        email=address,
        name=person,
        language=language,
        token_hash=None,
        state=InvitationState.NONE,
        created_at=now,
        sent_at=None,
        opened_at=None,
        used_at=None,
        used_by=None,
        expires_at=now + VALID,
    )
    repository.add(session, made)
    await session.flush()
    mail_id = await delivery.prepare(
        session,
        dossier.firm_id,
        message=MESSAGE,
        to_email=address,
        to_name=person,
        language=language,
        dossier_id=dossier.id,
    )
    job = SendInvitation(invitation_id=made.id, mail_id=mail_id)
    await enqueue(session, delivery.sender(dossier.firm_id, actor), job)
    await audit.record(
        session, actor, "dossiers.invited", "invitation", made.id, dossier_id=dossier.id, what=address
    )
    return made


@dataclass(slots=True)
class Invited:
    """What came of inviting for many dossiers: how many mails, and which dossiers were left out, each with the reason."""

    sent: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)


async def invite_many(session: WriteSession, actor: Actor, dossier_ids: Sequence[UUID]) -> Invited:
    """Send login details to the contact person of each dossier; those without an address, or activated already, are left out.

    Raises:
        Forbidden: the actor may not invite.
        NotFound: one of them is not the actor's; nothing is sent then.
        Invalid: more than 500 at once.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    if len(dossier_ids) > MOST_AT_ONCE:
        raise Invalid(TOO_MANY, code="too_many_dossiers", limit=MOST_AT_ONCE)
    result = Invited()
    for dossier_id in sorted(set(dossier_ids)):
        dossier = await dossiers.look_up(session, actor, dossier_id)
        if dossier.access is not Access.MANAGED:
            reason = ACTIVATED if dossier.access is Access.GRANTED else NO_ACCESS
            result.left_out.append((dossier.title, reason))
        elif not is_address(dossier.contact_email or ""):
            result.left_out.append((dossier.title, NO_ADDRESS))
        else:
            await invite(
                session,
                actor,
                dossier,
                email=dossier.contact_email or "",
                name=dossier.contact_name or dossier.name,
                language=dossier.language,
            )
            result.sent += 1
    return result


async def send_invitation(task: Task, job: SendInvitation) -> None:
    """Make the link, mail it, and mark the invitation as sent."""

    async def content(session: WriteSession) -> Content | None:
        found = await repository.invitation(session, job.invitation_id)
        if found is None or found.state is not InvitationState.NONE:
            return None  # a newer invitation took its place meanwhile
        dossier = await dossiers.dossier(session, task.actor, found.dossier_id)
        if dossier is None or dossier.access is not Access.MANAGED:
            await repository.move_invitation(session, found.id, InvitationState.EXPIRED)
            return None
        token = new_token()
        digest = found.token_hash = token_hash(token)
        found.expires_at = clock_of(session).now() + VALID
        await session.flush()
        host = await branding.main_host(session, found.firm_id)
        link = f"{task.tools.settings.origin(host)}/activate/{token}"
        return Content(
            {"link": link, "company": dossier.name, "expires_at": found.expires_at},
            edition=digest.hex()[:12],
        )

    async def done(session: WriteSession) -> None:
        await repository.move_invitation(
            session, job.invitation_id, InvitationState.SENT, sent_at=clock_of(session).now()
        )

    await delivery.dispatch(task, job.mail_id, content, done)


async def expire_old(session: WriteSession) -> None:
    """Close invitations whose time is over; runs in the system scope."""
    await repository.expire_invitations(session, None, clock_of(session).now())


async def invitation_context(session: ReadSession, dossier: Dossier) -> dict[str, Any]:
    """What the Detail page shows of login details: the latest invitation, all of them, and whether its mail could leave."""
    found = await repository.invitations(session, dossier.id)
    mails = await delivery.of_dossier(session, dossier.id, MESSAGE) if found else []
    return {
        "invitation": found[0] if found else None,
        "invitations": found,
        "invitation_mail": mails[0] if mails else None,
    }


def check_invitable(dossier: Dossier) -> None:
    """Refuse the form for login details where nobody can be invited.

    Raises:
        Conflict: the company has activated already, or the firm has no access to it.
    """
    if dossier.access is not Access.MANAGED:
        raise Conflict(ACTIVATED if dossier.access is Access.GRANTED else NO_ACCESS, code="not_managed")


__all__ = [
    "Invited",
    "SendInvitation",
    "check_invitable",
    "expire_old",
    "invitation_context",
    "invite",
    "invite_many",
    "send_invitation",
]
