"""Bytes of a Cross Industry Invoice to a :class:`~exports.model.Document`, by the terms of EN 16931 (syntax binding CEN/TS 16931-3-3)."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types
from msgspec.structs import replace

from exports.cii.doubts import doubtful
from exports.cii.lines import RATE, allowances_charges, lines
from exports.cii.nodes import Node, local
from exports.cii.parties import delivery, party
from exports.model import (
    ZERO,
    Attachment,
    Document,
    DocumentReference,
    Finding,
    Party,
    PaymentMeans,
    TaxSubtotal,
)
from exports.ubl.codes import CREDIT_NOTE_TYPES
from exports.ubl.kinds import CII, CII_NAMESPACE, ZUGFERD_1, ZUGFERD_1_NAMESPACE, named
from exports.ubl.tokens import MAX_BYTES, Unreadable, decode, parsed
from exports.ubl.values import ValueFault, attachment, content, is_vat

MAX_DEPTH = 64
MAX_ELEMENTS = 500_000
NO_RATES = "CII-NO-RATES"
_TOO_DEEP = etree.XPath("boolean(" + "/*" * (MAX_DEPTH + 1) + ")")
_ROOTS = ((CII, CII_NAMESPACE), (ZUGFERD_1, ZUGFERD_1_NAMESPACE))
_CREDITS = CREDIT_NOTE_TYPES | {"261"}
_DIRECT_DEBIT = frozenset({"49", "59"})
#: Types of referenced documents (UNCL1001) with a term of their own.
_TENDER, _OBJECT = "50", "130"


def read(data: bytes) -> Document:
    """Read a Cross Industry Invoice: any Factur-X profile, ZUGFeRD 1 and 2, XRechnung.

    The values are the issuer's, as :func:`exports.ubl.read` has them. Profiles without lines or VAT rates (MINIMUM, BASIC WL) give a
    document without them; where there is VAT and no rate it is said of, ``reading_remarks`` has :data:`NO_RATES`.

    Args:
        data: The file, at most :data:`~exports.ubl.tokens.MAX_BYTES`.

    Raises:
        Unreadable: When it is none, or lacks what no invoice is without; reasons as for UBL.
    """
    return document(tree(data))


def tree(data: bytes) -> Any:
    """The root of a Cross Industry Invoice, by a parser that loads, resolves and fetches nothing.

    Raises:
        Unreadable: See :func:`read`.
    """
    try:
        root = parsed(decode(data))
    except Unreadable as error:
        raise named(error, data) from error
    name, namespace = local(root), etree.QName(root).namespace or ""
    if not any(name == one and namespace.startswith(uri) for one, uri in _ROOTS):
        error = Unreadable("not_cii", params={"root": name[:200], "namespace": namespace[:200]})
        raise named(error, data)
    if _TOO_DEEP(root):
        raise Unreadable("too_deep", params={"limit": str(MAX_DEPTH)})
    if root.xpath("count(//*)") > MAX_ELEMENTS:
        raise Unreadable("too_many_elements", params={"limit": str(MAX_ELEMENTS)})
    return root


def document(root: Any) -> Document:
    """The document of a tree.

    Raises:
        Unreadable: See :func:`read`.
    """
    remarks: list[Finding] = []
    top = Node(root, remarks)
    context = top.one("ExchangedDocumentContext|SpecifiedExchangedDocumentContext")
    head = top.one("ExchangedDocument|HeaderExchangedDocument")
    transaction = top.one("SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction")
    agreement = transaction.one("ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement")
    delivered = transaction.one("ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery")
    settlement = transaction.one("ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement")
    number, issued = head.text("ID"), head.day("IssueDateTime", needed=True)
    if number is None or issued is None:
        raise Unreadable("missing", params={"element": "ID" if number is None else "IssueDateTime"})
    type_code = head.text("TypeCode") or "380"
    record: dict[str, Any] = {
        "kind": "credit_note" if type_code in _CREDITS else "invoice",
        "number": number,
        "issue_date": issued,
        "type_code": type_code,
        "currency": settlement.text("InvoiceCurrencyCode"),
        "supplier": party(agreement.one("SellerTradeParty"), trader=True),
        "customer": party(agreement.one("BuyerTradeParty"), trader=True),
        "lines": tuple(lines(transaction)),
        "customization_id": context.text("GuidelineSpecifiedDocumentContextParameter", "ID"),
        "profile_id": context.text("BusinessProcessSpecifiedDocumentContextParameter", "ID"),
        "note": "\n".join(text for one in head.all("IncludedNote") for text in one.texts("Content")) or None,
        **_agreed(agreement),
        **_settled(settlement),
        "delivery": delivery(delivered),
        "despatch_reference": _reference(delivered, "DespatchAdviceReferencedDocument"),
        "receipt_reference": _reference(delivered, "ReceivingAdviceReferencedDocument"),
    }
    if not record["payee"]:
        record["supplier"] = _with_creditor(record["supplier"], settlement.text("CreditorReferenceID"))
    _settle_totals(record, settlement)
    for field in [field for field, value in record.items() if value is None]:
        del record[field]
    remarks += doubtful(head, agreement, settlement)
    if not record["tax_subtotals"] and record["tax_total"]:
        text = "There is VAT, and no rate is given."
        remarks.append(Finding(rule=NO_RATES, severity="warning", location="ApplicableTradeTax", text=text))
    return Document(**record, reading_remarks=tuple(remarks))


def _reference(of: Node, name: str) -> str | None:
    return of.text(name, "IssuerAssignedID|ID")


def _agreed(of: Node) -> dict[str, Any]:
    """Buyer's reference, orders, contract, project, and documents beside."""
    beside = list(of.all("AdditionalReferencedDocument"))
    tender = next((one for one in beside if one.text("TypeCode") == _TENDER), Node(None, of.remarks))
    representative = of.one("SellerTaxRepresentativeTradeParty")
    return {
        "buyer_reference": of.text("BuyerReference"),
        "order_reference": _reference(of, "BuyerOrderReferencedDocument"),
        "sales_order_reference": _reference(of, "SellerOrderReferencedDocument"),
        "contract_reference": _reference(of, "ContractReferencedDocument"),
        "project_reference": of.text("SpecifiedProcuringProject", "ID"),
        "originator_reference": tender.text("IssuerAssignedID"),
        "tax_representative": party(representative, trader=False) if representative else None,
        "attachments": tuple(_attachments(one for one in beside if one.text("TypeCode") != _TENDER)),
    }


