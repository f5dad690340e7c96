"""SQL of rehearsals: how many items of a dossier stand in which place, counted where they are.

An export page shows numbers and the first few. So the database groups a dossier's items by everything that decides whether one
leaves, the rule itself looks at the groups, and only what is shown is read. What has left before is not gone over at all unless it
is asked for: the dossier counts its items.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB, JSONPATH

from portal.db.arrays import among
from portal.db.figures import Figure, constant, few_rows
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


@dataclass(frozen=True, slots=True)
class Named:
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


def first_of(asked: Asked, keys: Collection[str], limit: int) -> Figure[list[Named]]:
    """The first items of these groups by their day."""
    if not keys:
        return constant([])
    items = _items(asked)
    found = (
        sa.select(*(items.c[name] for name in Named.__slots__))
        .where(_in_groups(items, keys))
        .order_by(items.c.item_date, items.c.id)
        .limit(limit)
    )
    return few_rows(found, Named)


@dataclass(frozen=True, slots=True)
class Leaving:
    """An item that would leave, as it is ticked."""

    id: UUID
    document_id: UUID | None
    kind: Kind
    number: str
    counterparty: str
    item_date: date
    gross: Decimal
    currency: str


def leaving(asked: Asked, keys: Collection[str], limit: int) -> Figure[list[Leaving]]:
    """The items of these groups by their day, so many at most."""
    if not keys:
        return constant([])
    items = _items(asked)
    found = (
        sa.select(*(items.c[name] for name in Leaving.__slots__))
        .where(_in_groups(items, keys))
        .order_by(items.c.item_date, items.c.id)
        .limit(limit)
    )
    return few_rows(found, Leaving)


@dataclass(frozen=True, slots=True)
class Remarked:
    """A document that has findings, as it is told; `total` is how many there are."""

    id: UUID
    number: str | None
    counterparty_name: str | None
    issue_date: date
    currency: str
    findings: list[dict[str, Any]]
    total: int


def remarked(asked: Asked, keys: Collection[str], limit: int) -> Figure[list[Remarked]]:
    """The first documents in these groups, by their day, that have findings (but those of form)."""
    if not keys:
        return constant([])
    items = _items(asked)
    besides_form = sa.cast(sa.literal(f'$[*] ? (@.code != "{FORMAL}")', sa.Text()), JSONPATH())
    where = (
        items.c.document_id == Document.id,
        _in_groups(items, keys),
        Document.findings != sa.literal([], JSONB()),  # as the index has it
        sa.func.jsonb_path_exists(Document.findings, besides_form),
    )
    columns = (getattr(Document, name) for name in Remarked.__slots__ if name != "total")
    found = sa.select(*columns, sa.func.count().over().label("total")).where(*where)
    return few_rows(found.order_by(Document.issue_date, Document.id).limit(limit), Remarked)


def _in_groups(items: sa.Subquery, keys: Collection[str]) -> sa.ColumnElement[bool]:
    return among(items.c.key, keys)


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
            sa.func.concat_ws(",", *told.values(), *bounds, type_=sa.Text()).label("key"),
            *(value.label(name) for name, value in told.items()),
            item.id,
            item.document_id,
            item.number,
            item.counterparty,
            item.item_date,
            item.final_at,
            item.gross,
            item.currency,
        )
        .where(item.dossier_id == asked.dossier_id, item.state.in_(sorted(states)))
        .subquery("looked_at")
    )
