"""What somebody says of a document: all of it, typed from a paper, or only what is to change. Whoever says it, the rules are these."""

from datetime import date
from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from exports import numbers
from exports.currencies import is_currency
from exports.spelling import pieces
from portal.features.documents.domain.entry import (
    NOT_A_CHOICE,
    NOT_A_CURRENCY,
    NOT_A_DATE,
    NOT_A_TEXT,
    NOT_STRUCTURED,
    REQUIRED,
    TOO_LONG,
    Entry,
    is_text,
)
from portal.features.documents.domain.totals import (
    AMOUNT_FIELDS,
    NO_AMOUNTS,
    NOTHING,
    SaidAmounts,
    add_up,
    said_amounts,
)
from portal.kernel.errors import Invalid
from portal.kernel.kinds import DOCUMENTS, PAPERS, UNNUMBERED, Kind
from portal.kernel.numbers import OTHER_COUNTRY, NotANumber, parse_company_number

STRICT = frozenset({"BE", "NL", "LU", "FR", "DE"})
"""Countries around us, whose numbers are verified in every paper."""


class EntryPatch(msgspec.Struct, frozen=True, kw_only=True):
    """What is said of a document; what is not said stays as it is. An empty text, or None for `due_date`, says that there is none.

    Texts are as they were written: what they must hold hangs on other fields, and is judged when all are known (`judged`).
    """

    kind: Kind | UnsetType = UNSET
    number: str | UnsetType = UNSET
    issue_date: date | UnsetType = UNSET
    due_date: date | UnsetType | None = UNSET
    currency: str | UnsetType = UNSET
    counterparty_name: str | UnsetType = UNSET
    counterparty_country: str | UnsetType = UNSET
    counterparty_number: str | UnsetType = UNSET
    structured_communication: str | UnsetType = UNSET
    amounts: SaidAmounts | UnsetType = UNSET

    def over(self, before: "EntryPatch") -> "EntryPatch":
        """What is said here, and for the rest what was said before."""
        said = {name: value for name, value in msgspec.structs.asdict(self).items() if value is not UNSET}
        return msgspec.structs.replace(before, **said)


NOTHING_SAID = EntryPatch()


def document_patch(document: Any) -> EntryPatch:
    """All that a document says."""
    return EntryPatch(
        kind=document.kind,
        number=document.number,
        issue_date=document.issue_date,
        due_date=document.due_date,
        currency=document.currency,
        counterparty_name=document.counterparty_name,
        counterparty_country=document.counterparty_country or "BE",
        counterparty_number=document.counterparty_number or "",
        structured_communication=document.structured_communication or "",
        amounts=said_amounts(document.tax_subtotals, document.payable, document.currency),
    )


def completed(patch: EntryPatch, before: EntryPatch = NOTHING_SAID) -> Entry:
    """The entry that a patch makes of what was there.

    Raises:
        Invalid: with every fault by its field.
    """
    entry, faults = judged(patch, before)
    if entry is None:
        raise Invalid(fields=faults)
    return entry


def judged(
    patch: EntryPatch, before: EntryPatch = NOTHING_SAID, unread: dict[str, str] | None = None
) -> tuple[Entry | None, dict[str, str]]:
    """The entry that a patch makes of what was there, or its faults by field.

    Args:
        unread: fields that could not be read at all, with their faults; they are among the faults.
    """
    whole = patch.over(before)
    faults = dict(unread or {})
    kind = whole.kind if isinstance(whole.kind, Kind) and whole.kind in DOCUMENTS else None
    if kind is None:
        faults.setdefault("kind", NOT_A_CHOICE)
    number = _text(whole.number, "number", 80, faults)
    if not number and kind not in UNNUMBERED:
        faults["number"] = REQUIRED
    issued = _day(whole.issue_date, "issue_date", faults)
    if issued is None:
        faults.setdefault("issue_date", REQUIRED)
    due = _day(whole.due_date, "due_date", faults)
    name = _text(whole.counterparty_name, "counterparty_name", 200, faults)
    if not name:
        faults["counterparty_name"] = REQUIRED
    currency = _text(whole.currency, "currency", 3, faults).upper()
    if not is_currency(currency):
        faults["currency"] = NOT_A_CURRENCY
    country = _text(whole.counterparty_country, "counterparty_country", 2, faults).upper() or "BE"
    if not numbers.is_country(country):
        faults["counterparty_country"] = NOT_A_CHOICE
    company_number = _number(
        _text(whole.counterparty_number, "counterparty_number", 120, faults), country, faults
    )
    communication = _text(whole.structured_communication, "structured_communication", 30, faults) or None
    if communication is not None:
        communication = numbers.structured_communication(communication)
        if communication is None:
            faults["structured_communication"] = NOT_STRUCTURED
    amounts = None
    if faults.keys().isdisjoint(AMOUNT_FIELDS):
        unsaid = patch.amounts is UNSET and whole.amounts == NO_AMOUNTS and kind not in PAPERS
        if isinstance(whole.amounts, SaidAmounts) and not unsaid:
            amounts = add_up(whole.amounts, amounts_currency(currency), faults)
        else:
            faults["total"] = NOTHING
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


def amounts_currency(currency: str) -> str:
    """The currency in which amounts are read while it is being typed: until it is one, EUR."""
    code = currency.strip().upper()
    return code if is_currency(code) else "EUR"


def _text(said: str | UnsetType, name: str, longest: int, faults: dict[str, str]) -> str:
    value = said.strip() if isinstance(said, str) else ""
    if len(value) > longest:
        faults[name] = TOO_LONG
    elif not is_text(value):
        faults[name] = NOT_A_TEXT
    return value


def _day(said: date | UnsetType | None, name: str, faults: dict[str, str]) -> date | None:
    if not isinstance(said, date):
        return None
    if not 1990 <= said.year <= 2100:
        faults[name] = NOT_A_DATE
        return None
    return said


def _number(text: str, country: str, faults: dict[str, str]) -> str | None:
    if not text:
        return None
    try:
        return parse_company_number(text, country).number
    except NotANumber as error:
        bare = "".join(pieces(text))
        # Papers of other countries carry numbers of many registers: such a one is kept as it is printed.
        if country not in STRICT and bare and len(bare) <= 30 and error.reason != OTHER_COUNTRY:
            return bare
        faults["counterparty_number"] = error.reason
        return None
