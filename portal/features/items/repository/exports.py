"""SQL of items on their way out: what might leave, what an export holds, what is in a bundle. Rows are taken in id order."""

from collections.abc import Iterable, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.items.domain import IN_SIGHT, ITEM, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.repository.items import FRESH

_OUT = (ItemState.BUNDLED, ItemState.DELIVERED)


async def candidates(
    session: ReadSession,
    dossier_id: UUID,
    *,
    include_exported: bool,
    until: date | None,
    lock: bool,
) -> Sequence[DossierItem]:
    """What might leave, oldest legal date first; with `lock` the rows are taken first, in id order."""
    where = [DossierItem.dossier_id == dossier_id, DossierItem.state.in_(IN_SIGHT)]
    if not include_exported:
        where.append(DossierItem.state.not_in(_OUT))
    if until is not None:
        where.append(DossierItem.item_date <= until)
    if lock:
        await session.execute(
            sa.select(DossierItem.id).where(*where).order_by(DossierItem.id).with_for_update(key_share=True)
        )
    found = await session.scalars(
        sa.select(DossierItem)
        .where(*where)
        .order_by(DossierItem.item_date, DossierItem.id)
        .execution_options(**FRESH)
    )
    return found.all()


async def reserve(session: WriteSession, ids: Sequence[UUID], export_id: UUID) -> list[UUID]:
    """Items become reserved by an export and remember where they were; returns those that moved."""
    moved = await session.scalars(
        sa.update(DossierItem)
        .where(DossierItem.id.in_(ids), DossierItem.state.in_(ITEM.sources(ItemState.RESERVED)))
        .values(
            state=ItemState.RESERVED,
            state_before=sa.cast(DossierItem.state, sa.Text()),
            export_id=export_id,
        )
        .returning(DossierItem.id)
    )
    return list(moved)


async def reserved(session: ReadSession, export_id: UUID, *, lock: bool) -> Sequence[DossierItem]:
    """What an export holds, in id order."""
    statement = (
        sa.select(DossierItem)
        .where(DossierItem.export_id == export_id, DossierItem.state == ItemState.RESERVED)
        .order_by(DossierItem.id)
        .execution_options(**FRESH)
    )
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await session.scalars(statement)).all()


async def release(session: WriteSession, export_id: UUID, ids: Iterable[UUID] | None) -> list[UUID]:
    """Reserved items go back to where they were."""
    where = [DossierItem.export_id == export_id, DossierItem.state == ItemState.RESERVED]
    if ids is not None:
        where.append(DossierItem.id.in_(list(ids)))
    moved = await session.scalars(
        sa.update(DossierItem)
        .where(*where)
        .values(
            state=sa.func.coalesce(DossierItem.state_before, ItemState.READY.value),
            state_before=None,
            export_id=None,
        )
        .returning(DossierItem.id)
    )
    return list(moved)


def _left_before() -> sa.ColumnElement[int]:
    return sa.case((DossierItem.bundled_version == DossierItem.version, 1), else_=0)


async def bundle(session: WriteSession, export_id: UUID, number: int, *, locked: bool) -> list[UUID]:
    """Reserved items are in a bundle now; a re-export keeps the first bundle's number."""
    moved = await session.scalars(
        sa.update(DossierItem)
        .where(DossierItem.export_id == export_id, DossierItem.state == ItemState.RESERVED)
        .values(
            state=ItemState.BUNDLED,
            state_before=None,
            state_reason=None,
            bundle_number=sa.func.coalesce(DossierItem.bundle_number, number),
            bundled_version=DossierItem.version,
            reexports=DossierItem.reexports + _left_before(),
            locked=sa.or_(DossierItem.locked, sa.literal(locked)),
        )
        .returning(DossierItem.id)
    )
    return list(moved)
