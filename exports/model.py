"""Values shared by everything in this library: invoices and credit notes in the terms of EN 16931.

Every struct is frozen and holds plain values. Field names follow the semantic model of EN 16931-1; its term
numbers (BT and BG) stand beside them. Amounts are :class:`~decimal.Decimal` in the document's currency, with
the sign and the decimals that were given. Nothing is recomputed when a document is read: the VAT and the
totals are the issuer's. Sequences are tuples, absent texts are ``None``, absent sums of the totals are zero.
"""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import BinaryIO, Literal

from msgspec import Struct
from msgspec.structs import force_setattr

from exports import numbers
from exports.embedded import Embedded

ZERO = Decimal(0)
SELF_BILLING_TYPES = frozenset({"389", "261", "527"})

Kind = Literal["invoice", "credit_note"]
Severity = Literal["fatal", "warning"]


class Finding(Struct, frozen=True, kw_only=True):
    """One thing a check found.

    Attributes:
        rule: Id of the broken rule as its publisher writes it (``BR-CO-10``, ``PEPPOL-EN16931-R008``).
        severity: ``fatal`` when receivers refuse the file, ``warning`` when they accept it.
        location: Where: an XPath in XML, ``record 12, position 3`` in fixed-width files, a path in a bundle.
        text: The rule's own words, in English.
        params: Values for a translated sentence (expected and found amounts, names).
    """

    rule: str
    severity: Severity
    location: str
    text: str
    params: Mapping[str, str] = {}


class Party(Struct, frozen=True, kw_only=True, gc=False):
    """Seller (BG-4), buyer (BG-7), payee (BG-10) or tax representative (BG-11)."""

    name: str | None = None  #: trading name (BT-28, BT-45), or the only name given
    legal_name: str | None = (
        None  #: registration name (BT-27, BT-44); a seller or buyer read has it if any name
    )
    legal_form: str | None = None  #: additional legal information (BT-33)
    vat_id: str | None = None  #: VAT identifier as given, with its country prefix (BT-31, BT-48)
    tax_registration_id: str | None = None  #: other tax registration (BT-32)
    legal_id: str | None = None  #: legal registration identifier as given (BT-30, BT-47)
    legal_id_scheme: str | None = None  #: ISO/IEC 6523 scheme of it; 0208 is the Belgian one
    endpoint_id: str | None = None  #: electronic address (BT-34, BT-49)
    endpoint_scheme: str | None = None  #: EAS scheme of it
    identifiers: tuple[tuple[str | None, str], ...] = ()  #: (scheme, identifier) (BT-29, BT-46, BT-60)
    postbox: str | None = None  #: not in EN 16931, but in UBL
    street: str | None = None
    additional_street: str | None = None
    address_line: str | None = None
    city: str | None = None
    postcode: str | None = None
    region: str | None = None  #: country subdivision
    country: str | None = None  #: ISO 3166-1 alpha-2
    contact_name: str | None = None
    contact_phone: str | None = None
    contact_email: str | None = None

    @property
    def display_name(self) -> str:
        """The name to show: the trading name, else the registered one, else nothing."""
        return self.name or self.legal_name or ""

    @property
    def company_numbers(self) -> tuple[tuple[str, str], ...]:
        """Normalised ``(country, number)`` candidates for matching, without doubles, the surest first.

        Belgian numbers are ten digits whose check digits are right, whether they came as ``0208`` address,
        legal or other identifier, VAT id, with dots, or as nine digits. Foreign VAT ids give their country
        and the rest.
        """
        found: dict[tuple[str, str], None] = {}
        schemed = (
            (self.endpoint_scheme, self.endpoint_id),
            (self.legal_id_scheme, self.legal_id),
            ("VAT", self.vat_id),
            *self.identifiers,
            (None, self.tax_registration_id),
        )
        for scheme, value in schemed:
            if value and (candidate := numbers.company_number(value, scheme=scheme, country=self.country)):
                found[candidate] = None
        return tuple(found)


class Delivery(Struct, frozen=True, kw_only=True, gc=False):
    """Delivery information (BG-13, BG-15)."""

    actual_date: date | None = None  #: actual delivery date (BT-72)
    location_id: str | None = None
    location_scheme: str | None = None
    party_name: str | None = None
    postbox: str | None = None  #: not in EN 16931, but in UBL
    street: str | None = None
    additional_street: str | None = None
    address_line: str | None = None
    city: str | None = None
    postcode: str | None = None
    region: str | None = None
    country: str | None = None


class DocumentReference(Struct, frozen=True, kw_only=True, gc=False):
    """A preceding invoice (BG-3)."""

    number: str
    issue_date: date | None = None


