"""People: who they are, and what they are where."""

import unicodedata
from collections.abc import Collection, Sequence
from uuid import UUID

from portal.db.figures import Figure, figures
from portal.db.session import ReadSession, WriteSession
from portal.features.accounts import repository
from portal.features.accounts.domain import PasswordChanged
from portal.features.accounts.models import CompanyMember, FirmMember, Person
from portal.features.accounts.passwords import check_strength, hash_password, verify_password
from portal.features.accounts.service.limits import limit
from portal.features.audit import service as audit
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Invalid, NotFound
from portal.kernel.ids import PersonId
from portal.kernel.language import N_, Language
from portal.kernel.texts import plain
from portal.web.directories import SignedIn

TRIES = 8
"""Tries at one's own password in ten minutes."""
WRONG_PASSWORD = N_("This is not your password.")


def normalised_email(text: str) -> str:
    """Addresses are compared in lower case, without blanks (no address has any), in the signs of a keyboard: `＠` is @.

    A full stop behind it is none of it: telephones make one of two blanks.
    """
    return "".join(unicodedata.normalize("NFKC", plain(text)).split()).rstrip(".").lower()


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
    """Make a person part of a firm's staff; a former colleague comes back with this role."""
    now = clock_of(session).now()
    row = await repository.staff_row(session, firm_id, person_id)
    if row is None:
        row = FirmMember(firm_id=firm_id, person_id=person_id, role=role, since=now, ended_at=None)
        repository.add(session, row)
    elif row.ended_at is not None:
        row.role, row.since, row.ended_at = role, now, None
    await session.flush()
    return row


async def add_member(session: WriteSession, company_id: UUID, person_id: UUID, role: Role) -> CompanyMember:
    """Make a person a member of a company; one who had left comes back with this role."""
    now = clock_of(session).now()
    row = await repository.company_membership(session, company_id, person_id)
    if row is None:
        row = CompanyMember(company_id=company_id, person_id=person_id, role=role, since=now, ended_at=None)
        repository.add(session, row)
    elif row.ended_at is not None:
        row.role, row.since, row.ended_at = role, now, None
    await session.flush()
    return row


async def person_by_email(session: ReadSession, email: str) -> Person | None:
    """The login of an address; runs in the system scope."""
    return await repository.person_by_email(session, normalised_email(email))


async def person(session: ReadSession, person_id: UUID) -> Person | None:
    """A person the session may see."""
    return await repository.person(session, person_id)


async def names(session: ReadSession, ids: Collection[object]) -> dict[UUID, str]:
    """Names of people the session may see, also of those who left; anything that is no id is passed over."""
    return (await figures(session, names=names_of(ids))).names


def names_of(ids: Collection[object]) -> Figure[dict[UUID, str]]:
    """As `names`, to be asked for along with other things."""
    return repository.names({found for one in ids if one and (found := _id(str(one))) is not None})


