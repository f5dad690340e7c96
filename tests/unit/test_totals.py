"""The amounts of an entry: the total with its rate, the split, and a till receipt."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.features.documents.domain.entry_form import form_values
from portal.features.documents.domain.patch import document_patch
from portal.features.documents.domain.totals import RATES, Amounts, add_up, of_total, read_amounts
from portal.kernel.language import gettext
from tests.support.entries import parse_entry

ENTRY = {
    "kind": "purchase_invoice",
    "number": "F1",
    "issue_date": "2026-10-12",
    "counterparty_name": "De Smet",
}


def read(**values: str) -> tuple[Amounts | None, dict[str, str]]:
    faults: dict[str, str] = {}
    said = read_amounts(values, "EUR", faults)
    return (add_up(said, "EUR", faults) if said is not None else None), faults


def parts(amounts: Amounts | None) -> list[tuple[str, str, str]]:
    assert amounts is not None
    return [(str(one.percent), f"{one.taxable:.2f}", f"{one.tax:.2f}") for one in amounts.rates]


def test_one_rate_is_worked_out_from_the_total() -> None:
    assert parts(read(total="€ 121,00", vat="21")[0]) == [("21", "100.00", "21.00")]
    assert parts(read(total="100", vat="21")[0]) == [("21", "82.64", "17.36")]
    assert parts(read(total="-106", vat="6")[0]) == [("6", "-100.00", "-6.00")]
    assert parts(read(total="50", vat="0")[0]) == [("0", "50.00", "0.00")]


def test_a_till_receipt_is_its_total_without_vat_and_needs_no_kind() -> None:
    assert parts(read(total="12,50", vat="none")[0]) == [("None", "12.50", "0.00")]
    entry, faults = parse_entry({**ENTRY, "kind": "", "number": "", "total": "12,50", "vat": "none"})
    assert faults == {}
    assert entry is not None
    columns = entry.columns("BE:1")
    assert (columns["kind"], columns["gross"], columns["tax"]) == ("expense_receipt", Decimal("12.50"), 0)
    assert columns["tax_subtotals"] == [{"category": "O", "percent": None, "taxable": "12.50", "tax": "0.00"}]


def test_several_rates_make_the_total_to_within_a_cent_a_rate() -> None:
    assert parts(read(total="174,50", vat="several", net_21="100", net_6="50,47")[0]) == [
        ("21", "100.00", "21.00"),
        ("6", "50.47", "3.03"),
    ]
    off, _faults = read(total="174,51", vat="several", net_21="100", net_6="50,47")
    assert parts(off)[0] == ("21", "100.00", "21.01"), "a cent of rounding goes to VAT that was worked out"
    printed, _faults = read(total="121,01", vat="several", net_21="100", tax_21="21")
    assert printed is not None
    assert (parts(printed), printed.total) == ([("21", "100.00", "21.00")], Decimal("121.01"))
    _none, faults = read(total="68,40", vat="several", net_21="56,53", tax_21="11,97")
    assert gettext(faults["total"]) == "The total does not add up: 68.40 ≠ 56.53 + 11.97."


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({}, "total"),
        ({"total": "12"}, "vat"),
        ({"vat": "21"}, "total"),
        ({"total": "12", "vat": "19"}, "vat"),
        ({"total": "1.234", "vat": "21"}, "total"),
        ({"total": "0,125", "vat": "none"}, "total"),
        ({"total": "USD 12", "vat": "21"}, "total"),
        ({"total": "12", "vat": "several"}, "net_21"),
        ({"total": "12", "vat": "several", "tax_21": "2"}, "net_21"),
        ({"vat": "several", "net_21": "1.000"}, "net_21"),
        ({"vat": "several", "net_21": "900000000000", "net_6": "900000000000"}, "total"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(values: dict[str, str], field: str) -> None:
    amounts, faults = read(**values)
    assert amounts is None
    assert list(faults) == [field]


def test_an_empty_or_unknown_currency_and_texts_that_cannot_be_kept_are_faults() -> None:
    amounts = {"total": "12", "vat": "21"}
    for name, value in (
        ("currency", ""),
        ("currency", "XQZ"),
        ("number", "F\x001"),
        ("counterparty_name", "De\x1bSmet"),
        ("counterparty_country", "ZZ"),
    ):
        entry, faults = parse_entry({**ENTRY, **amounts, name: value})
        assert entry is None
        assert list(faults) == [name]


@given(st.decimals(-(10**9), 10**9, places=2, allow_nan=False), st.sampled_from([*RATES, None]))
def test_parts_always_make_the_total_again(total: Decimal, percent: Decimal | None) -> None:
    rate = of_total(total, percent)
    assert rate.taxable + rate.tax == total
    if percent:
        assert abs(rate.taxable * percent / 100 - rate.tax) <= Decimal("0.01")


class Stored:
    """A document as the form of its correction sees it."""

    def __init__(self, columns: dict[str, object]) -> None:
        self.__dict__.update(columns)


@given(
    st.decimals(0, 10**6, places=2, allow_nan=False),
    st.sampled_from(["21", "12", "6", "0", "none"]),
)
def test_what_was_entered_comes_back_to_the_form(total: Decimal, vat: str) -> None:
    entry, faults = parse_entry({**ENTRY, "total": f"{total:.2f}", "vat": vat})
    assert entry is not None, faults
    again, faults = parse_entry(form_values(document_patch(Stored(entry.columns("BE:1")))))
    assert again is not None, faults
    assert again.columns("BE:1") == entry.columns("BE:1")
