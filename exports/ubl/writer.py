"""A :class:`~exports.model.Document` to the bytes of a Peppol BIS Billing 3.0 invoice or credit note."""

import binascii
from collections.abc import Iterator
from contextlib import closing
from itertools import chain
from typing import BinaryIO

from msgspec.structs import replace

from exports.model import Attachment, Document, Party, PaymentMeans
from exports.ubl import codes
from exports.ubl.elements import (
    allowance_charge,
    amount,
    day,
    delivery,
    inside,
    party,
    payment_means,
    payment_terms,
    period,
    schemed,
    tax_subtotal,
    text,
)
from exports.ubl.escape import Unwritable, attribute, clean, escaped, numbers
from exports.ubl.lines import lines
from exports.ubl.values import NO_ORDER, named

#: Read at a time from an attachment: a multiple of three, so that the pieces of base64 fit together.
_PIECE = 3 * 64 * 1024

_ROOT = (
    '<?xml version="1.0" encoding="UTF-8"?>\n'
    '<{0} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{0}-2"'
    ' xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"'
    ' xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">'
)
_ROOTS = {"invoice": _ROOT.format("Invoice"), "credit_note": _ROOT.format("CreditNote")}


def write(document: Document) -> bytes:
    """The document as a Peppol BIS Billing 3.0 file, or a self-billing one when its type code says so.

    Well-formed, in the order of the schema and without empty elements whatever the values are; whether they
    follow the rules of business is :func:`exports.ubl.check`'s to say. Belgian codes go into
    ``TaxCategory/cbc:Name``.

    Raises:
        Unwritable: ``not_a_number`` or ``too_large`` for an amount that is none or has more than 18 digits, ``missing``
            without number, currency, issue date or the currency of VAT in the tax currency, ``unknown_kind`` for what
            is neither invoice nor credit note.
        OSError: From an attachment's ``source``.
    """
    document = _checked(document)
    if document.attachments or document.software or document.project_reference:
        return b"".join(_pieces(document))
    return f"{_ROOTS[document.kind]}{_header(document)}{_body(document)}".encode()


def write_to(document: Document, out: BinaryIO) -> None:
    """Write an invoice into a file; attachments go through in pieces, from memory or from their ``source``.

    Raises:
        Unwritable: See :func:`write`.
        OSError: From an attachment's source or from ``out``.
    """
    out.writelines(_pieces(_checked(document)))


def _checked(document: Document) -> Document:
    """The document cleaned, when it has what no file can be without."""
    if document.kind not in _ROOTS:
        raise Unwritable("unknown_kind", params={"kind": str(document.kind)})
    document = clean(document)
    missing = None
    if not document.number:
        missing = "cbc:ID"
    elif not document.currency:
        missing = "cbc:DocumentCurrencyCode"
    elif document.issue_date is None:  # pyright: ignore[reportUnnecessaryComparison] - callers without types
        missing = "cbc:IssueDate"
    elif document.tax_total_in_tax_currency is not None and not document.tax_currency:
        missing = "cbc:TaxCurrencyCode"
    if missing:
        raise Unwritable("missing", params={"element": missing})
    currency = attribute(document.currency)
    return document if currency == document.currency else replace(document, currency=currency)


def _pieces(document: Document) -> Iterator[bytes]:
    body = _body(document)  # first, so that bad values are known before anything is written
    yield f"{_ROOTS[document.kind]}{_header(document)}".encode()
    yield from _documents(document)
    yield body.encode()


def _header(document: Document) -> str:
    """Everything above the additional documents, of a cleaned document."""
    credit_note = document.kind == "credit_note"
    self_billing = document.is_self_billing
    customization = codes.SELF_BILLING if self_billing else codes.BILLING
    profile = codes.SELF_BILLING_PROFILE if self_billing else codes.BILLING_PROFILE
    note = text("Note", document.note)
    tax_point = day("TaxPointDate", document.tax_point_date)
    type_code = document.type_code
    kind = (
        f"{tax_point}<cbc:CreditNoteTypeCode>{type_code}</cbc:CreditNoteTypeCode>{note}"
        if credit_note
        else f"{day('DueDate', document.due_date)}<cbc:InvoiceTypeCode>{type_code}</cbc:InvoiceTypeCode>{note}{tax_point}"
    )
    return (
        f"<cbc:CustomizationID>{customization}</cbc:CustomizationID><cbc:ProfileID>{profile}</cbc:ProfileID>"
        f"<cbc:ID>{document.number}</cbc:ID><cbc:IssueDate>{document.issue_date.isoformat()}</cbc:IssueDate>{kind}"
        f"<cbc:DocumentCurrencyCode>{document.currency}</cbc:DocumentCurrencyCode>"
        + text("TaxCurrencyCode", document.tax_currency)
        + text("AccountingCost", document.accounting_cost)
        + text("BuyerReference", document.buyer_reference)
        + period(document.period_start, document.period_end, document.tax_point_code)
        + _references(document)
    )


