"""A forgotten password: the wish, the link in a mail, the new password. All of it in the system scope: nobody is signed in.

Asking does the same work and gives the same answer whether or not somebody has the address. The mail slice, which stands above this
one, hears `PasswordForgotten`, and asks `make_link` for the token at the moment the mail leaves.
"""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts import repository
from portal.features.accounts.domain import PasswordChanged, PasswordForgotten
from portal.features.accounts.models import PasswordReset, Person
from portal.features.accounts.service.limits import limit
from portal.features.accounts.service.people import normalised_email, replace_password
from portal.features.audit import service as audit
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Door
from portal.kernel.errors import NotFound
from portal.kernel.ids import FirmId, PersonId, new_id, new_token, token_hash
from portal.kernel.language import N_

VALID = timedelta(hours=1)
WISHES_PER_NETWORK, WISHES_PER_EMAIL, LINKS_PER_NETWORK = 10, 3, 30
NOBODY = UUID(int=0)
CLOSED = N_("This link does not work any more.")


@dataclass(frozen=True, slots=True)
class ResetMail:
    """Whom a mail with a link goes to, and whose host sends it."""

    firm_id: UUID
    person: Person


async def forgot(tools: Tools, *, firm_id: FirmId, email: str, address: str) -> None:
    """Somebody wants a new password. Says nothing about whether that address is known.

    Raises:
        TooMany: too many wishes from this network address or for this e-mail address.
    """
    mail = normalised_email(email)
    await limit(tools, f"forgot:ip:{address}", WISHES_PER_NETWORK)
    await limit(tools, f"forgot:mail:{firm_id}:{mail}", WISHES_PER_EMAIL, timedelta(hours=1))
    async with tools.database.system_scope() as session:
        person = await repository.person_by_email(session, mail)
        person_id = person.id if person is not None and person.disabled_at is None else NOBODY
        staff = await repository.staff_membership(session, firm_id, person_id)
        companies = await repository.company_memberships(session, person_id, firm_id)
        now = clock_of(session).now()
        wish = PasswordReset(
            id=new_id(),
            firm_id=firm_id,
            person_id=person_id if staff is not None or companies else None,
            token_hash=None,
            created_at=now,
            expires_at=now + VALID,
            used_at=None,
        )
        repository.add(session, wish)
        await session.flush()
        visitor = Actor(door=Door.PAGE, name="visitor", host_firm_id=firm_id)
        await publish(session, visitor, PasswordForgotten(reset_id=wish.id))


async def reset_mail(session: ReadSession, reset_id: UUID) -> ResetMail | None:
    """Who is to get the mail; None when nobody is."""
    found = await repository.reset(session, reset_id)
    if found is None or found[1] is None or found[0].used_at is not None:
        return None
    return ResetMail(found[0].firm_id, found[1])


async def make_link(session: WriteSession, reset_id: UUID) -> str | None:
    """The token for the mail that leaves now; an earlier one of the same wish ends. None when it is not wanted any more."""
    found = await repository.reset(session, reset_id)
    now = clock_of(session).now()
    if found is None or found[1] is None or found[0].used_at is not None or found[0].expires_at <= now:
        return None
    token = new_token()
    found[0].token_hash = token_hash(token)
    await session.flush()
    return token


async def reset_is_for(tools: Tools, *, firm_id: FirmId, token: str, address: str) -> str | None:
    """The e-mail address whose password a link still changes; None for a link that does not work.

    Raises:
        TooMany: too many links from this network address.
    """
    await limit(tools, f"reset:ip:{address}", LINKS_PER_NETWORK)
    async with tools.database.system_scope() as session:
        found = await repository.reset_by_token(session, token_hash(token), firm_id, tools.clock.now())
        if found is None or found.person_id is None:
            return None
        person = await repository.person(session, found.person_id)
    return person.email if person is not None else None


async def reset_password(tools: Tools, *, firm_id: FirmId, token: str, password: str, address: str) -> None:
    """Use a link: the new password stands, every session and every other link of the person ends.

    Raises:
        NotFound: the link is unknown, used or too old: all answer alike.
        Invalid: the password is too weak; the link may be used again.
        TooMany: too many tries from this network address.
    """
    await limit(tools, f"reset:ip:{address}", LINKS_PER_NETWORK)
    async with tools.database.system_scope() as session:
        now = clock_of(session).now()
        wish = await repository.reset_by_token(session, token_hash(token), firm_id, now, lock=True)
        person = (
            await repository.person(session, wish.person_id) if wish is not None and wish.person_id else None
        )
        if person is None:
            raise NotFound(CLOSED, code="link_closed")
        await replace_password(session, person, password)
        actor = Actor(door=Door.PAGE, name=person.name, host_firm_id=firm_id, person_id=PersonId(person.id))
        await audit.record(session, actor, "accounts.password_reset", "person", person.id)
        await publish(session, actor, PasswordChanged(person_id=person.id, firm_id=firm_id))
