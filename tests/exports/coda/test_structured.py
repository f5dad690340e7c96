"""Structured communications: every type of the standard, zone by zone."""

from datetime import date
from decimal import Decimal

import pytest

from exports import coda
from exports.coda.structured import decode, display, mask_card_number
from exports.coda.zones import ZONES

#: Sums of the zones as the standard gives them (annex III).
LENGTHS = {
    "001": 175, "002": 140, "004": 140, "005": 140, "006": 52, "007": 28, "008": 105, "009": 105, "010": 251,
    "011": 209, "100": 25, "101": 12, "102": 12, "103": 12, "105": 74, "106": 58, "107": 60, "108": 54, "111": 61,
    "113": 108, "114": 69, "115": 105, "121": 75, "122": 51, "123": 57, "124": 54, "125": 112, "126": 99, "127": 146,
}  # fmt: skip


def filled(kind: str) -> tuple[str, dict[str, object]]:
    """A communication with a different value in every zone, and those values."""
    text, values = kind, {}
    for number, (name, length, form) in enumerate(ZONES[kind], start=1):
        if form == "skip":
            text += " " * length
        elif form == "sign":
            text += "1"
            values["amount"] = -values["amount"]
        elif form[0] == "n":
            text += f"{number:0{length}d}"
            values[name] = Decimal(number).scaleb(-int(form[1]))
        elif form in ("d6", "d8"):
            text += f"{number:02d}1126" if form == "d6" else f"{number:02d}112026"
            values[name] = date(2026, 11, number)
        else:
            value = chr(64 + number) * length
            text += value
            values[name] = value
    return text, values


@pytest.mark.parametrize("kind", sorted(LENGTHS))
def test_every_zone_of_every_type_stands_where_the_standard_puts_it(kind: str) -> None:
    assert sum(length for _, length, _ in ZONES[kind]) == LENGTHS[kind]
    text, values = filled(kind)
    if kind == "127":
        text = text[:-5] + "2AC04"
        values |= {"r_transaction": "2", "r_reason": "AC04"}
    communication = decode(text)
    assert dict(communication.values) == values
    assert communication.type == kind
    assert communication.is_known


def test_all_types_are_there() -> None:
    assert set(ZONES) == set(LENGTHS)


@pytest.mark.parametrize("kind", sorted(LENGTHS))
def test_a_blank_or_cut_communication_of_any_type_is_read(kind: str) -> None:
    for text in (kind, kind + " " * 40, kind + "0" * 30, filled(kind)[0][:37]):
        values = decode(text).values
        assert all(value is None or isinstance(value, (str, Decimal, date)) for value in values.values())
        assert "\n" not in display(decode(text))


def test_a_direct_debit_before_version_2_3_has_a_longer_communication() -> None:
    remittance = "x" * 65
    text = "127" + "021126" + "110" + "BE68ZZZ0123456789".ljust(35) + "MANDATE".ljust(35) + remittance
    assert decode(text).values["communication"] == remittance
    assert "r_reason" not in decode(text).values


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("101090933755493", "+++090/9337/55493+++"),
        ("102090933755493", "+++090/9337/55493+++"),
        ("103000000001234", "000000001234"),
        ("100RF18539007547034", "RF18 5390 0754 7034"),
        (
            "105" + "0" * 12 + "100" + "0" * 12 + "110" + "0" * 12 + "USD" + "090933755493US",
            "+++090/9337/55493+++ · 0.11 USD",
        ),
        ("006" + "Costs".ljust(30) + "EUR" + "0" * 10 + "12340" + "1013", "Costs · -12.34 EUR"),
        ("001" + "Name  of".ljust(70) + "Street 1".ljust(35) + "9000 Gent", "Name of · Street 1 · 9000 Gent"),
        ("199 anything ", "anything"),
        ("106" + "0" * 15 + "000000000025500" + "002100000000" + "2" + "0" * 15, "21 % × 25.50"),
        (
            "113"
            "4871041234567890"
            "1"
            + "0" * 12
            + "021126"
            + "1015"
            + "1"
            + "SHOP".ljust(16)
            + "GENT".ljust(10)
            + "000000000012340"
            + "0" * 12
            + "USD",
            "SHOP · GENT · 2026-11-02 · 10:15 · 487104******7890 · 12.34 USD",
        ),
    ],
)
def test_what_people_see(text: str, shown: str) -> None:
    assert display(decode(text)) == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("4871041234567890", "487104******7890"),
        ("4871 0412 3456 7890", "487104******7890"),
        ("4871040000007890", "487104******7890"),
        ("00004871041234567890", "487104******7890"),
        ("12345678", "****5678"),
        ("", ""),
    ],
)
def test_card_numbers_are_masked(number: str, shown: str) -> None:
    assert mask_card_number(number) == shown


def test_values_are_not_changeable() -> None:
    with pytest.raises(TypeError):
        decode("101090933755493").values["number"] = "x"  # type: ignore[index] - that it cannot be written is what is shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Kaart 5412 7512 3456 7890 te Gent", "Kaart 5412 75** **** 7890 te Gent"),
        ("5412-7512-3456-7890.", "5412-75**-****-7890."),
        ("PAN:4111111111111111", "PAN:411111******1111"),
        ("378282246310005", "378282*****0005"),
        ("3782 822463 10005", "3782 82**** *0005"),
        ("6703 0000 0000 0000 003", "6703 00** **** ***0 003"),
        ("BE68 5390 0754 7034", "BE68 5390 0754 7034"),
        ("FR76 3000 6000 0112 3456 7890 189", "FR76 3000 6000 0112 3456 7890 189"),
        ("BE68539007547034 NL91ABNA0417164300", "BE68539007547034 NL91ABNA0417164300"),
        ("+++090/9337/55493+++ 090933755493", "+++090/9337/55493+++ 090933755493"),
        ("mandate 4453562821750147", "mandate 4453562821750147"),
        ("41111111111111111111111", "41111111111111111111111"),
    ],
)
def test_t54_card_numbers_in_free_text_are_masked_and_other_numbers_not(text: str, shown: str) -> None:
    movement = coda.Movement(communication=text, information=(coda.Information(communication=text),))
    assert movement.text == shown
    assert movement.information[0].text == shown
    assert movement.information_text == shown
