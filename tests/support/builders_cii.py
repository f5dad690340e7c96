"""Invoices in other forms than plain UBL, made here: written as CII, laid into a PDF, packed into an envelope."""

from base64 import b64encode
from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from html import escape

from exports.model import AllowanceCharge, Attachment, Document, Line, Party, PaymentMeans, TaxSubtotal

PROFILES = {
    "MINIMUM": "urn:factur-x.eu:1p0:minimum",
    "BASIC WL": "urn:factur-x.eu:1p0:basicwl",
    "BASIC": "urn:cen.eu:en16931:2017#compliant#urn:factur-x.eu:1p0:basic",
    "EN 16931": "urn:cen.eu:en16931:2017",
    "EXTENDED": "urn:cen.eu:en16931:2017#conformant#urn:factur-x.eu:1p0:extended",
    "XRECHNUNG": "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0",
}
SBDH = "http://www.unece.org/cefact/namespaces/StandardBusinessDocumentHeader"
UBL_INVOICE = "urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
_ROOT = (
    '<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100"'
    ' xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100"'
    ' xmlns:qdt="urn:un:unece:uncefact:data:standard:QualifiedDataType:100"'
    ' xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">'
)


def cii(of: Document, profile: str = "EXTENDED") -> bytes:
    """An invoice as a Cross Industry Invoice, in the order of its schema; MINIMUM and BASIC WL leave out what they have no place for."""
    head = (
        "<rsm:ExchangedDocumentContext>"
        + _in("BusinessProcessSpecifiedDocumentContextParameter", _text("ID", of.profile_id))
        + _in("GuidelineSpecifiedDocumentContextParameter", _text("ID", PROFILES[profile]))
        + "</rsm:ExchangedDocumentContext><rsm:ExchangedDocument>"
        + _text("ID", of.number)
        + _text("TypeCode", of.type_code)
        + _day("IssueDateTime", of.issue_date)
        + _in("IncludedNote", _text("Content", of.note if profile != "MINIMUM" else None))
        + "</rsm:ExchangedDocument>"
    )
    lines = "" if profile in {"MINIMUM", "BASIC WL"} else "".join(_line(one) for one in of.lines)
    body = lines + _agreement(of) + _delivery(of) + _settlement(of, minimal=profile == "MINIMUM")
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n{_ROOT}{head}'
        f"<rsm:SupplyChainTradeTransaction>{body}</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"
    ).encode()


def _in(name: str, inner: str) -> str:
    return f"<ram:{name}>{inner}</ram:{name}>" if inner else ""


def _text(name: str, value: object, **attributes: str | None) -> str:
    if value is None:
        return ""
    given = "".join(f' {key}="{escape(one)}"' for key, one in attributes.items() if one is not None)
    shown = f"{value:f}" if isinstance(value, Decimal) else escape(str(value), quote=False)
    return f"<ram:{name}{given}>{shown}</ram:{name}>"


def _day(name: str, day: date | None, kind: str = "udt:DateTimeString") -> str:
    return "" if day is None else _in(name, f'<{kind} format="102">{day:%Y%m%d}</{kind}>')


def _indicator(is_charge: bool) -> str:
    return _in("ChargeIndicator", f"<udt:Indicator>{str(is_charge).lower()}</udt:Indicator>")


def _party(name: str, of: Party | None, *, trader: bool) -> str:
    if of is None:
        return ""
    sepa = [one for one in of.identifiers if one[0] != "SEPA"]
    legal = _text("ID", of.legal_id, schemeID=of.legal_id_scheme) + _text(
        "TradingBusinessName", of.name if trader else None
    )
    contact = (
        _text("PersonName", of.contact_name)
        + _in("TelephoneUniversalCommunication", _text("CompleteNumber", of.contact_phone))
        + _in("EmailURIUniversalCommunication", _text("URIID", of.contact_email))
    )
    address = (
        _text("PostcodeCode", of.postcode)
        + _text("LineOne", of.street)
        + _text("LineTwo", of.additional_street)
        + _text("LineThree", of.address_line)
        + _text("CityName", of.city)
        + _text("CountryID", of.country)
        + _text("CountrySubDivisionName", of.region)
    )
    return _in(
        name,
        "".join(_text("ID", value) for scheme, value in sepa if scheme is None)
        + "".join(_text("GlobalID", value, schemeID=scheme) for scheme, value in sepa if scheme is not None)
        + _text("Name", of.legal_name if trader else of.name)
        + _text("Description", of.legal_form)
        + _in("SpecifiedLegalOrganization", legal)
        + _in("DefinedTradeContact", contact)
        + _in("PostalTradeAddress", address)
        + _in("URIUniversalCommunication", _text("URIID", of.endpoint_id, schemeID=of.endpoint_scheme))
        + _in("SpecifiedTaxRegistration", _text("ID", of.tax_registration_id, schemeID="FC"))
        + _in("SpecifiedTaxRegistration", _text("ID", of.vat_id, schemeID="VA")),
    )


