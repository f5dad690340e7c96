"""Tables of handed-in files."""

from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from portal.db.base import Base, Json, OwnedByCompany, OwnedByFirm
from portal.features.intake.domain.files import Channel, IntakeState
from portal.features.intake.domain.inbox import InboxState

REFUSED = sa.text("reason in ('malware', 'malware_inside')")
"""The few whose bytes go after a week."""


class HandedIn:
    """What every file has that came in. `upload_id` groups what was dropped together.

    `parent_id` names the ZIP or mail it was in, `folder` where in that.
    `channel` is how it came in, `sender` who handed it in, for people to read.

    `begun` counts how often reading began after a run that ended badly: a file that ends its reader every time is set aside.
    `reason` is a code, `reason_params` its values (`domain.reasons`).
    """

    upload_id: Mapped[UUID]
    parent_id: Mapped[UUID | None]
    name: Mapped[str]
    folder: Mapped[str] = mapped_column(default="", server_default="")
    media_type: Mapped[str]
    size: Mapped[int]
    sha256: Mapped[str]
    reason: Mapped[str | None]
    reason_params: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    channel: Mapped[Channel]
    sender: Mapped[str] = mapped_column(default="", server_default="")
    received_at: Mapped[datetime]
    received_by: Mapped[UUID | None]
    dossier_id: Mapped[UUID | None]
    handled_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    """What was made of it, or of a file in it, was erased by two people: its bytes are not kept."""
    begun: Mapped[int] = mapped_column(default=0, server_default="0")
    scanned_at: Mapped[datetime | None]
    """When it was scanned for malware (and found clean, unless that is the reason); None for not scanned."""


class IntakeFile(HandedIn, OwnedByCompany, Base):
    """One file handed in. `dossier_id` is where an office handed it in; what a member hands in belongs to the first dossier of each firm.

    With `reason` it says for people what became of it. A part of a paper names it as `parent_id`, with the pages that it has; a paper
    that was put together with others names the new one, `merged_into`.
    """

    __tablename__ = "intake_file"
    __table_args__ = (
        sa.UniqueConstraint("company_id", "id"),
        sa.ForeignKeyConstraint(["company_id", "dossier_id"], ["dossier.company_id", "dossier.id"]),
        sa.ForeignKeyConstraint(["company_id", "merged_into"], ["intake_file.company_id", "intake_file.id"]),
        sa.Index("ix_intake_file_upload", "company_id", "upload_id"),
        sa.Index("ix_intake_file_state", "company_id", "state", "received_at"),
        sa.Index("ix_intake_file_refused", "handled_at", postgresql_where=REFUSED),
        sa.Index(
            "ix_intake_file_document", "document_id", postgresql_where=sa.text("document_id is not null")
        ),
        sa.Index("ix_intake_file_received", "upload_id", postgresql_where=sa.text("state = 'received'")),
        sa.Index("ix_intake_file_merged", "merged_into", postgresql_where=sa.text("merged_into is not null")),
        sa.Index("ix_intake_file_parts", "parent_id", postgresql_where=sa.text("first_page is not null")),
    )

    state: Mapped[IntakeState]
    hints: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    document_id: Mapped[UUID | None]
    statement_ids: Mapped[Json] = mapped_column(default=dict, server_default="{}")
    first_page: Mapped[int | None]
    last_page: Mapped[int | None]
    merged_into: Mapped[UUID | None]

    @property
    def is_unread(self) -> bool:
        """Whether nobody has looked at it yet."""
        return self.state is IntakeState.RECEIVED


class InboxFile(HandedIn, OwnedByFirm, Base):
    """One file that came to the office as a whole. It belongs to the firm until it is handed to a dossier.

    `object_sha256` names its bytes in the firm's part of the store, as long as they are needed there: not any more when it was handed
    over (the company has a copy then), waits there already or was erased. An archive keeps its own: what was refused in it is
    nowhere else. `dossier_id` and `intake_file_id` say where it went.
    """

    __tablename__ = "inbox_file"
    __table_args__ = (
        sa.ForeignKeyConstraint(["firm_id", "dossier_id"], ["dossier.firm_id", "dossier.id"]),
        sa.Index("ix_inbox_file_upload", "firm_id", "upload_id"),
        sa.Index("ix_inbox_file_state", "firm_id", "state", "received_at"),
        sa.Index("ix_inbox_file_refused", "handled_at", postgresql_where=REFUSED),
        sa.Index("ix_inbox_file_received", "upload_id", postgresql_where=sa.text("state = 'received'")),
        sa.Index(
            "ix_inbox_file_went", "intake_file_id", postgresql_where=sa.text("intake_file_id is not null")
        ),
        sa.Index("ix_inbox_file_handled", "handled_at", postgresql_where=sa.text("handled_at is not null")),
    )

    state: Mapped[InboxState]
    object_sha256: Mapped[str | None]
    intake_file_id: Mapped[UUID | None]

    @property
    def is_unread(self) -> bool:
        """Whether nobody has looked at it yet."""
        return self.state is InboxState.RECEIVED