class AllowanceCharge(Struct, frozen=True, kw_only=True, gc=False):
    """Allowance or charge on the document (BG-20, BG-21) or on a line (BG-27, BG-28).

    The amount is positive in valid documents for allowances as well: ``is_charge`` says what it does.
    Tax fields are only given on document level.
    """

    is_charge: bool
    amount: Decimal
    base_amount: Decimal | None = None
    percent: Decimal | None = None  #: 2 means 2 %
    reason: str | None = None
    reason_code: str | None = None  #: UNCL5189 for allowances, UNCL7161 for charges
    tax_category: str | None = None  #: UNCL5305: S Z E AE K G O L M B
    tax_percent: Decimal | None = None
    tax_name: str | None = None  #: Belgian code of the category (UBL.BE annex 1), e.g. 03 or 46/GO

    @property
    def signed_amount(self) -> Decimal:
        """What it adds to the total."""
        return self.amount if self.is_charge else -self.amount


class Line(Struct, frozen=True, kw_only=True, gc=False):
    """Invoice line (BG-25). What nearly every line has comes first."""

    id: str
    name: str | None = None  #: item name (BT-153)
    unit_code: str | None = None  #: UN/ECE recommendation 20 or 21 (BT-130)
    net_amount: Decimal  #: line net amount as given (BT-131)
    quantity: Decimal | None = None  #: BT-129
    price: Decimal | None = None  #: net price for ``base_quantity`` units (BT-146), all decimals kept
    tax_category: str | None = None  #: UNCL5305 (BT-151)
    tax_percent: Decimal | None = None  #: BT-152
    tax_name: str | None = None  #: Belgian code of the category (UBL.BE annex 1)
    description: str | None = None
    note: str | None = None
    tax_exemption_reason: str | None = None
    tax_exemption_reason_code: str | None = None
    tax_amount: Decimal | None = (
        None  #: VAT of the line where the issuer gives it (e-FFF, UBL.BE); never summed
    )
    base_quantity: Decimal | None = None  #: BT-149; ``None`` means 1
    base_quantity_unit: str | None = None
    gross_price: Decimal | None = None  #: BT-148
    price_discount: Decimal | None = (
        None  #: BT-147, explains the net price and is already in it; a surcharge is negative
    )
    allowances_charges: tuple[AllowanceCharge, ...] = ()
    seller_item_id: str | None = None
    buyer_item_id: str | None = None
    standard_item_id: str | None = None
    standard_item_scheme: str | None = None
    origin_country: str | None = None
    classifications: tuple[tuple[str | None, str], ...] = ()  #: (list id, code) (BT-158)
    properties: tuple[tuple[str, str], ...] = ()  #: (name, value) (BG-32)
    accounting_cost: str | None = None
    order_line_reference: str | None = None
    object_id: str | None = None  #: invoiced object (BT-128)
    object_scheme: str | None = None
    period_start: date | None = None
    period_end: date | None = None


class TaxSubtotal(Struct, frozen=True, kw_only=True, gc=False):
    """VAT breakdown of one category and rate (BG-23), as given."""

    taxable_amount: Decimal
    tax_amount: Decimal
    category: str | None = None  #: UNCL5305
    percent: Decimal | None = None
    name: str | None = None  #: Belgian code of the category (UBL.BE annex 1)
    exemption_reason: str | None = None
    exemption_reason_code: str | None = None  #: VATEX


class PaymentMeans(Struct, frozen=True, kw_only=True, gc=False):
    """Payment instructions (BG-16)."""

    code: str = "1"  #: UNCL4461; 1 says nothing
    text: str | None = None
    payment_id: str | None = None  #: remittance information (BT-83)
    instruction_id: str | None = None  #: where e-FFF files keep the structured communication
    instruction_note: str | None = None  #: not in EN 16931; some keep the communication here
    due_date: date | None = None  #: PaymentDueDate, the place for it in credit notes and UBL 2.0
    account_id: str | None = None  #: IBAN or other account (BT-84)
    account_name: str | None = None
    bic: str | None = None
    card_number: str | None = None
    card_holder: str | None = None
    card_network: str | None = None
    mandate_id: str | None = None  #: direct debit (BT-89)
    debited_account_id: str | None = None


class SettlementDiscount(Struct, frozen=True, kw_only=True, gc=False):
    """Cash discount in the style of UBL.BE (PaymentTerms); Peppol has no place for it.

    :func:`exports.ubl.cash_discount` expresses one in the way Peppol accepts.
    """

    percent: Decimal | None = None
    amount: Decimal | None = None
    due_date: date | None = None


