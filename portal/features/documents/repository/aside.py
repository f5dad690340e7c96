"""Documents that are put aside."""

from datetime import datetime
from uuid import UUID

from portal.db import aside
from portal.db.session import WriteSession
from portal.features.documents.models import Document


async def put_aside(session: WriteSession, document_id: UUID, *, at: datetime, reason: str, by: str) -> bool:
    """Mark a document; False when it is put aside already, or gone."""
    return await aside.put_aside(session, Document, document_id, at=at, reason=reason, by=by)


async def bring_back(session: WriteSession, document_id: UUID) -> bool | None:
    """Take the mark away; False when it has none, None when another one has its place by now."""
    return await aside.bring_back(session, Document, document_id)


async def is_aside(session: WriteSession, document_id: UUID) -> bool | None:
    """Whether a document is put aside at this moment, its row taken; None when it is gone."""
    return await aside.is_aside(session, Document, document_id)
