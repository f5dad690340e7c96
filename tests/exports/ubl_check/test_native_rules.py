"""Native rules one at a time on fragments: those the publisher has no test for, and the edges of the others."""

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from exports.model import Finding
from exports.ubl.check import source
from exports.ubl.check.rules import PEPPOL, SELF_BILLING, UBL_BE, evaluate
from tests.exports.ubl_check.samples import NAMESPACES


def fragment(inside: str, kind: str = "Invoice") -> etree._Element:
    name = f"urn:oasis:names:specification:ubl:schema:xsd:{kind}-2"
    return source.parse(f'<{kind} xmlns="{name}" {NAMESPACES}>{inside}</{kind}>'.encode()).root


def broken(rule: str, inside: str, kind: str = "Invoice") -> list[Finding]:
    return evaluate(fragment(inside, kind), [PEPPOL[rule]])


def party(inside: str) -> str:
    return f"<cac:AccountingCustomerParty><cac:Party>{inside}</cac:Party></cac:AccountingCustomerParty>"


def places(scheme: str, value: str) -> list[str]:
    return [
        party(f'<cbc:EndpointID schemeID="{scheme}">{value}</cbc:EndpointID>'),
        party(
            f'<cac:PartyIdentification><cbc:ID schemeID="{scheme}">{value}</cbc:ID></cac:PartyIdentification>'
        ),
        party(
            f'<cac:PartyLegalEntity><cbc:CompanyID schemeID="{scheme}">{value}</cbc:CompanyID></cac:PartyLegalEntity>'
        ),
    ]


@pytest.mark.parametrize(
    ("rule", "scheme", "good", "bad"),
    [
        ("PEPPOL-COMMON-R041", "0192", "974760673", "974760674"),
        ("PEPPOL-COMMON-R043", "0208", " 0739484052\n", "07 39484052"),
        ("PEPPOL-COMMON-R052", "0096", "1234567890", " 1234567890"),
        ("PEPPOL-COMMON-R053", "0198", "DK12345678", "12345678"),
        ("PEPPOL-COMMON-R054", "0106", "12345678", "123456789"),
        ("PEPPOL-COMMON-R055", "0190", "12345678901234567890", "1234567890"),
        ("PEPPOL-COMMON-R056-1", "9944", "NL123456789B12", "123456789B12"),
        ("PEPPOL-COMMON-R057", "0217", "123456789012", "12345678901"),
    ],
)
def test_identifiers_are_judged_wherever_they_stand(rule: str, scheme: str, good: str, bad: str) -> None:
    assert [broken(rule, place) for place in places(scheme, good)] == [[], [], []]
    for place in places(scheme, bad):
        [finding] = broken(rule, place)
        assert finding.severity == PEPPOL[rule].severity
        assert finding.params["scheme"] == scheme
    assert [broken(rule, place) for place in places("0060", bad)] == [[], [], []]


def test_a_dutch_vat_number_is_judged_once_by_scheme_or_by_prefix() -> None:
    def registration(attribute: str, number: str, tax: str = "VAT") -> str:
        return party(
            f"<cac:PartyTaxScheme><cbc:CompanyID{attribute}>{number}</cbc:CompanyID>"
            f"<cac:TaxScheme><cbc:ID>{tax}</cbc:ID></cac:TaxScheme></cac:PartyTaxScheme>"
        )

    rule = "PEPPOL-COMMON-R056-2"
    assert [finding.severity for finding in broken(rule, registration("", "NL1"))] == ["warning"]
    assert broken(rule, registration("", "NL123456789B12")) == []
    assert broken(rule, registration("", "BE1")) == []
    assert broken(rule, registration("", "NL1", "TAX")) == []
    with_scheme = registration(' schemeID="9944"', "NL1")
    assert broken(rule, with_scheme) == []
    assert len(broken("PEPPOL-COMMON-R056-1", with_scheme)) == 1


