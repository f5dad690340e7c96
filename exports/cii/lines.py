"""Lines, allowances and charges, and VAT categories of a Cross Industry Invoice."""

from collections.abc import Iterator
from decimal import Decimal

from exports.cii.nodes import Node
from exports.model import AllowanceCharge, Line
from exports.ubl.tokens import Unreadable
from exports.ubl.values import is_vat, truth

#: Lines that only gather or explain others (Factur-X EXTENDED, BT-X-8): their amounts are those of the lines below them.
_NO_DETAIL = frozenset({"GROUP", "INFORMATION"})
RATE = "RateApplicablePercent|ApplicablePercent"


def lines(transaction: Node) -> Iterator[Line]:
    """The lines that count."""
    number = 0
    for one in transaction.all("IncludedSupplyChainTradeLineItem"):
        number += 1
        if one.text("AssociatedDocumentLineDocument", "LineStatusReasonCode") in _NO_DETAIL:
            continue
        yield _line(one, number)


def _line(of: Node, number: int) -> Line:
    about = of.one("AssociatedDocumentLineDocument")
    product = of.one("SpecifiedTradeProduct")
    agreement = of.one("SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement")
    settlement = of.one("SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement")
    billed = of.one("SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery", "BilledQuantity")
    net = agreement.one("NetPriceProductTradePrice")
    gross = agreement.one("GrossPriceProductTradePrice")
    basis = net.one("BasisQuantity") or gross.one("BasisQuantity")
    tax = vat(settlement)
    period = settlement.one("BillingSpecifiedPeriod")
    standard = product.one("GlobalID")
    about_object = next(_objects(settlement), Node(None, of.remarks))
    summation = "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation"
    total = settlement.amount(summation, "LineTotalAmount", needed=True)
    if total is None:
        raise Unreadable("missing", of.element.sourceline, {"element": "LineTotalAmount"})
    return Line(
        id=about.text("LineID") or str(number),
        name=product.text("Name"),
        unit_code=billed.attribute("unitCode"),
        net_amount=total,
        quantity=billed.amount(),
        price=net.amount("ChargeAmount"),
        tax_category=tax.text("CategoryCode"),
        tax_percent=tax.amount(RATE),
        description=product.text("Description"),
        note="\n".join(text for one in about.all("IncludedNote") for text in one.texts("Content")) or None,
        tax_exemption_reason=tax.text("ExemptionReason"),
        tax_exemption_reason_code=tax.text("ExemptionReasonCode"),
        base_quantity=basis.amount(),
        base_quantity_unit=basis.attribute("unitCode"),
        gross_price=gross.amount("ChargeAmount"),
        price_discount=_price_discount(gross),
        allowances_charges=tuple(allowances_charges(settlement, with_tax=False)),
        seller_item_id=product.text("SellerAssignedID"),
        buyer_item_id=product.text("BuyerAssignedID"),
        standard_item_id=standard.text(),
        standard_item_scheme=standard.attribute("schemeID") if standard.text() else None,
        origin_country=product.text("OriginTradeCountry", "ID"),
        classifications=tuple(
            (one.one("ClassCode").attribute("listID"), code)
            for one in product.all("DesignatedProductClassification")
            if (code := one.text("ClassCode"))
        ),
        properties=tuple(
            (name, one.text("Value") or "")
            for one in product.all("ApplicableProductCharacteristic")
            if (name := one.text("Description"))
        ),
        accounting_cost=settlement.text("ReceivableSpecifiedTradeAccountingAccount", "ID"),
        order_line_reference=agreement.text("BuyerOrderReferencedDocument", "LineID"),
        object_id=about_object.text("IssuerAssignedID"),
        object_scheme=about_object.text("ReferenceTypeCode"),
        period_start=period.day("StartDateTime"),
        period_end=period.day("EndDateTime"),
    )


def _objects(settlement: Node) -> Iterator[Node]:
    return (
        one for one in settlement.all("AdditionalReferencedDocument") if one.text("TypeCode") in {None, "130"}
    )


def _price_discount(gross: Node) -> Decimal | None:
    """What is taken off the gross price, all together; a surcharge is negative."""
    found = [
        -value if truth(one.text("ChargeIndicator", "Indicator") or "false") else value
        for one in gross.all("AppliedTradeAllowanceCharge")
        if (value := one.amount("ActualAmount")) is not None
    ]
    return sum(found[1:], found[0]) if found else None


def vat(of: Node) -> Node:
    """The VAT among the taxes of a line or an allowance."""
    taxes = of.all("ApplicableTradeTax", "CategoryTradeTax", "AppliedTradeTax")
    return next((one for one in taxes if is_vat(one.text("TypeCode") or "VAT")), Node(None, of.remarks))


def allowances_charges(of: Node, *, with_tax: bool) -> Iterator[AllowanceCharge]:
    """What is taken off or added, freight of its own kind included.

    Args:
        with_tax: Whether they stand on the document, where each has a VAT category.
    """
    for one in of.all("SpecifiedTradeAllowanceCharge"):
        tax = vat(one) if with_tax else Node(None, of.remarks)
        yield AllowanceCharge(
            is_charge=truth(one.text("ChargeIndicator", "Indicator") or "false"),
            amount=_needed(one, "ActualAmount"),
            base_amount=one.amount("BasisAmount"),
            percent=one.amount("CalculationPercent"),
            reason=one.text("Reason"),
            reason_code=one.text("ReasonCode"),
            tax_category=tax.text("CategoryCode"),
            tax_percent=tax.amount(RATE),
        )
    for one in of.all("SpecifiedLogisticsServiceCharge"):
        tax = vat(one)
        yield AllowanceCharge(
            is_charge=True,
            amount=_needed(one, "AppliedAmount"),
            reason=one.text("Description"),
            tax_category=tax.text("CategoryCode"),
            tax_percent=tax.amount(RATE),
        )


def _needed(of: Node, name: str) -> Decimal:
    value = of.amount(name, needed=True)
    if value is None:
        raise Unreadable("missing", of.element.sourceline, {"element": name})
    return value
