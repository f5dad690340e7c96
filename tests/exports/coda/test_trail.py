"""The order of a day's statements, whatever the order in which they came, and what numbers add to it."""

from datetime import date, timedelta
from itertools import pairwise, permutations
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import coda
from exports.coda.trail import trail

DAY = date(2026, 1, 6)


def statement(old: int, new: int | None, *, on: date = DAY, number: int = 0) -> coda.Statement:
    return coda.Statement(
        account=coda.Account("BE68539007547034"),
        old_balance_thousandths=old,
        new_balance_thousandths=new,
        old_balance_date=on - timedelta(days=1),
        new_balance_date=on,
        creation_date=on,
        coda_sequence=number,
    )


def breaks(chain: list[coda.Statement]) -> int:
    return sum(gap.kind == "balance" for gap in coda.continuity(chain))


def test_four_statements_of_a_day_have_no_gap_in_any_order() -> None:
    chain = [statement(0, 10), statement(10, 0), statement(0, 7), statement(7, 20)]
    for arrived in permutations(chain):
        assert coda.continuity(arrived) == []
        assert coda.order(arrived)[-1] is chain[-1]


@pytest.mark.parametrize("earlier", [[], [statement(3, 10, on=DAY - timedelta(days=1))]])
def test_a_day_that_ends_where_it_began_begins_and_ends_where_its_neighbours_are(
    earlier: list[coda.Statement],
) -> None:
    circles = [
        statement(0, 10),
        statement(10, 0),
        statement(0, 10, on=DAY + timedelta(days=1)),
        statement(10, 0, on=DAY + timedelta(days=1)),
    ]
    after = [
        statement(0, 5, on=DAY + timedelta(days=2)),
        statement(10, 0, on=DAY + timedelta(days=2)),
    ]
    for arrived in permutations([*circles, *after]):
        assert breaks([*earlier, *arrived]) == 0


def test_what_is_lost_within_a_day_is_one_gap_in_any_order() -> None:
    chain = [statement(0, 10), statement(10, 30), statement(40, 50), statement(50, 60)]
    before = statement(-5, 0, on=DAY - timedelta(days=1))
    after = statement(60, 61, on=DAY + timedelta(days=1))
    for arrived in permutations([before, *chain, after]):
        (gap,) = coda.continuity(arrived)
        assert (gap.expected * 1000, gap.found * 1000) == (30, 40)


def test_nothing_is_known_behind_a_statement_without_a_closing_balance() -> None:
    chain = [statement(0, 10), statement(10, None), statement(99, 100, on=DAY + timedelta(days=1))]
    for arrived in permutations(chain):
        assert coda.continuity(arrived) == []


@given(st.lists(st.integers(0, 4), min_size=2, max_size=12), st.randoms(use_true_random=False))
def test_a_walk_is_found_again(places: list[int], random: Random) -> None:
    edges = list(pairwise(places))
    random.shuffle(edges)
    found = [edges[at] for at in trail(edges, places[0], frozenset())]
    assert sorted(found) == sorted(edges)
    assert found[0][0] == places[0]
    assert all(first[1] == second[0] for first, second in pairwise(found))


@given(
    st.lists(st.tuples(st.integers(0, 4), st.none() | st.integers(0, 4)), max_size=9),
    st.none() | st.integers(0, 4),
)
def test_every_statement_stands_in_the_order_once(
    edges: list[tuple[int, int | None]], before: int | None
) -> None:
    assert sorted(trail(edges, before, frozenset({1, 2}))) == list(range(len(edges)))


def test_a_number_left_out_where_the_balances_go_on_is_the_weaker_kind() -> None:
    chain = [
        statement(0, 10, number=41),
        statement(10, 20, number=43, on=DAY + timedelta(days=1)),
        statement(25, 30, number=45, on=DAY + timedelta(days=2)),
    ]
    strong, weak = coda.continuity(chain)
    assert (strong.kind, strong.missing_numbers) == ("balance", (44,))
    assert (weak.kind, weak.missing_numbers, weak.missing_amount) == ("number", (42,), 0)


def test_numbers_that_do_not_count_are_no_evidence() -> None:
    by_day = [statement(n, n + 1, number=n + 6, on=DAY + timedelta(days=n)) for n in (0, 1, 4)]
    by_day[2] = statement(2, 3, number=10, on=DAY + timedelta(days=4))
    assert coda.continuity(by_day) == []
    repeated = [statement(n, n + 1, number=n // 2 * 3 + 1, on=DAY + timedelta(days=n)) for n in range(4)]
    assert coda.continuity(repeated) == []
    restarted = [
        statement(n, n + 1, number=number, on=DAY + timedelta(days=n))
        for n, number in enumerate((7, 9, 1, 2))
    ]
    assert coda.continuity(restarted) == []
