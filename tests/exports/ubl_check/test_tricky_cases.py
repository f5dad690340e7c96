"""Cases that trip real systems, with the rules that the official validators name for them.

Each is our valid invoice (or credit note) with a few changes; the whole set of fatal rules is compared, so a
case also proves that nothing else fires.
"""

import pytest

from exports.ubl.check import check
from tests.exports.ubl_check.samples import Build, Change

LINE_TAX = "<cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent><cac:TaxScheme>"
SELLER_ADDRESS = '<cbc:EndpointID schemeID="0208">0000000196'
SELLER_NUMBER = '<cbc:CompanyID schemeID="0208">0000000196'
PAYABLE = '<cbc:PayableAmount currencyID="EUR">242.00'
TAX = '<cbc:TaxAmount currencyID="EUR">42.00'
NET = '<cbc:LineExtensionAmount currencyID="EUR">100.00'
QUANTITY = '<cbc:InvoicedQuantity unitCode="C62">1<'
PRICE = '<cbc:PriceAmount currencyID="EUR">100<'
PRICE_END = "</cbc:PriceAmount></cac:Price>"
MEANS_CODE = "<cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>"
ACCOUNT = "<cac:PayeeFinancialAccount><cbc:ID>BE71096123456769</cbc:ID></cac:PayeeFinancialAccount>"


def category(code: str, percent: str | None, reason: str = "") -> list[Change]:
    """All three tax categories of the invoice (the breakdown's and the lines') and no VAT."""
    rate = "" if percent is None else f"<cbc:Percent>{percent}</cbc:Percent>"
    plain = f"<cbc:ID>{code}</cbc:ID>{rate}<cac:TaxScheme>"
    with_reason = f"<cbc:ID>{code}</cbc:ID>{rate}{reason}<cac:TaxScheme>"
    return [
        (LINE_TAX, with_reason),
        (LINE_TAX, plain),
        (LINE_TAX, plain),
        (TAX, '<cbc:TaxAmount currencyID="EUR">0.00'),
        (TAX, '<cbc:TaxAmount currencyID="EUR">0.00'),
        (
            '<cbc:TaxInclusiveAmount currencyID="EUR">242.00',
            '<cbc:TaxInclusiveAmount currencyID="EUR">200.00',
        ),
        (PAYABLE, '<cbc:PayableAmount currencyID="EUR">200.00'),
    ]


def vatex(code: str) -> str:
    return f"<cbc:TaxExemptionReasonCode>{code}</cbc:TaxExemptionReasonCode>"


REASON = "<cbc:TaxExemptionReason>Because</cbc:TaxExemptionReason>"
DELIVERY = (
    "<cac:Delivery><cbc:ActualDeliveryDate>2026-11-19</cbc:ActualDeliveryDate><cac:DeliveryLocation>"
    "<cac:Address><cac:Country><cbc:IdentificationCode>FR</cbc:IdentificationCode></cac:Country></cac:Address>"
    "</cac:DeliveryLocation></cac:Delivery><cac:PaymentMeans>"
)
BUYER_VAT = (
    "<cac:PartyTaxScheme>\n      <cbc:CompanyID>BE0000000295</cbc:CompanyID>"
    "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>\n    </cac:PartyTaxScheme>"
)
BUYER_NUMBER = '<cbc:CompanyID schemeID="0208">0000000295</cbc:CompanyID>'
NO_VAT_NUMBERS: list[Change] = [
    (
        (
            "<cac:PartyTaxScheme>\n      <cbc:CompanyID>BE0000000196</cbc:CompanyID>"
            "<cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>\n    </cac:PartyTaxScheme>"
        ),
        "",
    ),
    (BUYER_VAT, ""),
]


def attachment(attributes: str, before: str = "<cbc:ID>1</cbc:ID>") -> Change:
    return (
        "<cac:AccountingSupplierParty>",
        (
            f"<cac:AdditionalDocumentReference>{before}<cac:Attachment><cbc:EmbeddedDocumentBinaryObject {attributes}>"
            "JVBERi0=</cbc:EmbeddedDocumentBinaryObject></cac:Attachment></cac:AdditionalDocumentReference>"
            "<cac:AccountingSupplierParty>"
        ),
    )


