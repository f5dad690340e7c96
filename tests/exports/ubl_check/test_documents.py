"""Whole documents: ours, and those that publishers give as examples."""

from collections import Counter
from pathlib import Path

import pytest

from exports.errors import ExportsError
from exports.model import Finding
from exports.ubl.check import Profile, UnknownProfileError, check
from tests.exports.ubl_check.samples import Build

PEPPOL_SELF_BILLING = (
    (
        "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0",
        "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0",
    ),
    ("poacc:billing:01:1.0", "poacc:selfbilling:01:1.0"),
)


def fatal(findings: list[Finding]) -> dict[str, int]:
    return dict(Counter(finding.rule for finding in findings if finding.severity == "fatal"))


def broken(paths: list[Path], profile: Profile) -> dict[str, dict[str, int]]:
    results = {path.name: fatal(check(path.read_bytes(), profile=profile)) for path in paths}
    return {name: rules for name, rules in results.items() if rules}


def test_our_own_invoice_and_credit_note_have_no_finding_at_all(invoice: Build, credit_note: Build) -> None:
    assert check(invoice(), profile="peppol-bis-3") == []
    assert check(credit_note(), profile="peppol-bis-3") == []
    assert check(invoice(), profile="en16931") == []


def test_without_a_profile_the_rules_are_peppols(invoice: Build) -> None:
    data = invoice(("<cbc:BuyerReference>PO-1</cbc:BuyerReference>", ""))
    assert [one.rule for one in check(data)] == ["PEPPOL-EN16931-R003"]


@pytest.mark.parametrize("profile", ["", "peppol", "EN16931"])
def test_an_unknown_profile_is_refused_before_anything_is_read(profile: str) -> None:
    with pytest.raises(UnknownProfileError) as caught:
        check(b"not even XML", profile=profile)  # pyright: ignore[reportArgumentType] - a profile that is none
    assert isinstance(caught.value, ExportsError)
    assert not isinstance(caught.value, ValueError)
    assert (caught.value.reason, caught.value.params) == ("unknown_profile", {"profile": profile})


@pytest.mark.corpus
@pytest.mark.parametrize(("folder", "count"), [("examples", 9), ("snippets", 15)])
def test_peppols_examples_and_snippets_are_valid(documents: Path, folder: str, count: int) -> None:
    paths = sorted((documents / "OpenPEPPOL__peppol-bis-invoice-3" / "rules" / folder).iterdir())
    assert len(paths) == count
    assert broken(paths, "peppol-bis-3") == {}


@pytest.mark.corpus
def test_the_documents_of_the_en_16931_repository_are_valid(documents: Path) -> None:
    folder = documents / "ConnectingEurope__eInvoicing-EN16931"
    paths = [*(folder / "test" / "testfiles").iterdir(), *(folder / "ubl" / "examples").iterdir()]
    assert len(paths) == 47
    assert broken(paths, "en16931") == {}


@pytest.mark.corpus
def test_the_official_ubl_be_cases_are_valid_by_their_own_rules(documents: Path) -> None:
    paths = sorted((documents / "ublbe-1.31").iterdir())
    assert len(paths) == 5
    assert broken(paths, "ubl-be") == {}


@pytest.mark.corpus
def test_ubl_be_is_no_peppol_document_and_breaks_en_16931_where_it_extends_it(documents: Path) -> None:
    paths = sorted((documents / "ublbe-1.31").iterdir())
    as_peppol = broken(paths, "peppol-bis-3")
    assert all("PEPPOL-EN16931-R004" in rules for rules in as_peppol.values())
    assert len(as_peppol) == 5
    assert set().union(*broken(paths, "en16931").values()) == {
        "BR-S-08",
        "BR-E-08",
        "BR-CL-22",
        "BR-DEC-23",
        "UBL-DT-01",
    }


@pytest.mark.corpus
def test_two_greek_examples_break_the_schema_and_the_finding_says_where(documents: Path) -> None:
    folder = documents / "OpenPEPPOL__peppol-bis-invoice-3" / "rules" / "national-examples" / "GR"
    for path in folder.iterdir():
        findings = [
            finding for finding in check(path.read_bytes(), profile="en16931") if finding.rule == "UBL-XSD"
        ]
        assert [finding.location for finding in findings] == ["/Invoice/cac:AdditionalDocumentReference[1]"]
        assert int(findings[0].params["line"]) > 50
        assert "cac:AdditionalDocumentReference" in findings[0].text


