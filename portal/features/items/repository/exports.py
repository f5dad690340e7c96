"""SQL of items on their way out: what might leave, what an export holds, what is in a bundle. Rows are taken in id order."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa

from portal.db.arrays import among
from portal.db.session import ReadSession, WriteSession
from portal.features.items.domain import IN_SIGHT, ITEM, ExportCandidate, ItemState, ReservedItem
from portal.features.items.models import DossierItem

_ITEM = cast("sa.Table", DossierItem.__table__)
_OUT = (ItemState.BUNDLED, ItemState.DELIVERED)


async def candidates(
    session: ReadSession,
    dossier_id: UUID,
    *,
    include_exported: bool,
    until: date | None,
    lock: bool,
) -> list[ExportCandidate]:
    """What might leave, in id order; with `lock` the rows are taken in that order, and are as they stand once they are ours."""
    where = [DossierItem.dossier_id == dossier_id, DossierItem.state.in_(IN_SIGHT)]
    if not include_exported:
        where.append(DossierItem.state.not_in(_OUT))
    if until is not None:
        where.append(DossierItem.item_date <= until)
    statement = sa.select(*_columns(ExportCandidate)).where(*where).order_by(DossierItem.id)
    if lock:
        statement = statement.with_for_update(key_share=True)
    return [ExportCandidate(*row) for row in await session.execute(statement)]


def _columns(row: type[ExportCandidate] | type[ReservedItem]) -> list[sa.ColumnElement[Any]]:
    """Its fields are columns of the same names."""
    return [DossierItem.__table__.c[name] for name in row._fields]


async def reserve(session: WriteSession, ids: Sequence[UUID], export_id: UUID) -> int:
    """Items become reserved by an export and remember where they were; returns how many."""
    return await _moved(
        session,
        sa.update(_ITEM)
        .where(among(_ITEM.c.id, ids), _ITEM.c.state.in_(ITEM.sources(ItemState.RESERVED)))
        .values(
            state=ItemState.RESERVED, state_before=sa.cast(_ITEM.c.state, sa.Text()), export_id=export_id
        ),
    )


async def reserved(session: ReadSession, export_id: UUID) -> list[ReservedItem]:
    """What an export holds, in id order."""
    found = await session.execute(
        sa.select(*_columns(ReservedItem)).where(*_held_by(export_id)).order_by(DossierItem.id)
    )
    return [ReservedItem(*row) for row in found]


async def lock_reserved(session: WriteSession, export_id: UUID) -> dict[UUID, int]:
    """Take what an export holds, in id order; gives the version of each."""
    found = await session.execute(
        sa.select(DossierItem.id, DossierItem.version)
        .where(*_held_by(export_id))
        .order_by(DossierItem.id)
        .with_for_update(key_share=True)
    )
    return {row.id: row.version for row in found}


def _held_by(export_id: UUID) -> tuple[sa.ColumnElement[bool], sa.ColumnElement[bool]]:
    return _ITEM.c.export_id == export_id, _ITEM.c.state == ItemState.RESERVED


async def _moved(session: WriteSession, statement: sa.Update) -> int:
    """How many rows a statement on the table changed: nothing of them is sent back, and no loaded item is looked for."""
    done = await session.execute(statement)
    return cast("sa.CursorResult[Any]", done).rowcount


async def release(session: WriteSession, export_id: UUID, ids: Iterable[UUID] | None) -> int:
    """Reserved items go back to where they were; returns how many."""
    which = [among(_ITEM.c.id, ids)] if ids is not None else []
    return await _moved(
        session,
        sa.update(_ITEM)
        .where(*_held_by(export_id), *which)
        .values(
            state=sa.func.coalesce(_ITEM.c.state_before, ItemState.READY.value),
            state_before=None,
            export_id=None,
        ),
    )


def _left_before() -> sa.ColumnElement[int]:
    return sa.case((_ITEM.c.bundled_version == _ITEM.c.version, 1), else_=0)


async def bundle(session: WriteSession, export_id: UUID, number: int, *, locked: bool) -> int:
    """Reserved items are in a bundle now; a re-export keeps the first bundle's number. Returns how many."""
    return await _moved(
        session,
        sa.update(_ITEM)
        .where(*_held_by(export_id))
        .values(
            state=ItemState.BUNDLED,
            state_before=None,
            state_reason=None,
            bundle_number=sa.func.coalesce(_ITEM.c.bundle_number, number),
            bundled_version=_ITEM.c.version,
            reexports=_ITEM.c.reexports + _left_before(),
            locked=sa.or_(_ITEM.c.locked, sa.literal(locked)),
        ),
    )
