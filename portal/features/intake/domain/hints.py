"""What a UBL that waits in quick entry says about itself, for the person who decides."""

from datetime import date
from typing import Any
from uuid import UUID

import msgspec

from exports.model import Document as Invoice
from exports.model import Party
from portal.features.documents.domain.comparison import Difference
from portal.features.documents.domain.documents import PdfOrigin, StoredFile, UblOrigin, Unwrapped
from portal.features.documents.domain.identity import invoice_columns, kind_of
from portal.features.documents.domain.judgement import ValueFault
from portal.features.documents.domain.totals import RATES, SEVERAL

LONGEST = 500


class SameNumber(msgspec.Struct, frozen=True, kw_only=True):
    """The document that is there under a UBL's number, and in what the two differ; in nothing when it is the same."""

    document_id: UUID
    differences: tuple[Difference, ...]


class InvoiceHints(msgspec.Struct, frozen=True, kw_only=True):
    """What a UBL that waits in quick entry says about itself, for the person who decides.

    Attributes:
        sold: which party the company is, where that is no question.
        values: what can be typed over of it, by field of the entry form; with the `faults` of what cannot be booked.
        there: the document of its supplier and number that is there, and its `differences`.
        itself: whether the file is the UBL that leaves; otherwise the `ubl_…` say which, if any, and `envelope` what it came in.
    """

    number: str
    issue_date: date
    credit_note: bool
    currency: str
    gross: str
    supplier: str
    supplier_number: str
    customer: str
    customer_number: str
    pdf_sha256: str | None = None
    pdf_name: str | None = None
    pdf_size: int | None = None
    pdf_origin: str | None = None
    sold: bool | None = None
    values: dict[str, str] = {}
    faults: tuple[ValueFault, ...] = ()
    there: UUID | None = None
    differences: tuple[Difference, ...] = ()
    itself: bool = True
    ubl_sha256: str | None = None
    ubl_size: int | None = None
    ubl_origin: UblOrigin | None = None
    envelope: dict[str, str] = {}

    @property
    def unwrapped(self) -> Unwrapped | None:
        """What it came in, where the file is no UBL itself."""
        if self.itself:
            return None
        ubl = None
        if self.ubl_sha256 is not None:
            ubl = StoredFile(
                sha256=self.ubl_sha256,
                size=self.ubl_size or 0,
                name="invoice.xml",
                media_type="application/xml",
            )
        return Unwrapped(ubl=ubl, origin=self.ubl_origin, envelope=self.envelope)

    @property
    def pdf(self) -> StoredFile | None:
        """The PDF for people that came inside the UBL or beside it."""
        if self.pdf_sha256 is None:
            return None
        return StoredFile(
            sha256=self.pdf_sha256,
            size=self.pdf_size or 0,
            name=self.pdf_name or "document.pdf",
            media_type="application/pdf",
        )

    @property
    def origin(self) -> PdfOrigin:
        """Where that PDF comes from."""
        return PdfOrigin(self.pdf_origin) if self.pdf_origin else PdfOrigin.EMBEDDED

    def stored(self) -> dict[str, Any]:
        """As it is kept with its file."""
        return msgspec.to_builtins(self)


def hints_of(
    invoice: Invoice,
    pdf: StoredFile | None,
    origin: PdfOrigin,
    *,
    sold: bool | None = None,
    faults: tuple[ValueFault, ...] = (),
    same_number: SameNumber | None = None,
    unwrapped: Unwrapped | None = None,
) -> InvoiceHints:
    """What an invoice says about itself.

    Args:
        sold: which party the company is, where that is no question.
        faults: what of it cannot be booked.
        same_number: what differs under its number.
        unwrapped: what it came in, where the file is no UBL itself.
    """
    ubl = unwrapped.ubl if unwrapped else None
    supplier, customer = invoice.supplier, invoice.customer
    return InvoiceHints(
        number=invoice.number[:LONGEST],
        issue_date=invoice.issue_date,
        credit_note=invoice.kind == "credit_note",
        currency=invoice.currency[:10],
        gross=f"{invoice.tax_inclusive:f}",
        supplier=supplier.display_name[:LONGEST],
        supplier_number=_number(supplier),
        customer=customer.display_name[:LONGEST],
        customer_number=_number(customer),
        pdf_sha256=pdf.sha256 if pdf else None,
        pdf_name=pdf.name if pdf else None,
        pdf_size=pdf.size if pdf else None,
        pdf_origin=origin.value if pdf else None,
        sold=sold,
        values=_values(invoice, sold, {fault.field for fault in faults}) if faults else {},
        faults=faults,
        there=same_number.document_id if same_number else None,
        differences=same_number.differences if same_number else (),
        itself=unwrapped is None,
        ubl_sha256=ubl.sha256 if ubl else None,
        ubl_size=ubl.size if ubl else None,
        ubl_origin=unwrapped.origin if unwrapped else None,
        envelope=unwrapped.envelope if unwrapped else {},
    )


def _number(party: Party) -> str:
    return " ".join(party.company_numbers[0]) if party.company_numbers else ""


def _values(invoice: Invoice, sold: bool | None, wrong: set[str]) -> dict[str, str]:
    """What of an invoice can stand in the entry form already; what cannot be booked, and what hangs on it, is left to a person."""
    columns = invoice_columns(invoice, supplier_is_us=bool(sold))
    values = {
        "number": invoice.number,
        "issue_date": invoice.issue_date.isoformat(),
        "due_date": invoice.due_date.isoformat() if invoice.due_date else "",
        "currency": invoice.currency,
        "structured_communication": invoice.structured_communication or "",
    }
    if sold is not None:
        values["kind"] = kind_of(invoice, supplier_is_us=sold)[0].value
        values["counterparty_name"] = str(columns["counterparty_name"])
        values["counterparty_number"] = str(columns["counterparty_number"] or "")
        values["counterparty_country"] = str(columns["counterparty_country"] or "BE")
    if not wrong & {"payable", "gross", "currency"} and invoice.payable == invoice.tax_inclusive:
        values["total"] = f"{invoice.payable:.2f}"
    if not wrong & {"taxable", "rate_tax", "percent", "rates", "currency"}:
        values |= _split(invoice)
    kept = {name: value for name, value in values.items() if value and name not in wrong}
    return {**kept, "currency": kept.get("currency", "")}  # an empty one is asked, where none would be EUR


def _split(invoice: Invoice) -> dict[str, str]:
    rates = [one.percent or 0 for one in invoice.tax_subtotals]
    if not rates or len(set(rates)) < len(rates) or not set(rates) <= set(RATES):
        return {}
    values = {"vat": SEVERAL}
    for one in invoice.tax_subtotals:
        percent = f"{(one.percent or RATES[-1]).normalize():f}"
        values |= {f"net_{percent}": f"{one.taxable_amount:.2f}", f"tax_{percent}": f"{one.tax_amount:.2f}"}
    return values
