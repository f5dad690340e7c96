"""Activation: the one-time link becomes a person, who claims a company, works at the firm or joins a company, as the invitation says.

Everything here runs in the system scope: nobody is signed in yet, and the link's token is what proves the right. A link only works on
the host of the firm that sent it.
"""

from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.models import Person
from portal.features.accounts.service import limits, people, sessions
from portal.features.audit import service as audit
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service.creation import create
from portal.features.dossiers.service.dossiers import grant_on_claim, match_company
from portal.features.dossiers.service.letters import tell_firm
from portal.features.mail.domain import one_line
from portal.features.onboarding import repository
from portal.features.onboarding.domain import USABLE, CompanyActivated, InvitationKind, InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.onboarding.service import letters
from portal.features.parties import service as parties
from portal.jobs.contract import Job, Tools, clock_of
from portal.jobs.ledger import enqueue, publish
from portal.kernel.actor import Actor, Role, policy_actor
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.ids import FirmId, token_hash
from portal.kernel.language import N_, Language, gettext, use_language
from portal.web.directories import SignedIn

TRIES_PER_NETWORK, TRIES_PER_LINK = 30, 10
CLOSED = N_("This link does not work any more.")
NO_NAME = N_("Please fill this in.")
WRONG_PASSWORD = N_("This is not the password of this e-mail address.")
HAS_OWNER = N_(
    "This company has been activated by somebody else. Ask them, or your accountant, to give you access."
)
THERE_ALREADY = {
    InvitationKind.STAFF: N_("You work at this office already. Simply sign in; what you are there stays."),
    InvitationKind.MEMBER: N_(
        "You belong to this company already. Simply sign in; what you are there stays."
    ),
}
JOINED = {
    InvitationKind.STAFF: "onboarding.staff_joined",
    InvitationKind.MEMBER: "onboarding.member_joined",
}
OWN_ACCOUNT = N_("account of the client")
HAS_ACCOUNT = N_(
    "A company with this number already has an account here. Its owner is asked to give %(firm)s access; until then nothing changes."
)


class AskAccess(Job, frozen=True, kw_only=True):
    """The company of a dossier turned out to be claimed elsewhere: ask its owner for access, by a dossier of its own."""

    name: ClassVar[str] = "dossiers.ask_access"
    dossier_id: UUID


@dataclass(frozen=True, slots=True)
class OpenedLink:
    """What the activation page shows.

    Attributes:
        role: as what one joins; None for whoever claims a company.
        company: what one claims or joins; empty for staff.
        known: the address has a login already, so its password is asked instead of chosen.
    """

    kind: InvitationKind
    role: Role | None
    company: str
    email: str
    name: str
    language: Language
    known: bool


@dataclass(frozen=True, slots=True)
class Activated:
    """What came of using a link: the session, and as what."""

    session: sessions.NewSession
    kind: InvitationKind
    role: Role | None
    company: str


@dataclass(frozen=True, slots=True)
class _Usable:
    """An invitation whose link works. `dossier`: the one whose company is claimed; `company`: its name, or that of the one joined."""

    invitation: Invitation
    dossier: Dossier | None
    company: str


async def look_up(tools: Tools, *, firm_id: FirmId, token: str, address: str) -> OpenedLink | None:
    """What a link is for. None for an unknown, used, replaced or too old one: all alike.

    That it was fetched says nothing of anybody: mail programs and their guards fetch every link (`note_opened`).

    Raises:
        TooMany: too many links from this network address.
    """
    await limits.limit(tools, f"activate:ip:{address}", TRIES_PER_NETWORK)
    async with tools.database.system_read() as session:
        found = await _usable(session, firm_id, token)
        if found is None:
            return None
        invitation = found.invitation
        person = await people.person_by_email(session, invitation.email)
        return OpenedLink(
            kind=invitation.kind,
            role=invitation.role,
            company=found.company,
            email=invitation.email,
            name=invitation.name,
            language=invitation.language,
            known=person is not None and person.password_hash is not None,
        )


async def note_opened(
    tools: Tools, *, firm_id: FirmId, token: str, address: str, reader: str | None = None
) -> None:
    """A person does something at the page behind a link: from now on the invitation was opened.

    Args:
        reader: the address of whoever is signed in there; somebody else is not the invited person.

    Raises:
        TooMany: too many links from this network address.
    """
    await limits.limit(tools, f"opened:ip:{address}", TRIES_PER_NETWORK)
    async with tools.database.system_scope() as session:
        found = await _usable(session, firm_id, token)
        if found is None or found.invitation.state is not InvitationState.SENT:
            return
        if reader in (None, found.invitation.email):
            now = clock_of(session).now()
            await repository.move_invitation(
                session, found.invitation.id, InvitationState.OPENED, opened_at=now
            )