PDF = 'mimeCode="application/pdf" filename="a.pdf"'


def line_allowance(inside: str, kind: str = "false") -> Change:
    return (
        "<cac:Item>",
        (
            f"<cac:AllowanceCharge><cbc:ChargeIndicator>{kind}</cbc:ChargeIndicator>{inside}</cac:AllowanceCharge>"
            "<cac:Item>"
        ),
    )


ZERO_OFF = '<cbc:Amount currencyID="EUR">0.00</cbc:Amount>'
USD_TOTAL = (
    "<cac:LegalMonetaryTotal>",
    '<cac:TaxTotal><cbc:TaxAmount currencyID="{}">{}</cbc:TaxAmount></cac:TaxTotal><cac:LegalMonetaryTotal>',
)
CURRENCY = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"


def second_total(currency: str, amount: str) -> Change:
    return USD_TOTAL[0], USD_TOTAL[1].format(currency, amount)


def accounting(currency: str) -> Change:
    return CURRENCY, f"{CURRENCY}<cbc:TaxCurrencyCode>{currency}</cbc:TaxCurrencyCode>"


Case = tuple[str, list[Change], set[str]]
CASES: list[Case] = [
    ("enterprise number with BE", [(SELLER_ADDRESS, SELLER_ADDRESS.replace(">0", ">BE0"))], {"PEPPOL-COMMON-R043"}),
    ("with dots", [(SELLER_ADDRESS, SELLER_ADDRESS.replace("0000000196", "0000.000.196"))], {"PEPPOL-COMMON-R043"}),
    ("wrong check digits", [(SELLER_ADDRESS, SELLER_ADDRESS.replace("196", "197"))], {"PEPPOL-COMMON-R043"}),
    ("first digit 1", [(SELLER_ADDRESS, SELLER_ADDRESS.replace("0000000196", "1000000021"))], set()),
    ("VAT number as address", [(SELLER_ADDRESS, '<cbc:EndpointID schemeID="9925">BE0000000196')], set()),
    ("scheme 9956", [(SELLER_ADDRESS, '<cbc:EndpointID schemeID="9956">0000000196')], {"PEPPOL-EN16931-CL008", "BR-CL-25"}),
    ("scheme 0193", [(SELLER_ADDRESS, '<cbc:EndpointID schemeID="0193">x')], {"PEPPOL-EN16931-CL008"}),
    ("VAT number without BE", [(">BE0000000196<", ">0000000196<")], {"BR-CO-09"}),
    ("register number of scheme 9925", [(SELLER_NUMBER, SELLER_NUMBER.replace("0208", "9925"))], {"BR-CL-11"}),
    ("register number without scheme", [(SELLER_NUMBER, "<cbc:CompanyID>0000000196")], set()),
    ("buyer without VAT number", [(BUYER_VAT, "")], set()),
    (
        "reverse charge, buyer without any number",
        [*category("AE", "0", vatex("VATEX-EU-AE")), (BUYER_VAT, ""), (BUYER_NUMBER, "")],
        {"BR-AE-02"},
    ),
    ("no buyer reference", [("<cbc:BuyerReference>PO-1</cbc:BuyerReference>", "")], {"PEPPOL-EN16931-R003"}),
    (
        "order instead of buyer reference",
        [("<cbc:BuyerReference>PO-1</cbc:BuyerReference>", "<cac:OrderReference><cbc:ID>1</cbc:ID></cac:OrderReference>")],
        set(),
    ),
    ("two notes", [("  <cbc:DocumentCurrency", "<cbc:Note>a</cbc:Note><cbc:Note>b</cbc:Note><cbc:DocumentCurrency")], {"PEPPOL-EN16931-R002"}),
    ("an empty element", [("  <cbc:DocumentCurrency", "<cbc:Note> </cbc:Note><cbc:DocumentCurrency")], {"PEPPOL-EN16931-R008"}),
    ("no due date", [("<cbc:DueDate>2026-12-20</cbc:DueDate>", "")], set()),
    ("an invoice of type 381", [(">380<", ">381<")], {"BR-CL-01", "PEPPOL-EN16931-P0100"}),
    ("negative price", [(PRICE, PRICE.replace("100", "-100")), (QUANTITY, QUANTITY.replace(">1", ">-1"))], {"BR-27"}),
    ("net off by 0.02", [(PRICE, PRICE.replace("100", "100.02"))], set()),
    ("net off by 0.03", [(PRICE, PRICE.replace("100", "100.03"))], {"PEPPOL-EN16931-R120"}),
    (
        "sum of lines off by 0.01",
        [(NET, NET.replace("100.00", "100.01"))],
        {"BR-CO-10"},
    ),
    ("VAT off by 0.99", [(TAX, TAX.replace("42.00", "42.99")), (TAX, TAX.replace("42.00", "42.99")), ("ve"+'Amount currencyID="EUR">242.00', 'veAmount currencyID="EUR">242.99'), (PAYABLE, PAYABLE.replace("242.00", "242.99"))], set()),
    ("VAT off by 1.00", [(TAX, TAX.replace("42.00", "43.00")), (TAX, TAX.replace("42.00", "43.00")), ('veAmount currencyID="EUR">242.00', 'veAmount currencyID="EUR">243.00'), (PAYABLE, PAYABLE.replace("242.00", "243.00"))], {"BR-CO-17", "BR-S-09"}),
    ("taxable amount off by 0.01", [('<cbc:TaxableAmount currencyID="EUR">200.00', '<cbc:TaxableAmount currencyID="EUR">200.01')], set()),
    (
        "exempt taxable amount off by 0.01",
        [*category("E", "0", REASON), ('<cbc:TaxableAmount currencyID="EUR">200.00', '<cbc:TaxableAmount currencyID="EUR">200.01')],
        {"BR-E-08"},
    ),
    ("net with three decimals", [(NET, NET.replace("100.00", "100.000"))], {"BR-DEC-23", "UBL-DT-01"}),
    ("price with five decimals", [(PRICE, PRICE.replace("100", "100.00001"))], set()),
    ("base quantity 1000", [(PRICE, PRICE.replace("100", "100000")), (PRICE_END, '</cbc:PriceAmount><cbc:BaseQuantity unitCode="C62">1000</cbc:BaseQuantity></cac:Price>')], set()),
    ("base quantity 0", [(PRICE_END, '</cbc:PriceAmount><cbc:BaseQuantity unitCode="C62">0</cbc:BaseQuantity></cac:Price>')], {"PEPPOL-EN16931-R121"}),
    ("base quantity of another unit", [(PRICE_END, '</cbc:PriceAmount><cbc:BaseQuantity unitCode="KGM">1</cbc:BaseQuantity></cac:Price>')], {"PEPPOL-EN16931-R130"}),
    ("gross price explains the net one", [(PRICE_END, '</cbc:PriceAmount><cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount currencyID="EUR">20</cbc:Amount><cbc:BaseAmount currencyID="EUR">120</cbc:BaseAmount></cac:AllowanceCharge></cac:Price>')], set()),
    ("gross price does not", [(PRICE_END, '</cbc:PriceAmount><cac:AllowanceCharge><cbc:ChargeIndicator>false</cbc:ChargeIndicator><cbc:Amount currencyID="EUR">20</cbc:Amount><cbc:BaseAmount currencyID="EUR">120.01</cbc:BaseAmount></cac:AllowanceCharge></cac:Price>')], {"PEPPOL-EN16931-R046"}),
    ("charge on a price", [(PRICE_END, '</cbc:PriceAmount><cac:AllowanceCharge><cbc:ChargeIndicator>true</cbc:ChargeIndicator><cbc:Amount currencyID="EUR">20</cbc:Amount></cac:AllowanceCharge></cac:Price>')], {"PEPPOL-EN16931-R044"}),
    ("rounded payable", [('<cbc:PayableAmount currencyID="EUR">242.00', '<cbc:PayableRoundingAmount currencyID="EUR">0.02</cbc:PayableRoundingAmount><cbc:PayableAmount currencyID="EUR">242.02')], set()),
    ("rounding forgotten", [('<cbc:PayableAmount currencyID="EUR">242.00', '<cbc:PayableRoundingAmount currencyID="EUR">0.02</cbc:PayableRoundingAmount><cbc:PayableAmount currencyID="EUR">242.00')], {"BR-CO-16"}),
    ("all prepaid", [('<cbc:PayableAmount currencyID="EUR">242.00', '<cbc:PrepaidAmount currencyID="EUR">242.00</cbc:PrepaidAmount><cbc:PayableAmount currencyID="EUR">0.00')], set()),
    ("reverse charge", category("AE", "0", vatex("VATEX-EU-AE")), set()),
    ("reverse charge without reason", category("AE", "0"), {"BR-AE-10"}),
    ("exempt with the code of reverse charge", category("E", "0", vatex("VATEX-EU-AE")), {"PEPPOL-EN16931-P0107"}),
    ("exempt with the code of not subject", category("E", "0", vatex("VATEX-EU-O")), {"PEPPOL-EN16931-P0105"}),
    ("exempt by article 132", category("E", "0", vatex("VATEX-EU-132")), set()),
    ("intra-community", [*category("K", "0", vatex("VATEX-EU-IC")), ("<cac:PaymentMeans>", DELIVERY)], set()),
    ("intra-community without delivery", category("K", "0", vatex("VATEX-EU-IC")), {"BR-IC-11", "BR-IC-12"}),
    ("reason code of UBL.BE", category("AE", "0", vatex("BETE-45")), {"BR-CL-22"}),
    ("not subject", [*category("O", None, vatex("VATEX-EU-O")), *NO_VAT_NUMBERS], set()),
    ("not subject with a rate", [*category("O", "0", vatex("VATEX-EU-O")), *NO_VAT_NUMBERS], {"BR-O-05"}),
    ("zero rate", category("Z", "0"), set()),
    ("zero rate with a reason", category("Z", "0", REASON), {"BR-Z-10"}),
    ("one rate written three ways", [("<cbc:Percent>21<", "<cbc:Percent>21.0<"), ("<cbc:Percent>21<", "<cbc:Percent>21.00<")], set()),
    ("attachment", [attachment(PDF)], set()),
    ("attachment without file name", [attachment('mimeCode="application/pdf"')], {"UBL-DT-07"}),
    ("attached XML", [attachment('mimeCode="application/xml" filename="a"')], {"BR-CL-24", "PEPPOL-EN16931-CL001"}),
    ("attached image/jpg", [attachment('mimeCode="image/jpg" filename="a"')], {"BR-CL-24", "PEPPOL-EN16931-CL001"}),
    ("type code on an attachment", [attachment(PDF, "<cbc:ID>1</cbc:ID><cbc:DocumentTypeCode>380</cbc:DocumentTypeCode>")], {"UBL-SR-43"}),
    ("invoiced object twice", [attachment(PDF, "<cbc:ID>1</cbc:ID><cbc:DocumentTypeCode>130</cbc:DocumentTypeCode>")] * 2, {"UBL-SR-04", "UBL-CR-666"}),
    ("two accounts, one communication", [("<cac:TaxTotal>", f"<cac:PaymentMeans>{MEANS_CODE}<cbc:PaymentID>+++123/4567/89002+++</cbc:PaymentID>{ACCOUNT}</cac:PaymentMeans><cac:TaxTotal>")], set()),
    ("two communications", [("<cac:TaxTotal>", f"<cac:PaymentMeans>{MEANS_CODE}<cbc:PaymentID>other</cbc:PaymentID>{ACCOUNT}</cac:PaymentMeans><cac:TaxTotal>")], {"UBL-SR-44"}),
    ("transfer without account", [(ACCOUNT, "")], {"BR-61"}),
    ("direct debit without mandate", [(MEANS_CODE, MEANS_CODE.replace("30", "59"))], {"PEPPOL-EN16931-R061"}),
    ("accounting currency is the document's", [accounting("EUR"), second_total("EUR", "42.00")], {"PEPPOL-EN16931-R005", "BR-CO-15"}),
    ("accounting currency without total", [accounting("USD")], {"PEPPOL-EN16931-R054", "PEPPOL-EN16931-R055", "BR-53"}),
    ("second total in the accounting currency", [accounting("USD"), second_total("USD", "45.00")], set()),
    ("of another sign", [accounting("USD"), second_total("USD", "-45.00")], {"PEPPOL-EN16931-R055"}),
    ("line allowance without reason", [line_allowance(ZERO_OFF)], {"BR-42", "BR-CO-23"}),
    ("base without percentage", [line_allowance(f'<cbc:AllowanceChargeReason>x</cbc:AllowanceChargeReason>{ZERO_OFF}<cbc:BaseAmount currencyID="EUR">1</cbc:BaseAmount>')], {"PEPPOL-EN16931-R042"}),
    ("percentage without base", [line_allowance(f"<cbc:AllowanceChargeReason>x</cbc:AllowanceChargeReason><cbc:MultiplierFactorNumeric>1</cbc:MultiplierFactorNumeric>{ZERO_OFF}")], {"PEPPOL-EN16931-R041"}),
    ("self-billed type in billing", [(">380<", ">389<")], {"PEPPOL-EN16931-P0100"}),
    ("corrected invoice outside Germany", [(">380<", ">384<")], {"PEPPOL-EN16931-P0112"}),
    ("due date of another form", [("2026-12-20", "20-12-2026")], {"UBL-XSD", "PEPPOL-EN16931-F001"}),
]  # fmt: skip


