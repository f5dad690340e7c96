"""Money is Decimal, rounded half up as EN 16931 wants it; a float never comes near."""

import re
from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
_AMOUNT = re.compile(r"-?\d{1,12}(?:\.\d{1,6})?", re.ASCII)


def cents(amount: Decimal) -> Decimal:
    """The amount rounded half up to two decimals (2.665 becomes 2.67)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def parse_amount(text: str) -> Decimal | None:
    """A plain ASCII decimal such as -1234.50, or None; refuses NaN, exponents, other scripts' digits and _."""
    return Decimal(text) if _AMOUNT.fullmatch(text) else None
