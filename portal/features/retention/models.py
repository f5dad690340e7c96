"""Tables of what two people of an office erase."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByCompany, PlainText
from portal.features.retention.domain import ErasureKind, ErasureState


class Erasure(OwnedByCompany, Base):
    """One person of an office proposes to erase a paper that is put aside; another one of that office confirms or refuses.

    `what` is what people call the paper, until it is erased. Of an erased one `known` has the hashes of what it was, by which it is known
    when it is handed in again; `hashes` those of all objects that go, with the archives it came in; `subjects` the ids of all rows that
    held it, whose history tells nothing of it any more. `removed_at` is when the objects were gone.
    The database keeps what was proposed and answered (migration 0025), and empties the paper when it is confirmed.
    """

    __tablename__ = "erasure"
    __table_args__ = (
        sa.CheckConstraint("num_nonnulls(document_id, statement_id) = 1", name="one_subject"),
        sa.CheckConstraint(
            "state not in ('confirmed', 'refused') or (answered_by is not null and answered_by <> proposed_by)",
            name="second_person",
        ),
        sa.ForeignKeyConstraint(["company_id", "document_id"], ["document.company_id", "document.id"]),
        sa.ForeignKeyConstraint(["company_id", "statement_id"], ["statement.company_id", "statement.id"]),
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"], ["dossier.firm_id", "dossier.id", "dossier.company_id"]
        ),
        sa.ForeignKeyConstraint(["firm_id", "proposed_by"], ["firm_member.firm_id", "firm_member.person_id"]),
        sa.ForeignKeyConstraint(["firm_id", "answered_by"], ["firm_member.firm_id", "firm_member.person_id"]),
        sa.Index(
            "uq_erasure_open",
            "firm_id",
            sa.text("coalesce(document_id, statement_id)"),
            unique=True,
            postgresql_where=sa.text("state = 'proposed'"),
        ),
        sa.Index("ix_erasure_document", "company_id", "document_id"),
        sa.Index("ix_erasure_statement", "company_id", "statement_id"),
        sa.Index(
            "ix_erasure_subjects",
            "subjects",
            postgresql_using="gin",
            postgresql_where=sa.text("state = 'confirmed'"),
        ),
    )

    document_id: Mapped[UUID | None]
    statement_id: Mapped[UUID | None]
    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"))
    dossier_id: Mapped[UUID]
    what: Mapped[str]
    kind: Mapped[ErasureKind]
    reason: Mapped[str]
    state: Mapped[ErasureState]
    proposed_by: Mapped[UUID]
    proposed_by_name: Mapped[str]
    proposed_at: Mapped[datetime]
    answered_by: Mapped[UUID | None]
    answered_by_name: Mapped[str | None]
    answered_at: Mapped[datetime | None]
    answer: Mapped[str | None]
    known: Mapped[list[str]] = mapped_column(ARRAY(PlainText()), default=list, server_default="{}")
    hashes: Mapped[list[str]] = mapped_column(ARRAY(PlainText()), default=list, server_default="{}")
    subjects: Mapped[list[UUID]] = mapped_column(ARRAY(sa.Uuid), default=list, server_default="{}")
    removed_at: Mapped[datetime | None]

    @property
    def paper_id(self) -> UUID:
        """The id of the document or statement that it is about."""
        found = self.document_id or self.statement_id
        assert found is not None
        return found

    @property
    def path(self) -> str:
        """Where its page stands, behind the base of a place."""
        return f"/documents/{self.document_id}" if self.document_id else f"/bank/{self.statement_id}"
