"""An invoice as lines for people at a terminal: what it asks, of whom, for what, and how its total came about."""

from collections.abc import Iterator
from decimal import Decimal

from exports.model import ZERO, AllowanceCharge, Document, Line, PaymentMeans


def lines(document: Document) -> Iterator[str]:
    """The document line by line. What a file says may hold signs that move a terminal: whoever prints it leaves them out."""
    yield _head(document)
    for role, party in (("from", document.supplier), ("to", document.customer)):
        numbers = ", ".join(filter(None, (party.vat_id, party.legal_id)))
        yield f"{role:5} {party.display_name or '?'}" + (f" ({numbers})" if numbers else "")
    if document.payee is not None:
        yield f"paid to {document.payee.display_name or '?'}"
    for one in document.billing_references:
        yield f"about {one.number}" + (f" of {one.issue_date}" if one.issue_date else "")
    for label, value in (
        ("order", document.order_reference),
        ("sales order", document.sales_order_reference),
        ("buyer's reference", document.buyer_reference),
    ):
        if value:
            yield f"{label} {value}"
    for line in document.lines:
        yield _line(line)
        yield from (_allowance(one, "       ") for one in line.allowances_charges)
    yield from (_allowance(one, "") for one in document.allowances_charges)
    for subtotal in document.tax_subtotals:
        percent = "" if subtotal.percent is None else f" {subtotal.percent}%"
        yield f"VAT {subtotal.category or ''}{percent}: {subtotal.taxable_amount} → {subtotal.tax_amount}"
    yield from _totals(document)
    yield from _payment(document)
    for one in document.attachments:
        yield f"attachment {one.filename or one.id} ({one.mime_code or '?'}, {len(one.decoded() or b'')} bytes)"


def _head(document: Document) -> str:
    kind = "self-billing " if document.is_self_billing else ""
    kind += document.kind.replace("_", " ")
    due = f", due {document.due_date}" if document.due_date else ""
    return f"{kind} {document.number} ({document.type_code}) of {document.issue_date}{due}"


def _line(line: Line) -> str:
    quantity = f"{line.quantity or ''} {line.unit_code or ''}".strip()
    percent = "" if line.tax_percent is None else f"{line.tax_percent}%"
    name = line.name or line.description or ""
    row = f"  {line.id:>4} {name:40.40} {quantity:>12} {line.net_amount:>14}"
    return f"{row} {line.tax_category or ''} {percent}".rstrip()


def _allowance(one: AllowanceCharge, indent: str) -> str:
    percent = None if one.percent is None else f"{one.percent}%"
    base = None if one.base_amount is None else f"of {one.base_amount}"
    words = filter(None, ("charge" if one.is_charge else "allowance", one.reason, percent, base))
    return f"{indent}{' '.join(words)}: {one.signed_amount:+}"


def _totals(document: Document) -> Iterator[str]:
    parts: list[tuple[str, Decimal]] = [("net", document.tax_exclusive)]
    if document.allowance_total or document.charge_total:
        parts.insert(0, ("lines", document.line_extension))
        parts.insert(1, ("allowances", -document.allowance_total))
        parts.insert(2, ("charges", document.charge_total))
    parts += [("VAT", document.tax_total), ("gross", document.tax_inclusive)]
    if document.prepaid:
        parts.append(("prepaid", -document.prepaid))
    if document.rounding:
        parts.append(("rounding", document.rounding))
    parts.append(("to pay", document.payable))
    shown = [part for part in parts if part[1] or part[0] not in {"allowances", "charges"}]
    yield ", ".join(f"{name} {value}" for name, value in shown) + f" {document.currency}"
    if document.tax_total_in_tax_currency is not None:
        yield f"VAT in {document.tax_currency or '?'} {document.tax_total_in_tax_currency}"
    expected = document.tax_inclusive - document.prepaid + document.rounding
    if document.payable not in {expected, ZERO}:
        yield f"to pay differs: gross, prepaid and rounding make {expected}"


def _payment(document: Document) -> Iterator[str]:
    seen: set[str] = set()
    for means in document.payment_means:
        text = _means(means)
        if text and text not in seen:
            seen.add(text)
            yield text
    if ogm := document.structured_communication:
        yield f"structured communication +++{ogm[:3]}/{ogm[3:7]}/{ogm[7:]}+++"
    if document.payment_terms:
        yield f"terms {document.payment_terms}"
    for one in document.settlement_discounts:
        percent = "" if one.percent is None else f" {one.percent}%"
        amount = "" if one.amount is None else f" {one.amount}"
        yield f"cash discount{percent}{amount}" + (f" until {one.due_date}" if one.due_date else "")


def _means(means: PaymentMeans) -> str:
    """The account and its holder; of a card the last digits only."""
    if means.account_id:
        about = " ".join(filter(None, (means.account_name, means.bic)))
        return f"account {means.account_id}" + (f" ({about})" if about else "")
    if means.mandate_id or means.debited_account_id:
        return " ".join(filter(None, ("direct debit", means.mandate_id, means.debited_account_id)))
    return f"card ending {means.card_number[-4:]}" if means.card_number else ""
