"""Expected and found amounts for the EN 16931 rules that compare sums.

The verdict is the official rules'; this only says by how much, for the sentence a person reads.
"""

from collections.abc import Callable
from decimal import Decimal

from exports import numbers
from exports.model import Finding
from exports.ubl.check.names import Element, clark, short

ZERO = Decimal(0)

_LINES = (clark("cac:InvoiceLine"), clark("cac:CreditNoteLine"))
_LINE_NET = clark("cbc:LineExtensionAmount")
_TOTALS = clark("cac:LegalMonetaryTotal")
_ALLOWANCE = clark("cac:AllowanceCharge")
_INDICATOR = clark("cbc:ChargeIndicator")
_AMOUNT = clark("cbc:Amount")
_TAX_TOTAL = clark("cac:TaxTotal")
_SUBTOTAL = clark("cac:TaxSubtotal")
_TAX = clark("cbc:TaxAmount")
_TAXABLE = clark("cbc:TaxableAmount")
_PERCENT = f"{clark('cac:TaxCategory')}/{clark('cbc:Percent')}"
_CURRENCY = clark("cbc:DocumentCurrencyCode")

Pair = tuple[Decimal, Decimal]


def _amount(element: Element | None, path: str) -> Decimal:
    found = None if element is None else element.find(path)
    return (numbers.to_decimal((found.text or "").strip(" \t\r\n")) if found is not None else None) or ZERO


def _total(root: Element, name: str) -> Decimal:
    return _amount(root.find(_TOTALS), clark(f"cbc:{name}"))


def _lines(root: Element) -> Decimal:
    return sum((_amount(line, _LINE_NET) for tag in _LINES for line in root.findall(tag)), ZERO)


def _document_level(root: Element, indicator: str) -> Decimal:
    return sum(
        (
            _amount(entry, _AMOUNT)
            for entry in root.findall(_ALLOWANCE)
            if (entry.find(_INDICATOR) is not None and _text(entry, _INDICATOR) == indicator)
        ),
        ZERO,
    )


def _text(element: Element, path: str) -> str:
    found = element.find(path)
    return "" if found is None else (found.text or "").strip()


def _vat(root: Element) -> Decimal:
    currency = _text(root, _CURRENCY)
    for total in root.findall(_TAX_TOTAL):
        amount = total.find(_TAX)
        if amount is not None and amount.get("currencyID") == currency:
            return _amount(total, _TAX)
    return ZERO


def _vat_totals(root: Element) -> int:
    currency = _text(root, _CURRENCY)
    amounts = (total.find(_TAX) for total in root.findall(_TAX_TOTAL))
    return sum(1 for amount in amounts if amount is not None and amount.get("currencyID") == currency)


def _sum_of_lines(root: Element, _at: Element) -> Pair:
    return _lines(root), _total(root, "LineExtensionAmount")


def _sum_of_allowances(root: Element, _at: Element) -> Pair:
    return _document_level(root, "false"), _total(root, "AllowanceTotalAmount")


def _sum_of_charges(root: Element, _at: Element) -> Pair:
    return _document_level(root, "true"), _total(root, "ChargeTotalAmount")


def _without_vat(root: Element, _at: Element) -> Pair:
    expected = (
        _total(root, "LineExtensionAmount")
        - _total(root, "AllowanceTotalAmount")
        + _total(root, "ChargeTotalAmount")
    )
    return expected, _total(root, "TaxExclusiveAmount")


def _sum_of_vat(_root: Element, at: Element) -> Pair:
    return sum((_amount(entry, _TAX) for entry in at.findall(_SUBTOTAL)), ZERO), _amount(at, _TAX)


def _with_vat(root: Element, _at: Element) -> Pair:
    return _total(root, "TaxExclusiveAmount") + _vat(root), _total(root, "TaxInclusiveAmount")


def _payable(root: Element, _at: Element) -> Pair:
    expected = (
        _total(root, "TaxInclusiveAmount")
        - _total(root, "PrepaidAmount")
        + _total(root, "PayableRoundingAmount")
    )
    return expected, _total(root, "PayableAmount")


def _vat_of_group(_root: Element, at: Element) -> Pair:
    return numbers.half_up(_amount(at, _TAXABLE) * _amount(at, _PERCENT) / 100), _amount(at, _TAX)


_PAIRS: dict[str, Callable[[Element, Element], Pair]] = {
    "BR-CO-10": _sum_of_lines,
    "BR-CO-11": _sum_of_allowances,
    "BR-CO-12": _sum_of_charges,
    "BR-CO-13": _without_vat,
    "BR-CO-14": _sum_of_vat,
    "BR-CO-15": _with_vat,
    "BR-CO-16": _payable,
    "BR-CO-17": _vat_of_group,
}


def doubled_vat(root: Element) -> list[Finding]:
    """A finding when the VAT in the document's currency is given more than once."""
    count = _vat_totals(root)
    if count < 2:
        return []
    return [
        Finding(
            rule="UBL-VAT-TOTALS",
            severity="warning",
            location=f"/{short(root.tag)}",
            text="There is more than one VAT total in the document's currency.",
            params={"vat_totals": str(count), "currency": _text(root, _CURRENCY)[:20]},
        )
    ]


def params(rule: str, at: Element) -> dict[str, str]:
    """``expected`` and ``found`` for a rule about a sum, nothing for another.

    Nothing too where the sum is right. Of BR-CO-15, that says that it broke over VAT totals: there is not one of them in the document's currency, and ``vat_totals``
    says how many.

    Args:
        rule: Id of the broken rule.
        at: The element the rule was evaluated on.
    """
    pair = _PAIRS.get(rule)
    if pair is None:
        return {}
    root = at
    while (parent := root.getparent()) is not None:
        root = parent
    expected, found = pair(root, at)
    if rule == "BR-CO-15" and expected == found:
        return {"vat_totals": str(_vat_totals(root)), "currency": _text(root, _CURRENCY)[:20]}
    if expected == found:
        return {}  # it broke over something else: an element that is there twice, or not there
    return {"expected": f"{expected:f}", "found": f"{found:f}"}
