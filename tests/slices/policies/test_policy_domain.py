"""When policies act, and what a policy may say."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.features.policies.domain import (
    LONGEST_DELAY,
    SHORTEST_DELAY,
    Cadence,
    DelayUnit,
    PolicyValues,
    delay_of,
    delay_shown,
    faults,
    month_end_due,
    month_run_of,
    next_month_run,
)
from portal.kernel.clock import BRUSSELS

moments = st.datetimes(datetime(2020, 1, 1), datetime(2035, 12, 31), timezones=st.just(UTC))  # noqa: DTZ001 - hypothesis adds the zone
days = st.integers(1, 28)
hours = st.integers(0, 23)


def brussels(year: int, month: int, day: int, hour: int, minute: int = 0, *, fold: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BRUSSELS, fold=fold).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "due"),
    [
        (brussels(2026, 11, 3, 1, 59), date(2026, 9, 30)),
        (brussels(2026, 11, 3, 2, 0), date(2026, 10, 31)),
        (brussels(2026, 11, 2, 23, 59), date(2026, 9, 30)),
        (brussels(2026, 11, 30, 23, 59), date(2026, 10, 31)),
        (brussels(2026, 12, 1, 0, 0), date(2026, 10, 31)),
        (brussels(2026, 1, 1, 0, 0), date(2025, 11, 30)),
        (brussels(2026, 1, 3, 2, 0), date(2025, 12, 31)),
        (brussels(2028, 3, 3, 2, 0), date(2028, 2, 29)),
    ],
)
def test_a_month_is_due_from_its_day_and_hour_in_brussels_on(now: datetime, due: date) -> None:
    assert month_end_due(3, 2, now) == due


def test_the_day_is_the_one_in_brussels_and_not_in_utc() -> None:
    assert month_end_due(1, 0, datetime(2026, 10, 31, 22, 59, tzinfo=UTC)) == date(2026, 9, 30)
    assert month_end_due(1, 0, datetime(2026, 10, 31, 23, 0, tzinfo=UTC)) == date(2026, 10, 31)
    assert month_end_due(1, 0, datetime(2026, 6, 30, 22, 0, tzinfo=UTC)) == date(2026, 6, 30)


def test_the_hour_that_summer_time_leaves_out_comes_an_hour_later() -> None:
    """On 28 March 2027 clocks in Brussels go from 2:00 to 3:00: 1:00 UTC."""
    assert month_end_due(28, 2, datetime(2027, 3, 28, 0, 59, tzinfo=UTC)) == date(2027, 1, 31)
    assert month_end_due(28, 2, datetime(2027, 3, 28, 1, 0, tzinfo=UTC)) == date(2027, 2, 28)
    assert month_run_of(28, 2, date(2027, 2, 28)).astimezone(UTC) == datetime(2027, 3, 28, 1, 0, tzinfo=UTC)


def test_the_hour_that_comes_twice_counts_the_first_time() -> None:
    """On 25 October 2026 the hour from 2:00 comes twice in Brussels: at 0:00 and at 1:00 UTC."""
    assert month_end_due(25, 2, datetime(2026, 10, 24, 23, 59, tzinfo=UTC)) == date(2026, 8, 31)
    assert month_end_due(25, 2, datetime(2026, 10, 25, 0, 0, tzinfo=UTC)) == date(2026, 9, 30)
    assert month_end_due(25, 2, datetime(2026, 10, 25, 1, 30, tzinfo=UTC)) == date(2026, 9, 30)


@given(days, hours, moments)
def test_what_is_due_is_always_a_past_month_end_less_than_two_months_ago(
    day: int, hour: int, now: datetime
) -> None:
    due = month_end_due(day, hour, now)
    today = now.astimezone(BRUSSELS).date()
    assert (due + timedelta(days=1)).day == 1
    assert due < today
    assert (today - due).days <= 31 + 28


@given(days, hours, moments, st.timedeltas(timedelta(0), timedelta(days=80)))
def test_time_never_takes_a_due_month_back(day: int, hour: int, now: datetime, later: timedelta) -> None:
    assert month_end_due(day, hour, now) <= month_end_due(day, hour, now + later)


@given(days, hours, moments)
def test_the_next_run_is_the_very_moment_at_which_the_next_month_becomes_due(
    day: int, hour: int, now: datetime
) -> None:
    run, month_end = next_month_run(day, hour, now)
    moment = run.astimezone(UTC)
    assert moment > now
    assert month_end_due(day, hour, moment) == month_end
    assert (
        month_end_due(day, hour, moment - timedelta(seconds=1)) == month_end_due(day, hour, now) < month_end
    )


@given(st.integers(SHORTEST_DELAY, LONGEST_DELAY))
def test_a_wait_is_shown_so_that_it_reads_back_as_the_same(seconds: int) -> None:
    amount, unit = delay_shown(seconds)
    assert delay_of(amount, unit) == seconds


def test_a_wait_is_shown_in_the_largest_unit_that_fits() -> None:
    assert delay_shown(600) == (10, DelayUnit.MINUTES)
    assert delay_shown(20) == (20, DelayUnit.SECONDS)
    assert delay_shown(7200) == (2, DelayUnit.HOURS)
    assert delay_shown(0) == (0, DelayUnit.SECONDS)


def test_a_sensible_policy_has_no_fault() -> None:
    assert faults(PolicyValues(cadence=Cadence.LAST_FULL_MONTH, needs_approval=True)) == {}


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"delay_seconds": 4}, "delay"),
        ({"delay_seconds": LONGEST_DELAY + 1}, "delay"),
        ({"run_day": 0}, "run_day"),
        ({"run_day": 29}, "run_day"),
        ({"run_hour": 24}, "run_hour"),
        ({"needs_approval": True, "approval_kinds": ()}, "approval_kinds"),
        ({"export_from": date(1026, 1, 1)}, "export_from"),
    ],
)
def test_every_fault_is_told_beside_its_own_field(changes: dict[str, object], field: str) -> None:
    values = PolicyValues(**{"cadence": Cadence.AFTER_DELAY, **changes})  # type: ignore[arg-type] - a test names the fields it means
    assert list(faults(values)) == [field]


def test_no_kinds_are_fine_while_no_approval_is_asked() -> None:
    assert faults(PolicyValues(cadence=Cadence.NEVER, approval_kinds=())) == {}
