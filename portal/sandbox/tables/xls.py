"""The old workbooks of Excel (.xls, BIFF), with what they hide and show."""

import datetime as dt
import struct
from typing import Any

import xlrd
from xlrd.biffh import (
    XL_CELL_BOOLEAN,
    XL_CELL_DATE,
    XL_CELL_ERROR,
    XL_CELL_NUMBER,
    XLRDError,
    error_text_from_code,
)
from xlrd.compdoc import CompDocError

from portal.sandbox.contract import Mark, Sheet, Unreadable, Workbook
from portal.sandbox.tables.formats import shown
from portal.sandbox.tables.places import MAX_MARKS, MAX_SHEETS, check_extent, mark_of, plain, trim

MAGIC = bytes.fromhex("d0cf11e0a1b11ae1")
"""How an OLE file begins: old workbooks, documents and mails, and new ones with a password."""
_FAULTS = (
    XLRDError, CompDocError, struct.error, AssertionError, IndexError, KeyError, ValueError, TypeError,
    AttributeError, UnicodeError, OverflowError,
)  # fmt: skip
"""What the library raises for a damaged file."""


class _Silent:
    """The library tells what it sees; a child says nothing of a file."""

    def write(self, _text: str) -> None:
        """Nothing."""

    def flush(self) -> None:
        """Nothing."""


def read(data: bytes, max_rows: int, max_columns: int) -> Workbook:
    """All sheets of a workbook.

    Raises:
        Unreadable: it has a password, is no workbook, reaches too far or is damaged.
    """
    if _holds(data, "EncryptedPackage"):
        raise Unreadable("workbook.password")
    if _holds(data, "WordDocument", "PowerPoint Document", "__properties_version1.0", "VisioDocument"):
        raise Unreadable("workbook.other")
    try:
        book = xlrd.open_workbook(
            file_contents=data, formatting_info=True, logfile=_Silent(), ragged_rows=True
        )
        worksheets = book.sheets()
        if len(worksheets) > MAX_SHEETS:
            raise Unreadable("workbook.sheets", found=len(worksheets), limit=MAX_SHEETS)
        return Workbook("xls", [_sheet(book, one, max_rows, max_columns) for one in worksheets])
    except _FAULTS as error:
        code = "workbook.password" if "encrypted" in str(error).lower() else "workbook.old"
        raise Unreadable(code) from error


def _holds(data: bytes, *names: str) -> bool:
    """Whether a stream is called so: names stand in the directory, two bytes a letter."""
    return any(name.encode("utf-16-le") in data for name in names)


def _sheet(book: Any, sheet: Any, max_rows: int, max_columns: int) -> Sheet:
    filled = [any(kind not in {0, 6} for kind in sheet.row_types(at)) for at in range(sheet.nrows)]
    last = max((at + 1 for at, one in enumerate(filled) if one), default=0)
    widest = max(
        (
            column + 1
            for at in range(last)
            for column, kind in enumerate(sheet.row_types(at))
            if kind not in {0, 6}
        ),
        default=0,
    )
    check_extent(last, widest, max_rows, max_columns)
    rows: list[list[Any]] = []
    marks: list[Mark] = []
    for at in range(last):
        row: list[Any] = []
        for column, one in enumerate(sheet.row(at)[:widest]):
            value = _value(book, one)
            if value != "" and len(marks) < MAX_MARKS and (mark := mark_of(at, column, value)) is not None:
                marks.append(mark)
            row.append(plain(value))
        rows.append(row)
    trim(rows)
    return Sheet(
        sheet.name,
        sheet.visibility != 0,
        rows,
        [at for at, info in sorted(sheet.rowinfo_map.items()) if info.hidden and at < last],
        [at for at, info in sorted(sheet.colinfo_map.items()) if info.hidden and at < widest],
        marks,
    )


def _value(book: Any, one: Any) -> Any:
    match one.ctype:
        case kind if kind == XL_CELL_ERROR:
            return error_text_from_code.get(one.value, "#N/A")
        case kind if kind == XL_CELL_BOOLEAN:
            return bool(one.value)
        case kind if kind == XL_CELL_DATE:
            try:
                moment = xlrd.xldate_as_datetime(one.value, book.datemode)
            except (ValueError, OverflowError):
                return one.value
            return moment.time() if one.value < 1 else moment
        case kind if kind == XL_CELL_NUMBER:
            return shown(one.value, _code(book, one)) or one.value
        case _:
            return one.value if isinstance(one.value, str | int | float) else ""


def _code(book: Any, one: Any) -> str:
    if one.xf_index is None or one.xf_index >= len(book.xf_list):
        return ""
    known = book.format_map.get(book.xf_list[one.xf_index].format_key)
    return known.format_str if known is not None else ""


def prepare() -> None:
    """Load what the library loads late: codecs of old files."""
    for codec in (
        "utf_16_le",
        "latin_1",
        "mac_roman",
        *(f"cp{page}" for page in (437, 850, 1250, 1251, 1252, 1253, 1254)),
    ):
        "".encode(codec)
    xlrd.xldate_as_datetime(45_000.0, 0)
    dt.datetime.fromisoformat("2026-01-31T00:00:00")
