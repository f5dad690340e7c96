"""Several small things that a page shows, asked for in one statement: counts, flags, single values, short lists.

Each stays where its slice has it: repositories make figures, services hand them on, and whoever makes the page asks for all at once.

    found = await figures(session, refused=runs.refused(actor), doubles=places.doubles(actor))
    found.refused

Long lists, and rows that are worked with, are statements of their own.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Generic, TypeVar, cast
from uuid import UUID

import msgspec
import sqlalchemy as sa

from portal.db.session import ReadSession

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Figure(Generic[T]):
    """One thing to ask for.

    Attributes:
        clause: the column of the statement that finds it; None for what is known without asking.
        read: what its value is to the caller.
    """

    clause: sa.ColumnElement[Any] | None
    read: Callable[[Any], T]

    def mapped(self, shown: Callable[[T], S]) -> "Figure[S]":
        """This figure, made into something else once it is found."""
        return Figure(self.clause, lambda value: shown(self.read(value)))


def _as_it_is(value: Any) -> Any:
    return value


def constant(value: T) -> Figure[T]:
    """What is known without asking."""
    return Figure(None, lambda _nothing: value)


def how_many(statement: sa.Select[*tuple[Any, ...]]) -> Figure[int]:
    """How many rows a statement without groups and limits would give."""
    return Figure(statement.with_only_columns(sa.func.count()).scalar_subquery(), int)


def one_value(statement: sa.Select[*tuple[Any, ...]]) -> Figure[Any]:
    """The only column of the only row; None for no row."""
    return Figure(statement.scalar_subquery(), _as_it_is)


def ids_of(statement: sa.SelectBase) -> Figure[set[UUID]]:
    """The ids in the only column."""
    found = sa.func.array(statement.scalar_subquery(), type_=sa.ARRAY(sa.Uuid()))
    return Figure(found, set)


def few_rows(statement: sa.Select[*tuple[Any, ...]], shape: type[S]) -> Figure[list[S]]:
    """A few rows, in the order of the statement; its columns are called as the fields of `shape`."""
    decoder = _decoder(shape)
    gathered = sa.select(_EACH).select_from(statement.subquery("each")).scalar_subquery()
    return Figure(gathered, lambda text: decoder.decode(text) if text else [])


_EACH = sa.cast(sa.func.json_agg(sa.literal_column("each")), sa.Text)


_decoders: dict[type[Any], msgspec.json.Decoder[Any]] = {}


def _decoder(shape: type[S]) -> "msgspec.json.Decoder[list[S]]":
    found = _decoders.get(shape)
    if found is None:
        found = _decoders[shape] = msgspec.json.Decoder(cast("Any", list[shape]))
    return found


async def figures(session: ReadSession, **asked: Figure[Any]) -> SimpleNamespace:
    """All of them by name, from one statement."""
    columns = [one.clause.label(name) for name, one in asked.items() if one.clause is not None]
    found = (await session.execute(sa.select(*columns))).mappings().one() if columns else {}
    return SimpleNamespace(**{name: one.read(found.get(name)) for name, one in asked.items()})


AskTogether = Callable[..., Awaitable[SimpleNamespace]]
"""Asks for figures by name, together with what else the page needs: `partial(figures, session)`, or more (`web.menu_counts`)."""
