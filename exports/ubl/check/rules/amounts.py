"""Peppol's rules about amounts: allowances and charges, currencies, periods, lines and prices."""

from decimal import ROUND_FLOOR, ROUND_HALF_DOWN, Context, Decimal

from exports.ubl.check.names import Element, clark
from exports.ubl.check.rules.model import (
    BROKEN,
    Breach,
    Facts,
    Table,
    child,
    children,
    day,
    decimal,
    normal,
    normal_text,
    text,
)

RULES = Table()

ZERO = Decimal(0)
ONE = Decimal(1)
HALF = Decimal("0.5")
TOLERANCE = Decimal("0.02")

#: Wide enough for the product of any two numbers that are read, which have 200 digits at most.
_EXACT = Context(prec=500)
_ALLOWANCES = (
    "/cac:AllowanceCharge",
    "/cac:InvoiceLine/cac:AllowanceCharge",
    "/cac:CreditNoteLine/cac:AllowanceCharge",
)
_LINES = ("cac:InvoiceLine", "cac:CreditNoteLine")
#: What carries a currency; TaxAmount is told apart where it matters.
AMOUNTS = (
    "cbc:Amount",
    "cbc:BaseAmount",
    "cbc:PriceAmount",
    "cbc:TaxAmount",
    "cbc:TaxableAmount",
    "cbc:LineExtensionAmount",
    "cbc:TaxExclusiveAmount",
    "cbc:TaxInclusiveAmount",
    "cbc:AllowanceTotalAmount",
    "cbc:ChargeTotalAmount",
    "cbc:PrepaidAmount",
    "cbc:PayableRoundingAmount",
    "cbc:PayableAmount",
)
_TAX_AMOUNT = clark("cbc:TaxAmount")
_TAX_TOTAL = clark("cac:TaxTotal")


def _divided(dividend: Decimal, divisor: Decimal) -> Decimal:
    """Division as XSLT engines do it: 18 decimals, or more where a number has more, halves towards zero."""
    if divisor == ONE:
        return dividend
    places = max(18, -_exponent(dividend), -_exponent(divisor))
    with_all = _EXACT.divide(dividend, divisor)
    return with_all.quantize(ONE.scaleb(-places), rounding=ROUND_HALF_DOWN, context=_EXACT)


def _exponent(value: Decimal) -> int:
    exponent = value.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _to_cents(value: Decimal) -> Decimal:
    """XPath's rounding: halves upwards, for negative numbers too."""
    if _exponent(value) >= -2:
        return value
    cents = _EXACT.add(_EXACT.scaleb(value, Decimal(2)), HALF)
    return _EXACT.scaleb(cents.to_integral_value(rounding=ROUND_FLOOR), Decimal(-2))


def _near(expected: Decimal, found: Decimal) -> bool:
    return _EXACT.abs(_EXACT.subtract(expected, found)) <= TOLERANCE


def _pair(expected: Decimal, found: Decimal) -> Breach:
    shown = expected.quantize(Decimal("0.0001"), context=_EXACT).normalize(_EXACT)
    if -_exponent(shown) < 2:
        shown = shown.quantize(Decimal("0.01"), context=_EXACT)
    return {"expected": f"{shown:f}", "found": f"{found:f}"}


def _halves(entry: Element) -> tuple[bool, bool]:
    return child(entry, "cbc:MultiplierFactorNumeric") is not None, child(entry, "cbc:BaseAmount") is not None


@RULES.rule(
    "PEPPOL-EN16931-R041", "An allowance or charge with a percentage has its base amount.", *_ALLOWANCES
)
def _base_given(entry: Element, _facts: Facts) -> Breach | None:
    return BROKEN if _halves(entry) == (True, False) else None


@RULES.rule(
    "PEPPOL-EN16931-R042", "An allowance or charge with a base amount has its percentage.", *_ALLOWANCES
)
def _percentage_given(entry: Element, _facts: Facts) -> Breach | None:
    return BROKEN if _halves(entry) == (False, True) else None


