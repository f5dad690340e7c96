"""Dossiers: finding, listing and changing them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from portal.db.figures import Figure, figures
from portal.db.paging import Page
from portal.db.session import ReadSession, WriteSession
from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.accounts.service import limits, people
from portal.features.dossiers.domain.codes import code_fault
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS, Access, place_of
from portal.features.dossiers.domain.queries import (
    Alike,
    DossierQuery,
    ListedDossier,
    MemberDossier,
    Present,
    Totals,
)
from portal.features.dossiers.domain.staff import Managed, assigned_only, is_own, may_set_manager
from portal.features.dossiers.domain.vat import RegimeFrom, VatRegime, regime_on
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import companies as companies_repository
from portal.features.dossiers.repository import dossiers as dossiers_repository
from portal.features.dossiers.repository import matching as matching_repository
from portal.features.dossiers.repository import regimes as regimes_repository
from portal.features.dossiers.repository import staff as staff_repository
from portal.features.parties import service as parties
from portal.features.parties.models import Company
from portal.features.targets import service as targets
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, Invalid, NotFound, TooMany
from portal.kernel.language import N_

REQUESTS_PER_DAY = 200
REQUESTS_IN = timedelta(days=1)
ASK_AGAIN_AFTER = timedelta(days=7)
TOO_SOON = N_("You asked recently. Try again in a week, or call your client.")
NOT_OURS = N_("Choose somebody of your office.")


async def look_up(session: ReadSession, actor: Actor, dossier_id: UUID) -> Dossier:
    """One dossier of the actor's firm, without a look into its company (`opening` begins a transaction that has one).

    Raises:
        NotFound: unknown, another firm's, or not this assistant's.
    """
    found = await dossiers_repository.dossier(session, actor, dossier_id)
    if found is None:
        raise NotFound
    return found


async def listed(session: ReadSession, actor: Actor, query: DossierQuery) -> Page[ListedDossier]:
    """One page of the firm's dossiers."""
    return await dossiers_repository.page(session, actor, query)


def totals(actor: Actor) -> Figure[Totals]:
    """Figures over all dossiers the actor may list."""
    return dossiers_repository.totals(actor)


async def names(
    session: ReadSession, actor: Actor, ids: Collection[UUID]
) -> dict[UUID, tuple[str, str | None]]:
    """Name and code of some dossiers, for lists of other things."""
    return await dossiers_repository.names(session, actor, ids)


def names_of(actor: Actor, ids: Collection[UUID]) -> Figure[dict[UUID, tuple[str, str | None]]]:
    """As `names`, to be asked for along with other things."""
    return dossiers_repository.names_of(actor, ids)


async def cards(session: ReadSession, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Dossier]:
    """Some dossiers by id; those the actor may not see are left out."""
    return await dossiers_repository.cards(session, actor, ids)


async def of_company(session: ReadSession, company_id: UUID) -> list[Dossier]:
    """Every dossier on a company; runs in the system scope to reach all firms."""
    return list(await dossiers_repository.of_company(session, company_id))


async def places(session: ReadSession, company_id: UUID, handed_in: UUID | None) -> list[Dossier]:
    """The dossier of each firm that sees a company in which a paper of it belongs; in the system scope."""
    by_firm: dict[UUID, dict[UUID, Dossier]] = defaultdict(dict)
    found = await dossiers_repository.of_company(session, company_id)
    for one in sorted(found, key=lambda one: one.id):
        if one.access in OPEN_ACCESS:
            by_firm[one.firm_id][one.id] = one
    return [
        mine[place_of({one.id: one.created_at for one in mine.values()}, handed_in)]
        for mine in by_firm.values()
    ]


async def others_on_company(session: ReadSession, actor: Actor, dossier: Dossier) -> Sequence[Dossier]:
    """The firm's other dossiers on the company of one, where papers may be moved to, as far as the actor sees them."""
    return await companies_repository.others_on_company(session, actor, dossier)


async def of_member(session: ReadSession, firm_id: UUID) -> list[MemberDossier]:
    """The dossiers that one firm keeps on the company of a member's session, where it has access."""
    return await companies_repository.member_dossiers(session, firm_id)


def check_columns(code: str | None, contact_email: str | None) -> None:
    """What every door checks.

    Raises:
        Invalid: the code can be no folder's name, or the e-mail address is none.
    """
    faults: dict[str, str] = {}
    if code and (fault := code_fault(code)) is not None:
        faults["code"] = fault
    if contact_email and not is_address(contact_email):
        faults["contact_email"] = NOT_AN_ADDRESS
    if faults:
        raise Invalid(fields=faults)


