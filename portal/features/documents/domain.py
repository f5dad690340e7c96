"""Documents: invoices, credit notes and other pieces of a company."""

import enum
import unicodedata
from collections.abc import Collection, Mapping
from datetime import date
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

import msgspec

from exports import numbers
from exports.model import Document as Invoice
from exports.model import Party
from portal.kernel.events import Event
from portal.kernel.language import N_
from portal.kernel.machine import machine
from portal.kernel.money import cents


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


KIND_NAMES = {
    Kind.SALES_INVOICE: N_("sales invoice"),
    Kind.SALES_CREDIT_NOTE: N_("sales credit note"),
    Kind.PURCHASE_INVOICE: N_("purchase invoice"),
    Kind.PURCHASE_CREDIT_NOTE: N_("purchase credit note"),
    Kind.EXPENSE_RECEIPT: N_("expense receipt"),
    Kind.OTHER: N_("other document"),
}
AMENDABLE = frozenset({Origin.ENTERED, Origin.PDF})
"""Typed in by people: may be amended. What an issuer sent as data is corrected by the issuer's credit note alone."""
CREDIT_TYPES = frozenset({"381", "261", "396", "532"})
"""UNCL1001 codes that credit, also where a sender puts them into an Invoice."""


class PdfOrigin(enum.StrEnum):
    """Where the PDF for people comes from."""

    EMBEDDED = "embedded"  # in the UBL
    RECEIVED = "received"  # handed in beside it, or the original itself
    DERIVED = "derived"  # made by us from the UBL


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """Bytes that are in the store already, in the company's namespace."""

    sha256: str
    size: int
    name: str
    media_type: str


