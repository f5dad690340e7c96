"""The parts of a UBL document as text: parties, tax and payment, in the order of the schema.

Each function gives a whole element, or nothing when it would be empty: empty elements are refused by receivers
(PEPPOL-EN16931-R008). Each begins by making its struct's texts safe, :func:`exports.ubl.escape.clean`.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from exports.model import AllowanceCharge, Delivery, Party, PaymentMeans, SettlementDiscount, TaxSubtotal
from exports.ubl.escape import clean, escaped, number

VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def text(name: str, value: str | None) -> str:
    """A basic element around a safe text, when there is one."""
    return f"<cbc:{name}>{value}</cbc:{name}>" if value else ""


def schemed(name: str, value: str | None, scheme: str | None, attribute: str = "schemeID") -> str:
    """An identifier or code with the list it is of, both safe."""
    if not value:
        return ""
    return f'<cbc:{name} {attribute}="{scheme}">{value}</cbc:{name}>' if scheme else text(name, value)


def listed(name: str, value: str, scheme: str | None, attribute: str = "schemeID") -> str:
    """The same of a struct's tuple, so not safe yet."""
    return schemed(name, escaped(value), escaped(scheme) if scheme else None, attribute)


def day(name: str, value: date | None) -> str:
    """A date."""
    return f"<cbc:{name}>{value.isoformat()}</cbc:{name}>" if value else ""


def plain_number(name: str, value: Decimal | None) -> str:
    """A number that is no amount."""
    return f"<cbc:{name}>{number(value)}</cbc:{name}>" if value is not None else ""


def amount(name: str, value: Decimal | None, currency: str) -> str:
    """An amount in a (safe) currency."""
    return f'<cbc:{name} currencyID="{currency}">{number(value)}</cbc:{name}>' if value is not None else ""


def inside(name: str, content: str) -> str:
    """An aggregate around what is in it, or nothing."""
    return f"<cac:{name}>{content}</cac:{name}>" if content else ""


def period(start: date | None, end: date | None, code: str | None = None) -> str:
    """A period, in a document or a line."""
    if start is None and end is None and not code:
        return ""
    return inside(
        "InvoicePeriod", day("StartDate", start) + day("EndDate", end) + text("DescriptionCode", code)
    )


def address(of: Party | Delivery) -> str:
    """The content of a cleaned struct's address."""
    street, city, postcode, country = of.street, of.city, of.postcode, of.country
    more = rare = ""
    if of.additional_street:
        more = f"<cbc:AdditionalStreetName>{of.additional_street}</cbc:AdditionalStreetName>"
    if of.region or of.address_line:
        rare = text("CountrySubentity", of.region) + inside("AddressLine", text("Line", of.address_line))
    return (
        f"{f'<cbc:StreetName>{street}</cbc:StreetName>' if street else ''}{more}"
        f"{f'<cbc:CityName>{city}</cbc:CityName>' if city else ''}"
        f"{f'<cbc:PostalZone>{postcode}</cbc:PostalZone>' if postcode else ''}{rare}"
        f"{f'<cac:Country>{_COUNTRY}{country}{_END_COUNTRY}</cac:Country>' if country else ''}"
    )


_COUNTRY, _END_COUNTRY = "<cbc:IdentificationCode>", "</cbc:IdentificationCode>"


@lru_cache(maxsize=128)
def party(of: Party, *, trader: bool) -> str:
    """The content of a party. A seller or buyer always has its name as the registered one too.

    Remembered: in a run over a company's invoices, one side is always the company itself.
    """
    of = clean(of)
    name = of.name
    legal_name = of.legal_name or name if trader else of.legal_name
    identifiers = contact = form = ""
    if of.identifiers:
        for scheme, value in of.identifiers:
            identifiers += inside("PartyIdentification", listed("ID", value, scheme))
    if of.contact_name or of.contact_phone or of.contact_email:
        contact = inside(
            "Contact",
            text("Name", of.contact_name)
            + text("Telephone", of.contact_phone)
            + text("ElectronicMail", of.contact_email),
        )
    if of.legal_form:
        form = text("CompanyLegalForm", of.legal_form)
    located = address(of)
    entity = (
        f"{f'<cbc:RegistrationName>{legal_name}</cbc:RegistrationName>' if legal_name else ''}"
        f"{schemed('CompanyID', of.legal_id, of.legal_id_scheme)}{form}"
    )
    return (
        f"{schemed('EndpointID', of.endpoint_id, of.endpoint_scheme)}{identifiers}"
        f"{f'<cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>' if name else ''}"
        f"{f'<cac:PostalAddress>{located}</cac:PostalAddress>' if located else ''}"
        f"{_registration(of.vat_id, 'VAT')}{_registration(of.tax_registration_id, 'TAX')}"
        f"{f'<cac:PartyLegalEntity>{entity}</cac:PartyLegalEntity>' if entity else ''}{contact}"
    )


