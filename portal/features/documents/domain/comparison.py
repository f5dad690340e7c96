"""Two documents of one number: are they the same, and if not, in what do they differ?

The same supplier does not give one number twice in a year. What comes again with the same content is there already; with another
amount, day or line it is a question for a person, with both side by side.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

import msgspec

from exports.model import Document as Invoice
from portal.kernel.language import N_

LABELS: Final[Mapping[str, str]] = {
    "issue_date": N_("Date"),
    "due_date": N_("Due"),
    "currency": N_("Currency"),
    "net": N_("Without VAT"),
    "tax": N_("VAT"),
    "gross": N_("Total"),
    "payable": N_("To pay"),
    "tax_subtotals": N_("VAT rates"),
    "structured_communication": N_("Structured communication"),
    "account": N_("Account to pay to"),
    "lines": N_("Lines"),
    "other": N_("Other data in the file"),
}
"""What is compared, with its name for people."""
AMOUNTS: Final = frozenset({"net", "tax", "gross", "payable"})
DAYS: Final = frozenset({"issue_date", "due_date"})
_OPTIONAL = frozenset({"due_date", "structured_communication"})
"""What one of the two may leave out without contradicting the other."""
_NOT_CONTENT = frozenset(
    {"attachments", "reading_remarks", "software", "customization_id", "profile_id", "note"}
)
"""What may differ when the same invoice is sent once more: how it was written, what is laid in, and what is said beside it."""


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One field in which two documents differ: what the one that is there says, and what the new one says; as plain texts."""

    field: str
    there: str
    here: str


def compare(there: Any, columns: Mapping[str, Any]) -> list[Difference]:
    """In what the accounting data of a document and of a new one differ; `there` has the columns as attributes."""
    found: list[Difference] = []
    for name in LABELS:
        if name not in columns:
            continue
        old, new = getattr(there, name), columns[name]
        if name in _OPTIONAL and (old is None or new is None):
            continue
        if name == "tax_subtotals":
            old, new = _rates(old), _rates(new)
            if not old or not new:
                continue
        if old != new:
            found.append(Difference(field=name, there=_plain(old), here=_plain(new)))
    return found


def compare_invoices(there: Invoice, here: Invoice, *, across: bool = False) -> list[Difference]:
    """In what two invoices differ besides their accounting columns: where to pay, the lines, anything else but what is laid in.

    Args:
        across: one is written in another syntax than the other: what is booked of the lines is compared, not how they are described.
    """
    found: list[Difference] = []
    old, new = _accounts(there), _accounts(here)
    if old != new and not (across and not (old and new)):  # not every profile says where to pay
        found.append(Difference(field="account", there=old, here=new))
    if across and not (there.lines and here.lines):
        return found  # a profile without lines
    same = _booked(there) == _booked(here) if across else there.lines == here.lines
    if not same:
        found.append(Difference(field="lines", there=_lines(there, here), here=_lines(here, there)))
    if not across and not found and _content(there) != _content(here):
        found.append(Difference(field="other", there="", here=""))
    return found


def _booked(invoice: Invoice) -> list[tuple[Any, ...]]:
    """What is booked of the lines, in their order."""
    return [(one.net_amount, one.quantity, one.tax_category, one.tax_percent) for one in invoice.lines]


def _content(invoice: Invoice) -> dict[str, Any]:
    return {
        name: value for name, value in msgspec.structs.asdict(invoice).items() if name not in _NOT_CONTENT
    }


def _accounts(invoice: Invoice) -> str:
    accounts = {"".join((means.account_id or "").split()) for means in invoice.payment_means}
    return ", ".join(sorted(accounts - {""}))


def _lines(one: Invoice, other: Invoice) -> str:
    """The lines that the other has not, in a few words."""
    others = list(other.lines)
    own = [line for line in one.lines if line not in others]
    shown = "; ".join(
        f"{line.name or line.description or line.id}: {line.net_amount:f}"[:80] for line in own[:5]
    )
    return shown + (" …" if len(own) > 5 else "")


def _rates(subtotals: Sequence[Mapping[str, Any]]) -> str:
    rows = [(Decimal(one["percent"] or 0), Decimal(one["taxable"]), Decimal(one["tax"])) for one in subtotals]
    return "; ".join(
        f"{percent.normalize():f} %: {taxable:.2f} + {tax:.2f}" for percent, taxable, tax in sorted(rows)
    )


def _plain(value: Any) -> str:
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)
