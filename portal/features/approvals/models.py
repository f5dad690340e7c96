"""Tables of decisions and hand-overs."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByCompany
from portal.features.approvals.domain import Decision


class ApprovalDecision(OwnedByCompany, Base):
    """One decision on one version of a document: history, never changed."""

    __tablename__ = "approval_decision"
    __table_args__ = (
        sa.ForeignKeyConstraint(["company_id", "document_id"], ["document.company_id", "document.id"]),
        sa.Index("ix_approval_decision_document", "company_id", "document_id"),
    )

    document_id: Mapped[UUID]
    version: Mapped[int]
    decision: Mapped[Decision]
    reason: Mapped[str]
    decided_by: Mapped[UUID | None]
    decided_by_name: Mapped[str]
    decided_at: Mapped[datetime]


class HandOver(OwnedByCompany, Base):
    """The entrepreneur pressed *Send to my accountant*."""

    __tablename__ = "hand_over"

    dossier_id: Mapped[UUID]
    firm_id: Mapped[UUID] = mapped_column(sa.ForeignKey("firm.id"))
    documents: Mapped[int]
    note: Mapped[str]
    sent_by: Mapped[UUID | None]
    sent_by_name: Mapped[str]
    sent_at: Mapped[datetime]
