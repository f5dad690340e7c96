"""How Babel writes numbers, days and lapses of time in a language, learnt once and remembered.

Babel works a pattern out anew for every value, which a list of fifty rows pays for three hundred times. What is written here is what Babel
writes, sign for sign; what it would take to be sure of that (numbers without end or beyond all use) is left to Babel itself.
"""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from functools import cache, lru_cache
from math import ceil
from typing import Final, NamedTuple

from babel import Locale, dates, numbers

LOCALES = {"nl": "nl_BE", "fr": "fr_BE", "de": "de_DE", "en": "en_GB"}
"""Belgian habits where Babel knows them; German as in Germany, English as in Britain (day before month)."""

LARGEST: Final = 10**15
"""From here on Babel writes numbers itself: the decimals that it keeps of them depend on their length."""
_SAMPLE = re.compile(
    r"(?P<before>\D*)1(?P<group>\D+)234(?P=group)567(?:(?P<point>\D+)(?P<broken>8+))?(?P<after>\D*)"
)
_THRESHOLD: Final = 0.85  # Babel's own: so much of a unit is told in it


@cache
def locale_of(language: str) -> Locale:
    """Babel's locale of a language; English when the language is unknown."""
    return Locale.parse(LOCALES.get(language, "en_GB"))


class Shape(NamedTuple):
    """What stands within and around the numbers of one pattern.

    Attributes:
        least, most: decimals that are always written, and that are written at most.
        signs: what becomes of the comma between thousands and of the point before the decimals.
        before, after: of a positive number; `before_negative`, `after_negative` of the others.
    """

    least: int
    most: int
    signs: dict[int, str] | None
    before: str
    after: str
    before_negative: str
    after_negative: str

    def written(self, value: Decimal) -> str:
        """The number in this pattern, rounded half to even; it is finite and below `LARGEST`."""
        text = f"{value.normalize():,.{self.most}f}"
        if self.least < self.most:
            bare = text.rstrip("0")
            short = self.least - (len(bare) - bare.index(".") - 1)
            text = bare + "0" * short if short > 0 else bare.removesuffix(".")
        if self.signs is not None:
            text = text.translate(self.signs)
        if text[0] == "-":
            return f"{self.before_negative}{text[1:]}{self.after_negative}"
        return f"{self.before}{text}{self.after}"


def _learnt(positive: str, negative: str, *, least: int, most: int) -> Shape | None:
    """The shape of a pattern in which Babel wrote 1234567.888 and its negative; None where it cannot be told from these."""
    one, other = _SAMPLE.fullmatch(positive), _SAMPLE.fullmatch(negative)
    if one is None or other is None or len(one["broken"] or "") != most:
        return None
    point = one["point"] or "."
    same = (one["group"], point) == (",", ".")
    signs = None if same else {ord(","): one["group"], ord("."): point}
    return Shape(least, most, signs, one["before"], one["after"], other["before"], other["after"])


def _sample(most: int) -> Decimal:
    return Decimal("1234567." + "8" * most)


@lru_cache(maxsize=256)
def _of_decimals(language: str, pattern: str | None) -> Shape | None:
    locale = locale_of(language)
    least, most = (numbers.parse_pattern(pattern) if pattern else locale.decimal_formats[None]).frac_prec
    one = _sample(most)
    shown = (numbers.format_decimal(value, format=pattern, locale=locale) for value in (one, -one))
    return _learnt(*shown, least=least, most=most)


@lru_cache(maxsize=1024)  # currencies come out of files
def _of_money(language: str, currency: str) -> Shape | None:
    places = numbers.get_currency_precision(currency)
    one, locale = _sample(places), locale_of(language)
    shown = (numbers.format_currency(value, currency, locale=locale) for value in (one, -one))
    return _learnt(*shown, least=places, most=places)


def _usual(value: Decimal) -> bool:
    return value.is_finite() and -LARGEST < value < LARGEST


def decimal(value: Decimal | float, language: str, pattern: str | None = None) -> str:
    """A number as `babel.numbers.format_decimal` writes it, in the language's own pattern when none is given."""
    shape = _of_decimals(language, pattern)
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    if shape is None or not _usual(exact):
        return numbers.format_decimal(exact, format=pattern, locale=locale_of(language))
    return shape.written(exact)


@lru_cache(maxsize=8192)
def whole(value: int, language: str) -> str:
    """A whole number as `decimal` writes it: lists count, and counts are small."""
    return decimal(value, language)


def money(value: Decimal, currency: str, language: str) -> str:
    """An amount as `babel.numbers.format_currency` writes it."""
    shape = _of_money(language, currency)
    if shape is None or not _usual(value):
        return numbers.format_currency(value, currency, locale=locale_of(language))
    return shape.written(value)


@lru_cache(maxsize=1024)
def percent(value: str, decimals: int, language: str) -> str:
    """A share of one, as text, as a percentage."""
    quantum = numbers.get_decimal_quantum(decimals) / 100
    return numbers.format_percent(Decimal(value).quantize(quantum), locale=locale_of(language))


@lru_cache(maxsize=8192)
def day(value: date, length: str, language: str) -> str:
    """A day as `babel.dates.format_date` writes it."""
    return dates.format_date(value, format=length, locale=locale_of(language))


@lru_cache(maxsize=2048)
def day_of_year(value: date, language: str) -> str:
    """A day without its year: ``3 Nov``."""
    return dates.format_skeleton("MMMd", value, locale=locale_of(language))


def lapse(delta: timedelta, language: str) -> str:
    """How long ago, or in how long, as `babel.dates.format_timedelta` says it."""
    seconds = delta.days * 86400 + delta.seconds
    for place, (_unit, length) in enumerate(dates.TIMEDELTA_UNITS):
        count = abs(seconds) / length
        if count >= _THRESHOLD:
            return _lapse(place, round(count), seconds < 0, language)
    return _lapse(len(dates.TIMEDELTA_UNITS) - 1, 0, seconds < 0, language)


@lru_cache(maxsize=4096)
def _lapse(place: int, count: int, past: bool, language: str) -> str:
    seconds = count * dates.TIMEDELTA_UNITS[place][1]
    if place:  # four weeks that are less than a month are told by the last moment before they are one
        seconds = min(seconds, ceil(_THRESHOLD * dates.TIMEDELTA_UNITS[place - 1][1]) - 1)
    lapse_of = timedelta(seconds=-seconds if past else seconds)
    return dates.format_timedelta(lapse_of, add_direction=True, locale=locale_of(language))
