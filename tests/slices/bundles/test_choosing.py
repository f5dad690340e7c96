"""Who leaves and who stays: the one rule that rehearsals, exports and policies share."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.features.bundles.domain import DELIVERY, EXPORT, ExportOptions, ExportState, WhyNot, why_not
from portal.features.items.domain import ApprovalState, ItemState
from portal.kernel.kinds import Kind

DAY = date(2026, 10, 15)
NOON = datetime(2026, 11, 1, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Thing:
    kind: Kind = Kind.PURCHASE_INVOICE
    state: ItemState = ItemState.READY
    approval: ApprovalState = ApprovalState.NOT_NEEDED
    item_date: date = DAY
    final_at: datetime = NOON
    version: int = 1
    bundled_version: int | None = None
    state_reason: str | None = None


READY = Thing()
ALL = ExportOptions()
dates = st.dates(date(2020, 1, 1), date(2030, 1, 1))
things = st.builds(
    Thing,
    kind=st.sampled_from(Kind),
    state=st.sampled_from(ItemState),
    approval=st.sampled_from(ApprovalState),
    item_date=dates,
    final_at=st.integers(0, 10**7).map(lambda seconds: NOON - timedelta(seconds=seconds)),
)
options = st.builds(
    ExportOptions,
    since=st.none() | dates,
    until=st.none() | dates,
    kinds=st.frozensets(st.sampled_from(Kind)),
    include_exported=st.booleans(),
    include_unapproved=st.booleans(),
)


@pytest.mark.parametrize(
    ("thing", "asked", "reason"),
    [
        (READY, ALL, None),
        (replace(READY, state=ItemState.WAITING), ALL, WhyNot.WAITING),
        (replace(READY, state=ItemState.HELD), ALL, WhyNot.HELD),
        (replace(READY, state=ItemState.HELD, approval=ApprovalState.DISPUTED), ALL, WhyNot.REJECTED),
        (replace(READY, state=ItemState.HELD, approval=ApprovalState.NOT_OURS), ALL, WhyNot.REJECTED),
        (replace(READY, state=ItemState.WAITING), ExportOptions(include_unapproved=True), None),
        (
            replace(READY, state=ItemState.HELD, approval=ApprovalState.DISPUTED),
            ExportOptions(include_unapproved=True),
            None,
        ),
        (
            replace(READY, state=ItemState.HELD, approval=ApprovalState.WAITING),
            ExportOptions(include_unapproved=True),
            WhyNot.HELD,
        ),
        (replace(READY, state=ItemState.BUNDLED), ALL, WhyNot.EXPORTED),
        (replace(READY, state=ItemState.DELIVERED), ALL, WhyNot.EXPORTED),
        (replace(READY, state=ItemState.DELIVERED), ExportOptions(include_exported=True), None),
        (
            replace(READY, state=ItemState.DELIVERED, state_reason="damaged"),
            ExportOptions(include_exported=True),
            WhyNot.HELD,
        ),
        (READY, ExportOptions(until=DAY), None),
        (READY, ExportOptions(until=DAY - timedelta(1)), WhyNot.AFTER_PERIOD),
        (READY, ExportOptions(since=DAY), None),
        (READY, ExportOptions(since=DAY + timedelta(1)), WhyNot.BEFORE_PERIOD),
        (READY, ExportOptions(kinds=frozenset({Kind.STATEMENT})), WhyNot.KIND),
        (READY, ExportOptions(final_before=NOON), None),
        (READY, ExportOptions(final_before=NOON - timedelta(seconds=1)), WhyNot.RECENT),
    ],
)
def test_the_rule(thing: Thing, asked: ExportOptions, reason: WhyNot | None) -> None:
    assert why_not(thing, asked, None) is reason


def test_nothing_dated_before_the_first_day_of_export_leaves() -> None:
    assert why_not(READY, ALL, DAY) is None
    assert why_not(READY, ALL, DAY + timedelta(1)) is WhyNot.BEFORE_START


@given(things, options, st.none() | dates)
def test_what_leaves_is_always_inside_every_bound(
    thing: Thing, asked: ExportOptions, start: date | None
) -> None:
    if why_not(thing, asked, start) is not None:
        return
    assert thing.state is not ItemState.RESERVED
    assert thing.kind in asked.kinds
    assert start is None or thing.item_date >= start
    assert asked.until is None or thing.item_date <= asked.until
    assert asked.since is None or thing.item_date >= asked.since
    assert thing.state is ItemState.READY or asked.include_unapproved or asked.include_exported


@given(things, options, st.none() | dates)
def test_asking_for_more_never_leaves_something_behind(
    thing: Thing, asked: ExportOptions, start: date | None
) -> None:
    more = msgspec.structs.replace(
        asked,
        kinds=frozenset(Kind),
        until=None,
        since=None,
        include_exported=True,
        include_unapproved=True,
    )
    if why_not(thing, asked, start) is None:
        assert why_not(thing, more, start) is None


@given(things, st.none() | dates)
def test_by_default_only_what_is_ready_leaves(thing: Thing, start: date | None) -> None:
    if why_not(thing, ALL, start) is None:
        assert thing.state is ItemState.READY


@given(options)
def test_options_come_back_from_the_table_as_they_went_in(asked: ExportOptions) -> None:
    assert msgspec.convert(msgspec.to_builtins(asked), ExportOptions) == asked


def test_a_finished_or_abandoned_export_and_a_confirmed_delivery_never_move_again() -> None:
    assert EXPORT.moves[ExportState.FINISHED] == EXPORT.moves[ExportState.ABANDONED] == frozenset()
    assert not [state for state, targets in DELIVERY.moves.items() if not targets and state != "confirmed"]
