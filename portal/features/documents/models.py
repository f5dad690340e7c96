"""Tables of documents and of the locks on documents and statements."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.db.base import Amount, Base, Json, JsonList, OwnedByCompany, PlainText
from portal.db.names import Keyed
from portal.features.documents.domain.documents import DocumentState, Issuer, Origin, PaymentState
from portal.kernel.kinds import Kind


class Document(Keyed, OwnedByCompany, Base):
    """One document of a company.

    `original_sha256` is what came in, byte for byte (never changed); `ubl_sha256` the UBL when there is one: the original itself, or
    where that is none what was made of it (then with `ubl_size` and `ubl_origin`: embedded, derived); `envelope` what the transport
    envelope said that it came in. `pdf_sha256` is the PDF for people: embedded in the UBL, handed in beside it, or rendered by us (`pdf_origin`: embedded, received, derived, redrawn). While
    `drawing_due_at` stands, its PDF is still to be drawn or looked into: then it is asked for again, for the `drawing_rounds`th time.
    Signs and VAT are as given. `duplicate_key` = supplier, number, date and type: unique, so nothing is booked twice; of two documents that
    somebody decided to keep beside each other, the later one's ends with its own hash. `findings` is what does not agree in it,
    `dossier_id` where an office handed it in.
    """

    __tablename__ = "document"
    named_by = "counterparty_name"
    __table_args__ = (
        sa.CheckConstraint("kind <> 'statement'", name="no_statement"),
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "dossier_id"], ["dossier.company_id", "dossier.id"]),
        sa.Index(
            "uq_document_original",
            "company_id",
            "original_sha256",
            unique=True,
            postgresql_where=sa.text("erased_at is null"),
        ),
        sa.Index(
            "uq_document_duplicate",
            "company_id",
            "duplicate_key",
            unique=True,
            postgresql_where=sa.text("duplicate_key is not null and aside_at is null"),
        ),
        sa.Index(
            "ix_document_number",
            "company_id",
            "duplicate_key",
            postgresql_ops={"duplicate_key": "text_pattern_ops"},
            postgresql_where=sa.text("duplicate_key is not null"),
        ),
        sa.Index("ix_document_list", "company_id", "issue_date", "id"),
        *(
            sa.Index(f"ix_document_by_{column}", "company_id", column, "id")
            for column in ("received_at", "sort_key", "number", "gross")
        ),
        sa.Index(
            "ix_document_out_of_sight",
            "company_id",
            postgresql_where=sa.text("aside_at is not null or erased_at is not null"),
        ),
        sa.Index(
            "ix_document_findings",
            "company_id",
            "issue_date",
            "id",
            postgresql_where=sa.text("findings <> '[]'::jsonb"),
        ),
        sa.Index("ix_document_unjudged", "company_id", "id", postgresql_where=sa.text("not judged")),
        sa.Index(
            "ix_document_undrawn",
            "drawing_due_at",
            "id",
            postgresql_where=sa.text("drawing_due_at is not null"),
        ),
    )

    kind: Mapped[Kind]
    issuer: Mapped[Issuer]
    origin: Mapped[Origin]
    state: Mapped[DocumentState]
    version: Mapped[int] = mapped_column(default=1)
    number: Mapped[str]
    issue_date: Mapped[date]
    due_date: Mapped[date | None]
    currency: Mapped[str]
    net: Mapped[Amount]
    tax: Mapped[Amount]
    gross: Mapped[Amount]
    payable: Mapped[Amount]
    tax_subtotals: Mapped[JsonList]
    counterparty_name: Mapped[str]
    sort_key: Mapped[str]
    fold: Mapped[str]
    counterparty_number: Mapped[str | None]
    counterparty_country: Mapped[str | None]
    structured_communication: Mapped[str | None]
    references: Mapped[list[str]] = mapped_column(ARRAY(PlainText()), default=list, server_default="{}")
    original_sha256: Mapped[str]
    original_name: Mapped[str]
    original_type: Mapped[str]
    original_size: Mapped[int]
    ubl_sha256: Mapped[str | None]
    ubl_size: Mapped[int | None]
    ubl_origin: Mapped[str | None]
    envelope: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    pdf_sha256: Mapped[str | None]
    pdf_name: Mapped[str | None]
    pdf_size: Mapped[int | None]
    pdf_origin: Mapped[str | None]
    drawing_due_at: Mapped[datetime | None]
    drawing_rounds: Mapped[int] = mapped_column(default=0, server_default="0")
    duplicate_key: Mapped[str | None]
    findings: Mapped[JsonList] = mapped_column(default=list, server_default=sa.text("'[]'::jsonb"))
    judged: Mapped[bool] = mapped_column(server_default=sa.false())
    """Whether somebody has looked for findings; documents of earlier releases wait for it."""
    tags: Mapped[list[str]] = mapped_column(ARRAY(PlainText()), default=list, server_default="{}")
    note: Mapped[str] = mapped_column(default="", server_default="")
    payment_state: Mapped[PaymentState] = mapped_column(default=PaymentState.OPEN)
    received_at: Mapped[datetime]
    received_by: Mapped[UUID | None]
    dossier_id: Mapped[UUID | None]
    changed_at: Mapped[datetime]
    aside_at: Mapped[datetime | None]
    aside_reason: Mapped[str | None]
    aside_by: Mapped[str | None]
    """Put aside: when, why, and by whom. It stays where it is kept, and out of everything else."""
    erased_at: Mapped[datetime | None]
    """Erased by two people: nothing is left of it but its hash and size, who handed it in when, and why it went."""

    @validates("counterparty_name")
    def _write_name_keys(self, _column: str, name: str) -> str:
        return self.write_keys(name)


class DocumentLock(OwnedByCompany, Base):
    """Why a document or a statement can't change: one of its items was exported under a policy that locks.

    Company-owned, so that the triggers see it in every scope. `item_id` names the firm's item, `bundle` its number for people.
    """

    __tablename__ = "document_lock"
    __table_args__ = (
        sa.ForeignKeyConstraint(["company_id", "document_id"], ["document.company_id", "document.id"]),
        sa.ForeignKeyConstraint(["company_id", "statement_id"], ["statement.company_id", "statement.id"]),
        # An item that goes (its dossier's access ended before it left) takes its lock along.
        sa.ForeignKeyConstraint(
            ["firm_id", "item_id"], ["dossier_item.firm_id", "dossier_item.id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("num_nonnulls(document_id, statement_id) = 1", name="one_subject"),
        sa.UniqueConstraint("company_id", "item_id"),
        sa.Index("ix_document_lock_document", "company_id", "document_id"),
        sa.Index("ix_document_lock_statement", "company_id", "statement_id"),
        sa.Index("ix_document_lock_item", "firm_id", "item_id"),
    )

    document_id: Mapped[UUID | None]
    statement_id: Mapped[UUID | None]
    item_id: Mapped[UUID]
    company_id: Mapped[UUID] = mapped_column()
    firm_id: Mapped[UUID] = mapped_column()
    """Both are those of the paper and of the item, by the keys that name them."""
    bundle: Mapped[int]
    reason: Mapped[str]
    since: Mapped[datetime]
