"""Tag 61, the statement line, and tags 60 and 62, the balances: fixed forms, each with the variants that banks have."""

import re
from dataclasses import dataclass
from datetime import date

from exports.mt940.tokens import Tag
from exports.statements.errors import UnreadableError

_BALANCE = re.compile(r"([CD])(\d{6})([A-Z]{3})([\d]{1,15},?\d{0,3})", re.ASCII)
# Value date, entry date, mark, funds code, amount, type, reference of the owner, of the bank.
_LINE = re.compile(
    r"(?P<value>\d{6})(?P<entry>\d{4})?(?P<mark>RC|RD|EC|ED|C|D)(?P<funds>[A-Z])?(?P<amount>\d{1,15},?\d{0,3}) ?"
    r"(?P<type>[A-Z][A-Z0-9]{3})(?P<rest>.*)",
    re.ASCII | re.DOTALL,
)
_MOST = 10**15


@dataclass(frozen=True, slots=True)
class Balance:
    """An opening or closing balance in thousandths, credit positive."""

    amount: int
    day: date
    currency: str


@dataclass(frozen=True, slots=True)
class Line:
    """One statement line. ``amount`` is signed as the balance moves: what is reversed counts the other way."""

    amount: int
    value: date
    booked: date
    kind: str
    reversal: bool
    reference: str
    bank_reference: str
    supplement: str


def balance_of(tag: Tag) -> Balance:
    """An opening or closing balance.

    Raises:
        UnreadableError: ``not_an_amount`` or ``not_a_date``.
    """
    written = tag.text.strip()
    match = _BALANCE.fullmatch(written.split("\n")[0].strip())
    if match is None:
        raise UnreadableError("not_an_amount", tag.line, {"element": f":{tag.name}:", "found": written[:40]})
    amount = _thousandths(match[4], tag)
    return Balance(amount if match[1] == "C" else -amount, _day(match[2], tag), match[3])


def line_of(tag: Tag) -> Line:
    """A statement line.

    Raises:
        UnreadableError: ``not_an_amount`` or ``not_a_date``: no line is left out because it has another form.
    """
    first, _, supplement = tag.text.partition("\n")
    match = _LINE.fullmatch(first.strip())
    if match is None:
        raise UnreadableError("not_an_amount", tag.line, {"element": ":61:", "found": first[:60]})
    mark = match["mark"]
    amount = _thousandths(match["amount"], tag)
    # RC takes a credit back, RD a debit; EC and ED are expected, as some banks write them.
    sign = 1 if mark in ("C", "RD", "EC") else -1
    value = _day(match["value"], tag)
    reference, _, bank = match["rest"].partition("//")
    return Line(
        amount=sign * amount,
        value=value,
        booked=_entry_day(match["entry"], value, tag),
        kind=match["type"],
        reversal=mark[0] == "R",
        reference="" if reference.strip().upper() in ("NONREF", "NOREF") else reference.strip(),
        bank_reference=bank.strip(),
        supplement=" ".join(supplement.split()),
    )


def _thousandths(written: str, tag: Tag) -> int:
    whole, _, decimals = written.partition(",")
    value = int(whole) * 1000 + int(decimals.ljust(3, "0") or 0)
    if value >= _MOST:
        raise UnreadableError("not_an_amount", tag.line, {"element": f":{tag.name}:", "found": written[:40]})
    return value


def _day(digits: str, tag: Tag) -> date:
    year = int(digits[:2])
    try:
        return date(year + (1900 if year >= 80 else 2000), int(digits[2:4]), int(digits[4:6]))
    except ValueError:
        raise UnreadableError("not_a_date", tag.line, {"element": f":{tag.name}:", "found": digits}) from None


def _entry_day(digits: str | None, value: date, tag: Tag) -> date:
    """The day of booking, which is written without its year: the one nearest to the value date."""
    if digits is None:
        return value
    found: list[date] = []
    for year in (value.year - 1, value.year, value.year + 1):
        try:
            found.append(date(year, int(digits[:2]), int(digits[2:])))
        except ValueError:
            continue
    if not found:
        raise UnreadableError("not_a_date", tag.line, {"element": ":61:", "found": digits})
    return min(found, key=lambda day: abs(day - value))
