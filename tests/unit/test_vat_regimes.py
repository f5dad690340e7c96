"""Which VAT regime holds on a day, and the words for them in lists and on pages."""

from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.features.dossiers.domain.vat import NAMES, RegimeFrom, VatRegime, regime_on, with_regime
from portal.features.history.fields import VAT_REGIMES
from portal.features.imports.domain.cells import check_cells
from portal.features.imports.domain.columns import COLUMNS, Column, regime_of
from portal.features.imports.domain.rows import ImportRow, RowStatus
from portal.kernel.language import Language, gettext, use_language

JANUARY, APRIL, JULY = date(2026, 1, 1), date(2026, 4, 1), date(2026, 7, 1)
YEAR = [RegimeFrom(JANUARY, VatRegime.EXEMPT_SMALL), RegimeFrom(APRIL, VatRegime.QUARTERLY)]
regimes = st.builds(RegimeFrom, st.dates(date(2026, 1, 1), date(2026, 2, 1)), st.sampled_from(VatRegime))


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), VatRegime.EXEMPT_SMALL),  # nothing else is known of that time
        (JANUARY, VatRegime.EXEMPT_SMALL),
        (date(2026, 3, 31), VatRegime.EXEMPT_SMALL),
        (APRIL, VatRegime.QUARTERLY),
        (JULY, VatRegime.QUARTERLY),
    ],
)
def test_a_regime_holds_from_its_day_until_the_next_begins(day: date, expected: VatRegime) -> None:
    assert regime_on(reversed(YEAR), day) is expected


def test_nothing_holds_where_nothing_was_said() -> None:
    assert regime_on([], JANUARY) is None


def test_a_regime_in_between_holds_until_the_next_that_was_there() -> None:
    between = RegimeFrom(date(2026, 2, 1), VatRegime.MIXED)
    assert with_regime(YEAR, between) == [YEAR[0], between, YEAR[1]]


def test_one_of_the_same_day_is_replaced_and_the_one_before_takes_it_back() -> None:
    monthly = RegimeFrom(APRIL, VatRegime.MONTHLY)
    assert with_regime(YEAR, monthly) == [YEAR[0], monthly]
    assert with_regime(YEAR, RegimeFrom(APRIL, VatRegime.EXEMPT_SMALL)) == YEAR[:1]


@given(st.lists(regimes, max_size=6), regimes, st.dates(date(2025, 12, 1), date(2026, 3, 1)))
def test_only_what_follows_the_new_day_changes_and_nothing_is_said_twice(
    before: list[RegimeFrom], new: RegimeFrom, day: date
) -> None:
    known: list[RegimeFrom] = []
    for one in before:
        known = with_regime(known, one)
    after = with_regime(known, new)
    assert all(
        one.valid_from < two.valid_from and one.regime is not two.regime for one, two in pairwise(after)
    )
    assert regime_on(after, new.valid_from) is new.regime
    until = min((one.valid_from for one in known if one.valid_from > new.valid_from), default=date.max)
    if not new.valid_from <= day < until and known and day >= known[0].valid_from:
        assert regime_on(after, day) is regime_on(known, day)


@pytest.mark.parametrize("language", list(Language))
@pytest.mark.parametrize("regime", list(VatRegime))
def test_a_list_may_say_a_regime_as_pages_do_in_any_language(regime: VatRegime, language: Language) -> None:
    with use_language(language):
        shown = gettext(NAMES[regime])
    for word in (shown, shown.upper(), regime.value):
        assert regime_of({Column.VAT_REGIME.value: word}) is regime, word


@pytest.mark.parametrize(
    ("word", "regime"),
    [
        ("exempt", VatRegime.EXEMPT_SMALL),
        ("Vrijgesteld", VatRegime.EXEMPT_SMALL),
        ("exempte", VatRegime.EXEMPT_SMALL),
        ("exempté", VatRegime.EXEMPT_SMALL),
        ("befreit", VatRegime.EXEMPT_SMALL),
        ("maandelijks", VatRegime.MONTHLY),
        ("mensuel", VatRegime.MONTHLY),
        ("kwartaal", VatRegime.QUARTERLY),
        ("vierteljährlich", VatRegime.QUARTERLY),
        ("geen", VatRegime.NONE),
        ("keine", VatRegime.NONE),
        ("Lid van een BTW-eenheid", VatRegime.UNIT_MEMBER),
        ("forfait", VatRegime.FLAT_RATE),
    ],
)
def test_words_of_earlier_releases_and_of_the_trade_are_read(word: str, regime: VatRegime) -> None:
    assert regime_of({Column.VAT_REGIME.value: word}) is regime


def test_an_unknown_word_is_refused_with_all_that_are_known() -> None:
    row = ImportRow(3, {"name": "Bakkerij", "vat_regime": "weekly"}, RowStatus.CREATE, [])
    check_cells(row, None)
    (fault,) = [remark for remark in row.remarks if remark.error]
    for text in (fault.fix, COLUMNS[Column.VAT_REGIME].help):
        assert all(regime.value in text for regime in VatRegime), text


def test_history_and_pages_call_a_regime_the_same() -> None:
    assert {regime.value: name for regime, name in NAMES.items()} == {
        value: name for value, name in VAT_REGIMES.items() if value != "exempt"
    }
