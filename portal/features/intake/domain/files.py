"""A handed-in file that is not yet a document: what it is, where it is, how it is written down."""

import enum
import re
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, UnsetType

from portal.features.intake.domain.reasons import Reason
from portal.kernel.language import N_
from portal.kernel.machine import machine
from portal.kernel.texts import line


class IntakeState(enum.StrEnum):
    """Where a handed-in file is."""

    RECEIVED = "received"  # stored, not looked at yet
    TO_PROCESS = "to_process"  # waits in quick entry for a person
    PROCESSED = "processed"
    SPLIT = "split"  # an archive, or a file cut in several
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
    PNG = "image/png"
    JPEG = "image/jpeg"
    WEBP = "image/webp"
    XML = "application/xml"
    CODA = "text/x-coda"
    ZIP = "application/zip"
    OFFICE = "application/x-office"
    UNKNOWN = "application/octet-stream"


PICTURES = frozenset({FileKind.PNG, FileKind.JPEG, FileKind.WEBP})
HEAD = 4096
"""So many first bytes tell what a file is."""
_CODA = re.compile(rb"(?:\xef\xbb\xbf)?0.{4}\d{6}.{3}05", re.DOTALL)
_OFFICE_PARTS = (b"[Content_Types].xml", b"mimetype", b"_rels/", b"docProps/", b"xl/", b"word/", b"ppt/")


def sniff(head: bytes) -> FileKind:
    """The kind of a file from its first `HEAD` bytes."""
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        length = int.from_bytes(head[26:28], "little")
        return FileKind.OFFICE if head[30 : 30 + length].startswith(_OFFICE_PARTS) else FileKind.ZIP
    if b"%PDF-" in head[:1024]:
        return FileKind.PDF
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return FileKind.PNG
    if head.startswith(b"\xff\xd8\xff"):
        return FileKind.JPEG
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return FileKind.WEBP
    if _CODA.match(head):
        return FileKind.CODA
    text = head.removeprefix(b"\xef\xbb\xbf").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    if text.lstrip(b" \t\r\n\x00").startswith(b"<"):
        return FileKind.XML
    return FileKind.UNKNOWN


def clean_name(name: str) -> str:
    """A file's name for people: without folders, hidden signs and more than 200 characters."""
    bare = name.replace("\\", "/").rpartition("/")[2] or name
    return line(bare)[:200] or "file"


def stem(name: str) -> str:
    """What a UBL and the PDF beside it have in common: the name without folder and ending, in lower case."""
    bare = name.replace("\\", "/").rpartition("/")[2]
    return (bare.rpartition(".")[0] or bare).casefold()


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
    """A file as it came: stored bytes, or with the reason why it is not taken. `size` is in bytes; `id` where it has one already."""

    id: UUID | None = None
    name: str
    media_type: FileKind = FileKind.UNKNOWN
    size: int = 0
    sha256: str = ""
    refusal: Reason | None = None


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