def test_self_billing_is_told_by_its_ids_and_has_its_own_types(invoice: Build, credit_note: Build) -> None:
    own = ("<cbc:InvoiceTypeCode>380", "<cbc:InvoiceTypeCode>389")
    assert fatal(check(invoice(*PEPPOL_SELF_BILLING, own), profile="peppol-bis-3")) == {}
    assert fatal(check(invoice(*PEPPOL_SELF_BILLING), profile="peppol-bis-3")) == {"PEPPOL-EN16931-P0100": 1}
    note = (">381<", ">261<")
    assert fatal(check(credit_note(*PEPPOL_SELF_BILLING, note), profile="peppol-bis-3")) == {}
    assert fatal(check(credit_note(*PEPPOL_SELF_BILLING), profile="peppol-bis-3")) == {
        "PEPPOL-EN16931-P0101": 1
    }


def test_a_self_billing_process_with_the_billing_specification_breaks_it(invoice: Build) -> None:
    findings = check(
        invoice(("poacc:billing:01:1.0", "poacc:selfbilling:01:1.0"), (">380<", ">389<")),
        profile="peppol-bis-3",
    )
    assert fatal(findings) == {"PEPPOL-EN16931-R004": 1}


def test_findings_have_place_values_and_words(invoice: Build) -> None:
    [finding] = check(
        invoice(
            (
                '<cbc:LineExtensionAmount currencyID="EUR">200.00',
                '<cbc:LineExtensionAmount currencyID="EUR">200.01',
            ),
            (
                '<cbc:TaxExclusiveAmount currencyID="EUR">200.00',
                '<cbc:TaxExclusiveAmount currencyID="EUR">200.01',
            ),
            (
                '<cbc:TaxInclusiveAmount currencyID="EUR">242.00',
                '<cbc:TaxInclusiveAmount currencyID="EUR">242.01',
            ),
            ('<cbc:PayableAmount currencyID="EUR">242.00', '<cbc:PayableAmount currencyID="EUR">242.01'),
        ),
        profile="peppol-bis-3",
    )
    assert (finding.rule, finding.severity) == ("BR-CO-10", "fatal")
    assert finding.location == "/Invoice/cac:LegalMonetaryTotal"
    assert finding.params == {"expected": "200.00", "found": "200.01"}
    assert finding.text.startswith("Sum of Invoice line net amount")


def test_a_finding_of_a_native_rule_counts_the_line_it_is_on(invoice: Build) -> None:
    text = invoice().decode()
    first, second = text.split("<cac:InvoiceLine>")[1:]
    moved = text.replace(second, second.replace(">100<", ">99.90<")).encode()
    [finding] = check(moved, profile="peppol-bis-3")
    assert first != second
    assert finding.rule == "PEPPOL-EN16931-R120"
    assert finding.location == "/Invoice/cac:InvoiceLine[2]"
    assert finding.params == {"expected": "99.90", "found": "100.00"}


def test_a_value_the_rules_cannot_calculate_with_is_said_and_not_passed_over(invoice: Build) -> None:
    findings = check(
        invoice(('<cbc:PayableAmount currencyID="EUR">242.00', '<cbc:PayableAmount currencyID="EUR">?')),
        profile="peppol-bis-3",
    )
    assert fatal(findings) == {"UBL-XSD": 1, "EN16931-EVALUATION": 1}
    assert findings[0].location == "/Invoice/cac:LegalMonetaryTotal/cbc:PayableAmount"


def test_prefixes_encoding_and_a_byte_order_mark_change_nothing(invoice: Build) -> None:
    text = invoice(("Bakkerij Zonder Naam BV", "Pâtisserie é BV")).decode()
    other = text.replace("cbc:", "b:").replace("cac:", "a:").replace("xmlns:cbc", "xmlns:b")
    other = other.replace("xmlns:cac", "xmlns:a")
    assert check(b"\xef\xbb\xbf" + other.encode(), profile="peppol-bis-3") == []
    latin = '<?xml version="1.0" encoding="ISO-8859-1"?>' + text
    assert check(latin.encode("latin-1"), profile="peppol-bis-3") == []
    utf16 = '<?xml version="1.0" encoding="UTF-16"?>' + text
    assert check(utf16.encode("utf-16"), profile="peppol-bis-3") == []
    wrong = (
        text.replace(">0000000196<", ">BE0000000196<", 1)
        .replace("cbc:", "b:")
        .replace("xmlns:cbc", "xmlns:b")
    )
    [finding] = check(wrong.encode(), profile="peppol-bis-3")
    assert finding.location == "/Invoice/cac:AccountingSupplierParty/cac:Party/cbc:EndpointID"
