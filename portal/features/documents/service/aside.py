"""The mark of documents that are put aside; who may set it, and what follows, is said above."""

from datetime import datetime
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.documents.repository import aside as aside_repository


async def put_aside(session: WriteSession, document_id: UUID, *, at: datetime, reason: str, by: str) -> bool:
    """Mark a document; False when it is put aside already, or gone."""
    return await aside_repository.put_aside(session, document_id, at=at, reason=reason, by=by)


async def bring_back(session: WriteSession, document_id: UUID) -> bool | None:
    """Take the mark away; False when it has none, None when another one has its place by now."""
    return await aside_repository.bring_back(session, document_id)


async def is_aside(session: WriteSession, document_id: UUID) -> bool | None:
    """Whether a document is put aside at this moment, its row taken; None when it is gone."""
    return await aside_repository.is_aside(session, document_id)
