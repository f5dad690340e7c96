"""UBL invoices and credit notes: read what is out there, write what Peppol accepts, check by the official rules.

:func:`read` and :func:`write` are the two ways between bytes and :class:`exports.model.Document`.
"""

from exports.ubl.check import check
from exports.ubl.reader import read
from exports.ubl.tokens import Unreadable

__all__ = ["Unreadable", "check", "read"]
