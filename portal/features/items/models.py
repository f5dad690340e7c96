"""Tables of dossier items."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, validates

from portal.db.base import Amount, Base, OwnedByFirm
from portal.db.names import Keyed
from portal.features.items.domain import ApprovalState, ItemState
from portal.kernel.kinds import Kind


class DossierItem(Keyed, OwnedByFirm, Base):
    """What one firm does with one document or statement, in the one dossier it belongs to.

    What stood in two dossiers once is *superseded* in the other; `superseded_seen_at` is when the office took note of it.

    The list columns (number to gross) are copies, so that firm-wide lists never read company-owned tables. `state_before` is where
    a reserved item returns to when its export is abandoned. `bundle_number` is the first bundle it left in.
    """

    __tablename__ = "dossier_item"
    named_by = "counterparty"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"], ["dossier.firm_id", "dossier.id", "dossier.company_id"]
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "document_id"], ["document.company_id", "document.id"], ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["company_id", "statement_id"], ["statement.company_id", "statement.id"], ondelete="CASCADE"
        ),
        sa.CheckConstraint("num_nonnulls(document_id, statement_id) = 1", name="one_subject"),
        sa.UniqueConstraint("firm_id", "id"),
        *(
            sa.Index(
                f"uq_dossier_item_{subject}",
                "firm_id",
                f"{subject}_id",
                unique=True,
                postgresql_where=sa.text("state <> 'superseded'"),
            )
            for subject in ("document", "statement")
        ),
        sa.Index(
            "ix_dossier_item_superseded",
            "firm_id",
            sa.text("coalesce(document_id, statement_id)"),
            postgresql_where=sa.text("state = 'superseded'"),
        ),
        sa.Index("ix_dossier_item_list", "firm_id", "dossier_id", "item_date", "id"),
        sa.Index(
            "ix_dossier_item_state",
            "firm_id",
            "dossier_id",
            "state",
            "received_at",
            postgresql_include=["company_id"],
        ),
        *(
            sa.Index(
                f"ix_dossier_item_{subject}",
                f"{subject}_id",
                postgresql_where=sa.text(f"{subject}_id is not null"),
            )
            for subject in ("document", "statement")
        ),
        # What a list of documents counts is read from this alone.
        sa.Index(
            "ix_dossier_item_counted",
            "company_id",
            "document_id",
            postgresql_include=["firm_id", "dossier_id", "state", "approval", "kind", "id"],
            postgresql_where=sa.text("document_id is not null"),
        ),
        sa.Index("ix_dossier_item_latest", "firm_id", "item_date", "id"),
        # Parts of words, for the database's function `find_items` alone.
        sa.Index(
            "ix_dossier_item_found",
            "firm_id",
            "fold",
            sa.text("number_key(number)"),
            "found_by",
            postgresql_using="gin",
            postgresql_ops={"fold": "gin_trgm_ops", "found_by": "gin_trgm_ops"},
        ),
        sa.Index("ix_dossier_item_amount", "firm_id", "gross"),
        sa.Index(
            "ix_dossier_item_reason",
            "firm_id",
            sa.text("folded(approval_reason)"),
            postgresql_using="gin",
            postgresql_where=sa.text("approval_reason is not null"),
        ),
        sa.Index("ix_dossier_item_company", "company_id", "approval"),
        sa.Index(
            "ix_dossier_item_ready", "firm_id", "item_date", postgresql_where=sa.text("state = 'ready'")
        ),
        sa.Index("ix_dossier_item_recent", "firm_id", "received_at", "id"),
        sa.Index("ix_dossier_item_reserved", "export_id", postgresql_where=sa.text("state = 'reserved'")),
        sa.Index(
            "ix_dossier_item_aside",
            "firm_id",
            "dossier_id",
            postgresql_where=sa.text("state_reason is not null"),
        ),
    )

    dossier_id: Mapped[UUID]
    company_id: Mapped[UUID]
    document_id: Mapped[UUID | None]
    statement_id: Mapped[UUID | None]
    kind: Mapped[Kind]
    version: Mapped[int]
    state: Mapped[ItemState]
    state_before: Mapped[str | None]
    state_reason: Mapped[str | None]
    approval: Mapped[ApprovalState]
    approval_reason: Mapped[str | None]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str | None]
    decided_at: Mapped[datetime | None]
    number: Mapped[str]
    counterparty: Mapped[str]
    fold: Mapped[str]
    found_by: Mapped[str] = mapped_column(default="", server_default="")
    """What else it is searched by (`kernel.searching.found_by`)."""
    item_date: Mapped[date]
    due_date: Mapped[date | None]
    currency: Mapped[str]
    net: Mapped[Amount]
    tax: Mapped[Amount]
    gross: Mapped[Amount]
    received_at: Mapped[datetime]
    final_at: Mapped[datetime]
    export_id: Mapped[UUID | None]
    bundle_number: Mapped[int | None]
    bundled_version: Mapped[int | None]
    superseded_seen_at: Mapped[datetime | None]
    reexports: Mapped[int] = mapped_column(default=0, server_default="0")
    """How often a version that had left before left again: every list marks it."""
    locked: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    attachments_passed: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    """Whether somebody of the office has let it leave with attachments that are not what they say."""

    @validates("counterparty")
    def _write_name_keys(self, _column: str, name: str) -> str:
        return self.write_keys(name)
