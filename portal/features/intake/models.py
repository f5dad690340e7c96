"""Tables of handed-in files."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json, OwnedByCompany
from portal.features.intake.domain.files import IntakeState


class IntakeFile(OwnedByCompany, Base):
    """One file handed in. `upload_id` groups what was dropped together; `parent_id` names the archive it was in.

    `dossier_id` is where an office handed it in; what a member hands in belongs to the first dossier of each firm.

    `begun` counts how often reading began after a run that ended badly: a file that ends its reader every time is set aside.
    `reason` is a code, `reason_params` its values; `what` says for people what became of it (`domain.reasons`).
    """

    __tablename__ = "intake_file"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "dossier_id"], ["dossier.company_id", "dossier.id"]),
        sa.Index("ix_intake_file_upload", "company_id", "upload_id"),
        sa.Index("ix_intake_file_state", "company_id", "state", "received_at"),
        sa.Index("ix_intake_file_received", "upload_id", postgresql_where=sa.text("state = 'received'")),
    )

    upload_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    state: Mapped[IntakeState]
    reason: Mapped[str | None]
    reason_params: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    hints: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    document_id: Mapped[UUID | None]
    statement_ids: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    received_at: Mapped[datetime]
    received_by: Mapped[UUID | None]
    received_by_name: Mapped[str] = mapped_column(default="", server_default="")
    dossier_id: Mapped[UUID | None]
    handled_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """What was made of it, or of a file in it, was erased by two people: its bytes are not kept."""
    begun: Mapped[int] = mapped_column(default=0, server_default="0")
