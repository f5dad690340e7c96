"""Signing in and out, and the sessions of people."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.accounts import repository
from portal.features.accounts.domain import browser_name
from portal.features.accounts.models import CompanyMember, LoginSession, Person
from portal.features.accounts.passwords import fitting, renewed_hash
from portal.features.accounts.service import forms
from portal.features.accounts.service.limits import give_back, limit
from portal.features.accounts.service.people import normalised_email
from portal.features.audit import service as audit
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Door, Role
from portal.kernel.errors import Invalid, NotFound
from portal.kernel.ids import CompanyId, FirmId, PersonId, browser_mark, new_token, token_hash
from portal.kernel.language import N_
from portal.web.directories import PageOwner, SignedIn

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
TOUCH_AFTER = timedelta(minutes=1)
TRIES_PER_ADDRESS = 30
TRIES_PER_EMAIL = 8
SOMEBODY_ELSE = N_("The page behind this was opened by %(name)s. Only they can go on with it.")
SOMEBODY = N_("The page behind this was opened by somebody else. Only they can go on with it.")
WRONG = N_("The e-mail address or the password is wrong.")


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just made: the token goes into the cookie and is kept nowhere else."""

    token: str
    signed_in: SignedIn
    seconds: int


async def sign_in(
    tools: Tools,
    *,
    firm_id: FirmId,
    email: str,
    password: str,
    address: str,
    user_agent: str,
    replacing: SignedIn | None = None,
    wanted: PageOwner | None = None,
    only_wanted: bool = False,
) -> NewSession:
    """Check a password and open a session on this firm's host, as staff or as member of a company.

    The same answer, after the same work, for an unknown address, a wrong password and a person who is nothing at this firm.

    Args:
        replacing: the session this browser had until now; it ends.
        wanted: somebody to go on as: when it is this person, in that capacity as long as they have it.
        only_wanted: nobody else, and in no other capacity: the page that waits is theirs.

    Raises:
        Invalid: wrong, or nothing here; or somebody else than `only_wanted` wants (`somebody_else`).
        TooMany: too many tries from this network address or for this e-mail address.
    """
    mail = normalised_email(email)
    by_address, by_email = f"sign-in:ip:{address}", f"sign-in:mail:{firm_id}:{mail}"
    await limit(tools, by_address, TRIES_PER_ADDRESS)
    await limit(tools, by_email, TRIES_PER_EMAIL)
    async with tools.database.system_scope() as session:
        person = await repository.person_by_email(session, mail)
    stored = person.password_hash if person is not None and person.disabled_at is None else None
    fits = await fitting(stored, password)
    if fits is None or person is None:
        raise Invalid(WRONG, code="wrong_credentials")
    renewed = await renewed_hash(fits, password)
    async with tools.database.system_scope() as session:
        opened = None
        mine = wanted is not None and wanted.person_id == person.id
        if wanted is not None and mine and wanted.company_id is not None:
            opened = await open_session(
                session, firm_id, person, user_agent, company_id=wanted.company_id, replacing=replacing
            )
        if opened is None:
            opened = await open_session(session, firm_id, person, user_agent, replacing=replacing)
        if opened is None:
            raise Invalid(WRONG, code="wrong_credentials")
        if only_wanted and wanted is not None and opened.signed_in.owner.key != wanted.key:
            said = SOMEBODY_ELSE if wanted.is_here else SOMEBODY
            raise Invalid(said, code="somebody_else", name=wanted.name)  # nothing of this is kept
        if renewed is not None and stored is not None:
            await repository.renew_password_hash(session, person.id, stored, renewed)
        await give_back(session, by_address, by_email)
        await audit.record(session, opened.signed_in.actor, "accounts.signed_in", "person", person.id)
    return opened


async def open_session(
    session: WriteSession,
    firm_id: FirmId,
    person: Person,
    user_agent: str,
    *,
    company_id: UUID | None = None,
    replacing: SignedIn | None = None,
) -> NewSession | None:
    """A new session for a person whose identity was just proved; None when they are nothing at this firm's host.

    Staff come in as staff; others as member of `company_id`, or of their first company that this firm works for. Runs in the
    system scope. Always a new random token, so that nobody can plant one beforehand.

    Args:
        replacing: the session this browser had until now; it ends.
    """
    now = clock_of(session).now()
    member = await repository.staff_membership(session, firm_id, person.id) if company_id is None else None
    company: tuple[CompanyMember, str] | None = None
    if member is None:
        choices = [
            choice
            for choice in await repository.company_memberships(session, person.id, firm_id)
            if company_id in (None, choice[0].company_id)
        ]
        if not choices:
            return None
        company = choices[0]
    if replacing is not None:
        await repository.end_session(session, replacing.session_hash)
    token = new_token()
    row = LoginSession(
        token_hash=token_hash(token),
        person_id=person.id,
        firm_id=firm_id,
        company_id=company[0].company_id if company else None,
        as_firm=member is not None,
        csrf_token=new_token(),
        created_at=now,
        last_seen_at=now,
        expires_at=now + ABSOLUTE,
        user_agent=user_agent[:200],
    )
    repository.add(session, row)
    role = member.role if member is not None else (company[0].role if company else Role.READER)
    signed_in = _signed_in(row, person, role, company[1] if company else None)
    await forms.remember_page_token(session, signed_in.owner, row.csrf_token, browser_mark(token))
    return NewSession(token, signed_in, int(ABSOLUTE.total_seconds()))


