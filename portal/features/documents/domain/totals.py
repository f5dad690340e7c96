"""The amounts of an entry: the total as it is printed, and how much of it is VAT.

A paper with one rate needs its total alone; several rates are split, and the parts must make the total. A till receipt without VAT
deduction is its total and nothing else.
"""

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

import msgspec

from exports.currencies import places
from portal.kernel.language import N_, Told
from portal.kernel.money import CENT, LARGEST, NoAmount, cents, read_amount

RATES: Final = (Decimal(21), Decimal(12), Decimal(6), Decimal(0))
"""Belgian VAT rates that papers are entered with."""
SEVERAL, RECEIPT = "several", "none"
"""Answers to *which VAT* beside the rates: the split is asked; a till receipt whose VAT is not deducted."""
NOTHING = N_("Enter the total, VAT included.")
WHICH_VAT = N_("Choose the VAT rate, several rates, or a till receipt without VAT deduction.")
NO_NET = N_("Enter the amount without VAT as well.")
SPLIT = N_("Enter the amount without VAT beside at least one rate.")
SUM = N_("The total does not add up: %(total)s ≠ %(parts)s.")
TOO_LARGE_SUM = N_("Together these amounts are too large to be true.")
NOT_A_FIELD = N_("There is no such amount. Use total and vat, or net_21, tax_21 and the like.")


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One VAT rate of an entered document: percent, what it is taken from, and the VAT itself, as printed.

    Without a percent no VAT is said at all: a till receipt that is booked as a whole.
    """

    percent: Decimal | None
    taxable: Decimal
    tax: Decimal

    @property
    def category(self) -> str:
        """The category of VAT, a code of UNCL 5305."""
        return "O" if self.percent is None else "S" if self.percent else "Z"


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of an entry; `total` as printed, which may be some cents off its parts."""

    rates: tuple[Rate, ...]
    total: Decimal


AMOUNT_FIELDS: Final = ("total", "vat", *(f"{kind}_{rate}" for rate in RATES for kind in ("net", "tax")))
"""The fields that hold an entry's amounts: they are given together or not at all."""


