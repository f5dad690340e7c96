"""SQL of who can approve for the company of a dossier."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.models import Dossier


async def hold_approvers(session: ReadSession, company_id: UUID) -> None:
    """Until the end of this transaction nobody gets or loses the right to approve for a company (see the migration of approvers)."""
    key = f"approvers:{company_id}"
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock_shared(sa.func.hashtextextended(key, 0))))


async def pop_changed_approvers(session: WriteSession, limit: int = 500) -> Sequence[tuple[UUID, UUID]]:
    """Firm and id of dossiers where approval has become answerable, or is no longer; in the system scope, each once."""
    marked = (
        sa.select(Dossier.id)
        .where(Dossier.approvers_changed)
        .order_by(Dossier.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    found = await session.execute(
        sa.update(Dossier)
        .where(Dossier.id.in_(marked))
        .values(approvers_changed=False)
        .returning(Dossier.firm_id, Dossier.id)
        .execution_options(synchronize_session=False)
    )
    return [(row.firm_id, row.id) for row in found]
