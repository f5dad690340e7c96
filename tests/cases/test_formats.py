"""Invoices as other programs write them: what is read, what the rules say, and what is written again."""

import json
from collections import Counter
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from exports import ubl
from exports.cli import main
from exports.model import Document, Finding
from exports.ubl.check import Profile, basis, check, check_natively, close
from tests.exports.ubl_check.mutations import mutated
from tests.exports.ubl_check.samples import CREDIT_NOTE, INVOICE
from tests.support.cases import case

pytestmark = pytest.mark.corpus


@pytest.fixture(scope="module", autouse=True)
def _rules_process() -> Any:
    yield
    close()


def read(name: str) -> Document:
    return ubl.read(case(f"formats/{name}").read())


def fatal(name: str) -> list[str]:
    return sorted(one.rule for one in check(case(f"formats/{name}").read()) if one.severity == "fatal")


@pytest.mark.parametrize(
    ("name", "rules"),
    [
        ("01-zero-quantity-with-amount.xml", ["PEPPOL-EN16931-R120"]),
        ("02-zero-quantity-zero-amount.xml", []),
        ("03-price-zero-net-given.xml", ["PEPPOL-EN16931-R120"]),
        ("05-vat-only-in-party-identification.xml", ["BR-S-02"]),
        ("06-three-accounts-one-reference.xml", []),
        ("07-negative-net-positive-gross.xml", []),
        ("08-tax-total-accounting-currency-first.xml", []),
        ("09-two-tax-totals-same-currency.xml", ["BR-CO-15", "PEPPOL-EN16931-R005"]),
        ("10-vat-number-without-prefix.xml", ["BR-CO-09", "BR-CO-09"]),
        ("11-empty-order-id-with-sales-order.xml", ["PEPPOL-EN16931-R008"]),
        ("12-processing-instruction-and-comment.xml", []),
        ("14-document-allowance-percent-and-line-charge.xml", []),
        ("15-prepaid-and-rounding.xml", []),
        ("16-many-units-tiny-price.xml", []),
        ("17-self-billing-by-type-code-only.xml", ["PEPPOL-EN16931-P0100"]),
        ("18-primary-image-without-mime-and-name.xml", ["BR-CL-24", "PEPPOL-EN16931-CL001", "UBL-DT-07"]),
    ],
)
def test_the_verdict_is_that_of_the_official_rules_and_the_values_come_back(
    name: str, rules: list[str]
) -> None:
    document = read(name)
    if name.startswith("10"):
        assert set(fatal(name)) == set(rules)
    else:
        assert fatal(name) == rules
    again = ubl.read(ubl.write(document))
    left_out = {"customization_id": None, "profile_id": None, "reading_remarks": (), "buyer_reference": None}
    assert replace(again, **left_out) == replace(document, **left_out)


def test_amounts_of_lines_are_kept_as_given() -> None:
    assert Decimal("12.00") in {
        one.net_amount for one in read("01-zero-quantity-with-amount.xml").lines if not one.quantity
    }
    assert Decimal("100.00") in {
        one.net_amount for one in read("03-price-zero-net-given.xml").lines if not one.price
    }
    assert read("16-many-units-tiny-price.xml").lines[0].price == Decimal("0.000015")


def test_numbers_accounts_and_totals_are_found_where_they_stand() -> None:
    assert ("BE", "0456789133") in read("05-vat-only-in-party-identification.xml").supplier.company_numbers
    accounts = read("06-three-accounts-one-reference.xml")
    assert len({one.account_id for one in accounts.payment_means}) == 3
    assert accounts.structured_communication == "090933755493"
    two = read("08-tax-total-accounting-currency-first.xml")
    assert (two.tax_total, two.currency, two.tax_total_in_tax_currency) == (
        Decimal("21.00"),
        "USD",
        Decimal("19.30"),
    )
    assert read("07-negative-net-positive-gross.xml").kind == "invoice"
    assert read("17-self-billing-by-type-code-only.xml").is_self_billing


