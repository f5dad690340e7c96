"""What a UBL that waits in quick entry brings along for the person who decides, and the documents it meets under its number."""

from collections.abc import Sequence
from uuid import UUID

from exports.model import Document as Invoice
from exports.model import Party
from portal.features.documents import service as documents
from portal.features.documents.domain import (
    RATES,
    SEVERAL,
    PdfOrigin,
    StoredFile,
    ValueFault,
    invoice_columns,
    kind_of,
)
from portal.features.documents.service import Document, Met
from portal.features.intake.domain import InvoiceHints
from portal.features.intake.service.papers import Refused, read_invoice
from portal.jobs.contract import Tools
from portal.storage import BrokenFile

LONGEST = 500


def hints_of(
    invoice: Invoice,
    pdf: StoredFile | None,
    origin: PdfOrigin,
    *,
    sold: bool | None = None,
    faults: tuple[ValueFault, ...] = (),
    met: Met | None = None,
) -> InvoiceHints:
    """What an invoice says about itself.

    Args:
        sold: which party the company is, where that is no question.
        faults: what of it cannot be booked.
        met: what differs under its number.
    """
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
        there=met.document_id if met else None,
        differences=met.differences if met else (),
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


async def meet(
    tools: Tools, invoice: Invoice, candidates: Sequence[Document], *, supplier_is_us: bool
) -> Met | None:
    """The document of its number that an invoice is, or differs from: by its columns, and by what their files say besides.

    Without a session: files are fetched. A file that is gone or cannot be read any more is compared by its columns alone.
    """
    columns = invoice_columns(invoice, supplier_is_us=supplier_is_us)
    invoices: dict[UUID, tuple[Invoice, Invoice]] = {}
    for row in candidates:
        if row.ubl_sha256 is None:
            continue
        try:
            data = await tools.store.get(row.company_id, row.ubl_sha256)
            invoices[row.id] = (await read_invoice(data), invoice)
        except (Refused, BrokenFile):
            continue
    return documents.met(candidates, columns, invoices)
