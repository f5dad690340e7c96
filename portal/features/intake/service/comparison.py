"""A UBL beside the documents of its number: by their columns, and by what their files say besides."""

from collections.abc import Sequence
from uuid import UUID

from exports.model import Document as Invoice
from portal.features.documents.domain.identity import invoice_columns
from portal.features.documents.models import Document
from portal.features.documents.service import duplicates
from portal.features.documents.service.duplicates import Met
from portal.features.intake.domain.contents import Content, InvoiceContent
from portal.features.intake.domain.hints import SameNumber
from portal.features.intake.service.contents import Refused, read_invoice
from portal.jobs.contract import Tools
from portal.storage import BrokenFile


async def compare(tools: Tools, content: Content, rivals: Sequence[Document]) -> SameNumber | None:
    """What a UBL is, or differs from, among the documents of its number. Without a session: files are fetched."""
    if not isinstance(content, InvoiceContent):
        return None
    derived = content.unwrapped is not None and content.unwrapped.is_derived
    met = await meet(tools, content.invoice, rivals, supplier_is_us=bool(content.sold), derived=derived)
    return SameNumber(document_id=met.document_id, differences=met.differences) if met else None


async def meet(
    tools: Tools,
    invoice: Invoice,
    candidates: Sequence[Document],
    *,
    supplier_is_us: bool,
    derived: bool = False,
) -> Met | None:
    """The document of its number that an invoice is, or differs from: by its columns, and by what their files say besides.

    Without a session: files are fetched. A file that is gone or cannot be read any more is compared by its columns alone.

    Args:
        derived: the invoice is not written as UBL.
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
    return duplicates.met(candidates, columns, invoices, derived=derived)
