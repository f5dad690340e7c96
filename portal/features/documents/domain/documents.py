"""What documents are: kinds, states, events, and how lists of them are asked for."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, NamedTuple
from uuid import UUID

import msgspec

from portal.kernel import pictures
from portal.kernel.events import Event
from portal.kernel.kinds import Kind
from portal.kernel.language import N_
from portal.kernel.machine import machine


class Issuer(enum.StrEnum):
    """Who made the paper: a self-billed sale is issued by the counterparty."""

    US = "us"
    COUNTERPARTY = "counterparty"


class Origin(enum.StrEnum):
    """By which way a document came in."""

    ENTERED = "entered"
    UBL = "ubl"
    PDF = "pdf"
    CONNECTOR = "connector"
    PEPPOL = "peppol"


class DocumentState(enum.StrEnum):
    """Received documents start at final."""

    DRAFT = "draft"
    FINAL = "final"
    CREDITED = "credited"


DOCUMENT = machine(
    frozenset({DocumentState.DRAFT, DocumentState.FINAL}),
    {DocumentState.DRAFT: {DocumentState.FINAL}, DocumentState.FINAL: {DocumentState.CREDITED}},
)


@dataclass(frozen=True, slots=True)
class Lock:
    """Why a document can't change: the item that left, in which bundle of its dossier, and how far that export is."""

    item_id: UUID
    bundle: int
    reason: str


class PaymentState(enum.StrEnum):
    """What is known of its payment; may change while the document is locked."""

    OPEN = "open"
    PAID = "paid"


UNLOCKED_COLUMNS = frozenset(
    {"tags", "note", "payment_state", "drawing_due_at", "drawing_rounds", "findings", "judged"}
)
"""What may still change on a locked document; the trigger in the database has the same list (a test compares them)."""
PDF_COLUMNS = frozenset({"pdf_sha256", "pdf_name", "pdf_size", "pdf_origin"})
"""What may be filled in once on a locked document, by a PDF that we drew: where there is none, or for an embedded one that cannot be opened.

The trigger has this list too."""


class DocumentArrived(Event, frozen=True, kw_only=True):
    """A company has a new final document."""

    name: ClassVar[str] = "documents.arrived"
    company_id: UUID
    document_id: UUID


class DocumentChanged(Event, frozen=True, kw_only=True):
    """Accounting data of a document changed: its version went up."""

    name: ClassVar[str] = "documents.changed"
    company_id: UUID
    document_id: UUID
    version: int


class DocumentUnlocked(Event, frozen=True, kw_only=True):
    """The accountant lifted the lock of a document, in one dossier."""

    name: ClassVar[str] = "documents.unlocked"
    company_id: UUID
    document_id: UUID
    firm_id: UUID
    dossier_id: UUID
    item_ids: list[UUID]
    bundle: int
    reason: str


AMENDABLE = frozenset({Origin.ENTERED, Origin.PDF})
"""Typed in by people: may be amended. What an issuer sent as data is corrected by the issuer's credit note alone."""


class PdfOrigin(enum.StrEnum):
    """Where the PDF for people comes from."""

    EMBEDDED = "embedded"  # in the UBL
    RECEIVED = "received"  # handed in beside it, or the original itself
    DERIVED = "derived"  # made by us from the UBL, or of the pages of a picture
    REDRAWN = "redrawn"  # the same, because the one inside the UBL cannot be opened


DRAWN = frozenset({PdfOrigin.DERIVED, PdfOrigin.REDRAWN})
"""Made by us: not part of what the issuer sent, nor of the books."""
DRAWN_PICTURES = pictures.READ - {pictures.JPEG, pictures.PNG}
"""Photos and faxes that no bookkeeping package shows: a PDF of their pages is made beside them, the original stays as it is."""
DRAWING_PAUSES = (timedelta(minutes=10), timedelta(hours=1), timedelta(hours=6))
"""After these a missing PDF is asked for again; from then on once a day."""


def drawing_pause(rounds: int) -> timedelta:
    """How long to wait before a PDF is asked for once more than `rounds` times."""
    return DRAWING_PAUSES[rounds] if rounds < len(DRAWING_PAUSES) else timedelta(days=1)


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are in the store already, in the company's namespace."""

    sha256: str
    size: int
    name: str
    media_type: str


class UblOrigin(enum.StrEnum):
    """Where the UBL of a document comes from whose original is none itself."""

    EMBEDDED = "embedded"  # cut out of the envelope or the PDF it came in, byte for byte
    DERIVED = "derived"  # made by us: written from another syntax, or completed so that what was cut out stands alone


class Unwrapped(msgspec.Struct, frozen=True, kw_only=True):
    """What an invoice came in, where the file is no UBL itself: an envelope, a PDF, another syntax.

    Attributes:
        ubl: what leaves as UBL, stored; None where the original leaves, because no UBL can be made of it.
        origin: of that UBL.
        envelope: what the transport envelope says of itself: `sender`, `receiver`, `type`, `instance`, `created`.
    """

    ubl: StoredFile | None
    origin: UblOrigin | None
    envelope: dict[str, str] = {}

    @property
    def is_derived(self) -> bool:
        """Whether the invoice is not the issuer's own UBL."""
        return self.origin is not UblOrigin.EMBEDDED


class DocumentFiles(NamedTuple):
    """The files of a document as its row has them, and its VAT lines: what a bundle is made of."""

    ubl_sha256: str | None
    original_sha256: str
    original_name: str
    original_type: str
    original_size: int
    pdf_sha256: str | None
    pdf_name: str | None
    pdf_size: int | None
    pdf_origin: str | None
    tax_subtotals: list[Any]
    ubl_size: int | None
    ubl_origin: str | None


class DocumentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of documents shows. Empty sets filter nothing.

    `dossier_id` shows what belongs to that dossier (a firm's view), with its items; without it a member sees the furthest of all items. `states` are
    item states or approvals, as shown on chips; without any, what is put aside or erased is left out. `received_by` limits to one person's own uploads.
    `since` and `until` are the first and the last date of the documents.
    """

    dossier_id: UUID | None = None
    kinds: frozenset[Kind] = frozenset()
    states: frozenset[str] = frozenset()
    search: str = ""
    since: date | None = None
    until: date | None = None
    received_by: UUID | None = None
    sort: str = "date"
    descending: bool = True
    cursor: str | None = None


LIST_STATES: Mapping[str, str] = {
    "waiting": N_("waiting for approval"),
    "disputed": N_("disputed"),
    "not_ours": N_("not ours"),
    "held": N_("held back"),
    "approved": N_("approved"),
    "ready": N_("ready to export"),
    "reserved": N_("being exported"),
    "bundled": N_("in a bundle"),
    "delivered": N_("delivered"),
    "superseded": N_("counts in another dossier"),
    "aside": N_("put aside"),
    "erased": N_("erased"),
}
"""Filters by what a list says of a document; the words are those of the chips of its rows."""

MEMBER_STATES: Mapping[str, str] = {**LIST_STATES, "ready": N_("ready for your accountant")}
"""The same in the words of the company itself, which exports nothing."""
