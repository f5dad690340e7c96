"""An entry as the form of a page holds it: texts by field, read and shown."""

from collections.abc import Mapping
from datetime import date

from msgspec import UNSET, UnsetType

from portal.features.documents.domain.entry import NOT_A_CHOICE
from portal.features.documents.domain.patch import EntryPatch, amounts_currency, judged
from portal.features.documents.domain.totals import (
    AMOUNT_FIELDS,
    NO_AMOUNTS,
    RECEIPT,
    SaidAmounts,
    amount_texts,
    read_amounts,
)
from portal.kernel.days import NOT_A_DAY, read_day
from portal.kernel.kinds import PAPERS, Kind


def read_form(values: Mapping[str, str]) -> tuple[EntryPatch | None, dict[str, str]]:
    """What a form says, or every fault by its field. A form says everything: an empty field says that there is nothing.

    Fields: kind, number, issue_date, due_date (ISO dates), currency, counterparty_name, counterparty_country, counterparty_number,
    structured_communication, and the amounts (`totals.read_amounts`), which a paper that is neither sale nor purchase may be without.
    """
    faults: dict[str, str] = {}
    currency = values.get("currency", "EUR")
    issued = _day(values, "issue_date", faults)
    due = _day(values, "due_date", faults)
    kind = _kind(values, faults)
    patch = EntryPatch(
        kind=kind,
        number=values.get("number", ""),
        issue_date=UNSET if issued is None else issued,
        due_date=due,
        currency=currency,
        counterparty_name=values.get("counterparty_name", ""),
        counterparty_country=values.get("counterparty_country", ""),
        counterparty_number=values.get("counterparty_number", ""),
        structured_communication=values.get("structured_communication", ""),
        amounts=_amounts(values, kind, amounts_currency(currency), faults),
    )
    _entry, faults = judged(patch, unread=faults)
    return (None, faults) if faults else (patch, {})


def _amounts(
    values: Mapping[str, str], kind: Kind | UnsetType, currency: str, faults: dict[str, str]
) -> SaidAmounts | UnsetType:
    typed = any(values.get(name, "").strip() for name in AMOUNT_FIELDS if name != "vat")
    if kind in PAPERS and not typed:
        return NO_AMOUNTS
    return read_amounts(values, currency, faults) or UNSET


def form_values(patch: EntryPatch) -> dict[str, str]:
    """What is said as the form shows it: what `read_form` takes, the other way. What is not said has no field."""
    texts = {
        "kind": patch.kind,
        "number": patch.number,
        "issue_date": patch.issue_date,
        "due_date": patch.due_date,
        "currency": patch.currency,
        "counterparty_name": patch.counterparty_name,
        "counterparty_country": patch.counterparty_country,
        "counterparty_number": patch.counterparty_number,
        "structured_communication": patch.structured_communication,
    }
    values = {name: _shown(value) for name, value in texts.items() if value is not UNSET}
    return values | (amount_texts(patch.amounts) if isinstance(patch.amounts, SaidAmounts) else {})


def _shown(value: object) -> str:
    if value is None:
        return ""
    return value.isoformat() if isinstance(value, date) else str(value)


def _kind(values: Mapping[str, str], faults: dict[str, str]) -> Kind | UnsetType:
    said = values.get("kind", "")
    if not said and values.get("vat") == RECEIPT:  # that says what it is
        return Kind.EXPENSE_RECEIPT
    try:
        return Kind(said)
    except ValueError:
        faults["kind"] = NOT_A_CHOICE
        return UNSET


def _day(values: Mapping[str, str], name: str, faults: dict[str, str]) -> date | None:
    value = values.get(name, "").strip()
    if not value:
        return None
    day = read_day(value)
    if day is None:
        faults[name] = NOT_A_DAY
    return day