def test_an_element_is_empty_by_xmls_blanks_not_by_unicodes() -> None:
    rule = "PEPPOL-EN16931-R008"
    assert len(broken(rule, "<cbc:Note/>")) == 1
    assert len(broken(rule, "<cbc:Note> \t\r\n</cbc:Note>")) == 1
    assert len(broken(rule, "<cbc:Note><!-- nothing --></cbc:Note>")) == 1
    assert len(broken(rule, '<cbc:Note languageID="nl"/>')) == 1
    assert broken(rule, "<cbc:Note>\u00a0</cbc:Note>") == []
    assert broken(rule, "<cbc:Note>0</cbc:Note>") == []
    nested = broken(rule, "<cac:Delivery><cac:DeliveryLocation/></cac:Delivery>")
    assert [finding.location for finding in nested] == ["/Invoice/cac:Delivery/cac:DeliveryLocation"]


def line(net: str, quantity: str, price: str, base: str = "", more: str = "", kind: str = "Invoice") -> str:
    name = "InvoicedQuantity" if kind == "Invoice" else "CreditedQuantity"
    base = f"<cbc:BaseQuantity>{base}</cbc:BaseQuantity>" if base else ""
    return (
        f"<cac:{kind}Line><cbc:{name}>{quantity}</cbc:{name}>"
        f"<cbc:LineExtensionAmount>{net}</cbc:LineExtensionAmount>{more}"
        f"<cac:Price><cbc:PriceAmount>{price}</cbc:PriceAmount>{base}</cac:Price></cac:{kind}Line>"
    )


def allowance(kind: str, amount: str) -> str:
    return (
        f"<cac:AllowanceCharge><cbc:ChargeIndicator>{kind}</cbc:ChargeIndicator>"
        f"<cbc:Amount>{amount}</cbc:Amount></cac:AllowanceCharge>"
    )


@pytest.mark.parametrize(
    ("inside", "holds"),
    [
        (line("100.02", "1", "100"), True),
        (line("100.021", "1", "100"), False),
        (line("99.98", "1", "100"), True),
        (line("99.979", "1", "100"), False),
        (line("-100", "-1", "100"), True),
        (line("1.02", "3", "1", "3"), False),  # 3 × 0.333… is a hair below 1, and 1.02 a hair too far
        (line("33.33", "1000", "33.33", "1000"), True),
        (line("33.33", "1000", "33.33", "0"), False),
        (line("0.07", "1", "0.0661"), True),
        (line("95.00", "1", "100", "", allowance("false", "10") + allowance("true", "5")), True),
        (line("95.00", "1", "100", "", allowance(" false ", "5")), True),
        (line("100", "1", "100", "", allowance("x", "5")), True),
        (line("100", " 2 ", "100"), False),
        (line("100", "1", "100.030000000000001136868377"), False),  # a float, printed
        (line("100", "3.0000000000000000000001", "33.333333333333333333333333"), True),
        (line("x", "1", "100"), True),  # the schema's matter
        ("<cac:InvoiceLine/>", True),
    ],
)
def test_a_lines_net_amount_is_near_to_what_it_is_made_of(inside: str, holds: bool) -> None:
    assert (broken("PEPPOL-EN16931-R120", inside) == []) is holds


def test_sums_are_exact_where_floating_point_is_not() -> None:
    amounts = "".join(allowance("true", "0.1") for _ in range(10))
    assert broken("PEPPOL-EN16931-R120", line("1.02", "1", "0", "", amounts)) == []
    huge = line("999999999999999999.02", "1", "999999999999999999.00")
    assert broken("PEPPOL-EN16931-R120", huge) == []
    assert len(broken("PEPPOL-EN16931-R120", huge.replace(".02", ".021"))) == 1


def test_a_credit_notes_line_has_its_own_quantity() -> None:
    good = line("200", "2", "100", kind="CreditNote")
    assert broken("PEPPOL-EN16931-R120", good, "CreditNote") == []
    wrong_name = good.replace("Credited", "Invoiced")
    assert len(broken("PEPPOL-EN16931-R120", wrong_name, "CreditNote")) == 1


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("2026-11-22", True),
        ("2024-02-29", True),
        ("2026-02-29", False),
        ("2026-13-01", False),
        ("20261122", False),
        ("2026-11-22Z", False),
        ("2026-11-2 ", False),
        (" 2026-11-22", False),
        ("22-11-2026", False),
        ("２０２６-11-22", False),
        ("2026-W47-1", False),
        ("2026/11/22", False),
    ],
)
def test_a_date_has_ten_signs_and_exists(value: str, holds: bool) -> None:
    assert (broken("PEPPOL-EN16931-F001", f"<cbc:IssueDate>{value}</cbc:IssueDate>") == []) is holds


