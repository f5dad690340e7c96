"""Which documents still wait for the PDF that people look at."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import WriteSession
from portal.features.documents.models import Document


async def undrawn(session: WriteSession, now: datetime, limit: int) -> Sequence[sa.Row[UUID, UUID, int]]:
    """Documents whose PDF is to be asked for again: id, company and how often it was; taken, without waiting for those others hold."""
    found = await session.execute(
        sa.select(Document.id, Document.company_id, Document.drawing_rounds)
        .where(Document.drawing_due_at <= now)
        .order_by(Document.drawing_due_at, Document.id)
        .limit(limit)
        .with_for_update(key_share=True, skip_locked=True)
    )
    return found.all()


async def asked(session: WriteSession, due: Mapping[UUID, tuple[int, datetime]]) -> None:
    """How often each was asked for by now, and when again."""
    if due:
        await session.execute(
            sa.update(Document),
            [
                {"id": document_id, "drawing_rounds": rounds, "drawing_due_at": moment}
                for document_id, (rounds, moment) in due.items()
            ],
        )


async def drawing_settled(session: WriteSession, document_id: UUID) -> None:
    """There is nothing more to draw."""
    await session.execute(sa.update(Document).where(Document.id == document_id).values(drawing_due_at=None))
