"""SQL of dossiers, invitations and imports."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased, defer
from sqlalchemy.orm.attributes import set_committed_value

from portal.db.arrays import among, found_in, rows_of
from portal.db.figures import Figure, constant, few_rows, figures
from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, containing, holding
from portal.db.session import ReadSession, WriteSession, opens_company
from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.dossiers import ACCESS, OPEN_ACCESS, Access, titled
from portal.features.dossiers.domain.queries import CodeHolder, DossierQuery, ListedDossier, Totals
from portal.features.dossiers.domain.staff import StaffRole, assigned_only
from portal.features.dossiers.models import Dossier, DossierStaff, managed_by
from portal.features.targets.domain import CodeSpace, DeliveryMethod
from portal.features.targets.models import Target
from portal.kernel.actor import Actor
from portal.kernel.searching import sought

_CLASHES = Dossier.code.is_not(None) & Dossier.code_key.is_(None)

SORTS: dict[str, tuple[Any, type[Any]]] = {
    "name": (Dossier.sort_key, str),
    "activity": (Dossier.last_activity_at, datetime),
    "quick_entry": (Dossier.quick_entry_count, int),
    "waiting": (Dossier.waiting_count, int),
    "ready": (Dossier.ready_count, int),
}


def visible_to(actor: Actor) -> sa.Select[Dossier]:
    """The dossiers an actor may list: assistants those they manage, everybody else of the firm all of them."""
    own = assigned_only(actor)
    statement = sa.select(Dossier)
    return statement if own is None else statement.where(Dossier.id.in_(managed_by(own)))


async def dossier(session: ReadSession, actor: Actor, dossier_id: UUID) -> Dossier | None:
    """One dossier of the actor's firm."""
    return await session.scalar(visible_to(actor).where(Dossier.id == dossier_id))


async def opened_dossier(session: ReadSession, actor: Actor, dossier_id: UUID) -> Dossier | None:
    """One dossier of the actor's firm. While the access to its company stands, the transaction sees that one from here on."""
    opened = sa.case((Dossier.access.in_(OPEN_ACCESS), opens_company(Dossier.company_id)))
    found = await session.execute(visible_to(actor).where(Dossier.id == dossier_id).add_columns(opened))
    row = found.first()
    return row[0] if row is not None else None


def _filtered(actor: Actor, query: DossierQuery) -> sa.Select[Dossier]:
    statement = visible_to(actor)
    if query.search:
        wanted = sought(query.search)
        matches = [
            called(query.search, fold_column=Dossier.fold, name=Dossier.name),
            *(holding(column, query.search) for column in (Dossier.code, Dossier.activity)),
        ]
        matches += [Dossier.number == number for number in wanted.numbers]
        if wanted.digits:
            matches.append(Dossier.number.like(containing(wanted.digits)))
        statement = statement.where(sa.or_(*matches))
    if query.manager_id is not None:
        statement = statement.where(Dossier.id.in_(managed_by(query.manager_id)))
    match query.only:
        case "work":
            statement = statement.where((Dossier.quick_entry_count + Dossier.ready_count > 0) | _CLASHES)
        case "clash":
            statement = statement.where(_CLASHES)
        case "quick_entry":
            statement = statement.where(Dossier.quick_entry_count > 0)
        case "waiting":
            statement = statement.where(Dossier.waiting_count > 0)
        case "ready":
            statement = statement.where(Dossier.ready_count > 0)
        case "requested":
            statement = statement.where(Dossier.access == Access.REQUESTED)
        case _:
            pass
    return statement


_LISTED = tuple(getattr(Dossier, one.name) for one in fields(ListedDossier))


async def page(
    session: ReadSession, actor: Actor, query: DossierQuery, size: int = PAGE_SIZE
) -> Page[ListedDossier]:
    """One page of dossiers: the columns that lists show, and no entities of them."""
    column, kind = SORTS.get(query.sort, SORTS["name"])
    statement, backwards = keyset(
        _filtered(actor, query).with_only_columns(*_LISTED),
        sort=column,
        tie=Dossier.id,
        kind=kind,
        descending=query.descending,
        cursor=query.cursor,
        size=size,
    )
    rows = [ListedDossier(*row) for row in await session.execute(statement)]
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: getattr(row, column.key),
        row_id=lambda row: row.id,
        size=size,
    )


