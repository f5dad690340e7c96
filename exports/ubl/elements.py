"""The parts of a UBL document as text: parties, tax and payment, in the order of the schema.

Each function gives a whole element, or nothing when it would be empty: empty elements are refused by receivers
(PEPPOL-EN16931-R008). Each begins by making its struct's texts safe, :func:`exports.ubl.escape.clean`.
"""

from collections.abc import Iterable
from datetime import date
from decimal import Decimal
from functools import lru_cache

from exports.model import AllowanceCharge, Delivery, Party, PaymentMeans, SettlementDiscount, TaxSubtotal
from exports.ubl.escape import attribute, clean, escaped, number, numbers

VAT = "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>"


def text(name: str, value: str | None) -> str:
    """A basic element around a safe text, when there is one."""
    return f"<cbc:{name}>{value}</cbc:{name}>" if value else ""


def schemed(name: str, value: str | None, scheme: str | None, beside: str = "schemeID") -> str:
    """An identifier or code with the list it is of in an attribute, both safe."""
    if not value:
        return ""
    return f'<cbc:{name} {beside}="{attribute(scheme)}">{value}</cbc:{name}>' if scheme else text(name, value)


def listed(name: str, value: str, scheme: str | None, beside: str = "schemeID") -> str:
    """An identifier or code as `schemed` writes it, from texts that are not escaped yet."""
    return schemed(name, escaped(value), escaped(scheme) if scheme else None, beside)


def day(name: str, value: date | None) -> str:
    """The value of an xsd:date."""
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
    box = more = rare = ""
    if of.postbox:
        box = f"<cbc:Postbox>{of.postbox}</cbc:Postbox>"
    if of.additional_street:
        more = f"<cbc:AdditionalStreetName>{of.additional_street}</cbc:AdditionalStreetName>"
    if of.region or of.address_line:
        rare = text("CountrySubentity", of.region) + inside("AddressLine", text("Line", of.address_line))
    return (
        f"{box}{f'<cbc:StreetName>{street}</cbc:StreetName>' if street else ''}{more}"
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
        f"{text('InstructionNote', of.instruction_note)}"
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


@lru_cache(maxsize=512)
def tax_category(
    element: str,
    category: str | None,
    percent: str | None,
    name: str | None,
    reason_code: str | None = None,
    reason: str | None = None,
) -> str:
    """A VAT category with its rate (already as text), Belgian code and reasons, safe or not.

    Remembered: there are only so many. The rate is a text here because 21 and 21.00 are equal as numbers.
    """
    content = "".join(
        [
            text(tag, escaped(value)) if value else ""
            for tag, value in (
                ("ID", category),
                ("Name", name),
                ("Percent", percent),
                ("TaxExemptionReasonCode", reason_code),
                ("TaxExemptionReason", reason),
            )
        ]
    )
    return f"<cac:{element}>{content}{VAT}</cac:{element}>" if content else ""


def allowance_charge(of: AllowanceCharge, currency: str) -> str:
    """An allowance or charge, of the document or a line."""
    rate = None if of.tax_percent is None else number(of.tax_percent)
    category = tax_category("TaxCategory", of.tax_category, rate, of.tax_name)
    of = clean(of)
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{'true' if of.is_charge else 'false'}</cbc:ChargeIndicator>"
        + text("AllowanceChargeReasonCode", of.reason_code)
        + text("AllowanceChargeReason", of.reason)
        + plain_number("MultiplierFactorNumeric", of.percent)
        + f'<cbc:Amount currencyID="{currency}">{number(of.amount)}</cbc:Amount>'
        + amount("BaseAmount", of.base_amount, currency)
        + category
        + "</cac:AllowanceCharge>"
    )


def tax_subtotal(of: TaxSubtotal, currency: str) -> str:
    """One category and rate of the VAT breakdown."""
    rate = None if of.percent is None else number(of.percent)
    category = tax_category(
        "TaxCategory", of.category, rate, of.name, of.exemption_reason_code, of.exemption_reason
    )
    taxable, tax = numbers((of.taxable_amount, of.tax_amount))
    return (
        f'<cac:TaxSubtotal><cbc:TaxableAmount currencyID="{currency}">{taxable}</cbc:TaxableAmount>'
        f'<cbc:TaxAmount currencyID="{currency}">{tax}</cbc:TaxAmount>{category}</cac:TaxSubtotal>'
    )
