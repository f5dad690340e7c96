"""Whether a statement adds up, whatever its form: the sums first, then the numbers on it.

The rules bear the names that the checks of CODA have (:mod:`exports.coda.checks`) with the form before them, since they say the same.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise

from exports.coda.accounts import check_digits_right, looks_like_iban
from exports.coda.findings import MOST, money
from exports.coda.model import Movement, Statement
from exports.currencies import is_currency
from exports.model import Finding


def check(
    values: Statement, prefix: str, *, count: int | None = None, pending: int = 0, where: str = ""
) -> tuple[Finding, ...]:
    """The findings of one statement.

    Args:
        values: The statement.
        prefix: ``CAMT`` or ``MT940``.
        count: The number of entries the file names, if any.
        pending: How many entries are not booked.
        where: The statement's place for people.
    """
    found: list[Finding] = []

    def add(rule: str, severity: str, text: str, **params: str) -> None:
        found.append(
            Finding(
                rule=f"{prefix}-{rule}",
                severity="fatal" if severity == "fatal" else "warning",
                location=where,
                text=text,
                params=params,
            )
        )

    new = values.new_balance_thousandths
    expected = values.old_balance_thousandths + sum(one.amount_thousandths for one in values.movements)
    if new is not None and expected != new:
        add(
            "R1",
            "fatal",
            f"Old balance and movements give {money(expected)}; the new balance says {money(new)}.",
            expected=money(expected),
            found=money(new),
        )
    if count is not None and count != len(values.movements) + pending:
        entries = len(values.movements) + pending
        add(
            "R3",
            "fatal",
            f"There are {entries} entries; the file says {count}.",
            expected=str(entries),
            found=str(count),
        )
    if not is_currency(values.account.currency):
        add(
            "CURRENCY",
            "fatal",
            f"The account's currency {values.account.currency!r} is none.",
            found=values.account.currency,
        )
    if looks_like_iban(values.account.number) and not check_digits_right(values.account.number):
        add(
            "IBAN",
            "warning",
            f"The check digits of {values.account.number} are wrong.",
            found=values.account.number,
        )
    for number in _wrong_ibans(values.movements):
        add("IBAN", "warning", f"The check digits of {number} are wrong.", found=number)
    if pending:
        add("PENDING", "warning", f"{pending} entries are not booked.", count=str(pending))
    return tuple(found)


def _wrong_ibans(movements: Iterable[Movement]) -> Sequence[str]:
    wrong: dict[str, None] = {}
    for one in movements:
        for each in (one, *one.details):
            account = each.counterparty_account
            number = account.number.replace(" ", "") if account else ""
            if looks_like_iban(number) and not check_digits_right(number):
                wrong.setdefault(number)
    return list(wrong)[:MOST]


def chain(statements: Sequence[Statement], prefix: str) -> list[tuple[int, Finding]]:
    """Where the balances of one account do not go on from one statement of a file to the next: the place of the later one, and the finding."""
    found: list[tuple[int, Finding]] = []
    places: dict[tuple[str, str, str], list[int]] = {}
    for place, one in enumerate(statements):
        places.setdefault(one.account.key, []).append(place)
    for mine in places.values():
        ordered = sorted(mine, key=lambda place: (str(statements[place].new_balance_date or ""), place))
        for before, after in pairwise(ordered):
            expected, given = (
                statements[before].new_balance_thousandths,
                statements[after].old_balance_thousandths,
            )
            if expected is not None and expected != given:
                finding = Finding(
                    rule=f"{prefix}-R6",
                    severity="warning",
                    location="",
                    text=f"The statement before it ended on {money(expected)}; this one begins with {money(given)}.",
                    params={"expected": money(expected), "found": money(given)},
                )
                found.append((after, finding))
    return found
