"""SQL of bookkeeping packages."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.targets.models import Target


def add(session: WriteSession, target: Target) -> None:
    """Insert a package."""
    session.add(target)


async def of_firm(session: ReadSession, firm_id: UUID) -> Sequence[Target]:
    """The packages of a firm, the one that was made first before the others."""
    found = await session.scalars(
        sa.select(Target).where(Target.firm_id == firm_id).order_by(Target.created_at, Target.id)
    )
    return found.all()


async def target(session: ReadSession, firm_id: UUID, target_id: UUID) -> Target | None:
    """One package of a firm."""
    found = await session.get(Target, target_id)  # what the session has read already is not read again
    return found if found is not None and found.firm_id == firm_id else None


async def lock(session: WriteSession, firm_id: UUID) -> None:
    """Packages of a firm are made and renamed one after the other: two forms with one name make one package."""
    await session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"targets:{firm_id}", 0)))
    )
