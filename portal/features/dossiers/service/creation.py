"""New dossiers, one or many: what they must know is asked once, then each is placed, then all are written."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS, Access, AccessRequested, DossierOpened
from portal.features.dossiers.domain.queries import CodeHolder, Present
from portal.features.dossiers.domain.staff import NOT_YOURS_TO_GIVE, assigned_only
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.repository import matching as matching_repository
from portal.features.dossiers.repository import regimes as regimes_repository
from portal.features.dossiers.repository import staff as staff_repository
from portal.features.dossiers.repository.dossiers import SpacedKey
from portal.features.dossiers.service.codes import taken
from portal.features.dossiers.service.dossiers import (
    check_columns,
    check_manager,
    claimed_companies,
    give_requests_back,
    refuse_if_asked_lately,
    take_requests,
    too_many_requests,
)
from portal.features.dossiers.service.numbers import check_second
from portal.features.parties import service as parties
from portal.features.targets import service as targets
from portal.features.targets.domain import CodeSpace
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import publish_all
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, Forbidden, PortalError
from portal.kernel.ids import new_id
from portal.kernel.language import N_, Language

KEPT_ALREADY = N_("Your office keeps this company already. Ask its file manager.")
Numbered = tuple[str, str]
"""A country and a company number in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewDossier:
    """What a new dossier is to say. `number` is normalised and verified (portal.kernel.numbers), or None."""

    name: str
    number: str | None
    country: str = "BE"
    vat_id: str | None = None
    """The VAT number that was given, where the company number does not tell it."""
    code: str | None = None
    language: Language = Language.NL
    contact_name: str | None = None
    contact_email: str | None = None
    contact_phone: str | None = None
    activity: str | None = None
    manager_id: UUID | None = None
    vat_regime: VatRegime = VatRegime.QUARTERLY
    vat_regime_from: date | None = None
    """The first day of the regime; None: the day on which the dossier is made."""
    second: bool = False
    """The explicit yes to another dossier on a company that the firm keeps already; it needs an activity of its own."""
    address: dict[str, Any] = field(default_factory=dict)

    @property
    def numbered(self) -> Numbered | None:
        """What its company is found by."""
        return (self.country, self.number) if self.number is not None else None


@dataclass(slots=True)
class Lookups:
    """What is there already, for as many new dossiers as there are; each one placed is there for the next.

    Of claimed companies only that they exist crosses the wall.
    """

    target_id: UUID
    """The package that new dossiers begin with: the firm's first."""
    space: CodeSpace
    codes: dict[SpacedKey, CodeHolder]
    claimed: dict[Numbered, UUID]
    brought: dict[Numbered, UUID]
    on_company: dict[UUID, list[Present]]
    requests: int
    """How many owners may still be asked for access today, as far as these new dossiers need it; the rest is given back."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A new dossier, with the columns of the company that the firm brings in with it, if it does."""

    dossier: Present
    company: Mapping[str, Any] | None
    manager_id: UUID | None
    regime: RegimeFrom


async def look_up(session: ReadSession, tools: Tools, actor: Actor, new: Iterable[NewDossier]) -> Lookups:
    """Ask once for all of them: who has their codes, which of their companies are claimed, which the firm keeps."""
    assert actor.firm_id is not None
    firm_id = actor.firm_id
    wanted = list(new)
    numbers: dict[str, set[str]] = {}
    for one in wanted:
        if one.number is not None:
            numbers.setdefault(one.country, set()).add(one.number)
    claimed = await claimed_companies(tools, numbers)
    brought: dict[Numbered, UUID] = {}
    for country, some in numbers.items():
        mine = await parties.brought_numbers(session, firm_id, country, sorted(some))
        brought |= {(country, number): company_id for number, company_id in mine.items()}
    packages = await targets.listed(session, firm_id)
    spaces = targets.spaces_of(packages)
    codes = [one.code for one in wanted if one.code]
    known = Lookups(
        target_id=packages[0].id,
        space=spaces[packages[0].id],
        codes=await dossiers_repository.code_holders(session, firm_id, spaces, codes),
        claimed=claimed,
        brought=brought,
        on_company=await matching_repository.on_companies(
            session, actor, {*claimed.values(), *brought.values()}
        ),
        requests=0,
    )
    asking = sum(1 for one in wanted if _company(one, known)[1] is Access.REQUESTED)
    if asking:
        known.requests = await take_requests(tools, firm_id, asking)
    return known


async def place(session: WriteSession, new: NewDossier, known: Lookups, key: UUID | None = None) -> Placed:
    """Where a new dossier belongs; it is not written yet, and `known` holds it from now on.

    A number of a claimed company makes an access request; a number that the firm already keeps joins that company, for those who see
    one of its dossiers; anything else brings a new, unclaimed company in, managed at once.

    Raises:
        Invalid, Conflict, TooMany: as `create`.
    """
    check_columns(new.code, new.contact_email)
    now = clock_of(session).now()
    if new.code is not None:
        holder = known.codes.get((known.space, code_key(new.code)))
        if holder is not None:
            raise taken(new.code, holder.code)
    company: dict[str, Any] | None = None
    there = _on_number(new, known)
    if there and not any(one.seen for one in there):
        raise Conflict(KEPT_ALREADY, code="kept_already")
    check_second(there, new.activity, agreed=new.second)
    company_id, access = _company(new, known)
    if company_id is not None:
        others = known.on_company.get(company_id, [])
        if access is Access.REQUESTED:
            refuse_if_asked_lately(others, now)
            if known.requests <= 0:
                raise too_many_requests(now)
            known.requests -= 1
    else:
        company = parties.new_company(
            name=new.name,
            country=new.country,
            number=new.number,
            vat_id=new.vat_id,
            language=new.language,
            **new.address,
        )
        company_id = company["id"]
    assert company_id is not None
    dossier = Present(
        id=key or new_id(),
        company_id=company_id,
        target_id=known.target_id,
        code=new.code,
        code_key=code_key(new.code) if new.code is not None else None,
        name=new.name,
        activity=(new.activity or "").strip() or None,
        country=new.country,
        number=new.number,
        language=new.language,
        contact_name=new.contact_name,
        contact_email=new.contact_email,
        contact_phone=new.contact_phone,
        access=access,
        access_since=now,
        created_at=now,
        seen=True,
    )
    if new.code is not None:
        known.codes[known.space, code_key(new.code)] = CodeHolder(dossier.id, new.code)
    if company is not None and new.numbered is not None:
        known.brought[new.numbered] = company_id
    known.on_company.setdefault(company_id, []).append(dossier)
    regime = RegimeFrom(new.vat_regime_from or local_date(now), new.vat_regime)
    return Placed(dossier, company, new.manager_id, regime)


