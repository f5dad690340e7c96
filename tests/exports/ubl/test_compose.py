"""Making one's own invoices: Belgian codes with their reasons and mentions, and totals of odd numbers."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from exports import ubl
from exports.model import AllowanceCharge
from exports.ubl import codes
from exports.ubl.check import close
from tests.exports.ubl.samples import DAY, invoice, line


@pytest.fixture(scope="module", autouse=True)
def _rules_process() -> Iterator[None]:
    yield
    close()


def known(code: str) -> codes.TaxCode:
    found = codes.tax_code(code, DAY)
    assert found is not None
    return found


def under(code: str, **options: Any) -> Any:
    (made,) = ubl.categorised([line()], known(code), **options)
    return made


class TestCategorised:
    def test_the_reason_code_of_a_belgian_code_reaches_the_breakdown(self) -> None:
        made = under("00/44")
        assert made.tax_exemption_reason_code == "VATEX-EU-132"
        (subtotal,) = invoice(made).tax_subtotals
        assert subtotal.exemption_reason_code == "VATEX-EU-132"

    @pytest.mark.parametrize(
        ("code", "language", "words"),
        [
            ("45", "nl", "Verlegging van heffing"),
            ("45", "fr", "Autoliquidation"),
            ("45", "de", "Steuerschuldnerschaft des Leistungsempfängers"),
            ("45", "en", "Reverse charge"),
            ("SC", "nl", "Bijzondere vrijstellingsregeling kleine ondernemingen"),
            ("SC", "fr", "Régime particulier de franchise des petites entreprises"),
        ],
    )
    def test_the_mention_is_in_the_callers_language(self, code: str, language: Any, words: str) -> None:
        made = under(code, language=language)
        assert made.tax_exemption_reason == words
        document = invoice(made)
        assert [one.exemption_reason for one in document.tax_subtotals] == [words]
        assert not [one for one in ubl.check(ubl.write(document)) if one.severity == "fatal"]

    def test_the_margin_scheme_is_mentioned_in_the_note_as_its_category_takes_no_reason(self) -> None:
        margin = known("MA")
        made = ubl.categorised([line(), line(note="Oldtimer")], margin, language="nl")
        assert [one.note for one in made] == [
            "Bijzondere regeling - gebruikte goederen",
            "Oldtimer\nBijzondere regeling - gebruikte goederen",
        ]
        assert {one.tax_exemption_reason for one in made} == {None}
        assert ubl.categorised(made, margin, language="nl") == made
        document = invoice(*made)
        assert not [one for one in ubl.check(ubl.write(document)) if one.severity == "fatal"]

    def test_a_line_that_changes_its_code_leaves_the_old_reason_behind(self) -> None:
        (again,) = ubl.categorised([under("45")], known("03"))
        assert (again.tax_exemption_reason, again.tax_exemption_reason_code) == (None, None)

    def test_a_line_that_leaves_the_margin_scheme_leaves_its_mention_behind(self) -> None:
        made = ubl.categorised([line(), line(note="Oldtimer")], known("MA"), language="fr")
        assert [one.note for one in ubl.categorised(made, known("03"))] == [None, "Oldtimer"]

    def test_own_words_take_the_place_of_the_usual_ones(self) -> None:
        assert under("NA", reason="Leeggoed").tax_exemption_reason == "Leeggoed"

    def test_every_code_says_why_in_all_languages_or_in_none(self) -> None:
        for one in codes.TAX_CODES:
            assert set(one.mention) in (set(), {"nl", "fr", "de", "en"}), one.code
            assert bool(one.mention) == (one.category not in {"S", "Z"} or one.code == "MA"), one.code
            assert all(words and words == words.strip() for words in one.mention.values())

    def test_totals_say_a_missing_reason_in_the_callers_language(self) -> None:
        bare = invoice(line(tax_category="AE", percent="0"), line(tax_category="E", percent="0"))
        reasons = [one.exemption_reason for one in ubl.totals(bare, language="fr").tax_subtotals]
        assert reasons == ["Autoliquidation", "Exempté de TVA"]

    def test_english_stands_in_for_a_language_nobody_has_words_in(self) -> None:
        (made,) = ubl.categorised([line()], known("45"), language="it")  # pyright: ignore[reportArgumentType] - a language that is none of ours
        assert made.tax_exemption_reason == "Reverse charge"
        bare = invoice(line(tax_category="AE", percent="0"))
        assert ubl.totals(bare, language="it").tax_subtotals[0].exemption_reason == "Reverse charge"  # pyright: ignore[reportArgumentType] - a language that is none of ours

    def test_a_reason_of_the_lines_is_the_breakdowns(self) -> None:
        document = invoice(under("46/TR", language="nl"))
        assert (
            document.tax_subtotals[0].exemption_reason == under("46/TR", language="nl").tax_exemption_reason
        )


class TestReasonCodes:
    def test_a_code_is_the_breakdowns_only_where_every_line_has_it(self) -> None:
        both = [under("00/44"), under("00/44")]
        assert invoice(*both).tax_subtotals[0].exemption_reason_code == "VATEX-EU-132"
        assert invoice(both[0], under("SC")).tax_subtotals[0].exemption_reason_code is None

    def test_a_charge_without_one_keeps_it_away(self) -> None:
        charge = AllowanceCharge(
            is_charge=True, amount=Decimal(1), reason="Leeggoed", tax_category="E", tax_percent=Decimal(0)
        )
        document = invoice(under("00/44"), allowances_charges=(charge,))
        assert document.tax_subtotals[0].exemption_reason_code is None

    def test_a_discount_is_no_reason_for_reverse_charge(self) -> None:
        discount = AllowanceCharge(
            is_charge=False, amount=Decimal(1), reason="Korting", tax_category="AE", tax_percent=Decimal(0)
        )
        document = invoice(under("45", language="nl"), allowances_charges=(discount,))
        assert document.tax_subtotals[0].exemption_reason == "Verlegging van heffing"


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", "1E+40", "-1E+18", "1E+999999"])
class TestOddNumbers:
    """Neither InvalidOperation nor an invoice of NaN: the library's own error."""

    def refused(self, work: Any) -> None:
        with pytest.raises(ubl.Unwritable) as caught:
            work()
        assert caught.value.reason in {"not_a_number", "too_large"}

    def test_in_totals(self, value: str) -> None:
        odd = Decimal(value)
        document = invoice()
        charge = AllowanceCharge(is_charge=True, amount=odd, tax_category="S", tax_percent=Decimal(21))
        self.refused(lambda: ubl.totals(replace(document, lines=(replace(line(), net_amount=odd),))))
        self.refused(lambda: ubl.totals(replace(document, lines=(replace(line(), tax_percent=odd),))))
        self.refused(lambda: ubl.totals(replace(document, allowances_charges=(charge,))))
        self.refused(lambda: ubl.totals(replace(document, prepaid=odd)))
        self.refused(lambda: ubl.totals(replace(document, rounding=odd)))

    def test_in_net_amounts(self, value: str) -> None:
        odd = Decimal(value)
        self.refused(lambda: ubl.net_amount(replace(line(), price=odd)))
        self.refused(lambda: ubl.net_amount(replace(line(), quantity=odd)))
        self.refused(
            lambda: ubl.net_amount(
                replace(line(), allowances_charges=(AllowanceCharge(is_charge=True, amount=odd),))
            )
        )

    def test_in_cash_discounts(self, value: str) -> None:
        self.refused(lambda: ubl.cash_discount(invoice(), Decimal(value), reason="x"))

    def test_in_what_is_written(self, value: str) -> None:
        odd = Decimal(value)
        self.refused(lambda: ubl.write(replace(invoice(), payable=odd)))
        self.refused(lambda: ubl.write(replace(invoice(), lines=(replace(line(), price=odd),))))


def test_a_product_of_large_numbers_is_too_large() -> None:
    huge = replace(line(), price=Decimal(10) ** 17, quantity=Decimal(10) ** 17)
    with pytest.raises(ubl.Unwritable) as caught:
        ubl.net_amount(huge)
    assert caught.value.reason == "too_large"


def test_a_base_quantity_next_to_nothing_is_no_division_by_zero() -> None:
    assert ubl.net_amount(replace(line(), base_quantity=Decimal(0))) == Decimal("100.00")
