"""What the audit log tells of a dossier, for tests."""

from collections.abc import Sequence
from uuid import UUID

from portal.db.session import ReadSession
from portal.features.audit.models import AuditEvent
from portal.features.history import repository
from portal.features.history.domain import HistoryQuery, Whose
from portal.features.history.service import PAPERS


async def history(session: ReadSession, dossier_id: UUID, **query: object) -> Sequence[AuditEvent]:
    """The latest events of a dossier, newest first, as the session sees them."""
    asked = HistoryQuery(**query)  # type: ignore[arg-type] - a test names the fields it means
    return (await repository.page(session, Whose(dossier_id=dossier_id), asked, PAPERS)).rows
