"""Days as people type them, and the periods that books are kept in. Pure.

A day is typed without a picker, as Belgium writes it: the day, the month, the year. What could be two days is none.
"""

import calendar
import enum
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from portal.kernel.language import N_

NOT_A_DAY = N_("This is not a date. Write it as 31/10/2026.")
_PARTS = re.compile(r"([0-9]{1,2})(?:[/.-]| )([0-9]{1,2})(?:[/.-]| )([0-9]{4}|[0-9]{2})")
_PACKED = re.compile(r"([0-9]{2})([0-9]{2})([0-9]{4}|[0-9]{2})")
_ISO = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2212\u2044\u2215"), "/")
_LONGEST = 40


def read_day(text: str) -> date | None:
    """The day that somebody typed: 31/10/2026, 31.10.26, 31-10-2026, 31 10 2026, 31102026 (a telephone has no stroke), 2026-10-31.

    None for anything else, also for a month 13: the other order is not guessed. A year of two digits is one of this century.
    """
    if len(text) > _LONGEST:
        return None
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    plain = re.sub(r"\s*([/.-])\s*", r"\1", " ".join(plain.split()))
    iso = _ISO.fullmatch(plain)
    if iso is not None:
        return _day(int(iso[1]), int(iso[2]), int(iso[3]))
    found = _PARTS.fullmatch(plain) or _PACKED.fullmatch(plain)
    if found is None:
        return None
    return _day(int(found[3]) + (2000 if len(found[3]) == 2 else 0), int(found[2]), int(found[1]))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day) if 1000 <= year <= 2199 else None
    except ValueError:
        return None


class Length(enum.StrEnum):
    """How long a period is; BETWEEN: from one day to another, as somebody chose them."""

    MONTH = "month"
    QUARTER = "quarter"
    YEAR = "year"
    BETWEEN = "between"


@dataclass(frozen=True, slots=True)
class Period:
    """Days from `since` to `until`, both of them in it; None where it has no end on that side."""

    length: Length
    since: date | None
    until: date | None

    @property
    def code(self) -> str:
        """Its name in an address: 2026-10, 2026-q4, 2026; of a chosen one `between`."""
        if self.since is None or self.length is Length.BETWEEN:
            return Length.BETWEEN.value
        if self.length is Length.YEAR:
            return str(self.since.year)
        if self.length is Length.QUARTER:
            return f"{self.since.year}-q{self.quarter}"
        return f"{self.since:%Y-%m}"

    @property
    def quarter(self) -> int:
        """Which quarter it begins in, 1 to 4."""
        return (self.since.month - 1) // 3 + 1 if self.since is not None else 0


def month_of(day: date) -> Period:
    """The month with this day."""
    last = calendar.monthrange(day.year, day.month)[1]
    return Period(Length.MONTH, day.replace(day=1), day.replace(day=last))


def quarter_of(day: date) -> Period:
    """The quarter with this day."""
    first = (day.month - 1) // 3 * 3 + 1
    return Period(Length.QUARTER, date(day.year, first, 1), month_of(date(day.year, first + 2, 1)).until)


def year_of(day: date) -> Period:
    """The year with this day."""
    return Period(Length.YEAR, date(day.year, 1, 1), date(day.year, 12, 31))


_OF = {Length.MONTH: month_of, Length.QUARTER: quarter_of, Length.YEAR: year_of}
_CODE = re.compile(r"(20[0-9]{2})(?:-(?:q([1-4])|(0[1-9]|1[0-2])))?")


def read_period(code: str) -> Period | None:
    """The period that an address names; None where it names none."""
    found = _CODE.fullmatch(code.lower()) if len(code) <= _LONGEST else None
    if found is None:
        return None
    year = int(found[1])
    if found[2]:
        return quarter_of(date(year, int(found[2]) * 3, 1))
    return month_of(date(year, int(found[3]), 1)) if found[3] else year_of(date(year, 1, 1))


def latest(length: Length, today: date, count: int) -> Iterator[Period]:
    """The period of today and those before it, newest first, so many in all."""
    day = today
    for _one in range(count):
        period = _OF[length](day)
        yield period
        assert period.since is not None
        day = period.since - timedelta(days=1)