def _line(of: Line) -> str:
    gross = ""
    if of.gross_price is not None:
        discount = of.price_discount
        applied = "" if discount is None else _indicator(discount < 0) + _text("ActualAmount", abs(discount))
        gross = _text("ChargeAmount", of.gross_price) + _in("AppliedTradeAllowanceCharge", applied)
    base = _text("BasisQuantity", of.base_quantity, unitCode=of.base_quantity_unit)
    tax = (
        _text("TypeCode", "VAT")
        + _text("ExemptionReason", of.tax_exemption_reason)
        + _text("CategoryCode", of.tax_category)
        + _text("ExemptionReasonCode", of.tax_exemption_reason_code)
        + _text("RateApplicablePercent", of.tax_percent)
    )
    about = _text("IssuerAssignedID", of.object_id)
    if about:
        about += _text("TypeCode", "130") + _text("ReferenceTypeCode", of.object_scheme)
    product = (
        _text("GlobalID", of.standard_item_id, schemeID=of.standard_item_scheme)
        + _text("SellerAssignedID", of.seller_item_id)
        + _text("BuyerAssignedID", of.buyer_item_id)
        + _text("Name", of.name)
        + _text("Description", of.description)
        + "".join(
            _in("ApplicableProductCharacteristic", _text("Description", name) + _text("Value", value))
            for name, value in of.properties
        )
        + "".join(
            _in("DesignatedProductClassification", _text("ClassCode", code, listID=name))
            for name, code in of.classifications
        )
        + _in("OriginTradeCountry", _text("ID", of.origin_country))
    )
    return _in(
        "IncludedSupplyChainTradeLineItem",
        _in(
            "AssociatedDocumentLineDocument",
            _text("LineID", of.id) + _in("IncludedNote", _text("Content", of.note)),
        )
        + _in("SpecifiedTradeProduct", product)
        + _in(
            "SpecifiedLineTradeAgreement",
            _in("BuyerOrderReferencedDocument", _text("LineID", of.order_line_reference))
            + _in("GrossPriceProductTradePrice", gross)
            + _in("NetPriceProductTradePrice", _text("ChargeAmount", of.price) + base),
        )
        + _in("SpecifiedLineTradeDelivery", _text("BilledQuantity", of.quantity, unitCode=of.unit_code))
        + _in(
            "SpecifiedLineTradeSettlement",
            _in("ApplicableTradeTax", tax)
            + _period(of.period_start, of.period_end)
            + "".join(_allowance(one) for one in of.allowances_charges)
            + _in("SpecifiedTradeSettlementLineMonetarySummation", _text("LineTotalAmount", of.net_amount))
            + _in("AdditionalReferencedDocument", about)
            + _in("ReceivableSpecifiedTradeAccountingAccount", _text("ID", of.accounting_cost)),
        ),
    )


def _period(start: date | None, end: date | None) -> str:
    return _in("BillingSpecifiedPeriod", _day("StartDateTime", start) + _day("EndDateTime", end))


def _allowance(of: AllowanceCharge) -> str:
    tax = _text("CategoryCode", of.tax_category) + _text("RateApplicablePercent", of.tax_percent)
    return _in(
        "SpecifiedTradeAllowanceCharge",
        _indicator(of.is_charge)
        + _text("CalculationPercent", of.percent)
        + _text("BasisAmount", of.base_amount)
        + _text("ActualAmount", of.amount)
        + _text("ReasonCode", of.reason_code)
        + _text("Reason", of.reason)
        + (_in("CategoryTradeTax", _text("TypeCode", "VAT") + tax) if tax else ""),
    )


def _agreement(of: Document) -> str:
    def reference(name: str, number: str | None) -> str:
        return _in(name, _text("IssuerAssignedID", number))

    tender = _text("IssuerAssignedID", of.originator_reference)
    return _in(
        "ApplicableHeaderTradeAgreement",
        _text("BuyerReference", of.buyer_reference)
        + _party("SellerTradeParty", of.supplier, trader=True)
        + _party("BuyerTradeParty", of.customer, trader=True)
        + _party("SellerTaxRepresentativeTradeParty", of.tax_representative, trader=False)
        + reference("SellerOrderReferencedDocument", of.sales_order_reference)
        + reference("BuyerOrderReferencedDocument", of.order_reference)
        + reference("ContractReferencedDocument", of.contract_reference)
        + (_in("AdditionalReferencedDocument", tender + _text("TypeCode", "50")) if tender else "")
        + "".join(_attachment(one) for one in of.attachments)
        + (
            _in("SpecifiedProcuringProject", _text("ID", of.project_reference) + _text("Name", "Project"))
            if of.project_reference
            else ""
        ),
    )