def _registration(value: str | None, tax: str) -> str:
    if not value:
        return ""
    return (
        f"<cac:PartyTaxScheme><cbc:CompanyID>{value}</cbc:CompanyID>"
        f"<cac:TaxScheme><cbc:ID>{tax}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
    )


def delivery(of: Delivery) -> str:
    """Where and when it was delivered."""
    of = clean(of)
    location = schemed("ID", of.location_id, of.location_scheme) + inside("Address", address(of))
    return inside(
        "Delivery",
        day("ActualDeliveryDate", of.actual_date)
        + inside("DeliveryLocation", location)
        + inside("DeliveryParty", inside("PartyName", text("Name", of.party_name))),
    )


def payment_means(of: PaymentMeans, due_date: date | None) -> str:
    """How to pay. ``due_date`` is the document's where the schema has no other place for it (credit notes)."""
    of = clean(of)
    card = mandate = ""
    if of.card_number:
        card = inside(
            "CardAccount",
            text("PrimaryAccountNumberID", of.card_number)
            + text("NetworkID", of.card_network or "NA")
            + text("HolderName", of.card_holder),
        )
    if of.mandate_id or of.debited_account_id:
        debited = inside("PayerFinancialAccount", text("ID", of.debited_account_id))
        mandate = inside("PaymentMandate", text("ID", of.mandate_id) + debited)
    account = ""
    if of.account_id or of.account_name or of.bic:
        branch = inside("FinancialInstitutionBranch", text("ID", of.bic)) if of.bic else ""
        account = inside(
            "PayeeFinancialAccount", text("ID", of.account_id) + text("Name", of.account_name) + branch
        )
    return (
        f"<cac:PaymentMeans>{schemed('PaymentMeansCode', of.code or '1', of.text, 'name')}"
        f"{day('PaymentDueDate', of.due_date or due_date)}{text('InstructionID', of.instruction_id)}"
        f"{text('PaymentID', of.payment_id)}{card}{account}{mandate}</cac:PaymentMeans>"
    )


def payment_terms(note: str | None, discounts: Iterable[SettlementDiscount], currency: str) -> str:
    """Terms in (safe) words, and cash discounts in the style of UBL.BE where a document came with them."""
    written = f"<cac:PaymentTerms><cbc:Note>{note}</cbc:Note></cac:PaymentTerms>" if note else ""
    for one in discounts:
        written += inside(
            "PaymentTerms",
            plain_number("SettlementDiscountPercent", one.percent)
            + amount("Amount", one.amount, currency)
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
    """A VAT category with its rate, Belgian code and reasons, all safe."""
    content = text("ID", category) + text("Name", name) + plain_number("Percent", percent)
    if reason_code or reason:
        content += text("TaxExemptionReasonCode", reason_code) + text("TaxExemptionReason", reason)
    return f"<cac:{element}>{content}{VAT}</cac:{element}>" if content else ""


def allowance_charge(of: AllowanceCharge, currency: str) -> str:
    """An allowance or charge, of the document or a line."""
    of = clean(of)
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{'true' if of.is_charge else 'false'}</cbc:ChargeIndicator>"
        + text("AllowanceChargeReasonCode", of.reason_code)
        + text("AllowanceChargeReason", of.reason)
        + plain_number("MultiplierFactorNumeric", of.percent)
        + amount("Amount", of.amount, currency)
        + amount("BaseAmount", of.base_amount, currency)
        + tax_category("TaxCategory", of.tax_category, of.tax_percent, of.tax_name)
        + "</cac:AllowanceCharge>"
    )


def tax_subtotal(of: TaxSubtotal, currency: str) -> str:
    """One category and rate of the VAT breakdown."""
    of = clean(of)
    reasons = ""
    if of.exemption_reason_code or of.exemption_reason:
        reasons = text("TaxExemptionReasonCode", of.exemption_reason_code) + text(
            "TaxExemptionReason", of.exemption_reason
        )
    content = (
        f"{f'<cbc:ID>{of.category}</cbc:ID>' if of.category else ''}"
        f"{f'<cbc:Name>{of.name}</cbc:Name>' if of.name else ''}"
        f"{f'<cbc:Percent>{number(of.percent)}</cbc:Percent>' if of.percent is not None else ''}{reasons}"
    )
    category = f"<cac:TaxCategory>{content}{VAT}</cac:TaxCategory>" if content else ""
    return (
        f'<cac:TaxSubtotal><cbc:TaxableAmount currencyID="{currency}">{number(of.taxable_amount)}</cbc:TaxableAmount>'
        f'<cbc:TaxAmount currencyID="{currency}">{number(of.tax_amount)}</cbc:TaxAmount>{category}</cac:TaxSubtotal>'
    )
