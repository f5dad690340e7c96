"""Excel workbooks (.xlsx, .xlsm) through python-calamine, after a look at the ZIP they are.

calamine lays a sheet out as a full grid from its first to its last cell, so one cell at XFD1048576 asks for
hundreds of gigabytes and ends the process. The look before finds such cells, and whatever else would unpack
to more than a list of dossiers can need, and says so in words; the limits of the child are there for what
it does not find.

calamine says neither what is hidden nor how a number is shown nor what a formula failed with: a sheet in whose XML
something of that stands is walked once more (`_more`).
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from portal.sandbox.contract import MIB, Mark, Sheet, Unreadable, Workbook
from portal.sandbox.tables.formats import pads, shown
from portal.sandbox.tables.places import (
    MAX_MARKS,
    MAX_SHEETS,
    check_extent,
    column_name,
    column_number,
    marks_of,
    plain,
    trim,
)

MAX_PARTS = 2000
MAX_UNPACKED = 100 * MIB
PIECE = 256 * 1024
LONGEST_TAG = 64 * 1024
_TEXT = frozenset({str})
# A cell with something in it: not closed at once. Its place is two letters-and-digits groups.
_CELL = re.compile(rb'<(?:\w{1,20}:)?c\s[^<>]*?\br="([A-Z]{1,9})([0-9]{1,20})"(?:[^<>]*[^<>/])?>')
_PLACE = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError)
"""What Python raises for a damaged ZIP."""


def look(archive: zipfile.ZipFile, max_rows: int, max_columns: int) -> None:
    """Unpack every part once, counting and forgetting, before anything keeps it in memory.

    Raises:
        Unreadable: it unpacks to too much, reaches too far, or holds what no workbook holds.
    """
    total = 0
    oversized = oversized_references(max_rows, max_columns)
    for entry in archive.infolist():
        sheet = "/worksheets/" in entry.filename.replace("\\", "/").lower()
        last_row, last_column, tail = 0, 0, b""
        with archive.open(entry) as part:
            while piece := part.read(PIECE):
                total += len(piece)
                if total > MAX_UNPACKED:
                    raise Unreadable("workbook.size", limit=MAX_UNPACKED // MIB)
                text = tail + piece
                if b"<!DOCTYPE" in text:
                    raise Unreadable("workbook.doctype")
                cut = text.rfind(b"<")
                tail = text[cut:] if cut >= 0 and len(text) - cut < LONGEST_TAG else b""
                whole = text[: len(text) - len(tail)]
                if sheet and oversized.search(whole):
                    rows, columns = _extent(whole)
                    last_row, last_column = max(last_row, rows), max(last_column, columns)
        check_extent(last_row, last_column, max_rows, max_columns)


def oversized_references(max_rows: int, max_columns: int) -> re.Pattern[bytes]:
    """Finds what may be a cell reference beyond the limits: only a text in which it finds one is looked at cell by cell."""
    rows = _exceeding(str(max_rows), "0", "9")
    columns = _exceeding(column_name(max_columns), "A", "Z")
    return re.compile(f'r="(?:(?:{columns})[0-9]|[A-Z]+(?:{rows}))'.encode())


def _exceeding(limit: str, least: str, most: str) -> str:
    """A pattern of all texts from least to most, letter by letter, that are longer than a limit, or as long and greater; others too."""
    sign = f"[{least}-{most}]"
    ways = [sign + f"{{{len(limit) + 1},}}"]
    for place, letter in enumerate(limit):
        if letter < most:
            ways.append(f"{limit[:place]}[{chr(ord(letter) + 1)}-{most}]{sign}{{{len(limit) - place - 1}}}")
    return "|".join(ways)


def _extent(xml: bytes) -> tuple[int, int]:
    """The last row and column that hold something, counted from 1; 0 for none."""
    places = _CELL.findall(xml)
    if not places:
        return 0, 0
    columns = {letters.decode("ascii") for letters, _ in places}
    return max(map(int, {digits for _, digits in places})), max(map(column_number, columns))


def read(data: bytes, max_rows: int, max_columns: int) -> Workbook:
    """All sheets of a workbook that was looked at.

    Raises:
        Unreadable: it has a password, too many sheets, reaches too far or is damaged.
    """
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        metadata = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        if len(metadata) > MAX_SHEETS:
            raise Unreadable("workbook.sheets", found=len(metadata), limit=MAX_SHEETS)
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = _Parts(archive)
            sheets: list[Sheet] = []
            for one in metadata:
                content = book.get_sheet_by_name(one.name)
                # cells without a place of their own are counted here only
                end = content.end
                if end is not None:
                    check_extent(end[0] + 1, end[1] + 1, max_rows, max_columns)
                raw = content.to_python(skip_empty_area=False)
                marks = marks_of(raw)
                rows = [
                    row if _TEXT.issuperset(map(type, row)) else [plain(value) for value in row]
                    for row in raw
                ]
                more = parts.more(one.name)
                _fill(rows, more, max_rows, max_columns)
                trim(rows)
                sheets.append(_sheet(one.name, one.visible != SheetVisibleEnum.Visible, rows, marks, more))
    except PasswordError as error:
        raise Unreadable("workbook.password") from error
    except (CalamineError, etree.XMLSyntaxError, *BROKEN) as error:
        raise Unreadable("damaged") from error
    return Workbook("xlsx", sheets)


@dataclass
class _More:
    """What calamine does not say of a sheet, places from 0."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    """First and last of a span."""
    shown: dict[tuple[int, int], str] = field(default_factory=dict)
    errors: dict[tuple[int, int], str] = field(default_factory=dict)
    lost: dict[tuple[int, int], str] = field(default_factory=dict)


def _fill(rows: list[list[Any]], more: _More, max_rows: int, max_columns: int) -> None:
    """Write into the rows what their cells show."""
    for (row, column), text in (*more.shown.items(), *more.errors.items()):
        check_extent(row + 1, column + 1, max_rows, max_columns)
        while len(rows) <= row:
            rows.append([])
        rows[row].extend([""] * (column + 1 - len(rows[row])))
        rows[row][column] = text


def _sheet(name: str, hidden: bool, rows: list[list[Any]], marks: list[Mark], more: _More) -> Sheet:
    width = max(map(len, rows), default=0)
    told = [mark for mark in marks if (mark.row, mark.column) not in more.errors]
    told += [Mark(row, column, "error", text) for (row, column), text in more.errors.items()]
    told += [
        Mark(row, column, "lost", text)
        for (row, column), text in more.lost.items()
        if row < len(rows) and column < width
    ]
    told.sort(key=lambda mark: (mark.row, mark.column))
    columns = {column for first, last in more.hidden_columns for column in range(first, min(last + 1, width))}
    return Sheet(
        name,
        hidden,
        rows,
        sorted(row for row in more.hidden_rows if row < len(rows)),
        sorted(columns),
        told[:MAX_MARKS],
    )


class _Parts:
    """The parts of a workbook that say more of its sheets."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.names = {name.replace("\\", "/").lstrip("/").lower(): name for name in archive.namelist()}
        self.styles = self._styles()
        self.sheets = self._sheets()

    def _root(self, name: str) -> Any:
        found = self.names.get(name.lower())
        if found is None:
            return None
        return etree.fromstring(self.archive.read(found), parser=_parser())

    def _sheets(self) -> dict[str, str]:
        """The part of each sheet by its name."""
        book, relations = self._root("xl/workbook.xml"), self._root("xl/_rels/workbook.xml.rels")
        if book is None or relations is None:
            return {}
        targets = {one.get("Id"): one.get("Target", "") for one in relations.iter("{*}Relationship")}
        parts: dict[str, str] = {}
        for one in book.iter("{*}sheet"):
            relation = next((value for key, value in one.attrib.items() if key.endswith("}id")), None)
            target = targets.get(relation, "").replace("\\", "/")
            if target:
                parts[one.get("name", "")] = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        return parts

    def _styles(self) -> dict[str, str]:
        """The format of each style whose numbers are shown with more signs than they have."""
        root = self._root("xl/styles.xml")
        if root is None:
            return {}
        codes = {one.get("numFmtId"): one.get("formatCode", "") for one in root.iter("{*}numFmt")}
        found: dict[str, str] = {}
        for cells in root.iter("{*}cellXfs"):
            for at, style in enumerate(cells.iterchildren("{*}xf")):
                code = codes.get(style.get("numFmtId"), "")
                if code and pads(code):
                    found[str(at)] = code
        return found

    def more(self, sheet: str) -> _More:
        """What stands in the XML of a sheet beside its values."""
        part = self.names.get(self.sheets.get(sheet, "").lower())
        more = _More()
        if part is None or not self._says_more(part):
            return more
        with self.archive.open(part) as xml:
            for cell in _cells(xml, more):
                self._cell(cell, more)
        return more

    def _says_more(self, part: str) -> bool:
        """Whether it is worth walking: most lists hide nothing, compute nothing and have no such format."""
        tail = b""
        if self.styles:
            return True
        with self.archive.open(part) as xml:
            while piece := xml.read(PIECE):
                text = tail + piece
                if any(word in text for word in (b"hidden", b't="e"', b"t='e'", b"<f", b":f>", b":f ")):
                    return True
                tail = piece[-16:]
        return False

    def _cell(self, cell: tuple[int, int, Any], more: _More) -> None:
        row, column, one = cell
        kind = one.get("t", "n")
        value = next((child.text or "" for child in one.iterchildren("{*}v")), "")
        if kind == "e":
            more.errors[row, column] = value[:40] or "#N/A"
        elif not value:
            formula = next(one.iterchildren("{*}f"), None)
            if formula is not None and kind != "inlineStr":
                more.lost[row, column] = f"={(formula.text or '')[:80]}"
        elif kind == "n" and (code := self.styles.get(one.get("s", ""))):
            try:
                text = shown(float(value), code)
            except (ValueError, OverflowError):
                return
            if text is not None:
                more.shown[row, column] = text


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _cells(xml: Any, more: _More) -> Iterator[tuple[int, int, Any]]:
    """Every cell with its place; rows and columns that are hidden are noted on the way."""
    row, column = -1, -1
    tags = ("{*}row", "{*}c", "{*}col")
    events = etree.iterparse(
        xml, events=("start", "end"), tag=tags, resolve_entities=False, no_network=True, load_dtd=False
    )
    for event, one in events:
        name = etree.QName(one).localname
        if event == "start" and name == "row":
            given = one.get("r", "")
            row, column = int(given) - 1 if given.isdecimal() else row + 1, -1
            if _yes(one.get("hidden")) or _yes(one.get("zeroHeight")) or one.get("ht") == "0":
                more.hidden_rows.add(row)
        elif event == "end" and name == "col":
            if _yes(one.get("hidden")) or one.get("width") == "0":
                more.hidden_columns.append((int(one.get("min", "1")) - 1, int(one.get("max", "1")) - 1))
        elif event == "end" and name == "c":
            place = _PLACE.fullmatch(one.get("r", ""))
            column = column_number(place[1]) - 1 if place else column + 1
            yield row, column, one
            one.clear()
        elif event == "end" and name == "row":
            one.clear()
            while one.getprevious() is not None:
                del one.getparent()[0]


def _yes(value: str | None) -> bool:
    return value in {"1", "true"}
