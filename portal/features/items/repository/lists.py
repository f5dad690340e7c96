"""Lists of items: searched, filtered, sorted and counted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from portal.db.figures import Figure, few_rows, how_many
from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, containing
from portal.db.session import ReadSession
from portal.features.dossiers.models import managed_by
from portal.features.items.domain import IN_SIGHT, ApprovalState, ItemQuery, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.repository.items import put_aside


def _filtered(query: ItemQuery) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if query.dossier_id is not None:
        where.append(DossierItem.dossier_id == query.dossier_id)
    if query.manager_id is not None:
        where.append(DossierItem.dossier_id.in_(managed_by(query.manager_id)))
    where.append(DossierItem.state.in_(query.states or IN_SIGHT))
    if query.kinds:
        where.append(DossierItem.kind.in_(query.kinds))
    if query.approvals:
        where.append(DossierItem.approval.in_(query.approvals))
    if query.documents_only:
        where.append(DossierItem.document_id.is_not(None))
    if query.search:
        where.append(
            sa.or_(
                DossierItem.number.ilike(containing(query.search)),
                called(query.search, fold_column=DossierItem.fold, name=DossierItem.counterparty),
            )
        )
    return where


SORTS: dict[str, tuple[Any, type[Any]]] = {
    "date": (DossierItem.item_date, date),
    "received": (DossierItem.received_at, datetime),
}


async def page(session: ReadSession, query: ItemQuery, size: int = PAGE_SIZE) -> Page[DossierItem]:
    """One page of items."""
    column, kind = SORTS.get(query.sort, SORTS["date"])
    statement, backwards = keyset(
        sa.select(DossierItem).where(*_filtered(query)),
        sort=column,
        tie=DossierItem.id,
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


async def named(
    session: ReadSession, subjects: Collection[UUID], dossier_id: UUID | None
) -> Sequence[DossierItem]:
    """The items on some documents and statements that the session may see; of one dossier where it is given."""
    if not subjects:
        return []
    where = [sa.or_(DossierItem.document_id.in_(subjects), DossierItem.statement_id.in_(subjects))]
    if dossier_id is not None:
        where.append(DossierItem.dossier_id == dossier_id)
    return (await session.scalars(sa.select(DossierItem).where(*where).order_by(DossierItem.id))).all()


async def counts(session: ReadSession, query: ItemQuery) -> dict[ItemState, int]:
    """How many items are in each state."""
    found = await session.execute(
        sa.select(DossierItem.state, sa.func.count()).where(*_filtered(query)).group_by(DossierItem.state)
    )
    return {row[0]: row[1] for row in found}


def aside_count(dossier_id: UUID, approvals: Iterable[ApprovalState]) -> Figure[int]:
    """How many items of a dossier are put aside, with a reason."""
    return how_many(
        sa.select(DossierItem.id).where(
            DossierItem.dossier_id == dossier_id,
            DossierItem.state_reason.is_not(None),
            put_aside(approvals),
        )
    )


@dataclass(frozen=True, slots=True)
class Aside:
    """An item that is put aside, as it is told; `total` is how many there are."""

    dossier_id: UUID
    document_id: UUID | None
    number: str
    counterparty: str
    item_date: date
    state_reason: str | None
    total: int


def aside(
    approvals: Iterable[ApprovalState],
    *,
    manager_id: UUID | None = None,
    dossier_id: UUID | None = None,
    limit: int,
) -> Figure[list[Aside]]:
    """The first of the items that are put aside over all dossiers, those that one person manages, or one."""
    where = [put_aside(approvals), DossierItem.state_reason.is_not(None)]  # as the index has them
    if manager_id is not None:
        where.append(DossierItem.dossier_id.in_(managed_by(manager_id)))
    if dossier_id is not None:
        where.append(DossierItem.dossier_id == dossier_id)
    columns = (getattr(DossierItem, name) for name in Aside.__slots__ if name != "total")
    found = sa.select(*columns, sa.func.count().over().label("total")).where(*where)
    return few_rows(found.order_by(DossierItem.dossier_id, DossierItem.id).limit(limit), Aside)
