"""What an invoice must say to be booked at all: amounts that fit, a currency that exists, days, rates and texts that can be kept.

Judged where it comes in. What is at fault is told by field, and the file waits for a person; nothing is rounded, cut or guessed.
Whether its sums agree is another question (`findings`): those are warnings.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

import msgspec

from exports.cii.reader import NO_RATES
from exports.currencies import decimals, is_currency, places
from exports.model import Document as Invoice
from exports.ubl.check.booked import CURRENCIES, TWICE
from portal.kernel.errors import Invalid
from portal.kernel.language import N_, gettext
from portal.kernel.money import LARGEST
from portal.kernel.texts import line

LONGEST_NUMBER, LONGEST_NAME, MOST_RATES, MOST_REFERENCES = 200, 500, 50, 200
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 12, 31)
CATEGORIES: Final = frozenset(
    [
        "A",
        "AA",
        "AB",
        "AC",
        "AD",
        "AE",
        "B",
        "C",
        "D",
        "E",
        "F",
        "G",
        "H",
        "I",
        "J",
        "K",
        "L",
        "M",
        "N",
        "O",
        "S",
        "Z",
    ]
)
"""UNCL5305, the duty or tax categories of UN/EDIFACT."""
_SHOWN = 60


class ValueFault(msgspec.Struct, frozen=True, kw_only=True):
    """One value that cannot be booked: which, why, and what stands there."""

    field: str
    code: str
    found: str
    params: dict[str, str] = {}

    def text(self) -> str:
        """The fault in the reader's language."""
        words = gettext(VALUE_FAULTS[self.code]) % {"found": self.found, **self.params}
        return f"{gettext(FIELDS[self.field])}: {words}"


class NotBookable(Invalid):
    """An invoice has values that cannot be booked."""

    code = "values"
    message = N_("Some values of this invoice cannot be booked.")

    def __init__(self, faults: tuple[ValueFault, ...]) -> None:
        super().__init__()
        self.faults = faults


FIELDS: Final[Mapping[str, str]] = {
    "number": N_("Number"),
    "issue_date": N_("Date"),
    "due_date": N_("Due"),
    "currency": N_("Currency"),
    "net": N_("Without VAT"),
    "tax": N_("VAT"),
    "gross": N_("Total"),
    "payable": N_("To pay"),
    "taxable": N_("Taxable amount of a VAT rate"),
    "rate_tax": N_("VAT of a VAT rate"),
    "percent": N_("VAT rate"),
    "category": N_("VAT category"),
    "rates": N_("VAT rates"),
    "counterparty_name": N_("Supplier or customer"),
    "references": N_("Refers to"),
}
VALUE_FAULTS: Final[Mapping[str, str]] = {
    "decimals": N_("%(found)s has %(count)s decimals; amounts in %(currency)s have at most %(places)s."),
    "too_large": N_("%(found)s is too large to be true; twelve digits before the cents at most."),
    "currency": N_("“%(found)s” is no currency of ISO 4217."),
    "date": N_("%(found)s is no day an invoice can have."),
    "percent": N_("%(found)s is no percentage between 0 and 100."),
    "category": N_("“%(found)s” is no VAT category."),
    "too_long": N_("is longer than %(limit)s characters (%(found)s…)."),
    "too_many": N_("there are %(found)s; at most %(limit)s can be kept."),
    "twice": N_("the file says %(found)s, and %(first)s as well."),
    "currencies": N_("there are amounts in %(found)s, and the invoice is in %(currency)s."),
    "no_currency": N_("the file names none."),
    "no_rates": N_("the file gives none, and %(found)s of VAT."),
    "no_percent": N_("is missing beside %(found)s of VAT."),
    "empty": N_("is empty, or holds invisible signs only."),
    "not_a_text": N_("has characters that cannot be kept (%(found)s)."),
}


def judge(invoice: Invoice, *, supplier_is_us: bool | None = None) -> tuple[ValueFault, ...]:
    """Every value of an invoice that cannot be booked; each kind of fault once a field.

    Args:
        supplier_is_us: which party the company is, where that is known: the other one needs a name to be booked under.
    """
    found: dict[tuple[str, str], ValueFault] = {}
    for fault in (
        *_doubts(invoice),
        *_texts(invoice),
        *_nameless(invoice, supplier_is_us),
        *_days(invoice),
        *_amounts(invoice),
        *_rates(invoice),
    ):
        found.setdefault((fault.field, fault.code), fault)
    return tuple(found.values())