def _company(new: NewDossier, known: Lookups) -> tuple[UUID | None, Access]:
    """The company a number leads to, and the access a dossier on it begins with; None: the firm brings a new one.

    A second dossier on a company whose owner has already agreed needs no second consent.
    """
    if new.numbered is None:
        return None, Access.MANAGED
    claimed = known.claimed.get(new.numbered)
    if claimed is not None:
        agreed = any(other.access in OPEN_ACCESS for other in known.on_company.get(claimed, []))
        return claimed, Access.GRANTED if agreed else Access.REQUESTED
    return known.brought.get(new.numbered), Access.MANAGED


def _on_number(new: NewDossier, known: Lookups) -> list[Present]:
    """The firm's dossiers on the company of a number: the claimed one, and the one that the firm has brought in; oldest first."""
    if new.numbered is None:
        return []
    companies = {known.claimed.get(new.numbered), known.brought.get(new.numbered)} - {None}
    found = [one for company_id in companies if company_id for one in known.on_company.get(company_id, [])]
    return sorted(found, key=lambda one: (one.created_at, one.id))


async def write(
    session: WriteSession, tools: Tools, actor: Actor, placed: Sequence[Placed], known: Lookups
) -> None:
    """Write the dossiers that were placed, the companies before them, and tell of them: a statement for each table, however many.

    A company that came in with its dossier has nothing yet that anybody must hear of.
    """
    assert actor.firm_id is not None
    firm_id, now = actor.firm_id, clock_of(session).now()
    await _give_back(tools, firm_id, known)
    await parties.add_companies(session, firm_id, [one.company for one in placed if one.company is not None])
    made = [one.dossier for one in placed]
    await matching_repository.add(session, firm_id, made, now)
    await staff_repository.begin_managers(
        session,
        firm_id,
        [(one.dossier.id, one.manager_id) for one in placed if one.manager_id is not None],
        local_date(now),
    )
    await regimes_repository.add_regimes(session, firm_id, [(one.dossier.id, one.regime) for one in placed])
    told = [
        audit.Told(one.id, one.id, audit.named(one.code, one.name), {"access": one.access.value})
        for one in made
    ]
    await audit.record_all(session, actor, "dossiers.created", "dossier", told)
    events: list[AccessRequested | DossierOpened] = []
    for one in placed:
        ids = {"dossier_id": one.dossier.id, "company_id": one.dossier.company_id}
        if one.dossier.access not in OPEN_ACCESS:
            events.append(AccessRequested(**ids))
        elif one.company is None:
            events.append(DossierOpened(**ids))
    await publish_all(session, actor, events)


async def _give_back(tools: Tools, firm_id: UUID, known: Lookups) -> None:
    """Owners that were counted as asked, and were not."""
    count, known.requests = known.requests, 0
    if count:
        await give_requests_back(tools, firm_id, count)


async def create(
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    *,
    name: str,
    number: str | None,
    manager_id: UUID | None = None,
    key: UUID | None = None,
    **values: Any,
) -> Dossier:
    """A new dossier, matched by company number in this door as in every other.

    Args:
        number: normalised and verified (portal.kernel.numbers), or None.
        manager_id: what assistants make is always their own.
        key: the new dossier's id. Who sends a form twice (a double click) gets the dossier that the first made.
        values: the other fields of `NewDossier`.

    Raises:
        Forbidden: an assistant may not make a dossier for somebody else.
        Invalid: the code can be no folder's name, or the e-mail address is none.
        SecondDossier: the firm keeps this company already, and there is no yes or no activity of its own.
        Conflict: another dossier's code names the same folder (`code_taken`), the actor sees none of the firm's dossiers on that
            company (`kept_already`), or the owner answered this firm's last request less than a week ago (`too_soon`).
        TooMany: too many access requests of this firm today.
    """
    assert actor.firm_id is not None
    own = assigned_only(actor)
    if own is not None:
        if manager_id not in (None, own):
            raise Forbidden(NOT_YOURS_TO_GIVE)
        manager_id = own
    new = NewDossier(name=name, number=number, manager_id=manager_id, **values)
    check_columns(new.code, new.contact_email)
    await check_manager(session, actor, manager_id)
    await dossiers_repository.lock_dossiers(session, actor.firm_id)
    if key is not None and (made := await dossiers_repository.dossier(session, actor, key)) is not None:
        return made
    known = await look_up(session, tools, actor, [new])
    try:
        placed = await place(session, new, known, key)
    except PortalError:
        await _give_back(tools, actor.firm_id, known)
        raise
    await write(session, tools, actor, [placed], known)
    made = await dossiers_repository.by_id(session, placed.dossier.id)
    assert made is not None
    return made
