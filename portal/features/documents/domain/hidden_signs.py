"""An invoice as a reader may see it: without the signs that nobody sees, and saying where it had some."""

from typing import Any, Final

import msgspec

from exports.model import Document as Invoice
from exports.model import Finding
from portal.kernel.language import N_
from portal.kernel.texts import hides, plain

RULE: Final = "HIDDEN"
NAMES: Final = {
    "number": N_("number"),
    "supplier": N_("supplier"),
    "customer": N_("customer"),
    "billing_references": N_("references"),
    "payment_means": N_("payment details"),
    "note": N_("note"),
    "lines": N_("lines"),
    "other": N_("other texts"),
}
"""Parts of an invoice that may hold invisible signs, with their names for people."""
_BYTES = frozenset({"attachments", "reading_remarks"})


def without_hidden(invoice: Invoice) -> Invoice:
    """The invoice with every text of it in plain signs (`portal.kernel.texts`), and a remark that names the parts that held others.

    Everything after reads this one: whose it is, whether it is there already, what is kept and shown. The file stays as it came.
    """
    values = {name: getattr(invoice, name) for name in invoice.__struct_fields__ if name not in _BYTES}
    parts = [name for name, value in values.items() if _hides(value)]
    cleaned = {name: _plain(value) for name, value in values.items()}
    changed = {name: value for name, value in cleaned.items() if value is not values[name]}
    if parts:
        fields = ",".join(dict.fromkeys(name if name in NAMES else "other" for name in parts))
        remark = Finding(
            rule=RULE,
            severity="warning",
            location="",
            text="Invisible signs were left out.",
            params={"fields": fields},
        )
        changed["reading_remarks"] = (remark, *invoice.reading_remarks)
    return msgspec.structs.replace(invoice, **changed) if changed else invoice


def _hides(value: Any) -> bool:
    if isinstance(value, str):
        return hides(value)
    if isinstance(value, tuple):
        return any(_hides(one) for one in value)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] - a field of any type
    if isinstance(value, msgspec.Struct):
        return any(_hides(getattr(value, name)) for name in value.__struct_fields__)
    return False


def _plain(value: Any) -> Any:
    """A value without hidden signs: the given object itself where nothing of it changes."""
    if isinstance(value, str):
        shown = plain(value)
        return value if shown == value else shown
    if isinstance(value, tuple):
        cleaned = tuple(_plain(one) for one in value)  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] - a field of any type
        return value if all(new is old for new, old in zip(cleaned, value, strict=True)) else cleaned  # pyright: ignore[reportUnknownVariableType,reportUnknownArgumentType] - a field of any type
    if isinstance(value, msgspec.Struct):
        changed = {
            name: new
            for name in value.__struct_fields__
            if (new := _plain(old := getattr(value, name))) is not old
        }
        return msgspec.structs.replace(value, **changed) if changed else value
    return value
