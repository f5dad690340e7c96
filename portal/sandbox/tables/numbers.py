"""Numbers documents of Apple, through numbers-parser. A list is a table: a sheet of Numbers may hold several."""

import io
import pathlib
import warnings
import zipfile
from typing import Any

import numbers_parser
from numbers_parser.iwork import IWork

from portal.sandbox.contract import Mark, Sheet, Unreadable, Workbook
from portal.sandbox.tables.places import MAX_MARKS, MAX_SHEETS, check_extent, mark_of, plain, trim


def read(data: bytes, max_rows: int, max_columns: int) -> Workbook:
    """All tables of a document, each as a sheet called by both names.

    Raises:
        Unreadable: it has a password, reaches too far or is damaged.
    """
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        if ".iwph" in archive.namelist():
            raise Unreadable("workbook.password")
    try:
        return Workbook("numbers", _sheets(_open(data), max_rows, max_columns))
    except Unreadable:
        raise
    except Exception as error:
        # The library has no error of its own for a damaged object: whatever it raises, the file is to blame.
        raise Unreadable("workbook.numbers") from error


def _sheets(document: Any, max_rows: int, max_columns: int) -> list[Sheet]:
    sheets: list[Sheet] = []
    for sheet in document.sheets:
        tables = list(sheet.tables)
        for table in tables:
            if len(sheets) >= MAX_SHEETS:
                raise Unreadable("workbook.sheets", found=len(sheets) + 1, limit=MAX_SHEETS)
            name = sheet.name if len(tables) == 1 else f"{sheet.name} · {table.name}"
            sheets.append(_table(name, table, max_rows, max_columns))
    return sheets


def _open(data: bytes) -> Any:
    """The document from memory: the library takes a path alone, and a child cannot open files.

    The child reads one file and ends, so nothing is put back.
    """

    def open_zip(_self: IWork, path: Any) -> zipfile.ZipFile:
        """The document, or the archive within it."""
        return zipfile.ZipFile(
            path if isinstance(path, io.BytesIO) else io.BytesIO(data), metadata_encoding="utf-8"
        )

    setattr(IWork, "_open_zipfile", open_zip)  # noqa: B010 - there is no public way
    setattr(pathlib.Path, "exists", lambda _self: True)  # noqa: B010
    setattr(pathlib.Path, "is_dir", lambda _self: False)  # noqa: B010
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a release it does not know yet
        return numbers_parser.Document("list.numbers")


def _table(name: str, table: Any, max_rows: int, max_columns: int) -> Sheet:
    check_extent(table.num_rows, table.num_cols, max_rows, max_columns)
    rows: list[list[Any]] = []
    marks: list[Mark] = []
    for at, cells in enumerate(table.iter_rows()):
        row: list[Any] = []
        for column, one in enumerate(cells):
            value = _value(one)
            if value != "" and len(marks) < MAX_MARKS and (mark := mark_of(at, column, value)) is not None:
                marks.append(mark)
            row.append(plain(value))
        rows.append(row)
    trim(rows)
    return Sheet(name, hidden=False, rows=rows, marks=marks)


def _value(one: Any) -> Any:
    if isinstance(one, numbers_parser.ErrorCell):
        return "#N/A"
    value = one.value
    if value is None or isinstance(one, numbers_parser.EmptyCell):
        return ""
    if isinstance(value, float):
        value = round(value, 9)  # decimals of 128 bits come as the nearest binary number
        text = str(one.formatted_value).strip()
        digits = "".join(sign for sign in text if sign.isascii() and sign.isdigit())
        if digits.startswith("0") and value == int(value) and int(digits) == value > 0:
            return text
        return value
    return value if isinstance(value, str | bool | int) or hasattr(value, "year") else str(value)


def prepare() -> None:
    """Load what the library loads at its first document."""
    numbers_parser.Document()