def _attachment(of: Attachment) -> str:
    content = of.decoded()
    return _in(
        "AdditionalReferencedDocument",
        _text("IssuerAssignedID", of.id)
        + _text("URIID", of.external_uri)
        + _text("TypeCode", of.document_type_code or "916")
        + _text("Name", of.description)
        + (
            _text(
                "AttachmentBinaryObject",
                b64encode(content).decode(),
                mimeCode=of.mime_code,
                filename=of.filename,
            )
            if content
            else ""
        )
        + _text("ReferenceTypeCode", of.scheme),
    )


def _delivery(of: Document) -> str:
    to = of.delivery
    inner = ""
    if to is not None:
        place = Party(
            name=to.party_name,
            identifiers=((to.location_scheme, to.location_id),) if to.location_id else (),
            street=to.street,
            additional_street=to.additional_street,
            address_line=to.address_line,
            city=to.city,
            postcode=to.postcode,
            region=to.region,
            country=to.country,
        )
        inner = _party("ShipToTradeParty", place, trader=False)
        inner += _in("ActualDeliverySupplyChainEvent", _day("OccurrenceDateTime", to.actual_date))
    inner += _in("DespatchAdviceReferencedDocument", _text("IssuerAssignedID", of.despatch_reference))
    inner += _in("ReceivingAdviceReferencedDocument", _text("IssuerAssignedID", of.receipt_reference))
    return f"<ram:ApplicableHeaderTradeDelivery>{inner}</ram:ApplicableHeaderTradeDelivery>"


def _settlement(of: Document, *, minimal: bool) -> str:
    if minimal:
        return _in(
            "ApplicableHeaderTradeSettlement",
            _text("InvoiceCurrencyCode", of.currency) + _sums(of, minimal=True),
        )
    sepa = [
        value
        for party in (of.supplier, of.payee)
        if party
        for scheme, value in party.identifiers
        if scheme == "SEPA"
    ]
    communication = next((one.payment_id for one in of.payment_means if one.payment_id), None)
    mandate = next((one.mandate_id for one in of.payment_means if one.mandate_id), None)
    terms = (
        _text("Description", of.payment_terms)
        + _day("DueDateDateTime", of.due_date)
        + _text("DirectDebitMandateID", mandate)
    )
    return _in(
        "ApplicableHeaderTradeSettlement",
        _text("CreditorReferenceID", sepa[0] if sepa else None)
        + _text("PaymentReference", communication)
        + _text("TaxCurrencyCode", of.tax_currency)
        + _text("InvoiceCurrencyCode", of.currency)
        + _party("PayeeTradeParty", of.payee, trader=False)
        + "".join(_means(one) for one in of.payment_means)
        + "".join(_rate(one, of) for one in of.tax_subtotals)
        + _period(of.period_start, of.period_end)
        + "".join(_allowance(one) for one in of.allowances_charges)
        + _in("SpecifiedTradePaymentTerms", terms)
        + _sums(of, minimal=False)
        + "".join(
            _in(
                "InvoiceReferencedDocument",
                _text("IssuerAssignedID", one.number)
                + _day("FormattedIssueDateTime", one.issue_date, "qdt:DateTimeString"),
            )
            for one in of.billing_references
        )
        + _in("ReceivableSpecifiedTradeAccountingAccount", _text("ID", of.accounting_cost)),
    )


def _means(of: PaymentMeans) -> str:
    card = _text("ID", of.card_number) + _text("CardholderName", of.card_holder)
    account = _text("IBANID", of.account_id) + _text("AccountName", of.account_name)
    return _in(
        "SpecifiedTradeSettlementPaymentMeans",
        _text("TypeCode", of.code)
        + _text("Information", of.text)
        + _in("ApplicableTradeSettlementFinancialCard", card)
        + _in("PayerPartyDebtorFinancialAccount", _text("IBANID", of.debited_account_id))
        + _in("PayeePartyCreditorFinancialAccount", account)
        + _in("PayeeSpecifiedCreditorFinancialInstitution", _text("BICID", of.bic)),
    )


def _rate(of: TaxSubtotal, document: Document) -> str:
    return _in(
        "ApplicableTradeTax",
        _text("CalculatedAmount", of.tax_amount)
        + _text("TypeCode", "VAT")
        + _text("ExemptionReason", of.exemption_reason)
        + _text("BasisAmount", of.taxable_amount)
        + _text("CategoryCode", of.category)
        + _text("ExemptionReasonCode", of.exemption_reason_code)
        + _day("TaxPointDate", document.tax_point_date, "udt:DateString")
        + _text("DueDateTypeCode", document.tax_point_code)
        + _text("RateApplicablePercent", of.percent),
    )


