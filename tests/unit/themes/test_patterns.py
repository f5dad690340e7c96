"""What is remembered of Babel's patterns says what Babel says, sign for sign; and Babel is asked once, however long the list."""

from __future__ import annotations

import gettext
import math
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from babel import Locale, dates, numbers
from hypothesis import example, given
from hypothesis import strategies as st

from exports.currencies import MINOR_UNITS
from themes import patterns
from themes.filters import Formats

LANGUAGES = ("nl", "fr", "de", "en")
NOW = datetime(2026, 11, 3, 9, 40, tzinfo=UTC)
BRUSSELS = ZoneInfo("Europe/Brussels")

languages = st.sampled_from(LANGUAGES)
currencies = st.sampled_from(sorted(MINOR_UNITS)) | st.text(min_size=1, max_size=4)
amounts = st.decimals(allow_nan=False, allow_infinity=False, places=2) | st.decimals(
    allow_nan=False, allow_infinity=False
)
days = st.dates(date(1, 1, 1), date(9999, 12, 31))
moments = st.datetimes(datetime(1000, 1, 2), datetime(9999, 12, 30), timezones=st.just(UTC))  # noqa: DTZ001 - the bounds of a strategy


def locale(language: str) -> Locale:
    return Locale.parse(patterns.LOCALES[language])


def formats(language: str) -> Formats:
    return Formats(lambda: language, lambda: NOW, gettext.NullTranslations().gettext)


def said(call: Any, *values: Any, **named: Any) -> Any:
    """What a function gives, or the kind of its refusal."""
    try:
        return call(*values, **named)
    except Exception as wrong:  # noqa: BLE001 - whatever Babel refuses is refused
        return type(wrong)


@given(amounts, currencies, languages)
@example(Decimal("-0"), "EUR", "nl")
@example(Decimal("-0.001"), "EUR", "de")
@example(Decimal("0.005"), "EUR", "fr")
@example(Decimal("0.015"), "EUR", "en")
@example(Decimal("0.00500000000000000000000000000001"), "EUR", "nl")
@example(Decimal("999999999999999.995"), "EUR", "nl")
@example(Decimal("1E+15"), "EUR", "fr")
@example(Decimal("1E+2"), "JPY", "fr")
@example(Decimal(1234), "A1B", "en")
@example(Decimal(1234), "", "en")
def test_money_is_what_babel_writes(value: Decimal, currency: str, language: str) -> None:
    theirs = said(numbers.format_currency, value, currency, locale=locale(language))
    assert said(patterns.money, value, currency, language) == theirs


@given(amounts | st.integers() | st.floats(allow_nan=False, allow_infinity=False), languages)
@example(-0.0, "nl")
@example(Decimal("-0.0004"), "fr")
@example(Decimal("1.5000"), "de")
@example(Decimal("1000.0005"), "en")
@example(Decimal(100), "en")
@example(10**15, "en")
def test_numbers_are_what_babel_writes(value: Decimal | float, language: str) -> None:
    theirs = said(numbers.format_decimal, value, locale=locale(language))
    assert said(formats(language).number, value) == theirs


@given(amounts | st.integers(), languages, st.integers(0, 6))
def test_numbers_of_so_many_decimals_are_what_babel_writes(
    value: Decimal | int, language: str, places: int
) -> None:
    pattern = "#,##0" + ("." + "0" * places if places else "")
    theirs = said(numbers.format_decimal, value, format=pattern, locale=locale(language))
    assert said(formats(language).number, value, places) == theirs


@given(st.integers(0, 10**16), languages)
def test_sizes_are_what_babel_writes(size: int, language: str) -> None:
    number, unit = formats(language).filesize(size).split(" ")
    factor = 1000 ** ["B", "kB", "MB", "GB", "TB"].index(unit.replace("o", "B"))
    pattern = "#,##0" if factor == 1 or size / factor >= 9.95 else "#,##0.#"
    assert math.isclose(numbers.parse_decimal(number, locale=locale(language)), size / factor, abs_tol=0.5)
    amount = float(size)
    while factor > 1:  # divided as often as the filter does
        amount, factor = amount / 1000, factor // 1000
    assert number == numbers.format_decimal(amount, format=pattern, locale=locale(language))


@given(days, languages, st.sampled_from(["short", "medium", "long", "full", "MMMM y", "EEEE"]))
def test_days_are_what_babel_writes(day: date, language: str, length: str) -> None:
    theirs = dates.format_date(day, format=length, locale=locale(language))
    assert formats(language).date(day, length) == theirs
    assert formats(language).date(day.isoformat(), length) == theirs


@given(moments, languages)
def test_points_in_time_are_what_babel_writes(moment: datetime, language: str) -> None:
    here = moment.astimezone(BRUSSELS)
    day = dates.format_date(here.date(), locale=locale(language))
    clock = dates.format_time(here, "HH:mm", locale=locale(language))
    assert formats(language).datetime(moment) == f"{day} {clock}"
    shown = {
        0: f"today {clock}",
        1: f"yesterday {clock}",
    }.get((NOW.astimezone(BRUSSELS).date() - here.date()).days)
    if shown is None:
        shown = (
            dates.format_skeleton("MMMd", here.date(), locale=locale(language)) if here.year == 2026 else day
        )
    assert formats(language).when(moment) == shown


@given(st.integers(-(10**10), 10**10) | st.integers(-(10**7), 10**7) | st.integers(-5000, 5000), languages)
def test_lapses_of_time_are_what_babel_says(seconds: int, language: str) -> None:
    theirs = dates.format_timedelta(timedelta(seconds=seconds), add_direction=True, locale=locale(language))
    assert patterns.lapse(timedelta(seconds=seconds), language) == theirs


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_lapse_around_a_change_of_unit_is_what_babel_says(language: str) -> None:
    """Four weeks that are not yet a month, eleven months that are not yet a year: where a unit ends, and where it is rounded."""
    lengths = [length for _unit, length in dates.TIMEDELTA_UNITS]
    edges = {
        round(factor * length) + near
        for length in lengths
        for factor in (0.85, *(half / 2 for half in range(1, 26)))
        for near in (-1, 0, 1)
    }
    for seconds in edges | {-edge for edge in edges}:
        delta = timedelta(seconds=seconds)
        theirs = dates.format_timedelta(delta, add_direction=True, locale=locale(language))
        assert patterns.lapse(delta, language) == theirs, seconds


def test_babel_is_asked_no_more_often_for_many_amounts_than_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for module, name in ((numbers, "format_currency"), (numbers, "format_decimal"), (dates, "format_date")):
        real = getattr(module, name)

        def counted(*values: Any, _real: Any = real, _name: str = name, **named: Any) -> Any:
            asked.append(_name)
            return _real(*values, **named)

        monkeypatch.setattr(module, name, counted)
    f = formats("nl")

    def rows(count: int) -> int:
        asked.clear()
        for row in range(count):
            f.money(Decimal(row) / 7)
            f.number(row)
            f.number(Decimal(row) / 3, 2)
            f.date(date(2026, 1, 1 + row % 28))
            f.filesize(row * 1000)
        return len(asked)

    rows(30)  # learns the patterns, and the days of one month
    assert rows(10) == rows(2000) == 0
