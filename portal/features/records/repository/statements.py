"""SQL of lists of statements."""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.session import ReadSession
from portal.features.banking.domain import StatementQuery
from portal.features.banking.models import BankAccount, Statement
from portal.features.dossiers.models import belongs_to
from portal.features.items.domain import ItemState
from portal.features.items.models import DossierItem

_NEVER = date(1, 1, 1)
_DATE = sa.func.coalesce(Statement.new_date, _NEVER, type_=sa.Date())


@dataclass(frozen=True, slots=True)
class ListedStatement:
    """A row of a list."""

    statement: Statement
    account: BankAccount
    state: ItemState | None
    bundle: int | None
    reexports: int


async def page(
    session: ReadSession,
    company_id: UUID,
    dossier_id: UUID | None,
    query: StatementQuery,
    size: int = PAGE_SIZE,
) -> Page[ListedStatement]:
    """One page of statements, with the state of their item in a dossier."""
    item = (
        sa.select(
            DossierItem.statement_id, DossierItem.state, DossierItem.bundle_number, DossierItem.reexports
        )
        .ext(distinct_on(DossierItem.statement_id))
        .where(DossierItem.dossier_id == dossier_id, DossierItem.statement_id.is_not(None))
        .order_by(DossierItem.statement_id, DossierItem.state == ItemState.SUPERSEDED)
        .subquery()
    )
    wanted: Any = (
        sa.select(Statement, BankAccount, item.c.state, item.c.bundle_number, item.c.reexports)
        .join(BankAccount, BankAccount.id == Statement.account_id)
        .outerjoin(item, item.c.statement_id == Statement.id)
        .where(Statement.company_id == company_id)
    )
    if dossier_id is not None:
        # What has no item yet (it came this moment) belongs where it was handed in, else to the first dossier.
        elsewhere = sa.select(DossierItem.statement_id).where(
            DossierItem.statement_id == Statement.id,
            DossierItem.dossier_id != dossier_id,
            DossierItem.state != ItemState.SUPERSEDED,
        )
        belongs = belongs_to(Statement.dossier_id, dossier_id)
        wanted = wanted.where(sa.or_(item.c.statement_id.is_not(None), sa.and_(~elsewhere.exists(), belongs)))
    kept = Statement.aside_at.is_(None)
    wanted = wanted.where(~kept if query.aside else kept)
    if query.account_id is not None:
        wanted = wanted.where(Statement.account_id == query.account_id)
    if query.received_by is not None:
        wanted = wanted.where(Statement.received_by == query.received_by)
    if query.since is not None:
        wanted = wanted.where(Statement.new_date >= query.since)
    if query.until is not None:
        # A statement without a day of its own is of no period.
        wanted = wanted.where(Statement.new_date <= query.until)
    by_arrival = query.sort == "received"
    column: Any = Statement.received_at if by_arrival else _DATE
    statement, backwards = keyset(
        wanted,
        sort=column,
        tie=Statement.id,
        kind=datetime if by_arrival else date,
        descending=query.descending,
        cursor=query.cursor,
        size=size,
    )
    found: Any = await session.execute(statement)
    rows = [ListedStatement(row[0], row[1], row[2], row[3], row[4] or 0) for row in found]
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: (
            row.statement.received_at if by_arrival else (row.statement.new_date or _NEVER)
        ),
        row_id=lambda row: row.statement.id,
        size=size,
    )