def _references(document: Document) -> str:
    """Order, preceding invoices, deliveries, tender and contract."""
    if not (
        document.order_reference
        or document.sales_order_reference
        or document.billing_references
        or document.despatch_reference
        or document.receipt_reference
        or document.originator_reference
    ):
        return inside("ContractDocumentReference", text("ID", document.contract_reference))
    order = text("ID", document.order_reference)
    if document.sales_order_reference:
        order = (order or f"<cbc:ID>{NO_ORDER}</cbc:ID>") + text(
            "SalesOrderID", document.sales_order_reference
        )
    preceding = ""
    for one in document.billing_references:
        number_ = text("ID", escaped(one.number))
        reference = number_ + day("IssueDate", one.issue_date) if number_ else ""
        preceding += inside("BillingReference", inside("InvoiceDocumentReference", reference))
    originator = "" if document.kind == "credit_note" else _originator(document)
    return (
        inside("OrderReference", order)
        + preceding
        + inside("DespatchDocumentReference", text("ID", document.despatch_reference))
        + inside("ReceiptDocumentReference", text("ID", document.receipt_reference))
        + originator
        + inside("ContractDocumentReference", text("ID", document.contract_reference))
    )


def _originator(document: Document) -> str:
    """The tender; in credit notes it stands behind the additional documents."""
    return inside("OriginatorDocumentReference", text("ID", document.originator_reference))


def _documents(document: Document) -> Iterator[bytes]:
    """The additional documents of a cleaned document, embedded ones piece by piece."""
    if document.software:
        yield (
            "<cac:AdditionalDocumentReference><cbc:ID>UBL.BE</cbc:ID>"
            f"{text('DocumentDescription', document.software)}</cac:AdditionalDocumentReference>"
        ).encode()
    if document.kind == "credit_note" and document.project_reference:
        # UBL 2.1 has no ProjectReference in credit notes; Peppol puts it here with type 50.
        project = text("ID", document.project_reference) + "<cbc:DocumentTypeCode>50</cbc:DocumentTypeCode>"
        yield inside("AdditionalDocumentReference", project).encode()
    for one in document.attachments:
        yield from _attachment(clean(one))


def _attachment(of: Attachment) -> Iterator[bytes]:
    head = (
        "<cac:AdditionalDocumentReference>"
        + (schemed("ID", of.id, of.scheme) or "<cbc:ID>NA</cbc:ID>")
        + text("DocumentTypeCode", of.document_type_code)
        + text("DocumentDescription", of.description)
    )
    external = inside("ExternalReference", text("URI", of.external_uri))
    pieces = _content(of)
    first = next(pieces, b"")
    if first:
        filename, mime_code = named(of.id, of.filename, of.mime_code, bytes(first[:4]), written=True)
        yield (
            f'{head}<cac:Attachment><cbc:EmbeddedDocumentBinaryObject mimeCode="{attribute(mime_code)}"'
            f' filename="{attribute(filename)}">'
        ).encode()
        yield from _base64(first, pieces)
        yield f"</cbc:EmbeddedDocumentBinaryObject>{external}</cac:Attachment></cac:AdditionalDocumentReference>".encode()
    else:
        yield f"{head}{inside('Attachment', external)}</cac:AdditionalDocumentReference>".encode()


def _content(of: Attachment) -> Iterator[bytes | memoryview]:
    """What is embedded, in pieces; nothing when it is empty."""
    if embedded := of.decoded():
        content = memoryview(embedded)
        for start in range(0, len(content), _PIECE):
            yield content[start : start + _PIECE]
    elif of.source:
        with closing(of.source()) as stream:
            while piece := stream.read(_PIECE):
                yield piece


