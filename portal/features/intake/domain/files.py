"""A handed-in file that is not yet a document: what it is, where it is, how it is written down."""

import enum
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from exports import statements
from portal.features.intake.domain.reasons import Reason
from portal.kernel import pictures, signatures
from portal.kernel.language import N_
from portal.kernel.machine import machine
from portal.kernel.texts import line


class IntakeState(enum.StrEnum):
    """Where a handed-in file is."""

    RECEIVED = "received"  # stored, not looked at yet
    TO_PROCESS = "to_process"  # waits in quick entry for a person
    PROCESSED = "processed"
    SPLIT = "split"  # an archive or a mail, opened; or a file cut in several
    REJECTED = "rejected"
    MERGED = "merged"  # put together with others: it is in another file now


INTAKE = machine(
    IntakeState.RECEIVED,
    {
        IntakeState.RECEIVED: {
            IntakeState.TO_PROCESS,
            IntakeState.PROCESSED,
            IntakeState.SPLIT,
            IntakeState.REJECTED,
        },
        IntakeState.TO_PROCESS: {
            IntakeState.PROCESSED,
            IntakeState.SPLIT,
            IntakeState.REJECTED,
            IntakeState.MERGED,
        },
        IntakeState.REJECTED: {IntakeState.TO_PROCESS},
        IntakeState.SPLIT: {IntakeState.TO_PROCESS},
        IntakeState.MERGED: {IntakeState.TO_PROCESS},
    },
)


class Channel(enum.StrEnum):
    """How a file came in."""

    OFFICE = "office"  # somebody of the office, on a dossier's page
    MEMBER = "member"  # somebody of the company, on its own pages
    INBOX = "inbox"  # dropped on the office as a whole


CHANNEL_WORDS = {
    Channel.OFFICE: N_("handed in by the office"),
    Channel.MEMBER: N_("handed in by the company"),
    Channel.INBOX: N_("through the office's inbox"),
}


class FileKind(enum.StrEnum):
    """What a file is by its first bytes, as a media type; names and declared types are not believed."""

    PDF = "application/pdf"
    PNG = pictures.PNG
    JPEG = pictures.JPEG
    WEBP = pictures.WEBP
    GIF = pictures.GIF
    BMP = pictures.BMP
    TIFF = pictures.TIFF
    HEIC = pictures.HEIC
    AVIF = pictures.AVIF
    JPEG_2000 = pictures.JPEG_2000
    JPEG_XL = pictures.JPEG_XL
    RAW = pictures.RAW
    PSD = pictures.PSD
    SVG = pictures.SVG
    VIDEO = pictures.VIDEO
    XML = "application/xml"
    CODA = "text/x-coda"
    CAMT = "application/x-camt"  # also camt.052 and camt.054, which are refused by name
    MT940 = "text/x-mt940"
    ZIP = signatures.ZIP
    MAIL = signatures.MAIL
    OUTLOOK = signatures.OUTLOOK
    OFFICE = signatures.OFFICE
    WEB_PAGE = signatures.WEB_PAGE
    WORD = signatures.WORD
    EXCEL = signatures.EXCEL
    POWERPOINT = signatures.POWERPOINT
    OPEN_DOCUMENT = signatures.OPEN_DOCUMENT
    RICH_TEXT = signatures.RICH_TEXT
    IWORK = signatures.IWORK
    OFFICE_LOCKED = signatures.OFFICE_LOCKED
    MAILBOX = signatures.MAILBOX
    WINMAIL = signatures.WINMAIL
    SIGNED = signatures.SIGNED
    ENCRYPTED = signatures.ENCRYPTED
    ARCHIVE = signatures.ARCHIVE
    PROGRAM = signatures.PROGRAM
    SHORTCUT = signatures.SHORTCUT
    CALENDAR = signatures.CALENDAR
    CONTACT = signatures.CONTACT
    JSON = signatures.JSON
    TEXT = signatures.TEXT
    AUDIO = signatures.AUDIO
    POSTSCRIPT = signatures.POSTSCRIPT
    BLANK = signatures.BLANK
    CODA_UNICODE = signatures.CODA_UNICODE
    UNKNOWN = "application/octet-stream"


