"""What goes into the sandbox and what comes out: limits, errors with reason codes, results."""

import datetime as dt
from typing import Any

import msgspec

from portal.kernel.errors import Invalid, Unavailable
from portal.kernel.language import N_

MIB = 1024 * 1024

Cell = str | int | float | bool | dt.date | dt.datetime | dt.time | None
"""A cell of a sheet. Whole numbers are `int`, empty cells ``""``, a date without a time `datetime.date`."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What one reading may use at most."""

    memory: int = 512 * MIB
    """Bytes of address space beyond what an idle reader has."""
    cpu: int = 20
    """Seconds of computing."""
    wall: float = 30.0
    """Seconds on the clock, counted from the start of the reading."""
    output: int = 64 * MIB
    """Bytes of the encoded result."""
    threads: bool = False
    """Whether the reader may start threads, as the decoder of HEIC must; never processes."""


class Sheet(msgspec.Struct):
    """One sheet of a workbook; every row has as many cells as the widest."""

    name: str
    hidden: bool
    rows: list[list[Any]]
    """Rows of `Cell`, from the first row of the sheet on: the index plus one is the number Excel shows."""


class Workbook(msgspec.Struct):
    """What was read from a spreadsheet or a CSV file."""

    kind: str
    """``xlsx`` or ``csv``."""
    sheets: list[Sheet]


class PdfPage(msgspec.Struct):
    """A page of a PDF as an image."""

    count: int
    """Pages of the whole PDF."""
    width: int
    height: int
    """Size of the image in pixels; both 0 when no page was asked for."""
    png: bytes


class Picture(msgspec.Struct):
    """An image decoded and written anew, without metadata."""

    format: str
    """``png`` or ``jpeg``, of ``data``."""
    width: int
    height: int
    data: bytes
    source: str
    """Format of what was given: ``png``, ``jpeg``, ``webp`` or ``ico``."""


class Photo(msgspec.Struct):
    """A page of a paper that came as a picture: upright, on white, in the colours of a screen."""

    count: int
    """Pages of the whole: more than one in a TIFF alone."""
    format: str
    """``jpeg``, ``png`` or ``pdf``, of ``data``."""
    width: int
    height: int
    """Size in pixels of the page (of the first one, in a PDF)."""
    data: bytes


class ZipMember(msgspec.Struct):
    """A file in a ZIP: ``data`` or ``refused`` is set; the name is for people, never a path to write to."""

    name: str
    data: bytes | None = None
    refused: str | None = None
    """Reason code, one of `REASONS` that start with ``zip.``."""
    params: dict[str, Any] = {}

    def reason(self) -> "Unreadable":
        """Why it was refused, as an error with its text."""
        return Unreadable(self.refused or "damaged", **self.params)


