"""SQL of bank accounts and statements."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import aliased

from portal.db import aside
from portal.db.arrays import among
from portal.db.figures import Figure, few_rows, how_many, one_value
from portal.db.session import ReadSession, WriteSession
from portal.features.banking.domain import Coda, Link, MadeCoda, Standing, StatementForm
from portal.features.banking.models import BankAccount, DerivedCoda, Statement
from portal.features.documents.models import DocumentLock

_NEVER = date(1, 1, 1)
_KEPT_IN = Statement.aside_at.is_(None)


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """One account with its latest statement."""

    account: BankAccount
    statements: int
    latest: Statement | None
    standing: Standing


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
    """The account of a company with this number, currency and extension; None for one that is new."""
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


def aside_count(company_id: UUID) -> Figure[int]:
    """How many statements of a company are put aside."""
    return how_many(sa.select(Statement.id).where(Statement.company_id == company_id, ~_KEPT_IN))


def locked(statement_id: UUID) -> Figure[bool]:
    """Whether an export has locked a statement."""
    return one_value(sa.select(sa.exists().where(DocumentLock.statement_id == statement_id)))


async def by_ids(session: ReadSession, ids: Sequence[UUID]) -> dict[UUID, tuple[Statement, BankAccount]]:
    """Some statements by id, each with its account."""
    if not ids:
        return {}
    found = await session.execute(
        sa.select(Statement, BankAccount)
        .join(BankAccount, BankAccount.id == Statement.account_id)
        .where(among(Statement.id, ids))
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
    has_coda, derived = _standing()
    found = await session.execute(
        sa.select(BankAccount, count, newest, has_coda, derived.c.derived, derived.c.derived_until)
        .select_from(BankAccount)
        .outerjoin(newest, sa.true())
        .join(derived, sa.true())
        .where(BankAccount.company_id == company_id, BankAccount.erased_at.is_(None))
        .order_by(BankAccount.number, BankAccount.currency, BankAccount.extension)
    )
    return [
        AccountSummary(
            row[0], row[1], row[2], Standing(has_coda=row[3], derived=row[4], derived_until=row[5])
        )
        for row in found
    ]


async def chains(
    session: ReadSession, account_ids: Collection[UUID], limit: int = 5000
) -> dict[UUID, list[Link]]:
    """The latest statements of each of some accounts, the newest first."""
    chains: dict[UUID, list[Link]] = {account_id: [] for account_id in account_ids}
    if not chains:
        return chains
    latest = (
        sa.select(
            Statement.id,
            Statement.form,
            Statement.coda_number,
            Statement.old_balance,
            Statement.old_date,
            Statement.new_balance,
            Statement.new_date,
        )
        .where(Statement.account_id == BankAccount.id, _KEPT_IN)
        .order_by(sa.func.coalesce(Statement.new_date, _NEVER).desc(), Statement.id.desc())
        .limit(limit)
        .lateral()
    )
    found = await session.execute(
        sa.select(BankAccount.id, latest)
        .join(latest, sa.true())
        .where(among(BankAccount.id, chains))
        .order_by(BankAccount.id, sa.func.coalesce(latest.c.new_date, _NEVER).desc(), latest.c.id.desc())
    )
    for account_id, *link in found:
        chains[account_id].append(Link(**dict(zip(Link.__struct_fields__, link, strict=True))))
    return chains


async def put_aside(session: WriteSession, statement_id: UUID, *, at: datetime, reason: str, by: str) -> bool:
    """Mark a statement; False when it is put aside already, or gone."""
    return await aside.put_aside(session, Statement, statement_id, at=at, reason=reason, by=by)


async def bring_back(session: WriteSession, statement_id: UUID) -> bool | None:
    """Take the mark away; False when it has none, None when another one has its place by now."""
    return await aside.bring_back(session, Statement, statement_id)


async def is_aside(session: WriteSession, statement_id: UUID) -> bool | None:
    """Whether a statement is put aside at this moment, its row taken; None when it is gone."""
    return await aside.is_aside(session, Statement, statement_id)


# ── other forms than CODA ────────────────────────────────────────────────────────────────────────────────────────


async def twin(session: ReadSession, account_id: UUID, one: Coda) -> Statement | None:
    """The statement of an account that tells of the same day with the same balances, in whatever form; CODA before others."""
    return await session.scalar(
        sa.select(Statement)
        .where(
            Statement.account_id == account_id,
            Statement.new_date == one.new_date,
            Statement.old_balance == one.old_balance,
            Statement.new_balance == one.new_balance,
            Statement.movement_count == one.movement_count,
            Statement.erased_at.is_(None),
            _KEPT_IN,
        )
        .order_by(Statement.form != StatementForm.CODA, Statement.id)
        .limit(1)
    )


async def made_as_coda(session: ReadSession, company_id: UUID, content_hash: str) -> Statement | None:
    """The statement of another form of which a CODA of this content was made here."""
    return await session.scalar(
        sa.select(Statement)
        .join(DerivedCoda, DerivedCoda.statement_id == Statement.id)
        .where(DerivedCoda.company_id == company_id, DerivedCoda.content_hash == content_hash)
        .limit(1)
    )


def _same_number(account: type[BankAccount]) -> sa.ColumnElement[bool]:
    """Accounts of one number and currency: other forms know no extension zone."""
    return sa.and_(
        account.company_id == BankAccount.company_id,
        account.number == BankAccount.number,
        account.currency == BankAccount.currency,
    )


def _standing() -> tuple[Any, ...]:
    """Of an account of a statement: whether there is CODA for it, how many others were written as CODA, and until which day."""
    same, coda = aliased(BankAccount), aliased(Statement)
    has_coda = sa.exists().where(
        _same_number(same),
        coda.account_id == same.id,
        coda.form == StatementForm.CODA,
        coda.aside_at.is_(None),
        coda.erased_at.is_(None),
    )
    other, made = aliased(BankAccount), aliased(Statement)
    derived = (
        sa.select(sa.func.count().label("derived"), sa.func.max(made.new_date).label("derived_until"))
        .select_from(DerivedCoda)
        .join(made, made.id == DerivedCoda.statement_id)
        .join(other, other.id == DerivedCoda.account_id)
        .where(_same_number(other), made.erased_at.is_(None))
        .correlate(BankAccount)
        .lateral()
    )
    return has_coda.correlate(BankAccount).label("has_coda"), derived


async def standings(session: ReadSession, account_ids: Collection[UUID]) -> dict[UUID, Standing]:
    """How accounts stand between CODA and other forms."""
    if not account_ids:
        return {}
    has_coda, derived = _standing()
    found = await session.execute(
        sa.select(BankAccount.id, has_coda, derived.c.derived, derived.c.derived_until)
        .join(derived, sa.true())
        .where(among(BankAccount.id, account_ids))
    )
    return {row[0]: Standing(has_coda=row[1], derived=row[2], derived_until=row[3]) for row in found}


def standing_of(account_id: UUID) -> Figure[Standing]:
    """How one account stands between CODA and other forms."""
    has_coda, derived = _standing()
    found = (
        sa.select(has_coda, derived.c.derived, derived.c.derived_until)
        .select_from(BankAccount)
        .join(derived, sa.true())
        .where(BankAccount.id == account_id)
    )
    return few_rows(found, Standing).mapped(lambda rows: rows[0] if rows else Standing())


def made_of(statement_id: UUID) -> Figure[MadeCoda | None]:
    """The number under which a statement left, or leaves, as CODA made here, once the file is made."""
    found = sa.select(DerivedCoda.year, DerivedCoda.number).where(
        DerivedCoda.statement_id == statement_id, DerivedCoda.sha256.is_not(None)
    )
    return few_rows(found, MadeCoda).mapped(lambda rows: rows[0] if rows else None)


async def in_other_forms(session: ReadSession, account_id: UUID) -> Sequence[UUID]:
    """Statements of an account, and of others of its number and currency, that are no CODA."""
    same = aliased(BankAccount)
    found = await session.scalars(
        sa.select(Statement.id)
        .join(same, same.id == Statement.account_id)
        .join(BankAccount, _same_number(same))
        .where(
            BankAccount.id == account_id,
            Statement.company_id == BankAccount.company_id,
            Statement.form != StatementForm.CODA,
            _KEPT_IN,
        )
        .order_by(Statement.id)
    )
    return found.all()


async def derived_of(session: ReadSession, statement_ids: Collection[UUID]) -> dict[UUID, DerivedCoda]:
    """The CODA made of statements in other forms, by statement."""
    found = await session.scalars(
        sa.select(DerivedCoda)
        .where(among(DerivedCoda.statement_id, statement_ids))
        .execution_options(populate_existing=True)
    )
    return {one.statement_id: one for one in found}


async def lock_accounts(session: WriteSession, account_ids: Collection[UUID]) -> None:
    """Take accounts in id order: one at a time gives out the numbers of a series."""
    await session.execute(
        sa.select(BankAccount.id)
        .where(among(BankAccount.id, account_ids))
        .order_by(BankAccount.id)
        .with_for_update(key_share=True)
    )


async def last_numbers(session: ReadSession, account_ids: Collection[UUID]) -> dict[tuple[UUID, int], int]:
    """The last number of each own series, by account and year."""
    found = await session.execute(
        sa.select(DerivedCoda.account_id, DerivedCoda.year, sa.func.max(DerivedCoda.number))
        .where(among(DerivedCoda.account_id, account_ids))
        .group_by(DerivedCoda.account_id, DerivedCoda.year)
    )
    return {(row[0], row[1]): row[2] for row in found}


async def take_numbers(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Numbers of statements that are to be written as CODA."""
    if rows:
        await session.execute(insert(DerivedCoda).values(list(rows)))


async def note_made(
    session: WriteSession, made: DerivedCoda, *, sha256: str, size: int, content: str
) -> None:
    """The object of a CODA that was made here."""
    await session.execute(
        sa.update(DerivedCoda)
        .where(DerivedCoda.id == made.id)
        .values(sha256=sha256, size=size, content_hash=content)
    )
