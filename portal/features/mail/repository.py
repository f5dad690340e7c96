"""SQL of mail."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.mail.models import MailMessage, MailState


def add(session: WriteSession, mail: MailMessage) -> None:
    """Insert a mail."""
    session.add(mail)


async def mail(session: ReadSession, mail_id: UUID) -> MailMessage | None:
    """One mail of the firm."""
    return await session.get(MailMessage, mail_id)


async def settle(
    session: WriteSession,
    mail_id: UUID,
    state: MailState,
    *,
    subject: str | None = None,
    sent_at: datetime | None = None,
    error: str | None = None,
) -> None:
    """A queued mail left, or failed."""
    values: dict[str, object] = {"state": state, "sent_at": sent_at, "error": error}
    if subject is not None:
        values["subject"] = subject
    await session.execute(
        sa.update(MailMessage)
        .where(MailMessage.id == mail_id, MailMessage.state == MailState.QUEUED)
        .values(**values)
    )


async def note(session: WriteSession, mail_id: UUID, error: str) -> None:
    """Why a queued mail has not left yet."""
    await session.execute(
        sa.update(MailMessage)
        .where(MailMessage.id == mail_id, MailMessage.state == MailState.QUEUED)
        .values(error=error)
    )


async def of_dossier(
    session: ReadSession, dossier_id: UUID, message: str | None = None, limit: int = 50
) -> Sequence[MailMessage]:
    """The mails about a dossier, newest first."""
    statement = sa.select(MailMessage).where(MailMessage.dossier_id == dossier_id)
    if message is not None:
        statement = statement.where(MailMessage.message == message)
    return (await session.scalars(statement.order_by(MailMessage.id.desc()).limit(limit))).all()
