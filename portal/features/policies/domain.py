"""Export policies: when items leave, what must happen before, and what happens after."""

import enum
from datetime import date, datetime, timedelta
from typing import ClassVar, NamedTuple
from uuid import UUID

import msgspec

from portal.kernel.clock import BRUSSELS
from portal.kernel.events import Event
from portal.kernel.kinds import DOCUMENTS, PURCHASES, Kind
from portal.kernel.language import N_


class Cadence(enum.StrEnum):
    """When items leave by themselves."""

    NEVER = "never"
    LAST_FULL_MONTH = "last_full_month"
    AFTER_DELAY = "after_delay"


class DelayUnit(enum.StrEnum):
    """In what people give the wait of *after N minutes*."""

    SECONDS = "seconds"
    MINUTES = "minutes"
    HOURS = "hours"


UNIT_SECONDS = {DelayUnit.SECONDS: 1, DelayUnit.MINUTES: 60, DelayUnit.HOURS: 3600}
SHORTEST_DELAY = 5
LONGEST_DELAY = 7 * 24 * 3600
"""Seconds; whoever wants items to wait longer wants the monthly policy."""
RUN_DAYS = range(1, 29)
"""Every month has these."""
RUN_HOURS = range(24)
EXPORT_FROM_YEARS = range(2000, 2101)


ASKED_ABOUT = tuple(kind for kind in DOCUMENTS if kind in PURCHASES)
"""What clients are asked about unless a policy says otherwise."""


class PolicyChanged(Event, frozen=True, kw_only=True):
    """A firm's default changed (no dossier), or what is in force for one dossier."""

    name: ClassVar[str] = "policies.changed"
    firm_id: UUID
    dossier_id: UUID | None


class PolicyValues(msgspec.Struct, frozen=True, kw_only=True):
    """What a policy says; the columns of the same names."""

    cadence: Cadence
    delay_seconds: int = 600
    run_day: int = 3
    run_hour: int = 2
    needs_approval: bool = False
    approval_kinds: tuple[Kind, ...] = ASKED_ABOUT
    """Kinds of documents in the order in which people choose from them: bank statements never wait."""
    lock_exported: bool = True
    include_statements: bool = True
    export_from: date | None = None
    hold_odd_attachments: bool = False
    """Whether a document whose attachments are not what they say waits for a person of the office."""


def delay_of(amount: int, unit: DelayUnit) -> int:
    """The wait of *after N minutes*, in seconds."""
    return amount * UNIT_SECONDS[unit]


def delay_shown(seconds: int) -> tuple[int, DelayUnit]:
    """The wait of *after N minutes* as people read it: number and unit, the largest that tells it exactly."""
    for unit in (DelayUnit.HOURS, DelayUnit.MINUTES):
        if seconds and seconds % UNIT_SECONDS[unit] == 0:
            return seconds // UNIT_SECONDS[unit], unit
    return seconds, DelayUnit.SECONDS


def faults(values: PolicyValues) -> dict[str, str]:
    """What is wrong with a policy, by form field; empty when nothing is."""
    found: dict[str, str] = {}
    if not SHORTEST_DELAY <= values.delay_seconds <= LONGEST_DELAY:
        found["delay"] = N_("Between 5 seconds and 7 days, please.")
    if values.run_day not in RUN_DAYS:
        found["run_day"] = N_("A day from 1 to 28: every month has those.")
    if values.run_hour not in RUN_HOURS:
        found["run_hour"] = N_("An hour from 0 to 23.")
    if values.needs_approval and not values.approval_kinds:
        found["approval_kinds"] = N_("Choose at least one kind the client is asked about.")
    if values.export_from is not None and values.export_from.year not in EXPORT_FROM_YEARS:
        found["export_from"] = N_("A date between 2000 and 2100.")
    return found


def month_run_of(run_day: int, run_hour: int, month_end: date) -> datetime:
    """When *last full month* runs for what is dated up to `month_end`; aware, in Brussels.

    The hour that summer time leaves out is the one after it; the hour that comes twice is the first of the two.
    """
    following = month_end + timedelta(days=run_day)
    return datetime(following.year, following.month, following.day, run_hour, tzinfo=BRUSSELS)


def next_month_run(run_day: int, run_hour: int, now: datetime) -> tuple[datetime, date]:
    """The next run of *last full month* after `now`, and the month end up to which it takes items."""
    due = month_end_due(run_day, run_hour, now)
    following = (due + timedelta(days=1)).replace(day=28) + timedelta(days=4)
    month_end = following.replace(day=1) - timedelta(days=1)
    return month_run_of(run_day, run_hour, month_end), month_end


def month_end_due(run_day: int, run_hour: int, now: datetime) -> date:
    """The last month end whose run has come.

    The end of the previous month once `run_day`, `run_hour` Brussels time is reached, else the month end before that.

    Args:
        run_day: day of the month, 1 to 28.
        run_hour: hour of the day in Brussels, 0 to 23; in the hour that summer time leaves out, the run comes an hour later.
        now: aware.
    """
    at = month_clock(now)
    return at.ended if (run_day, run_hour) <= (at.day, at.hour) else at.before


class MonthClock(NamedTuple):
    """Where one stands in a month, in Brussels: day and hour, the last month end, and the one before that."""

    day: int
    hour: int
    ended: date
    before: date


def month_clock(now: datetime) -> MonthClock:
    """What `month_end_due` depends on besides the policy: a run whose day and hour are not past this one's has come."""
    local = now.astimezone(BRUSSELS)
    ended = local.date().replace(day=1) - timedelta(days=1)
    return MonthClock(local.day, local.hour, ended, ended.replace(day=1) - timedelta(days=1))