REASONS: dict[str, str] = {
    "damaged": N_("The file is damaged and cannot be read."),
    "empty": N_("The file is empty."),
    "workbook.unknown": N_("This is neither an Excel workbook (.xlsx) nor a CSV file."),
    "workbook.old": N_(
        "This is an old Excel file (.xls), or one with a password. Save it in Excel as .xlsx without a "
        "password."
    ),
    "workbook.other": N_("This is not an Excel workbook. Save it as .xlsx or as CSV."),
    "workbook.doctype": N_("The workbook contains a document type definition, which Excel never writes."),
    "workbook.parts": N_("The workbook has %(found)s parts; at most %(limit)s are read."),
    "workbook.size": N_("The workbook unpacks to more than %(limit)s MB."),
    "workbook.rows": N_(
        "The workbook has cells down to row %(found)s; at most %(limit)s rows are read. Save the list "
        "alone as a new file."
    ),
    "workbook.columns": N_(
        "The workbook has cells in column %(found)s; at most %(limit)s columns are read. Save the list "
        "alone as a new file."
    ),
    "workbook.sheets": N_("The workbook has %(found)s sheets; at most %(limit)s are read."),
    "csv.binary": N_("This is not a text file: it contains the character NUL."),
    "csv.quotes": N_(
        "Line %(line)s: a quotation mark is opened and never closed, or text follows a closed one."
    ),
    "pdf.unknown": N_("This is not a PDF."),
    "pdf.password": N_("The PDF is protected with a password. Save it without one."),
    "pdf.pages": N_("The PDF has %(found)s pages; at most %(limit)s are read."),
    "pdf.page": N_("The PDF has no page %(page)s; it has %(count)s."),
    "image.unknown": N_("This is not an image that can be used. Take a PNG, JPEG, WebP or ICO file."),
    "image.size": N_("The image is %(width)s by %(height)s pixels; at most %(limit)s on each side are read."),
    "image.frames": N_("The image is animated. Take one that stands still."),
    "photo.empty": N_("The file is empty."),
    "photo.unknown": N_("This picture cannot be read. Hand in a JPEG or PNG."),
    "photo.pixels": N_(
        "The picture has %(width)s by %(height)s pixels, %(found)s million; at most %(limit)s million are read. Save it smaller, or scan it with fewer dots per inch (300 are plenty)."
    ),
    "photo.part": N_("Only a part of this picture (%(kind)s) arrived: its end is missing. Send it again."),
    "photo.damaged": N_("This picture (%(kind)s) cannot be opened. Take or scan it again."),
    "photo.heic": N_(
        "This is a photo in Apple's format HEIC, and this one cannot be opened here. Save it as JPEG: on the iPhone under Settings, Camera, Formats, choose “Most Compatible”; or open it and export it as JPEG."
    ),
    "photo.avif": N_(
        "This is a picture in the format AVIF, and this one cannot be opened here. Open it and save it as JPEG."
    ),
    "photo.tiff": N_("This is a TIFF, saved in a way that is not read here. Save it as PDF, or scan to PDF."),
    "photo.raw": N_(
        "This is a raw photo of a camera: what its sensor saw, not yet a picture. Open it in the program of the camera and save it as JPEG."
    ),
    "photo.pages": N_("The TIFF has %(found)s pages; at most %(limit)s are read. Split it."),
    "photo.page": N_("The picture has no page %(page)s; it has %(count)s."),
    "zip.unknown": N_("This is not a ZIP file."),
    "zip.members": N_("The ZIP holds %(found)s files; at most %(limit)s are taken at once."),
    "zip.total": N_("The ZIP unpacks to more than %(limit)s MB."),
    "zip.name": N_("The name of this file in the ZIP is not one a file can have."),
    "zip.path": N_("The name of this file in the ZIP leads outside of the ZIP."),
    "zip.link": N_("This is a link, not a file."),
    "zip.encrypted": N_("This file is protected with a password. Make the ZIP without one."),
    "zip.method": N_(
        "This file is packed in a way that is not supported. Make the ZIP with Windows or macOS itself."
    ),
    "zip.large": N_("This file is larger than %(limit)s MB."),
    "zip.ratio": N_("This file is packed suspiciously small for its size."),
    "zip.nested": N_("This is a ZIP inside the ZIP. Add its files by themselves."),
    "zip.duplicate": N_("The ZIP holds two files of this name."),
    "zip.damaged": N_("This file in the ZIP is damaged."),
}
"""Reason code → message in English. Callers may test the code; people read the message."""


class Unreadable(Invalid):
    """The file is not what it should be, damaged, or breaks a limit; ``code`` is one of `REASONS`."""

    def __init__(self, reason: str, /, **params: Any) -> None:
        """Make the error for a reason code; ``params`` fill the places of its message."""
        super().__init__(REASONS.get(reason, REASONS["damaged"]), code=reason, **params)


class TooComplex(Invalid):
    """Reading took more memory, time or output than allowed; ``cause`` in ``params`` says which."""

    code = "too_complex"
    message = N_(
        "This file is too large or too complicated to be read safely. Split it, or save it in a simpler form."
    )

    def __init__(self, cause: str) -> None:
        """``cause`` is ``memory``, ``cpu``, ``time`` or ``output``."""
        super().__init__(cause=cause)


class SandboxUnavailable(Unavailable):
    """The process that starts readers is gone and could not be started again."""

    code = "sandbox_unavailable"
