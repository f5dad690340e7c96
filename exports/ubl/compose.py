"""Making one's own invoices: amounts of lines, totals and VAT breakdown, cash discounts, the PDF inside.

Belgian law (Royal Decree of 8 July 2025) and EN 16931 agree: VAT is rounded once per rate and category, half
up, never per line.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from msgspec.structs import replace

from exports.model import ZERO, AllowanceCharge, Attachment, Document, Line, TaxSubtotal
from exports.numbers import half_up
from exports.ubl import codes
from exports.ubl.escape import Unwritable, finite

_HUNDRED = Decimal(100)
#: What a file says its PDF is, so that Belgian packages take it as the invoice itself (UBL.BE 1.31).
_DESCRIPTIONS = {"invoice": "CommercialInvoice", "credit_note": "CreditNote"}


def net_amount(line: Line) -> Decimal:
    """What a line comes to: quantity × price ÷ base quantity, less allowances, plus charges, to the cent.

    The price is a net one: its own discount is in it already (PEPPOL-EN16931-R120, -R046).

    Raises:
        Unwritable: ``not_a_number`` for NaN and infinities, ``too_large`` beyond 18 digits.
    """
    quantity = Decimal(1) if line.quantity is None else finite(line.quantity)
    price = ZERO if line.price is None else finite(line.price)
    base = ZERO if line.base_quantity is None else finite(line.base_quantity)
    gross = quantity * price / (base or Decimal(1))
    return _cents(gross + sum((_signed(one) for one in line.allowances_charges), ZERO))


def _cents(value: Decimal) -> Decimal:
    """The value to the cent.

    Raises:
        Unwritable: ``too_large``.
    """
    try:
        return finite(half_up(value))
    except InvalidOperation as error:
        raise Unwritable("too_large", params={"value": str(value)}) from error


def _signed(one: AllowanceCharge) -> Decimal:
    finite(one.amount)
    return one.signed_amount


def totals(document: Document, *, language: codes.Language = "en") -> Document:
    """The document with its VAT breakdown and totals made from its lines, allowances and charges.

    One subtotal for each category and rate (Percent compared as a number, so 21 and 21.00 are one). The reasons of
    exempt ones are their lines', joined; a reason code is only given where all of a subtotal have it, or the category
    has but one. Prepaid and rounding amounts are taken as they are. The lines' net amounts are taken as they are too:
    see :func:`net_amount`.

    Args:
        document: With lines.
        language: Of the reasons where the lines give none; English stands in for one that is not known.

    Raises:
        Unwritable: ``not_a_number`` for NaN and infinities, ``too_large`` beyond 18 digits.
    """
    groups: dict[tuple[str, Decimal | None], _Group] = {}
    for line in document.lines:
        group = _group(groups, line.tax_category, line.tax_percent)
        group.taxable += finite(line.net_amount)
        group.say(line.tax_name, line.tax_exemption_reason, line.tax_exemption_reason_code)
    for one in document.allowances_charges:
        group = _group(groups, one.tax_category, one.tax_percent)
        group.taxable += _signed(one)
        # An exempt charge (a deposit) says itself why; a discount on reverse charge says why it is one.
        group.say(one.tax_name, one.reason if one.tax_category == codes.EXEMPT else None, None)
    subtotals = tuple(
        _subtotal(category, percent, group, language)
        for (category, percent), group in sorted(
            groups.items(), key=lambda item: (item[0][0], item[0][1] or ZERO)
        )
    )
    line_extension = sum((line.net_amount for line in document.lines), ZERO)
    allowances = sum((one.amount for one in document.allowances_charges if not one.is_charge), ZERO)
    charges = sum((one.amount for one in document.allowances_charges if one.is_charge), ZERO)
    exclusive = _cents(line_extension - allowances + charges)
    tax = _cents(sum((one.tax_amount for one in subtotals), ZERO))
    return replace(
        document,
        tax_subtotals=subtotals,
        tax_total=tax,
        line_extension=_cents(line_extension),
        allowance_total=_cents(allowances),
        charge_total=_cents(charges),
        tax_exclusive=exclusive,
        tax_inclusive=exclusive + tax,
        payable=exclusive + tax - finite(document.prepaid) + finite(document.rounding),
    )


@dataclass(slots=True)
class _Group:
    taxable: Decimal = ZERO
    names: dict[str, None] = field(default_factory=dict[str, None])
    reasons: dict[str, None] = field(default_factory=dict[str, None])
    reason_codes: set[str | None] = field(default_factory=set[str | None])

    def say(self, name: str | None, reason: str | None, reason_code: str | None) -> None:
        for collected, text in ((self.names, name), (self.reasons, reason)):
            if text:
                collected[text] = None
        self.reason_codes.add(reason_code or None)  # none is one too: others' must not become its


def _group(
    groups: dict[tuple[str, Decimal | None], _Group], category: str | None, percent: Decimal | None
) -> _Group:
    category = category or codes.STANDARD
    if percent is not None:
        finite(percent)
    return groups.setdefault((category, None if category == codes.NOT_SUBJECT else percent or ZERO), _Group())


def _subtotal(category: str, percent: Decimal | None, group: _Group, language: codes.Language) -> TaxSubtotal:
    taxable = _cents(group.taxable)
    if category in {codes.STANDARD, codes.ZERO_RATED}:
        reason = reason_code = None  # refused there (BR-S-10, BR-Z-10)
    else:
        (given,) = group.reason_codes if len(group.reason_codes) == 1 else (None,)
        reason_code = codes.VATEX.get(category) or given
        usual = codes.USUAL_MENTIONS.get(category, codes.EXEMPT_MENTION)
        reason = " / ".join(group.reasons) or usual.get(language, usual["en"])
    return TaxSubtotal(
        taxable_amount=taxable,
        tax_amount=_cents(taxable * (percent or ZERO) / _HUNDRED),
        category=category,
        percent=percent,
        name=next(iter(group.names)) if len(group.names) == 1 else None,
        exemption_reason=reason,
        exemption_reason_code=reason_code,
    )


def cash_discount(
    document: Document, percent: Decimal, *, reason: str, language: codes.Language = "en"
) -> Document:
    """The document with a cash discount (escompte), and its totals.

    The pattern of the Belgian Business Expert Group: VAT is due on the discounted amount whether or not the
    customer takes the discount, and what is payable without it stays the same. So each standard rate gets an
    allowance (reason code 64), and one exempt charge (ZZZ) of the same total takes them back. Say in the
    payment terms until when the discount may be taken.

    Args:
        document: With lines; its totals are made anew.
        percent: 2 means 2 %.
        reason: Words for it, in the customer's language.
        language: See :func:`totals`.

    Raises:
        Unwritable: See :func:`totals`; of the percentage too.
    """
    finite(percent)
    document = totals(document, language=language)
    taxed = [one for one in document.tax_subtotals if one.category == codes.STANDARD and one.percent]
    allowances = tuple(
        AllowanceCharge(
            is_charge=False,
            amount=_cents(one.taxable_amount * percent / _HUNDRED),
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
        return document
    back = AllowanceCharge(
        is_charge=True,
        amount=total,
        reason=reason,
        reason_code=codes.OTHER_CHARGE,
        tax_category=codes.EXEMPT,
        tax_percent=ZERO,
        tax_name="FD",
    )
    adjusted = replace(document, allowances_charges=(*document.allowances_charges, *allowances, back))
    return totals(adjusted, language=language)


def with_pdf(document: Document, pdf: bytes, *, filename: str, software: str) -> Document:
    """The document with the PDF a person reads inside, and both document references of UBL.BE.

    Args:
        document: Any.
        pdf: The file.
        filename: Its name, with extension.
        software: Name of the program that made it.

    Raises:
        Unwritable: ``unknown_kind`` for what is neither invoice nor credit note.
    """
    if document.kind not in _DESCRIPTIONS:
        raise Unwritable("unknown_kind", params={"kind": str(document.kind)})
    attachment = Attachment(
        id=document.number,
        filename=filename,
        mime_code="application/pdf",
        content=pdf,
        description=_DESCRIPTIONS[document.kind],
    )
    return replace(document, attachments=(attachment, *document.attachments), software=software)


def categorised(
    lines: Iterable[Line], code: codes.TaxCode, *, language: codes.Language = "en", reason: str | None = None
) -> tuple[Line, ...]:
    """The lines with the category, rate, Belgian code, reason code and legal mention that a code stands for.

    Lines keep their rate under a code that fixes none (margin scheme, one stop shop).
    A mention is the reason of an exempt line. The margin scheme's stands in the note, as its category (S) takes no
    reasons. What the lines had of an earlier code goes.

    Args:
        lines: Any.
        code: From :func:`exports.ubl.codes.tax_code`.
        language: Of the mention: the customer's; English stands in for one that is not known.
        reason: Own words instead of the code's mention.
    """
    mention = reason or code.mention.get(language, code.mention.get("en"))
    taxed = code.category in {codes.STANDARD, codes.ZERO_RATED}
    rateless = code.category == codes.NOT_SUBJECT
    return tuple(
        replace(
            line,
            tax_category=code.category,
            tax_percent=code.percent if code.percent is not None or rateless else line.tax_percent,
            tax_name=code.code,
            tax_exemption_reason=None if taxed else mention,
            tax_exemption_reason_code=None if taxed else code.vatex,
            note=_noted(line.note, mention if taxed else None),
        )
        for line in lines
    )


#: Mentions that stand in notes.
_IN_NOTES = frozenset(
    words for code in codes.TAX_CODES if code.category == codes.STANDARD for words in code.mention.values()
)


def _noted(note: str | None, mention: str | None) -> str | None:
    """The note with the mention below it, and without the mention of an earlier code."""
    kept = [text for text in note.split("\n") if text not in _IN_NOTES] if note else []
    return "\n".join([*kept, mention] if mention else kept) or None
