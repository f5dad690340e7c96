"""The parts of a UBL document as text: parties, lines, tax and payment, in the order of the schema.

Each function gives a whole element, or nothing when it would be empty: empty elements are refused by receivers
(PEPPOL-EN16931-R008), and only elements with content are ever opened here. Lines come first in time spent, so their
usual form is one f-string and everything rare is asked for at once.
"""

from collections.abc import Callable, Iterable
from datetime import date
from decimal import Decimal

from exports.model import (
    AllowanceCharge,
    Delivery,
    Line,
    Party,
    PaymentMeans,
    SettlementDiscount,
    TaxSubtotal,
)
from exports.ubl.escape import escaped, number

_VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def text(name: str, value: str | None) -> str:
    """A basic element, when there is something to say."""
    if value and (value := escaped(value.strip())):
        return f"<cbc:{name}>{value}</cbc:{name}>"
    return ""


def schemed(name: str, value: str | None, scheme: str | None, attribute: str = "schemeID") -> str:
    """An identifier or code with the list it is of."""
    if value and (value := escaped(value.strip())):
        given = f' {attribute}="{escaped(scheme)}"' if scheme else ""
        return f"<cbc:{name}{given}>{value}</cbc:{name}>"
    return ""


def day(name: str, value: date | None) -> str:
    """A date."""
    return f"<cbc:{name}>{value.isoformat()}</cbc:{name}>" if value else ""


def plain(name: str, value: Decimal | None) -> str:
    """A number that is no amount."""
    return f"<cbc:{name}>{number(value)}</cbc:{name}>" if value is not None else ""


def inside(name: str, content: str) -> str:
    """An aggregate around what is in it, or nothing."""
    return f"<cac:{name}>{content}</cac:{name}>" if content else ""


def money(currency: str) -> Callable[[str, Decimal | None], str]:
    """Writes amounts in a currency."""

    def amount(name: str, value: Decimal | None) -> str:
        if value is None:
            return ""
        return f'<cbc:{name} currencyID="{currency}">{number(value)}</cbc:{name}>'

    return amount


def period(start: date | None, end: date | None, code: str | None = None) -> str:
    """A period, in a document or a line."""
    return inside(
        "InvoicePeriod", day("StartDate", start) + day("EndDate", end) + text("DescriptionCode", code)
    )


def address(of: Party | Delivery) -> str:
    """The content of an address."""
    return (
        text("StreetName", of.street)
        + text("AdditionalStreetName", of.additional_street)
        + text("CityName", of.city)
        + text("PostalZone", of.postcode)
        + text("CountrySubentity", of.region)
        + inside("AddressLine", text("Line", of.address_line))
        + inside("Country", text("IdentificationCode", of.country))
    )


def party(of: Party, *, trader: bool) -> str:
    """The content of a party. A seller or buyer always has its name as the registered one too."""
    identifiers = "".join(
        inside("PartyIdentification", schemed("ID", value, scheme)) for scheme, value in of.identifiers
    )
    legal_name = of.legal_name or of.name if trader else of.legal_name
    return (
        schemed("EndpointID", of.endpoint_id, of.endpoint_scheme)
        + identifiers
        + inside("PartyName", text("Name", of.name))
        + inside("PostalAddress", address(of))
        + _tax_registration(of.vat_id, "VAT")
        + _tax_registration(of.tax_registration_id, "TAX")
        + inside(
            "PartyLegalEntity",
            text("RegistrationName", legal_name)
            + schemed("CompanyID", of.legal_id, of.legal_id_scheme)
            + text("CompanyLegalForm", of.legal_form),
        )
        + inside(
            "Contact",
            text("Name", of.contact_name)
            + text("Telephone", of.contact_phone)
            + text("ElectronicMail", of.contact_email),
        )
    )


def _tax_registration(value: str | None, scheme: str) -> str:
    company = text("CompanyID", value)
    if not company:
        return ""
    return f"<cac:PartyTaxScheme>{company}<cac:TaxScheme><cbc:ID>{scheme}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"


def delivery(of: Delivery) -> str:
    """Where and when it was delivered."""
    location = schemed("ID", of.location_id, of.location_scheme) + inside("Address", address(of))
    return inside(
        "Delivery",
        day("ActualDeliveryDate", of.actual_date)
        + inside("DeliveryLocation", location)
        + inside("DeliveryParty", inside("PartyName", text("Name", of.party_name))),
    )


def payment_means(of: PaymentMeans, due_date: date | None) -> str:
    """How to pay. ``due_date`` is the document's where the schema has no other place for it (credit notes)."""
    card = text("PrimaryAccountNumberID", of.card_number)
    if card:
        card += text("NetworkID", of.card_network or "NA") + text("HolderName", of.card_holder)
    account = (
        text("ID", of.account_id)
        + text("Name", of.account_name)
        + inside("FinancialInstitutionBranch", text("ID", of.bic))
    )
    mandate = text("ID", of.mandate_id) + inside("PayerFinancialAccount", text("ID", of.debited_account_id))
    return inside(
        "PaymentMeans",
        schemed("PaymentMeansCode", of.code, of.text, "name")
        + day("PaymentDueDate", of.due_date or due_date)
        + text("InstructionID", of.instruction_id)
        + text("PaymentID", of.payment_id)
        + inside("CardAccount", card)
        + inside("PayeeFinancialAccount", account)
        + inside("PaymentMandate", mandate),
    )


