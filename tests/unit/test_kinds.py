"""Every kind of document has its words, its place in every list of kinds, and what it must say."""

import pytest

from exports import layouts
from exports.bundle import Kind as BundleKind
from portal.features.bundles.pages.export import GROUPS
from portal.features.bundles.service.parts import BUNDLE_KINDS
from portal.kernel.kinds import (
    CREDIT_NOTES,
    DOCUMENTS,
    KIND_NAMES,
    KIND_PLURALS,
    PAPERS,
    PURCHASES,
    SALES,
    UNNUMBERED,
    Kind,
)
from tests.support.entries import parse_entry

ENTRY = {"number": "7", "issue_date": "2026-10-12", "counterparty_name": "De Smet"}
AMOUNTS = {"total": "121", "vat": "21"}


def test_a_document_is_a_sale_a_purchase_or_a_paper_and_never_a_statement() -> None:
    parts = (SALES, PURCHASES, PAPERS)
    assert sorted(kind for part in parts for kind in part) == sorted(DOCUMENTS)
    assert set(Kind) - set(DOCUMENTS) == {Kind.STATEMENT}
    assert CREDIT_NOTES < SALES | PURCHASES
    assert PAPERS < UNNUMBERED < set(DOCUMENTS)


def test_every_document_has_words() -> None:
    assert set(KIND_NAMES) == set(DOCUMENTS) == set(KIND_PLURALS)


def test_every_kind_is_in_one_group_of_an_export_and_has_a_kind_in_the_bundle_and_a_folder() -> None:
    assert sorted(kind for group in GROUPS.values() for kind in group) == sorted(Kind)
    assert set(BUNDLE_KINDS) == set(Kind)
    assert set(BUNDLE_KINDS.values()) == set(BundleKind)
    for layout in layouts.all():
        assert set(BUNDLE_KINDS.values()) == set(layout.folders)


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_what_can_be_booked_says_its_amounts_and_a_paper_may(kind: Kind) -> None:
    entry, faults = parse_entry({**ENTRY, "kind": kind, **AMOUNTS})
    assert faults == {}
    assert entry is not None
    assert (entry.kind, entry.total) == (kind, 121)
    entry, faults = parse_entry({**ENTRY, "kind": kind})
    if kind not in PAPERS:
        assert set(faults) == {"total"}
        return
    assert faults == {}
    assert entry is not None
    columns = entry.columns("BE:1")
    assert [columns[name] for name in ("net", "tax", "gross", "payable")] == [0, 0, 0, 0]


@pytest.mark.parametrize("kind", sorted(PAPERS))
def test_amounts_of_a_paper_are_read_as_strictly_as_any(kind: Kind) -> None:
    for amounts in ({"total": "0,125", "vat": "21"}, {"total": "12"}, {"net_21": "x"}):
        assert parse_entry({**ENTRY, "kind": kind, **amounts})[1]


@pytest.mark.parametrize("kind", DOCUMENTS)
def test_a_number_is_asked_where_there_always_is_one(kind: Kind) -> None:
    faults = parse_entry({**ENTRY, **AMOUNTS, "kind": kind, "number": ""})[1]
    assert ("number" in faults) is (kind not in UNNUMBERED)


def test_nobody_enters_a_statement_as_a_document() -> None:
    assert set(parse_entry({**ENTRY, **AMOUNTS, "kind": Kind.STATEMENT})[1]) == {"kind"}