@RULES.rule(
    "PEPPOL-EN16931-R040",
    "An allowance or charge is its base amount times its percentage, to within 0.02.",
    *_ALLOWANCES,
)
def _percentage_of_base(entry: Element, _facts: Facts) -> Breach | None:
    if _halves(entry) != (True, True):
        return None
    base, factor = decimal(entry, "cbc:BaseAmount"), decimal(entry, "cbc:MultiplierFactorNumeric")
    amount = _given(entry, ZERO, "cbc:Amount")
    if base is None or factor is None or amount is None:
        return None
    expected = _EXACT.scaleb(_EXACT.multiply(base, factor), Decimal(-2))
    return None if _near(expected, amount) else _pair(expected, amount)


@RULES.rule(
    "PEPPOL-EN16931-R043",
    "An allowance or charge says 'true' or 'false' in its ChargeIndicator.",
    *_ALLOWANCES,
)
def _indicator(entry: Element, _facts: Facts) -> Breach | None:
    """Not evaluated where R041 or R042 already speaks: the publisher's rules take the first."""
    with_factor, with_base = _halves(entry)
    value = normal_text(entry, "cbc:ChargeIndicator")
    return {"value": value[:200]} if with_factor == with_base and value not in {"true", "false"} else None


@RULES.rule(
    "PEPPOL-EN16931-R051",
    "Every amount is in the document's currency, but for the VAT total in the accounting currency.",
    *AMOUNTS,
)
def _document_currency(amount: Element, facts: Facts) -> Breach | None:
    if amount.tag == _TAX_AMOUNT:
        above = amount.getparent()
        if above is None or (above.tag == _TAX_TOTAL and child(above, "cac:TaxSubtotal") is None):
            return None
    found = amount.get("currencyID")
    if found is not None and found == facts.currency:
        return None
    return {"expected": (facts.currency or "")[:20], "found": (found or "")[:20]}


@RULES.rule(
    "PEPPOL-EN16931-R110",
    "A line's period does not start before the document's.",
    "/cac:InvoiceLine/cac:InvoicePeriod/cbc:StartDate",
    "/cac:CreditNoteLine/cac:InvoicePeriod/cbc:StartDate",
)
def _period_start(element: Element, facts: Facts) -> Breach | None:
    found, earliest = day(element), day(child(facts.root, "cac:InvoicePeriod", "cbc:StartDate"))
    if found is None or earliest is None or found >= earliest:
        return None
    return {"expected": earliest.isoformat(), "found": found.isoformat()}


@RULES.rule(
    "PEPPOL-EN16931-R111",
    "A line's period does not end after the document's.",
    "/cac:InvoiceLine/cac:InvoicePeriod/cbc:EndDate",
    "/cac:CreditNoteLine/cac:InvoicePeriod/cbc:EndDate",
)
def _period_end(element: Element, facts: Facts) -> Breach | None:
    found, latest = day(element), day(child(facts.root, "cac:InvoicePeriod", "cbc:EndDate"))
    if found is None or latest is None or found <= latest:
        return None
    return {"expected": latest.isoformat(), "found": found.isoformat()}


def _quantity(facts: Facts) -> str:
    return "cbc:CreditedQuantity" if facts.is_credit_note else "cbc:InvoicedQuantity"


def _given(element: Element, default: Decimal, *names: str) -> Decimal | None:
    found = child(element, *names)
    return default if found is None else decimal(found)


def _line_allowances(line: Element, kind: str) -> Decimal:
    total = ZERO
    for entry in children(line, "cac:AllowanceCharge"):
        if normal_text(entry, "cbc:ChargeIndicator") == kind:
            for amount in children(entry, "cbc:Amount"):
                total = _EXACT.add(total, decimal(amount) or ZERO)
    return _to_cents(total)


