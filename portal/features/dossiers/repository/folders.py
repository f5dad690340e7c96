"""What decides the folder of a dossier at the agent: which one has a number for its name, and for which something was written."""

from collections.abc import Collection
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import distinct_on

from portal.db.session import ReadSession
from portal.features.dossiers.models import Dossier

# Deliveries are another slice's: only that files of a dossier were written is known here.
_DELIVERY = sa.table(
    "delivery",
    sa.column("firm_id", sa.Uuid()),
    sa.column("dossier_id", sa.Uuid()),
    sa.column("confirmed", sa.Integer()),
)


async def first_of_numbers(session: ReadSession, firm_id: UUID, numbers: Collection[str]) -> set[UUID]:
    """Of all dossiers of a firm with one of these numbers, the first that was made of each; whatever country the number is of."""
    if not numbers:
        return set()
    found = await session.scalars(
        sa.select(Dossier.id)
        .where(Dossier.firm_id == firm_id, Dossier.number.in_(numbers))
        .order_by(Dossier.number, Dossier.created_at, Dossier.id)
        .ext(distinct_on(Dossier.number))
    )
    return set(found)


async def written_for(session: ReadSession, firm_id: UUID, dossier_id: UUID | None = None) -> set[UUID]:
    """The dossiers of a firm (or one of them) for which an agent has written files."""
    statement = sa.select(_DELIVERY.c.dossier_id).where(
        _DELIVERY.c.firm_id == firm_id, _DELIVERY.c.confirmed > 0
    )
    if dossier_id is not None:
        statement = statement.where(_DELIVERY.c.dossier_id == dossier_id)
    return set(await session.scalars(statement.distinct()))
