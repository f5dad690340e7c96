"""Many ids in one parameter: a statement has one text and one plan however many there are, and no limit but memory.

A parameter each (`IN`) is compiled, sent and planned anew for every number of them, and ends at 32,767.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY


def array_of(type_: type[sa.types.TypeEngine[Any]], values: Iterable[Any]) -> sa.ColumnElement[Any]:
    """The values as one array parameter."""
    return sa.cast(sa.literal(list(values), ARRAY(type_())), ARRAY(type_()))


def among(column: Any, ids: Iterable[UUID | None]) -> sa.ColumnElement[bool]:
    """Whether a column is one of these ids; of none for an empty list."""
    return column == sa.any_(array_of(sa.Uuid, ids))


def rows_of(
    name: str, columns: Mapping[str, type[sa.types.TypeEngine[Any]]], rows: Sequence[Sequence[Any]]
) -> sa.TableValuedAlias:
    """Rows as a table to select from (`unnest`), one array for each of its columns."""
    arrays = zip(*rows, strict=True) if rows else [()] * len(columns)
    values = [array_of(type_, column) for type_, column in zip(columns.values(), arrays, strict=True)]
    named = [sa.column(column, type_()) for column, type_ in columns.items()]
    return sa.func.unnest(*values).table_valued(*named, name=name).render_derived()