def refuse_if_asked_lately(dossiers: Iterable[Dossier | Present], now: datetime) -> None:
    """An owner who declined or ended a firm's access is left in peace for a week, whichever dossier the firm asks through.

    Args:
        dossiers: all of the firm's on that company.

    Raises:
        Conflict: `too_soon`.
    """
    answered = [one.access_since for one in dossiers if one.access in (Access.DECLINED, Access.ENDED)]
    if answered and now - max(answered) < ASK_AGAIN_AFTER:
        raise Conflict(TOO_SOON, code="too_soon")


async def limit_requests(tools: Tools, firm_id: UUID) -> None:
    """A firm learns by a request that a company has an account here: it may not ask for all numbers there are.

    Raises:
        TooMany: too many requests of this firm today.
    """
    if not await take_requests(tools, firm_id, 1):
        raise too_many_requests(tools.clock.now())


async def take_requests(tools: Tools, firm_id: UUID, count: int) -> int:
    """How many of so many owners a firm may ask for access today; these count as asked, until some are given back."""
    return await limits.take(tools, _requests_of(firm_id), REQUESTS_PER_DAY, REQUESTS_IN, count)


async def give_requests_back(tools: Tools, firm_id: UUID, count: int) -> None:
    """So many owners were not asked after all."""
    async with tools.database.system_scope() as system:
        await limits.give_back(system, _requests_of(firm_id), window=REQUESTS_IN, count=count)


def too_many_requests(now: datetime) -> TooMany:
    """What to say when a firm has asked all owners that it may ask today."""
    return TooMany(retry_after=limits.seconds_left(now, REQUESTS_IN))


def _requests_of(firm_id: UUID) -> str:
    return f"access-request:{firm_id}"


async def claimed_companies(
    tools: Tools, numbers: Mapping[str, Collection[str]]
) -> dict[tuple[str, str], UUID]:
    """Which of these numbers, by country, belong to claimed companies. Only that they exist crosses the wall."""
    claimed: dict[tuple[str, str], UUID] = {}
    if numbers:
        async with tools.database.system_scope() as system:
            for country, some in numbers.items():
                found = await parties.claimed_numbers(system, country, sorted(some))
                claimed |= {(country, number): company_id for number, company_id in found.items()}
    return claimed


async def match_company(
    session: ReadSession, tools: Tools, firm_id: UUID, country: str, number: str | None
) -> tuple[UUID | None, Access]:
    """The company a number leads to, and the access a new dossier on it begins with.

    Only the fact that a claimed company exists crosses the wall; parties without a number are never matched.

    Returns:
        (company, access), or (None, managed) when the firm should bring a new one.
    """
    if number is None:
        return None, Access.MANAGED
    claimed = (await claimed_companies(tools, {country: [number]})).get((country, number))
    if claimed is not None:
        return claimed, await _access_to_claimed(session, claimed)
    mine = await parties.unclaimed_of_firm(session, firm_id, country, number)
    return (mine.id, Access.MANAGED) if mine is not None else (None, Access.MANAGED)


async def _access_to_claimed(session: ReadSession, company_id: UUID) -> Access:
    """A second dossier on a company whose owner has already agreed needs no second consent."""
    others = await dossiers_repository.of_company(session, company_id)
    return Access.GRANTED if any(other.access in OPEN_ACCESS for other in others) else Access.REQUESTED


async def company_of(session: ReadSession, dossier: Dossier) -> Company | None:
    """The company of an opened dossier; None while the access is only requested or has ended."""
    return await parties.company(session, dossier.company_id) if dossier.access in OPEN_ACCESS else None


async def all_of(session: ReadSession, actor: Actor) -> Sequence[Dossier]:
    """Every dossier the actor may list, by name."""
    return await dossiers_repository.all_of(session, actor)


async def check_manager(session: ReadSession, actor: Actor, manager_id: UUID | None) -> None:
    """Only the firm's own staff manage its dossiers: a file manager is mailed about the company."""
    if manager_id is None or actor.firm_id is None:
        return
    if manager_id not in {person.id for _row, person in await people.staff(session, actor.firm_id)}:
        raise Invalid(fields={"manager_id": NOT_OURS})


def managers_of(dossier: Dossier) -> Figure[list[Managed]]:
    """Everybody who manages or managed a dossier, the latest first."""
    return staff_repository.managers_of(dossier)


async def managers_to_choose(
    session: ReadSession, actor: Actor, dossier: Dossier | None
) -> list[tuple[UUID, str]]:
    """Whom the actor may make the manager of a dossier, or (None) of a new one: id and name; empty when nobody else."""
    assert actor.firm_id is not None
    staff = [(person.id, person.name) for _row, person in await people.staff(session, actor.firm_id)]
    if dossier is None:
        return staff if assigned_only(actor) is None else []
    return [one for one in staff if may_set_manager(actor, dossier.manager_id, one[0])]