async def _usable(session: ReadSession, firm_id: UUID, token: str, *, lock: bool = False) -> _Usable | None:
    found = await repository.invitation_by_token(session, token_hash(token), lock=lock)
    now = clock_of(session).now()
    if found is None or found.firm_id != firm_id or found.state not in USABLE or found.expires_at <= now:
        return None
    if found.kind is InvitationKind.CLAIM:
        return await _usable_claim(session, found)
    if not await letters.is_given(session, found):
        return None
    if found.kind is InvitationKind.STAFF:
        return _Usable(found, None, "")
    if found.company_id is None or not await people.serves(session, firm_id, found.company_id):
        return None
    company = await parties.company(session, found.company_id)
    return _Usable(found, None, company.name)


async def _usable_claim(session: ReadSession, found: Invitation) -> _Usable | None:
    if found.company_id is None or found.dossier_id is None:
        return None
    of_company = await dossiers.of_company(session, found.company_id)
    dossier = next((one for one in of_company if one.id == found.dossier_id), None)
    if dossier is None or dossier.access is not Access.MANAGED:
        return None
    return _Usable(found, dossier, dossier.name)


async def activate(
    tools: Tools,
    *,
    firm_id: FirmId,
    token: str,
    name: str,
    password: str,
    language: Language,
    address: str,
    user_agent: str,
    replacing: SignedIn | None = None,
) -> Activated:
    """Use a link, all in one transaction: the login, what one is from now on, the session. A claim also opens the company to the firm.

    A person whose address has a login proves it with the password it has; nobody gets into an account by an invitation to it. By
    claiming, the owner agrees that the firm sees the company: its dossiers become *granted*.

    Args:
        replacing: the session this browser had until now; it ends.

    Raises:
        NotFound: the link is unknown, used, withdrawn, replaced or too old, or nobody may give its role any more: all alike.
        Invalid: the password is too weak or wrong (field `password`), or the name is missing; the link may be used again.
        Conflict: the company has an owner already (`has_owner`), or another company with its number is claimed (`has_account`): then
            no twin is made, the invitation ends and that company's owner gets an access request. Or the person is there already
            (`there_already`): a link changes no role.
        TooMany: too many tries.
    """
    await limits.limit(tools, f"activate:ip:{address}", TRIES_PER_NETWORK)
    await limits.limit(tools, f"activate:link:{token_hash(token).hex()}", TRIES_PER_LINK)
    async with tools.database.system_scope() as session:
        found = await _usable(session, firm_id, token, lock=True)
        if found is None:
            raise NotFound(CLOSED, code="link_closed")
        invitation, dossier = found.invitation, found.dossier
        if dossier is None or not await _claimed_twin(session, dossier):
            person = await _person(session, invitation, name, password, language)
            how = _Entering(firm_id, user_agent, replacing)
            if dossier is None:
                opened_session = await _join(session, invitation, person, how)
            else:
                opened_session = await _claim(session, invitation, dossier, person, how)
            return Activated(opened_session, invitation.kind, invitation.role, found.company)
        await repository.move_invitation(session, invitation.id, InvitationState.EXPIRED)
        firm = await parties.firm(session, firm_id)
        await enqueue(session, policy_actor(firm_id, firm.name), AskAccess(dossier_id=dossier.id))
        text = firm.name
    raise Conflict(HAS_ACCOUNT, code="has_account", firm=text)


async def _claimed_twin(session: ReadSession, dossier: Dossier) -> bool:
    company = await parties.company(session, dossier.company_id)
    if company.number is None:
        return False
    claimed = await parties.claimed(session, company.country, company.number)
    return claimed is not None and claimed.id != company.id


@dataclass(frozen=True, slots=True)
class _Entering:
    """How somebody comes in: on which firm's host, with which browser, and whose session it had until now."""

    firm_id: FirmId
    user_agent: str
    replacing: SignedIn | None


async def _enter(
    session: WriteSession, person: Person, company_id: UUID | None, how: _Entering
) -> sessions.NewSession:
    entered = await sessions.open_session(
        session, how.firm_id, person, how.user_agent, company_id=company_id, replacing=how.replacing
    )
    if entered is None:  # cannot be: what they are was written just before
        raise NotFound(CLOSED, code="link_closed")
    return entered


