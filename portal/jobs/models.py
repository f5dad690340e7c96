"""The ledger of jobs."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json
from portal.kernel.ids import new_id

WAITING = "done_at is null and dead_at is null and lease_until is null"
"""Not done, not given up, and nobody's at this moment."""
_NOBODY = "'00000000-0000-0000-0000-000000000000'::uuid"


class JobRow(Base):
    """One piece of work. `token` is the fencing token of the present claim: finishing is `WHERE token = …`.

    `owner` and `lane` say whose turn it is when this is claimed (`jobs/claims.py`): the firm, or the company of a member; and inside
    a firm the company.
    """

    __tablename__ = "job"
    __table_args__ = (
        sa.Index("ix_job_heads", "owner", "priority", "due_at", "id", postgresql_where=sa.text(WAITING)),
        sa.Index(
            "ix_job_lanes", "owner", "priority", "lane", "due_at", "id", postgresql_where=sa.text(WAITING)
        ),
        sa.Index(
            "ix_job_leases",
            "lease_until",
            "owner",
            postgresql_where=sa.text("lease_until is not null and done_at is null and dead_at is null"),
        ),
        sa.Index("ix_job_dead", "unique_key", postgresql_where=sa.text("dead_at is not null")),
        sa.Index(
            "uq_job_unique_key",
            "unique_key",
            unique=True,
            postgresql_where=sa.text("done_at is null and dead_at is null and unique_key is not null"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    firm_id: Mapped[UUID | None] = mapped_column(index=True)
    company_id: Mapped[UUID | None]
    owner: Mapped[UUID] = mapped_column(
        sa.Computed(f"coalesce(firm_id, company_id, {_NOBODY})", persisted=True)
    )
    lane: Mapped[UUID] = mapped_column(sa.Computed(f"coalesce(company_id, {_NOBODY})", persisted=True))
    priority: Mapped[int] = mapped_column(sa.SmallInteger, default=1, server_default="1")
    name: Mapped[str]
    payload: Mapped[Json]
    actor: Mapped[Json]
    language: Mapped[str]
    unique_key: Mapped[str | None]
    enqueued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None]


class JobTurn(Base):
    """When an owner had its last turn, and which of its companies. The system role's alone."""

    __tablename__ = "job_turn"

    owner: Mapped[UUID] = mapped_column(primary_key=True)
    lane: Mapped[UUID]
    served_at: Mapped[datetime] = mapped_column(index=True)
