"""The ledger of jobs."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json
from portal.kernel.ids import new_id


class JobRow(Base):
    """One piece of work. `token` is the fencing token of the present claim: finishing is `WHERE token = …`."""

    __tablename__ = "job"
    __table_args__ = (
        sa.Index("ix_job_due", "due_at", postgresql_where=sa.text("done_at is null and dead_at is null")),
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
    name: Mapped[str]
    payload: Mapped[Json]
    actor: Mapped[Json]
    language: Mapped[str]
    unique_key: Mapped[str | None]
    enqueued_at: Mapped[datetime]
    due_at: Mapped[datetime]
    rung_at: Mapped[datetime | None]
    attempts: Mapped[int] = mapped_column(default=0, server_default="0")
    token: Mapped[UUID | None]
    lease_until: Mapped[datetime | None]
    done_at: Mapped[datetime | None]
    dead_at: Mapped[datetime | None]
    last_error: Mapped[str | None]
