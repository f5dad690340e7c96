"""What a person reads off a paper and types: parsed with every fault beside its field."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

import msgspec

from exports import numbers
from exports.model import Party
from portal.features.documents.domain.core import SALES, Kind
from portal.features.documents.domain.matching import duplicate_key, supplier_key
from portal.kernel.language import N_
from portal.kernel.money import cents
from portal.kernel.numbers import COUNTRIES, NotANumber, parse_company_number


class Rate(msgspec.Struct, frozen=True, kw_only=True):
    """One VAT rate of an entered document: percent, what it is taken from, and the VAT itself, as printed."""

    percent: Decimal
    taxable: Decimal
    tax: Decimal


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a person reads off a paper. Amounts are positive for invoices and credit notes alike, as printed."""

    kind: Kind
    number: str
    issue_date: date
    counterparty_name: str
    rates: tuple[Rate, ...]
    due_date: date | None = None
    currency: str = "EUR"
    counterparty_number: str | None = None
    counterparty_country: str = "BE"
    structured_communication: str | None = None

    @property
    def type_code(self) -> str:
        """UNCL1001: 381 for credit notes, else 380."""
        return "381" if self.kind in (Kind.SALES_CREDIT_NOTE, Kind.PURCHASE_CREDIT_NOTE) else "380"

    def columns(self, us: str) -> dict[str, object]:
        """The accounting columns of a document; `us` is the company as a supplier (`supplier_key`)."""
        net = cents(sum((rate.taxable for rate in self.rates), Decimal(0)))
        tax = cents(sum((rate.tax for rate in self.rates), Decimal(0)))
        them = (
            f"{self.counterparty_country}:{self.counterparty_number}"
            if self.counterparty_number
            else supplier_key(Party(name=self.counterparty_name))
        )
        supplier = us if self.kind in SALES else them
        return {
            "kind": self.kind,
            "number": self.number,
            "issue_date": self.issue_date,
            "due_date": self.due_date,
            "currency": self.currency,
            "net": net,
            "tax": tax,
            "gross": net + tax,
            "payable": net + tax,
            "tax_subtotals": [
                {
                    "category": "S" if rate.percent else "Z",
                    "percent": str(rate.percent),
                    "taxable": str(cents(rate.taxable)),
                    "tax": str(cents(rate.tax)),
                }
                for rate in self.rates
            ],
            "counterparty_name": self.counterparty_name,
            "counterparty_number": self.counterparty_number,
            "counterparty_country": self.counterparty_country if self.counterparty_number else None,
            "structured_communication": self.structured_communication,
            "duplicate_key": duplicate_key(supplier, self.number, self.issue_date, self.type_code),
        }


RATES = (Decimal(21), Decimal(12), Decimal(6), Decimal(0))
"""Belgian VAT rates that papers are entered with."""
_TYPED = re.compile(
    r"-?(?:\d{1,3}(?:[. ]\d{3})+|\d{1,12})(?:,\d{1,2})?|-?(?:\d{1,3}(?:[, ]\d{3})+|\d{1,12})(?:\.\d{1,2})?",
    re.ASCII,
)
NOT_AN_AMOUNT = N_("Write an amount like 1234.50 or 1.234,50.")


def typed_amount(text: str) -> Decimal | None:
    """An amount as people in Belgium type it (1234,50 · 1.234,50 · 1,234.50 · 1 234,50), or None when it is none.

    A lone point or comma with three digits behind it separates thousands, one or two digits are cents.
    """
    bare = text.replace("\u00a0", " ").replace("\u202f", " ").removeprefix("€").strip()
    if not _TYPED.fullmatch(bare):
        return None
    bare = bare.replace(" ", "")
    place = max(bare.rfind("."), bare.rfind(","))
    if place >= 0 and len(bare) - place - 1 == 3:
        place = -1
    digits = "".join(
        character for character in bare[: place if place >= 0 else None] if character not in ".,"
    )
    try:
        return Decimal(digits + ("." + bare[place + 1 :] if place >= 0 else ""))
    except InvalidOperation:
        return None


REQUIRED = N_("Please fill this in.")
NOT_A_DATE = N_("This is not a date.")
NOT_A_CHOICE = N_("Choose one of the list.")
NOT_A_CURRENCY = N_("Three capital letters, such as EUR.")
NOT_STRUCTURED = N_("This is no structured communication: its check digits are wrong.")
NOTHING = N_("Enter the amount without VAT beside at least one rate.")
NO_NET = N_("Enter the amount without VAT as well.")
TOO_LONG = N_("This is too long.")
_UNNUMBERED = frozenset({Kind.EXPENSE_RECEIPT, Kind.OTHER})
_CURRENCY = re.compile(r"[A-Z]{3}", re.ASCII)


