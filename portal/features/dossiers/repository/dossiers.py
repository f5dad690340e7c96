"""SQL of dossiers, invitations and imports."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlalchemy.orm.attributes import set_committed_value

from portal.db.arrays import found_in, one_of
from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, containing
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain.codes import code_key
from portal.features.dossiers.domain.dossiers import ACCESS, Access
from portal.features.dossiers.domain.queries import CodeHolder, DossierQuery, Totals
from portal.features.dossiers.domain.staff import StaffRole, assigned_only
from portal.features.dossiers.models import Dossier, DossierStaff, managed_by
from portal.features.targets.domain import CodeSpace
from portal.kernel.actor import Actor

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


def _filtered(actor: Actor, query: DossierQuery) -> sa.Select[Dossier]:
    statement = visible_to(actor)
    if query.search:
        pattern = containing(query.search)
        bare = "".join(character for character in query.search if character.isalnum())
        matches = [
            called(query.search, fold_column=Dossier.fold, name=Dossier.name),
            *(column.ilike(pattern) for column in (Dossier.code, Dossier.activity)),
        ]
        if bare:
            matches.append(Dossier.number.like(f"%{bare}%"))
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


async def page(
    session: ReadSession, actor: Actor, query: DossierQuery, size: int = PAGE_SIZE
) -> Page[Dossier]:
    """One page of dossiers."""
    column, kind = SORTS.get(query.sort, SORTS["name"])
    statement, backwards = keyset(
        _filtered(actor, query),
        sort=column,
        tie=Dossier.id,
        kind=kind,
        descending=query.descending,
        cursor=query.cursor,
        size=size,
    )
    rows = (await session.scalars(statement)).all()
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: getattr(row, column.key),
        row_id=lambda row: row.id,
        size=size,
    )


async def totals(session: ReadSession, actor: Actor) -> Totals:
    """The figures above the work list."""
    listed = visible_to(actor).subquery()
    clashes = listed.c.code.is_not(None) & listed.c.code_key.is_(None)
    row = (
        await session.execute(
            sa.select(
                sa.func.count(),
                sa.func.count().filter((listed.c.quick_entry_count + listed.c.ready_count > 0) | clashes),
                sa.func.coalesce(sa.func.sum(listed.c.quick_entry_count), 0),
                sa.func.coalesce(sa.func.sum(listed.c.waiting_count), 0),
                sa.func.coalesce(sa.func.sum(listed.c.ready_count), 0),
                sa.func.count().filter(clashes),
            )
        )
    ).one()
    return Totals(*(int(value) for value in row))


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
    if not dossier_ids:
        return {}
    found = await session.scalars(visible_to(actor).where(one_of(Dossier.id, dossier_ids)))
    return {row.id: (row.title, row.code) for row in found}


async def cards(session: ReadSession, actor: Actor, dossier_ids: Collection[UUID]) -> dict[UUID, Dossier]:
    """Some dossiers of the firm by id."""
    if not dossier_ids:
        return {}
    found = await session.scalars(visible_to(actor).where(one_of(Dossier.id, dossier_ids)))
    return {row.id: row for row in found}


async def lock_dossier_rows(session: WriteSession, dossier_ids: Collection[UUID]) -> None:
    """Take some dossiers for writing, in the order of their ids, and read them again: until the end nobody else changes them.

    Who changes codes, numbers or activities has the lock on the firm's dossiers first (`lock_dossiers`).
    """
    if dossier_ids:
        await session.scalars(
            sa.select(Dossier)
            .where(one_of(Dossier.id, dossier_ids))
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
