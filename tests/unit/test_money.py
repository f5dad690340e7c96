"""The one reader of amounts: what it takes, what it asks, and that it never guesses."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.language import Language, gettext, use_language
from portal.kernel.money import LARGEST, Amount, NoAmount, cents, read_amount

THIN, NO_BREAK, NARROW = "\u2009", "\u00a0", "\u202f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1234,50", "1234.50"),
        ("1.234,50", "1234.50"),
        ("1,234.50", "1234.50"),
        ("1 234,5", "1234.5"),
        (f"1{THIN}234,50", "1234.50"),
        (f"1{NO_BREAK}234,50{NO_BREAK}€", "1234.50"),
        (f"{NARROW}1{NARROW}234{NARROW}567,89", "1234567.89"),
        ("1'234.50", "1234.50"),
        ("1’234’567.50", "1234567.50"),
        ("1.234.567", "1234567"),
        ("1 234", "1234"),
        ("€ 12", "12"),
        ("€12,50", "12.50"),
        ("12,50 €", "12.50"),
        ("EUR 12,50", "12.50"),
        ("12,50 eur", "12.50"),
        ("12,50 euro", "12.50"),
        ("EUR 12,50 €", "12.50"),
        ("12€50", "12.50"),
        ("+12,50", "12.50"),
        ("-7,00", "-7"),
        ("\u22127,00", "-7"),
        ("€ -7,00", "-7"),
        ("-€ 7,00", "-7"),
        ("7,00-", "-7"),
        ("7,00- EUR", "-7"),
        ("7,00 € -", "-7"),
        ("(7,00)", "-7"),
        ("12,-", "12"),
        ("€ 12,--", "12"),
        (",50", "0.50"),
        ("0,5", "0.5"),
        ("0012,50", "12.50"),
        ("１２，５０", "12.50"),
        ("-0", "0"),
        ("\u200e12,50\u200b", "12.50"),
        ("1234,5000", "1234.5"),
    ],
)
def test_amounts_as_people_write_them(text: str, expected: str) -> None:
    read = read_amount(text)
    assert isinstance(read, Amount), read
    assert read.value == Decimal(expected)


@pytest.mark.parametrize(
    ("text", "whole", "broken"),
    [
        ("0,125", "125,00", "0,13"),
        ("0.125", "125.00", "0.13"),
        ("1.234", "1234.00", "1.23"),
        ("1,234", "1234,00", "1,23"),
        ("€ 12.345", "12345.00", "12.35"),
        ("1,000.000", "1000000.00", "1000.00"),
        ("-1.000", "1000.00", "1.00"),
    ],
)
def test_what_can_be_read_in_two_ways_is_a_question_with_both(text: str, whole: str, broken: str) -> None:
    assert read_amount(text) == NoAmount("ambiguous", {"whole": whole, "broken": broken})


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "empty"),
        (" \u00a0", "empty"),
        ("abc", "not_an_amount"),
        ("NaN", "not_an_amount"),
        ("1e5", "not_an_amount"),
        ("1_000", "not_an_amount"),
        ("1,2,3", "not_an_amount"),
        ("12.34.56", "not_an_amount"),
        ("1,23,456.78", "not_an_amount"),
        ("1 2345", "not_an_amount"),
        ("0 125", "not_an_amount"),
        ("0.125,50", "not_an_amount"),
        ("1 234.567,89", "not_an_amount"),
        ("12.", "not_an_amount"),
        ("--5", "not_an_amount"),
        ("-5-", "not_an_amount"),
        ("(-5)", "not_an_amount"),
        ("12²", "not_an_amount"),
        ("½", "not_an_amount"),
        ("١٢", "not_an_amount"),
        ("50%", "not_an_amount"),
        ("€", "not_an_amount"),
        ("1" * 100_000, "not_an_amount"),
        ("12 stk", "no_currency"),
        ("USD 12", "other_currency"),
        ("$ 12", "other_currency"),
        ("CHF 1'200.00", "other_currency"),
        ("1234,567", "decimals"),
        ("100.000000000000000001", "decimals"),
        ("1000000000000", "too_large"),
        ("9" * 20, "too_large"),
    ],
)
def test_what_is_no_amount_says_why(text: str, code: str) -> None:
    read = read_amount(text)
    assert isinstance(read, NoAmount)
    assert read.code == code
    for language in Language:
        with use_language(language):
            assert "%(" not in gettext(read.told())


def test_each_currency_has_its_own_decimals_and_the_books_two() -> None:
    assert read_amount("100,50", "JPY") == NoAmount(
        "decimals", {"currency": "JPY", "places": "0", "found": "1"}
    )
    assert read_amount("100.00", "JPY") == Amount(Decimal(100))
    assert read_amount("$5", "CAD") == Amount(Decimal(5), "CAD")
    assert read_amount("1234.567", "KWD") == NoAmount(
        "decimals", {"currency": "KWD", "places": "2", "found": "3"}
    )


def test_the_numbers_of_programs_are_what_they_say() -> None:
    assert read_amount(5) == Amount(Decimal(5))
    assert read_amount(Decimal("1E+3")) == Amount(Decimal(1000))
    for number, code in (
        ("1.234", "decimals"),
        ("100.000000000000000001", "decimals"),
        ("NaN", "not_an_amount"),
        ("Infinity", "not_an_amount"),
        ("1E+999999", "too_large"),
    ):
        read = read_amount(Decimal(number))
        assert isinstance(read, NoAmount)
        assert read.code == code


def test_the_cases_that_others_met(corpus: Path) -> None:
    lines = (corpus / "cases" / "92-amounts.txt").read_text().splitlines()[1:]
    read = {line: read_amount(line) for line in lines}
    assert all(isinstance(one, Amount) and one.value == Decimal("12.50") for one in list(read.values())[:4])
    assert all(isinstance(one, NoAmount) and one.code == "ambiguous" for one in list(read.values())[4:])


AMOUNTS = st.decimals(min_value=-LARGEST + 1, max_value=LARGEST - 1, places=2, allow_nan=False)
DRESS = st.sampled_from(
    [("", ""), ("€", ""), ("€ ", ""), ("", " €"), ("EUR ", ""), ("", "\u00a0EUR"), ("", "\u202f€")]
)


@given(AMOUNTS, st.sampled_from(["", ".", ",", " ", "'", THIN, NO_BREAK, NARROW]), DRESS, st.booleans())
def test_however_an_amount_is_printed_it_is_read_back(
    value: Decimal, mark: str, dress: tuple[str, str], behind: bool
) -> None:
    point = "," if mark == "." else "."
    text = f"{abs(value):,.2f}".replace(",", "\0").replace(".", point).replace("\0", mark)
    sign = "-" if value < 0 else ""
    text = f"{dress[0]}{text}{sign}{dress[1]}" if behind else f"{sign}{dress[0]}{text}{dress[1]}"
    read = read_amount(text)
    assert isinstance(read, Amount), (text, read)
    assert read.value == value


@given(st.text(alphabet="0123456789.,' -+()€EURx\u202f\u2212", max_size=30))
def test_whatever_is_written_the_answer_is_an_amount_of_cents_or_a_reason(text: str) -> None:
    read = read_amount(text)
    if isinstance(read, Amount):
        assert cents(read.value) == read.value
        assert abs(read.value) < LARGEST
        digits = "".join(sign for sign in text if sign.isdigit())
        shown = f"{abs(read.value):f}".replace(".", "")
        assert shown.strip("0") == digits.strip("0"), "no digit is made up or lost"
    else:
        assert gettext(read.told())


@given(st.integers(0, 999), st.integers(0, 999), st.sampled_from(".,"))
def test_a_lone_group_of_three_is_never_taken(front: int, group: int, mark: str) -> None:
    read = read_amount(f"{front}{mark}{group:03d}")
    assert isinstance(read, NoAmount)
    assert read.code == "ambiguous"
