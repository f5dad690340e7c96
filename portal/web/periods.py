"""The period of a list or of an export: a month, a quarter, a year, or from one day to another; read from an address or a form."""

from dataclasses import dataclass
from datetime import date

from portal.kernel.days import NOT_A_DAY, Length, Period, latest, read_day, read_period
from portal.kernel.language import N_, gettext
from themes.patterns import day as day_in_words

NOT_IN_ORDER = N_("The last day is before the first.")
SHOWN = ((Length.MONTH, 13), (Length.QUARTER, 5), (Length.YEAR, 3))
"""How many of each are offered, the present one among them."""
UP_TO = "upto-"
"""Before the code of a period: everything up to its last day."""
QUARTER = N_("quarter %(number)s of %(year)s")


@dataclass(frozen=True, slots=True)
class AskedPeriod:
    """What somebody asked for, as they asked it.

    Attributes:
        period: None: everything, or what was asked cannot be read.
        code: the choice of the list of periods; empty for everything.
        since, until: what was typed as days.
        faults: what cannot be read, by field.
    """

    period: Period | None = None
    code: str = ""
    since: str = ""
    until: str = ""
    faults: tuple[tuple[str, str], ...] = ()

    @property
    def first(self) -> date | None:
        """The first day; None without a bound."""
        return self.period.since if self.period is not None else None

    @property
    def last(self) -> date | None:
        """The last day; None without a bound."""
        return self.period.until if self.period is not None else None


def asked_period(code: str | None, since: str, until: str) -> AskedPeriod:
    """The period of an address or a form. Days count where no period of the calendar is named.

    Args:
        code: what `Period.code` says; None where there was no such field.
    """
    known = read_period((code or "").removeprefix(UP_TO))
    if known is not None and code is not None and code.startswith(UP_TO):
        return AskedPeriod(Period(Length.BETWEEN, None, known.until), UP_TO + known.code)
    if known is not None:
        return AskedPeriod(known, known.code)
    since, until = since.strip(), until.strip()
    if code == "" or not (since or until):
        chosen = Length.BETWEEN.value if code == Length.BETWEEN.value else ""
        return AskedPeriod(None, chosen)
    days = {"since": read_day(since), "until": read_day(until)}
    faults = {
        name: NOT_A_DAY for name, text in (("since", since), ("until", until)) if text and days[name] is None
    }
    first, last = days["since"], days["until"]
    if first is not None and last is not None and last < first:
        faults["until"] = NOT_IN_ORDER
    found = None if faults else Period(Length.BETWEEN, first, last)
    return AskedPeriod(
        found,
        Length.BETWEEN.value,
        since,
        until,
        tuple((name, gettext(text)) for name, text in faults.items()),
    )


def in_words(period: Period, language: str) -> str:
    """A period of the calendar as people call it: October 2026, quarter 4 of 2026, 2026."""
    if period.since is None or period.length is Length.BETWEEN:
        return " – ".join(
            f"{day:%d/%m/%Y}" if day is not None else "…" for day in (period.since, period.until)
        )
    if period.length is Length.YEAR:
        return str(period.since.year)
    if period.length is Length.QUARTER:
        return gettext(QUARTER) % {"number": period.quarter, "year": period.since.year}
    return day_in_words(period.since, "LLLL y", language)


Offered = list[tuple[str, list[tuple[str, str]]]]
"""Headings, each with its periods: their codes and words."""


def offered(today: date, language: str, asked: AskedPeriod) -> Offered:
    """The periods of the calendar to choose from, newest first: months, quarters, years, and the one that is asked for."""
    headings = {
        Length.MONTH: gettext(N_("Month")),
        Length.QUARTER: gettext(N_("Quarter")),
        Length.YEAR: gettext(N_("Year")),
    }
    found: Offered = []
    for length, count in SHOWN:
        shown = list(latest(length, today, count))
        if asked.period is not None and asked.period.length is length and asked.period not in shown:
            shown.append(asked.period)
        found.append((headings[length], [(one.code, in_words(one, language)) for one in shown]))
    return found