async def _join(
    session: WriteSession, invitation: Invitation, person: Person, how: _Entering
) -> sessions.NewSession:
    """The person works at the firm, or belongs to the company; who had left comes back with the role of the invitation."""
    company_id, role = invitation.company_id, invitation.role
    if role is None:  # cannot be: the table has a check
        raise NotFound(CLOSED, code="link_closed")
    if company_id is None:
        present = await people.role_at_firm(session, invitation.firm_id, person.id)
    else:
        present = await people.role_in_company(session, company_id, person.id)
    if present is not None:
        raise Conflict(THERE_ALREADY[invitation.kind], code="there_already")
    if company_id is None:
        await people.add_staff(session, invitation.firm_id, person.id, role)
    else:
        await people.add_member(session, company_id, person.id, role)
    await _use(session, invitation, person)
    entered = await _enter(session, person, company_id, how)
    await audit.record(
        session,
        entered.signed_in.actor,
        JOINED[invitation.kind],
        "invitation",
        invitation.id,
        what=audit.named(person.name, person.email),
        fields=audit.changes({}, {"role": role.value}),
    )
    return entered


async def _use(session: WriteSession, invitation: Invitation, person: Person) -> None:
    now = clock_of(session).now()
    await repository.move_invitation(
        session, invitation.id, InvitationState.USED, used_at=now, used_by=person.id, token_hash=None
    )


async def _claim(
    session: WriteSession, invitation: Invitation, dossier: Dossier, person: Person, how: _Entering
) -> sessions.NewSession:
    if not await parties.claim(session, dossier.company_id):
        raise Conflict(HAS_OWNER, code="has_owner")
    await people.add_member(session, dossier.company_id, person.id, Role.ENTREPRENEUR)
    await _use(session, invitation, person)
    await repository.expire_claims_of_company(session, dossier.company_id, invitation.id)
    for one in await dossiers.of_company(session, dossier.company_id):
        if one.access is Access.MANAGED:
            await grant_on_claim(session, one.id)
    signed_in = await _enter(session, person, dossier.company_id, how)
    actor = signed_in.signed_in.actor
    await audit.record(
        session,
        actor,
        "dossiers.activated",
        "company",
        dossier.company_id,
        dossier_id=dossier.id,
        what=dossier.name,
        invitation=invitation.id,
    )
    await publish(session, actor, CompanyActivated(company_id=dossier.company_id))
    await tell_firm(
        session,
        actor,
        dossier,
        message="activated",
        context={"person": person.name, "company": dossier.title, "dossier_id": str(dossier.id)},
    )
    return signed_in


async def _person(
    session: WriteSession, invitation: Invitation, name: str, password: str, language: Language
) -> Person:
    person = await people.person_by_email(session, invitation.email)
    if person is not None and person.password_hash is not None:
        if not await people.proves(person, password):
            raise Invalid(fields={"password": WRONG_PASSWORD}, code="wrong_credentials")
        return person
    if (
        person is not None and person.disabled_at is not None
    ):  # whom no session lets in gets no password by a link either
        raise NotFound(CLOSED, code="link_closed")
    called = one_line(name, 120)
    if not called:
        raise Invalid(fields={"name": NO_NAME})
    if person is None:
        return await people.add_person(
            session, email=invitation.email, name=called, language=language, password=password
        )
    person.name, person.language = called, language
    await people.choose_password(session, person, password)
    return person


async def ask_access(session: WriteSession, tools: Tools, actor: Actor, dossier_id: UUID) -> None:
    """The firm's own dossier stays as it is; a second one, on the claimed company, asks for access. Once.

    Its activity says which of the two it is.
    """
    dossier = await dossiers.dossier(session, actor, dossier_id)
    if dossier is None or dossier.number is None:
        return
    company_id, access = await match_company(session, tools, dossier.firm_id, dossier.country, dossier.number)
    if company_id is None or access is not Access.REQUESTED:
        return
    if await dossiers.of_company(session, company_id):
        return
    firm = await parties.firm(session, dossier.firm_id)
    with use_language(firm.language):
        label = gettext(OWN_ACCOUNT)
    made = await create(
        session,
        tools,
        actor,
        name=dossier.name,
        number=dossier.number,
        country=dossier.country,
        language=dossier.language,
        contact_name=dossier.contact_name,
        contact_email=dossier.contact_email,
        contact_phone=dossier.contact_phone,
        activity=f"{dossier.activity}, {label}" if dossier.activity else label,
        manager_id=dossier.manager_id,
        second=True,
    )
    await dossiers.copy_regimes(session, dossier, made)
