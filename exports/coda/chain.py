"""Missing statements: the balance chain first, the numbers as evidence beside it.

A statement's old balance is the new balance of the one before it. Numbers prove less: Argenta numbers by
the day of the year and jumps, Crelan repeats a number for a whole period, ING restarted once, and all
begin at 001 in January.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import groupby, pairwise
from typing import Literal

from exports.coda.model import Statement, thousandths_to_decimal
from exports.coda.trail import openings, trail

_NEVER = date.min


@dataclass(frozen=True, slots=True)
class Gap:
    """Statements are missing between two statements of an account.

    Attributes:
        account_key: (number, currency, extension).
        before: The last statement before the gap.
        after: The first one behind it.
        kind: ``balance`` where the chain of the balances is broken, which proves it; ``number`` where the balances
            go on and only numbers are left out, so that what is missing adds up to zero, or nothing is missing
            and the bank counts in another way.
    """

    account_key: tuple[str, str, str]
    before: Statement
    after: Statement
    kind: Literal["balance", "number"] = "balance"

    @property
    def expected(self) -> Decimal:
        """The old balance that would close the chain."""
        return thousandths_to_decimal(self.before.new_balance_thousandths or 0)

    @property
    def found(self) -> Decimal:
        """The old balance that is there."""
        return self.after.old_balance

    @property
    def missing_amount(self) -> Decimal:
        """Sum of the movements that are missing."""
        return self.found - self.expected

    @property
    def from_date(self) -> date | None:
        """Date of the last known balance."""
        return self.before.new_balance_date

    @property
    def to_date(self) -> date | None:
        """Date of the balance at which the chain goes on."""
        return self.after.old_balance_date

    @property
    def missing_numbers(self) -> tuple[int, ...]:
        """CODA numbers between the two; empty when the numbers show nothing."""
        first, last = self.before.coda_sequence, self.after.coda_sequence
        if not first or not last or _year(self.before) != _year(self.after) or last - first > 366:
            return ()
        return tuple(range(first + 1, last))


@dataclass(frozen=True, slots=True)
class Conflict:
    """Two statements of one account claim the same place with different content; a person has to choose."""

    account_key: tuple[str, str, str]
    first: Statement
    second: Statement


def order(statements: Iterable[Statement]) -> list[Statement]:
    """Statements of one account in the order of the chain: by date, and within a day by the balances.

    A day's statements are put so that as few of them as possible do not follow each other, whatever the order in
    which they came; where the balances leave a choice, numbers decide.
    """
    days = [
        [(item, (item.old_balance_thousandths, item.new_balance_thousandths)) for item in group]
        for _, group in groupby(sorted(statements, key=_sort_key), lambda item: item.new_balance_date)
    ]
    behind: list[frozenset[int]] = [frozenset()]
    for day in reversed(days[1:]):
        behind.append(openings([edge for _, edge in day], behind[-1]))
    ordered: list[Statement] = []
    for day in days:
        before = ordered[-1].new_balance_thousandths if ordered else None
        ordered += [day[at][0] for at in trail([edge for _, edge in day], before, behind.pop())]
    return ordered


def continuity(statements: Iterable[Statement]) -> list[Gap]:
    """The gaps in the chains of the accounts, in any order of arrival: those of the balances, then those of numbers.

    Every account (number, currency and extension) has its own chain. Separate applications do not count,
    nor does a statement that was delivered again. A statement without a closing balance breaks nothing: the
    chain is not known behind it, and no gap is reported there. Numbers stand beside a gap of the balances
    (:attr:`Gap.missing_numbers`); where the balances go on, numbers left out are a gap of the weaker kind, unless
    the bank does not count by one: it numbers by the day of the year, or repeats or goes back within a year.

    Args:
        statements: Statements of one account or of many.
    """
    gaps: list[Gap] = []
    for key, chain in _chains(statements).items():
        ordered = order(chain)
        counts = _counts_by_one(ordered)
        for before, after in pairwise(ordered):
            balance = before.new_balance_thousandths
            if balance is not None and balance != after.old_balance_thousandths:
                gaps.append(Gap(key, before, after))
            elif counts and (gap := Gap(key, before, after, "number")).missing_numbers:
                gaps.append(gap)
    return sorted(gaps, key=lambda gap: gap.kind)  # stable: within a kind in the order of the chains


def _counts_by_one(ordered: Sequence[Statement]) -> bool:
    """Whether the numbers can be those of a bank that counts its statements within the year."""
    numbered = [item for item in ordered if item.coda_sequence]
    by_day = all(_day_of_year(item) == item.coda_sequence for item in numbered)
    return not by_day and all(
        first.coda_sequence < second.coda_sequence
        for first, second in pairwise(numbered)
        if _year(first) == _year(second)
    )


def _day_of_year(statement: Statement) -> int:
    day = statement.new_balance_date
    return day.timetuple().tm_yday if day else 0


def conflicts(statements: Iterable[Statement]) -> list[Conflict]:
    """Pairs of one account with the same CODA number and year but different content.

    A number that a bank repeats for a whole period (Crelan) is no conflict: those statements follow each
    other in the chain.
    """
    found: list[Conflict] = []
    for key, chain in _chains(statements).items():
        numbered: dict[tuple[int, int], list[Statement]] = {}
        for statement in chain:
            if statement.coda_sequence:
                numbered.setdefault((_year(statement), statement.coda_sequence), []).append(statement)
        for group in numbered.values():
            pairs = pairwise(order(group))
            found.extend(Conflict(key, first, second) for first, second in pairs if _collide(first, second))
    return found


def _collide(first: Statement, second: Statement) -> bool:
    """Whether two statements with one number, next to each other in the chain, claim the same place."""
    same_end = first.new_balance_date == second.new_balance_date
    same_start = first.old_balance_date == second.old_balance_date
    same_balances = (
        first.old_balance_thousandths == second.old_balance_thousandths
        and first.new_balance_thousandths == second.new_balance_thousandths
    )
    if first.new_balance_thousandths == second.old_balance_thousandths:
        return same_start and same_end and same_balances and not first.is_empty
    return same_start or same_end


def _chains(statements: Iterable[Statement]) -> dict[tuple[str, str, str], list[Statement]]:
    chains: dict[tuple[str, str, str], list[Statement]] = {}
    seen: set[tuple[tuple[str, str, str], str]] = set()
    for statement in statements:
        if statement.is_extract:
            continue
        key = statement.account.key
        if statement.records:
            mark = (key, statement.content_hash)
            if mark in seen:
                continue
            seen.add(mark)
        chains.setdefault(key, []).append(statement)
    return chains


def _year(statement: Statement) -> int:
    day = statement.new_balance_date or statement.creation_date or statement.old_balance_date
    return day.year if day else 0


def _sort_key(statement: Statement) -> tuple[date, date, date, int, int, int, int]:
    return (
        statement.new_balance_date or statement.creation_date or _NEVER,
        statement.old_balance_date or _NEVER,
        statement.creation_date or _NEVER,
        statement.coda_sequence,
        statement.record,
        statement.old_balance_thousandths,
        statement.new_balance_thousandths or 0,
    )