class Attachment(Struct, frozen=True, kw_only=True, gc=False):
    """Additional supporting document (BG-24), embedded, external or only named.

    ``filename`` and ``mime_code`` are never empty on what :func:`exports.ubl.read` gives with content: nameless ones
    get a name from their type. A file name that was given is somebody else's text, kept as it came: it may hold path
    separators, ``..``, names Windows reserves, or twice the same name in one document. Never save under it unchanged.
    ``source`` may stand in for ``content`` when writing: it is opened, read in pieces and closed.

    The ``content`` of what :func:`exports.ubl.read` gives is the file's base64 until its bytes are asked for, ``decoded()``. That a
    document has it, how it begins and whether it is a PDF is known without.
    """

    id: str
    filename: str | None = None
    mime_code: str | None = None
    content: bytes | Embedded | None = None
    description: str | None = None
    document_type_code: str | None = None  #: 130 for an invoiced object (BT-18)
    scheme: str | None = None
    external_uri: str | None = None
    source: Callable[[], BinaryIO] | None = None

    @property
    def is_embedded(self) -> bool:
        """Whether it has content."""
        return self.content is not None

    def decoded(self) -> bytes | None:
        """Its content; decoded once, however often it is asked for."""
        return self.content.decoded() if isinstance(self.content, Embedded) else self.content

    def first_bytes(self, size: int) -> bytes:
        """The first bytes of its content, at most so many; none when it has no content."""
        if isinstance(self.content, Embedded):
            return self.content.first_bytes(size)
        return b"" if self.content is None else self.content[:size]

    @property
    def is_pdf(self) -> bool:
        """Whether it is a PDF, by its first bytes; the declared type is not believed."""
        if not self.is_embedded:
            return self.source is not None and self.mime_code == "application/pdf"
        return b"%PDF-" in self.first_bytes(1024)


class Document(Struct, frozen=True, kw_only=True):
    """An invoice or credit note (EN 16931-1).

    The totals default to zero. On reading, ``line_extension``, ``tax_exclusive`` and ``tax_inclusive`` that
    are absent (UBL 2.0 allows it) are derived from what is there; given ones are kept, right or wrong.
    ``reading_remarks`` is about a file and not about the invoice: compare documents without it.
    """

    kind: Kind
    number: str  #: BT-1
    issue_date: date  #: BT-2
    supplier: Party
    customer: Party
    type_code: str = (
        ""  #: UNCL1001 (BT-3): 386 …, 389 and 261 for self-billing; when empty, the kind's: 380 or 381
    )
    currency: str = "EUR"  #: BT-5
    lines: tuple[Line, ...] = ()
    tax_subtotals: tuple[TaxSubtotal, ...] = ()
    tax_total: Decimal = ZERO  #: BT-110
    line_extension: Decimal = ZERO  #: sum of line net amounts (BT-106)
    allowance_total: Decimal = ZERO  #: BT-107
    charge_total: Decimal = ZERO  #: BT-108
    tax_exclusive: Decimal = ZERO  #: BT-109
    tax_inclusive: Decimal = ZERO  #: BT-112
    prepaid: Decimal = ZERO  #: BT-113
    rounding: Decimal = ZERO  #: BT-114
    payable: Decimal = ZERO  #: BT-115
    due_date: date | None = None  #: BT-9, or the first PaymentDueDate
    tax_point_date: date | None = None  #: BT-7
    tax_point_code: str | None = None  #: UNCL2005 (BT-8)
    tax_currency: str | None = None  #: BT-6
    tax_total_in_tax_currency: Decimal | None = None  #: BT-111
    customization_id: str | None = None  #: BT-24
    profile_id: str | None = None  #: BT-23
    buyer_reference: str | None = None  #: BT-10
    order_reference: str | None = None  #: BT-13
    sales_order_reference: str | None = None  #: BT-14
    despatch_reference: str | None = None  #: BT-16
    receipt_reference: str | None = None  #: BT-15
    originator_reference: str | None = None  #: tender or lot (BT-17)
    contract_reference: str | None = None  #: BT-12
    project_reference: str | None = None  #: BT-11
    accounting_cost: str | None = None  #: BT-19
    billing_references: tuple[DocumentReference, ...] = ()  #: preceding invoices (BG-3)
    note: str | None = None  #: BT-22; several notes of a file come joined by line ends, as Peppol takes one
    period_start: date | None = None  #: BT-73
    period_end: date | None = None  #: BT-74
    payee: Party | None = None
    tax_representative: Party | None = None
    delivery: Delivery | None = None
    allowances_charges: tuple[AllowanceCharge, ...] = ()
    payment_means: tuple[PaymentMeans, ...] = ()
    payment_terms: str | None = None  #: BT-20
    settlement_discounts: tuple[SettlementDiscount, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    software: str | None = None  #: who wrote it, as UBL.BE's first AdditionalDocumentReference says
    reading_remarks: tuple[Finding, ...] = ()  #: values of the file that were no values, and so are not here

    def __post_init__(self) -> None:
        if not self.type_code:
            force_setattr(self, "type_code", "381" if self.kind == "credit_note" else "380")

    @property
    def is_self_billing(self) -> bool:
        """Whether the customer issued it: by type code, or by the self-billing specification it names."""
        return (
            self.type_code in SELF_BILLING_TYPES
            or "selfbilling" in (self.customization_id or "")
            or "selfbilling" in (self.profile_id or "")
        )

    @property
    def structured_communication(self) -> str | None:
        """Twelve digits with right check digits, wherever the structured communication was put."""
        for means in self.payment_means:
            for text in (means.payment_id, means.instruction_id, means.instruction_note):
                if text and (digits := numbers.structured_communication(text)):
                    return digits
        return None

    @property
    def pdf(self) -> Attachment | None:
        """The first embedded PDF: the invoice as a person reads it."""
        return next((one for one in self.attachments if one.is_embedded and one.is_pdf), None)