def parse_entry(values: Mapping[str, str]) -> tuple[Entry | None, dict[str, str]]:
    """The entry a form holds, or its faults by field.

    Fields: kind, number, issue_date, due_date (ISO dates), currency, counterparty_name, counterparty_country, counterparty_number,
    structured_communication, and for each of `RATES` net_21 and tax_21 (an empty VAT is worked out from its rate).
    """
    faults: dict[str, str] = {}

    def text(name: str, longest: int) -> str:
        value = values.get(name, "").strip()
        if len(value) > longest:
            faults[name] = TOO_LONG
        return value

    kind = next((one for one in Kind if one.value == values.get("kind")), None)
    if kind is None:
        faults["kind"] = NOT_A_CHOICE
    number = text("number", 80)
    if not number and kind not in _UNNUMBERED:
        faults["number"] = REQUIRED
    issued = _day(values, "issue_date", faults, required=True)
    due = _day(values, "due_date", faults, required=False)
    name = text("counterparty_name", 200)
    if not name:
        faults["counterparty_name"] = REQUIRED
    currency = text("currency", 3).upper() or "EUR"
    if not _CURRENCY.fullmatch(currency):
        faults["currency"] = NOT_A_CURRENCY
    country = text("counterparty_country", 2).upper() or "BE"
    company_number = _number(text("counterparty_number", 30), country, faults)
    communication = text("structured_communication", 30) or None
    if communication is not None:
        communication = numbers.structured_communication(communication)
        if communication is None:
            faults["structured_communication"] = NOT_STRUCTURED
    rates = _rates(values, faults)
    if faults or kind is None or issued is None:
        return None, faults
    return (
        Entry(
            kind=kind,
            number=number,
            issue_date=issued,
            due_date=due,
            currency=currency,
            counterparty_name=name,
            counterparty_number=company_number,
            counterparty_country=country,
            structured_communication=communication,
            rates=rates,
        ),
        {},
    )


def _day(values: Mapping[str, str], name: str, faults: dict[str, str], *, required: bool) -> date | None:
    value = values.get(name, "").strip()
    if not value:
        if required:
            faults[name] = REQUIRED
        return None
    try:
        day = date.fromisoformat(value)
    except ValueError:
        day = None
    if day is None or not 1990 <= day.year <= 2100:
        faults[name] = NOT_A_DATE
        return None
    return day


def _number(text: str, country: str, faults: dict[str, str]) -> str | None:
    if not text:
        return None
    if country not in COUNTRIES:
        return re.sub(r"[\s.\-/]", "", text).upper()
    try:
        return parse_company_number(text, country).number
    except NotANumber as error:
        faults["counterparty_number"] = error.reason
        return None


def _rates(values: Mapping[str, str], faults: dict[str, str]) -> tuple[Rate, ...]:
    rates: list[Rate] = []
    for percent in RATES:
        net_name, tax_name = f"net_{percent}", f"tax_{percent}"
        net_text, tax_text = values.get(net_name, "").strip(), values.get(tax_name, "").strip()
        if not net_text:
            if tax_text and percent:
                faults[net_name] = NO_NET
            continue
        net = typed_amount(net_text)
        tax = typed_amount(tax_text) if tax_text else None
        if net is None:
            faults[net_name] = NOT_AN_AMOUNT
            continue
        if tax_text and tax is None:
            faults[tax_name] = NOT_AN_AMOUNT
            continue
        rates.append(
            Rate(percent=percent, taxable=net, tax=cents(net * percent / 100) if tax is None else tax)
        )
    if not rates and not any(name.startswith(("net_", "tax_")) for name in faults):
        faults[f"net_{RATES[0]}"] = NOTHING
    return tuple(rates)


def entry_values(document: Any) -> dict[str, str]:
    """A document's values as the form shows them: what `parse_entry` takes, the other way."""
    values = {
        "kind": document.kind.value,
        "number": document.number,
        "issue_date": document.issue_date.isoformat(),
        "due_date": document.due_date.isoformat() if document.due_date else "",
        "currency": document.currency,
        "counterparty_name": document.counterparty_name,
        "counterparty_country": document.counterparty_country or "BE",
        "counterparty_number": document.counterparty_number or "",
        "structured_communication": document.structured_communication or "",
    }
    for rate in document.tax_subtotals:
        percent = f"{Decimal(rate['percent'] or 0).normalize():f}"
        values[f"net_{percent}"] = f"{cents(Decimal(rate['taxable']))}"
        values[f"tax_{percent}"] = f"{cents(Decimal(rate['tax']))}"
    return values
