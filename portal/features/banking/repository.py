"""SQL of bank accounts and statements."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on, insert
from sqlalchemy.orm import aliased

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.placing import belongs_to
from portal.db.session import ReadSession, WriteSession
from portal.features.banking.domain import StatementQuery
from portal.features.banking.models import BankAccount, Statement

_NEVER = date(1, 1, 1)
_KEPT_IN = Statement.aside_at.is_(None)

# Items belong to a slice above this one: only what the list shows of them is known here.
_ITEM = sa.table(
    "dossier_item",
    sa.column("dossier_id", sa.Uuid()),
    sa.column("statement_id", sa.Uuid()),
    sa.column("state", sa.Text()),
    sa.column("bundle_number", sa.Integer()),
    sa.column("reexports", sa.Integer()),
)
_LOCK = sa.table("document_lock", sa.column("id", sa.Uuid()), sa.column("statement_id", sa.Uuid()))


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """One account with its latest statement."""

    account: BankAccount
    statements: int
    latest: Statement | None


@dataclass(frozen=True, slots=True)
class ListedStatement:
    """A row of a list."""

    statement: Statement
    account: BankAccount
    state: str | None
    bundle: int | None
    reexports: int


async def find_or_make_account(session: WriteSession, values: Mapping[str, Any]) -> BankAccount:
    """The account of this number, currency and extension; made when the company has none yet."""
    await session.execute(insert(BankAccount).values(**values).on_conflict_do_nothing())
    found = await session.scalar(
        sa.select(BankAccount).where(
            BankAccount.company_id == values["company_id"],
            BankAccount.number == values["number"],
            BankAccount.currency == values["currency"],
            BankAccount.extension == values["extension"],
        )
    )
    assert found is not None
    return found


async def account_of(
    session: ReadSession, company_id: UUID, number: str, currency: str, extension: str
) -> BankAccount | None:
    """A known account."""
    return await session.scalar(
        sa.select(BankAccount).where(
            BankAccount.company_id == company_id,
            BankAccount.number == number,
            BankAccount.currency == currency,
            BankAccount.extension == extension,
        )
    )


async def insert_new(session: WriteSession, values: Mapping[str, Any]) -> Statement | None:
    """A new statement; None when the company has this content already (also from a rival at this moment)."""
    return await session.scalar(
        insert(Statement).values(**values).on_conflict_do_nothing().returning(Statement)
    )


async def with_content(session: ReadSession, company_id: UUID, content_hash: str) -> Statement | None:
    """The statement of this content; not one that was erased."""
    return await session.scalar(
        sa.select(Statement).where(
            Statement.company_id == company_id,
            Statement.content_hash == content_hash,
            Statement.erased_at.is_(None),
        )
    )


async def with_number(session: ReadSession, account_id: UUID, coda_number: int) -> Sequence[Statement]:
    """Statements of an account that carry this CODA number, of any year; without those put aside."""
    found = await session.scalars(
        sa.select(Statement)
        .where(Statement.account_id == account_id, Statement.coda_number == coda_number, _KEPT_IN)
        .order_by(Statement.id)
    )
    return found.all()


async def one(session: ReadSession, statement_id: UUID) -> tuple[Statement, BankAccount] | None:
    """A statement with its account."""
    found = await session.execute(
        sa.select(Statement, BankAccount)
        .join(BankAccount, BankAccount.id == Statement.account_id)
        .where(Statement.id == statement_id)
    )
    row = found.first()
    return (row[0], row[1]) if row else None


async def count_aside(session: ReadSession, company_id: UUID) -> int:
    """How many statements of a company are put aside."""
    where = (Statement.company_id == company_id, ~_KEPT_IN)
    return await session.scalar(sa.select(sa.func.count()).select_from(Statement).where(*where)) or 0


async def locked(session: ReadSession, statement_id: UUID) -> bool:
    """Whether an export has locked a statement."""
    found = await session.scalar(sa.select(_LOCK.c.id).where(_LOCK.c.statement_id == statement_id).limit(1))
    return found is not None


async def left_in(session: ReadSession, statement_id: UUID) -> bool:
    """Whether an item on the statement is in an export or has left in a bundle, as far as the session sees."""
    out = sa.or_(_ITEM.c.bundle_number.is_not(None), _ITEM.c.state.in_(("reserved", "bundled", "delivered")))
    found = await session.scalar(
        sa.select(_ITEM.c.statement_id).where(_ITEM.c.statement_id == statement_id, out).limit(1)
    )
    return found is not None


async def by_ids(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, tuple[Statement, BankAccount]]:
    """Several at once."""
    if not ids:
        return {}
    found = await session.execute(
        sa.select(Statement, BankAccount)
        .join(BankAccount, BankAccount.id == Statement.account_id)
        .where(Statement.id.in_(ids))
    )
    return {row[0].id: (row[0], row[1]) for row in found}


async def batch_of_company(
    session: ReadSession, company_id: UUID, after: UUID | None, limit: int
) -> Sequence[tuple[Statement, BankAccount]]:
    """Statements of a company in id order, behind `after`."""
    statement = (
        sa.select(Statement, BankAccount)
        .join(BankAccount, BankAccount.id == Statement.account_id)
        .where(Statement.company_id == company_id, _KEPT_IN)
    )
    if after is not None:
        statement = statement.where(Statement.id > after)
    found = await session.execute(statement.order_by(Statement.id).limit(limit))
    return [(row[0], row[1]) for row in found]


async def accounts(session: ReadSession, company_id: UUID) -> Sequence[AccountSummary]:
    """The accounts of a company, each with its latest statement."""
    latest = (
        sa.select(Statement)
        .where(Statement.account_id == BankAccount.id, _KEPT_IN)
        .order_by(
            sa.func.coalesce(Statement.new_date, _NEVER).desc(),
            Statement.coda_number.desc(),
            Statement.id.desc(),
        )
        .limit(1)
        .lateral()
    )
    newest = aliased(Statement, latest)
    count = (
        sa.select(sa.func.count())
        .select_from(Statement)
        .where(Statement.account_id == BankAccount.id, _KEPT_IN)
        .scalar_subquery()
    )
    found = await session.execute(
        sa.select(BankAccount, count, newest)
        .outerjoin(newest, sa.true())
        .where(BankAccount.company_id == company_id, BankAccount.erased_at.is_(None))
        .order_by(BankAccount.number, BankAccount.currency, BankAccount.extension)
    )
    return [AccountSummary(row[0], row[1], row[2]) for row in found]


async def chain(session: ReadSession, account_id: UUID, limit: int = 5000) -> Sequence[Statement]:
    """The latest statements of an account."""
    found = await session.scalars(
        sa.select(Statement)
        .where(Statement.account_id == account_id, _KEPT_IN)
        .order_by(sa.func.coalesce(Statement.new_date, _NEVER).desc(), Statement.id.desc())
        .limit(limit)
    )
    return found.all()


_DATE = sa.func.coalesce(Statement.new_date, _NEVER, type_=sa.Date())


async def page(
    session: ReadSession,
    company_id: UUID,
    dossier_id: UUID | None,
    query: StatementQuery,
    size: int = PAGE_SIZE,
) -> Page[ListedStatement]:
    """One page of statements, with the state of their item in a dossier."""
    item = (
        sa.select(_ITEM.c.statement_id, _ITEM.c.state, _ITEM.c.bundle_number, _ITEM.c.reexports)
        .ext(distinct_on(_ITEM.c.statement_id))
        .where(_ITEM.c.dossier_id == dossier_id, _ITEM.c.statement_id.is_not(None))
        .order_by(_ITEM.c.statement_id, _ITEM.c.state == "superseded")
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
        elsewhere = sa.select(_ITEM.c.statement_id).where(
            _ITEM.c.statement_id == Statement.id,
            _ITEM.c.dossier_id != dossier_id,
            _ITEM.c.state != "superseded",
        )
        belongs = belongs_to(Statement.dossier_id, dossier_id)
        wanted = wanted.where(sa.or_(item.c.statement_id.is_not(None), sa.and_(~elsewhere.exists(), belongs)))
    wanted = wanted.where(~_KEPT_IN if query.aside else _KEPT_IN)
    if query.account_id is not None:
        wanted = wanted.where(Statement.account_id == query.account_id)
    if query.received_by is not None:
        wanted = wanted.where(Statement.received_by == query.received_by)
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
