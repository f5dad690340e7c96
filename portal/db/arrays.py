"""Many values in one statement: bound as one, a column at a time, so that neither the statement nor its plan grows with their number.

A list of single binds ends at 32,767, is compiled anew for every length, and is compared value by value by a plan from when there were
few; rows that are inserted one by one are planned one by one under row security.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON

from portal.db.base import PlainText
from portal.db.session import WriteSession
from portal.kernel.texts import plain


def _plain(values: Collection[str | None]) -> list[str | None]:
    """Texts as `PlainText` stores them, in one look where nothing hides in any."""
    whole = "".join(filter(None, values))
    if whole.isascii() and whole.isprintable():
        return list(values)
    return [text if text is None else plain(text) for text in values]


def array(column: Any, values: Iterable[Any]) -> sa.BindParameter[Any]:
    """Values of a column as one bound array."""
    bound, kind = list(values), column.type
    if isinstance(kind, PlainText):
        bound, kind = _plain(bound), sa.Text()
    return sa.bindparam(None, bound, type_=ARRAY(kind, dimensions=1), unique=True)


def each(column: Any, values: Collection[Any]) -> sa.Function[Any]:
    """Values of a column as rows of one column, to select or join. Texts go as JSON: the driver looks at each element of an array."""
    if not isinstance(column.type, PlainText):
        return sa.func.unnest(array(column, values))
    text = msgspec.json.encode(_plain(values)).decode()
    return sa.func.json_array_elements_text(sa.cast(sa.literal(text, sa.Text()), JSON))


def among(column: Any, values: Iterable[Any]) -> sa.ColumnElement[bool]:
    """Whether a column is one of these values, however many they are: for what an index finds."""
    return column == sa.any_(array(column, values))


def found_in(column: Any, values: Collection[Any]) -> sa.ColumnElement[bool]:
    """Whether a column is one of these values, for rows that are read anyway, as all of one firm are: each is looked up in a hash.

    Never a join: one that was planned when the firm had a handful of rows compares every row with every value.
    """
    return column.in_(sa.select(each(column, values))).is_(sa.true())


async def insert_rows(
    session: WriteSession,
    model: Any,
    rows: Sequence[Mapping[str, Any]],
    same: Mapping[str, Any] | None = None,
) -> None:
    """Insert rows of one table by one statement; all of them name the same columns.

    Args:
        same: what all of them have in common, sent once.
    """
    if not rows:
        return
    columns = model.__table__.c
    new = (
        sa.func.unnest(*(array(columns[name], [row[name] for row in rows]) for name in rows[0]))
        .table_valued(*(sa.column(name, columns[name].type) for name in rows[0]), name="new")
        .render_derived()
    )
    common = {
        name: sa.cast(sa.bindparam(None, value, type_=columns[name].type, unique=True), columns[name].type)
        for name, value in (same or {}).items()
    }
    chosen = sa.select(*(new.c[name] for name in rows[0]), *common.values())
    await session.execute(sa.insert(model.__table__).from_select([*rows[0], *common], chosen))


def array_of(type_: type[sa.types.TypeEngine[Any]], values: Iterable[Any]) -> sa.ColumnElement[Any]:
    """Values of a type as one array parameter, where there is no column."""
    return sa.cast(sa.literal(list(values), ARRAY(type_())), ARRAY(type_()))


def rows_of(
    name: str, columns: Mapping[str, type[sa.types.TypeEngine[Any]]], rows: Sequence[Sequence[Any]]
) -> sa.TableValuedAlias:
    """Rows as a table to select from (`unnest`), one array for each of its columns."""
    arrays = zip(*rows, strict=True) if rows else [()] * len(columns)
    values = [array_of(type_, column) for type_, column in zip(columns.values(), arrays, strict=True)]
    named = [sa.column(column, type_()) for column, type_ in columns.items()]
    return sa.func.unnest(*values).table_valued(*named, name=name).render_derived()