def _base64(first: bytes | memoryview, pieces: Iterator[bytes | memoryview]) -> Iterator[bytes]:
    rest = b""
    for piece in chain((first,), pieces):
        whole = b"".join((rest, piece)) if rest else piece  # a stream may give less than asked
        rest = bytes(whole[len(whole) - len(whole) % 3 :])
        yield binascii.b2a_base64(whole[: len(whole) - len(rest)], newline=False)
    yield binascii.b2a_base64(rest, newline=False)


def _body(document: Document) -> str:
    """Everything below the additional documents, of a cleaned document."""
    credit_note = document.kind == "credit_note"
    between = payee = representative = delivered = allowances = ""
    if credit_note:
        between = _originator(document)
    elif document.project_reference:
        between = inside("ProjectReference", text("ID", document.project_reference))
    if document.payee:
        payee = inside("PayeeParty", party(document.payee, trader=False))
    if document.tax_representative:
        representative = inside("TaxRepresentativeParty", party(document.tax_representative, trader=False))
    if document.delivery:
        delivered = delivery(document.delivery)
    if document.allowances_charges:
        allowances = "".join(
            [allowance_charge(one, document.currency) for one in document.allowances_charges]
        )
    return (
        f"{between}"
        f"<cac:AccountingSupplierParty>{_party(document.supplier)}</cac:AccountingSupplierParty>"
        f"<cac:AccountingCustomerParty>{_party(document.customer)}</cac:AccountingCustomerParty>"
        f"{payee}{representative}{delivered}{_payment(document)}{allowances}{_sums(document)}"
        f"{lines(document.lines, credit_note=credit_note, currency=document.currency)}"
        f"{'</CreditNote>' if credit_note else '</Invoice>'}"
    )


def _party(of: Party) -> str:
    """A seller or buyer. The element around it stands in any case: the schema wants it."""
    return inside("Party", party(of, trader=True))


def _payment(document: Document) -> str:
    means = document.payment_means
    due = None
    if document.kind == "credit_note" and document.due_date and not any(one.due_date for one in means):
        due = document.due_date
        # "Not defined": the due date of a credit note has no other place.
        means = means or (PaymentMeans(code="1"),)
    written = ""
    for one in means:
        written += payment_means(one, due)
        due = None
    return written + payment_terms(document.payment_terms, document.settlement_discounts, document.currency)


def _sums(document: Document) -> str:
    """VAT and totals. Sums of nothing are left out; those of allowances that come to nothing are not."""
    currency = document.currency
    allowances = document.allowances_charges
    allowed = charged = prepaid = rounding = foreign = ""
    if document.allowance_total or (allowances and any(not one.is_charge for one in allowances)):
        allowed = amount("AllowanceTotalAmount", document.allowance_total, currency)
    if document.charge_total or (allowances and any(one.is_charge for one in allowances)):
        charged = amount("ChargeTotalAmount", document.charge_total, currency)
    if document.prepaid:
        prepaid = amount("PrepaidAmount", document.prepaid, currency)
    if document.rounding:
        rounding = amount("PayableRoundingAmount", document.rounding, currency)
    if document.tax_total_in_tax_currency is not None:
        total = amount(
            "TaxAmount", document.tax_total_in_tax_currency, attribute(document.tax_currency or "")
        )
        foreign = inside("TaxTotal", total)
    subtotals = "".join([tax_subtotal(one, currency) for one in document.tax_subtotals])
    of = f' currencyID="{currency}">'
    tax, net, exclusive, inclusive, payable = numbers(
        (
            document.tax_total,
            document.line_extension,
            document.tax_exclusive,
            document.tax_inclusive,
            document.payable,
        )
    )
    return (
        f"<cac:TaxTotal><cbc:TaxAmount{of}{tax}</cbc:TaxAmount>{subtotals}</cac:TaxTotal>"
        f"{foreign}<cac:LegalMonetaryTotal>"
        f"<cbc:LineExtensionAmount{of}{net}</cbc:LineExtensionAmount>"
        f"<cbc:TaxExclusiveAmount{of}{exclusive}</cbc:TaxExclusiveAmount>"
        f"<cbc:TaxInclusiveAmount{of}{inclusive}</cbc:TaxInclusiveAmount>"
        f"{allowed}{charged}{prepaid}{rounding}"
        f"<cbc:PayableAmount{of}{payable}</cbc:PayableAmount></cac:LegalMonetaryTotal>"
    )
