"""Dossiers: opening, listing, creating, changing."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from portal.db.paging import Page
from portal.db.session import ReadSession, WriteSession, open_company
from portal.features.accounts import service as accounts
from portal.features.accounts.domain import NOT_AN_ADDRESS, is_address
from portal.features.audit import service as audit
from portal.features.dossiers import repository
from portal.features.dossiers.domain import (
    OPEN_ACCESS,
    Access,
    AccessRequested,
    DossierOpened,
    VatRegime,
    assigned_only,
    is_own,
    may_set_manager,
)
from portal.features.dossiers.domain.codes import code_fault
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.repository import DossierQuery, MemberDossier, Totals
from portal.features.parties import service as parties
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.ids import new_id
from portal.kernel.language import N_, Language

REQUESTS_PER_DAY = 200
ASK_AGAIN_AFTER = timedelta(days=7)
TOO_SOON = N_("You asked recently. Try again in a week, or call your client.")
NOT_OURS = N_("Choose somebody of your office.")
NOT_YOURS_TO_GIVE = N_("Only a manager or the owner of the office gives a dossier to another file manager.")
NOT_YOURS_TO_CLOSE = N_(
    "Only the file manager of this dossier, a manager or the owner of the office closes its books."
)
KEPT_ALREADY = N_("Your office keeps this company already. Ask its file manager.")
ENDS_FIRST = N_("This period ends before it begins.")
CODE_TAKEN = N_("Another dossier already has the code %(dossier_code)s.")
TOLD_WITH_VALUES = ("manager_id", "closed_until")
"""These give and take rights: the audit log keeps what they were."""


async def open_dossier(session: ReadSession, actor: Actor, dossier_id: UUID) -> Dossier:
    """Look a dossier up under row security and, while the firm's access stands, let the session see its company.

    Raises:
        NotFound: unknown, another firm's, or not this assistant's.
    """
    found = await repository.dossier(session, actor, dossier_id)
    if found is None:
        raise NotFound
    if found.access in OPEN_ACCESS:
        await open_company(session, found.company_id)
    return found


async def listed(session: ReadSession, actor: Actor, query: DossierQuery) -> Page[Dossier]:
    """One page of the firm's dossiers."""
    return await repository.page(session, actor, query)


async def totals(session: ReadSession, actor: Actor) -> Totals:
    """Figures over all dossiers the actor may list."""
    return await repository.totals(session, actor)


async def names(
    session: ReadSession, actor: Actor, ids: Collection[UUID]
) -> dict[UUID, tuple[str, str | None]]:
    """Name and code of some dossiers, for lists of other things."""
    return await repository.names(session, actor, ids)


async def cards(session: ReadSession, actor: Actor, ids: Collection[UUID]) -> dict[UUID, Dossier]:
    """Some dossiers by id; those the actor may not see are left out."""
    return await repository.cards(session, actor, ids)


async def of_company(session: ReadSession, company_id: UUID) -> list[Dossier]:
    """Every dossier on a company; runs in the system scope to reach all firms."""
    return list(await repository.of_company(session, company_id))


async def of_member(session: ReadSession, firm_id: UUID) -> list[MemberDossier]:
    """The dossiers that one firm keeps on the company of a member's session, where it has access."""
    return await repository.member_dossiers(session, firm_id)


async def create(
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    *,
    name: str,
    number: str | None,
    country: str = "BE",
    code: str | None = None,
    language: Language = Language.NL,
    contact_name: str | None = None,
    contact_email: str | None = None,
    contact_phone: str | None = None,
    activity: str | None = None,
    manager_id: UUID | None = None,
    vat_regime: VatRegime = VatRegime.QUARTERLY,
    key: UUID | None = None,
    **address: Any,
) -> Dossier:
    """A new dossier, matched by company number in this door as in every other.

    A number of a claimed company makes an access request; a number that the firm already keeps joins that company, for those who see
    one of its dossiers; anything else brings a new, unclaimed company in, managed at once.

    Args:
        number: normalised and verified (portal.kernel.numbers), or None.
        manager_id: what assistants make is always their own.
        key: the new dossier's id. Who sends a form twice (a double click) gets the dossier that the first made.

    Raises:
        Forbidden: an assistant may not make a dossier for somebody else.
        Invalid: the code can be no folder's name, or the e-mail address is none.
        Conflict: the code is taken, the actor sees none of the firm's dossiers on that company (`kept_already`), or the owner answered
            this firm's last request less than a week ago (`too_soon`).
        TooMany: too many access requests of this firm today.
    """
    assert actor.firm_id is not None
    own = assigned_only(actor)
    if own is not None:
        if manager_id not in (None, own):
            raise Forbidden(NOT_YOURS_TO_GIVE)
        manager_id = own
    check_columns(code, contact_email)
    await _check_manager(session, actor, manager_id)
    await repository.lock_dossiers(session, actor.firm_id)
    if key is not None and (made := await repository.dossier(session, actor, key)) is not None:
        return made
    if code is not None and code in await repository.codes_in_use(session, actor.firm_id):
        raise Conflict(CODE_TAKEN, code="code_taken", dossier_code=code)
    company_id, access = await match_company(session, tools, actor.firm_id, country, number)
    if company_id is not None and await repository.keeps_out_of_sight(session, actor, company_id):
        raise Conflict(KEPT_ALREADY, code="kept_already")
    if company_id is None:
        company = await parties.bring(
            session, actor.firm_id, name=name, country=country, number=number, language=language, **address
        )
        company_id, access = company.id, Access.MANAGED
    now = clock_of(session).now()
    if access is Access.REQUESTED:
        refuse_if_asked_lately(await repository.of_company(session, company_id), now)
        await limit_requests(tools, actor.firm_id)
    dossier = Dossier(
        firm_id=actor.firm_id,
        id=key or new_id(),
        company_id=company_id,
        code=code,
        name=name,
        activity=activity,
        country=country,
        number=number,
        language=language,
        contact_name=contact_name,
        contact_email=contact_email,
        contact_phone=contact_phone,
        manager_id=manager_id,
        vat_regime=vat_regime,
        books_from=None,
        books_until=None,
        closed_until=None,
        access=access,
        access_since=now,
        folders={},
        oldest_open_at=None,
        last_activity_at=now,
        handed_over_at=None,
        created_at=now,
    )
    repository.add(session, dossier)
    await session.flush()
    await audit.record(
        session, actor, "dossiers.created", "dossier", dossier.id, dossier_id=dossier.id, access=access.value
    )
    if access in OPEN_ACCESS:
        await publish(session, actor, DossierOpened(dossier_id=dossier.id, company_id=company_id))
    else:
        await publish(session, actor, AccessRequested(dossier_id=dossier.id, company_id=company_id))
    return dossier


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