def totals(actor: Actor) -> Figure[Totals]:
    """The figures above the work list."""
    found = visible_to(actor).with_only_columns(
        sa.func.count().label("dossiers"),
        sa.func.count()
        .filter((Dossier.quick_entry_count + Dossier.ready_count > 0) | _CLASHES)
        .label("with_work"),
        sa.func.coalesce(sa.func.sum(Dossier.quick_entry_count), 0).label("quick_entry"),
        sa.func.coalesce(sa.func.sum(Dossier.waiting_count), 0).label("waiting"),
        sa.func.coalesce(sa.func.sum(Dossier.ready_count), 0).label("ready"),
        sa.func.count().filter(_CLASHES).label("clashing"),
    )
    return few_rows(found, Totals).mapped(lambda rows: rows[0])


async def all_of(session: ReadSession, actor: Actor) -> Sequence[Dossier]:
    """Every dossier of the firm, by name: for lists of them.

    Their managers are asked for once: read along with each, they cost a look-up a row, by a plan from when there were few.
    """
    listed = visible_to(actor).order_by(Dossier.sort_key, Dossier.id).options(defer(Dossier.manager_id))
    found = (await session.scalars(listed)).all()
    now = sa.select(DossierStaff.dossier_id, DossierStaff.person_id).where(
        DossierStaff.role == StaffRole.MANAGER, DossierStaff.until.is_(None)
    )
    managers = {row.dossier_id: row.person_id for row in await session.execute(now)}
    for one in found:
        set_committed_value(one, "manager_id", managers.get(one.id))
    return found


async def names(
    session: ReadSession, actor: Actor, dossier_ids: Collection[UUID]
) -> dict[UUID, tuple[str, str | None]]:
    """Name (with activity) and code of some dossiers of the firm."""
    return (await figures(session, names=names_of(actor, dossier_ids))).names


@dataclass(frozen=True, slots=True)
class _Named:
    id: UUID
    name: str
    activity: str | None
    code: str | None


def names_of(actor: Actor, dossier_ids: Collection[UUID]) -> Figure[dict[UUID, tuple[str, str | None]]]:
    """As `names`, to be asked for along with other things."""
    if not dossier_ids:
        return constant({})
    found = visible_to(actor).where(among(Dossier.id, dossier_ids))
    shown = found.with_only_columns(Dossier.id, Dossier.name, Dossier.activity, Dossier.code)
    return few_rows(shown, _Named).mapped(
        lambda rows: {row.id: (titled(row.name, row.activity), row.code) for row in rows}
    )


async def cards(session: ReadSession, actor: Actor, dossier_ids: Collection[UUID]) -> dict[UUID, Dossier]:
    """Some dossiers of the firm by id."""
    if not dossier_ids:
        return {}
    found = await session.scalars(visible_to(actor).where(among(Dossier.id, dossier_ids)))
    return {row.id: row for row in found}


async def lock_dossier_rows(session: WriteSession, dossier_ids: Collection[UUID]) -> None:
    """Take some dossiers for writing, in the order of their ids, and read them again: until the end nobody else changes them.

    Who changes codes, numbers or activities has the lock on the firm's dossiers first (`lock_dossiers`).
    """
    if dossier_ids:
        await session.scalars(
            sa.select(Dossier)
            .where(among(Dossier.id, dossier_ids))
            .order_by(Dossier.id)
            .with_for_update(key_share=True)
            .execution_options(populate_existing=True)
        )


SpacedKey = tuple[CodeSpace, str]
"""What a code is given out once for: the space of its package, and its key."""


async def code_holders(
    session: ReadSession, firm_id: UUID, spaces: Mapping[UUID, CodeSpace], codes: Iterable[str]
) -> dict[SpacedKey, CodeHolder]:
    """Which dossiers have one of these codes, or one that is the same folder; by the space of their package and their key.

    Args:
        spaces: the packages that are asked about, with the space of each.
    """
    keys = {code_key(code) for code in codes}
    if not keys:
        return {}
    found = await session.execute(
        sa.select(Dossier.target_id, Dossier.code_key, Dossier.id, Dossier.code).where(
            Dossier.firm_id == firm_id, Dossier.target_id.in_(spaces), found_in(Dossier.code_key, keys)
        )
    )
    return {(spaces[row.target_id], row.code_key): CodeHolder(row.id, row.code) for row in found}


