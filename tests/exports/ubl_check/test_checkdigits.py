"""Check digits against python-stdnum, which others wrote, and the forms Peppol asks for."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean, luhn
from stdnum.au import abn
from stdnum.be import vat as belgian_vat
from stdnum.it import iva
from stdnum.no import orgnr
from stdnum.se import orgnr as swedish

from exports.ubl.check.rules import checkdigits

Judge = Callable[[str], bool]


def belgian_reference(number: str) -> bool:
    # stdnum as a whole also wants 0 or 1 as the first digit, which Peppol's rule does not; its sum alone takes
    # check digits that the calculation never gives.
    return belgian_vat.checksum(number) == 0 and 1 <= int(number[8:]) <= 97


def australian_reference(number: str) -> bool:
    # Where the first digit is 0, taking one from it gives -1: Peppol's rule goes on, stdnum does not.
    return abn.is_valid(number) if number[0] != "0" else checkdigits.australian(number)


PAIRS: list[tuple[str, Judge, Judge, int]] = [
    ("gln", checkdigits.gln, ean.is_valid, 13),
    ("norwegian", checkdigits.norwegian, orgnr.is_valid, 9),
    ("belgian", checkdigits.belgian, belgian_reference, 10),
    ("swedish", checkdigits.swedish, swedish.is_valid, 10),
    ("australian", checkdigits.australian, australian_reference, 11),
    ("italian", lambda number: checkdigits.italian_vat("IT" + number), luhn.is_valid, 11),
]


@pytest.mark.parametrize(
    ("ours", "theirs", "length"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)
def test_same_verdict_as_stdnum_on_ten_thousand_numbers(ours: Judge, theirs: Judge, length: int) -> None:
    numbers = random.Random(20261122)
    valid = 0
    for _ in range(10_000):
        number = "".join(numbers.choices("0123456789", k=length))
        assert ours(number) == theirs(number), number
        valid += ours(number)
    assert valid > 50  # the sample has both kinds


@pytest.mark.parametrize(
    ("ours", "theirs", "length"), [pair[1:] for pair in PAIRS], ids=[pair[0] for pair in PAIRS]
)
def test_every_slip_of_one_digit_is_noticed_where_stdnum_notices_it(
    ours: Judge, theirs: Judge, length: int
) -> None:
    numbers = random.Random(7)
    number = next(
        candidate
        for _ in range(10_000)
        if theirs(candidate := "".join(numbers.choices("123456789", k=length)))
    )
    for place in range(length):
        for digit in "0123456789":
            slip = number[:place] + digit + number[place + 1 :]
            assert ours(slip) == theirs(slip), slip


@given(st.text(max_size=20))
def test_no_text_is_too_strange_to_judge(text: str) -> None:
    for judge in (
        checkdigits.gln,
        checkdigits.norwegian,
        checkdigits.danish_company,
        checkdigits.danish_vat,
        checkdigits.belgian,
        checkdigits.italian_office,
        checkdigits.italian_fiscal,
        checkdigits.italian_vat,
        checkdigits.swedish,
        checkdigits.australian,
        checkdigits.dutch_vat,
    ):
        assert judge(text) in {True, False}


def test_digits_of_other_scripts_are_no_digits() -> None:
    assert checkdigits.belgian("0000000196")
    assert not checkdigits.belgian("٠٠٠٠٠٠٠١٩٦")
    assert not checkdigits.digits("１２３", 3)
    assert not checkdigits.gln("９４２９０４１０９８４００")


@pytest.mark.parametrize(
    ("judge", "good", "bad"),
    [
        (checkdigits.belgian, ["0739484052", "1000000021", "0000999197"], ["BE0739484052", "0739.484.052", "739484052", ""]),
        (checkdigits.gln, ["9429041098400", "73513537"], ["9429041098401", "", "94290410984O0"]),
        (checkdigits.norwegian, ["974760673"], ["000000000", "97476067", "974760674"]),
        (checkdigits.danish_company, ["12345678", "DK12345678"], ["DK1234567", "1234567", "12 345678", "DKDK345678"]),
        (checkdigits.danish_vat, ["DK12345678"], ["12345678", "dk12345678"]),
        (checkdigits.italian_office, ["F7VRDL", "abc123"], ["F7VRD", "F7VRD-", "F7VRDÉ"]),
        (checkdigits.italian_fiscal, ["97735020584", "RSSMRA70A01H501S"], ["RSSMRA70A0XH501S", "ABC", "9773502058X"]),
        (checkdigits.italian_vat, ["IT02985591201", "02985591201x", "FR1"], ["IT02985591202", "IT1", "itABC"]),
        (checkdigits.swedish, ["2021005489"], ["556622-1100", "SE5566221100", "2021005480"]),
        (checkdigits.australian, ["51824753556"], ["51824753550", "ERR51824753556"]),
        (checkdigits.dutch_vat, ["NL123456789B12"], ["NL123456789C12", "123456789B12", "NL123456789B123"]),
    ],
)  # fmt: skip
def test_forms(judge: Judge, good: list[str], bad: list[str]) -> None:
    assert [number for number in good if not judge(number)] == []
    assert [number for number in bad if judge(number)] == []


def test_an_italian_number_is_checked_as_stdnum_does_when_it_is_one() -> None:
    assert iva.is_valid("02985591201")
    assert checkdigits.italian_vat("IT02985591201")
