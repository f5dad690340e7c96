"""What a person reads off a paper, complete and sound, and the columns that it makes."""

import unicodedata
from datetime import date
from decimal import Decimal

import msgspec

from exports.model import Party
from portal.features.documents.domain.identity import duplicate_key, supplier_key
from portal.features.documents.domain.totals import Rate
from portal.kernel.kinds import CREDIT_NOTES, SALES, Kind
from portal.kernel.language import N_
from portal.kernel.money import cents
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


def is_text(text: str) -> bool:
    """Whether a line of text can be kept and shown: nothing hidden in it, and no halves of characters."""
    return not hides(text) and not any(unicodedata.category(character) == "Cc" for character in text)
