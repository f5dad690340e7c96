"""Invoices as UN/CEFACT Cross Industry Invoices: Factur-X in all its profiles, ZUGFeRD 1 and 2, XRechnung and plain CII.

:func:`read` gives the same :class:`exports.model.Document` as :func:`exports.ubl.read`; :func:`check` says what does not agree with the
schema and with itself. Nothing is written as CII.
"""

from exports.cii.check import check
from exports.cii.reader import read

__all__ = ["check", "read"]
