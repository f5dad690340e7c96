"""Where the list stands in a workbook and which column holds what: as far as it can be told, and what a person says instead. Pure.

Visible sheets come before hidden ones. Columns are told by their headings; of a list whose headings say too little, what stands in the
columns makes a guess that somebody confirms. What was confirmed is a profile: the next list with the same headings is read the same way.
"""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import msgspec

from portal.features.accounts.domain import is_address
from portal.features.imports.domain.columns import (
    COLUMNS,
    Column,
    cell_text,
    columns_of,
    find_columns,
    letter,
)
from portal.features.imports.domain.headings import heading_key
from portal.kernel.numbers import NotANumber, parse_company_number
from portal.sandbox import Sheet, Workbook

NO_HEADING = -1
"""The list begins with its first row: nothing names its columns."""
FIRST_ROWS = 20
"""A heading stands in one of them."""
_SAMPLES, _SHOWN = 3, 60
_LOOKED_AT = 60


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody says of how a file is read; None and empty leave it to us.

    `sheet` is its index, `heading` the index of the row of headings (`NO_HEADING`: none).
    """

    sheet: int | None = None
    heading: int | None = None
    encoding: str = ""
    delimiter: str = ""


@dataclass(frozen=True, slots=True)
class Table:
    """The list in a workbook.

    Attributes:
        sheet: the index of its sheet.
        heading: the index of the row by which columns are named.
        titles: the index of the row that people read as headings; in our own workbooks the one above.
        columns: which column of the sheet holds what.
        guessed: what of it is told by the content alone.
        profile: whether the columns are what somebody said of such a list before.
    """

    book: Workbook
    sheet: int
    heading: int
    titles: int
    columns: dict[Column, int]
    guessed: frozenset[Column] = frozenset()
    profile: bool = False
    others: tuple[int, ...] = field(default=())
    """Indexes of the other sheets that look like lists."""

    @property
    def rows(self) -> Sequence[Sequence[Any]]:
        """Of its sheet."""
        return self.sheet_read.rows

    @property
    def sheet_read(self) -> Sheet:
        """Its sheet."""
        return self.book.sheets[self.sheet]

    @property
    def is_sure(self) -> bool:
        """Whether its rows may be judged before somebody has looked at the columns."""
        return Column.NAME in self.columns and not self.guessed

    def title(self, position: int) -> str:
        """What stands above a column."""
        row = self.rows[self.titles] if self.titles >= 0 else ()
        return cell_text(row[position]) if position < len(row) else ""


def table_of(book: Workbook, choice: Choice | None = None) -> Table | None:
    """The list of a workbook; None when no sheet has a filled cell."""
    choice = choice or Choice()
    filled = [index for index, sheet in enumerate(book.sheets) if sheet.rows]
    if not filled:
        return None
    found = {
        index: one
        for index in filled
        if (one := find_columns(book.sheets[index].rows, book.sheets[index].hidden_columns)) is not None
    }
    if choice.sheet is not None:
        chosen = choice.sheet if choice.sheet in filled else filled[0]
    else:
        chosen = min(
            filled,
            key=lambda index: (
                book.sheets[index].hidden,
                index not in found,
                -len(found[index][1]) if index in found else 0,
                index,
            ),
        )
    others = tuple(index for index in found if index != chosen)
    return replace(_table(book, chosen, found.get(chosen), choice.heading), others=others)


def _table(
    book: Workbook, index: int, found: tuple[int, dict[Column, int]] | None, said: int | None
) -> Table:
    sheet = book.sheets[index]
    hidden = frozenset(sheet.hidden_columns)
    if said is not None:
        heading = said if NO_HEADING <= said < min(len(sheet.rows), FIRST_ROWS) else NO_HEADING
        columns = columns_of(sheet.rows, heading, hidden) if heading >= 0 else {}
    elif found is not None:
        heading, columns = found
    else:
        heading = _likely_heading(sheet.rows)
        columns = columns_of(sheet.rows, heading, hidden) if heading >= 0 else {}
    titles = heading
    if 0 <= heading < len(sheet.rows) - 1 and _is_ids(sheet.rows[heading + 1]):
        heading += 1  # the template's hidden row of column ids: it names the columns whatever the language
        columns = columns_of(sheet.rows, heading, hidden)
    elif heading > 0 and _is_ids(sheet.rows[heading]):
        titles = heading - 1
    guessed = _guess(sheet.rows, heading, columns, hidden)
    return Table(book, index, heading, titles, columns | guessed, frozenset(guessed))


def _is_ids(row: Sequence[Any]) -> bool:
    ids = {column.value for column in Column}
    cells = [cell for cell in row if cell]
    return len(cells) >= 2 and all(cell in ids for cell in cells)


def _likely_heading(rows: Sequence[Sequence[Any]]) -> int:
    """The first row of words alone, of a list whose headings we do not know."""
    for index, row in enumerate(rows[:FIRST_ROWS]):
        cells = [cell for cell in row if cell not in ("", None)]
        if len(cells) < 2:
            continue
        words = all(isinstance(cell, str) and any(map(str.isalpha, cell)) for cell in cells)
        return (
            index if words and not any(_is_number(cell) or _is_mail(cell) for cell in cells) else NO_HEADING
        )
    return NO_HEADING


def _guess(
    rows: Sequence[Sequence[Any]], heading: int, columns: Mapping[Column, int], hidden: frozenset[int]
) -> dict[Column, int]:
    """Columns that no heading tells, by what stands in them: company numbers, addresses of mail, and names where there are any of the others."""
    body = rows[heading + 1 : heading + 1 + _LOOKED_AT]
    width = max(map(len, body), default=0)
    free = [
        position for position in range(width) if position not in hidden and position not in columns.values()
    ]
    cells = {
        position: [row[position] for row in body if position < len(row) and row[position] not in ("", None)]
        for position in free
    }
    found: dict[Column, int] = {}
    for column, is_one in ((Column.NUMBER, _is_number), (Column.EMAIL, _is_mail)):
        if column in columns:
            continue
        for position in free:
            right = sum(1 for cell in cells[position] if is_one(cell))
            if position not in found.values() and right and right * 10 >= len(cells[position]) * 6:
                found[column] = position
                break
    if Column.NAME not in columns:
        named = [
            position for position in free if position not in found.values() and _are_names(cells[position])
        ]
        if named:
            found[Column.NAME] = named[0]
    return found


def _is_number(cell: Any) -> bool:
    text = cell_text(cell)
    if sum(map(str.isdigit, text)) < 8:
        return False
    try:
        parse_company_number(text)
    except NotANumber:
        return False
    return True


def _is_mail(cell: Any) -> bool:
    return isinstance(cell, str) and "@" in cell and is_address(cell_text(cell))


def _are_names(cells: Sequence[Any]) -> bool:
    texts = [cell_text(cell) for cell in cells]
    wordy = sum(1 for text in texts if sum(map(str.isalpha, text)) >= 3)
    return bool(texts) and wordy * 10 >= len(texts) * 8 and len(set(texts)) * 2 > len(texts)


class ColumnRead(msgspec.Struct, omit_defaults=True):
    """One column of a file, for people: where it is, what stands above and in it, and what it is read as.

    `column` is one of ours, or empty: not read. `guessed`: told by the content alone. `twice`: another one has the same heading.
    """

    position: int
    letter: str
    heading: str
    samples: list[str]
    column: str = ""
    hidden: bool = False
    guessed: bool = False
    twice: bool = False


class SheetRead(msgspec.Struct, omit_defaults=True):
    """One sheet of a file: how many rows it has, whether it is hidden and looks like a list."""

    name: str
    rows: int
    hidden: bool = False
    is_list: bool = False


class Reading(msgspec.Struct, omit_defaults=True):
    """How a file is read: kept with its list, so that people see it and change it. Empty for lists of earlier releases.

    `heads` are the first rows, of which one holds the headings; `profile` says that the columns are as somebody said before.
    """

    kind: str = ""
    sheet: int = 0
    sheets: list[SheetRead] = []
    heading: int = NO_HEADING
    heads: list[str] = []
    encoding: str = ""
    encodings: list[str] = []
    delimiter: str = ""
    delimiters: list[str] = []
    columns: list[ColumnRead] = []
    key: str = ""
    profile: bool = False
    hidden_rows: int = 0

    @property
    def used(self) -> list[ColumnRead]:
        """The columns that are read, in the order of ours; the hidden id is none of people's business."""
        order = [column.value for column in COLUMNS]
        return sorted(
            (one for one in self.columns if one.column in order), key=lambda one: order.index(one.column)
        )

    @property
    def unused(self) -> list[ColumnRead]:
        """The columns that are not."""
        return [one for one in self.columns if not one.column]

    @property
    def other_sheets(self) -> list[SheetRead]:
        """The sheets that are not read and have something in them."""
        return [one for index, one in enumerate(self.sheets) if index != self.sheet and one.rows]


