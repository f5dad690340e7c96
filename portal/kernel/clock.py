"""Time: aware UTC inside, Europe/Brussels for people, `date` for legal dates. A Clock is passed in, never imported."""

from datetime import UTC, date, datetime, time
from typing import Protocol
from zoneinfo import ZoneInfo

BRUSSELS = ZoneInfo("Europe/Brussels")


class Clock(Protocol):
    """Whoever needs the time takes one of these."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        ...


class SystemClock:
    """The clock of the machine."""

    def now(self) -> datetime:
        """The present moment, aware, in UTC."""
        return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until told otherwise: tests and rehearsals."""

    def __init__(self, at: datetime) -> None:
        self.at = at

    def now(self) -> datetime:
        """The moment it was set to."""
        return self.at


def local_date(moment: datetime) -> date:
    """The calendar day in Brussels at this moment: what people and the law call *today*."""
    return moment.astimezone(BRUSSELS).date()


def day_begins(day: date | None) -> datetime | None:
    """The moment at which a day begins in Brussels; None of None."""
    return datetime.combine(day, time(), BRUSSELS) if day is not None else None
