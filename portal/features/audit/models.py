"""Tables of the audit log."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json
from portal.kernel.ids import new_id


class AuditEvent(Base):
    """One thing that happened. Never changed, never deleted: triggers and missing grants see to it.

    `actor` is the whole `kernel.actor.Actor`, with whoever it acted for (`on_behalf_of`).
    """

    __tablename__ = "audit_event"
    __table_args__ = (
        sa.Index("ix_audit_event_of_firm", "firm_id", "at", "id"),
        sa.Index("ix_audit_event_of_company", "company_id", "at", "id"),
        sa.Index(
            "ix_audit_event_of_members", "company_id", "at", "id", postgresql_where=sa.text("firm_id is null")
        ),
        sa.Index("ix_audit_event_of_dossier", "dossier_id", "at", "id"),
        sa.Index("ix_audit_event_of_subject", "subject_id", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    firm_id: Mapped[UUID | None]
    company_id: Mapped[UUID | None]
    at: Mapped[datetime]
    actor: Mapped[Json]
    action: Mapped[str]
    subject_type: Mapped[str]
    subject_id: Mapped[UUID | None]
    dossier_id: Mapped[UUID | None]
    data: Mapped[Json]


class AuditSeal(Base):
    """The place of one event in its owner's hash chain, written by the sealer after the event was committed.

    `chain` is the firm's id, else the company's, else the nil UUID for the platform's own events.
    `hash` = SHA-256(previous hash ‖ canonical JSON of the event), 32 bytes.
    """

    __tablename__ = "audit_seal"
    __table_args__ = (sa.UniqueConstraint("chain", "sequence"),)

    event_id: Mapped[UUID] = mapped_column(sa.ForeignKey("audit_event.id"), primary_key=True)
    chain: Mapped[UUID]
    sequence: Mapped[int] = mapped_column(sa.BigInteger)
    previous: Mapped[bytes]
    hash: Mapped[bytes]
    sealed_at: Mapped[datetime]
