"""The rows of an Excel list of dossiers: what was read, what accepting each would do, what became of it. Pure."""

import enum
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime

import msgspec

from portal.features.imports.domain.columns import Column

MOST_ROWS = 5000
TURN = 200
"""Rows that are carried out in one turn: long enough that look-ups cost little, short enough that nobody waits for the lock."""
NEW, SKIP, TAKE = "new", "skip", "take"
"""Answers to a question, beside the id of the dossier that a row is the same as; SKIP leaves any row out, TAKE takes one in that is set apart."""
APART = "apart"
"""Among the counts of a list: how many of its rows are set apart."""


_COUNTRY = Column.COUNTRY.value


class Apart(enum.StrEnum):
    """Why a row is set apart."""

    HIDDEN = "hidden"  # hidden by hand, or filtered out
    HEADING = "heading"  # the headings once more, as at the top of a printed page
    FOOTER = "footer"  # a total, a page number, when it was printed


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


class Remark(msgspec.Struct, frozen=True, omit_defaults=True):
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


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    """A dossier that a row may be about, and what the row would change in it."""

    id: str
    name: str
    code: str
    number: str
    changes: dict[str, list[str]] = {}
    ended: bool = False


class ImportRow(msgspec.Struct, omit_defaults=True):
    """One row as read and judged. `line` is the number Excel shows; `values` are its filled cells by column.

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
    apart: Apart | None = None
    """Why it stays out unless somebody takes it in."""

    def stays_out(self, answer: str) -> bool:
        """Whether it is left out, by what was said to it or because nothing was; whatever else it is."""
        return answer == SKIP or (self.apart is not None and not answer)

    @property
    def offered(self) -> set[str]:
        """What may be said to it."""
        if self.status is RowStatus.ASK:
            return {SKIP, *(one.id for one in self.candidates)} | ({NEW} if self.may_be_new else set())
        if self.status in FAULTY:
            return set()
        return {SKIP} if self.apart is None else {TAKE}

    @property
    def country(self) -> str:
        """The country whose number it has."""
        return self.values.get(_COUNTRY, "BE").upper() or "BE"

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


class Became(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one row of a list."""

    outcome: Outcome
    dossier_id: str | None = None
    remarks: list[Remark] = []


def count_outcomes(parts: Iterable[bytes]) -> Counter[Outcome]:
    """How many rows of a list came to each outcome.

    Args:
        parts: outcomes by line, as they are kept.
    """
    read = msgspec.json.Decoder(dict[int, Became])
    return Counter(one.outcome for part in parts for one in read.decode(part).values())


def counts(rows: Sequence[ImportRow]) -> dict[str, int]:
    """How many rows of each status, and how many are set apart."""
    found = Counter(row.status for row in rows if row.apart is None)
    return {status.value: found[status] for status in RowStatus} | {APART: len(rows) - found.total()}
