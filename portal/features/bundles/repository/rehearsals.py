"""SQL of rehearsals: how many items of a dossier stand in which place, counted where they are.

An export page shows numbers and the first few. So the database groups a dossier's items by everything that decides whether one
leaves, the rule itself looks at the groups, and only what is shown is read. What has left before is not gone over at all unless it
is asked for: the dossier counts its items.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from portal.db.arrays import among, array_of
from portal.db.session import ReadSession
from portal.features.bundles.domain import ExportOptions
from portal.features.documents.domain.findings import FORMAL
from portal.features.documents.models import Document
from portal.features.items.domain import IN_SIGHT, ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.kernel.kinds import Kind

_OUT = frozenset({ItemState.BUNDLED, ItemState.DELIVERED})


class Asked(NamedTuple):
    """Whose items are asked about, and the bounds that tell them apart."""

    dossier_id: UUID
    options: ExportOptions
    export_from: date | None
    left: Collection[UUID]
    """What `items.left_elsewhere` says of the dossier."""


class Group(NamedTuple):
    """Items of a dossier between which nothing tells that decides whether they leave, nor how they are counted.

    Attributes:
        left: their present version is in a bundle by another item on the same paper; `same_version`: by these items themselves.
        put_aside: whether each has a reason for its state.
        items: how many they are.
        item_date, final_at: the earliest among them.
    """

    key: str
    kind: Kind
    state: ItemState
    approval: ApprovalState
    is_document: bool
    put_aside: bool
    left: bool
    same_version: bool
    items: int
    item_date: date
    final_at: datetime

    @property
    def state_reason(self) -> str | None:
        """That there is one; which it is may differ."""
        return "…" if self.put_aside else None


class Named(NamedTuple):
    """An item as a rehearsal names it, with the key of its group."""

    key: str
    number: str
    counterparty: str
    item_date: date


async def groups(session: ReadSession, asked: Asked) -> list[Group]:
    """The items of a dossier in groups; what is in a bundle already only where it is asked for."""
    items = _items(asked)
    told = [items.c[name] for name in Group._fields[: Group._fields.index("items")]]
    found = await session.execute(
        sa.select(
            *told, sa.func.count(), sa.func.min(items.c.item_date), sa.func.min(items.c.final_at)
        ).group_by(*told)
    )
    return [Group(*row) for row in found]


async def first_of(session: ReadSession, asked: Asked, keys: Collection[str], limit: int) -> list[Named]:
    """The first items of these groups by their day."""
    if not keys:
        return []
    items = _items(asked)
    found = await session.execute(
        sa.select(*(items.c[name] for name in Named._fields))
        .where(_in_groups(items, keys))
        .order_by(items.c.item_date, items.c.id)
        .limit(limit)
    )
    return [Named(*row) for row in found]


async def remarked(
    session: ReadSession, asked: Asked, keys: Collection[str], limit: int
) -> tuple[int, Sequence[Document]]:
    """How many documents in these groups have findings (but those of form), and the first of them by their day."""
    if not keys:
        return 0, []
    items = _items(asked)
    besides_form = sa.cast(sa.literal(f'$[*] ? (@.code != "{FORMAL}")', sa.Text()), JSONPATH())
    where = (
        items.c.document_id == Document.id,
        _in_groups(items, keys),
        Document.findings != sa.literal([], JSONB()),  # as the index has it
        sa.func.jsonb_path_exists(Document.findings, besides_form),
    )
    count = await session.scalar(sa.select(sa.func.count()).select_from(items, Document).where(*where))
    if not count:
        return 0, []
    found = await session.scalars(
        sa.select(Document).where(*where).order_by(Document.issue_date, Document.id).limit(limit)
    )
    return count, found.all()


def _in_groups(items: sa.Subquery, keys: Collection[str]) -> sa.ColumnElement[bool]:
    return items.c.key == sa.any_(array_of(sa.Text, keys))


def _items(asked: Asked) -> sa.Subquery:
    """The dossier's items that are looked at, each with what a group has, and with the key of its group."""
    item, options = DossierItem.__table__.c, asked.options
    states = IN_SIGHT if options.include_exported else IN_SIGHT - _OUT
    nothing = sa.false()
    told = {
        "kind": item.kind,
        "state": item.state,
        "approval": item.approval,
        "is_document": item.document_id.is_not(None),
        "put_aside": sa.func.coalesce(item.state_reason, "") != "",
        "left": among(item.id, asked.left) if asked.left else nothing,
        "same_version": item.bundled_version.is_not_distinct_from(item.version),
    }
    bounds = [
        item.item_date < asked.export_from if asked.export_from is not None else nothing,
        item.item_date > options.until if options.until is not None else nothing,
        item.item_date < options.since if options.since is not None else nothing,
        item.final_at > options.final_before if options.final_before is not None else nothing,
    ]
    return (
        sa.select(
            sa.func.concat_ws(",", *told.values(), *bounds).label("key"),
            *(value.label(name) for name, value in told.items()),
            item.id,
            item.document_id,
            item.number,
            item.counterparty,
            item.item_date,
            item.final_at,
        )
        .where(item.dossier_id == asked.dossier_id, item.state.in_(sorted(states)))
        .subquery("looked_at")
    )
