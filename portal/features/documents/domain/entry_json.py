"""An entry as the JSON of a program says it: typed values, and only those that are to change."""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from portal.features.documents.domain.entry import NOT_A_CHOICE
from portal.features.documents.domain.patch import EntryPatch, amounts_currency, judged
from portal.features.documents.domain.totals import (
    AMOUNT_FIELDS,
    NO_NET,
    NOT_A_FIELD,
    RECEIPT,
    SEVERAL,
    SaidAmounts,
    read_amounts,
)
from portal.kernel.kinds import Kind
from portal.kernel.language import N_

T = TypeVar("T")
BESIDE = N_("One rate is said: leave out the amounts per rate, or say several.")


class EntryBody(msgspec.Struct, kw_only=True):
    """The accounting fields of a document; what is left out, or null, stays."""

    kind: str | None = None
    number: str | None = None
    issue_date: date | None = None
    due_date: date | None = None
    currency: str | None = None
    counterparty_name: str | None = None
    counterparty_country: str | None = None
    counterparty_number: str | None = None
    structured_communication: str | None = None
    amounts: dict[str, str | int | float] | None = None

    @property
    def says_something(self) -> bool:
        """Whether any of these fields was given."""
        return any(getattr(self, field.name) is not None for field in msgspec.structs.fields(EntryBody))


def read_json(
    body: EntryBody, amounts: Mapping[str, str | int | Decimal] | None, present: EntryPatch
) -> tuple[EntryPatch | None, dict[str, str]]:
    """What a body says, or every fault by the name of its field.

    Args:
        amounts: those of the body, its numbers exactly as written, because a float would round what nobody sees.
        present: what the document says now: amounts are in its currency, where the body names none.
    """
    unknown = {name: NOT_A_FIELD for name in amounts or {} if name not in AMOUNT_FIELDS}
    if unknown := unknown or _left_over(amounts or {}):
        return None, unknown
    faults: dict[str, str] = {}
    currency = body.currency if body.currency is not None else present.currency or ""
    said: SaidAmounts | UnsetType = UNSET
    if amounts is not None:
        said = read_amounts(amounts, amounts_currency(currency), faults) or UNSET
    patch = EntryPatch(
        kind=_kind(body, amounts, present, faults),
        number=_said(body.number),
        issue_date=_said(body.issue_date),
        due_date=_said(body.due_date),
        currency=_said(body.currency),
        counterparty_name=_said(body.counterparty_name),
        counterparty_country=_said(body.counterparty_country),
        counterparty_number=_said(body.counterparty_number),
        structured_communication=_said(body.structured_communication),
        amounts=said,
    )
    _entry, faults = judged(patch, present, faults)
    return (None, faults) if faults else (patch, {})


def _left_over(amounts: Mapping[str, str | int | Decimal]) -> dict[str, str]:
    """Amounts that would be left out without a word. The form may bring such, in fields that it does not show; a program says them."""
    said = {name for name, value in amounts.items() if not isinstance(value, str) or value.strip()}
    which = str(amounts.get("vat", "")).strip()
    if which and which != SEVERAL:
        return {name: BESIDE for name in sorted(said) if name.startswith(("net_", "tax_"))}
    return {"net_0": NO_NET} if "tax_0" in said and "net_0" not in said else {}


def _said(value: T | None) -> T | UnsetType:
    return UNSET if value is None else value


def _kind(
    body: EntryBody,
    amounts: Mapping[str, str | int | Decimal] | None,
    present: EntryPatch,
    faults: dict[str, str],
) -> Kind | UnsetType:
    if body.kind is None:
        return UNSET
    now = present.amounts.vat if isinstance(present.amounts, SaidAmounts) else None
    vat = now if amounts is None else amounts.get("vat")
    if not body.kind and vat == RECEIPT:  # that says what it is
        return Kind.EXPENSE_RECEIPT
    try:
        return Kind(body.kind)
    except ValueError:
        faults["kind"] = NOT_A_CHOICE
        return UNSET
