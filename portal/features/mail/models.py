"""Tables of mail that left or waits to leave."""

import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Mapped

from portal.db.base import Base, OwnedByFirm
from portal.kernel.language import Language


class MailState(enum.StrEnum):
    """How far a mail is."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class MailMessage(OwnedByFirm, Base):
    """One mail of a firm to one person, in that person's language. Links with secrets are rendered at sending, never stored."""

    __tablename__ = "mail_message"

    message: Mapped[str]
    to_email: Mapped[str]
    to_name: Mapped[str]
    language: Mapped[Language]
    subject: Mapped[str]
    state: Mapped[MailState]
    dossier_id: Mapped[UUID | None]
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]
    error: Mapped[str | None]
