"""Inviting people: colleagues to a firm (settings, team), a second person to a company that has an owner.

One open invitation per address and place: a newer one ends the older. Whoever is there already is not invited, and no link changes a
role. The role is judged when somebody is invited, when the letter leaves and when the link is used.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.accounts.service import limits, people
from portal.features.audit import service as audit
from portal.features.mail.domain import one_line
from portal.features.onboarding import repository
from portal.features.onboarding.domain import (
    OPEN,
    RIGHT,
    ROLES,
    InvitationKind,
    InvitationState,
    MemberInvited,
    roles_to_give,
)
from portal.features.onboarding.models import Invitation
from portal.features.onboarding.service import letters
from portal.features.onboarding.service.invitations import NO_NAME, NOT_OPEN, TOO_MANY_LETTERS
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound, TooMany
from portal.kernel.language import N_, Language

PER_DAY = {InvitationKind.STAFF: 50, InvitationKind.MEMBER: 30}
"""Invitations that a firm, or a company, may send in a day: each is a letter to somebody who may never have asked for one."""
SHOWN = timedelta(days=60)
"""How long an invitation that nobody used stands on the page."""
NOT_A_ROLE = N_("Choose one of the list.")
NOT_YOURS_TO_GIVE = N_("Only an owner of the office makes somebody else an owner.")
THERE_ALREADY = {
    InvitationKind.STAFF: N_("This person works at your office already."),
    InvitationKind.MEMBER: N_("This person belongs to your company already."),
}
INVITED = {
    InvitationKind.STAFF: "onboarding.staff_invited",
    InvitationKind.MEMBER: "onboarding.member_invited",
}
WITHDRAWN = {
    InvitationKind.STAFF: "onboarding.staff_withdrawn",
    InvitationKind.MEMBER: "onboarding.member_withdrawn",
}


@dataclass(frozen=True, slots=True)
class Colleague:
    """Somebody who is there, as the page shows them."""

    name: str
    email: str
    role: Role
    since: datetime
    myself: bool


@dataclass(frozen=True, slots=True)
class Invited:
    """An invitation that was not used, as the page shows it.

    Attributes:
        state: how it stands now; one whose time is over has expired, whether or not a sweep has said so already.
        is_open: it may still be withdrawn.
    """

    id: UUID
    name: str
    email: str
    role: Role | None
    state: InvitationState
    is_open: bool
    sent_at: datetime | None
    expires_at: datetime
    failure: str | None
    invited_by: str


@dataclass(frozen=True, slots=True)
class Place:
    """Who is at a firm or in a company, who is invited, and as what the reader may invite."""

    people: Sequence[Colleague]
    invited: Sequence[Invited]
    roles: Sequence[Role]


def _owner(actor: Actor, kind: InvitationKind) -> UUID:
    """Where the actor invites to: their firm, or their company.

    Raises:
        Forbidden: they may not, or are a program.
    """
    owner = actor.firm_id if kind is InvitationKind.STAFF else actor.company_id
    if owner is None or actor.person_id is None or actor.host_firm_id is None or not actor.may(RIGHT[kind]):
        raise Forbidden
    return owner


async def place(session: ReadSession, actor: Actor, kind: InvitationKind) -> Place:
    """Everybody who is there or invited.

    Raises:
        Forbidden: the actor does not decide about it.
    """
    owner = _owner(actor, kind)
    if kind is InvitationKind.STAFF:
        found = [(row.role, row.since, one) for row, one in await people.staff(session, owner)]
    else:
        found = [(row.role, row.since, one) for row, one in await people.members(session, owner)]
    here = [
        Colleague(one.name, one.email, role, since, myself=one.id == actor.person_id)
        for role, since, one in found
    ]
    now = clock_of(session).now()
    rows = await repository.latest_to_each(session, kind, owner, now - SHOWN)
    names = await people.names(session, {row.invited_by for row in rows})
    there = {one.email for one in here}
    shown = [_shown(row, names, now) for row in rows if row.email not in there]
    waiting = [one for one in shown if one.state in OPEN or one.state is InvitationState.EXPIRED]
    return Place(here, waiting, roles_to_give(actor.role, kind))


def _shown(row: Invitation, names: dict[UUID, str], now: datetime) -> Invited:
    over = row.state in OPEN and row.expires_at <= now
    return Invited(
        id=row.id,
        name=row.name,
        email=row.email,
        role=row.role,
        state=InvitationState.EXPIRED if over else row.state,
        is_open=row.state in OPEN and not over,
        sent_at=row.sent_at,
        expires_at=row.expires_at,
        failure=row.failure,
        invited_by=names.get(row.invited_by, "") if row.invited_by is not None else "",
    )


async def invite(
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    kind: InvitationKind,
    *,
    email: str,
    name: str,
    role: Role,
    language: Language,
) -> Invitation:
    """Invite a colleague to the actor's firm, or somebody to their company. An earlier link of the same address stops working.

    Asked again for the same while the letter has not left yet (a double click), it gives the invitation there is.

    Raises:
        Forbidden: the actor may not invite, or not as that.
        Invalid: the address (`email`), the name or the role is none, or the person is there already (`email`).
        TooMany: too many invitations of this firm or company today.
    """
    owner = _owner(actor, kind)
    address, called = email.strip().lower(), one_line(name, 120)
    _check(actor, kind, address, called, role)
    await _refuse_if_there(session, kind, owner, address)
    await _limit(tools, kind, owner)
    await repository.lock_invitations(session, kind, owner, address)
    before = await repository.open_to(session, kind, owner, address)
    if before is not None:
        if before.state is InvitationState.NONE and before.role is role and before.failure is None:
            return before
        await repository.move_invitation(session, before.id, InvitationState.EXPIRED)
    await _refuse_if_there(session, kind, owner, address)  # the earlier link may have been used just now
    assert actor.host_firm_id is not None  # on whose host the link will work
    made = await repository.add(
        session,
        firm_id=actor.host_firm_id,
        kind=kind,
        role=role,
        company_id=owner if kind is InvitationKind.MEMBER else None,
        email=address,
        name=called,
        language=language,
        invited_by=actor.person_id,
        now=clock_of(session).now(),
    )
    if kind is InvitationKind.STAFF:
        await letters.prepare(session, actor, made)
    else:
        await publish(session, actor, MemberInvited(invitation_id=made.id))
    await audit.record(
        session,
        actor,
        INVITED[kind],
        "invitation",
        made.id,
        what=address,
        fields=audit.changes({}, {"role": role.value}),
    )
    return made


async def _limit(tools: Tools, kind: InvitationKind, owner: UUID) -> None:
    try:
        await limits.limit(tools, f"invite:{kind}:{owner}", PER_DAY[kind], timedelta(days=1))
    except TooMany as many:
        raise TooMany(TOO_MANY_LETTERS, retry_after=many.retry_after) from None


def _check(actor: Actor, kind: InvitationKind, address: str, name: str, role: Role) -> None:
    faults: dict[str, str] = {}
    if not is_address(address):
        faults["email"] = NOT_AN_ADDRESS
    if not name:
        faults["name"] = NO_NAME
    if role not in ROLES[kind]:
        faults["role"] = NOT_A_ROLE
    if faults:
        raise Invalid(fields=faults)
    if role not in roles_to_give(actor.role, kind):
        raise Forbidden(NOT_YOURS_TO_GIVE, code="role")


async def _refuse_if_there(session: ReadSession, kind: InvitationKind, owner: UUID, address: str) -> None:
    if kind is InvitationKind.STAFF:
        there = [one.email for _row, one in await people.staff(session, owner)]
    else:
        there = [one.email for _row, one in await people.members(session, owner)]
    if address in there:
        raise Invalid(fields={"email": THERE_ALREADY[kind]}, code="there_already")


async def again(
    session: WriteSession, tools: Tools, actor: Actor, kind: InvitationKind, invitation_id: UUID
) -> Invitation:
    """Send an invitation that was not used once more, with a new link.

    Raises:
        NotFound: unknown, or another firm's or company's.
        Conflict: it was used or withdrawn.
        Forbidden, Invalid, TooMany: as for `invite`.
    """
    found = await repository.invitation_of(session, kind, _owner(actor, kind), invitation_id)
    if found is None:
        raise NotFound
    if found.role is None or found.state not in (*OPEN, InvitationState.EXPIRED):
        raise Conflict(NOT_OPEN, code="not_open")
    return await invite(
        session,
        tools,
        actor,
        kind,
        email=found.email,
        name=found.name,
        role=found.role,
        language=found.language,
    )


async def withdraw(
    session: WriteSession, actor: Actor, kind: InvitationKind, invitation_id: UUID
) -> Invitation:
    """The link of an invitation stops working, or does not leave.

    Raises:
        Forbidden: the actor may not invite.
        NotFound: unknown, or another firm's or company's.
        Conflict: it is not open (any more).
    """
    found = await repository.invitation_of(session, kind, _owner(actor, kind), invitation_id)
    if found is None:
        raise NotFound
    ended = await repository.move_invitation(session, found.id, InvitationState.WITHDRAWN, token_hash=None)
    if ended is None:
        raise Conflict(NOT_OPEN, code="not_open")
    await audit.record(session, actor, WITHDRAWN[kind], "invitation", ended.id, what=ended.email)
    return ended
