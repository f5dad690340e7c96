"""SQL of bookkeeping packages."""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa

from portal.db.figures import Figure, one_value
from portal.db.session import ReadSession, WriteSession
from portal.features.targets.domain import DeliveryMethod
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


def name_of(firm_id: UUID, target_id: UUID) -> Figure[str]:
    """What a package of a firm is called."""
    return one_value(sa.select(Target.name).where(Target.firm_id == firm_id, Target.id == target_id))


def has_method(firm_id: UUID, method: DeliveryMethod) -> Figure[bool]:
    """Whether bundles reach some package of a firm by this method."""
    return one_value(
        sa.select(sa.exists().where(Target.firm_id == firm_id, Target.delivery_method == method))
    )


async def lock(session: WriteSession, firm_id: UUID) -> None:
    """Packages of a firm are made and renamed one after the other: two forms with one name make one package."""
    await session.execute(
        sa.select(sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(f"targets:{firm_id}", 0)))
    )
