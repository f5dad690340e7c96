"""Making one's own invoices: amounts of lines, totals and VAT breakdown, cash discounts, the PDF inside.

Belgian law (Royal Decree of 8 July 2025) and EN 16931 agree: VAT is rounded once per rate and category, half
up, never per line.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec.structs import replace

from exports.model import ZERO, AllowanceCharge, Attachment, Document, Line, TaxSubtotal
from exports.numbers import half_up
from exports.ubl import codes

_HUNDRED = Decimal(100)
#: What a file says its PDF is, so that Belgian packages take it as the invoice itself (UBL.BE 1.31).
_DESCRIPTIONS = {"invoice": "CommercialInvoice", "credit_note": "CreditNote"}


def net_amount(line: Line) -> Decimal:
    """What a line comes to: quantity × price ÷ base quantity, less allowances, plus charges, to the cent.

    The price is a net one: its own discount is in it already (PEPPOL-EN16931-R120, -R046).
    """
    quantity = Decimal(1) if line.quantity is None else line.quantity
    gross = quantity * (line.price or ZERO) / (line.base_quantity or Decimal(1))
    return half_up(gross + sum((one.signed_amount for one in line.allowances_charges), ZERO))


def totals(document: Document) -> Document:
    """The document with its VAT breakdown and totals made from its lines, allowances and charges.

    One subtotal for each category and rate (Percent compared as a number, so 21 and 21.00 are one); reasons
    of exempt ones are joined, and categories with one reason code only get it. Prepaid and rounding amounts
    are taken as they are. The lines' net amounts are taken as they are too: see :func:`net_amount`.
    """
    groups: dict[tuple[str, Decimal | None], _Group] = {}
    for line in document.lines:
        group = _group(groups, line.tax_category, line.tax_percent)
        group.taxable += line.net_amount
        group.say(line.tax_name, line.tax_exemption_reason, line.tax_exemption_reason_code)
    for one in document.allowances_charges:
        group = _group(groups, one.tax_category, one.tax_percent)
        group.taxable += one.signed_amount
        group.say(one.tax_name, one.reason, None)
    subtotals = tuple(
        _subtotal(category, percent, group)
        for (category, percent), group in sorted(
            groups.items(), key=lambda item: (item[0][0], item[0][1] or ZERO)
        )
    )
    line_extension = sum((line.net_amount for line in document.lines), ZERO)
    allowances = sum((one.amount for one in document.allowances_charges if not one.is_charge), ZERO)
    charges = sum((one.amount for one in document.allowances_charges if one.is_charge), ZERO)
    exclusive = half_up(line_extension - allowances + charges)
    tax = half_up(sum((one.tax_amount for one in subtotals), ZERO))
    return replace(
        document,
        tax_subtotals=subtotals,
        tax_total=tax,
        line_extension=half_up(line_extension),
        allowance_total=half_up(allowances),
        charge_total=half_up(charges),
        tax_exclusive=exclusive,
        tax_inclusive=exclusive + tax,
        payable=exclusive + tax - document.prepaid + document.rounding,
    )


@dataclass(slots=True)
class _Group:
    taxable: Decimal = ZERO
    names: dict[str, None] = field(default_factory=dict[str, None])
    reasons: dict[str, None] = field(default_factory=dict[str, None])
    reason_codes: dict[str, None] = field(default_factory=dict[str, None])

    def say(self, name: str | None, reason: str | None, reason_code: str | None) -> None:
        for collected, text in ((self.names, name), (self.reasons, reason), (self.reason_codes, reason_code)):
            if text:
                collected[text] = None


def _group(
    groups: dict[tuple[str, Decimal | None], _Group], category: str | None, percent: Decimal | None
) -> _Group:
    category = category or codes.STANDARD
    return groups.setdefault((category, None if category == codes.NOT_SUBJECT else percent or ZERO), _Group())


def _subtotal(category: str, percent: Decimal | None, group: _Group) -> TaxSubtotal:
    taxable = half_up(group.taxable)
    if category in {codes.STANDARD, codes.ZERO_RATED}:
        reason = reason_code = None  # refused there (BR-S-10, BR-Z-10)
    else:
        usual_code, usual_reason = codes.VATEX.get(category, (None, "Exempt"))
        given = list(group.reason_codes)
        reason_code = usual_code or (given[0] if len(given) == 1 else None)
        reason = " / ".join(group.reasons) if category == codes.EXEMPT else ""
        reason = reason or usual_reason
    return TaxSubtotal(
        taxable_amount=taxable,
        tax_amount=half_up(taxable * (percent or ZERO) / _HUNDRED),
        category=category,
        percent=percent,
        name=next(iter(group.names)) if len(group.names) == 1 else None,
        exemption_reason=reason,
        exemption_reason_code=reason_code,
    )


def cash_discount(document: Document, percent: Decimal, *, reason: str) -> Document:
    """The document with a cash discount (escompte), and its totals.

    The pattern of the Belgian Business Expert Group: VAT is due on the discounted amount whether or not the
    customer takes the discount, and what is payable without it stays the same. So each standard rate gets an
    allowance (reason code 64), and one exempt charge (ZZZ) of the same total takes them back. Say in the
    payment terms until when the discount may be taken.

    Args:
        document: With lines; its totals are made anew.
        percent: 2 means 2 %.
        reason: Words for it, in the customer's language.
    """
    taxed = [one for one in totals(document).tax_subtotals if one.category == codes.STANDARD and one.percent]
    allowances = tuple(
        AllowanceCharge(
            is_charge=False,
            amount=half_up(one.taxable_amount * percent / _HUNDRED),
            base_amount=one.taxable_amount,
            percent=percent,
            reason=reason,
            reason_code=codes.CASH_DISCOUNT,
            tax_category=one.category,
            tax_percent=one.percent,
            tax_name=one.name,
        )
        for one in taxed
    )
    total = sum((one.amount for one in allowances), ZERO)
    if not total:
        return totals(document)
    back = AllowanceCharge(
        is_charge=True,
        amount=total,
        reason=reason,
        reason_code=codes.OTHER_CHARGE,
        tax_category=codes.EXEMPT,
        tax_percent=ZERO,
        tax_name="FD",
    )
    return totals(replace(document, allowances_charges=(*document.allowances_charges, *allowances, back)))


def with_pdf(document: Document, pdf: bytes, *, filename: str, software: str) -> Document:
    """The document with the PDF a person reads inside, and both document references of UBL.BE.

    Args:
        document: Any.
        pdf: The file.
        filename: Its name, with extension.
        software: Name of the program that made it.
    """
    attachment = Attachment(
        id=document.number,
        filename=filename,
        mime_code="application/pdf",
        content=pdf,
        description=_DESCRIPTIONS[document.kind],
    )
    return replace(document, attachments=(attachment, *document.attachments), software=software)


def categorised(lines: Iterable[Line], code: codes.TaxCode) -> tuple[Line, ...]:
    """The lines with the category, rate and Belgian code that a code stands for."""
    return tuple(
        replace(
            line,
            tax_category=code.category,
            tax_percent=None if code.category == codes.NOT_SUBJECT else code.percent,
            tax_name=code.code,
        )
        for line in lines
    )
