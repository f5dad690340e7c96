"""Lists of items: searched, filtered, sorted and counted."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import containing
from portal.db.session import ReadSession
from portal.features.items.domain import ItemQuery, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.repository.core import DOSSIER


def _filtered(query: ItemQuery) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if query.dossier_id is not None:
        where.append(DossierItem.dossier_id == query.dossier_id)
    if query.managed_by is not None:
        managed = sa.select(DOSSIER.c.id).where(DOSSIER.c.manager_id == query.managed_by)
        where.append(DossierItem.dossier_id.in_(managed))
    if query.states:
        where.append(DossierItem.state.in_(query.states))
    if query.kinds:
        where.append(DossierItem.kind.in_(query.kinds))
    if query.approvals:
        where.append(DossierItem.approval.in_(query.approvals))
    if query.documents_only:
        where.append(DossierItem.document_id.is_not(None))
    if query.search:
        pattern = containing(query.search)
        where.append(sa.or_(DossierItem.number.ilike(pattern), DossierItem.counterparty.ilike(pattern)))
    return where


SORTS: dict[str, tuple[Any, type[Any]]] = {
    "date": (DossierItem.item_date, date),
    "received": (DossierItem.received_at, datetime),
    "counterparty": (DossierItem.counterparty, str),
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


async def counts(session: ReadSession, query: ItemQuery) -> dict[ItemState, int]:
    """How many items are in each state."""
    found = await session.execute(
        sa.select(DossierItem.state, sa.func.count()).where(*_filtered(query)).group_by(DossierItem.state)
    )
    return {row[0]: row[1] for row in found}