def allowance_of(factor: str, base: str, amount: str, indicator: str = "false") -> str:
    parts = [("MultiplierFactorNumeric", factor), ("Amount", amount), ("BaseAmount", base)]
    inside = "".join(f"<cbc:{name}>{value}</cbc:{name}>" for name, value in parts if value)
    return f"<cac:AllowanceCharge><cbc:ChargeIndicator>{indicator}</cbc:ChargeIndicator>{inside}</cac:AllowanceCharge>"


@pytest.mark.parametrize(
    ("inside", "rules"),
    [
        (allowance_of("10", "100", "10.02"), []),
        (allowance_of("10", "100", "10.03"), ["R040"]),
        (allowance_of("10", "100", ""), ["R040"]),
        (allowance_of("10", "", "10"), ["R041"]),
        (allowance_of("", "100", "10"), ["R042"]),
        (allowance_of("", "", "10"), []),
        (allowance_of("", "", "10", "1"), ["R043"]),
        (allowance_of("10", "", "10", "1"), ["R041"]),  # the first rule that applies speaks alone
        (allowance_of("10", "100", "11", "no"), ["R040", "R043"]),
    ],
)
def test_percentage_base_and_amount_belong_together(inside: str, rules: list[str]) -> None:
    table = [PEPPOL[f"PEPPOL-EN16931-R04{number}"] for number in range(4)]
    for place in (inside, f"<cac:InvoiceLine>{inside}</cac:InvoiceLine>"):
        found = {finding.rule.removeprefix("PEPPOL-EN16931-") for finding in evaluate(fragment(place), table)}
        assert found == set(rules)
    in_a_price = f"<cac:InvoiceLine><cac:Price>{inside}</cac:Price></cac:InvoiceLine>"
    assert evaluate(fragment(in_a_price), table) == []


def countries(seller: str, buyer: str) -> str:
    return "".join(
        f"<cac:Accounting{role}Party><cac:Party><cac:PostalAddress><cac:Country><cbc:IdentificationCode>{code}"
        f"</cbc:IdentificationCode></cac:Country></cac:PostalAddress></cac:Party></cac:Accounting{role}Party>"
        for role, code in (("Supplier", seller), ("Customer", buyer))
    )


def test_two_german_parties_may_do_more() -> None:
    notes = "<cbc:Note>a</cbc:Note><cbc:Note>b</cbc:Note><cbc:InvoiceTypeCode>384</cbc:InvoiceTypeCode>"
    for rule in ("PEPPOL-EN16931-R002", "PEPPOL-EN16931-P0112"):
        assert broken(rule, notes + countries("DE", "de")) == []
        assert len(broken(rule, notes + countries("DE", "BE"))) == 1
        assert len(broken(rule, notes + countries("BE", "DE"))) == 1
        assert len(broken(rule, notes)) == 1
    assert len(evaluate(fragment(notes + countries("DE", "DE")), [UBL_BE["PEPPOL-EN16931-R002"]])) == 1


def test_the_currency_of_a_vat_total_is_the_accounting_currencys_only_without_breakdown() -> None:
    rule = "PEPPOL-EN16931-R051"
    document = "<cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>"
    amount = '<cbc:TaxAmount currencyID="USD">1</cbc:TaxAmount>'
    assert broken(rule, f"{document}<cac:TaxTotal>{amount}</cac:TaxTotal>") == []
    group = f"<cac:TaxSubtotal>{amount}</cac:TaxSubtotal>"
    findings = broken(rule, f"{document}<cac:TaxTotal>{amount}{group}</cac:TaxTotal>")
    assert [finding.params for finding in findings] == [{"expected": "EUR", "found": "USD"}] * 2
    root = fragment(f"{document}<cac:TaxTotal>{amount}{group}</cac:TaxTotal>")
    assert len(evaluate(root, [SELF_BILLING[rule]])) == 1