_ELEMENTS: Final = {
    "ID": "number",
    "IssueDate": "issue_date",
    "DocumentCurrencyCode": "currency",
    "TaxExclusiveAmount": "net",
    "TaxInclusiveAmount": "gross",
    "PayableAmount": "payable",
    "IssueDateTime": "issue_date",
    "InvoiceCurrencyCode": "currency",
    "TaxBasisTotalAmount": "net",
    "TaxTotalAmount": "tax",
    "GrandTotalAmount": "gross",
    "DuePayableAmount": "payable",
    "SellerTradeParty": "counterparty_name",
    "BuyerTradeParty": "counterparty_name",
    "AccountingSupplierParty": "counterparty_name",
    "AccountingCustomerParty": "counterparty_name",
}


def _doubts(invoice: Invoice) -> Iterator[ValueFault]:
    """What the file says twice, in two currencies or not at all: whichever was read would be a guess."""
    for one in invoice.reading_remarks:
        field = _ELEMENTS.get(one.params.get("element", ""))
        found, expected = one.params.get("found", ""), one.params.get("expected", "")
        if one.rule == TWICE and field is not None:
            yield _fault(field, "twice", found, first=line(expected)[:_SHOWN])
        elif one.rule == CURRENCIES and found and is_currency(expected):
            yield _fault("currency", "currencies", found, currency=line(expected)[:_SHOWN])
        elif one.rule == CURRENCIES and not found:
            yield _fault("currency", "no_currency", "")
        elif one.rule == NO_RATES:
            yield _fault("rates", "no_rates", f"{invoice.tax_total:f}")


def _fault(field: str, code: str, found: object, **params: object) -> ValueFault:
    shown = line(str(found))[:_SHOWN]
    return ValueFault(
        field=field, code=code, found=shown, params={key: str(value) for key, value in params.items()}
    )


def _texts(invoice: Invoice) -> Iterator[ValueFault]:
    if not is_currency(invoice.currency):
        yield _fault("currency", "currency", invoice.currency)
    names = [invoice.supplier.display_name, invoice.customer.display_name]
    for field, text, limit in (
        ("number", invoice.number, LONGEST_NUMBER),
        *(("counterparty_name", name, LONGEST_NAME) for name in names),
        *(("references", one.number, LONGEST_NUMBER) for one in invoice.billing_references),
    ):
        if len(text) > limit:
            yield _fault(field, "too_long", text[:30], limit=limit)
        elif field == "number" and not line(text):
            yield _fault(field, "empty", "")
        elif field == "number" and "\ufffd" in text:  # by its number an invoice is known
            yield _fault(field, "not_a_text", text)
    if len(invoice.billing_references) > MOST_REFERENCES:
        yield _fault("references", "too_many", len(invoice.billing_references), limit=MOST_REFERENCES)


def _nameless(invoice: Invoice, supplier_is_us: bool | None) -> Iterator[ValueFault]:
    other = invoice.customer if supplier_is_us else invoice.supplier
    if supplier_is_us is not None and not line(other.display_name):
        yield _fault("counterparty_name", "empty", "")


def _days(invoice: Invoice) -> Iterator[ValueFault]:
    for field, day in (("issue_date", invoice.issue_date), ("due_date", invoice.due_date)):
        if day is not None and not EARLIEST <= day <= LATEST:
            yield _fault(field, "date", day.isoformat())


def _amounts(invoice: Invoice) -> Iterator[ValueFault]:
    amounts = [
        ("net", invoice.tax_exclusive),
        ("tax", invoice.tax_total),
        ("gross", invoice.tax_inclusive),
        ("payable", invoice.payable),
    ]
    for one in invoice.tax_subtotals:
        amounts += [("taxable", one.taxable_amount), ("rate_tax", one.tax_amount)]
    most = min(places(invoice.currency), 2)
    for field, amount in amounts:
        if abs(amount) >= LARGEST:
            yield _fault(field, "too_large", f"{amount:f}")
        elif (count := decimals(amount)) > most:
            yield _fault(
                field, "decimals", f"{amount:f}", count=count, places=most, currency=invoice.currency[:10]
            )


def _rates(invoice: Invoice) -> Iterator[ValueFault]:
    if len(invoice.tax_subtotals) > MOST_RATES:
        yield _fault("rates", "too_many", len(invoice.tax_subtotals), limit=MOST_RATES)
    for one in invoice.tax_subtotals:
        if one.percent is not None and not (0 <= one.percent <= 100 and decimals(one.percent) <= 4):
            yield _fault("percent", "percent", f"{one.percent:f}")
        elif one.percent is None and one.tax_amount:
            yield _fault("percent", "no_percent", f"{one.tax_amount:f}")
        if one.category and one.category not in CATEGORIES:
            yield _fault("category", "category", one.category)
