"""Export policies: when items leave, what must happen before, and what happens after."""

import enum
from datetime import date, datetime, timedelta

from portal.kernel.clock import BRUSSELS


class Cadence(enum.StrEnum):
    """When items leave by themselves."""

    NEVER = "never"
    LAST_FULL_MONTH = "last_full_month"
    AFTER_DELAY = "after_delay"


def month_end_due(run_day: int, run_hour: int, now: datetime) -> date:
    """The last month end whose run has come: the end of the previous month once `run_day`, `run_hour` Brussels time is
    reached, else the month end before that.

    Args:
        run_day: day of the month, 1 to 28.
        run_hour: hour of the day in Brussels, 0 to 23; in the hour that summer time leaves out, the run comes an hour later.
        now: aware.
    """
    local = now.astimezone(BRUSSELS)
    first = local.date().replace(day=1)
    if (local.day, local.hour) < (run_day, run_hour):
        first = (first - timedelta(days=1)).replace(day=1)
    return first - timedelta(days=1)