@pytest.mark.parametrize(("changes", "rules"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_an_invoice_with(invoice: Build, changes: list[Change], rules: set[str]) -> None:
    findings = check(invoice(*changes), profile="peppol-bis-3")
    assert {finding.rule for finding in findings if finding.severity == "fatal"} == rules


def test_a_due_date_in_a_credit_note_breaks_the_schema(credit_note: Build) -> None:
    findings = check(
        credit_note(
            ("  <cbc:CreditNoteTypeCode>", "<cbc:DueDate>2026-12-20</cbc:DueDate><cbc:CreditNoteTypeCode>")
        ),
        profile="peppol-bis-3",
    )
    assert {finding.rule for finding in findings if finding.severity == "fatal"} == {"UBL-XSD"}


def test_a_credit_note_of_negative_amounts_is_valid(credit_note: Build) -> None:
    text = credit_note().decode()
    for amount in ("242.00", "42.00", "200.00", "100.00"):
        text = text.replace(f'"EUR">{amount}', f'"EUR">-{amount}')
    negative = text.replace('unitCode="C62">1<', 'unitCode="C62">-1<').encode()
    assert check(negative, profile="peppol-bis-3") == []


def test_a_credit_note_refers_to_one_project_at_most(credit_note: Build) -> None:
    reference = "<cac:AdditionalDocumentReference><cbc:ID>P{}</cbc:ID><cbc:DocumentTypeCode>50</cbc:DocumentTypeCode></cac:AdditionalDocumentReference>"
    before = "<cac:AccountingSupplierParty>"
    one, two = reference.format(1) + before, reference.format(1) + reference.format(2) + before
    assert check(credit_note((before, one)), profile="peppol-bis-3") == []
    findings = check(credit_note((before, two)), profile="peppol-bis-3")
    assert "PEPPOL-EN16931-R080" in {finding.rule for finding in findings}


def test_belgian_names_of_vat_categories_cost_two_warnings_only(invoice: Build) -> None:
    named = LINE_TAX.replace("</cbc:ID>", "</cbc:ID><cbc:Name>03</cbc:Name>")
    findings = check(invoice((LINE_TAX, named), (LINE_TAX, named), (LINE_TAX, named)), profile="peppol-bis-3")
    assert {finding.severity for finding in findings} == {"warning"}
    assert {finding.rule for finding in findings} == {"UBL-CR-504", "UBL-CR-597"}
