"""What decides the folder of a dossier at the agent: which one has a number for its name."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from portal.db.arrays import among
from portal.db.session import ReadSession
from portal.features.dossiers.models import Dossier


async def first_of_numbers(session: ReadSession, firm_id: UUID, numbers: Collection[str]) -> set[UUID]:
    """Of all dossiers of a firm with one of these numbers, the first that was made of each; whatever country the number is of."""
    if not numbers:
        return set()
    found = await session.scalars(
        sa.select(Dossier.id)
        .where(Dossier.firm_id == firm_id, among(Dossier.number, numbers))
        .order_by(Dossier.number, Dossier.created_at, Dossier.id)
        .ext(distinct_on(Dossier.number))
    )
    return set(found)
