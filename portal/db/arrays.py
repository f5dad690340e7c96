"""Many values in one statement: bound as one, a column at a time, so that neither the statement nor its plan grows with their number.

A list of single binds ends at 32,767, is compiled anew for every length, and is compared value by value by a plan from when there were
few; rows that are inserted one by one are planned one by one under row security.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSON, JSONB, insert

from portal.db.base import PlainText
from portal.db.session import WriteSession
from portal.kernel.texts import plain


def _plain(values: Collection[str | None]) -> list[str | None]:
    """Texts as `PlainText` stores them, in one look where nothing hides in any."""
    whole = "".join(filter(None, values))
    if whole.isascii() and whole.isprintable():
        return list(values)
    return [text if text is None else plain(text) for text in values]


def array(column: Any, values: Iterable[Any]) -> sa.ColumnElement[Any]:
    """Values of a column as one bound array; those of a column of JSON are whatever msgspec writes."""
    bound, kind = list(values), column.type
    if isinstance(kind, JSONB):
        texts = [msgspec.json.encode(value).decode() for value in bound]
        return sa.cast(_bound(texts, sa.Text()), ARRAY(kind, dimensions=1))
    if isinstance(kind, PlainText):
        return _bound(_plain(bound), sa.Text())
    return _bound(bound, kind)


def _bound(values: list[Any], kind: sa.types.TypeEngine[Any]) -> sa.BindParameter[Any]:
    return sa.bindparam(None, values, type_=ARRAY(kind, dimensions=1), unique=True)


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


def rows_of(name: str, columns: Mapping[str, Any], rows: Sequence[Sequence[Any]]) -> sa.TableValuedAlias:
    """Rows as a table to select from or join, one array for each of its columns.

    Args:
        name: of the table.
        columns: by the name that each has in this table, the column whose values they are.
    """
    values = zip(*rows, strict=True) if rows else [()] * len(columns)
    arrays = [array(column, some) for column, some in zip(columns.values(), values, strict=True)]
    named = [sa.column(one, column.type) for one, column in columns.items()]
    return sa.func.unnest(*arrays).table_valued(*named, name=name).render_derived()


async def insert_rows(
    session: WriteSession,
    model: Any,
    rows: Sequence[Mapping[str, Any]],
    same: Mapping[str, Any] | None = None,
    *,
    skip_present: bool = False,
) -> None:
    """Insert rows of one table by one statement; all of them name the same columns, their id among them.

    Args:
        same: what all of them have in common, sent once.
        skip_present: rows that a unique key of the table holds already stay as they are.
    """
    if not rows:
        return
    columns = model.__table__.c
    names = list(rows[0])
    new = rows_of(
        "new", {name: columns[name] for name in names}, [[row[name] for name in names] for row in rows]
    )
    common = {
        name: sa.cast(sa.bindparam(None, value, type_=columns[name].type, unique=True), columns[name].type)
        for name, value in (same or {}).items()
    }
    statement = insert(model.__table__).from_select(
        [*names, *common], sa.select(*(new.c[name] for name in names), *common.values())
    )
    await session.execute(statement.on_conflict_do_nothing() if skip_present else statement)
