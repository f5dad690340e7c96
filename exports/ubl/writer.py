"""A :class:`~exports.model.Document` to the bytes of a Peppol BIS Billing 3.0 invoice or credit note."""

import binascii
import io
from collections.abc import Callable, Iterator
from contextlib import closing
from decimal import Decimal
from typing import BinaryIO

from exports.model import Attachment, Document, DocumentReference, PaymentMeans
from exports.ubl import codes
from exports.ubl.elements import (
    allowance_charge,
    day,
    delivery,
    inside,
    line,
    money,
    party,
    payment_means,
    payment_terms,
    period,
    schemed,
    tax_subtotal,
    text,
)
from exports.ubl.escape import Unwritable, escaped, number

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
    follow the rules of business is :func:`exports.ubl.check`'s to say. Belgian codes go into ``TaxCategory/cbc:Name``.

    Raises:
        Unwritable: ``not_a_number`` for an amount that is none, ``missing`` without number or currency.
    """
    out = io.BytesIO()
    write_to(document, out)
    return out.getvalue()


def write_to(document: Document, out: BinaryIO) -> None:
    """The same into a file; attachments go through in pieces, from memory or from their ``source``.

    Raises:
        Unwritable: See :func:`write`.
        OSError: From an attachment's source or from ``out``.
    """
    if not escaped(document.number).strip() or not escaped(document.currency).strip():
        raise Unwritable(
            "missing",
            params={"element": "cbc:ID" if document.currency.strip() else "cbc:DocumentCurrencyCode"},
        )
    body = _body(document)  # first, so that bad values are known before anything is written
    out.write((_ROOTS[document.kind] + _header(document)).encode("utf-8"))
    out.writelines(_documents(document))
    out.write(body.encode("utf-8"))


def _header(document: Document) -> str:
    """Everything above the additional documents."""
    credit_note = document.kind == "credit_note"
    self_billing = document.is_self_billing
    note = text("Note", document.note)
    tax_point = day("TaxPointDate", document.tax_point_date)
    type_code = escaped(document.type_code)
    kind = (
        f"{tax_point}<cbc:CreditNoteTypeCode>{type_code}</cbc:CreditNoteTypeCode>{note}"
        if credit_note
        else f"{day('DueDate', document.due_date)}<cbc:InvoiceTypeCode>{type_code}</cbc:InvoiceTypeCode>{note}{tax_point}"
    )
    order = text("ID", document.order_reference) or (
        "<cbc:ID>NA</cbc:ID>" if document.sales_order_reference else ""
    )
    originator = inside("OriginatorDocumentReference", text("ID", document.originator_reference))
    contract = inside("ContractDocumentReference", text("ID", document.contract_reference))
    return (
        f"<cbc:CustomizationID>{codes.SELF_BILLING if self_billing else codes.BILLING}</cbc:CustomizationID>"
        f"<cbc:ProfileID>{codes.SELF_BILLING_PROFILE if self_billing else codes.BILLING_PROFILE}</cbc:ProfileID>"
        f"<cbc:ID>{escaped(document.number.strip())}</cbc:ID>"
        f"<cbc:IssueDate>{document.issue_date.isoformat()}</cbc:IssueDate>{kind}"
        f"<cbc:DocumentCurrencyCode>{escaped(document.currency)}</cbc:DocumentCurrencyCode>"
        + text("TaxCurrencyCode", document.tax_currency)
        + text("AccountingCost", document.accounting_cost)
        + text("BuyerReference", document.buyer_reference)
        + period(document.period_start, document.period_end, document.tax_point_code)
        + inside("OrderReference", order + text("SalesOrderID", document.sales_order_reference))
        + "".join(map(_billing_reference, document.billing_references))
        + inside("DespatchDocumentReference", text("ID", document.despatch_reference))
        + inside("ReceiptDocumentReference", text("ID", document.receipt_reference))
        + (contract if credit_note else originator + contract)
    )


def _billing_reference(of: DocumentReference) -> str:
    number_ = text("ID", of.number)
    if not number_:
        return ""
    return inside(
        "BillingReference", inside("InvoiceDocumentReference", number_ + day("IssueDate", of.issue_date))
    )


def _documents(document: Document) -> Iterator[bytes]:
    """The additional documents, embedded ones piece by piece."""
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
        yield from _attachment(one)


def _attachment(of: Attachment) -> Iterator[bytes]:
    head = (
        "<cac:AdditionalDocumentReference>"
        + (schemed("ID", of.id, of.scheme) or "<cbc:ID>NA</cbc:ID>")
        + text("DocumentTypeCode", of.document_type_code)
        + text("DocumentDescription", of.description)
    )
    external = inside("ExternalReference", text("URI", of.external_uri))
    if of.content or of.source:
        name = f' filename="{escaped(of.filename)}"' if of.filename else ""
        mime = f' mimeCode="{escaped(of.mime_code)}"' if of.mime_code else ""
        yield f"{head}<cac:Attachment><cbc:EmbeddedDocumentBinaryObject{mime}{name}>".encode()
        yield from _base64(of)
        yield f"</cbc:EmbeddedDocumentBinaryObject>{external}</cac:Attachment></cac:AdditionalDocumentReference>".encode()
    else:
        yield f"{head}{inside('Attachment', external)}</cac:AdditionalDocumentReference>".encode()


def _base64(of: Attachment) -> Iterator[bytes]:
    if of.content:
        content = memoryview(of.content)
        for start in range(0, len(content), _PIECE):
            yield binascii.b2a_base64(content[start : start + _PIECE], newline=False)
    elif of.source:
        with closing(of.source()) as stream:
            rest = b""
            while piece := stream.read(_PIECE):
                piece = rest + piece  # a stream may give less than asked
                whole = len(piece) - len(piece) % 3
                rest = piece[whole:]
                yield binascii.b2a_base64(piece[:whole], newline=False)
            yield binascii.b2a_base64(rest, newline=False)


def _body(document: Document) -> str:
    """Everything below the additional documents."""
    credit_note = document.kind == "credit_note"
    currency = escaped(document.currency)
    amount = money(currency)
    means = document.payment_means
    due = document.due_date if credit_note and not any(one.due_date for one in means) else None
    if due and not means:
        means = (PaymentMeans(code="1"),)  # "not defined": the due date of a credit note has no other place
    project = "" if credit_note else inside("ProjectReference", text("ID", document.project_reference))
    originator = inside("OriginatorDocumentReference", text("ID", document.originator_reference))
    allowances = document.allowances_charges
    return (
        (originator if credit_note else project)
        + _role("AccountingSupplierParty", party(document.supplier, trader=True))
        + _role("AccountingCustomerParty", party(document.customer, trader=True))
        + (inside("PayeeParty", party(document.payee, trader=False)) if document.payee else "")
        + (
            inside("TaxRepresentativeParty", party(document.tax_representative, trader=False))
            if document.tax_representative
            else ""
        )
        + (delivery(document.delivery) if document.delivery else "")
        + "".join(payment_means(one, due if index == 0 else None) for index, one in enumerate(means))
        + payment_terms(document.payment_terms, document.settlement_discounts, currency)
        + "".join(allowance_charge(one, currency) for one in allowances)
        + f'<cac:TaxTotal><cbc:TaxAmount currencyID="{currency}">{number(document.tax_total)}</cbc:TaxAmount>'
        + "".join(tax_subtotal(one, currency) for one in document.tax_subtotals)
        + "</cac:TaxTotal>"
        + _total_in_tax_currency(document)
        + "<cac:LegalMonetaryTotal>"
        + amount("LineExtensionAmount", document.line_extension)
        + amount("TaxExclusiveAmount", document.tax_exclusive)
        + amount("TaxInclusiveAmount", document.tax_inclusive)
        + _sum(
            amount,
            "AllowanceTotalAmount",
            document.allowance_total,
            any(not one.is_charge for one in allowances),
        )
        + _sum(amount, "ChargeTotalAmount", document.charge_total, any(one.is_charge for one in allowances))
        + _sum(amount, "PrepaidAmount", document.prepaid)
        + _sum(amount, "PayableRoundingAmount", document.rounding)
        + amount("PayableAmount", document.payable)
        + "</cac:LegalMonetaryTotal>"
        + "".join(
            line(one, position, credit_note=credit_note, currency=currency)
            for position, one in enumerate(document.lines, 1)
        )
        + ("</CreditNote>" if credit_note else "</Invoice>")
    )


def _role(name: str, content: str) -> str:
    """A seller or buyer. The schema wants the element even when nothing is known about who it is."""
    return f"<cac:{name}>{inside('Party', content)}</cac:{name}>"


def _sum(amount: Callable[[str, Decimal | None], str], name: str, value: Decimal, asked: bool = False) -> str:
    """One of the totals that only stand there when they say something."""
    return amount(name, value) if value or asked else ""


def _total_in_tax_currency(document: Document) -> str:
    total = document.tax_total_in_tax_currency
    if total is None:
        return ""
    return inside("TaxTotal", money(escaped(document.tax_currency or ""))("TaxAmount", total))