def _id(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


async def staff(session: ReadSession, firm_id: UUID) -> Sequence[tuple[FirmMember, Person]]:
    """The staff of a firm."""
    return await repository.staff(session, firm_id)


def staff_names(firm_id: UUID) -> Figure[dict[UUID, str]]:
    """What the staff of a firm are called, by person."""
    return repository.staff_names(firm_id)


def member_names(company_id: UUID) -> Figure[dict[UUID, str]]:
    """What the members of a company are called, by person."""
    return repository.member_names(company_id)


async def members(session: ReadSession, company_id: UUID) -> Sequence[tuple[CompanyMember, Person]]:
    """The members of a company."""
    return await repository.members(session, company_id)


async def role_at_firm(session: ReadSession, firm_id: UUID, person_id: UUID) -> Role | None:
    """What a person is at a firm now; None for somebody who never was, has left, or was disabled."""
    row = await repository.staff_membership(session, firm_id, person_id)
    return row.role if row is not None and await _may_sign_in(session, person_id) else None


async def role_in_company(session: ReadSession, company_id: UUID, person_id: UUID) -> Role | None:
    """What a person is in a company now; None for somebody who never was, has left, or was disabled."""
    row = await repository.company_membership(session, company_id, person_id)
    here = row is not None and row.ended_at is None and await _may_sign_in(session, person_id)
    return row.role if row is not None and here else None


async def _may_sign_in(session: ReadSession, person_id: UUID) -> bool:
    found = await repository.person(session, person_id)
    return found is not None and found.disabled_at is None


async def serves(session: ReadSession, firm_id: UUID, company_id: UUID) -> bool:
    """Whether the people of a company reach it through this firm's host; runs in the system scope."""
    return await repository.serves(session, firm_id, company_id)


async def proves(person: Person | None, password: str) -> bool:
    """Whether this is the person's password; takes as long for nobody, and for a person who was disabled."""
    fits = await verify_password(
        person.password_hash if person is not None and person.disabled_at is None else None, password
    )
    return fits and person is not None


async def choose_password(session: WriteSession, person: Person, password: str) -> None:
    """Give a person a new password.

    Raises:
        Invalid: it is too weak, on the field `password`.
    """
    check_strength(password, person.email, person.name)
    person.password_hash = await hash_password(password)
    await session.flush()


async def replace_password(
    session: WriteSession, person: Person, password: str, *, exclude: bytes | None = None
) -> None:
    """Another password: every open link for a new one and every session of the person ends with it. Runs in the system scope.

    Args:
        exclude: the session that goes on.

    Raises:
        Invalid: it is too weak, on the field `password`; nothing ends then.
    """
    await choose_password(session, person, password)
    await repository.end_resets_of(session, person.id, clock_of(session).now())
    await repository.end_sessions_of(session, person.id, exclude=exclude)


async def choose_language(tools: Tools, person_id: PersonId, language: Language) -> None:
    """The language a person reads from now on."""
    async with tools.database.system_scope() as session:
        await repository.set_language(session, person_id, language)


async def change_profile(session: WriteSession, actor: Actor, *, name: str, language: Language) -> None:
    """A person's own name and language; seen by row security as their own row.

    Raises:
        NotFound: nobody is signed in.
    """
    person = await repository.person(session, actor.person_id) if actor.person_id is not None else None
    if person is None:
        raise NotFound
    changed = audit.changes(
        {"name": person.name, "language": person.language}, {"name": name, "language": language}
    )
    if not changed:
        return
    person.name, person.language = name, language
    await session.flush()
    await audit.record(session, actor, "accounts.profile_changed", "person", person.id, fields=changed)


async def approval_mails(session: ReadSession, actor: Actor) -> bool:
    """Whether the actor gets the daily mail of what waits for approval."""
    person = await repository.person(session, actor.person_id) if actor.person_id is not None else None
    return person is not None and person.approval_mails


async def choose_mails(session: WriteSession, actor: Actor, *, approval_mails: bool) -> None:
    """A person's own choice of the daily mail of what waits for approval.

    Raises:
        NotFound: nobody is signed in.
    """
    person = await repository.person(session, actor.person_id) if actor.person_id is not None else None
    if person is None:
        raise NotFound
    changed = audit.changes({"approval_mails": person.approval_mails}, {"approval_mails": approval_mails})
    if changed:
        person.approval_mails = approval_mails
        await session.flush()
        await audit.record(session, actor, "accounts.profile_changed", "person", person.id, fields=changed)


async def change_password(tools: Tools, signed_in: SignedIn, *, current: str, new: str) -> None:
    """A person's own new password: every other browser is signed out, open links for a new one end, and a mail tells them.

    One transaction in the system scope does all of it, for sessions and links are seen by no other: either all of it happens or none.

    Raises:
        Invalid: the present password is wrong (field `current`) or the new one too weak (field `password`).
        TooMany: too many tries.
    """
    actor = signed_in.actor
    assert actor.person_id is not None
    await limit(tools, f"password:{actor.person_id}", TRIES)
    assert actor.host_firm_id is not None
    async with tools.database.system_scope() as session:
        person = await repository.person(session, actor.person_id)
        if not await proves(person, current) or person is None:
            raise Invalid(fields={"current": WRONG_PASSWORD}, code="wrong_credentials")
        await replace_password(session, person, new, exclude=signed_in.session_hash)
        await audit.record(session, actor, "accounts.password_changed", "person", person.id)
        await publish(session, actor, PasswordChanged(person_id=person.id, firm_id=actor.host_firm_id))
