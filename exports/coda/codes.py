"""What transaction codes mean, in short words of our own for translation.

Only families and transactions that are common on a company's account have words; the standard adds new
ones, and banks have their own (40 to 48 and 90 to 98), so an unknown code is never an error.

Source: Febelfin, CODA 2.6, annex II.
"""

from collections.abc import Mapping
from types import MappingProxyType


def N_(message: str) -> str:  # noqa: N802 - the name gettext tools look for
    """A text that others translate when they show it."""
    return message


FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "01": N_("Transfer"),
        "02": N_("Instant transfer"),
        "03": N_("Cheque"),
        "04": N_("Card"),
        "05": N_("Direct debit"),
        "07": N_("Commercial paper"),
        "09": N_("Counter transaction"),
        "11": N_("Securities"),
        "13": N_("Credit"),
        "30": N_("Miscellaneous"),
        "35": N_("Closing"),
        "41": N_("International transfer"),
        "43": N_("Foreign cheque"),
        "47": N_("Foreign commercial paper"),
        "80": N_("Bank charges"),
    }
)

_TRANSACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "0101": N_("Transfer order"),
        "0105": N_("Wages"),
        "0107": N_("Collective transfer"),
        "0150": N_("Transfer received"),
        "0201": N_("Instant transfer order"),
        "0250": N_("Instant transfer received"),
        "0402": N_("Card payment"),
        "0403": N_("Credit card settlement"),
        "0404": N_("Cash withdrawal"),
        "0450": N_("Card payments received"),
        "0501": N_("Direct debit paid"),
        "0503": N_("Unpaid direct debit"),
        "0550": N_("Direct debit collected"),
        "3501": N_("Account closing"),
        "3550": N_("Account closing"),
    }
)

#: Category, the last three digits.
CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "000": N_("Net amount"),
        "001": N_("Interest received"),
        "002": N_("Interest paid"),
        "003": N_("Credit commission"),
        "004": N_("Postage"),
        "006": N_("Fees"),
        "011": N_("VAT"),
        "012": N_("Exchange commission"),
        "013": N_("Payment commission"),
        "015": N_("Correspondent's charges"),
        "016": N_("Negative interest"),
        "051": N_("Withholding tax"),
        "061": N_("Charging fees"),
        "068": N_("Countervalue"),
        "100": N_("Gross amount"),
        "437": N_("Speculation tax"),
        "438": N_("Securities account tax"),
    }
)

#: First digit: 0 to 3 movements, 5 to 9 details.
TYPES = frozenset("012356789")


def describe(transaction_code: str) -> str:
    """Words for a transaction code of eight digits; empty when its family is unknown."""
    return _TRANSACTIONS.get(transaction_code[1:5]) or FAMILIES.get(transaction_code[1:3], "")


def describe_category(transaction_code: str) -> str:
    """Words for the category of a transaction code; empty when unknown."""
    return CATEGORIES.get(transaction_code[5:8], "")
