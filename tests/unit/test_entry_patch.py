"""What is said of a document, by the form of a page and by the JSON of a program: two adapters, one patch."""

import json
from datetime import date
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import UNSET

from portal.features.documents.domain.entry import (
    NOT_A_CHOICE,
    NOT_A_CURRENCY,
    NOT_A_DATE,
    NOT_A_TEXT,
    NOT_STRUCTURED,
    REQUIRED,
    TOO_LONG,
)
from portal.features.documents.domain.entry_form import form_values, read_form
from portal.features.documents.domain.entry_json import EntryBody, read_json
from portal.features.documents.domain.patch import EntryPatch, completed
from portal.features.documents.domain.totals import (
    NO_AMOUNTS,
    NOT_A_FIELD,
    RATES,
    SEVERAL,
    SaidAmounts,
    SaidRate,
)
from portal.kernel.errors import Invalid
from portal.kernel.kinds import Kind
from portal.kernel.language import gettext

STANDS = EntryPatch(
    kind=Kind.PURCHASE_INVOICE,
    number="F1",
    issue_date=date(2026, 10, 12),
    due_date=date(2026, 11, 12),
    currency="EUR",
    counterparty_name="De Smet",
    counterparty_country="BE",
    counterparty_number="0417497106",
    structured_communication="",
    amounts=SaidAmounts(vat="21", total=Decimal("121.00")),
)


def program(**fields: object) -> tuple[EntryPatch | None, dict[str, str]]:
    """What a program says of the document that stands, through the text of its JSON."""
    text = json.dumps(fields)
    body = msgspec.json.decode(text, type=EntryBody)
    return read_json(body, json.loads(text, parse_float=Decimal).get("amounts"), STANDS)


def form(**fields: str) -> tuple[EntryPatch | None, dict[str, str]]:
    """What a person makes of the form that shows that document."""
    amounts = {"vat", "total"} & fields.keys() or any(name.startswith(("net_", "tax_")) for name in fields)
    shown = form_values(msgspec.structs.replace(STANDS, amounts=UNSET) if amounts else STANDS)
    return read_form({**shown, **fields})


def test_a_form_says_everything_and_shows_it_again() -> None:
    assert form() == (STANDS, {})
    assert read_form(form_values(STANDS)) == (STANDS, {})


def test_a_program_says_what_is_to_change_and_the_rest_stays() -> None:
    assert program() == (EntryPatch(), {})
    patch, faults = program(number="F2", due_date=None)
    assert (patch, faults) == (EntryPatch(number="F2"), {})
    assert patch is not None
    assert patch.over(STANDS) == msgspec.structs.replace(STANDS, number="F2")
    assert completed(patch, STANDS).due_date == date(2026, 11, 12)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ({"number": "F2"}, {"number": "F2"}),
        ({"kind": "other"}, {"kind": "other"}),
        ({"issue_date": "2026-10-31"}, {"issue_date": "2026-10-31"}),
        ({"currency": "USD"}, {"currency": "USD"}),
        ({"counterparty_name": "Elders", "counterparty_number": ""},) * 2,
        ({"total": "1.210,50", "vat": "21"}, {"amounts": {"total": 1210.50, "vat": 21}}),
        ({"total": "1.210,50", "vat": "21"}, {"amounts": {"total": "1210,50", "vat": "21"}}),
        ({"total": "€ 12", "vat": "none"}, {"amounts": {"total": 12, "vat": "none"}}),
        ({"kind": "", "total": "12", "vat": "none"}, {"kind": "", "amounts": {"total": 12, "vat": "none"}}),
        (
            {"vat": "several", "net_21": "100", "net_6": "50,47", "tax_6": "3,03"},
            {"amounts": {"net_21": 100, "net_6": 50.47, "tax_6": "3.03"}},
        ),
    ],
)
def test_the_same_is_the_same_through_both(typed: dict[str, str], sent: dict[str, object]) -> None:
    by_form, faults = form(**typed)
    assert by_form is not None, faults
    by_program, faults = program(**sent)
    assert by_program is not None, faults
    assert by_program.over(STANDS) == by_form
    assert completed(by_program, STANDS) == completed(by_form)


@given(
    st.dictionaries(
        st.sampled_from(RATES),
        st.tuples(st.decimals(0, 10**6, places=2), st.none() | st.decimals(0, 10**5, places=2)),
        min_size=1,
    )
)
def test_any_split_is_the_same_through_both(split: dict[Decimal, tuple[Decimal, Decimal | None]]) -> None:
    parts = tuple(
        SaidRate(percent=percent, taxable=split[percent][0], tax=split[percent][1])
        for percent in RATES
        if percent in split
    )
    said = EntryPatch(amounts=SaidAmounts(vat=SEVERAL, total=None, parts=parts))
    texts = form_values(said)
    by_form, faults = form(**texts)
    assert by_form is not None, faults
    # A number of JSON, as its text writes it.
    body = ", ".join(f'"{name}": {value}' for name, value in texts.items() if name != "vat")
    amounts = json.loads(f"{{{body}}}", parse_float=Decimal)
    by_program, faults = read_json(EntryBody(amounts={}), amounts, STANDS)
    assert by_program is not None, faults
    assert by_program.over(STANDS) == by_form == said.over(STANDS)


