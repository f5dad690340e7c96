"""What grows old, and which columns name stored objects: told by each slice of its own tables, read by the one that throws away."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from portal.db.session import WriteSession

Owner = Literal["firm", "company"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OldRows:
    """Rows of one table whose time is over at some moment.

    Attributes:
        after: how long they are kept.
        drop: deletes (or empties) those from before a moment, a number of them at most; how many it were.
    """

    after: timedelta
    drop: Callable[[WriteSession, datetime, int], Awaitable[int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NamesObjects:
    """Columns of a table that hold the hash of a stored object. An object that no row of its owner names is deleted.

    Attributes:
        table: its name. It has the column `firm_id` or `company_id`, as `owner` says.
        columns: their names; after a dot, a field of a JSON column.
        erasable: its rows keep the hash of what was erased (`erased_at`), and name nothing any more.
    """

    table: str
    owner: Owner
    columns: tuple[str, ...]
    erasable: bool = False