def refuse_if_asked_lately(dossiers: Iterable[Dossier], now: datetime) -> None:
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
    await accounts.limit(tools, f"access-request:{firm_id}", REQUESTS_PER_DAY, timedelta(days=1))


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
    async with tools.database.system_scope() as system:
        taken = await parties.claimed(system, country, number)
    if taken is not None:
        return taken.id, await _access_to_claimed(session, taken.id)
    mine = await parties.brought(session, firm_id, country, number)
    return (mine.id, Access.MANAGED) if mine is not None else (None, Access.MANAGED)


async def _access_to_claimed(session: ReadSession, company_id: UUID) -> Access:
    """A second dossier on a company whose owner has already agreed needs no second consent."""
    others = await repository.of_company(session, company_id)
    return Access.GRANTED if any(other.access in OPEN_ACCESS for other in others) else Access.REQUESTED


async def company_of(session: ReadSession, dossier: Dossier) -> parties.Company | None:
    """The company of an opened dossier; None while the access is only requested or has ended."""
    return await parties.company(session, dossier.company_id) if dossier.access in OPEN_ACCESS else None


async def all_of(session: ReadSession, actor: Actor) -> Sequence[Dossier]:
    """Every dossier the actor may list, by name."""
    return await repository.all_of(session, actor)


async def _check_manager(session: ReadSession, actor: Actor, manager_id: UUID | None) -> None:
    """Only the firm's own staff manage its dossiers: a file manager is mailed about the company."""
    if manager_id is None or actor.firm_id is None:
        return
    if manager_id not in {person.id for _row, person in await accounts.staff(session, actor.firm_id)}:
        raise Invalid(fields={"manager_id": NOT_OURS})


async def managers_to_choose(
    session: ReadSession, actor: Actor, dossier: Dossier | None
) -> list[tuple[UUID, str]]:
    """Whom the actor may make the manager of a dossier, or (None) of a new one: id and name; empty when nobody else."""
    assert actor.firm_id is not None
    staff = [(person.id, person.name) for _row, person in await accounts.staff(session, actor.firm_id)]
    if dossier is None:
        return staff if assigned_only(actor) is None else []
    return [one for one in staff if may_set_manager(actor, dossier.manager_id, one[0])]


async def change(session: WriteSession, actor: Actor, dossier: Dossier, values: dict[str, Any]) -> list[str]:
    """Change a dossier's own columns; gives the names of those that really changed.

    Raises:
        Forbidden: the actor may not edit dossiers, not give this one to another manager, or not close its books.
        Invalid: the code can be no folder's name, the e-mail address is none, the manager is nobody of the office, or the period of the
            books ends before it begins.
        Conflict: the code is taken.
    """
    if not actor.may(Right.DOSSIERS_EDIT):
        raise Forbidden
    changed = sorted(name for name, value in values.items() if getattr(dossier, name) != value)
    check_columns(values.get("code"), values.get("contact_email"))
    if not changed:
        return []
    if "manager_id" in changed:
        if not may_set_manager(actor, dossier.manager_id, values["manager_id"]):
            raise Forbidden(NOT_YOURS_TO_GIVE)
        await _check_manager(session, actor, values["manager_id"])
    if "closed_until" in changed and not is_own(actor, dossier.manager_id):
        raise Forbidden(NOT_YOURS_TO_CLOSE)
    begin, end = (values.get(name, getattr(dossier, name)) for name in ("books_from", "books_until"))
    if begin is not None and end is not None and end < begin:
        raise Invalid(fields={"books_until": ENDS_FIRST})
    code = values.get("code")
    if "code" in changed and code and code in await repository.codes_in_use(session, dossier.firm_id):
        raise Conflict(CODE_TAKEN, code="code_taken", dossier_code=code)
    told = {name: [getattr(dossier, name), values[name]] for name in changed if name in TOLD_WITH_VALUES}
    for name in changed:
        setattr(dossier, name, values[name])
    await session.flush()
    await audit.record(
        session,
        actor,
        "dossiers.updated",
        "dossier",
        dossier.id,
        dossier_id=dossier.id,
        columns=changed,
        **told,
    )
    return changed


async def note_hand_over(session: WriteSession, dossier_id: UUID, at: datetime) -> None:
    """The client has sent what is ready to the accountant; the latest time stays. Runs in the system scope."""
    await repository.note_hand_over(session, dossier_id, at)


async def grant_on_claim(session: WriteSession, dossier_id: UUID) -> None:
    """The owner has activated through this dossier's firm: managed becomes granted. Runs in the system scope."""
    await repository.move_access(session, dossier_id, Access.GRANTED, clock_of(session).now())