@pytest.mark.parametrize(
    ("given", "fault"),
    [
        ({"kind": "x"}, NOT_A_CHOICE),
        ({"number": ""}, REQUIRED),
        ({"number": "F\u00001"}, NOT_A_TEXT),
        ({"number": "9" * 81}, TOO_LONG),
        ({"issue_date": "1066-10-14"}, NOT_A_DATE),
        ({"due_date": "2101-01-01"}, NOT_A_DATE),
        ({"currency": "XQZ"}, NOT_A_CURRENCY),
        ({"counterparty_name": " "}, REQUIRED),
        ({"counterparty_country": "ZZ"}, NOT_A_CHOICE),
        ({"structured_communication": "+++123/4567/89012+++"}, NOT_STRUCTURED),
    ],
)
def test_both_say_the_same_fault_beside_the_same_field(given: dict[str, str], fault: str) -> None:
    assert form(**given) == program(**given) == (None, dict.fromkeys(given, fault))


@pytest.mark.parametrize(
    ("amounts", "field"),
    [
        ({"total": "1.234", "vat": "21"}, "total"),
        ({"total": "12", "vat": "19"}, "vat"),
        ({"vat": "several", "tax_21": "2"}, "net_21"),
        ({"total": "200", "vat": "several", "net_21": "100"}, "total"),
        ({"total": "USD 12", "vat": "21"}, "total"),
    ],
)
def test_both_say_what_is_wrong_with_amounts(amounts: dict[str, str], field: str) -> None:
    by_form, by_program = form(**amounts), program(amounts=amounts)
    assert by_form[0] is by_program[0] is None
    assert list(by_form[1]) == list(by_program[1]) == [field]
    assert gettext(by_form[1][field]) == gettext(by_program[1][field])


def test_a_number_of_a_program_is_what_it_says() -> None:
    said = program(amounts={"total": 1234.5, "vat": "21"})[0]
    assert said is not None
    assert said.amounts == SaidAmounts(vat="21", total=Decimal("1234.5"))
    for total in ("1.234", "100.000000000000000001", "1e400", "1e-400"):
        amounts = json.loads(f'{{"total": {total}, "vat": "21"}}', parse_float=Decimal)
        patch, faults = read_json(EntryBody(amounts={}), amounts, STANDS)
        assert (patch, list(faults)) == (None, ["total"])


def test_amounts_are_in_the_currency_that_is_said_or_stands() -> None:
    patch, faults = program(currency="USD", amounts={"total": "USD 12", "vat": "21"})
    assert (patch is not None, faults) == (True, {})
    patch, faults = program(currency="JPY", amounts={"total": "12,50", "vat": "21"})
    assert (patch, list(faults)) == (None, ["total"])
    cents = msgspec.structs.replace(STANDS, amounts=SaidAmounts(vat="21", total=Decimal("12.50")))
    patch, faults = read_json(EntryBody(currency="JPY"), None, cents)
    assert (patch, list(faults)) == (None, ["total"]), "what stands must go with what is said"


def test_a_field_that_no_amount_has_is_named() -> None:
    assert program(number="", amounts={"gross": "5"}) == (None, {"gross": NOT_A_FIELD})


def test_a_patch_that_leaves_something_out_is_no_entry_by_itself() -> None:
    with pytest.raises(Invalid) as refused:
        completed(EntryPatch(number="F1", currency="EUR"))
    assert set(refused.value.fields) == {"kind", "issue_date", "counterparty_name", "total"}


def test_a_paper_that_said_no_amounts_becomes_an_invoice_only_with_some() -> None:
    contract = msgspec.structs.replace(STANDS, kind=Kind.CONTRACT, amounts=NO_AMOUNTS)
    patch, faults = read_json(EntryBody(kind="purchase_invoice"), None, contract)
    assert (patch, set(faults)) == (None, {"total"})
    assert read_json(EntryBody(kind="other"), None, contract)[1] == {}
    said = {"total": Decimal(0), "vat": "0"}
    assert read_json(EntryBody(kind="purchase_invoice"), said, contract)[1] == {}


@pytest.mark.parametrize(
    ("amounts", "fields"),
    [
        ({"total": 121, "vat": "21", "net_6": 1000, "tax_6": 60}, {"net_6", "tax_6"}),
        ({"total": 121, "vat": "none", "net_21": 100}, {"net_21"}),
        ({"net_21": 100, "tax_0": 60}, {"net_0"}),
        ({"total": 121, "vat": "21", "net_6": " "}, set[str]()),
        ({"total": 121, "vat": "several", "net_21": 100, "tax_21": 21}, set[str]()),
    ],
)
def test_what_a_program_says_of_amounts_is_taken_or_refused_and_never_left_out(
    amounts: dict[str, str | int], fields: set[str]
) -> None:
    _patch, faults = program(amounts=amounts)
    assert set(faults) == fields