def reading_of(table: Table) -> Reading:
    """How a list is read, in words."""
    sheet, book = table.sheet_read, table.book
    body = table.rows[table.heading + 1 :]
    named = {position: column for column, position in table.columns.items()}
    width = max(map(len, table.rows), default=0)
    twice = Counter(key for position in range(width) if (key := heading_key(table.title(position))))
    columns: list[ColumnRead] = []
    for position in range(width):
        title, samples = table.title(position), _samples(body, position)
        if not title and not samples and position not in named:
            continue
        column = named.get(position)
        columns.append(
            ColumnRead(
                position,
                letter(position),
                title[:120],
                samples,
                column.value if column is not None else "",
                hidden=position in sheet.hidden_columns,
                guessed=column in table.guessed,
                twice=twice[heading_key(title)] > 1,
            )
        )
    is_list = {table.sheet, *table.others}
    return Reading(
        kind=book.kind,
        sheet=table.sheet,
        sheets=[
            SheetRead(one.name, len(one.rows), one.hidden, index in is_list)
            for index, one in enumerate(book.sheets)
        ],
        heading=table.titles,
        heads=[_head(row) for row in table.rows[:FIRST_ROWS]],
        encoding=book.encoding,
        encodings=book.encodings,
        delimiter=book.delimiter,
        delimiters=book.delimiters,
        columns=columns,
        key=profile_key(table),
        profile=table.profile,
        hidden_rows=sum(1 for index in sheet.hidden_rows if index > table.heading),
    )


