"""Money is Decimal, rounded half up as EN 16931 wants it; a float never comes near."""

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")


def cents(amount: Decimal) -> Decimal:
    """The amount rounded half up to two decimals (2.665 becomes 2.67)."""
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)