class Direction(enum.StrEnum):
    """Who of the two parties of an invoice the company is."""

    SUPPLIER = "supplier"
    CUSTOMER = "customer"
    BOTH = "both"
    NEITHER = "neither"


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Everything by which a company is known on invoices.

    `numbers` are normalised (country, number) pairs, `texts` identifiers without a known form (a GLN, a foreign register's),
    compared without spaces and punctuation.
    """

    numbers: frozenset[tuple[str, str]]
    texts: frozenset[str]
    country: str = "BE"


def _compact(text: str) -> str:
    return "".join(character for character in text.upper() if character.isalnum())


def identity(country: str, number: str | None, vat_id: str | None, others: Collection[str]) -> Identity:
    """The identity of a company from its stored identifiers."""
    pairs: set[tuple[str, str]] = set()
    texts: set[str] = set()
    if number:
        pairs.add((country, number))
        if country != "BE":
            texts.add(_compact(number))
    for text in (vat_id, *others):
        if not text:
            continue
        pair = numbers.company_number(text, country=country)
        if pair is not None:
            pairs.add(pair)
        else:
            texts.add(_compact(text))
    return Identity(numbers=frozenset(pairs), texts=frozenset(texts), country=country)


def is_us(party: Party, us: Identity) -> bool:
    """Whether any identifier of the party is one of the company's."""
    if us.numbers.intersection(party.company_numbers):
        return True
    given = (
        party.endpoint_id,
        party.legal_id,
        party.vat_id,
        party.tax_registration_id,
        *(value for _scheme, value in party.identifiers),
    )
    return any(_compact(text) in us.texts for text in given if text)


def direction_of(invoice: Invoice, us: Identity) -> Direction:
    """Which party the company is. Both or neither is a question for a person, never guessed from a name."""
    supplier, customer = is_us(invoice.supplier, us), is_us(invoice.customer, us)
    if supplier and customer:
        return Direction.BOTH
    if supplier:
        return Direction.SUPPLIER
    return Direction.CUSTOMER if customer else Direction.NEITHER


def kind_of(invoice: Invoice, *, supplier_is_us: bool) -> tuple[Kind, Issuer]:
    """What an invoice is for the company, and who made the paper.

    Self-billing (389, 261) turns the issuer round: with us as supplier it is a received sale.
    """
    credit = invoice.kind == "credit_note" or invoice.type_code in CREDIT_TYPES
    if supplier_is_us:
        kind = Kind.SALES_CREDIT_NOTE if credit else Kind.SALES_INVOICE
    else:
        kind = Kind.PURCHASE_CREDIT_NOTE if credit else Kind.PURCHASE_INVOICE
    ours = supplier_is_us != invoice.is_self_billing
    return kind, Issuer.US if ours else Issuer.COUNTERPARTY


def supplier_key(party: Party) -> str:
    """What tells suppliers apart: the surest company number, else any identifier, else the name; empty without all of them."""
    for country, number in party.company_numbers:
        return f"{country}:{number}"
    for text in (party.vat_id, party.legal_id, party.endpoint_id, party.tax_registration_id):
        if text and _compact(text):
            return f"id:{_compact(text)}"
    name = _compact(unicodedata.normalize("NFKC", party.display_name))
    return f"name:{name}" if name else ""


def duplicate_key(supplier: str, number: str, issued: date, type_code: str) -> str | None:
    """Supplier, number, date and type: the same four are the same document. None when supplier or number is missing."""
    shown = _compact(number) or number.strip()
    if not supplier or not shown:
        return None
    return f"{supplier}|{shown}|{issued.isoformat()}|{type_code}"


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One VAT rate of an entered document: percent, what it is taken from, and the VAT itself, as printed."""

    percent: Decimal
    taxable: Decimal
    tax: Decimal


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a person reads off a paper. Amounts are positive for invoices and credit notes alike, as printed."""

    kind: Kind
    number: str
    issue_date: date
    counterparty_name: str
    rates: tuple[Rate, ...]
    due_date: date | None = None
    currency: str = "EUR"
    counterparty_number: str | None = None
    counterparty_country: str = "BE"
    structured_communication: str | None = None

    @property
    def type_code(self) -> str:
        """UNCL1001: 381 for credit notes, else 380."""
        return "381" if self.kind in (Kind.SALES_CREDIT_NOTE, Kind.PURCHASE_CREDIT_NOTE) else "380"

    def columns(self, us: str) -> dict[str, object]:
        """The accounting columns of a document; `us` is the company as a supplier (`supplier_key`)."""
        net = cents(sum((rate.taxable for rate in self.rates), Decimal(0)))
        tax = cents(sum((rate.tax for rate in self.rates), Decimal(0)))
        them = (
            f"{self.counterparty_country}:{self.counterparty_number}"
            if self.counterparty_number
            else supplier_key(Party(name=self.counterparty_name))
        )
        supplier = us if self.kind in SALES else them
        return {
            "kind": self.kind,
            "number": self.number,
            "issue_date": self.issue_date,
            "due_date": self.due_date,
            "currency": self.currency,
            "net": net,
            "tax": tax,
            "gross": net + tax,
            "payable": net + tax,
            "tax_subtotals": [
                {
                    "category": "S" if rate.percent else "Z",
                    "percent": str(rate.percent),
                    "taxable": str(rate.taxable),
                    "tax": str(rate.tax),
                }
                for rate in self.rates
            ],
            "counterparty_name": self.counterparty_name,
            "counterparty_number": self.counterparty_number,
            "counterparty_country": self.counterparty_country if self.counterparty_number else None,
            "structured_communication": self.structured_communication,
            "duplicate_key": duplicate_key(supplier, self.number, self.issue_date, self.type_code),
        }


def invoice_columns(invoice: Invoice, *, supplier_is_us: bool) -> dict[str, object]:
    """The accounting columns of a document from its UBL: signs, VAT and totals are the issuer's, nothing is recomputed."""
    kind, issuer = kind_of(invoice, supplier_is_us=supplier_is_us)
    other = invoice.customer if supplier_is_us else invoice.supplier
    known = other.company_numbers
    country, number = known[0] if known else (other.country, other.vat_id or other.legal_id)
    return {
        "kind": kind,
        "issuer": issuer,
        "number": invoice.number,
        "issue_date": invoice.issue_date,
        "due_date": invoice.due_date,
        "currency": invoice.currency,
        "net": cents(invoice.tax_exclusive),
        "tax": cents(invoice.tax_total),
        "gross": cents(invoice.tax_inclusive),
        "payable": cents(invoice.payable),
        "tax_subtotals": [
            {
                "category": one.category or "",
                "percent": None if one.percent is None else str(one.percent),
                "taxable": str(one.taxable_amount),
                "tax": str(one.tax_amount),
            }
            for one in invoice.tax_subtotals
        ],
        "counterparty_name": other.display_name,
        "counterparty_number": number,
        "counterparty_country": country,
        "structured_communication": invoice.structured_communication,
        "references": [one.number for one in invoice.billing_references],
        "duplicate_key": duplicate_key(
            supplier_key(invoice.supplier), invoice.number, invoice.issue_date, invoice.type_code
        ),
    }


class DocumentQuery(msgspec.Struct, frozen=True, kw_only=True):
    """What a list of documents shows. Empty sets filter nothing.

    `dossier_id` joins the items of that dossier (a firm's view); without it a member sees the furthest of all items. `states` are
    item states or approvals, as shown on chips. `received_by` limits to one person's own uploads.
    """

    dossier_id: UUID | None = None
    kinds: frozenset[Kind] = frozenset()
    states: frozenset[str] = frozenset()
    search: str = ""
    received_by: UUID | None = None
    sort: str = "date"
    descending: bool = True
    cursor: str | None = None


LIST_STATES: Mapping[str, str] = {
    "waiting": N_("waiting for approval"),
    "held": N_("held back"),
    "ready": N_("ready to export"),
    "reserved": N_("being exported"),
    "bundled": N_("in a bundle"),
    "delivered": N_("delivered"),
}
"""Filters by the state of the item."""
