"""Tables of bank accounts and statements."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Balance, Base, JsonList, OwnedByCompany
from portal.features.banking.domain import StatementForm


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
    erased_at: Mapped[datetime | None]
    """Every statement of it was erased: whose account it was is not known any more."""


class Statement(OwnedByCompany, Base):
    """One bank statement, in the form in which it came: CODA, CAMT.053 or MT940.

    Only CODA has a `coda_number`; `paper_number` is the bank's own number of one in another form.
    `original_sha256` is the file that came in; `file_sha256` this statement's own part when the file held
    several (then `derived`: cut on record boundaries, bytes otherwise untouched), else the same. What keeps the whole file is its row of
    quick entry: it goes when one of its statements is erased. So every statement leaves by
    itself, and none leaves twice because a later file repeats it. `dossier_id` is where an office handed it in.
    """

    __tablename__ = "statement"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.Index(
            "uq_statement_content",
            "company_id",
            "content_hash",
            unique=True,
            postgresql_where=sa.text("erased_at is null"),
        ),
        sa.ForeignKeyConstraint(["company_id", "dossier_id"], ["dossier.company_id", "dossier.id"]),
        sa.ForeignKeyConstraint(["company_id", "account_id"], ["bank_account.company_id", "bank_account.id"]),
        sa.Index("ix_statement_account", "company_id", "account_id", "new_date"),
        sa.Index(
            "ix_statement_other_form",
            "company_id",
            "account_id",
            postgresql_where=sa.text("form <> 'coda'"),
        ),
    )

    account_id: Mapped[UUID]
    form: Mapped[StatementForm] = mapped_column(default=StatementForm.CODA, server_default="coda")
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
    dossier_id: Mapped[UUID | None]
    aside_at: Mapped[datetime | None]
    aside_reason: Mapped[str | None]
    aside_by: Mapped[str | None]
    """Put aside: when, why, and by whom. It stays where it is kept, and out of everything else."""
    erased_at: Mapped[datetime | None]
    """Erased by two people: nothing is left of it but its hashes and size, who handed it in when, and why it went."""


class DerivedCoda(OwnedByCompany, Base):
    """The CODA that was made of a statement in another form, for an account that has none: its number in the account's own series.

    The number is taken for good, before the file is made and whatever becomes of the export: whoever makes it again makes the same bytes.
    Of an erased statement the number alone is left.
    """

    __tablename__ = "derived_coda"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "statement_id"),
        sa.UniqueConstraint("account_id", "year", "number"),
        sa.ForeignKeyConstraint(["company_id", "statement_id"], ["statement.company_id", "statement.id"]),
        sa.ForeignKeyConstraint(["company_id", "account_id"], ["bank_account.company_id", "bank_account.id"]),
        sa.Index("ix_derived_coda_content", "company_id", "content_hash"),
        sa.CheckConstraint("number between 501 and 999", name="own_series"),
    )

    statement_id: Mapped[UUID]
    account_id: Mapped[UUID]
    year: Mapped[int]
    number: Mapped[int]
    content_hash: Mapped[str | None]
    sha256: Mapped[str | None]
    size: Mapped[int] = mapped_column(default=0, server_default="0")
    made_at: Mapped[datetime]
