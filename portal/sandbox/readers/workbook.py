"""Spreadsheets: Excel workbooks through python-calamine, after a look at the ZIP they are; CSV by ourselves.

calamine lays a sheet out as a full grid from its first to its last cell, so one cell at XFD1048576 asks for
hundreds of gigabytes and ends the process. The look before finds such cells, and whatever else would unpack
to more than a list of dossiers can need, and says so in words; the limits of the child are there for what
it does not find.
"""

import csv
import datetime as dt
import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook, PasswordError, SheetTypeEnum, SheetVisibleEnum

from portal.sandbox.contract import MIB, Sheet, Unreadable, Workbook
from portal.sandbox.wire import cell

_TEXT = frozenset({str})
MAX_PARTS = 2000
MAX_UNPACKED = 100 * MIB
MAX_SHEETS = 50
PIECE = 256 * 1024
LONGEST_TAG = 64 * 1024

_OLE = bytes.fromhex("d0cf11e0a1b11ae1")
# A cell with something in it: not closed at once. Its place is two letters-and-digits groups.
_CELL = re.compile(rb'<(?:\w{1,20}:)?c\s[^<>]*?\br="([A-Z]{1,9})([0-9]{1,20})"(?:[^<>]*[^<>/])?>')


def prepare() -> None:
    """Read one small file of each kind, so that everything is loaded."""
    list(csv.reader(["a;b"], delimiter=";", strict=True))
    dt.datetime.fromisoformat("2026-01-31T00:00:00")
    cell(1.5)


def read(
    data: bytes, *, encoding: str | None = None, delimiter: str | None = None, max_rows: int, max_columns: int
) -> Workbook:
    """All sheets, or the one table of a CSV file."""
    if not data.strip():
        raise Unreadable("empty")
    if data.startswith(_OLE):
        raise Unreadable("workbook.old")
    if data.startswith(b"PK"):
        _look(data, max_rows, max_columns)
        return _xlsx(data, max_rows, max_columns)
    if data.startswith((b"%PDF", b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"\x1f\x8b", b"7z\xbc\xaf", b"Rar!")):
        raise Unreadable("workbook.unknown")
    if data.lstrip()[:1] == b"<":
        raise Unreadable("workbook.other")
    return _csv(data, encoding, delimiter, max_rows, max_columns)


def _look(data: bytes, max_rows: int, max_columns: int) -> None:
    """Unpack every part once, counting and forgetting, before anything keeps it in memory."""
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
        entries = archive.infolist()
        if len(entries) > MAX_PARTS:
            raise Unreadable("workbook.parts", found=len(entries), limit=MAX_PARTS)
        if any(entry.flag_bits & 0x41 for entry in entries):
            raise Unreadable("workbook.old")
        if sum(entry.file_size for entry in entries) > MAX_UNPACKED:
            raise Unreadable("workbook.size", limit=MAX_UNPACKED // MIB)
        try:
            with archive.open("[Content_Types].xml") as part:
                kinds = part.read(MIB)
        except KeyError:
            raise Unreadable("workbook.other") from None
        if b"spreadsheetml" not in kinds or b"sheet.binary" in kinds:
            raise Unreadable("workbook.other")
        total = 0
        oversized = oversized_references(max_rows, max_columns)
        for entry in entries:
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
            _check_extent(last_row, last_column, max_rows, max_columns)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError, ValueError) as error:
        raise Unreadable("damaged") from error


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
    columns = {letters for letters, _ in places}
    return max(map(int, {digits for _, digits in places})), max(map(_column_number, columns))


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def column_name(number: int) -> str:
    """A column as Excel names it: 1 is A."""
    name = ""
    while number > 0:
        number, rest = divmod(number - 1, 26)
        name = chr(65 + rest) + name
    return name


def _check_extent(rows: int, columns: int, max_rows: int, max_columns: int) -> None:
    if columns > max_columns:
        raise Unreadable("workbook.columns", found=column_name(columns), limit=max_columns)
    if rows > max_rows:
        raise Unreadable("workbook.rows", found=rows, limit=max_rows)


def _xlsx(data: bytes, max_rows: int, max_columns: int) -> Workbook:
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        metadata = [one for one in book.sheets_metadata if one.typ == SheetTypeEnum.WorkSheet]
        if len(metadata) > MAX_SHEETS:
            raise Unreadable("workbook.sheets", found=len(metadata), limit=MAX_SHEETS)
        sheets: list[Sheet] = []
        for one in metadata:
            content = book.get_sheet_by_name(one.name)
            # cells without a place of their own are counted here only
            end = content.end
            if end is not None:
                _check_extent(end[0] + 1, end[1] + 1, max_rows, max_columns)
            rows = [
                row if _TEXT.issuperset(map(type, row)) else [_value(value) for value in row]
                for row in content.to_python(skip_empty_area=False)
            ]
            while rows and not any(value != "" for value in rows[-1]):
                rows.pop()
            sheets.append(Sheet(one.name, one.visible != SheetVisibleEnum.Visible, rows))
    except PasswordError as error:
        raise Unreadable("workbook.old") from error
    except (CalamineError, OSError, ValueError) as error:
        raise Unreadable("damaged") from error
    return Workbook("xlsx", sheets)


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return value
    if isinstance(value, dt.datetime) and value.time() == dt.time():
        value = value.date()
    return cell(value)


def _csv(
    data: bytes, encoding: str | None, delimiter: str | None, max_rows: int, max_columns: int
) -> Workbook:
    text = data.decode(encoding, "replace") if encoding else _decode(data)
    lines = io.StringIO(text, newline="")
    first = lines.readline()
    declared = _declared_delimiter(first)
    if declared is None:
        lines.seek(0)
    delimiter = delimiter or declared or _likely_delimiter(first)
    csv.field_size_limit(MIB)
    rows: list[list[Any]] = []
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for row in reader:
            rows.append(row)
            if len(rows) > max_rows:
                raise Unreadable("workbook.rows", found=len(rows) + _count(reader), limit=max_rows)
            if len(row) > max_columns:
                raise Unreadable("workbook.columns", found=column_name(len(row)), limit=max_columns)
    except csv.Error as error:
        raise Unreadable("csv.quotes", line=reader.line_num) from error
    while rows and not any(rows[-1]):
        rows.pop()
    width = max(map(len, rows), default=0)
    for row in rows:
        row.extend([""] * (width - len(row)))
    return Workbook(
        "csv", [Sheet("CSV", hidden=False, rows=rows)], delimiter=delimiter, delimiters=[*";,\t|"]
    )


def _count(rows: Iterator[Any]) -> int:
    return sum(1 for _ in rows)


def _decode(data: bytes) -> str:
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # Excel's “Unicode text”
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise Unreadable("damaged") from error
    if b"\0" in data:
        raise Unreadable("csv.binary")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")  # five bytes have no letter in it


def _declared_delimiter(first: str) -> str | None:
    """Excel understands a first line ``sep=;``."""
    match = re.fullmatch(r"sep=([;,\t|])", first.strip("\r\n"), re.IGNORECASE)
    return match[1] if match else None


def _likely_delimiter(first: str) -> str:
    """The one that occurs most in the heading outside of quotation marks; Belgian Excel writes ``;``."""
    bare = re.sub(r'"[^"]*"', "", first)
    return max(";,\t", key=bare.count)
