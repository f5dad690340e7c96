"""Where a cell is, how far a table may reach, and the marks on cells that are not simply what they say."""

import datetime as dt
import re
from collections.abc import Iterable
from typing import Any

from portal.sandbox.contract import Mark, Unreadable
from portal.sandbox.wire import cell

MAX_SHEETS = 50
MAX_MARKS = 100_000
"""Beyond that, a sheet is no list of companies; the rest of its cells stays unmarked."""
LONGEST_TEXT = 32_767
"""Excel keeps no longer text in a cell: one of this length was cut."""
EXACT = 10**15
"""Excel keeps fifteen digits of a number; of a longer one, the last are lost."""

ERRORS = frozenset(
    {
        *(
            "#NULL!",
            "#DIV/0!",
            "#VALUE!",
            "#REF!",
            "#NAME?",
            "#NUM!",
            "#N/A",
            "#SPILL!",
            "#CALC!",
            "#FIELD!",
            "#BLOCKED!",
        ),
        *("#GETTING_DATA", "#LEEG!", "#DEEL/0!", "#WAARDE!", "#VERW!", "#NAAM?", "#GETAL!", "#N/B"),
        *("#NUL!", "#VALEUR!", "#NOM?", "#NOMBRE!", "#WERT!", "#BEZUG!", "#ZAHL!", "#NV"),
    }
)
"""The errors of Excel and LibreOffice in English, Dutch, French and German."""
_OTHER_ERROR = re.compile(r"(?:Err|Fehler|Fout|Erreur):\d{3}")


def is_error(text: str) -> bool:
    """Whether a cell holds the error of a formula and nothing else."""
    return text in ERRORS or _OTHER_ERROR.fullmatch(text) is not None


def column_name(number: int) -> str:
    """A column as Excel names it: 1 is A."""
    name = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def column_number(letters: str) -> int:
    """The number of a column that Excel names: A is 1."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def check_extent(rows: int, columns: int, max_rows: int, max_columns: int) -> None:
    """Refuse a table that reaches further than what is read.

    Raises:
        Unreadable: with the row or column that was found.
    """
    if columns > max_columns:
        raise Unreadable("workbook.columns", found=column_name(columns), limit=max_columns)
    if rows > max_rows:
        raise Unreadable("workbook.rows", found=rows, limit=max_rows)


def plain(value: Any) -> Any:
    """A cell as it goes over the wire: a moment at midnight is a day, a whole number has no decimals."""
    if isinstance(value, str):
        return value
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    return cell(value)


def mark_of(row: int, column: int, value: Any) -> Mark | None:
    """The mark that a value by itself asks for: a day, a yes or no, an error, a text that was cut, a number that lost digits."""
    match value:
        case str() if value.startswith("#") and is_error(value.strip()):
            return Mark(row, column, "error", value.strip())
        case str() if len(value) >= LONGEST_TEXT:
            return Mark(row, column, "cut", value[:40])
        case bool():
            return Mark(row, column, "boolean", "TRUE" if value else "FALSE")
        case dt.datetime() if value.time() != dt.time():
            return Mark(row, column, "date", f"{value:%d/%m/%Y %H:%M}")
        case dt.date():
            return Mark(row, column, "date", f"{value:%d/%m/%Y}")
        case dt.time():
            return Mark(row, column, "date", f"{value:%H:%M}")
        case int() | float() if abs(value) >= EXACT:
            return Mark(row, column, "number", f"{value:.15g}")
        case _:
            return None


_TEXT = frozenset({str})


def marks_of(rows: Iterable[list[Any]]) -> list[Mark]:
    """The marks that the values of a table ask for, from its first row on."""
    marks: list[Mark] = []
    for at, row in enumerate(rows):
        if (
            _TEXT.issuperset(map(type, row))
            and "#" not in (joined := "".join(row))
            and len(joined) < LONGEST_TEXT
        ):
            continue
        for column, value in enumerate(row):
            if value != "" and (mark := mark_of(at, column, value)) is not None:
                marks.append(mark)
        if len(marks) >= MAX_MARKS:
            break
    return marks


def trim(rows: list[list[Any]]) -> None:
    """Leave out what is empty below the last filled row, and give every row as many cells as the widest."""
    while rows and not any(value != "" and value is not None for value in rows[-1]):
        rows.pop()
    width = max(map(len, rows), default=0)
    for row in rows:
        row.extend([""] * (width - len(row)))
