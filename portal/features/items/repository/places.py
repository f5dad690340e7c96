"""In which dossier of a firm an item stands."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from portal.db.arrays import among
from portal.db.figures import Figure, how_many, ids_of
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.models import Dossier, managed_by
from portal.features.items.domain import ItemState
from portal.features.items.models import DossierItem
from portal.features.items.repository.items import FRESH

_SUPERSEDED = sa.literal_column(f"'{ItemState.SUPERSEDED.value}'")
"""Written out: the index of what is superseded is of no use to a plan that was made for any state."""
_LIVE = DossierItem.state != ItemState.SUPERSEDED


@dataclass(frozen=True, slots=True)
class Double:
    """An item that does not count any more, and the one that does."""

    item: DossierItem
    counts: DossierItem | None


async def with_item(session: ReadSession, firm_id: UUID, subject_ids: Sequence[UUID]) -> set[UUID]:
    """Which of these documents and statements stand in a dossier of the firm already, whichever."""
    found: set[UUID] = set()
    for column in (DossierItem.document_id, DossierItem.statement_id):
        rows = await session.scalars(
            sa.select(column).where(DossierItem.firm_id == firm_id, among(column, subject_ids), _LIVE)
        )
        found |= {one for one in rows if one is not None}
    return found


def left_elsewhere(dossier_id: UUID) -> Figure[set[UUID]]:
    """Items of a dossier whose present version is in a bundle of the firm by another item on the same document or statement."""
    company = sa.select(Dossier.company_id).where(Dossier.id == dossier_id).scalar_subquery()
    other = aliased(DossierItem)
    # From the few that are superseded to the one that counts: a dossier's thousands are not gone over.
    by_paper = [
        sa.select(DossierItem.id)
        .join(other, sa.and_(other.firm_id == DossierItem.firm_id, paper(other) == paper(DossierItem)))
        .where(
            DossierItem.dossier_id == dossier_id,
            _LIVE,
            other.company_id == company,
            other.state == _SUPERSEDED,
            other.bundled_version == DossierItem.version,
        )
        for paper in (lambda item: item.document_id, lambda item: item.statement_id)
    ]
    return ids_of(sa.union_all(*by_paper))


async def of_subjects(
    session: ReadSession, dossier_id: UUID, subject_ids: Sequence[UUID], *, lock: bool = False
) -> Sequence[DossierItem]:
    """A dossier's items on these documents and statements, in id order."""
    statement = (
        sa.select(DossierItem)
        .where(
            DossierItem.dossier_id == dossier_id,
            _LIVE,
            sa.or_(DossierItem.document_id.in_(subject_ids), DossierItem.statement_id.in_(subject_ids)),
        )
        .order_by(DossierItem.id)
        .execution_options(**FRESH)
    )
    if lock:
        statement = statement.with_for_update(key_share=True)
    return (await session.scalars(statement)).all()


def _unseen(manager_id: UUID | None) -> list[sa.ColumnElement[bool]]:
    where = [DossierItem.state == _SUPERSEDED, DossierItem.superseded_seen_at.is_(None)]
    if manager_id is not None:
        where.append(DossierItem.dossier_id.in_(managed_by(manager_id)))
    return where


async def doubles(session: ReadSession, *, manager_id: UUID | None, limit: int) -> Sequence[Double]:
    """Items that another dossier's superseded and nobody has taken note of, newest paper first, each with the one that counts."""
    counts = aliased(DossierItem)
    found: Any = await session.execute(
        sa.select(DossierItem, counts)
        .outerjoin(
            counts,
            sa.and_(
                counts.firm_id == DossierItem.firm_id,
                counts.state != ItemState.SUPERSEDED,
                sa.or_(
                    counts.document_id == DossierItem.document_id,
                    counts.statement_id == DossierItem.statement_id,
                ),
            ),
        )
        .where(*_unseen(manager_id))
        .order_by(DossierItem.item_date.desc(), DossierItem.id)
        .limit(limit)
    )
    return [Double(*row) for row in found]


def doubles_count(*, manager_id: UUID | None) -> Figure[int]:
    """How many papers of the firm stand in two dossiers and were not noted."""
    return how_many(sa.select(DossierItem.id).where(*_unseen(manager_id)))


async def note_doubles(
    session: WriteSession, ids: Sequence[UUID], at: datetime, *, manager_id: UUID | None
) -> Sequence[DossierItem]:
    """Somebody has taken note of these; gives them."""
    seen = await session.scalars(
        sa.update(DossierItem)
        .where(DossierItem.id.in_(ids), *_unseen(manager_id))
        .values(superseded_seen_at=at)
        .returning(DossierItem)
    )
    return seen.all()
