"""What a person reads off a paper and types: parsed with every fault beside its field."""

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import msgspec

from exports import numbers
from exports.currencies import is_currency
from exports.model import Party
from portal.features.documents.domain.matching import duplicate_key, supplier_key
from portal.features.documents.domain.totals import (
    AMOUNT_FIELDS,
    NO_AMOUNTS,
    RECEIPT,
    Rate,
    amount_values,
    read_amounts,
)
from portal.kernel.kinds import CREDIT_NOTES, DOCUMENTS, PAPERS, SALES, UNNUMBERED, Kind
from portal.kernel.language import N_
from portal.kernel.money import cents
from portal.kernel.numbers import COUNTRIES, NotANumber, parse_company_number
from portal.kernel.texts import hides


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """What a person reads off a paper. Amounts are positive for invoices and credit notes alike, as printed.

    `total` is the printed one; without it the rates' sum.
    """

    kind: Kind
    number: str
    issue_date: date
    counterparty_name: str
    rates: tuple[Rate, ...]
    total: Decimal | None = None
    due_date: date | None = None
    currency: str = "EUR"
    counterparty_number: str | None = None
    counterparty_country: str = "BE"
    structured_communication: str | None = None

    @property
    def type_code(self) -> str:
        """UNCL1001: 381 for credit notes, else 380."""
        return "381" if self.kind in CREDIT_NOTES else "380"

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
            "payable": net + tax if self.total is None else cents(self.total),
            "tax_subtotals": [
                {
                    "category": rate.category,
                    "percent": None if rate.percent is None else str(rate.percent),
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


REQUIRED = N_("Please fill this in.")
NOT_A_DATE = N_("This is not a date.")
NOT_A_CHOICE = N_("Choose one of the list.")
NOT_A_CURRENCY = N_("This is no currency. Write its code, such as EUR.")
NOT_A_TEXT = N_("There are characters in this that cannot be kept. Type it again.")
NOT_STRUCTURED = N_("This is no structured communication: its check digits are wrong.")
TOO_LONG = N_("This is too long.")


def parse_entry(values: Mapping[str, str]) -> tuple[Entry | None, dict[str, str]]:
    """The entry a form holds, or its faults by field.

    Fields: kind, number, issue_date, due_date (ISO dates), currency, counterparty_name, counterparty_country, counterparty_number,
    structured_communication, and the amounts (`totals.read_amounts`), which a paper that is neither sale nor purchase may be without.
    """
    faults: dict[str, str] = {}

    def text(name: str, longest: int) -> str:
        value = values.get(name, "").strip()
        if len(value) > longest:
            faults[name] = TOO_LONG
        elif not is_text(value):
            faults[name] = NOT_A_TEXT
        return value

    kind = next((one for one in DOCUMENTS if one.value == values.get("kind")), None)
    if not values.get("kind") and values.get("vat") == RECEIPT:
        kind = Kind.EXPENSE_RECEIPT
    if kind is None:
        faults["kind"] = NOT_A_CHOICE
    number = text("number", 80)
    if not number and kind not in UNNUMBERED:
        faults["number"] = REQUIRED
    issued = _day(values, "issue_date", faults, required=True)
    due = _day(values, "due_date", faults, required=False)
    name = text("counterparty_name", 200)
    if not name:
        faults["counterparty_name"] = REQUIRED
    currency = text("currency", 3).upper() if "currency" in values else "EUR"
    if not is_currency(currency):
        faults["currency"] = NOT_A_CURRENCY
    country = text("counterparty_country", 2).upper() or "BE"
    if not numbers.is_country(country):
        faults["counterparty_country"] = NOT_A_CHOICE
    company_number = _number(text("counterparty_number", 30), country, faults)
    communication = text("structured_communication", 30) or None
    if communication is not None:
        communication = numbers.structured_communication(communication)
        if communication is None:
            faults["structured_communication"] = NOT_STRUCTURED
    typed = any(values.get(name, "").strip() for name in AMOUNT_FIELDS if name != "vat")
    if kind in PAPERS and not typed:
        amounts = NO_AMOUNTS
    else:
        amounts = read_amounts(values, currency if is_currency(currency) else "EUR", faults)
    if faults or kind is None or issued is None or amounts is None:
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
            rates=amounts.rates,
            total=amounts.total,
        ),
        {},
    )


def is_text(text: str) -> bool:
    """Whether a line of text can be kept and shown: nothing hidden in it, and no halves of characters."""
    return not hides(text) and not any(unicodedata.category(character) == "Cc" for character in text)


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
    return values | amount_values(document.tax_subtotals, document.payable, document.currency)
