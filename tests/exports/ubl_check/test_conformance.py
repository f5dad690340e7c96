"""The publishers' own unit tests of their rules, all of them, through our layers."""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from lxml import etree  # pyright: ignore[reportAttributeAccessIssue] - lxml has no types

from exports.model import Finding
from exports.ubl.check import cen, source
from exports.ubl.check.rules import PEPPOL, evaluate

pytestmark = pytest.mark.corpus

VALIDATOR = "{http://difi.no/xsd/vefa/validator/1.0}"
KINDS = ("success", "error", "warning")


class Case(NamedTuple):
    name: str
    expectations: list[tuple[str, str]]
    document: bytes


def cases(folder: Path, pattern: str) -> Iterator[Case]:
    for path in sorted(folder.glob(pattern)):
        for number, test in enumerate(etree.parse(path).getroot().iter(f"{VALIDATOR}test"), 1):
            claims = test.find(f"{VALIDATOR}assert").iterchildren(etree.Element)
            expectations = [
                (kind, claim.text.strip())
                for claim in claims
                if (kind := claim.tag[len(VALIDATOR) :]) in KINDS
            ]
            [document] = [
                child for child in test.iterchildren(etree.Element) if not child.tag.startswith(VALIDATOR)
            ]
            yield Case(f"{path.name} test {number}", expectations, etree.tostring(document))


def holds(kind: str, found: list[Finding]) -> bool:
    severities = {finding.severity for finding in found}
    return severities == {"success": set(), "error": {"fatal"}, "warning": {"warning"}}[kind]


def test_the_1131_official_tests_of_the_en_16931_rules_come_out_as_published(
    documents: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = documents / "ConnectingEurope__eInvoicing-EN16931" / "test"
    tests = 0
    counts: Counter[str] = Counter()
    wrong: list[str] = []
    for kind in ("Invoice", "CreditNote"):
        for case in cases(folder, f"{kind}-unit-UBL/*"):
            tests += 1
            findings = cen.evaluate(source.parse(case.document))
            for expected, rule in case.expectations:
                counts[expected] += 1
                if not holds(expected, [finding for finding in findings if finding.rule == rule]):
                    wrong.append(f"{case.name}: {rule} should be {expected}")
    with capsys.disabled():
        print(  # noqa: T201  # the counts belong in the log of every run
            f"\nEN 16931: {tests} tests, expectations {dict(counts)}, {len(wrong)} wrong"
        )
    assert not wrong, "\n".join(wrong)
    assert tests == 1131
    assert counts == {"success": 564, "error": 567, "warning": 2}


def test_the_official_tests_of_every_peppol_rule_come_out_as_published(
    documents: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = documents / "OpenPEPPOL__peppol-bis-invoice-3" / "rules"
    files: set[str] = set()
    tests = 0
    counts: Counter[str] = Counter()
    national: Counter[str] = Counter()
    tested: set[str] = set()
    wrong: list[str] = []
    for case in cases(folder, "unit-UBL-*/*"):
        files.add(case.name.split(" ")[0])
        tests += 1
        root = source.parse(case.document).root
        for expected, rule in case.expectations:
            if not rule.startswith("PEPPOL-"):
                national[rule.split("-")[0]] += 1
                continue
            counts[expected] += 1
            tested.add(rule)
            if not holds(expected, evaluate(root, [PEPPOL[rule]])):
                wrong.append(f"{case.name}: {rule} should be {expected}")
    untested = sorted(PEPPOL.keys() - tested)
    with capsys.disabled():
        print(  # noqa: T201  # the counts belong in the log of every run
            f"\nPeppol: {len(files)} files with {tests} tests; of PEPPOL-* rules {len(tested)} of "
            f"{len(PEPPOL)}, expectations {dict(counts)}, {len(wrong)} wrong; without an official test: "
            f"{', '.join(untested)}; national expectations not evaluated: {dict(sorted(national.items()))}"
        )
    assert not wrong, "\n".join(wrong)
    assert tests == 543
    assert counts == {"success": 120, "error": 93, "warning": 8}


def test_all_63_rules_of_peppol_are_there() -> None:
    assert len(PEPPOL) == 63
    assert sum(rule.startswith("PEPPOL-EN16931-") for rule in PEPPOL) == 46
    assert all(rule.id == name and rule.text.endswith(".") for name, rule in PEPPOL.items())
