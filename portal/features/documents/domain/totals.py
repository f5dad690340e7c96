"""The amounts of an entry: the total as it is printed, and how much of it is VAT.

A paper with one rate needs its total alone; several rates are split, and the parts must make the total. A till receipt without VAT
deduction is its total and nothing else.
"""

from collections.abc import Mapping
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
        """UNCL5305."""
        return "O" if self.percent is None else "S" if self.percent else "Z"


class Amounts(msgspec.Struct, frozen=True, kw_only=True):
    """The amounts of an entry; `total` as printed, which may be some cents off its parts."""

    rates: tuple[Rate, ...]
    total: Decimal


AMOUNT_FIELDS: Final = ("total", "vat", *(f"{kind}_{rate}" for rate in RATES for kind in ("net", "tax")))
"""The fields that hold an entry's amounts: they are given together or not at all."""


def read_amounts(values: Mapping[str, str], currency: str, faults: dict[str, str]) -> Amounts | None:
    """The amounts of a form; None when something is at fault.

    Fields: total (VAT included), vat (`21`, `12`, `6`, `0`, `several`, `none`), and with several rates net_21 and tax_21 (an empty
    VAT is worked out from its rate). Without `vat`, amounts beside rates are several rates; without a total their sum is the total.
    """
    total_text = values.get("total", "").strip()
    which = values.get("vat", "").strip()
    split = [
        rate for rate in RATES if any(values.get(f"{kind}_{rate}", "").strip() for kind in ("net", "tax"))
    ]
    if not which:
        if not split:
            faults["vat" if total_text else "total"] = WHICH_VAT if total_text else NOTHING
            if total_text:
                _read("total", total_text, currency, faults)
            return None
        which = SEVERAL
    if which not in (SEVERAL, RECEIPT, *map(str, RATES)):
        faults["vat"] = WHICH_VAT
        return None
    total = _read("total", total_text, currency, faults) if total_text else None
    if which != SEVERAL:
        if not total_text:
            faults["total"] = NOTHING
        if total is None:
            return None
        return Amounts(
            rates=(of_total(total, None if which == RECEIPT else Decimal(which), currency),), total=total
        )
    parts = _parts(values, currency, faults)
    if parts is None or (total_text and total is None):
        return None
    return _joined(parts, total, faults)


def of_total(total: Decimal, percent: Decimal | None, currency: str = "EUR") -> Rate:
    """One rate worked out from the total: the VAT is rounded, what is left is without VAT, and both make the total again."""
    if not percent:
        return Rate(percent=percent, taxable=total, tax=Decimal(0))
    tax = _rounded(total * percent / (100 + percent), currency)
    return Rate(percent=percent, taxable=total - tax, tax=tax)


NO_AMOUNTS: Final = Amounts(rates=(of_total(Decimal(0), None),), total=Decimal(0))
"""Of a paper that says none: nothing is booked by it."""


def _rounded(amount: Decimal, currency: str) -> Decimal:
    return cents(amount) if places(currency) else amount.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def _read(name: str, text: str, currency: str, faults: dict[str, str]) -> Decimal | None:
    read = read_amount(text, currency)
    if isinstance(read, NoAmount):
        faults[name] = read.told()
        return None
    return read.value


class _Part(msgspec.Struct):
    percent: Decimal
    taxable: Decimal
    tax: Decimal
    worked_out: bool


def _parts(values: Mapping[str, str], currency: str, faults: dict[str, str]) -> list[_Part] | None:
    parts: list[_Part] = []
    sound = True
    for percent in RATES:
        net_name, tax_name = f"net_{percent}", f"tax_{percent}"
        net_text, tax_text = values.get(net_name, "").strip(), values.get(tax_name, "").strip()
        if not net_text:
            if tax_text and percent:
                faults[net_name] = NO_NET
                sound = False
            continue
        net = _read(net_name, net_text, currency, faults)
        tax = _read(tax_name, tax_text, currency, faults) if tax_text else None
        if net is None or (tax_text and tax is None):
            sound = False
            continue
        worked = tax if tax is not None else _rounded(net * percent / 100, currency)
        parts.append(_Part(percent, net, worked, tax is None and bool(percent)))
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


def amount_values(subtotals: list[dict[str, str | None]], total: Decimal, currency: str) -> dict[str, str]:
    """A document's amounts as the form shows them: what `read_amounts` takes, the other way."""
    values = {"total": f"{total:.2f}"}
    if len(subtotals) == 1:
        percent = subtotals[0]["percent"]
        rate = None if percent is None else Decimal(percent)
        if rate is None or rate in RATES:
            alone = of_total(total, rate, currency)
            if (alone.taxable, alone.tax) == (_number(subtotals[0], "taxable"), _number(subtotals[0], "tax")):
                return {**values, "vat": RECEIPT if rate is None else f"{rate.normalize():f}"}
    values["vat"] = SEVERAL
    for one in subtotals:
        percent = f"{Decimal(one['percent'] or 0).normalize():f}"
        values[f"net_{percent}"] = f"{_number(one, 'taxable')}"
        values[f"tax_{percent}"] = f"{_number(one, 'tax')}"
    return values


def _number(subtotal: Mapping[str, str | None], name: str) -> Decimal:
    return cents(Decimal(subtotal[name] or 0))
