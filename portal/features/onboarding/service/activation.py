"""Activation: the one-time link becomes a person, and the person's company is claimed.

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
from portal.features.onboarding.domain import CompanyActivated, InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.parties import service as parties
from portal.jobs.contract import Job, Tools, clock_of
from portal.jobs.ledger import enqueue, publish
from portal.kernel.actor import Actor, Role, policy_actor
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.ids import FirmId, token_hash
from portal.kernel.language import N_, Language, gettext, speaking
from portal.web.directories import SignedIn

TRIES_PER_NETWORK, TRIES_PER_LINK = 30, 10
USABLE = frozenset({InvitationState.SENT, InvitationState.OPENED})
CLOSED = N_("This link does not work any more.")
NO_NAME = N_("Please fill this in.")
WRONG_PASSWORD = N_("This is not the password of this e-mail address.")
HAS_OWNER = N_(
    "This company has been activated by somebody else. Ask them, or your accountant, to give you access."
)
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
    """What the activation page shows. `known`: the address has a login already, so its password is asked instead of chosen."""

    company: str
    email: str
    name: str
    language: Language
    known: bool


async def opened(
    tools: Tools, *, firm_id: FirmId, token: str, address: str, reader: str | None = None
) -> OpenedLink | None:
    """Look a link up and note that it was opened. None for an unknown, used, replaced or too old one: all alike.

    Args:
        reader: the address of whoever is signed in there; somebody else's look is not the invited person's.

    Raises:
        TooMany: too many links from this network address.
    """
    await limits.limit(tools, f"activate:ip:{address}", TRIES_PER_NETWORK)
    async with tools.database.system_scope() as session:
        found = await _usable(session, firm_id, token)
        if found is None:
            return None
        invitation, dossier = found
        if invitation.state is InvitationState.SENT and reader in (None, invitation.email):
            now = clock_of(session).now()
            await repository.move_invitation(session, invitation.id, InvitationState.OPENED, opened_at=now)
        person = await people.person_by_email(session, invitation.email)
        return OpenedLink(
            company=dossier.name,
            email=invitation.email,
            name=invitation.name,
            language=invitation.language,
            known=person is not None and person.password_hash is not None,
        )


async def _usable(
    session: ReadSession, firm_id: UUID, token: str, *, lock: bool = False
) -> tuple[Invitation, Dossier] | None:
    found = await repository.invitation_by_token(session, token_hash(token), lock=lock)
    now = clock_of(session).now()
    if found is None or found.firm_id != firm_id or found.state not in USABLE or found.expires_at <= now:
        return None
    of_company = await dossiers.of_company(session, found.company_id)
    dossier = next((one for one in of_company if one.id == found.dossier_id), None)
    if dossier is None or dossier.access is not Access.MANAGED:
        return None
    return found, dossier


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
) -> sessions.NewSession:
    """Use a link, all in one transaction: the login, the claim, the access, the membership as entrepreneur, the session.

    A person whose address has a login proves it with the password it has; nobody gets into an account by an invitation to it. By
    activating, the owner agrees that the firm sees the company: its dossiers become *granted*.

    Args:
        replacing: the session this browser had until now; it ends.

    Raises:
        NotFound: the link is unknown, used, replaced or too old: all alike.
        Invalid: the password is too weak or wrong (field `password`), or the name is missing; the link may be used again.
        Conflict: the company has an owner already (`has_owner`), or another company with its number is claimed (`has_account`): then
            no twin is made, the invitation ends and that company's owner gets an access request.
        TooMany: too many tries.
    """
    await limits.limit(tools, f"activate:ip:{address}", TRIES_PER_NETWORK)
    await limits.limit(tools, f"activate:link:{token_hash(token).hex()}", TRIES_PER_LINK)
    async with tools.database.system_scope() as session:
        found = await _usable(session, firm_id, token, lock=True)
        if found is None:
            raise NotFound(CLOSED, code="link_closed")
        invitation, dossier = found
        twin = await _claimed_twin(session, dossier)
        if not twin:
            return await _activate(
                session, invitation, dossier, firm_id, name, password, language, user_agent, replacing
            )
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


async def _activate(
    session: WriteSession,
    invitation: Invitation,
    dossier: Dossier,
    firm_id: FirmId,
    name: str,
    password: str,
    language: Language,
    user_agent: str,
    replacing: SignedIn | None,
) -> sessions.NewSession:
    person = await _person(session, invitation, name, password, language)
    if not await parties.claim(session, dossier.company_id):
        raise Conflict(HAS_OWNER, code="has_owner")
    now = clock_of(session).now()
    await people.add_member(session, dossier.company_id, person.id, Role.ENTREPRENEUR)
    await repository.move_invitation(
        session, invitation.id, InvitationState.USED, used_at=now, used_by=person.id, token_hash=None
    )
    await repository.expire_invitations_of_company(session, dossier.company_id, invitation.id)
    for one in await dossiers.of_company(session, dossier.company_id):
        if one.access is Access.MANAGED:
            await grant_on_claim(session, one.id)
    signed_in = await sessions.open_session(
        session, firm_id, person, user_agent, company_id=dossier.company_id, replacing=replacing
    )
    if signed_in is None:  # cannot be: the membership and the access were written above
        raise NotFound(CLOSED, code="link_closed")
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
    with speaking(firm.language):
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
