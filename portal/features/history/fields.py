"""Changed fields as people read them: a word for each field, and its values in the reader's language."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from portal.kernel.actor import ROLE_NAMES
from portal.kernel.kinds import KIND_NAMES
from portal.kernel.language import LANGUAGE_NAMES, N_, current_language, gettext, parse_language
from themes.filters import DASH, Formats

Show = Callable[[Any, Mapping[str, Any], Mapping[UUID, str]], str]
"""From a value, the rest of its event and the names of people to text."""
_formats = Formats(lambda: current_language().value, lambda: datetime.now(UTC), gettext)
_YES_NO = {True: N_("yes"), False: N_("no")}


def _text(value: Any, _data: Mapping[str, Any], _names: Mapping[UUID, str]) -> str:
    if isinstance(value, list):
        return ", ".join(str(one) for one in value) or DASH
    if isinstance(value, bool):
        return gettext(_YES_NO[value])
    return DASH if value in (None, "", "None") else str(value)


def _amount(value: Any, data: Mapping[str, Any], _names: Mapping[UUID, str]) -> str:
    try:
        amount = Decimal(str(value))
        currency = str(data.get("currency") or "")
        return _formats.money(amount, currency) if currency else _formats.number(amount, 2)
    except (InvalidOperation, ValueError):
        return _text(value, data, _names)


def _day(value: Any, data: Mapping[str, Any], names: Mapping[UUID, str]) -> str:
    try:
        return _formats.date(date.fromisoformat(str(value)[:10]))
    except ValueError:
        return _text(value, data, names)


def _person(value: Any, _data: Mapping[str, Any], names: Mapping[UUID, str]) -> str:
    try:
        return names.get(UUID(str(value)), gettext(N_("somebody"))) if value else DASH
    except ValueError:
        return str(value)


def _language(value: Any, data: Mapping[str, Any], names: Mapping[UUID, str]) -> str:
    known = parse_language(str(value))
    return LANGUAGE_NAMES[known] if known else _text(value, data, names)


def _seconds(value: Any, _data: Mapping[str, Any], _names: Mapping[UUID, str]) -> str:
    seconds = int(value)
    for size, unit in ((3600, N_("hours")), (60, N_("minutes"))):
        if seconds and seconds % size == 0:
            return f"{_formats.number(seconds // size)} {gettext(unit)}"
    return f"{_formats.number(seconds)} {gettext(N_('seconds'))}"


def _rates(value: Any, data: Mapping[str, Any], names: Mapping[UUID, str]) -> str:
    if not isinstance(value, list):
        return _text(value, data, names)
    told = [
        f"{one.get('percent', '?')} %: {_amount(one.get('taxable'), data, names)} + {_amount(one.get('tax'), data, names)}"
        for one in value
        if isinstance(one, Mapping)
    ]
    return "; ".join(told) or DASH


def _word(words: Mapping[str, str]) -> Show:
    def show(value: Any, data: Mapping[str, Any], names: Mapping[UUID, str]) -> str:
        if isinstance(value, list):
            return ", ".join(show(one, data, names) for one in value) or DASH
        found = words.get(str(value))
        return gettext(found) if found else _text(value, data, names)

    return show


VAT_REGIMES = {
    "monthly": N_("monthly return"),
    "quarterly": N_("quarterly return"),
    "exempt_small": N_("exempt small business (art. 56bis)"),
    "exempt_activity": N_("exempt activity (art. 44)"),
    "mixed": N_("mixed taxable person"),
    "flat_rate": N_("flat-rate scheme"),
    "unit_member": N_("member of a VAT unit"),
    "none": N_("not liable for VAT"),
    "exempt": N_("exempt"),  # in events of releases that did not tell the two apart
}
_kind = _word({kind.value: name for kind, name in KIND_NAMES.items()})
FIELDS: dict[str, tuple[str, Show]] = {
    # people
    "role": (N_("Role"), _word({role.value: name for role, name in ROLE_NAMES.items()})),
    # documents
    "kind": (N_("Kind"), _kind),
    "issuer": (N_("Made by"), _word({"us": N_("us"), "counterparty": N_("the other party")})),
    "number": (N_("Number"), _text),
    "issue_date": (N_("Date"), _day),
    "due_date": (N_("Due date"), _day),
    "currency": (N_("Currency"), _text),
    "net": (N_("Without VAT"), _amount),
    "tax": (N_("VAT"), _amount),
    "gross": (N_("Including VAT"), _amount),
    "payable": (N_("To pay"), _amount),
    "tax_subtotals": (N_("VAT by rate"), _rates),
    "counterparty_name": (N_("Supplier or customer"), _text),
    "counterparty_number": (N_("Number of the supplier or customer"), _text),
    "counterparty_country": (N_("Country"), _text),
    "structured_communication": (N_("Structured communication"), _text),
    "references": (N_("References"), _text),
    "tags": (N_("Tags"), _text),
    "note": (N_("Note"), _text),
    "payment_state": (N_("Payment"), _word({"open": N_("open"), "paid": N_("paid")})),
    # dossiers, firms and people
    "name": (N_("Name"), _text),
    "code": (N_("Code"), _text),
    "language": (N_("Language"), _language),
    "contact_name": (N_("Contact person"), _text),
    "contact_email": (N_("E-mail address"), _text),
    "contact_phone": (N_("Phone"), _text),
    "activity": (N_("Activity"), _text),
    "manager_id": (N_("File manager"), _person),
    "vat_regime": (N_("VAT regime"), _word(VAT_REGIMES)),
    "vat_regime_from": (N_("VAT regime from"), _day),
    "books_from": (N_("You keep the books from"), _day),
    "books_until": (N_("You keep the books until"), _day),
    "closed_until": (N_("Books closed until"), _day),
    "target": (N_("Bookkeeping package"), _text),
    "approval_mails": (N_("Daily mail of what waits for approval"), _text),
    "email": (N_("E-mail address"), _text),
    "phone": (N_("Phone"), _text),
    "street": (N_("Street and number"), _text),
    "postcode": (N_("Postcode"), _text),
    "city": (N_("City"), _text),
    # identifiers of companies
    "scheme": (
        N_("Kind of identifier"),
        _word(
            {
                "enterprise": N_("Belgian enterprise number"),
                "vat": N_("VAT number"),
                "gln": N_("GLN (location number)"),
                "peppol": N_("Peppol address"),
                "foreign": N_("Number in a foreign register"),
            }
        ),
    ),
    "value": (N_("Number"), _text),
    "valid_from": (N_("Since"), _day),
    "valid_until": (N_("Last day"), _day),
    "source": (
        N_("Known from"),
        _word(
            {
                "typed": N_("told or typed"),
                "import": N_("an imported list"),
                "register": N_("a public register"),
            }
        ),
    ),
    "evidence": (N_("Where it was seen"), _text),
    # bookkeeping packages
    "layout": (N_("Made for"), _text),
    "delivery_method": (
        N_("How bundles get there"),
        _word({"agent": N_("An agent writes the files"), "download": N_("Bundles are downloaded")}),
    ),
    # policies
    "cadence": (
        N_("When documents leave"),
        _word(
            {
                "never": N_("by hand"),
                "last_full_month": N_("last full month"),
                "after_delay": N_("after a wait"),
            }
        ),
    ),
    "delay_seconds": (N_("Wait"), _seconds),
    "run_day": (N_("Day of the month"), _text),
    "run_hour": (N_("Hour"), _text),
    "needs_approval": (N_("The client approves first"), _text),
    "approval_kinds": (N_("What the client is asked about"), _kind),
    "lock_exported": (N_("Exported documents become locked"), _text),
    "include_statements": (N_("Bank statements (CODA) go along"), _text),
    "export_from": (N_("Export from"), _day),
    "hold_odd_attachments": (N_("Documents with suspicious attachments wait for us"), _text),
}
"""The word of every field that an event may tell of, and how its values are shown."""


def field_word(name: str) -> str:
    """What a field is called; its own name where nobody gave it a word."""
    return gettext(FIELDS[name][0]) if name in FIELDS else name.replace("_", " ")


def field_value(name: str, value: Any, data: Mapping[str, Any], names: Mapping[UUID, str]) -> str:
    """A value of a field in the reader's language; a dash for none."""
    if value is None or value == "None":  # earlier releases wrote None as text
        return DASH
    return FIELDS.get(name, ("", _text))[1](value, data, names)
