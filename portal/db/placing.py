"""Which of one firm's dossiers on a company a paper belongs to, as a condition on lists.

The same rule as `portal.features.dossiers.domain.place_of` and the database function `dossier_for`: where an office handed it in, else
the first open one. Written without a correlated look-up, so that a list of many papers asks for the dossiers once.
"""

from typing import Any
from uuid import UUID

import sqlalchemy as sa

_DOSSIER = sa.table(
    "dossier",
    sa.column("id", sa.Uuid()),
    sa.column("firm_id", sa.Uuid()),
    sa.column("company_id", sa.Uuid()),
    sa.column("access", sa.Text()),
    sa.column("created_at", sa.DateTime(timezone=True)),
)


def belongs_to(handed_in: Any, dossier_id: UUID) -> sa.ColumnElement[bool]:
    """Papers that belong to a dossier, by the column that says where they were handed in."""
    this = _DOSSIER.alias()
    mine = (
        sa.select(_DOSSIER.c.id)
        .join(
            this,
            sa.and_(this.c.firm_id == _DOSSIER.c.firm_id, this.c.company_id == _DOSSIER.c.company_id),
        )
        .where(this.c.id == dossier_id, _DOSSIER.c.access.in_(("managed", "granted")))
    )
    first = mine.order_by(_DOSSIER.c.created_at, _DOSSIER.c.id).limit(1).scalar_subquery()
    return sa.or_(
        handed_in == dossier_id,
        sa.and_(first == dossier_id, sa.or_(handed_in.is_(None), handed_in.not_in(mine))),
    )