def payment_terms(note: str | None, discounts: Iterable[SettlementDiscount], currency: str) -> str:
    """Terms in words, and cash discounts in the style of UBL.BE where a document came with them."""
    amount = money(currency)
    written = inside("PaymentTerms", text("Note", note))
    for one in discounts:
        written += inside(
            "PaymentTerms",
            plain("SettlementDiscountPercent", one.percent)
            + amount("Amount", one.amount)
            + day("PaymentDueDate", one.due_date),
        )
    return written


def tax_category(
    element: str,
    category: str | None,
    percent: Decimal | None,
    name: str | None,
    reason_code: str | None = None,
    reason: str | None = None,
) -> str:
    """A VAT category with its rate, Belgian code and reasons."""
    content = (
        text("ID", category)
        + text("Name", name)
        + plain("Percent", percent)
        + text("TaxExemptionReasonCode", reason_code)
        + text("TaxExemptionReason", reason)
    )
    return f"<cac:{element}>{content}{_VAT}</cac:{element}>" if content else ""


def allowance_charge(of: AllowanceCharge, currency: str) -> str:
    """An allowance or charge, of the document or a line."""
    amount = money(currency)
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{'true' if of.is_charge else 'false'}</cbc:ChargeIndicator>"
        + text("AllowanceChargeReasonCode", of.reason_code)
        + text("AllowanceChargeReason", of.reason)
        + plain("MultiplierFactorNumeric", of.percent)
        + amount("Amount", of.amount)
        + amount("BaseAmount", of.base_amount)
        + tax_category("TaxCategory", of.tax_category, of.tax_percent, of.tax_name)
        + "</cac:AllowanceCharge>"
    )


def tax_subtotal(of: TaxSubtotal, currency: str) -> str:
    """One category and rate of the VAT breakdown."""
    category = tax_category(
        "TaxCategory", of.category, of.percent, of.name, of.exemption_reason_code, of.exemption_reason
    )
    return (
        f'<cac:TaxSubtotal><cbc:TaxableAmount currencyID="{currency}">{number(of.taxable_amount)}</cbc:TaxableAmount>'
        f'<cbc:TaxAmount currencyID="{currency}">{number(of.tax_amount)}</cbc:TaxAmount>{category}</cac:TaxSubtotal>'
    )


def line(of: Line, position: int, *, credit_note: bool, currency: str) -> str:
    """A line."""
    amount = money(currency)
    kind, quantity = ("CreditNoteLine", "Credited") if credit_note else ("InvoiceLine", "Invoiced")
    unit = f' unitCode="{escaped(of.unit_code)}"' if of.unit_code else ""
    units = (
        f"<cbc:{quantity}Quantity{unit}>{number(of.quantity)}</cbc:{quantity}Quantity>"
        if of.quantity is not None
        else ""
    )
    allowances = "".join(allowance_charge(one, currency) for one in of.allowances_charges)
    tax = inside("TaxTotal", amount("TaxAmount", of.tax_amount))
    object_reference = schemed("ID", of.object_id, of.object_scheme)
    if object_reference:
        object_reference += "<cbc:DocumentTypeCode>130</cbc:DocumentTypeCode>"
    item = (
        text("Description", of.description)
        + text("Name", of.name)
        + inside("BuyersItemIdentification", text("ID", of.buyer_item_id))
        + inside("SellersItemIdentification", text("ID", of.seller_item_id))
        + inside("StandardItemIdentification", schemed("ID", of.standard_item_id, of.standard_item_scheme))
        + inside("OriginCountry", text("IdentificationCode", of.origin_country))
        + "".join(
            inside("CommodityClassification", schemed("ItemClassificationCode", code, list_id, "listID"))
            for list_id, code in of.classifications
        )
        + tax_category(
            "ClassifiedTaxCategory",
            of.tax_category,
            of.tax_percent,
            of.tax_name,
            of.tax_exemption_reason_code,
            of.tax_exemption_reason,
        )
        + "".join(
            inside("AdditionalItemProperty", text("Name", name) + text("Value", value))
            for name, value in of.properties
        )
    )
    return (
        f"<cac:{kind}>"
        + (text("ID", of.id) or f"<cbc:ID>{position}</cbc:ID>")
        + text("Note", of.note)
        + units
        + amount("LineExtensionAmount", of.net_amount)
        + text("AccountingCost", of.accounting_cost)
        + period(of.period_start, of.period_end)
        + inside("OrderLineReference", text("LineID", of.order_line_reference))
        + inside("DocumentReference", object_reference)
        + (tax + allowances if credit_note else allowances + tax)
        + inside("Item", item)
        + _price(of, amount)
        + f"</cac:{kind}>"
    )


def _price(of: Line, amount: Callable[[str, Decimal | None], str]) -> str:
    if of.price is None:
        return ""
    base = ""
    if of.base_quantity is not None:
        unit = f' unitCode="{escaped(of.base_quantity_unit)}"' if of.base_quantity_unit else ""
        base = f"<cbc:BaseQuantity{unit}>{number(of.base_quantity)}</cbc:BaseQuantity>"
    discount = of.price_discount
    if discount is None and of.gross_price is not None:
        discount = of.gross_price - of.price
    explained = (
        "<cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator>"
        f"{amount('Amount', discount)}{amount('BaseAmount', of.gross_price)}</cac:AllowanceCharge>"
        if discount is not None
        else ""
    )
    return f"<cac:Price>{amount('PriceAmount', of.price)}{base}{explained}</cac:Price>"
