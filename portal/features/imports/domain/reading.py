"""The rows of a sheet as texts, read a column at a time: whatever says nothing to ask about costs no look at each cell. Pure."""

from collections.abc import Mapping, Sequence
from itertools import zip_longest
from typing import Any

from portal.features.imports.domain.columns import LONGEST_CELL, Column, cell_text
from portal.kernel.texts import hides

Read = tuple[int, dict[str, str]]
"""A row as read: the number Excel shows, and its filled cells by column."""


def read_rows(
    rows: Sequence[Sequence[Any]], heading: int, columns: Mapping[Column, int]
) -> tuple[list[Read], dict[int, list[Column]]]:
    """Every filled row below the heading; and, by line, which of its cells held signs that nobody sees."""
    body = rows[heading + 1 :]
    names: list[str] = []
    texts: list[Sequence[str]] = []
    hidden: dict[int, list[Column]] = {}
    sheet = list(zip_longest(*body, fillvalue=""))
    for column, position in columns.items():
        cells = sheet[position] if position < len(sheet) else ("",) * len(body)
        plain = _is_plain(cells)
        shown = cells if plain else [cell_text(cell) for cell in cells]
        if any(shown):
            names.append(column.value)
            texts.append(shown)
        if plain:
            continue
        for index, cell in enumerate(cells):
            if hides(str(cell)):
                hidden.setdefault(index + heading + 2, []).append(column)
    read: list[Read] = []
    for line, cells in enumerate(zip(*texts, strict=True), start=heading + 2):
        values = {name: text for name, text in zip(names, cells, strict=True) if text}
        if len(values) > (Column.ID.value in values):
            read.append((line, values))
    return read, hidden


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


__all__ = ["Read", "read_rows"]