def test_a_sales_order_without_an_order_comes_back_without_one() -> None:
    document = read("11-empty-order-id-with-sales-order.xml")
    assert (document.order_reference, document.sales_order_reference) == (None, "SO-88")
    written = ubl.write(document)
    assert b"<cbc:ID>NA</cbc:ID>" in written
    assert ubl.read(written).order_reference is None
    named = replace(document, order_reference="NA", sales_order_reference=None)
    assert ubl.read(ubl.write(named)).order_reference == "NA"


@pytest.mark.parametrize("declared", ["application/octet-stream", "image/png", "", None, "application/x-pdf"])
def test_an_attachment_is_written_as_what_it_is(declared: str | None) -> None:
    document = read("18-primary-image-without-mime-and-name.xml")
    [one] = document.attachments
    assert (one.is_pdf, one.mime_code) == (True, "application/pdf")
    [again] = ubl.read(
        ubl.write(replace(document, attachments=(replace(one, mime_code=declared),)))
    ).attachments
    assert (again.mime_code, again.decoded()) == ("application/pdf", one.decoded())


def test_a_finding_shows_the_value_that_the_rule_is_about() -> None:
    by_rule = {
        one.rule: one for one in check(case("formats/18-primary-image-without-mime-and-name.xml").read())
    }
    assert by_rule["BR-CL-24"].params["value"] == "application/octet-stream"
    assert by_rule["BR-CL-24"].location.endswith("/@mimeCode")
    assert "value" not in by_rule["UBL-DT-07"].params
    two = {one.rule: one for one in check(case("formats/09-two-tax-totals-same-currency.xml").read())}
    assert two["BR-CO-15"].params == {"vat_totals": "2", "currency": "EUR"}


@pytest.mark.parametrize("profile", ["peppol-bis-3", "ubl-be"])
def test_what_was_expected_is_never_what_was_found_and_our_stub_is_shown_nowhere(profile: Profile) -> None:
    attached = case("formats/18-primary-image-without-mime-and-name.xml").read()
    seen: Counter[bool] = Counter()
    for sample in (INVOICE, CREDIT_NOTE, attached):
        for seed in range(60):
            data = mutated(sample if isinstance(sample, bytes) else sample.encode(), seed)
            found: list[Finding] = [*check(data, profile=profile), *check_natively(data)]
            for one in found:
                seen["expected" in one.params and "found" in one.params] += 1
                assert one.params.get("expected", "+") != one.params.get("found", "-"), (seed, one)
                assert "AA==" not in {*one.params.values(), one.text}, (seed, one)
    assert seen[True] >= 10


def test_an_invoice_is_shown_with_what_makes_its_total(capsys: Any) -> None:
    assert main(["ubl", "show", str(case("formats/15-prepaid-and-rounding.xml").path)]) == 0
    shown = capsys.readouterr().out
    assert "gross 121.00, prepaid -50.00, rounding -0.01, to pay 70.99 EUR" in shown
    assert "account BE71096123456769" in shown
    assert (
        main(["ubl", "show", str(case("formats/14-document-allowance-percent-and-line-charge.xml").path)])
        == 0
    )
    shown = capsys.readouterr().out
    assert "allowance Trouwkorting 5% of 100.00: -5.00" in shown
    assert "charge Recupel: +2.00" in shown


def test_an_answer_names_the_releases_and_what_was_not_evaluated(capsys: Any) -> None:
    path = str(case("formats/02-zero-quantity-zero-amount.xml").path)
    assert main(["ubl", "check", path]) == 0
    assert (
        "Peppol BIS Billing 3.0.21; not evaluated: national rules of other countries"
        in capsys.readouterr().out
    )
    assert main(["ubl", "check", "--json", "--profile", "ubl-be", path]) == 1
    [answer] = json.loads(capsys.readouterr().out)
    assert {"name": "UBL.BE", "release": "1.31"} in answer["rules"]
    assert answer["not_evaluated"] == basis("ubl-be").not_evaluated
    assert Path(path).is_file()


def test_the_page_of_a_document_names_the_same_releases() -> None:
    page = (Path(__file__).parents[2] / "themes/templates/pages/records/_findings.html").read_text()
    for profile in ("peppol-bis-3", "ubl-be"):
        name, release = basis(profile).releases[-1]
        assert f"{name} {release}" in page
