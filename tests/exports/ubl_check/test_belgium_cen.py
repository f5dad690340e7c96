"""UBL.BE 1.31 leaves out exactly these EN 16931 rules; whatever damage a document has, all others are said as CEN says them."""

from collections import Counter
from pathlib import Path

import pytest

from exports.model import Finding
from exports.ubl.check import Profile, check
from exports.ubl.check.cen import EVALUATION
from exports.ubl.check.engine import RULES, resource
from exports.ubl.check.rules.belgium_cen import DROPPED, REPLACED
from tests.exports.ubl_check.mutations import mutated

LEFT_OUT = (
    "BR-AF-05 BR-AF-06 BR-AF-07 BR-AF-08 BR-AF-09 BR-AF-10 BR-AG-05 BR-AG-06 BR-AG-07 BR-AG-08 BR-AG-09 BR-AG-10 BR-B-01 BR-B-02 "
    "BR-CL-22 BR-CO-10 BR-CO-17 BR-DEC-23 BR-E-01 BR-E-08 BR-IC-01 BR-IC-12 BR-O-02 BR-S-08 BR-S-09 UBL-CR-119 UBL-CR-202 UBL-CR-406 "
    "UBL-CR-456 UBL-CR-459 UBL-CR-463 UBL-CR-477 UBL-CR-498 UBL-CR-504 UBL-CR-561 UBL-CR-597 UBL-CR-600 UBL-CR-601 UBL-CR-656 "
    "UBL-CR-657 UBL-CR-672 UBL-CR-681 UBL-CR-682 UBL-DT-01 UBL-SR-51 UBL-SR-52 UBL-SR-53 UBL-SR-54 UBL-SR-55 UBL-SR-56"
)
SEEDS = 40


@pytest.fixture(scope="module")
def samples(documents: Path) -> list[bytes]:
    return [path.read_bytes() for path in sorted((documents / "ublbe-1.31").iterdir())]


def said(data: bytes, profile: Profile) -> Counter[tuple[str, str]]:
    return Counter((one.rule, one.location) for one in check(data, profile=profile) if is_cen(one))


def is_cen(finding: Finding) -> bool:
    return finding.rule.startswith(("BR-", "UBL-CR", "UBL-SR", "UBL-DT"))


def test_the_list_is_that_of_the_rule_set_and_names_rules_of_cen() -> None:
    assert set(LEFT_OUT.split()) == DROPPED
    assert {"BR-AE-08", "BR-G-08", "BR-IC-08", "BR-O-08", "BR-Z-08"} == REPLACED
    published = resource(RULES).read_text(encoding="utf-8")
    assert [rule for rule in DROPPED | REPLACED if f">{rule}<" not in published] == []


@pytest.mark.corpus
def test_its_own_samples_have_no_finding_at_all_of_these_rules(samples: list[bytes]) -> None:
    assert [said(data, "ubl-be") for data in samples] == [Counter()] * 5


@pytest.mark.corpus
def test_damage_is_said_by_every_rule_that_is_not_left_out(samples: list[bytes]) -> None:
    seen: set[str] = set()
    for at, data in enumerate(samples):
        for seed in range(SEEDS):
            document = mutated(data, seed * len(samples) + at)
            by_cen = said(document, "en16931")
            if any(one.rule == EVALUATION for one in check(document, profile="en16931")):
                continue
            kept = Counter({one: times for one, times in by_cen.items() if one[0] not in DROPPED | REPLACED})
            ours = Counter(
                {one: times for one, times in said(document, "ubl-be").items() if one[0] not in REPLACED}
            )
            assert ours == kept, seed
            seen |= {rule for rule, _location in kept}
    assert len(seen) >= 20  # the damage is of many kinds


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("category", "rule"),
    [("AE", "BR-AE-08"), ("K", "BR-IC-08"), ("O", "BR-O-08"), ("Z", "BR-Z-08"), ("G", "BR-G-08")],
)
def test_a_group_is_compared_with_the_vat_of_its_lines(documents: Path, category: str, rule: str) -> None:
    """The line's net amount is 400, its own VAT is of 392 after a cash discount: that is what its group must say."""
    sample = (documents / "ublbe-1.31" / "UBLBE_BE0000000196_V01-15000005.xml").read_bytes()
    data = sample.replace(b">S</cbc:ID>", f">{category}</cbc:ID>".encode())
    assert rule not in {one.rule for one in check(data, profile="ubl-be")}
    head, taxable, rest = data.partition(b'<cbc:TaxableAmount currencyID="EUR">392<')
    other = head + taxable.replace(b"392", b"400") + rest
    [finding] = [one for one in check(other, profile="ubl-be") if one.rule == rule]
    assert finding.params == {"expected": "392", "found": "400"}
    assert finding.severity == ("warning" if category == "K" else "fatal")
