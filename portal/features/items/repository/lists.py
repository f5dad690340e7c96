"""Items looked up for lists: searched, named and counted."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from portal.db.arrays import among
from portal.db.figures import Figure, few_rows, how_many
from portal.db.search import containing, has_parts
from portal.db.session import ReadSession
from portal.features.dossiers.models import managed_by
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.repository.items import put_aside
from portal.kernel.searching import Sought


async def find(
    session: ReadSession, wanted: Sought, *, manager_id: UUID | None, limit: int
) -> Sequence[DossierItem]:
    """The newest items of the firm that are what somebody looks for, in the dossiers that a person manages where one is given.

    By a part of their number, of their counterparty's name and number, of their files' names or of why they were rejected; by an amount.

    The database's function names the firm itself and reads an index that is of no use under row security (docs/decisions/0011); it gives
    ids alone, whose rows are read here under row security.
    """
    by_parts = has_parts(wanted.folded)
    met = sa.func.find_items(
        wanted.text,
        containing(wanted.folded) if wanted.folded else None,
        by_parts,
        containing(wanted.named) if wanted.named and has_parts(wanted.named) else None,
        containing(wanted.number) if wanted.number else None,
        containing(wanted.company) if wanted.company else None,
        sa.cast(list(wanted.amounts), sa.ARRAY(sa.Numeric())),
        manager_id,
        limit,
    )
    ids = met.table_valued(sa.column("id", sa.Uuid())).render_derived()
    found = await session.scalars(
        sa.select(DossierItem)
        .where(DossierItem.id.in_(sa.select(ids.c.id)))
        .order_by(DossierItem.item_date.desc(), DossierItem.id.desc())
    )
    return found.all()


async def named(
    session: ReadSession, subjects: Collection[UUID], dossier_id: UUID | None
) -> Sequence[DossierItem]:
    """The items on some documents and statements that the session may see; of one dossier where it is given."""
    if not subjects:
        return []
    # One look-up for each kind of paper: by either at once, no index is used.
    ids = sa.union_all(
        *(
            sa.select(DossierItem.id).where(among(column, subjects))
            for column in (DossierItem.document_id, DossierItem.statement_id)
        )
    )
    where: list[sa.ColumnElement[bool]] = [DossierItem.id.in_(ids)]
    if dossier_id is not None:
        where.append(DossierItem.dossier_id == dossier_id)
    return (await session.scalars(sa.select(DossierItem).where(*where).order_by(DossierItem.id))).all()


async def count_ready(session: ReadSession, dossier_ids: Collection[UUID]) -> dict[UUID, tuple[int, int]]:
    """How many documents and how many statements are ready to export, by dossier; without those where nothing is."""
    found = await session.execute(
        sa.select(
            DossierItem.dossier_id,
            sa.func.count(DossierItem.document_id),
            sa.func.count(DossierItem.statement_id),
        )
        .where(among(DossierItem.dossier_id, dossier_ids), DossierItem.state == ItemState.READY)
        .group_by(DossierItem.dossier_id)
    )
    return {row[0]: (row[1], row[2]) for row in found}


def aside_count(dossier_id: UUID, approvals: Iterable[ApprovalState]) -> Figure[int]:
    """How many items of a dossier are put aside, with a reason."""
    return how_many(
        sa.select(DossierItem.id).where(
            DossierItem.dossier_id == dossier_id,
            DossierItem.state_reason.is_not(None),
            put_aside(approvals),
        )
    )


@dataclass(frozen=True, slots=True)
class Aside:
    """An item that is put aside, as it is told; `total` is how many there are."""

    dossier_id: UUID
    document_id: UUID | None
    number: str
    counterparty: str
    item_date: date
    state_reason: str | None
    total: int


def aside(
    approvals: Iterable[ApprovalState],
    *,
    manager_id: UUID | None = None,
    dossier_id: UUID | None = None,
    limit: int,
) -> Figure[list[Aside]]:
    """The first of the items that are put aside over all dossiers, those that one person manages, or one."""
    where = [put_aside(approvals), DossierItem.state_reason.is_not(None)]  # as the index has them
    if manager_id is not None:
        where.append(DossierItem.dossier_id.in_(managed_by(manager_id)))
    if dossier_id is not None:
        where.append(DossierItem.dossier_id == dossier_id)
    columns = (getattr(DossierItem, name) for name in Aside.__slots__ if name != "total")
    found = sa.select(*columns, sa.func.count().over().label("total")).where(*where)
    return few_rows(found.order_by(DossierItem.dossier_id, DossierItem.id).limit(limit), Aside)