async def packages_to_choose(
    session: ReadSession, actor: Actor, dossier: Dossier | None
) -> list[tuple[UUID, str]]:
    """The bookkeeping packages that the actor may give a dossier: id and name; empty when there is nothing to choose.

    A new dossier (None) begins with the firm's first.
    """
    if dossier is None or not is_own(actor, dossier.manager_id):
        return []
    found = [(one.id, one.name) for one in await targets.listed(session, dossier.firm_id)]
    return found if len(found) > 1 else []


@dataclass(frozen=True, slots=True)
class VatRegimes:
    """The VAT regimes of a dossier's company, past, present and coming, the oldest first."""

    today: date
    regimes: Sequence[RegimeFrom]

    @property
    def now(self) -> VatRegime | None:
        """The one that holds today; None when none was ever said."""
        return regime_on(self.regimes, self.today)


async def vat_regimes(session: ReadSession, dossier: Dossier) -> VatRegimes:
    """Every VAT regime of a dossier's company."""
    return (await figures(session, regimes=vat_regimes_of(session, dossier))).regimes


def vat_regimes_of(session: ReadSession, dossier: Dossier) -> Figure[VatRegimes]:
    """What `vat_regimes` finds, to be asked for along with other things."""
    today = local_date(clock_of(session).now())
    return regimes_repository.regimes_of(dossier).mapped(lambda found: VatRegimes(today, found))


async def regimes_of(
    session: ReadSession, ids: Collection[UUID] | None = None
) -> dict[UUID, list[RegimeFrom]]:
    """The VAT regimes of some dossiers, or of all that the session sees, each dossier's oldest first."""
    return await regimes_repository.regimes(session, ids)


async def copy_regimes(session: WriteSession, dossier: Dossier, made: Dossier) -> None:
    """Give a dossier that was just made the VAT regimes of another on the same company."""
    await regimes_repository.replace_regimes(session, made, (await vat_regimes(session, dossier)).regimes)


async def note_hand_over(session: WriteSession, dossier_id: UUID, at: datetime) -> None:
    """The client has sent what is ready to the accountant; the latest time stays. Runs in the system scope."""
    await dossiers_repository.note_hand_over(session, dossier_id, at)


async def grant_on_claim(session: WriteSession, dossier_id: UUID) -> None:
    """The owner has activated through this dossier's firm: managed becomes granted. Runs in the system scope."""
    await dossiers_repository.move_access(session, dossier_id, Access.GRANTED, clock_of(session).now())


async def lock_of_firm(session: WriteSession, dossier_id: UUID, company_id: UUID) -> Sequence[Dossier]:
    """A firm's dossiers on a company, one of which is given, taken in id order, so that what is counted next counts everything before it.

    In the system scope.
    """
    return await dossiers_repository.lock_of_firm(session, dossier_id, company_id)


async def set_quick_entry_counts(session: WriteSession, counts: Mapping[UUID, int]) -> None:
    """Set how many files wait in quick entry of some dossiers, whose rows are taken. In the system scope."""
    await dossiers_repository.set_quick_entry_counts(session, counts)


async def dossier(session: ReadSession, actor: Actor, dossier_id: UUID) -> Dossier | None:
    """One dossier of the actor's firm, without a look into its company; None when the actor does not see it."""
    return await dossiers_repository.dossier(session, actor, dossier_id)


async def seen_by(session: ReadSession, actor: Actor) -> list[Present]:
    """Every dossier the actor may list, by name, as plain values."""
    return await matching_repository.seen_by(session, actor)


async def alike(session: ReadSession, actor: Actor, wanted: Alike) -> tuple[list[Present], list[Present]]:
    """The firm's dossiers that are one of those looked for: what the actor sees of them, and what the actor does not see."""
    found = await matching_repository.alike(session, actor, wanted)
    return [one for one in found if one.seen], [one for one in found if not one.seen]


async def hold(session: WriteSession, firm_id: UUID, ids: Collection[UUID]) -> None:
    """Nobody makes or changes these dossiers meanwhile: first the lock on the firm's dossiers, then their rows in id order."""
    await dossiers_repository.lock_dossiers(session, firm_id)
    await dossiers_repository.lock_dossier_rows(session, ids)


async def by_id(session: ReadSession, dossier_id: UUID) -> Dossier | None:
    """One dossier as it is now; of any firm in the system scope."""
    return await dossiers_repository.by_id(session, dossier_id)
