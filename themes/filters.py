"""Numbers, dates and money as people write them, in the language that the request speaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from themes import patterns

_BELGIAN = re.compile(r"(BE ?)?([01]\d{3})[. ]?(\d{3})[. ]?(\d{3})", re.ASCII)

DASH = "–"  # shown where there is no value


def money(value: Decimal, currency: str, language: str) -> str:
    """An amount for a sentence in a language; with a currency's own number of decimals (0 for yen), as Babel knows it."""
    return patterns.money(value, currency, language[:2])


def _aware(value: datetime) -> datetime:
    if value.tzinfo is None:
        raise ValueError("A point in time needs its time zone; dates without a time are shown with |date")
    return value


class Formats:
    """Filters for templates.

    Args:
        language: gives the language code of the current request.
        now: gives the current time, aware.
        gettext: translates a word.
        timezone: in which points in time are shown.
        spelled: how a company number of a country is shown; without it, Belgian ones get their points and others stay.
    """

    def __init__(
        self,
        language: Callable[[], str],
        now: Callable[[], datetime],
        gettext: Callable[[str], str],
        timezone: str = "Europe/Brussels",
        spelled: Callable[[str, str | None], str] | None = None,
    ) -> None:
        self._spelled = spelled
        self._language = language
        self._now = now
        self.gettext = gettext
        self._zone = ZoneInfo(timezone)

    @property
    def _short(self) -> str:
        """The current language without its country."""
        return self._language()[:2]

    def _here(self, value: datetime) -> datetime:
        return _aware(value).astimezone(self._zone)

    def money(self, value: Decimal | int | str | None, currency: str = "EUR") -> str:
        """An amount with its currency: ``€ 1.234,56`` in Dutch."""
        return DASH if value is None else money(Decimal(value), currency, self._language())

    def signed(self, value: Decimal | str | None, kind: str) -> Decimal | str | None:
        """An amount of a document as it counts: what a credit note says is owed back, whatever sign its issuer writes.

        ``kind`` is the document's; those that credit end with ``credit_note``.
        """
        return 0 - Decimal(value) if value is not None and kind.endswith("credit_note") else value

    def number(self, value: Decimal | float | None, decimals: int | None = None) -> str:
        """A number with its separators; exactly ``decimals`` decimals when given."""
        if value is None:
            return DASH
        if decimals is None:
            return (patterns.whole if type(value) is int else patterns.decimal)(value, self._short)
        return patterns.decimal(value, self._short, "#,##0" + ("." + "0" * decimals if decimals else ""))

    def percent(self, value: Decimal | float | None, decimals: int = 0) -> str:
        """A share of one as a percentage: 0.21 → ``21 %``."""
        if value is None:
            return DASH
        return patterns.percent(str(value), decimals, self._short)

    def date(self, value: date | str | None, length: str = "medium") -> str:
        """A day: ``3 nov 2026``; ``length``: short, medium, long, full, or a pattern like ``MMMM y``.

        Also a day as JSON holds it: ``"2026-11-03"``.
        """
        if value is None:
            return DASH
        if isinstance(value, str):
            value = date.fromisoformat(value)
        if isinstance(value, datetime):
            value = self._here(value).date()
        return patterns.day(value, length, self._short)

    def typed_day(self, value: date | str | None) -> str:
        """A day as it is typed: 31/10/2026. What is no day yet stays as somebody typed it."""
        if isinstance(value, str):
            try:
                value = date.fromisoformat(value)
            except ValueError:
                return value
        return "" if value is None else f"{value:%d/%m/%Y}"

    def company_number(self, value: str | None, country: str | None = None) -> str:
        """A company's number as its country writes it: ``0999.888.767``; ``FR83404833048``, ``CHE-107.787.577``."""
        if not value:
            return DASH
        if self._spelled is not None:
            return self._spelled(value, country)
        found = _BELGIAN.fullmatch(value) if country in (None, "BE") else None
        return "{}{}.{}.{}".format(*found.groups("")) if found else value

    def datetime(self, value: datetime | None, length: str = "medium") -> str:
        """A point in time, without seconds: ``3 nov 2026 14:05``."""
        if value is None:
            return DASH
        here = self._here(value)
        return f"{patterns.day(here.date(), length, self._short)} {here:%H:%M}"

    def when(self, value: datetime | None) -> str:
        """A point in time as one says it: today 09:12, yesterday 09:12, 3 Nov, 3 Nov 2025."""
        if value is None:
            return DASH
        here = self._here(value)
        today = self._here(self._now()).date()
        clock = f"{here:%H:%M}"
        days = (today - here.date()).days
        if days == 0:
            return self.gettext("today %(time)s") % {"time": clock}
        if days == 1:
            return self.gettext("yesterday %(time)s") % {"time": clock}
        if here.year == today.year:
            return patterns.day_of_year(here.date(), self._short)
        return patterns.day(here.date(), "medium", self._short)

    def timeago(self, value: datetime | None) -> str:
        """How long ago, or in how long: ``5 minuten geleden``."""
        if value is None:
            return DASH
        return patterns.lapse(_aware(value) - self._now(), self._short)

    def filesize(self, size: int | None) -> str:
        """Bytes in the unit that reads best, in steps of 1000: ``1,2 MB``."""
        if size is None:
            return DASH
        smallest, *larger_units = (
            ("o", "ko", "Mo", "Go", "To") if self._short == "fr" else ("B", "kB", "MB", "GB", "TB")
        )
        amount, unit = float(size), smallest
        for larger in larger_units:
            if amount < 999.5:  # 999.7 kB would be shown as 1,000 kB
                break
            amount, unit = amount / 1000, larger
        pattern = "#,##0" if unit == smallest or amount >= 9.95 else "#,##0.#"
        return f"{patterns.decimal(amount, self._short, pattern)} {unit}"

    def capitalize(self, text: str) -> str:
        """The text with its first letter raised and the rest as it is: German nouns keep their capitals."""
        return text[:1].upper() + text[1:]

    def initials(self, name: str) -> str:
        """One or two letters that stand for a person."""
        words = [word for word in name.replace("-", " ").split() if word[:1].isalpha()]
        letters = [words[0][0], words[-1][0]] if len(words) > 1 else [word[0] for word in words]
        return "".join(letters).upper() or "?"