def test_more_than_a_hundred_breaches_are_counted_in_the_last() -> None:
    findings = broken("PEPPOL-EN16931-R008", "<cbc:Note/>" * 250)
    assert len(findings) == 100
    assert [finding.params for finding in findings[-2:]] == [{}, {"more": "150"}]
    assert findings[99].location == "/Invoice/cbc:Note[100]"


def test_self_billing_has_the_rules_of_billing_but_one() -> None:
    assert len(SELF_BILLING) == 62
    assert PEPPOL.keys() - SELF_BILLING.keys() == {"PEPPOL-EN16931-P0112"}


REFERENCE = "<cac:AdditionalDocumentReference><cbc:ID>{}</cbc:ID>{}</cac:AdditionalDocumentReference>"


def described(words: str) -> str:
    return f"<cbc:DocumentDescription>{words}</cbc:DocumentDescription>"


SOFTWARE = REFERENCE.format("UBL.BE", described("Software 1.0"))
COPY = REFERENCE.format("1", described("CommercialInvoice"))


def category(inside: str) -> str:
    return f"<cac:TaxTotal><cac:TaxSubtotal><cac:TaxCategory>{inside}</cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>"


def terms(inside: str) -> str:
    return f"<cac:PaymentTerms><cbc:SettlementDiscountPercent>2</cbc:SettlementDiscountPercent>{inside}</cac:PaymentTerms>"


@pytest.mark.parametrize(
    ("rule", "good", "bad"),
    [
        ("01", SOFTWARE + COPY, COPY),
        ("02", COPY, COPY + COPY),
        ("02", COPY, SOFTWARE),
        ("03", SOFTWARE, COPY),
        ("04", COPY, REFERENCE.format("1", "")),
        ("05", "<cac:Delivery><cac:DeliveryTerms><cbc:ID>BELM-006</cbc:ID></cac:DeliveryTerms></cac:Delivery>", "<cac:Delivery><cac:DeliveryTerms><cbc:ID>BELM-009</cbc:ID></cac:DeliveryTerms></cac:Delivery>"),
        ("06", "<cac:Delivery><cac:DeliveryTerms><cbc:SpecialTerms>Factuur uitgereikt door de afnemer</cbc:SpecialTerms></cac:DeliveryTerms></cac:Delivery>", "<cac:Delivery><cac:DeliveryTerms/></cac:Delivery>"),
        ("07", terms(""), terms("").replace(">2<", ">100<")),
        ("08", terms("<cbc:Amount>1</cbc:Amount>"), terms("")),
        ("09", terms("<cbc:PaymentDueDate>2026-12-01</cbc:PaymentDueDate>"), terms("<cbc:PaymentDueDate>1/12/2026</cbc:PaymentDueDate>")),
        ("10", category("<cbc:Name>46/GO</cbc:Name>"), category("<cbc:Name>21</cbc:Name>")),
        ("11", category("<cbc:TaxExemptionReasonCode>BETE-45</cbc:TaxExemptionReasonCode>"), category("<cbc:TaxExemptionReasonCode>VATEX-EU-AE</cbc:TaxExemptionReasonCode>")),
        ("12", category("<cbc:TaxExemptionReason>Financial discount</cbc:TaxExemptionReason>"), category("<cbc:TaxExemptionReason>Korting</cbc:TaxExemptionReason>")),
        ("13", "<cac:InvoiceLine><cac:TaxTotal><cbc:TaxAmount>0</cbc:TaxAmount></cac:TaxTotal></cac:InvoiceLine>", "<cac:InvoiceLine><cac:TaxTotal><cbc:TaxAmount>x</cbc:TaxAmount></cac:TaxTotal></cac:InvoiceLine>"),
        ("14", "<cac:InvoiceLine><cac:TaxTotal/></cac:InvoiceLine>", "<cac:InvoiceLine/>"),
        ("15", "<cac:ClassifiedTaxCategory><cbc:Name>03</cbc:Name></cac:ClassifiedTaxCategory>", "<cac:ClassifiedTaxCategory/>"),
    ],
)  # fmt: skip
def test_belgian_rule(rule: str, good: str, bad: str) -> None:
    own = [UBL_BE[f"ubl-BE-{rule}"]]
    assert evaluate(fragment(good), own) == []
    assert [finding.rule for finding in evaluate(fragment(bad), own)] == [f"ubl-BE-{rule}"]
