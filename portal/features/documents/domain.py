"""Documents: invoices, credit notes and other pieces of a company."""

import enum
from typing import ClassVar
from uuid import UUID

from portal.kernel.events import Event
from portal.kernel.machine import machine


class Kind(enum.StrEnum):
    """What a document is, seen from the company."""

    SALES_INVOICE = "sales_invoice"
    SALES_CREDIT_NOTE = "sales_credit_note"
    PURCHASE_INVOICE = "purchase_invoice"
    PURCHASE_CREDIT_NOTE = "purchase_credit_note"
    EXPENSE_RECEIPT = "expense_receipt"
    OTHER = "other"


SALES = frozenset({Kind.SALES_INVOICE, Kind.SALES_CREDIT_NOTE})
PURCHASES = frozenset({Kind.PURCHASE_INVOICE, Kind.PURCHASE_CREDIT_NOTE, Kind.EXPENSE_RECEIPT})


class Issuer(enum.StrEnum):
    """Who made the paper: a self-billed sale is issued by the counterparty."""

    US = "us"
    COUNTERPARTY = "counterparty"


class Origin(enum.StrEnum):
    """How the document came."""

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


class PaymentState(enum.StrEnum):
    """What is known of its payment; may change while the document is locked."""

    OPEN = "open"
    PAID = "paid"


UNLOCKED_COLUMNS = frozenset({"tags", "note", "payment_state"})
"""What may still change on a locked document; the trigger in the database has the same list (a test compares them)."""


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