def _signed_in(row: Any, person: Any, role: Role, company_name: str | None) -> SignedIn:
    """From the rows of a session and of its person, or from the one row that a look-up gives of both."""
    actor = Actor(
        door=Door.PAGE,
        name=person.name,
        firm_id=FirmId(row.firm_id) if row.as_firm else None,
        company_id=CompanyId(row.company_id) if row.company_id is not None else None,
        host_firm_id=FirmId(row.firm_id),
        person_id=PersonId(person.id),
        role=role,
    )
    return SignedIn(actor, person.email, person.language, row.csrf_token, row.token_hash, company_name)


async def sign_out(tools: Tools, signed_in: SignedIn) -> None:
    """End this browser's session."""
    async with tools.database.system_scope() as session:
        await repository.end_session(session, signed_in.session_hash)
        await audit.record(
            session, signed_in.actor, "accounts.signed_out", "person", signed_in.actor.person_id
        )


@dataclass(frozen=True, slots=True)
class OwnSession:
    """One of a person's live sessions, as they are shown it. `name` identifies it in a form without telling its hash."""

    name: str
    browser: str | None
    created_at: datetime
    last_seen_at: datetime
    present: bool


def _name_of(digest: bytes) -> str:
    return hashlib.sha256(b"session name:" + digest).hexdigest()[:32]


async def own_sessions(tools: Tools, signed_in: SignedIn) -> list[OwnSession]:
    """A person's live sessions on every host, the present one first. Sessions are read in the system scope only."""
    now = tools.clock.now()
    async with tools.database.system_scope() as session:
        rows = await repository.live_sessions_of(session, _person_id(signed_in), now, now - IDLE)
    found = [
        OwnSession(
            name=_name_of(row.token_hash),
            browser=browser_name(row.user_agent),
            created_at=row.created_at,
            last_seen_at=row.last_seen_at,
            present=row.token_hash == signed_in.session_hash,
        )
        for row in rows
    ]
    return sorted(found, key=lambda one: not one.present)


async def end_own_session(tools: Tools, signed_in: SignedIn, name: str) -> None:
    """End one of a person's own sessions.

    Raises:
        NotFound: it is not theirs, or has ended already.
    """
    now = tools.clock.now()
    async with tools.database.system_scope() as session:
        rows = await repository.live_sessions_of(session, _person_id(signed_in), now, now - IDLE)
        for row in rows:
            if _name_of(row.token_hash) == name:
                await repository.end_session(session, row.token_hash)
                await audit.record(
                    session, signed_in.actor, "accounts.session_ended", "person", signed_in.actor.person_id
                )
                return
    raise NotFound


@dataclass(frozen=True, slots=True)
class Capacity:
    """One thing a person is at a firm's host: its staff (`company_id` None) or member of a company."""

    company_id: UUID | None
    name: str | None
    role: Role
    present: bool


async def capacities(tools: Tools, signed_in: SignedIn) -> list[Capacity]:
    """Everything the person may come in as on this host. Memberships elsewhere are read in the system scope."""
    actor = signed_in.actor
    assert actor.host_firm_id is not None
    async with tools.database.system_scope() as session:
        staff = await repository.staff_membership(session, actor.host_firm_id, _person_id(signed_in))
        companies = await repository.company_memberships(session, _person_id(signed_in), actor.host_firm_id)
    found = [Capacity(None, None, staff.role, actor.is_firm)] if staff is not None else []
    found.extend(
        Capacity(row.company_id, name, row.role, row.company_id == actor.company_id)
        for row, name in companies
    )
    return found


async def switch(tools: Tools, signed_in: SignedIn, company_id: UUID | None, user_agent: str) -> NewSession:
    """Go on as something else on the same host: a new session with a new token; the old one ends.

    Raises:
        NotFound: the person is not that here.
    """
    actor = signed_in.actor
    assert actor.host_firm_id is not None
    async with tools.database.system_scope() as session:
        person = await repository.person(session, _person_id(signed_in))
        if person is None:
            raise NotFound
        opened = await open_session(
            session, actor.host_firm_id, person, user_agent, company_id=company_id, replacing=signed_in
        )
        if opened is None or (company_id is None and not opened.signed_in.actor.is_firm):
            raise NotFound
        await audit.record(session, opened.signed_in.actor, "accounts.switched", "person", person.id)
    return opened


def _person_id(signed_in: SignedIn) -> PersonId:
    assert signed_in.actor.person_id is not None
    return signed_in.actor.person_id


class Sessions:
    """The SessionDirectory of the web."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def find(self, token: str, firm_id: FirmId) -> SignedIn | None:
        """The live session of a cookie on this firm's host.

        What the person is, is looked up each time: a role taken away or a membership ended counts at once.
        """
        now = self._tools.clock.now()
        digest = token_hash(token)
        database = self._tools.database
        row = await database.system_look_up(
            lambda session: repository.live_session(session, digest, firm_id, now, now - IDLE)
        )
        if row is None:
            return None
        role = row.staff_role if row.as_firm else row.member_role
        if role is None:
            return None
        if now - row.last_seen_at > TOUCH_AFTER:
            async with database.system_scope() as session:
                await repository.touch(session, digest, now)
        return _signed_in(row, row, role, row.company_name)


async def end_expired(session: WriteSession) -> None:
    """Forget sessions and tries whose time is over; runs in the system scope."""
    await repository.end_expired(session, clock_of(session).now())
    await forms.forget_old(session)