def _sums(of: Document, *, minimal: bool) -> str:
    tax = _text("TaxTotalAmount", of.tax_total, currencyID=of.currency)
    if of.tax_total_in_tax_currency is not None and not minimal:
        tax += _text("TaxTotalAmount", of.tax_total_in_tax_currency, currencyID=of.tax_currency)
    full = (
        ""
        if minimal
        else (
            _text("LineTotalAmount", of.line_extension)
            + _text("ChargeTotalAmount", of.charge_total or None)
            + _text("AllowanceTotalAmount", of.allowance_total or None)
        )
    )
    return _in(
        "SpecifiedTradeSettlementHeaderMonetarySummation",
        full
        + _text("TaxBasisTotalAmount", of.tax_exclusive)
        + tax
        + ("" if minimal else _text("RoundingAmount", of.rounding or None))
        + _text("GrandTotalAmount", of.tax_inclusive)
        + ("" if minimal else _text("TotalPrepaidAmount", of.prepaid or None))
        + _text("DuePayableAmount", of.payable),
    )


def a_page(lines: Sequence[str], files: Mapping[str, bytes] | None = None) -> bytes:
    """A PDF of one page with these lines as text (Latin-1), and these files inside."""
    escaped = str.maketrans({sign: f"\\{sign}" for sign in "()\\"})
    shown = "".join(f"({line.translate(escaped)}) Tj 0 -16 Td\n" for line in lines)
    content = f"BT /F1 11 Tf 40 780 Td\n{shown}ET".encode("cp1252", "replace") if lines else b""
    names: list[bytes] = []
    objects: list[bytes] = [
        b"",  # the catalogue, when the names are known
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
    ]
    for name, data in sorted((files or {}).items()):
        objects.append(b"<< /Type /EmbeddedFile /Length %d >>\nstream\n%s\nendstream" % (len(data), data))
        stream = len(objects)
        objects.append(
            b"<< /Type /Filespec /F (%s) /UF (%s) /EF << /F %d 0 R >> >>"
            % (name.encode(), name.encode(), stream)
        )
        names.append(b"(%s) %d 0 R" % (name.encode(), len(objects)))
    embedded = b" /Names << /EmbeddedFiles << /Names [%s] >> >>" % b" ".join(names) if names else b""
    objects[0] = b"<< /Type /Catalog /Pages 2 0 R%s >>" % embedded
    out = b"%PDF-1.7\n"
    places: list[int] = []
    for number, body in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)


def page_of(of: Document) -> list[str]:
    """What a Belgian invoice's page says of it."""
    payable = f"{of.payable:,.2f}".replace(",", " ").replace(".", ",").replace(" ", ".")
    return [
        f"Factuur {of.number}",
        f"Datum: {of.issue_date:%d/%m/%Y}",
        f"{of.supplier.display_name} - BTW {of.supplier.vat_id}",
        f"Te betalen: EUR {payable}",
    ]


def an_envelope(
    *documents: bytes,
    sender: str = "0208:0417497106",
    receiver: str = "0208:0202239951",
    kind: str = "Invoice",
    standard: str = UBL_INVOICE,
    prefix: str = "",
    instance: str = "7f1c3e4a-0001",
) -> bytes:
    """These documents as a Peppol message carries them: without their own declarations."""
    name, declared = (f"{prefix}:", f"xmlns:{prefix}") if prefix else ("", "xmlns")
    inner = b"".join(
        one[one.index(b"?>") + 2 :].lstrip() if one.startswith(b"<?xml") else one for one in documents
    )
    head = f"""<?xml version="1.0" encoding="UTF-8"?>
<{name}StandardBusinessDocument {declared}="{SBDH}"><{name}StandardBusinessDocumentHeader>
<{name}HeaderVersion>1.0</{name}HeaderVersion>
<{name}Sender><{name}Identifier Authority="iso6523-actorid-upis">{sender}</{name}Identifier></{name}Sender>
<{name}Receiver><{name}Identifier Authority="iso6523-actorid-upis">{receiver}</{name}Identifier></{name}Receiver>
<{name}DocumentIdentification><{name}Standard>{standard}</{name}Standard><{name}TypeVersion>2.1</{name}TypeVersion>
<{name}InstanceIdentifier>{instance}</{name}InstanceIdentifier><{name}Type>{kind}</{name}Type>
<{name}CreationDateAndTime>2026-11-02T09:00:00Z</{name}CreationDateAndTime></{name}DocumentIdentification>
</{name}StandardBusinessDocumentHeader>"""
    return head.encode() + inner + f"</{name}StandardBusinessDocument>".encode()
