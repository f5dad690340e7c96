"""What the audit log tells of a dossier, for tests."""

from collections.abc import Sequence
from uuid import UUID

from portal.db.session import ReadSession
from portal.features.audit import service as audit
from portal.features.audit.domain import HistoryQuery, Whose
from portal.features.audit.service import AuditEvent


async def history(session: ReadSession, dossier_id: UUID, **query: object) -> Sequence[AuditEvent]:
    """The latest events of a dossier, newest first, as the session sees them."""
    asked = HistoryQuery(**query)  # type: ignore[arg-type] - a test names the fields it means
    return (await audit.history(session, Whose(dossier_id=dossier_id), asked)).rows