@dataclass(frozen=True, slots=True)
class SameKey:
    """Two dossiers whose codes have one key, with the package of each; the older one by name where the actor sees it."""

    id: UUID
    target_id: UUID
    method: DeliveryMethod
    other_target_id: UUID
    other_method: DeliveryMethod
    other_code: str
    other_id: UUID | None
    other_name: str | None
    other_activity: str | None


def holding_keys(actor: Actor, keys: Mapping[UUID, str]) -> Figure[list[SameKey]]:
    """Who holds the keys of the codes of some dossiers, in whichever package.

    Args:
        keys: by dossier.
    """
    asked = rows_of("asked", {"id": Dossier.id, "key": Dossier.code_key}, list(keys.items()))
    other, seen = aliased(Dossier), visible_to(actor).subquery()
    target, other_target = aliased(Target), aliased(Target)
    found = (
        sa.select(
            Dossier.id,
            Dossier.target_id,
            target.delivery_method.label("method"),
            other.target_id.label("other_target_id"),
            other_target.delivery_method.label("other_method"),
            other.code.label("other_code"),
            seen.c.id.label("other_id"),
            seen.c.name.label("other_name"),
            seen.c.activity.label("other_activity"),
        )
        .join(asked, asked.c.id == Dossier.id)
        .join(other, sa.and_(other.firm_id == Dossier.firm_id, other.code_key == asked.c.key))
        .join(target, target.id == Dossier.target_id)
        .join(other_target, other_target.id == other.target_id)
        .outerjoin(seen, seen.c.id == other.id)
    )
    return few_rows(found, SameKey)


async def clashing(session: ReadSession, firm_id: UUID) -> Sequence[Dossier]:
    """The dossiers of a firm, in all of its packages, whose code is the same folder as an older one's, the oldest first."""
    found = await session.scalars(
        sa.select(Dossier)
        .where(Dossier.firm_id == firm_id, _CLASHES)
        .order_by(Dossier.created_at, Dossier.id)
    )
    return found.all()


async def by_id(session: ReadSession, dossier_id: UUID) -> Dossier | None:
    """One dossier as it is now; of any firm in the system scope."""
    return await session.scalar(
        sa.select(Dossier).where(Dossier.id == dossier_id).execution_options(populate_existing=True)
    )


async def of_company(session: ReadSession, company_id: UUID) -> Sequence[Dossier]:
    """Every dossier on a company that the session may see; in the system scope, of all firms."""
    return (await session.scalars(sa.select(Dossier).where(Dossier.company_id == company_id))).all()


async def move_access(session: WriteSession, dossier_id: UUID, to: Access, at: datetime) -> Dossier | None:
    """One move of the access machine; None when it was not where it may come from."""
    return await session.scalar(
        sa.update(Dossier)
        .where(Dossier.id == dossier_id, Dossier.access.in_(ACCESS.sources(to)))
        .values(access=to, access_since=at)
        .returning(Dossier)
    )


async def note_hand_over(session: WriteSession, dossier_id: UUID, at: datetime) -> None:
    """Remember when the client last sent what is ready; an older moment never replaces a newer one."""
    await session.execute(
        sa.update(Dossier)
        .where(Dossier.id == dossier_id)
        .values(
            handed_over_at=sa.func.greatest(Dossier.handed_over_at, at),
            last_activity_at=sa.func.greatest(Dossier.last_activity_at, at),
        )
    )


async def lock_dossiers(session: WriteSession, firm_id: UUID) -> None:
    """New dossiers of a firm are made one after the other: two forms or lists with the same company or code make one dossier."""
    await session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"dossiers:{firm_id}", 0)))
    )


async def lock_of_firm(session: WriteSession, dossier_id: UUID, company_id: UUID) -> Sequence[Dossier]:
    """A firm's dossiers on a company, one of which is given, taken in id order. In the system scope."""
    firm_id = sa.select(Dossier.firm_id).where(Dossier.id == dossier_id).scalar_subquery()
    found = await session.scalars(
        sa.select(Dossier)
        .where(Dossier.firm_id == firm_id, Dossier.company_id == company_id)
        .order_by(Dossier.id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    return found.all()


async def set_quick_entry_counts(session: WriteSession, counts: Mapping[UUID, int]) -> None:
    """Set the counters of what waits in quick entry anew, on rows that are taken."""
    for dossier_id, count in counts.items():
        await session.execute(
            sa.update(Dossier)
            .where(Dossier.id == dossier_id)
            .values(quick_entry_count=count)
            .execution_options(synchronize_session=False)
        )