class SaidRate(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of one rate; without `tax` it is worked out from its percent."""

    percent: Decimal
    taxable: Decimal
    tax: Decimal | None


class SaidAmounts(msgspec.Struct, frozen=True, kw_only=True):
    """Amounts as somebody says them, not yet held against each other.

    Attributes:
        vat: one of `RATES`, `RECEIPT`, or `SEVERAL`.
        total: VAT included; None, which only several rates allow, when nobody said it.
        parts: with several rates.
    """

    vat: str
    total: Decimal | None
    parts: tuple[SaidRate, ...] = ()


NO_AMOUNTS: Final = SaidAmounts(vat=RECEIPT, total=Decimal(0))
"""Of a paper that says none: nothing is booked by it."""


def read_amounts(
    values: Mapping[str, str | int | Decimal], currency: str, faults: dict[str, str]
) -> SaidAmounts | None:
    """What fields say of amounts; None when something is at fault.

    Fields: total (VAT included), vat (`21`, `12`, `6`, `0`, `several`, `none`), and with several rates net_21 and tax_21 (an empty
    VAT is worked out from its rate). Without `vat`, amounts beside rates are several rates; without a total their sum is the total.

    Args:
        values: texts as people write them, or numbers of a program; what is empty is not said.
    """
    said = {name: value for name, value in values.items() if not isinstance(value, str) or value.strip()}
    which = str(said.get("vat", "")).strip()
    if not which:
        if not any(f"{kind}_{rate}" in said for rate in RATES for kind in ("net", "tax")):
            faults["vat" if "total" in said else "total"] = WHICH_VAT if "total" in said else NOTHING
            if "total" in said:
                _read("total", said["total"], currency, faults)
            return None
        which = SEVERAL
    if which not in (SEVERAL, RECEIPT, *map(str, RATES)):
        faults["vat"] = WHICH_VAT
        return None
    total = _read("total", said["total"], currency, faults) if "total" in said else None
    if which != SEVERAL:
        if "total" not in said:
            faults["total"] = NOTHING
        return None if total is None else SaidAmounts(vat=which, total=total)
    parts = _read_parts(said, currency, faults)
    if parts is None or ("total" in said and total is None):
        return None
    return SaidAmounts(vat=SEVERAL, total=total, parts=parts)


def _read_parts(
    said: Mapping[str, str | int | Decimal], currency: str, faults: dict[str, str]
) -> tuple[SaidRate, ...] | None:
    parts: list[SaidRate] = []
    sound = True
    for percent in RATES:
        net_name, tax_name = f"net_{percent}", f"tax_{percent}"
        if net_name not in said:
            if tax_name in said and percent:
                faults[net_name] = NO_NET
                sound = False
            continue
        net = _read(net_name, said[net_name], currency, faults)
        tax = _read(tax_name, said[tax_name], currency, faults) if tax_name in said else None
        if net is None or (tax_name in said and tax is None):
            sound = False
            continue
        parts.append(SaidRate(percent=percent, taxable=net, tax=tax))
    if not parts and sound:
        faults[f"net_{RATES[0]}"] = SPLIT
        return None
    return tuple(parts) if sound else None


def add_up(said: SaidAmounts, currency: str, faults: dict[str, str]) -> Amounts | None:
    """What is said of amounts, worked out in a currency and held against its total; None when something is at fault."""
    total = None if said.total is None else _read("total", said.total, currency, faults)
    if said.vat != SEVERAL:
        if total is None:
            return None
        percent = None if said.vat == RECEIPT else Decimal(said.vat)
        return Amounts(rates=(of_total(total, percent, currency),), total=total)
    parts = _parts(said.parts, currency, faults)
    if parts is None or (said.total is not None and total is None):
        return None
    return _joined(parts, total, faults)


def of_total(total: Decimal, percent: Decimal | None, currency: str = "EUR") -> Rate:
    """One rate worked out from the total: the VAT is rounded, what is left is without VAT, and both make the total again."""
    if not percent:
        return Rate(percent=percent, taxable=total, tax=Decimal(0))
    tax = _rounded(total * percent / (100 + percent), currency)
    return Rate(percent=percent, taxable=total - tax, tax=tax)


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return cents(amount) if places(currency) else amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def _read(name: str, given: str | int | Decimal, currency: str, faults: dict[str, str]) -> Decimal | None:
    read = read_amount(given, currency)
    if isinstance(read, NoAmount):
        faults[name] = read.told()
        return None
    return read.value


class _Part(msgspec.Struct):
    percent: Decimal
    taxable: Decimal
    tax: Decimal
    worked_out: bool


def _parts(said: Sequence[SaidRate], currency: str, faults: dict[str, str]) -> list[_Part] | None:
    parts: list[_Part] = []
    sound = True
    for one in said:
        if one.percent not in RATES:  # no paper is entered with it
            continue
        net = _read(f"net_{one.percent}", one.taxable, currency, faults)
        tax = None if one.tax is None else _read(f"tax_{one.percent}", one.tax, currency, faults)
        if net is None or (one.tax is not None and tax is None):
            sound = False
            continue
        worked = tax if tax is not None else _rounded(net * one.percent / 100, currency)
        parts.append(_Part(one.percent, net, worked, tax is None and bool(one.percent)))
    if not parts and sound:
        faults[f"net_{RATES[0]}"] = SPLIT
        return None
    return parts if sound else None


def _joined(parts: list[_Part], total: Decimal | None, faults: dict[str, str]) -> Amounts | None:
    """Parts and total held against each other. A cent a rate may be rounding: it goes to VAT that was worked out, else it stands."""
    together = sum((part.taxable + part.tax for part in parts), Decimal(0))
    if abs(together) >= LARGEST:
        faults["total"] = TOO_LARGE_SUM
        return None
    rest = (total if total is not None else together) - together
    if abs(rest) > CENT * len(parts):
        shown = " + ".join(f"{amount:.2f}" for part in parts for amount in (part.taxable, part.tax) if amount)
        faults["total"] = Told(SUM, total=f"{total:.2f}", parts=shown or "0.00")
        return None
    for part in sorted(parts, key=lambda one: -abs(one.taxable)):
        if rest and part.worked_out:
            step = CENT.copy_sign(rest)
            part.tax += step
            rest -= step
    rates = tuple(Rate(percent=part.percent, taxable=part.taxable, tax=part.tax) for part in parts)
    return Amounts(rates=rates, total=total if total is not None else together)


def said_amounts(subtotals: Sequence[Mapping[str, str | None]], total: Decimal, currency: str) -> SaidAmounts:
    """A document's amounts as somebody would say them: its total with its rate where that says it all."""
    if len(subtotals) == 1:
        percent = subtotals[0]["percent"]
        rate = None if percent is None else Decimal(percent)
        if rate is None or rate in RATES:
            alone = of_total(total, rate, currency)
            if (alone.taxable, alone.tax) == (_number(subtotals[0], "taxable"), _number(subtotals[0], "tax")):
                return SaidAmounts(vat=RECEIPT if rate is None else f"{rate.normalize():f}", total=total)
    parts = tuple(
        SaidRate(
            percent=Decimal(f"{Decimal(one['percent'] or 0).normalize():f}"),
            taxable=_number(one, "taxable"),
            tax=_number(one, "tax"),
        )
        for one in subtotals
    )
    return SaidAmounts(vat=SEVERAL, total=total, parts=parts)


def amount_texts(said: SaidAmounts) -> dict[str, str]:
    """Amounts as the form shows them: what `read_amounts` takes, the other way."""
    values = {"vat": said.vat}
    if said.total is not None:
        values["total"] = f"{said.total:.2f}"
    for one in said.parts:
        values[f"net_{one.percent}"] = f"{one.taxable}"
        if one.tax is not None:
            values[f"tax_{one.percent}"] = f"{one.tax}"
    return values


def _number(subtotal: Mapping[str, str | None], name: str) -> Decimal:
    return cents(Decimal(subtotal[name] or 0))
