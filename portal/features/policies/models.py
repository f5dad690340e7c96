"""Tables of export policies."""

from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, OwnedByFirm, PlainText
from portal.features.policies.domain import Cadence


class ExportPolicy(OwnedByFirm, Base):
    """A firm's default (no dossier) or one dossier's own policy.

    `delay_seconds` belongs to *after delay*; `run_day` (1-28) and `run_hour` (0-23, Brussels) to *last full month*.
    """

    __tablename__ = "export_policy"
    __table_args__ = (
        sa.UniqueConstraint("firm_id", "dossier_id", postgresql_nulls_not_distinct=True),
        sa.ForeignKeyConstraint(["firm_id", "dossier_id"], ["dossier.firm_id", "dossier.id"]),
    )

    dossier_id: Mapped[UUID | None]
    cadence: Mapped[Cadence]
    delay_seconds: Mapped[int] = mapped_column(default=600)
    run_day: Mapped[int] = mapped_column(default=3)
    run_hour: Mapped[int] = mapped_column(default=2)
    needs_approval: Mapped[bool] = mapped_column(default=False)
    approval_kinds: Mapped[list[str]] = mapped_column(ARRAY(PlainText()))
    lock_exported: Mapped[bool] = mapped_column(default=True)
    include_statements: Mapped[bool] = mapped_column(default=True)
    export_from: Mapped[date | None]
    hold_odd_attachments: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    changed_at: Mapped[datetime]
    last_month_run: Mapped[date | None]
