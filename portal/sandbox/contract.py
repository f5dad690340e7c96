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


class Mark(msgspec.Struct):
    """A cell that is not simply what it says."""

    row: int
    column: int
    """Both from 0, as in the rows of the sheet."""
    kind: str
    """``error`` (a formula that failed), ``date`` and ``boolean`` (what a program may have made of a code), ``cut`` (a text as long as
    a cell can be), ``lost`` (a formula without a value), ``number`` (digits that were lost)."""
    shown: str
    """The cell as people see it, or the formula."""


class Sheet(msgspec.Struct):
    """One sheet of a workbook; every row has as many cells as the widest."""

    name: str
    hidden: bool
    rows: list[list[Any]]
    """Rows of `Cell`, from the first row of the sheet on: the index plus one is the number Excel shows. A number that is shown with
    zeros in front or signs between is the text that is shown."""
    hidden_rows: list[int] = []
    """Rows that nobody sees, by hand or by a filter, from 0."""
    hidden_columns: list[int] = []
    marks: list[Mark] = []


class Workbook(msgspec.Struct):
    """What was read from a spreadsheet or a text file."""

    kind: str
    """``xlsx``, ``xls``, ``ods``, ``numbers``, ``html`` (a web page called .xls) or ``csv``."""
    sheets: list[Sheet]
    encoding: str = ""
    """Of a text file: what it was read with."""
    encodings: list[str] = []
    """What it may be read with instead, the one that was used first."""
    delimiter: str = ""
    delimiters: list[str] = []
    broken_lines: list[int] = []
    """Rows of a text file whose quotation marks are wrong, from 0; they are cut as they stand."""


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
    """A file in a ZIP or a mail: ``data`` or ``refused`` is set; the name is for people, never a path to write to."""

    name: str
    """With the folders, ZIPs and mails it lay in, ``/`` between them."""
    data: bytes | None = None
    refused: str | None = None
    """Reason code, one of `REASONS`."""
    params: dict[str, Any] = {}

    def reason(self) -> "Unreadable":
        """Why it was refused, as an error with its text."""
        return Unreadable(self.refused or "damaged", **self.params)


class MailHead(msgspec.Struct):
    """What a mail says of itself, on one line each; empty where it does not, and of a ZIP."""

    subject: str = ""
    sender: str = ""
    sent: str = ""
    """As ISO 8601."""
    skipped: int = 0
    """How many small pictures in its text and signatures of programs were left out."""


class Container(msgspec.Struct):
    """A ZIP or a mail that was opened."""

    members: list[ZipMember]
    mail: MailHead


REASONS: dict[str, str] = {
    "damaged": N_("The file is damaged and cannot be read."),
    "empty": N_("The file is empty."),
    "workbook.unknown": N_(
        "This is not a list. Take an Excel, OpenDocument or Numbers file (.xlsx, .xls, .ods, .numbers) or CSV."
    ),
    "workbook.old": N_("This old Excel file (.xls) cannot be read. Save it in Excel as .xlsx."),
    "workbook.binary": N_("This is a binary Excel file (.xlsb). Save it in Excel as .xlsx."),
    "workbook.numbers": N_("This Numbers file cannot be read. Export it in Numbers as Excel (.xlsx)."),
    "workbook.password": N_("The file is protected with a password. Save it without one."),
    "workbook.other": N_("There is no list in this file. Save the list as .xlsx or as CSV."),
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
    "pdf.unknown": N_("This is not a PDF."),
    "pdf.password": N_("The PDF is protected with a password. Save it without one."),
    "pdf.pages": N_("The PDF has %(found)s pages; at most %(limit)s are read."),
    "pdf.page": N_("The PDF has no page %(page)s; it has %(count)s."),
    "image.unknown": N_("This is not an image that can be used. Take a PNG, JPEG, WebP or ICO file."),
    "image.size": N_("The image is %(width)s by %(height)s pixels; at most %(limit)s on each side are read."),
    "image.frames": N_("The image is animated. Take one that stands still."),
    "zip.empty": N_("There is no file in the ZIP."),
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
    "zip.damaged": N_("This file in the ZIP is damaged."),
    "mail.damaged": N_("The mail cannot be read."),
    "mail.depth": N_("There are mails in mails, more than %(limit)s deep."),
    "mail.encrypted": N_("This part of the mail is encrypted."),
    "mail.large": N_("This file is larger than %(limit)s MB."),
    "mail.link": N_("The mail holds a link to this file alone."),
    "mail.nothing": N_("No file is attached to this mail."),
    "mail.object": N_("This is something that Outlook embedded, not a file."),
    "mail.part": N_("This file in the mail is damaged."),
    "mail.parts": N_("The mail has more than %(limit)s parts."),
    "mail.several": N_("This file holds several mails."),
    "mail.signed": N_("The mail is in a signed envelope."),
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