def _samples(body: Sequence[Sequence[Any]], position: int) -> list[str]:
    found: list[str] = []
    for row in body:
        text = cell_text(row[position])[:_SHOWN] if position < len(row) else ""
        if text and text not in found:
            found.append(text)
            if len(found) == _SAMPLES:
                break
    return found


def _head(row: Sequence[Any]) -> str:
    texts = [text[:30] for cell in row if (text := cell_text(cell))]
    return " · ".join(texts[:6])[:120]


def headings_of(table: Table) -> dict[int, str]:
    """What each column of a list is called for a profile: the key of its heading, and which of those that have it."""
    seen: Counter[str] = Counter()
    called: dict[int, str] = {}
    for position in range(max(map(len, table.rows), default=0)):
        key = heading_key(table.title(position))
        if key:
            seen[key] += 1
            called[position] = f"{key}#{seen[key]}"
    return called


def profile_key(table: Table) -> str:
    """By what a profile is found: the headings of a list, in whatever order; empty where it has none."""
    called = sorted(headings_of(table).values())
    return hashlib.sha256("\n".join(called).encode()).hexdigest() if called else ""


def to_profile(table: Table, columns: Mapping[Column, int]) -> dict[str, str]:
    """What somebody said of a list's columns, by what they are called. Columns without heading have no name to keep."""
    called = headings_of(table)
    return {column.value: called[position] for column, position in columns.items() if position in called}


def from_profile(table: Table, said: Mapping[str, str]) -> Table:
    """A list read as somebody said before."""
    places = {name: position for position, name in headings_of(table).items()}
    known = {column.value: column for column in Column}
    columns = {
        known[name]: places[called] for name, called in said.items() if name in known and called in places
    }
    if Column.ID in table.columns and table.columns[Column.ID] not in columns.values():
        columns[Column.ID] = table.columns[Column.ID]
    return replace(table, columns=columns, guessed=frozenset(), profile=True)


__all__ = [
    "NO_HEADING",
    "Choice",
    "ColumnRead",
    "Reading",
    "SheetRead",
    "Table",
    "from_profile",
    "headings_of",
    "profile_key",
    "reading_of",
    "table_of",
    "to_profile",
]
