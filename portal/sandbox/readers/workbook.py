"""Lists: what a file is by its bytes, and the reader of its kind (`portal.sandbox.tables`)."""

import datetime as dt
import io
import zipfile

from portal.sandbox.contract import MIB, Unreadable, Workbook
from portal.sandbox.tables import html, numbers, ods, text_files, xls, xlsx
from portal.sandbox.wire import cell

_NOT_A_LIST = (
    b"%PDF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
    b"\x1f\x8b",
    b"7z\xbc\xaf",
    b"Rar!",
    b"MZ",
    b"{\\rtf",
    b"BM",
)


def prepare() -> None:
    """Read one small file of each kind, so that everything is loaded."""
    text_files.prepare()
    xls.prepare()
    numbers.prepare()
    html.prepare()
    dt.datetime.fromisoformat("2026-01-31T00:00:00")
    cell(1.5)


def read(
    data: bytes, *, max_rows: int, max_columns: int, encoding: str | None = None, delimiter: str | None = None
) -> Workbook:
    """All sheets, or the one table of a text file."""
    if not data.strip():
        raise Unreadable("empty")
    if data.startswith(xls.MAGIC):
        return xls.read(data, max_rows, max_columns)
    if data.startswith(b"PK"):
        return _zipped(data, max_rows, max_columns)
    if data.startswith(_NOT_A_LIST):
        raise Unreadable("workbook.unknown")
    if html.is_html(data):
        return html.read(data, max_rows, max_columns)
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] == b"<":
        raise Unreadable("workbook.other")
    return text_files.read(data, max_rows, max_columns, encoding, delimiter)


def _zipped(data: bytes, max_rows: int, max_columns: int) -> Workbook:
    """Excel, OpenDocument or Numbers: what its parts are called tells."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > xlsx.MAX_PARTS:
                raise Unreadable("workbook.parts", found=len(entries), limit=xlsx.MAX_PARTS)
            if any(entry.flag_bits & 0x41 for entry in entries):
                raise Unreadable("workbook.password")
            if sum(entry.file_size for entry in entries) > xlsx.MAX_UNPACKED:
                raise Unreadable("workbook.size", limit=xlsx.MAX_UNPACKED // MIB)
            names = {entry.filename for entry in entries}
            if any(name.endswith((".iwa", "Index.zip", ".iwph")) for name in names):
                return numbers.read(data, max_rows, max_columns)
            kind = _head(archive, "mimetype", names)
            if b"opendocument.spreadsheet" in kind:
                return ods.read(archive, max_rows, max_columns)
            kinds = _head(archive, "[Content_Types].xml", names)
            if b"sheet.binary" in kinds:
                raise Unreadable("workbook.binary")
            if b"spreadsheetml" not in kinds:
                raise Unreadable("workbook.other")
            xlsx.look(archive, max_rows, max_columns)
    except xlsx.BROKEN as error:
        raise Unreadable("damaged") from error
    return xlsx.read(data, max_rows, max_columns)


def _head(archive: zipfile.ZipFile, name: str, names: set[str]) -> bytes:
    if name not in names:
        return b""
    with archive.open(name) as part:
        return part.read(MIB)