@RULES.rule(
    "PEPPOL-EN16931-R120",
    "A line's net amount is its quantity times the price per base quantity, plus its charges, minus its "
    "allowances, to within 0.02.",
    *_LINES,
)
def _line_net_amount(line: Element, facts: Facts) -> Breach | None:
    net = _given(line, ZERO, "cbc:LineExtensionAmount")
    quantity = _given(line, ONE, _quantity(facts))
    price = _given(line, ZERO, "cac:Price", "cbc:PriceAmount")
    base = _given(line, ONE, "cac:Price", "cbc:BaseQuantity")
    if net is None or quantity is None or price is None or base is None:
        return None
    goods = _EXACT.multiply(quantity, _divided(price, base or ONE))
    expected = _EXACT.subtract(
        _EXACT.add(goods, _line_allowances(line, "true")), _line_allowances(line, "false")
    )
    return None if _near(expected, net) else _pair(expected, net)


@RULES.rule("PEPPOL-EN16931-R121", "A price's base quantity is above zero.", *_LINES)
def _base_quantity_positive(line: Element, _facts: Facts) -> Breach | None:
    base = decimal(line, "cac:Price", "cbc:BaseQuantity")
    return None if base is None or base > 0 else {"found": f"{base:f}"}


@RULES.rule("PEPPOL-EN16931-R100", "A line refers to one invoiced object at most.", *_LINES)
def _one_object(line: Element, _facts: Facts) -> Breach | None:
    count = len(children(line, "cac:DocumentReference"))
    return {"found": str(count)} if count > 1 else None


@RULES.rule(
    "PEPPOL-EN16931-R101", "A line's document reference is an invoiced object (type code 130).", *_LINES
)
def _object_only(line: Element, _facts: Facts) -> Breach | None:
    if child(line, "cac:DocumentReference") is None:
        return None
    types = [text(code) for code in children(line, "cac:DocumentReference", "cbc:DocumentTypeCode")]
    return None if "130" in types else {"found": " ".join(types)[:200]}


@RULES.rule(
    "PEPPOL-EN16931-R044", "A price has allowances only, no charges.", "cac:Price/cac:AllowanceCharge"
)
def _no_price_charge(entry: Element, _facts: Facts) -> Breach | None:
    value = normal_text(entry, "cbc:ChargeIndicator")
    return None if value == "false" else {"value": value[:200]}


@RULES.rule(
    "PEPPOL-EN16931-R046",
    "A net price is the gross price minus the price's allowance.",
    "cac:Price/cac:AllowanceCharge",
)
def _net_price(entry: Element, _facts: Facts) -> Breach | None:
    parent = entry.getparent()
    if parent is None or child(entry, "cbc:BaseAmount") is None:
        return None
    net, gross = decimal(parent, "cbc:PriceAmount"), decimal(entry, "cbc:BaseAmount")
    allowance = decimal(entry, "cbc:Amount")
    if net is None or gross is None or allowance is None:
        return BROKEN
    expected = _EXACT.subtract(gross, allowance)
    return None if net == expected else {"expected": f"{expected:f}", "found": f"{net:f}"}


@RULES.rule(
    "PEPPOL-EN16931-R130",
    "A price's base quantity has the unit of the line's quantity.",
    "cac:Price/cbc:BaseQuantity",
)
def _same_unit(base: Element, facts: Facts) -> Breach | None:
    unit = base.get("unitCode")
    price = base.getparent()
    line = price.getparent() if price is not None else None
    if unit is None or line is None:
        return None
    given = [child(line, name) for name in ("cbc:InvoicedQuantity", "cbc:CreditedQuantity")]
    if given == [None, None]:
        return None
    quantity = child(line, _quantity(facts))
    expected = None if quantity is None else quantity.get("unitCode")
    return None if unit == expected else {"expected": normal(expected)[:20], "found": unit[:20]}
