"""The rows of an Excel list of dossiers: what was read, what accepting each would do, what became of it. Pure."""

import enum
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from portal.features.imports.domain.columns import Column
from portal.kernel.language import N_
from portal.kernel.texts import hides

MOST_ROWS = 5000
NEW, SKIP = "new", "skip"
"""Answers to a question, beside the id of the dossier that a row is the same as."""


class RowStatus(enum.StrEnum):
    """What accepting a row would do."""

    CREATE = "create"
    UPDATE = "update"
    UNCHANGED = "unchanged"
    REQUEST = "request"
    ASK = "ask"
    DUPLICATE = "duplicate"
    ERROR = "error"


class Outcome(enum.StrEnum):
    """What became of a row."""

    CREATED = "created"
    REQUESTED = "requested"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    LEFT_OUT = "left_out"
    UNANSWERED = "unanswered"
    OVERTAKEN = "overtaken"  # since somebody looked, others have changed what it is about
    REFUSED = "refused"


LOOK_AGAIN = frozenset({Outcome.UNANSWERED, Outcome.OVERTAKEN, Outcome.REFUSED})
"""What was not done, and can be looked at again."""


GOOD = frozenset({RowStatus.CREATE, RowStatus.UPDATE, RowStatus.REQUEST})
"""Rows that acceptance carries out without a question."""
FAULTY = frozenset({RowStatus.ERROR, RowStatus.DUPLICATE})


class Remark(msgspec.Struct, frozen=True):
    """One thing about one cell: what is wrong (or was mended), and how to put it right."""

    column: Column | None
    value: str
    what: str
    fix: str = ""
    error: bool = True
    params: dict[str, str] = {}
    by: str = ""
    at: datetime | None = None
    """Who did what it speaks of, and when."""


class Candidate(msgspec.Struct, frozen=True):
    """A dossier that a row may be about, and what the row would change in it."""

    id: str
    name: str
    code: str
    number: str
    changes: dict[str, list[str]] = {}
    ended: bool = False


class ImportRow(msgspec.Struct):
    """One row as read and judged. `line` is the number Excel shows.

    Everything that acceptance is bound to is kept with it: the dossier it is about, whether the access to it had ended, what would
    change from what, and whether the company had an account.
    """

    line: int
    values: dict[str, str]
    status: RowStatus
    remarks: list[Remark]
    number: str | None = None
    dossier_id: str | None = None
    changes: dict[str, list[str]] = {}
    candidates: list[Candidate] = []
    may_be_new: bool = True
    """Whether "a new dossier" is among the answers to its question."""
    claimed: bool = False
    ended: bool = False

    @property
    def country(self) -> str:
        """The country whose number it has."""
        return (self.values.get(Column.COUNTRY.value) or "BE").upper()

    def get(self, column: Column) -> str:
        """The text of a cell; empty where the list has no such column."""
        return self.values.get(column.value, "")

    def fault(self, column: Column | None, what: str, fix: str = "", **params: str) -> None:
        """Something is wrong with a cell."""
        self.remarks.append(Remark(column, self.get(column) if column else "", what, fix, params=params))

    def note(self, column: Column | None, what: str, **params: str) -> None:
        """Something to know about a cell."""
        self.remarks.append(
            Remark(column, self.get(column) if column else "", what, error=False, params=params)
        )

    def note_hidden(self, columns: Mapping[Column, int], cells: Sequence[Any]) -> None:
        """Say which of the row's cells held signs that nobody sees."""
        for column, position in columns.items():
            if position < len(cells) and hides(str(cells[position])):
                self.note(column, N_("This cell held invisible signs; they were left out."))


def counts(rows: Sequence[ImportRow]) -> dict[str, int]:
    """How many rows of each status."""
    found = dict.fromkeys((status.value for status in RowStatus), 0)
    for row in rows:
        found[row.status.value] += 1
    return found