CONTAINERS = frozenset({FileKind.ZIP, FileKind.MAIL, FileKind.OUTLOOK})
"""Opened for the files in them."""
REFUSED: dict[str, str] = {
    FileKind.OFFICE: "office",
    FileKind.UNKNOWN: "unknown",
    FileKind.WEB_PAGE: "kind.web_page",
    FileKind.WORD: "kind.word",
    FileKind.EXCEL: "kind.excel",
    FileKind.POWERPOINT: "kind.powerpoint",
    FileKind.OPEN_DOCUMENT: "kind.open_document",
    FileKind.RICH_TEXT: "kind.rich_text",
    FileKind.IWORK: "kind.iwork",
    FileKind.OFFICE_LOCKED: "kind.office_locked",
    FileKind.MAILBOX: "kind.mailbox",
    FileKind.WINMAIL: "kind.winmail",
    FileKind.SIGNED: "kind.signed",
    FileKind.ENCRYPTED: "kind.encrypted",
    FileKind.ARCHIVE: "kind.archive",
    FileKind.PROGRAM: "kind.program",
    FileKind.SHORTCUT: "kind.shortcut",
    FileKind.CALENDAR: "kind.calendar",
    FileKind.CONTACT: "kind.contact",
    FileKind.JSON: "kind.json",
    FileKind.TEXT: "kind.text",
    FileKind.AUDIO: "kind.audio",
    FileKind.POSTSCRIPT: "kind.postscript",
    FileKind.BLANK: "kind.blank",
    FileKind.CODA_UNICODE: "kind.coda_unicode",
    FileKind.JPEG_2000: "picture.jpeg_2000",
    FileKind.JPEG_XL: "picture.jpeg_xl",
    FileKind.RAW: "photo.raw",
    FileKind.PSD: "picture.psd",
    FileKind.SVG: "picture.svg",
    FileKind.VIDEO: "picture.video",
}
"""Known for what it is, or for nothing, and never taken: why, as a code of `domain.reasons`."""
PICTURES = frozenset(FileKind(one) for one in pictures.READ)
"""Read as papers."""
STATEMENTS = frozenset({FileKind.CODA, FileKind.CAMT, FileKind.MT940})
HEAD = signatures.HEAD
"""So many first bytes tell what a file is."""


def sniff(head: bytes) -> FileKind:
    """The kind of a file from what `signatures.beginning` gives of it: its first `HEAD` bytes, of an OLE file its directory too."""
    if (picture := pictures.picture_type(head)) is not None:
        return FileKind(picture)
    if (known := signatures.binary(head)) is not None:
        return FileKind(known)
    return _by_words(head)


def _by_words(head: bytes) -> FileKind:
    """PDF, CODA and XML, which begin with words of their own, before what begins with other words or with none."""
    if signatures.pdf_begins(head) is not None:
        return FileKind.PDF
    if (statement := _statements(head)) is not None:
        return statement
    if signatures.is_coda_in_unicode(head):
        return FileKind.CODA_UNICODE
    if (known := signatures.words(head)) is not None:
        return FileKind(known)
    text = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if text.lstrip(b" \t\r\n\x00").startswith(b"<"):
        return FileKind.XML
    return FileKind(signatures.rest(head) or FileKind.UNKNOWN)


def _statements(head: bytes) -> FileKind | None:
    """The kind of a file of bank statements; None for everything else."""
    if signatures.CODA.match(head):
        return FileKind.CODA
    form = statements.form_of(head)
    if form is None:
        return None
    return FileKind.MT940 if form == "mt940" else FileKind.CAMT


def clean_name(name: str) -> str:
    """A file's name for people: without folders, hidden signs and more than 200 characters."""
    bare = name.replace("\\", "/").rpartition("/")[2] or name
    return line(bare)[:200] or "file"


def clean_folder(path: str) -> str:
    """The folders before a file's name, for people: from the outermost one on, without hidden signs and more than 200 characters."""
    folders = path.replace("\\", "/").split("/")[:-1]
    return "/".join(kept for one in folders if (kept := line(one)))[-200:]


class IntakeQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of handed-in files shows; with `dossier_id` those that belong to this dossier of a firm."""

    dossier_id: UUID | None = None

    states: frozenset[IntakeState] = frozenset({IntakeState.TO_PROCESS})
    search: str = ""
    received_by: UUID | None = None
    cursor: str | None = None


class Reception(msgspec.Struct, frozen=True, kw_only=True):
    """How files came in: into which company, through which channel, by whom, when.

    `dossier_id` is where an office handed them in; `sender` is who did, for people to read.
    """

    company_id: UUID
    upload_id: UUID
    dossier_id: UUID | None
    received_at: datetime
    received_by: UUID | None
    channel: Channel
    sender: str


class NewFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file as it came: stored bytes, or with the reason why it is not taken. `size` is in bytes; `id` where it has one already.

    `folder` is where in a ZIP or a mail it lay.
    `scanned_at` is when it was found clean before it came here.
    """

    id: UUID | None = None
    name: str
    folder: str = ""
    media_type: FileKind = FileKind.UNKNOWN
    size: int = 0
    sha256: str = ""
    refusal: Reason | None = None
    scanned_at: datetime | None = None


class FileChange(msgspec.Struct, frozen=True, kw_only=True):
    """What is written on a file; what is left out stays as it is."""

    reason: str | UnsetType | None = UNSET
    reason_params: dict[str, Any] | UnsetType = UNSET
    hints: dict[str, Any] | UnsetType = UNSET
    document_id: UUID | UnsetType | None = UNSET
    statement_ids: dict[str, Any] | UnsetType = UNSET
    handled_at: datetime | UnsetType | None = UNSET

    def columns(self) -> dict[str, Any]:
        """The columns of the row that change, with their values."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