def _attachments(of: Iterator[Node]) -> Iterator[Attachment]:
    for one in of:
        embedded = one.one("AttachmentBinaryObject")
        own: dict[str, Any] = {
            "id": one.text("IssuerAssignedID|ID"),
            "description": one.text("Name"),
            "external_uri": one.text("URIID"),
            "mime_code": embedded.attribute("mimeCode"),
            "filename": embedded.attribute("filename"),
        }
        if one.text("TypeCode") == _OBJECT:
            own |= {"document_type_code": _OBJECT, "scheme": one.text("ReferenceTypeCode")}
        if text := embedded.text():
            try:
                own["content"] = content(text)
            except ValueFault as fault:
                embedded.fault(fault.reason, fault.value, needed=False)
        own = {name: value for name, value in own.items() if value is not None}
        if own:
            yield attachment(own)


def _settled(of: Node) -> dict[str, Any]:
    """VAT, allowances, payment and what was invoiced before."""
    terms = list(of.all("SpecifiedTradePaymentTerms"))
    payee = of.one("PayeeTradeParty")
    period = of.one("BillingSpecifiedPeriod")
    taxes = [
        one
        for one in of.all("ApplicableTradeTax")
        if is_vat(one.text("TypeCode") or "VAT") and len(one.element)
    ]
    return {
        "tax_currency": of.text("TaxCurrencyCode"),
        "tax_subtotals": tuple(
            TaxSubtotal(
                taxable_amount=one.amount("BasisAmount", needed=True) or ZERO,
                tax_amount=one.amount("CalculatedAmount", needed=True) or ZERO,
                category=one.text("CategoryCode"),
                percent=one.amount(RATE),
                exemption_reason=one.text("ExemptionReason"),
                exemption_reason_code=one.text("ExemptionReasonCode"),
            )
            for one in taxes
        ),
        "tax_point_date": next((day for one in taxes if (day := one.day("TaxPointDate"))), None),
        "tax_point_code": next((code for one in taxes if (code := one.text("DueDateTypeCode"))), None),
        "allowances_charges": tuple(allowances_charges(of, with_tax=True)),
        "period_start": period.day("StartDateTime"),
        "period_end": period.day("EndDateTime"),
        "payee": _with_creditor(party(payee, trader=False), of.text("CreditorReferenceID"))
        if payee
        else None,
        "payment_means": tuple(dict.fromkeys(_payment_means(of, terms))),
        "payment_terms": "\n".join(text for one in terms if (text := one.text("Description"))) or None,
        "due_date": next((day for one in terms if (day := one.day("DueDateDateTime"))), None),
        "accounting_cost": of.text("ReceivableSpecifiedTradeAccountingAccount", "ID"),
        "billing_references": tuple(
            DocumentReference(number=text, issue_date=one.day("FormattedIssueDateTime|IssueDateTime"))
            for one in of.all("InvoiceReferencedDocument")
            if (text := one.text("IssuerAssignedID|ID"))
        ),
    }


