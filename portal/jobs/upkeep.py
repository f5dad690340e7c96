"""What grows old, and which columns name stored objects: told by each slice of its own tables, read by the one that throws away."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import sqlalchemy as sa

from portal.db.base import Base, OwnedByFirm
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
        model: of the table; its rows are a firm's or a company's, as are the objects.
        columns: their names; after a dot, a field of a JSON column.
        erasable: its rows keep the hash of what was erased (`erased_at`), and name nothing any more.
    """

    model: type[Base]
    columns: tuple[str, ...]
    erasable: bool = False

    @property
    def table(self) -> sa.Table:
        """The table itself."""
        return self.model.metadata.tables[self.model.__tablename__]

    @property
    def owner(self) -> Owner:
        """Whose the rows and the objects are."""
        return "firm" if issubclass(self.model, OwnedByFirm) else "company"
