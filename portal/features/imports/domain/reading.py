"""The rows of a sheet as texts, read a column at a time: whatever says nothing to ask about costs no look at each cell. Pure.

What a cell is besides its text (a date that Excel made, an error, cut, written in wide signs) becomes a remark on its row: a cell that
may not say what its writer meant is a fault, one that was read well but not as it looks is said.
"""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from portal.features.imports.domain.columns import LONGEST_CELL, Column, cell_text, narrowed
from portal.features.imports.domain.rows import Remark
from portal.kernel.language import N_
from portal.kernel.texts import hides
from portal.sandbox import Mark

Read = tuple[int, dict[str, str]]
"""A row as read: the number Excel shows, and its filled cells by column."""
Said = dict[int, list[Remark]]
"""What there is to say of rows before they are judged, by line."""

HIDDEN_SIGNS = N_("This cell held invisible signs; they were left out.")
WIDE = N_("This cell was written in full-width signs; it is read as %(read)s.")
LONG = N_("This cell has more than %(limit)s signs.")
SHORTEN = N_("Shorten it.")
STRAY = N_("This line has a quotation mark that is opened and never closed, or text behind a closed one.")
DOUBLE_THEM = N_("Write quotation marks inside a cell twice, or leave them out.")
_MARKED: dict[str, tuple[str, str]] = {
    "error": (
        N_("This cell holds an error of the spreadsheet: %(shown)s."),
        N_("Mend its formula, or type what belongs there."),
    ),
    "date": (
        N_("The spreadsheet has made a date of this cell: %(shown)s."),
        N_("Format the column as text, and type it again."),
    ),
    "boolean": (
        N_("The spreadsheet has made a yes or no of this cell: %(shown)s."),
        N_("Format the column as text, and type it again."),
    ),
    "cut": (N_("The text of this cell is cut off: it is longer than a cell can be."), SHORTEN),
    "lost": (
        N_("The file does not hold what the formula of this cell gives."),
        N_("Open it in its program, save it, and hand it in again."),
    ),
    "number": (
        N_("The file shows this number otherwise than it holds it, and how cannot be told: %(shown)s."),
        N_("Format the column as text, and type it again."),
    ),
}
"""What each kind of mark means, and how to put it right."""
_EXACT = frozenset({Column.CODE, Column.NAME, Column.NUMBER})
"""Columns in which a number must be what is shown."""
_NARROWED = frozenset(
    {
        *(Column.CODE, Column.NUMBER, Column.COUNTRY, Column.LANGUAGE, Column.EMAIL, Column.PHONE),
        *(Column.POSTCODE, Column.VAT_REGIME),
    }
)
"""Columns of signs rather than words: full-width ones are read as what they stand for."""


def read_rows(
    rows: Sequence[Sequence[Any]], heading: int, columns: Mapping[Column, int]
) -> tuple[list[Read], Said]:
    """Every filled row below the heading; and what there is to say of its cells.

    Args:
        heading: the index of the row of headings; -1 where there is none.
    """
    body = rows[heading + 1 :]
    names: list[str] = []
    texts: list[Sequence[str]] = []
    said: Said = {}
    sheet = list(zip_longest(*body, fillvalue=""))
    for column, position in columns.items():
        cells = sheet[position] if position < len(sheet) else ("",) * len(body)
        plain = _is_plain(cells)
        shown = cells if plain else _shown(column, cells, heading + 2, said)
        if any(shown):
            names.append(column.value)
            texts.append(shown)
    read: list[Read] = []
    for line, cells in enumerate(zip(*texts, strict=True), start=heading + 2):
        values = {name: text for name, text in zip(names, cells, strict=True) if text}
        if len(values) > (Column.ID.value in values):
            read.append((line, values))
    return read, said


def _shown(column: Column, cells: Sequence[Any], first: int, said: Said) -> list[str]:
    """The cells of a column as texts, with what there is to say of them."""
    shown: list[str] = []
    for line, cell in enumerate(cells, first):
        text = cell_text(cell)
        if isinstance(cell, str):
            if hides(cell):
                said.setdefault(line, []).append(Remark(column, text, HIDDEN_SIGNS, error=False))
            if column in _NARROWED and (read := narrowed(text)) != text:
                remark = Remark(column, text, WIDE, error=False, params={"read": read})
                said.setdefault(line, []).append(remark)
                text = read
            if len(text) >= LONGEST_CELL and len(" ".join(cell.split())) > LONGEST_CELL:
                remark = Remark(column, text[:40] + " …", LONG, SHORTEN, params={"limit": str(LONGEST_CELL)})
                said.setdefault(line, []).append(remark)
        shown.append(text)
    return shown


def marked(marks: Sequence[Mark], broken: Sequence[int], columns: Mapping[Column, int]) -> Said:
    """What the reader found about cells of columns that are used, and about lines that it could not part into cells.

    Args:
        marks: of the sheet.
        broken: indexes of lines with stray quotation marks.
    """
    by_position = {position: column for column, position in columns.items()}
    said: Said = {}
    for mark in marks:
        column, words = by_position.get(mark.column), _MARKED.get(mark.kind)
        if column is None or words is None:
            continue
        what, fix = words
        fault = mark.kind != "number" or column in _EXACT
        shown = mark.shown[:80]
        remark = Remark(column, shown, what, fix if fault else "", error=fault, params={"shown": shown})
        said.setdefault(mark.row + 1, []).append(remark)
    for index in broken:
        said.setdefault(index + 1, []).append(Remark(None, "", STRAY, DOUBLE_THEM))
    return said


def _is_plain(cells: Sequence[Any]) -> bool:
    """Whether `cell_text` leaves every cell of a column as it is; a no may be wrong."""
    if set(map(type, cells)) - {str}:
        return False
    whole = f"|{'|'.join(cells)}|"
    return (
        whole.isascii()
        and whole.isprintable()
        and "  " not in whole
        and "| " not in whole
        and " |" not in whole
        and max(map(len, cells), default=0) <= LONGEST_CELL
    )


__all__ = ["Read", "Said", "marked", "read_rows"]
