"""Missing statements: the balance chain first, the numbers as evidence beside it.

A statement's old balance is the new balance of the one before it. Numbers prove less: Argenta numbers by
the day of the year and jumps, Crelan repeats a number for a whole period, ING restarted once, and all
begin at 001 in January.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise, takewhile

from exports.coda.model import Statement, thousandths_to_decimal

_NEVER = date.min


@dataclass(frozen=True, slots=True)
class Gap:
    """Statements are missing between two statements of an account.

    Attributes:
        account_key: (number, currency, extension).
        before: The last statement before the gap.
        after: The first one behind it.
    """

    account_key: tuple[str, str, str]
    before: Statement
    after: Statement

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
        """CODA numbers between the two; empty when the numbers show nothing (§ numbering per bank)."""
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
    """Statements of one account in the order of the chain: by date, and within a day by the balances."""
    rest = sorted(statements, key=_sort_key)
    ordered: list[Statement] = []
    while rest:
        day = list(takewhile(lambda item: item.new_balance_date == rest[0].new_balance_date, rest))
        chosen = _first_of_day(day)
        if ordered:
            balance = ordered[-1].new_balance_thousandths
            follows = (index for index, item in enumerate(day) if item.old_balance_thousandths == balance)
            chosen = next(follows, chosen)
        ordered.append(rest.pop(chosen))
    return ordered


def continuity(statements: Iterable[Statement]) -> list[Gap]:
    """The gaps in the chains of the accounts, in any order of arrival.

    Every account (number, currency and extension) has its own chain. Separate applications do not count,
    nor does a statement that was delivered again. A statement without a closing balance breaks nothing: the
    chain is not known behind it, and no gap is reported there. Numbers never make a gap; they stand beside
    it (:attr:`Gap.missing_numbers`).

    Args:
        statements: Statements of one account or of many.
    """
    gaps: list[Gap] = []
    for key, chain in _chains(statements).items():
        ordered = order(chain)
        for before, after in pairwise(ordered):
            balance = before.new_balance_thousandths
            if balance is not None and balance != after.old_balance_thousandths:
                gaps.append(Gap(key, before, after))
    return gaps


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


def _first_of_day(day: Sequence[Statement]) -> int:
    """Of a day's statements the one whose old balance no other one leads to."""
    leads_to = [item.new_balance_thousandths for item in day if not item.is_empty]
    starts = (index for index, item in enumerate(day) if item.old_balance_thousandths not in leads_to)
    return next(starts, 0)


def _year(statement: Statement) -> int:
    day = statement.new_balance_date or statement.creation_date or statement.old_balance_date
    return day.year if day else 0


def _sort_key(statement: Statement) -> tuple[date, date, date, int, int]:
    return (
        statement.new_balance_date or statement.creation_date or _NEVER,
        statement.old_balance_date or _NEVER,
        statement.creation_date or _NEVER,
        statement.coda_sequence,
        statement.record,
    )
