"""Tables of bank accounts and statements."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Balance, Base, JsonList, OwnedByCompany


class BankAccount(OwnedByCompany, Base):
    """One account: a number in a currency, with the extension zone some banks use for sub-accounts."""

    __tablename__ = "bank_account"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.UniqueConstraint("company_id", "number", "currency", "extension"),
    )

    number: Mapped[str]
    currency: Mapped[str]
    extension: Mapped[str] = mapped_column(default="")
    iban: Mapped[str | None]
    bic: Mapped[str | None]
    holder: Mapped[str]
    description: Mapped[str]
    created_at: Mapped[datetime]


class Statement(OwnedByCompany, Base):
    """One CODA statement.

    `original_sha256` is the file that came in; `file_sha256` this statement's own part when the file held
    several (then `derived`: cut on record boundaries, bytes otherwise untouched), else the same. So every statement leaves by
    itself, and none leaves twice because a later file repeats it.
    """

    __tablename__ = "statement"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.UniqueConstraint("company_id", "content_hash"),
        sa.ForeignKeyConstraint(["company_id", "account_id"], ["bank_account.company_id", "bank_account.id"]),
        sa.Index("ix_statement_account", "company_id", "account_id", "new_date"),
    )

    account_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(default=1)
    coda_number: Mapped[int]
    paper_number: Mapped[int]
    old_balance: Mapped[Balance]
    old_date: Mapped[date | None]
    new_balance: Mapped[Balance]
    new_date: Mapped[date | None]
    debit_total: Mapped[Balance]
    credit_total: Mapped[Balance]
    movement_count: Mapped[int]
    content_hash: Mapped[str]
    original_sha256: Mapped[str]
    original_name: Mapped[str]
    file_sha256: Mapped[str]
    file_size: Mapped[int]
    derived: Mapped[bool]
    findings: Mapped[JsonList]
    note: Mapped[str] = mapped_column(default="", server_default="")
    received_at: Mapped[datetime]
    received_by: Mapped[UUID | None]
