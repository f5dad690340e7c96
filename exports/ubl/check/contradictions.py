"""What an invoice says that cannot all be true: sums that do not add up, check digits, numbers and dates against each other.

Judged on what was read, so that it costs next to nothing and runs on every invoice that comes in, whatever rules it claims to follow.
The sums are those of EN 16931 and carry its ids; they are looser where the standard lets senders round, and stricter where it lets
a whole unit pass (BR-CO-17). ``UBL-…`` are our own. All are warnings: the invoice is the issuer's.
"""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal

from exports import numbers
from exports.coda.accounts import check_digits_right
from exports.model import Document, Finding, Party, TaxSubtotal
from exports.ubl import codes

ZERO = Decimal(0)
TOLERANCE = Decimal("0.02")  #: of sums of rounded amounts
PER_LINE = Decimal("0.01")  #: VAT rounded on every line, as some systems do
_WITHOUT_VAT = frozenset({"Z", "E", "AE", "K", "G", "O"})
_LOOKS_LIKE_IBAN = re.compile(r"[A-Z]{2}[0-9]{2}[A-Z0-9]{8,30}", re.ASCII)
_LOOKS_STRUCTURED = re.compile(r"\s*[+*]{3}[0-9/ ]{12,20}[+*]{3}\s*", re.ASCII)
_SEPARATORS = re.compile(r"[\s.\-/]", re.ASCII)

TEXTS: Mapping[str, str] = {
    "BR-CO-10": "The lines do not add up to their sum.",
    "BR-CO-11": "The allowances do not add up to their sum.",
    "BR-CO-12": "The charges do not add up to their sum.",
    "BR-CO-13": "The amount without VAT is not the lines less allowances plus charges.",
    "BR-CO-14": "The VAT of the rates does not add up to the VAT.",
    "BR-CO-15": "The total is not the amount without VAT plus the VAT.",
    "BR-CO-16": "The amount to pay is not the total less what was paid, rounded.",
    "BR-CO-17": "The VAT is not what its rate gives.",
    "UBL-TAXABLE": "The amounts that VAT is taken from do not add up to the amount without VAT.",
    "UBL-NO-VAT": "There is VAT in a category without VAT.",
    "UBL-RATE": "Belgium has no such VAT rate.",
    "UBL-IBAN": "The check digits of an account are wrong.",
    "UBL-OGM": "The check digits of a structured communication are wrong.",
    "UBL-NUMBER": "The check digits of a company number are wrong.",
    "UBL-NUMBERS": "A party has two company numbers.",
    "UBL-DUE": "The due date is before the date of issue.",
}


def contradictions(document: Document) -> list[Finding]:
    """Everything in an invoice or credit note that contradicts itself.

    Amounts are in ``expected`` and ``found``, as decimal texts in the document's currency.
    """
    return [*_sums(document), *_vat(document), *_identities(document), *_payment(document)]


def _finding(rule: str, location: str = "", **params: str) -> Finding:
    return Finding(
        rule=rule,
        severity="warning",
        location=location,
        text=TEXTS[rule],
        params={name: value[:100] for name, value in params.items()},
    )


def _pair(
    rule: str, expected: Decimal, found: Decimal, slack: Decimal = TOLERANCE, **more: str
) -> Iterator[Finding]:
    if abs(expected - found) > slack:
        yield _finding(rule, expected=f"{numbers.half_up(expected):f}", found=f"{found:f}", **more)


