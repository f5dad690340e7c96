"""Numbers of Belgian invoices, and which of a party's identifiers name its company."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import numbers
from exports.model import Party


@pytest.mark.parametrize(
    "text",
    [
        "BE 0202.239.951",
        "0202239951",
        "202239951",
        "202.239.951",
        "BE(0)202.239.951",
        "(0)202 239 951",
        "be0202239951",
        "BTW BE 0202.239.951",
        "TVA-BE0202.239.951",
        "MwSt.: BE 0202 239 951",
        "VAT 0202239951",
    ],
)
def test_an_enterprise_number_is_found_however_it_is_written(text: str) -> None:
    assert numbers.enterprise_number(text) == "0202239951"


@pytest.mark.parametrize(
    "text", ["0202239952", "2202239951", "02022399511", "", "BE", "NL0202239951", "٠٢٠٢٢٣٩٩٥١", "0202239951x"]
)
def test_a_number_with_wrong_check_digits_or_form_is_none(text: str) -> None:
    assert numbers.enterprise_number(text) is None


def test_check_digits_of_a_base_without_remainder_are_97() -> None:
    assert numbers.enterprise_number("0000999197") == "0000999197"


def test_numbers_beginning_with_one_exist_since_2023() -> None:
    assert numbers.enterprise_number("1000000021") == "1000000021"


@pytest.mark.parametrize(
    "text", ["+++123/4567/89002+++", "***123/4567/89002***", "123456789002", " 123456789002 "]
)
def test_a_structured_communication_is_found_however_it_is_written(text: str) -> None:
    assert numbers.structured_communication(text) == "123456789002"


@pytest.mark.parametrize(
    "text", ["+++123/4567/89012+++", "123456789012", "12345678900", "1234567890021", "INV 17"]
)
def test_a_communication_with_wrong_check_digits_or_form_is_none(text: str) -> None:
    assert numbers.structured_communication(text) is None


@given(st.integers(0, 10**10 - 1))
def test_a_made_communication_is_always_right(number: int) -> None:
    made = numbers.make_structured_communication(number)
    assert numbers.structured_communication(numbers.format_structured_communication(made)) == made


def test_a_communication_carries_ten_digits_and_no_more() -> None:
    with pytest.raises(ValueError, match="ten digits"):
        numbers.make_structured_communication(10**10)


@pytest.mark.parametrize(
    ("text", "value"), [("1", "1"), ("-0.10", "-0.10"), ("+5", "5"), (".5", "0.5"), ("5.", "5"), ("007", "7")]
)
def test_an_amount_is_an_ascii_decimal(text: str, value: str) -> None:
    assert numbers.to_decimal(text) == Decimal(value)


@pytest.mark.parametrize(
    "text",
    ["", ".", "-", "1e5", "NaN", "Infinity", "1_000", "1,5", "1.000,50", "١٢", "1 000", "0x1", "9" * 400],
)
def test_nothing_else_is_an_amount(text: str) -> None:
    assert numbers.to_decimal(text) is None


@pytest.mark.parametrize(
    ("value", "rounded"), [("0.125", "0.13"), ("-0.125", "-0.13"), ("0.115", "0.12"), ("2.675", "2.68")]
)
def test_halves_round_away_from_zero(value: str, rounded: str) -> None:
    assert str(numbers.half_up(Decimal(value))) == rounded


def test_a_party_gives_its_number_once_whatever_identifiers_it_has() -> None:
    party = Party(
        endpoint_id="0202239951",
        endpoint_scheme="0208",
        vat_id="BE 0202.239.951",
        legal_id="202.239.951",
        identifiers=(("9925", "BE0202239951"), (None, "customer 17")),
        country="BE",
    )
    assert party.company_numbers == (("BE", "0202239951"),)


def test_a_foreign_party_gives_its_vat_number_and_a_greek_one_its_country() -> None:
    assert Party(vat_id="NL123456789B01", country="NL").company_numbers == (("NL", "123456789B01"),)
    assert Party(vat_id="EL 123456789", country="GR").company_numbers == (("GR", "123456789"),)


def test_a_ten_digit_number_of_another_register_is_not_belgian() -> None:
    party = Party(legal_id="0202239951", legal_id_scheme="0106", country="NL")
    assert party.company_numbers == ()


@pytest.mark.parametrize(
    "text", ["BTW BE 0202.239.951", "BTWBE0202239951", "TVA: BE 0202.239.951", "MwSt BE0202239951"]
)
def test_the_word_for_vat_before_a_number_is_no_country(text: str) -> None:
    assert Party(vat_id=text).company_numbers == (("BE", "0202239951"),)


def test_the_word_for_vat_may_stand_before_a_foreign_number() -> None:
    assert Party(vat_id="TVA FR 40303265045", country="FR").company_numbers == (("FR", "40303265045"),)


@pytest.mark.parametrize("text", ["WBE0202239951", "XX123456789", "ZZ0202239951", "QQ12"])
def test_letters_that_are_no_country_give_no_number(text: str) -> None:
    assert Party(vat_id=text, country="FR").company_numbers == ()


def test_northern_ireland_and_switzerland_are_countries_of_vat_numbers() -> None:
    assert Party(vat_id="XI123456789", country="GB").company_numbers == (("XI", "123456789"),)
    assert Party(vat_id="CHE-123.456.788", country="CH").company_numbers == (("CH", "E123456788"),)
