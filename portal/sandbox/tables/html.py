"""Tables of a web page called .xls: what many bookkeeping programs export as "Excel"."""

import re
from typing import Any

from lxml import etree, html  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from portal.sandbox.contract import Sheet, Unreadable, Workbook
from portal.sandbox.tables.places import MAX_SHEETS, check_extent, marks_of, trim

MAX_SPAN = 100
_TABLE = re.compile(rb"<table\b", re.IGNORECASE)


def is_html(data: bytes) -> bool:
    """Whether it is a web page with a table, and no XML of another kind."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return (
        head.startswith(
            (b"<html", b"<!doctype html", b"<table", b"<head", b"<meta", b"<body", b"<div", b"<!--")
        )
    ) and (_TABLE.search(data) is not None)


def read(data: bytes, max_rows: int, max_columns: int) -> Workbook:
    """The tables of a page that hold something, tables around others left out.

    Raises:
        Unreadable: there is none, or one reaches too far.
    """
    try:
        parser = html.HTMLParser(no_network=True, encoding=_encoding(data))
        root = html.document_fromstring(data, parser=parser)
    except (etree.ParserError, etree.XMLSyntaxError, ValueError, LookupError) as error:
        raise Unreadable("workbook.other") from error
    sheets: list[Sheet] = []
    for table in root.iter("table"):
        if next(table.iterdescendants("table"), None) is not None or len(sheets) >= MAX_SHEETS:
            continue
        rows = _rows(table, max_rows, max_columns)
        trim(rows)
        if rows:
            sheets.append(Sheet(f"HTML {len(sheets) + 1}", hidden=False, rows=rows, marks=marks_of(rows)))
    if not sheets:
        raise Unreadable("workbook.other")
    return Workbook("html", sheets)


def _encoding(data: bytes) -> str | None:
    """UTF-8 where the page says nothing and is; else what it says."""
    if re.search(rb"charset\s*=", data[:4096], re.IGNORECASE):
        return None
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf-8"


def _rows(table: Any, max_rows: int, max_columns: int) -> list[list[Any]]:
    rows: list[list[Any]] = []
    for one in table.iter("tr"):
        row: list[Any] = []
        for cell in one.iterchildren("td", "th"):
            row.append(" ".join(cell.text_content().split()))
            span = cell.get("colspan", "1")
            row.extend([""] * (min(int(span) if span.isdecimal() and len(span) < 6 else 1, MAX_SPAN) - 1))
            check_extent(len(rows) + 1, len(row), max_rows, max_columns)
        rows.append(row)
        check_extent(len(rows), 0, max_rows, max_columns)
    return rows


def prepare() -> None:
    """Load what the library loads at its first page."""
    html.document_fromstring(b"<table><tr><td>a</td></tr></table>")
