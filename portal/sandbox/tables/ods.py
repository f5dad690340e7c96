"""OpenDocument spreadsheets (.ods, .ots), read as their XML says: what is hidden, and the text that stands in a cell beside its number.

calamine tells neither of both, and lays out what is repeated a million times. Source: OpenDocument 1.3, part 3, chapters 9 and 19.
"""

import datetime as dt
import io
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from portal.sandbox.contract import MIB, Mark, Sheet, Unreadable, Workbook
from portal.sandbox.tables.places import MAX_MARKS, MAX_SHEETS, check_extent, is_error, mark_of, plain, trim

MAX_UNPACKED = 100 * MIB
_OFFICE = "{urn:oasis:names:tc:opendocument:xmlns:office:1.0}"
_TABLE = "{urn:oasis:names:tc:opendocument:xmlns:table:1.0}"
_TEXT = "{urn:oasis:names:tc:opendocument:xmlns:text:1.0}"
_STYLE = "{urn:oasis:names:tc:opendocument:xmlns:style:1.0}"
_CALC = "{urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0}"
_HIDDEN = frozenset({"collapse", "filter"})


def read(archive: zipfile.ZipFile, max_rows: int, max_columns: int) -> Workbook:
    """All sheets of a spreadsheet.

    Raises:
        Unreadable: it has a password, unpacks to too much, reaches too far or is damaged.
    """
    try:
        if "META-INF/manifest.xml" in archive.namelist():
            with archive.open("META-INF/manifest.xml") as part:
                if b"encryption-data" in part.read(MIB):
                    raise Unreadable("workbook.password")
        with archive.open("content.xml") as part:
            content = part.read(MAX_UNPACKED + 1)
        if len(content) > MAX_UNPACKED:
            raise Unreadable("workbook.size", limit=MAX_UNPACKED // MIB)
        if b"<!DOCTYPE" in content[: 64 * 1024]:
            raise Unreadable("workbook.doctype")
        return Workbook("ods", _sheets(content, max_rows, max_columns))
    except (
        KeyError,
        etree.XMLSyntaxError,
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        OSError,
        ValueError,
    ) as error:
        raise Unreadable("damaged") from error


def _sheets(content: bytes, max_rows: int, max_columns: int) -> list[Sheet]:
    unseen: set[str] = set()
    sheets: list[Sheet] = []
    events = etree.iterparse(
        io.BytesIO(content),
        events=("end",),
        tag=(f"{_STYLE}style", f"{_TABLE}table"),
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
    )
    for _event, one in events:
        if one.tag == f"{_STYLE}style":
            if any(child.get(f"{_TABLE}display") == "false" for child in one):
                unseen.add(one.get(f"{_STYLE}name", ""))
        elif next(one.iterancestors(f"{_TABLE}table"), None) is None:
            if len(sheets) >= MAX_SHEETS:
                raise Unreadable("workbook.sheets", found=len(sheets) + 1, limit=MAX_SHEETS)
            sheets.append(_sheet(one, one.get(f"{_TABLE}style-name", "") in unseen, max_rows, max_columns))
            one.clear()
    return sheets


def _sheet(table: Any, hidden: bool, max_rows: int, max_columns: int) -> Sheet:
    rows: list[list[Any]] = []
    marks: list[Mark] = []
    hidden_rows: list[int] = []
    empty = 0  # rows that are only there when a filled one follows
    waiting: list[int] = []
    for one in _own(table, f"{_TABLE}table-row"):
        times = _times(one, "number-rows-repeated")
        values = _row(one, max_columns)
        unseen = one.get(f"{_TABLE}visibility") in _HIDDEN or _collapsed(one)
        if not values:
            if unseen and empty + len(rows) < max_rows:
                waiting.extend(range(len(rows) + empty, min(len(rows) + empty + times, max_rows)))
            empty += times
            continue
        check_extent(len(rows) + empty + times, len(values), max_rows, max_columns)
        rows.extend([] for _ in range(empty))
        hidden_rows.extend(waiting)
        empty, waiting = 0, []
        for _ in range(times):
            at = len(rows)
            if unseen:
                hidden_rows.append(at)
            for column, value in enumerate(values):
                if (
                    value != ""
                    and len(marks) < MAX_MARKS
                    and (mark := mark_of(at, column, value)) is not None
                ):
                    marks.append(mark)
            rows.append([plain(value) for value in values])
    trim(rows)
    return Sheet(
        table.get(f"{_TABLE}name", ""), hidden, rows, hidden_rows, _hidden_columns(table, rows), marks
    )


def _own(table: Any, tag: str) -> Iterator[Any]:
    """The rows or columns of a table, those of groups and headings too, not those of a table in one of its cells."""
    for one in table.iter(tag):
        if next(one.iterancestors(f"{_TABLE}table"), None) is table:
            yield one


def _collapsed(row: Any) -> bool:
    return any(
        group.get(f"{_TABLE}display") == "false" for group in row.iterancestors(f"{_TABLE}table-row-group")
    )


def _times(one: Any, what: str) -> int:
    given = one.get(f"{_TABLE}{what}", "1")
    return max(1, int(given)) if given.isdecimal() and len(given) < 10 else 1


def _hidden_columns(table: Any, rows: list[list[Any]]) -> list[int]:
    width = len(rows[0]) if rows else 0
    found: list[int] = []
    at = 0
    for one in _own(table, f"{_TABLE}table-column"):
        times = _times(one, "number-columns-repeated")
        if one.get(f"{_TABLE}visibility") in _HIDDEN:
            found.extend(range(at, min(at + times, width)))
        at += times
    return found


def _row(row: Any, max_columns: int) -> list[Any]:
    """The values of a row up to its last filled cell."""
    values: list[Any] = []
    empty = 0
    for one in row:
        if one.tag not in {f"{_TABLE}table-cell", f"{_TABLE}covered-table-cell"}:
            continue
        times = _times(one, "number-columns-repeated")
        value = _value(one)
        if value == "":
            empty += times
            continue
        check_extent(0, len(values) + empty + times, 1, max_columns)
        values.extend([""] * empty)
        values.extend([value] * times)
        empty = 0
    return values


def _value(one: Any) -> Any:
    kind = one.get(f"{_OFFICE}value-type")
    text = "\n".join(_paragraph(child) for child in one.iterchildren(f"{_TEXT}p"))
    if one.get(f"{_CALC}value-type") == "error" or (one.get(f"{_TABLE}formula") and is_error(text.strip())):
        return text.strip() if is_error(text.strip()) else "#N/A"
    match kind:
        case "float":
            value = float(one.get(f"{_OFFICE}value", "nan"))
            return _as_shown(value, text)
        case "percentage" | "currency":
            return float(one.get(f"{_OFFICE}value", "nan"))
        case "boolean":
            return one.get(f"{_OFFICE}boolean-value") == "true"
        case "date":
            return _moment(one.get(f"{_OFFICE}date-value", ""), text)
        case "time":
            return text
        case _:
            return text


def _as_shown(value: float, text: str) -> Any:
    """A whole number as the text that stands there, where that has zeros in front or fixed signs between its digits."""
    digits = "".join(sign for sign in text if sign.isascii() and sign.isdigit())
    if value < 0 or value != int(value) or not digits or int(digits) != value:
        return value
    bare = str(int(value))
    return (
        value if text.strip() == bare or (digits == bare and _grouped(text.strip(), bare)) else text.strip()
    )


def _grouped(text: str, digits: str) -> bool:
    """Whether a number is only written in thousands."""
    return any(
        text == f"{int(digits):,}".replace(",", sign)
        for sign in (".", ",", " ", "\u00a0", "\u202f", "'", "’")
    )


def _moment(value: str, text: str) -> Any:
    try:
        return dt.datetime.fromisoformat(value)
    except ValueError:
        return text or value


def _paragraph(one: Any) -> str:
    """The text of a paragraph; repeated blanks, tabs and line breaks are elements."""
    parts = [one.text or ""]
    for child in one:
        match child.tag:
            case tag if tag == f"{_TEXT}s":
                count = child.get(f"{_TEXT}c", "1")
                parts.append(" " * min(int(count) if count.isdecimal() else 1, 1000))
            case tag if tag == f"{_TEXT}tab":
                parts.append("\t")
            case tag if tag == f"{_TEXT}line-break":
                parts.append("\n")
            case tag if isinstance(tag, str) and tag != f"{_OFFICE}annotation":
                parts.append(_paragraph(child))
            case _:  # a comment, or a note that is not in the cell
                pass
        parts.append(child.tail or "")
    return "".join(parts)