def _sums(document: Document) -> Iterator[Finding]:
    if document.lines:
        lines = sum((line.net_amount for line in document.lines), ZERO)
        slack = TOLERANCE + PER_LINE * len(document.lines) / 2
        yield from _pair("BR-CO-10", lines, document.line_extension, slack)
    for rule, is_charge, found in (
        ("BR-CO-11", False, document.allowance_total),
        ("BR-CO-12", True, document.charge_total),
    ):
        amounts = [one.amount for one in document.allowances_charges if one.is_charge is is_charge]
        yield from _pair(rule, sum(amounts, ZERO), found)
    without = document.line_extension - document.allowance_total + document.charge_total
    yield from _pair("BR-CO-13", without, document.tax_exclusive)
    if document.tax_subtotals:
        vat = sum((one.tax_amount for one in document.tax_subtotals), ZERO)
        yield from _pair("BR-CO-14", vat, document.tax_total)
    yield from _pair(
        "BR-CO-15",
        document.tax_exclusive + document.tax_total,
        document.tax_inclusive,
        ZERO,
        net=f"{document.tax_exclusive:f}",
        vat=f"{document.tax_total:f}",
    )
    yield from _pair(
        "BR-CO-16", document.tax_inclusive - document.prepaid + document.rounding, document.payable, ZERO
    )


def _vat(document: Document) -> Iterator[Finding]:
    for one in document.tax_subtotals:
        percent = one.percent or ZERO
        shown = f"{percent.normalize():f}"
        if (one.category or "") in _WITHOUT_VAT:
            if one.tax_amount:
                yield _finding("UBL-NO-VAT", found=f"{one.tax_amount:f}", category=one.category or "")
            continue
        lines = sum(1 for line in document.lines if line.tax_percent == one.percent)
        slack = TOLERANCE + PER_LINE * lines
        expected = numbers.half_up(one.taxable_amount * percent / 100)
        yield from _pair(
            "BR-CO-17", expected, one.tax_amount, slack, percent=shown, taxable=f"{one.taxable_amount:f}"
        )
        if _is_belgian_sale(document) and _is_no_rate(one, document):
            yield _finding("UBL-RATE", percent=shown)
    if document.tax_subtotals:
        taxed = sum((one.taxable_amount for one in document.tax_subtotals), ZERO)
        yield from _pair(
            "UBL-TAXABLE", taxed, document.tax_exclusive, TOLERANCE * len(document.tax_subtotals)
        )


def _is_belgian_sale(document: Document) -> bool:
    return document.supplier.country == "BE" and document.customer.country in ("BE", None)


def _is_no_rate(one: TaxSubtotal, document: Document) -> bool:
    return one.category == "S" and one.percent not in codes.rates(document.issue_date)


def _identities(document: Document) -> Iterator[Finding]:
    for place, party in (("supplier", document.supplier), ("customer", document.customer)):
        ours = [number for country, number in party.company_numbers if country == "BE"]
        if len(ours) > 1:
            yield _finding("UBL-NUMBERS", place, party=place, found=ours[0], other=ours[1])
        for text in _belgian_texts(party):
            if numbers.enterprise_number(text) is None:
                yield _finding("UBL-NUMBER", place, party=place, found=text)


def _belgian_texts(party: Party) -> list[str]:
    """Identifiers that say they are Belgian company numbers, each once."""
    given = [
        text
        for scheme, text in (
            (party.endpoint_scheme, party.endpoint_id),
            (party.legal_id_scheme, party.legal_id),
            *party.identifiers,
        )
        if text and scheme == "0208"
    ]
    if party.vat_id and party.vat_id.strip().upper().startswith("BE"):
        given.append(party.vat_id)
    return list({_SEPARATORS.sub("", text).upper().removeprefix("BE"): text for text in given}.values())


def _payment(document: Document) -> Iterator[Finding]:
    seen: set[str] = set()
    for means in document.payment_means:
        account = re.sub(r"\s", "", means.account_id or "").upper()
        if account not in seen and _LOOKS_LIKE_IBAN.fullmatch(account) and not check_digits_right(account):
            yield _finding("UBL-IBAN", found=account)
        for text in (means.payment_id, means.instruction_id, means.instruction_note):
            if text and text not in seen and _LOOKS_STRUCTURED.fullmatch(text):
                if numbers.structured_communication(text) is None:
                    yield _finding("UBL-OGM", found=text.strip())
                seen.add(text)
        seen.add(account)
    if document.due_date is not None and document.due_date < document.issue_date:
        yield _finding(
            "UBL-DUE", found=document.due_date.isoformat(), expected=document.issue_date.isoformat()
        )
