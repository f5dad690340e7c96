"""An invoice from its bytes, as everything that takes, compares or judges invoices reads it: a UBL, a CII, in an envelope, inside a PDF."""

import asyncio
from typing import NamedTuple

import msgspec

from exports import invoices, ubl
from exports.cii.check import by_schema
from exports.cii.reader import tree
from exports.hybrid import Contents
from exports.invoices import Taken
from exports.model import Document as Invoice
from exports.model import Finding
from exports.ubl.check import RulesUnavailableError, check_natively
from exports.ubl.envelope import Header
from portal.features.documents.domain.documents import UblOrigin
from portal.features.documents.domain.hidden_signs import without_hidden


class Received(NamedTuple):
    """An invoice as it came.

    Attributes:
        invoice: without hidden signs; what the rules of its profile say, and where it contradicts what it came in, stands with its remarks.
        itself: whether the file is the UBL that leaves.
        ubl: what leaves as UBL otherwise; None where none can be made: the file leaves.
        origin: of that UBL.
        envelope: what the transport envelope says of itself, where it came in one.
        name: of the file inside a PDF that it was.
    """

    invoice: Invoice
    itself: bool = True
    ubl: bytes | None = None
    origin: UblOrigin | None = None
    envelope: dict[str, str] | None = None
    name: str = ""


async def read_checked(data: bytes) -> Invoice:
    """An invoice or credit note in XML, see `receive`.

    Raises:
        ubl.Unreadable: it is none, or lacks what no invoice is without.
    """
    return (await receive(data)).invoice


async def receive(data: bytes) -> Received:
    """An invoice or credit note in XML: a UBL, a CII, or one of them in an envelope.

    Raises:
        invoices.SeveralError: an envelope holds several.
        ubl.Unreadable: it is none, or lacks what no invoice is without.
    """
    return await asyncio.to_thread(_receive, data)


async def receive_from_pdf(contents: Contents) -> Received:
    """The invoice that a PDF carries.

    Raises:
        ubl.Unreadable: `pdf` when it carries none, otherwise why the file that should be one cannot be read.
    """
    return await asyncio.to_thread(_from_pdf, contents)


def _receive(data: bytes) -> Received:
    return _received(invoices.take(data))


def _from_pdf(contents: Contents) -> Received:
    inside, taken = invoices.from_pdf(contents)
    return _received(taken)._replace(name=inside.name)


def _received(taken: Taken) -> Received:
    invoice = without_hidden(taken.document)
    remarks = (*invoice.reading_remarks, *_by_rules(taken))
    if len(remarks) > len(invoice.reading_remarks):
        invoice = msgspec.structs.replace(invoice, reading_remarks=remarks)
    if taken.syntax == "ubl" and not taken.wrapped:
        return Received(invoice)
    envelope = _said(taken.header) if taken.header else None
    if taken.syntax == "ubl":
        origin = UblOrigin.DERIVED if taken.added else UblOrigin.EMBEDDED
        return Received(invoice, False, taken.data, origin, envelope)
    written = _written(invoice)
    return Received(invoice, False, written, UblOrigin.DERIVED if written else None, envelope)


def _said(header: Header) -> dict[str, str]:
    return {name: value for name, value in msgspec.structs.asdict(header).items() if value}


def _by_rules(taken: Taken) -> list[Finding]:
    try:
        return check_natively(taken.data) if taken.syntax == "ubl" else by_schema(tree(taken.data))
    except (ubl.Unreadable, RulesUnavailableError):
        return []  # the check is stricter than the reader: what was read is taken all the same


def _written(invoice: Invoice) -> bytes | None:
    """An invoice of another syntax as UBL; None for one without lines, which no package would read as UBL."""
    if not invoice.lines:
        return None
    try:
        return ubl.write(invoice)
    except ubl.Unwritable:
        return None