def _with_creditor(of: Party, creditor: str | None) -> Party:
    """A party with the identifier by which it collects (BT-90), where UBL has it too."""
    return replace(of, identifiers=(*of.identifiers, ("SEPA", creditor))) if creditor else of


def _payment_means(of: Node, terms: list[Node]) -> Iterator[PaymentMeans]:
    """How it is paid. The communication and the mandate stand beside the means, and belong to them."""
    communication = of.text("PaymentReference")
    mandate = next((text for one in terms if (text := one.text("DirectDebitMandateID"))), None)
    means = list(of.all("SpecifiedTradeSettlementPaymentMeans"))
    if not means and (communication or mandate):
        yield PaymentMeans(payment_id=communication, mandate_id=mandate)
    codes = [one.text("TypeCode") or "1" for one in means]
    debited = next((place for place, code in enumerate(codes) if code in _DIRECT_DEBIT), 0)
    for place, (one, code) in enumerate(zip(means, codes, strict=True)):
        account = one.one("PayeePartyCreditorFinancialAccount")
        card = one.one("ApplicableTradeSettlementFinancialCard")
        yield PaymentMeans(
            code=code,
            text=one.text("Information"),
            payment_id=communication,
            account_id=account.text("IBANID") or account.text("ProprietaryID"),
            account_name=account.text("AccountName"),
            bic=one.text("PayeeSpecifiedCreditorFinancialInstitution", "BICID"),
            card_number=card.text("ID"),
            card_holder=card.text("CardholderName"),
            mandate_id=mandate if place == debited else None,
            debited_account_id=one.text("PayerPartyDebtorFinancialAccount", "IBANID|ProprietaryID"),
        )


def _settle_totals(record: dict[str, Any], settlement: Node) -> None:
    """The totals, what is absent derived from what is there; and the two VAT totals by their currencies."""
    sums = settlement.one(
        "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
    )
    named_totals = {
        "line_extension": "LineTotalAmount",
        "allowance_total": "AllowanceTotalAmount",
        "charge_total": "ChargeTotalAmount",
        "tax_exclusive": "TaxBasisTotalAmount",
        "tax_inclusive": "GrandTotalAmount",
        "prepaid": "TotalPrepaidAmount",
        "rounding": "RoundingAmount",
        "payable": "DuePayableAmount",
    }
    given = {field: sums.amount(name, needed=True) for field, name in named_totals.items()}
    if given["payable"] is None and given["tax_inclusive"] is None:
        raise Unreadable("missing", params={"element": "DuePayableAmount"})
    taxes = [(one.attribute("currencyID"), one.amount(needed=True)) for one in sums.all("TaxTotalAmount")]
    currency = record["currency"] = record["currency"] or next((one for one, _value in taxes if one), None)
    own = [value for one, value in taxes if value is not None and one in {None, currency}]
    foreign = [(one, value) for one, value in taxes if value is not None and one not in {None, currency}]
    if foreign:
        record["tax_currency"] = record["tax_currency"] or foreign[0][0]
        record["tax_total_in_tax_currency"] = foreign[0][1]
    rates: tuple[TaxSubtotal, ...] = record["tax_subtotals"]
    tax = own[0] if own else sum((one.tax_amount for one in rates), ZERO)
    record["tax_total"] = tax
    between = (given["prepaid"] or ZERO) - (given["rounding"] or ZERO)
    if given["tax_inclusive"] is None:
        exclusive = given["tax_exclusive"]
        given["tax_inclusive"] = (
            exclusive + tax if exclusive is not None else (given["payable"] or ZERO) + between
        )
    if given["tax_exclusive"] is None:
        given["tax_exclusive"] = given["tax_inclusive"] - tax
    if given["payable"] is None:
        given["payable"] = given["tax_inclusive"] - between
    if given["line_extension"] is None:
        given["line_extension"] = _lines_or_net(record, given)
    record.update(given)


def _lines_or_net(record: dict[str, Any], given: dict[str, Decimal | None]) -> Decimal:
    """The sum of the lines; of a profile without lines the net amount less what stands on the document."""
    if record["lines"]:
        return sum((line.net_amount for line in record["lines"]), ZERO)
    net = given["tax_exclusive"] or ZERO
    return net + (given["allowance_total"] or ZERO) - (given["charge_total"] or ZERO)


__all__ = ["MAX_BYTES", "NO_RATES", "document", "read", "tree"]
