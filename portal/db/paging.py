"""Pages of rows: keyset paging, whose cursor keeps its place while rows come and go."""

import base64
import binascii
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Generic, TypeVar
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

T = TypeVar("T")
PAGE_SIZE = 50
LONGEST_CURSOR = 4000
"""A cursor holds the value a list is sorted by, and names may be long."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows, and the cursors of the pages around them (None at either end)."""

    rows: Sequence[T]
    next: str | None
    previous: str | None


def encode_cursor(value: Any, row_id: UUID, *, backwards: bool = False) -> str:
    """The place after (or before) one row, as text for a URL."""
    shown = str(value) if isinstance(value, Decimal) else value
    raw = msgspec.json.encode([shown, row_id, int(backwards)])
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def decode_cursor(text: str | None, kind: type[Any], column: Any) -> tuple[Any, UUID, bool] | None:
    """The place a cursor names; None for no cursor or one that is not ours: the list then starts at its beginning.

    Args:
        column: the column's type. A value that it cannot hold is refused here: the driver would fail on it.
    """
    if not text or len(text) > LONGEST_CURSOR:
        return None
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        value, row_id, backwards = msgspec.json.decode(raw, type=tuple[Any, UUID, int])
        value = msgspec.convert(value, kind, strict=False)
        if isinstance(value, datetime):
            value = (
                value.astimezone(UTC) if value.tzinfo is not None else None
            )  # OverflowError at either end of time
        return (value, row_id, bool(backwards)) if _fits(value, column) else None
    except (binascii.Error, msgspec.MsgspecError, ValueError, OverflowError):
        return None


def _fits(value: Any, column: Any) -> bool:
    match value:
        case int():
            bits = 63 if isinstance(column, sa.BigInteger) else 31
            return -(2**bits) <= value < 2**bits
        case str():
            return "\0" not in value
        case None:
            return False
        case Decimal():
            return value.is_finite() and value.adjusted() < column.precision - column.scale
        case _:
            return True


def keyset(
    statement: sa.Select[*tuple[Any, ...]],
    *,
    sort: InstrumentedAttribute[Any],
    tie: InstrumentedAttribute[UUID],
    kind: type[Any],
    descending: bool,
    cursor: str | None,
    size: int = PAGE_SIZE,
) -> tuple[sa.Select[*tuple[Any, ...]], bool]:
    """The statement, limited to one page (plus one row that tells whether there is another); and whether it runs backwards.

    `sort` must not be NULL: use a coalesced column or one that is declared NOT NULL. `kind` is the Python type of `sort`.
    """
    place = decode_cursor(cursor, kind, sort.type)
    backwards = place is not None and place[2]
    down = descending != backwards
    if place is not None:
        value, row_id, _ = place
        here = sa.tuple_(sort, tie)
        there = sa.tuple_(sa.literal(value, sort.type), sa.literal(row_id, tie.type))
        statement = statement.where(here < there if down else here > there)
    order = (sort.desc(), tie.desc()) if down else (sort.asc(), tie.asc())
    return statement.order_by(*order).limit(size + 1), backwards


def cut(
    rows: Sequence[T],
    *,
    backwards: bool,
    cursor: str | None,
    sort_value: "Any",
    row_id: "Any",
    size: int = PAGE_SIZE,
) -> Page[T]:
    """A Page from the rows that `keyset`'s statement gave; `sort_value` and `row_id` read a row's key."""
    more = len(rows) > size
    kept = list(rows[:size])
    if backwards:
        kept.reverse()
    forward = more if not backwards else True
    back = more if backwards else bool(cursor)
    return Page(
        kept,
        encode_cursor(sort_value(kept[-1]), row_id(kept[-1])) if kept and forward else None,
        encode_cursor(sort_value(kept[0]), row_id(kept[0]), backwards=True) if kept and back else None,
    )
