"""What transaction codes mean, in short words of our own for translation.

Only families and transactions that are common on a company's account have words; the standard adds new
ones, and banks have their own (40 to 48 and 90 to 98), so an unknown code is never an error.

Source: Febelfin, CODA 2.6, annex II.
"""

from collections.abc import Mapping
from types import MappingProxyType

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "01": "Transfer",
        "02": "Instant transfer",
        "03": "Cheque",
        "04": "Card",
        "05": "Direct debit",
        "07": "Commercial paper",
        "09": "Counter transaction",
        "11": "Securities",
        "13": "Credit",
        "30": "Miscellaneous",
        "35": "Closing",
        "41": "International transfer",
        "43": "Foreign cheque",
        "47": "Foreign commercial paper",
        "80": "Bank charges",
    }
)

_TRANSACTIONS: Mapping[str, str] = MappingProxyType(
    {
        "0101": "Transfer order",
        "0105": "Wages",
        "0107": "Collective transfer",
        "0150": "Transfer received",
        "0201": "Instant transfer order",
        "0250": "Instant transfer received",
        "0402": "Card payment",
        "0403": "Credit card settlement",
        "0404": "Cash withdrawal",
        "0450": "Card payments received",
        "0501": "Direct debit paid",
        "0503": "Unpaid direct debit",
        "0550": "Direct debit collected",
        "3501": "Account closing",
        "3550": "Account closing",
    }
)

#: Category, the last three digits.
CATEGORIES: Mapping[str, str] = MappingProxyType(
    {
        "000": "Net amount",
        "001": "Interest received",
        "002": "Interest paid",
        "003": "Credit commission",
        "004": "Postage",
        "006": "Fees",
        "011": "VAT",
        "012": "Exchange commission",
        "013": "Payment commission",
        "015": "Correspondent's charges",
        "016": "Negative interest",
        "051": "Withholding tax",
        "061": "Charging fees",
        "068": "Countervalue",
        "100": "Gross amount",
        "437": "Speculation tax",
        "438": "Securities account tax",
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
