"""People: signing in and out, sessions, who is what where."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts import repository
from portal.features.accounts.models import CompanyMember, FirmMember, LoginSession, Person
from portal.features.accounts.passwords import check_strength, hash_password, verify_password
from portal.features.audit import service as audit
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Door, Role
from portal.kernel.errors import Invalid, TooMany
from portal.kernel.ids import CompanyId, FirmId, PersonId, new_token, token_hash
from portal.kernel.language import N_, Language
from portal.web.directories import SignedIn

IDLE = timedelta(hours=12)
ABSOLUTE = timedelta(days=7)
TOUCH_AFTER = timedelta(minutes=1)
TRIES_PER_ADDRESS = 10
TRIES_PER_EMAIL = 8
WINDOW = timedelta(minutes=10)
WRONG = N_("The e-mail address or the password is wrong.")


@dataclass(frozen=True, slots=True)
class NewSession:
    """A session just made: the token goes into the cookie and is kept nowhere else."""

    token: str
    signed_in: SignedIn
    seconds: int


def normalised_email(text: str) -> str:
    """Addresses are compared in lower case without spaces around."""
    return text.strip().lower()


async def limit(tools: Tools, key: str, tries: int, window: timedelta = WINDOW) -> None:
    """Count a try, in a transaction of its own so that a refusal is counted too.

    Raises:
        TooMany: more than `tries` in this window.
    """
    now = tools.clock.now()
    seconds = int(window.total_seconds())
    start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    async with tools.database.system_scope() as session:
        count = await repository.count_try(session, key, start)
    if count > tries:
        raise TooMany(retry_after=max(1, int((start + window - now).total_seconds())))


async def add_person(
    session: WriteSession, *, email: str, name: str, language: Language, password: str | None = None
) -> Person:
    """A new login, or the existing one of this address (its password stays). Runs in the system scope.

    Raises:
        Invalid: the password is too weak.
    """
    address = normalised_email(email)
    existing = await repository.person_by_email(session, address)
    if existing is not None:
        return existing
    if password is not None:
        check_strength(password, address, name)
    person = Person(
        email=address,
        name=name,
        language=language,
        password_hash=await hash_password(password) if password is not None else None,
        created_at=clock_of(session).now(),
        disabled_at=None,
    )
    repository.add(session, person)
    await session.flush()
    return person


async def add_staff(session: WriteSession, firm_id: UUID, person_id: UUID, role: Role) -> FirmMember:
    """Make a person part of a firm's staff."""
    row = FirmMember(
        firm_id=firm_id, person_id=person_id, role=role, since=clock_of(session).now(), ended_at=None
    )
    repository.add(session, row)
    await session.flush()
    return row


async def add_member(session: WriteSession, company_id: UUID, person_id: UUID, role: Role) -> CompanyMember:
    """Make a person a member of a company."""
    row = CompanyMember(
        company_id=company_id, person_id=person_id, role=role, since=clock_of(session).now(), ended_at=None
    )
    repository.add(session, row)
    await session.flush()
    return row


async def person_by_email(session: ReadSession, email: str) -> Person | None:
    """The login of an address; runs in the system scope."""
    return await repository.person_by_email(session, normalised_email(email))


async def person(session: ReadSession, person_id: UUID) -> Person | None:
    """A person the session may see."""
    return await repository.person(session, person_id)


async def staff(session: ReadSession, firm_id: UUID) -> Sequence[tuple[FirmMember, Person]]:
    """The staff of a firm."""
    return await repository.staff(session, firm_id)


async def members(session: ReadSession, company_id: UUID) -> Sequence[tuple[CompanyMember, Person]]:
    """The members of a company."""
    return await repository.members(session, company_id)


async def sign_in(
    tools: Tools, *, firm_id: FirmId, email: str, password: str, address: str, user_agent: str
) -> NewSession:
    """Check a password and open a session on this firm's host, as staff or as member of a company.

    The same answer, after the same work, for an unknown address, a wrong password and a person who is nothing at this firm.

    Raises:
        Invalid: wrong, or nothing here.
        TooMany: too many tries from this network address or for this e-mail address.
    """
    mail = normalised_email(email)
    await limit(tools, f"sign-in:ip:{address}", TRIES_PER_ADDRESS * 3)
    await limit(tools, f"sign-in:mail:{firm_id}:{mail}", TRIES_PER_EMAIL)
    async with tools.database.system_scope() as session:
        person = await repository.person_by_email(session, mail)
    stored = person.password_hash if person is not None and person.disabled_at is None else None
    if not await verify_password(stored, password) or person is None:
        raise Invalid(WRONG, code="wrong_credentials")
    async with tools.database.system_scope() as session:
        opened = await open_session(session, firm_id, person, user_agent)
        if opened is None:
            raise Invalid(WRONG, code="wrong_credentials")
        await audit.record(session, opened.signed_in.actor, "accounts.signed_in", "person", person.id)
    return opened


async def open_session(
    session: WriteSession, firm_id: FirmId, person: Person, user_agent: str, *, company_id: UUID | None = None
) -> NewSession | None:
    """A new session for a person whose identity was just proved; None when they are nothing at this firm's host.

    Staff come in as staff; others as member of `company_id`, or of their first company that this firm works for. Runs in the
    system scope. Always a new random token, so that nobody can plant one beforehand.
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
    return NewSession(
        token, _signed_in(row, person, role, company[1] if company else None), int(ABSOLUTE.total_seconds())
    )


def _signed_in(row: LoginSession, person: Person, role: Role, company_name: str | None) -> SignedIn:
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


async def choose_language(tools: Tools, person_id: PersonId, language: Language) -> None:
    """The language a person reads from now on."""
    async with tools.database.system_scope() as session:
        await repository.set_language(session, person_id, language)


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
        async with self._tools.database.system_scope() as session:
            found = await repository.live_session(session, digest, firm_id, now, now - IDLE)
            if found is None:
                return None
            row, person = found
            if row.as_firm:
                staff_row = await repository.staff_membership(session, firm_id, person.id)
                if staff_row is None:
                    return None
                signed_in = _signed_in(row, person, staff_row.role, None)
            else:
                memberships = await repository.company_memberships(session, person.id, firm_id)
                mine = [(member, name) for member, name in memberships if member.company_id == row.company_id]
                if not mine:
                    return None
                signed_in = _signed_in(row, person, mine[0][0].role, mine[0][1])
            if now - row.last_seen_at > TOUCH_AFTER:
                await repository.touch(session, digest, now)
        return signed_in
