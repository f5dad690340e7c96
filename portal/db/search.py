"""What people type into a search box, as conditions of SQL."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.sql import ColumnElement

from portal.kernel.names import fold

SHORTEST_PART = 3
"""Characters that an index on parts of words knows a text by."""


def containing(text: str) -> str:
    """The pattern of everything that holds this text; %, _ and backslashes in it stand for themselves."""
    escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def called(text: str, *, fold_column: Any, name: Any) -> ColumnElement[bool]:
    """Rows whose name holds this text, however either is written; a text of nothing but signs is looked for as it stands.

    Args:
        fold_column: the name's `fold` (`portal.db.names`).
        name: the name itself.
    """
    folded = fold(text)
    return fold_column.like(containing(folded)) if folded else name.ilike(containing(text))


def holding(column: Any, text: str) -> ColumnElement[bool]:
    """Rows of which any other text than a name holds this one, however either is written: what the database folds by itself.

    Its function `folded` knows the letters of Europe's Latin scripts; of a text of nothing but signs it is looked for as it stands.
    """
    pattern = fold(text)
    return sa.func.folded(column).like(containing(pattern)) if pattern else column.ilike(containing(text))


def has_parts(folded: str) -> bool:
    """Whether a folded text has a word of three characters or more: an index on parts of words knows nothing of shorter ones."""
    return any(len(word) >= SHORTEST_PART for word in folded.split())
