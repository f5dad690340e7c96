"""Tables of decisions and hand-overs."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByCompany, OwnedByFirm
from portal.features.approvals.domain import Decision, Said


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


class ClientNotice(OwnedByFirm, Base):
    """What a client said, for the office to read: a rejection, a note, an answer. Open until somebody marks it as handled.

    `about` is what people call the document or file; `decision` a document's, or what became of a file. `mailed_at` is None until a
    mail told of it.
    """

    __tablename__ = "client_notice"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["firm_id", "dossier_id", "company_id"], ["dossier.firm_id", "dossier.id", "dossier.company_id"]
        ),
        sa.Index("ix_client_notice_dossier", "firm_id", "dossier_id", "id"),
        sa.Index("ix_client_notice_open", "firm_id", "id", postgresql_where=sa.text("handled_at is null")),
        sa.Index("ix_client_notice_document", "company_id", "document_id"),
    )

    dossier_id: Mapped[UUID]
    company_id: Mapped[UUID]
    kind: Mapped[Said]
    document_id: Mapped[UUID | None]
    file_id: Mapped[UUID | None]
    decision: Mapped[str]
    about: Mapped[str]
    text: Mapped[str]
    said_by_name: Mapped[str]
    said_at: Mapped[datetime]
    mailed_at: Mapped[datetime | None]
    handled_at: Mapped[datetime | None]
    handled_by_name: Mapped[str | None]


class ApproverMail(OwnedByFirm, Base):
    """The daily mail of one firm to one person who can approve: the day it was last decided about.

    `told_at` is the moment up to which the last one told what waits.
    """

    __tablename__ = "approver_mail"
    __table_args__ = (sa.UniqueConstraint("firm_id", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    looked_on: Mapped[date]
    told_at: Mapped[datetime | None]


class ApproverLook(OwnedByCompany, Base):
    """When a person who can approve last had before their eyes what waits: they get no mail about that."""

    __tablename__ = "approver_look"
    __table_args__ = (sa.UniqueConstraint("company_id", "person_id"),)

    person_id: Mapped[UUID] = mapped_column(sa.ForeignKey("person.id"))
    looked_at: Mapped[datetime]
