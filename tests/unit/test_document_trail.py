"""The way of a document, step by step, for every state that its item may be in."""

from datetime import UTC, datetime, timedelta
from itertools import product
from uuid import UUID

import pytest

from portal.features.items.domain import ApprovalState, ItemState
from portal.features.records.domain import (
    FROM_BEGINNING_TO_END,
    Departure,
    DocumentTrail,
    Progress,
    Proof,
    Step,
    StepName,
    furthest,
    steps,
)

CAME = datetime(2026, 10, 5, 9, 0, tzinfo=UTC)
LATER = CAME + timedelta(days=2)
PROOF = Proof(agent="SRV01", path="C:\\BOB\\a.xml", sha256="0" * 64, written_at=LATER, confirmed_at=LATER)


def a_trail(
    state: ItemState,
    approval: ApprovalState = ApprovalState.NOT_NEEDED,
    *,
    state_reason: str | None = None,
    bundle: int | None = None,
) -> DocumentTrail:
    return DocumentTrail(
        item_id=UUID(int=1),
        state=state,
        state_reason=state_reason,
        approval=approval,
        approval_reason="not ordered",
        decided_by="Jan",
        decided_at=LATER,
        bundle=bundle,
        locked=False,
        reexports=0,
    )


def left(
    *, confirmed: bool = True, proofs: tuple[Proof, ...] = (PROOF,), reexport: bool = False
) -> Departure:
    return Departure(bundle=3, made_at=LATER, reexport=reexport, confirmed=confirmed, proofs=proofs)


def told(
    trail: DocumentTrail | None,
    *departures: Departure,
    for_staff: bool = True,
    aside_reason: str | None = None,
) -> list[Step]:
    return steps(
        received_at=CAME,
        aside_reason=aside_reason,
        trail=trail,
        departures=departures,
        for_staff=for_staff,
    )


def names(found: list[Step]) -> list[tuple[str, str]]:
    return [(step.name.value, step.progress.value) for step in found]


def test_what_has_no_item_yet_was_received() -> None:
    assert told(None) == [Step(name=StepName.RECEIVED, progress=Progress.DONE, at=CAME)]


@pytest.mark.parametrize(
    ("trail", "expected"),
    [
        (a_trail(ItemState.NEW), [("in_bundle", "next"), ("delivered", "next")]),
        (a_trail(ItemState.READY), [("in_bundle", "current"), ("delivered", "next")]),
        (a_trail(ItemState.RESERVED), [("in_bundle", "current"), ("delivered", "next")]),
        (
            a_trail(ItemState.WAITING, ApprovalState.WAITING),
            [("approval", "current"), ("in_bundle", "next"), ("delivered", "next")],
        ),
        (
            a_trail(ItemState.READY, ApprovalState.APPROVED),
            [("approved", "done"), ("in_bundle", "current"), ("delivered", "next")],
        ),
        (
            a_trail(ItemState.HELD, ApprovalState.DISPUTED),
            [("disputed", "failed"), ("in_bundle", "next"), ("delivered", "next")],
        ),
        (
            a_trail(ItemState.HELD, ApprovalState.NOT_OURS),
            [("not_ours", "failed"), ("in_bundle", "next"), ("delivered", "next")],
        ),
        (
            a_trail(ItemState.HELD, state_reason="by hand"),
            [("held", "current"), ("in_bundle", "next"), ("delivered", "next")],
        ),
        (a_trail(ItemState.SUPERSEDED), [("confirmed", "next")]),
    ],
)
def test_what_has_not_left_says_what_is_to_come(
    trail: DocumentTrail, expected: list[tuple[str, str]]
) -> None:
    assert names(told(trail))[1:] == expected


def test_what_left_says_bundle_files_and_confirmation() -> None:
    found = told(a_trail(ItemState.DELIVERED, bundle=3), left())
    assert names(found)[1:] == [("in_bundle", "done"), ("written", "done"), ("confirmed", "done")]
    assert (found[1].bundle, found[2].proof, found[3].at) == (3, PROOF, LATER)


def test_what_left_and_was_not_confirmed_is_being_delivered() -> None:
    found = told(a_trail(ItemState.BUNDLED, bundle=3), left(confirmed=False))
    assert names(found)[1:] == [("in_bundle", "done"), ("written", "done"), ("delivered", "current")]


def test_what_left_twice_says_so_and_only_the_last_one_counts() -> None:
    found = told(
        a_trail(ItemState.BUNDLED, bundle=4), left(), left(confirmed=False, proofs=(), reexport=True)
    )
    assert names(found)[1:] == [
        ("in_bundle", "done"),
        ("written", "done"),
        ("confirmed", "done"),
        ("in_bundle", "done"),
        ("delivered", "current"),
    ]
    assert [step.reexport for step in found if step.name is StepName.IN_BUNDLE] == [False, True]


def test_a_member_sees_that_it_left_and_arrived_and_nothing_of_the_office() -> None:
    assert names(told(a_trail(ItemState.READY), for_staff=False))[1:] == [("in_bundle", "current")]
    for state, progress in ((ItemState.BUNDLED, "next"), (ItemState.DELIVERED, "done")):
        found = told(a_trail(state, bundle=3), for_staff=False)
        assert names(found)[1:] == [("in_bundle", "done"), ("confirmed", progress)]


def test_what_is_put_aside_says_why_and_goes_nowhere() -> None:
    found = told(a_trail(ItemState.ASIDE), aside_reason="twice")
    assert found[1:] == [Step(name=StepName.ASIDE, progress=Progress.FAILED, reason="twice")]


def test_an_item_that_could_not_leave_with_its_bundle_says_why() -> None:
    found = told(a_trail(ItemState.BUNDLED, state_reason="a damaged file", bundle=3))
    assert found[1] == Step(name=StepName.ASIDE, progress=Progress.FAILED, why="a damaged file")


@pytest.mark.parametrize("for_staff", [True, False])
def test_a_way_has_at_most_one_present_step_whatever_the_item_is(for_staff: bool) -> None:
    chosen = product(ItemState, ApprovalState, ((), (left(),), (left(confirmed=False),)), (None, "why"))
    for state, approval, departures, reason in chosen:
        found = told(a_trail(state, approval, state_reason=reason), *departures, for_staff=for_staff)
        assert [step.progress for step in found].count(Progress.CURRENT) <= 1, (state, approval)


def test_every_state_of_an_item_has_its_place_on_the_way() -> None:
    assert set(FROM_BEGINNING_TO_END) == set(ItemState)
    trails = [a_trail(ItemState.READY), a_trail(ItemState.DELIVERED), a_trail(ItemState.SUPERSEDED)]
    assert furthest(trails) is trails[1]
    assert furthest([]) is None
