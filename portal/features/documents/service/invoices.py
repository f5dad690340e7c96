"""A UBL from its bytes, as everything that takes, compares or judges invoices reads it."""

import asyncio

import msgspec

from exports import ubl
from exports.model import Document as Invoice
from exports.ubl.check import check_natively
from portal.features.documents.domain.hidden_signs import without_hidden


async def read_checked(data: bytes) -> Invoice:
    """A UBL invoice or credit note without hidden signs; what the rules of its profile say stands with its reading remarks.

    Raises:
        ubl.Unreadable: it is none, or lacks what no invoice is without.
    """
    return await asyncio.to_thread(_read, data)


def _read(data: bytes) -> Invoice:
    invoice = without_hidden(ubl.read(data))
    try:
        findings = check_natively(data)
    except ubl.Unreadable:  # the check is stricter than the reader: what was read is taken all the same
        return invoice
    return msgspec.structs.replace(invoice, reading_remarks=(*invoice.reading_remarks, *findings))
