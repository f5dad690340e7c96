"""UBL invoices and credit notes: read what is out there, write what Peppol accepts, check by the official rules.

:func:`read` and :func:`write` are the two ways between bytes and :class:`exports.model.Document`.
"""

from exports.ubl.check import UnknownProfileError, check
from exports.ubl.compose import cash_discount, categorised, net_amount, totals, with_pdf
from exports.ubl.escape import Unwritable
from exports.ubl.reader import read
from exports.ubl.tokens import Unreadable
from exports.ubl.writer import write, write_to

__all__ = [
    "UnknownProfileError",
    "Unreadable",
    "Unwritable",
    "cash_discount",
    "categorised",
    "check",
    "net_amount",
    "read",
    "totals",
    "with_pdf",
    "write",
    "write_to",
]
