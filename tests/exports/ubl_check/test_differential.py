"""Damaged documents: our EN 16931 layer against the stylesheet as published, and every layer against crashes."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from exports.ubl.check import check, engine, source
from exports.ubl.check.engine import EvaluationError
from exports.ubl.check.rules import PEPPOL, SELF_BILLING, UBL_BE, evaluate
from exports.ubl.tokens import Unreadable
from tests.exports.ubl_check.mutations import mutated
from tests.exports.ubl_check.samples import CREDIT_NOTE, INVOICE

REFERENCE = Path(__file__).with_name("reference_report.py")
ROUNDS = 400


def reference(folder: Path) -> dict[str, object]:
    ran = subprocess.run(
        [sys.executable, str(REFERENCE), str(engine.resource(engine.RULES)), str(folder)],
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(ran.stdout)


def ours(document: bytes) -> object:
    try:
        failures = engine.ENGINE.evaluate(document)
    except EvaluationError as error:
        return {"error": str(error)}
    return sorted([failure.rule, failure.severity, failure.location] for failure in failures)


def compare(originals: list[bytes], folder: Path) -> tuple[Counter[str], list[str]]:
    """Damages each document in turn and compares both sides; returns what was seen and what differed."""
    for seed in range(ROUNDS):
        (folder / f"{seed:04}.xml").write_bytes(mutated(originals[seed % len(originals)], seed))
    seen: Counter[str] = Counter()
    different: list[str] = []
    for name, answer in reference(folder).items():
        data = (folder / name).read_bytes()
        found = ours(source.parse(data).serialised())
        expected = sorted(answer) if isinstance(answer, list) else answer
        if isinstance(expected, list):
            seen.update(rule for rule, _, _ in expected)
        else:
            seen["broken off"] += 1
        if found != expected:
            different.append(f"{name}: {found!r:.300} instead of {expected!r:.300}")
    return seen, different


def test_our_documents_damaged_get_the_published_verdicts(tmp_path: Path) -> None:
    seen, different = compare([INVOICE.encode(), CREDIT_NOTE.encode()], tmp_path)
    assert not different, "\n".join(different)
    assert len(seen) > 50


@pytest.mark.corpus
def test_documents_of_others_damaged_get_the_published_verdicts(
    documents: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = [
        *sorted((documents / "OpenPEPPOL__peppol-bis-invoice-3" / "rules" / "examples").iterdir()),
        *sorted((documents / "ConnectingEurope__eInvoicing-EN16931" / "ubl" / "examples").iterdir()),
    ]
    seen, different = compare([path.read_bytes() for path in paths], tmp_path)
    with capsys.disabled():
        print(  # noqa: T201  # the counts belong in the log of every run
            f"\ndamaged documents: {ROUNDS}, rules broken {len(seen)}, verdicts {seen.total()}, "
            f"{len(different)} different"
        )
    assert not different, "\n".join(different)
    assert len(seen) > 80


EVERY_CHECK: Any = list(HealthCheck)


@settings(max_examples=300, deadline=None, suppress_health_check=EVERY_CHECK)
@given(seed=st.integers(0, 2**32), credit=st.booleans())
def test_native_rules_never_fail_on_a_damaged_document(seed: int, *, credit: bool) -> None:
    document = mutated((CREDIT_NOTE if credit else INVOICE).encode(), seed)
    root = source.parse(document).root
    for table in (PEPPOL, SELF_BILLING, UBL_BE):
        for finding in evaluate(root, table.values()):
            assert finding.location.startswith(("/Invoice", "/CreditNote"))
            assert all(isinstance(value, str) for value in finding.params.values())


@settings(max_examples=200, deadline=None, suppress_health_check=EVERY_CHECK)
@given(st.data())
def test_bytes_damaged_anywhere_are_checked_or_refused(data: st.DataObject) -> None:
    document = bytearray(INVOICE.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(document) - 1))
        document[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    try:
        check(bytes(document), profile="peppol-bis-3")
    except Unreadable:
        return
