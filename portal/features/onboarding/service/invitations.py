"""Login details: inviting the entrepreneur of a dossier to claim its company by a one-time link, never with a password."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.accounts.service import limits
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.mail.domain import one_line
from portal.features.mail.service import delivery
from portal.features.onboarding import repository
from portal.features.onboarding.domain import InvitationKind, InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.onboarding.service import letters
from portal.features.onboarding.service.letters import MESSAGES
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, TooMany
from portal.kernel.language import N_, Language

MOST_AT_ONCE = 500
PER_DAY = 2_000
"""Login details that a firm may send in a day: all of its clients and as many again."""
NO_NAME = N_("Please fill this in.")
ACTIVATED = N_("This company has activated already. Its owner decides who else gets access.")
NO_ACCESS = N_("You have no access to this company, so you cannot invite its people.")
TOO_MANY = N_("Choose at most %(limit)s dossiers at once.")
NOT_OPEN = N_("This invitation was used, has expired or was withdrawn already.")
TOO_MANY_LETTERS = N_("These are too many invitations for one day. Send the rest tomorrow.")
NO_ADDRESS = N_("no e-mail address of a contact person")


async def limit_letters(tools: Tools, actor: Actor, count: int = 1) -> None:
    """Count the login details that a firm is about to send.

    Raises:
        TooMany: more than a firm may send in a day.
    """
    try:
        await limits.limit(tools, f"invite:claim:{actor.firm_id}", PER_DAY, timedelta(days=1), count=count)
    except TooMany as many:
        raise TooMany(TOO_MANY_LETTERS, retry_after=many.retry_after) from None


async def invite(
    session: WriteSession, actor: Actor, dossier: Dossier, *, email: str, name: str, language: Language
) -> Invitation:
    """Send login details to the entrepreneur of a dossier. An earlier link for the dossier stops working.

    Asked again for the same address while the mail has not left yet (a double click), it gives the invitation there is. One whose mail
    could not be delivered is replaced.

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
    latest = before[0] if before else None
    if (
        latest is not None
        and latest.state is InvitationState.NONE
        and latest.email == address
        and latest.failure is None
    ):
        return latest
    await repository.expire_invitations_of_dossier(session, dossier.id)
    made = await repository.add(
        session,
        firm_id=dossier.firm_id,
        kind=InvitationKind.CLAIM,
        dossier_id=dossier.id,
        company_id=dossier.company_id,
        email=address,
        name=person,
        language=language,
        invited_by=actor.person_id,
        now=now,
    )
    await letters.prepare(session, actor, made)
    await audit.record(
        session, actor, "dossiers.invited", "invitation", made.id, dossier_id=dossier.id, what=address
    )
    return made


@dataclass(slots=True)
class Invited:
    """What came of inviting for many dossiers: how many mails, and which dossiers were left out, each with the reason."""

    sent: int = 0
    left_out: list[tuple[str, str]] = field(default_factory=list)


async def invite_many(
    session: WriteSession, tools: Tools, actor: Actor, dossier_ids: Sequence[UUID]
) -> Invited:
    """Send login details to the contact person of each dossier; those without an address, or activated already, are left out.

    Raises:
        Forbidden: the actor may not invite.
        NotFound: one of them is not the actor's; nothing is sent then.
        Invalid: more than 500 at once.
        TooMany: more than a firm may send in a day.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    if len(dossier_ids) > MOST_AT_ONCE:
        raise Invalid(TOO_MANY, code="too_many_dossiers", limit=MOST_AT_ONCE)
    chosen = sorted(set(dossier_ids))
    await limit_letters(tools, actor, len(chosen))
    result = Invited()
    for dossier_id in chosen:
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


async def withdraw(session: WriteSession, actor: Actor, dossier: Dossier) -> Invitation:
    """The link that was sent for a dossier stops working, or does not leave.

    Raises:
        Forbidden: the actor may not invite.
        Conflict: there is no open invitation (any more).
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    await repository.lock_invitations(session, dossier.id)
    found = await repository.invitations(session, dossier.id)
    ended = (
        await repository.move_invitation(session, found[0].id, InvitationState.WITHDRAWN, token_hash=None)
        if found
        else None
    )
    if ended is None:
        raise Conflict(NOT_OPEN, code="not_open")
    await audit.record(
        session,
        actor,
        "dossiers.invitation_withdrawn",
        "invitation",
        ended.id,
        dossier_id=dossier.id,
        what=ended.email,
    )
    return ended


async def expire_old(session: WriteSession) -> None:
    """Close invitations whose time is over; runs in the system scope."""
    await repository.expire_old_invitations(session, clock_of(session).now())


async def invitation_context(session: ReadSession, dossier: Dossier) -> dict[str, Any]:
    """What the Detail page shows of login details: the latest invitation, and whether its mail could leave."""
    found = await repository.invitations(session, dossier.id)
    mails = await delivery.of_dossier(session, dossier.id, MESSAGES[InvitationKind.CLAIM]) if found else []
    return {
        "invitation": found[0] if found else None,
        "invitation_mail": mails[0] if mails else None,
    }


def check_invitable(dossier: Dossier) -> None:
    """Refuse the form for login details where nobody can be invited.

    Raises:
        Conflict: the company has activated already, or the firm has no access to it.
    """
    if dossier.access is not Access.MANAGED:
        raise Conflict(ACTIVATED if dossier.access is Access.GRANTED else NO_ACCESS, code="not_managed")
