"""From bytes to what they say: UBL and CODA read outside of any transaction, their faults as reasons for people."""

import asyncio
from dataclasses import dataclass
from uuid import UUID

from exports import coda, ubl
from exports.model import Document as Invoice
from exports.numbers import enterprise_number
from portal.features.banking.domain import Coda, Refusal, codas, fatal
from portal.features.documents import service as documents
from portal.features.documents.domain import StoredFile
from portal.jobs.contract import Tools
from portal.sandbox import TooComplex


class Refused(Exception):
    """A file is not taken; `reason` is one of `intake.domain.REASONS`."""

    def __init__(self, reason: str, **params: object) -> None:
        super().__init__(reason)
        self.reason = reason
        self.params = {key: value for key, value in params.items() if value is not None}


@dataclass(frozen=True, slots=True)
class CodaFile:
    """A checked CODA file; the bytes of its statements are stored."""

    statements: tuple[Coda, ...]
    company_numbers: frozenset[str]


async def read_invoice(data: bytes) -> Invoice:
    """A UBL invoice or credit note; what the rules of its profile say stands with its reading remarks.

    Raises:
        Refused: with the line where one is to blame.
    """
    try:
        return await documents.read_checked(data)
    except ubl.Unreadable as error:
        params = {key: value[:200] for key, value in error.params.items()}
        raise Refused(f"ubl.{error.reason}", line=error.line, **params) from error


async def store_embedded_pdf(
    tools: Tools, company_id: UUID, invoice: Invoice, name: str
) -> StoredFile | None:
    """The PDF inside a UBL, stored; None when it has none."""
    attachment = invoice.pdf
    if attachment is None or not attachment.content:
        return None
    stored = await tools.store.put(company_id, attachment.content, media_type="application/pdf")
    return StoredFile(
        sha256=stored.sha256, size=stored.size, name=pdf_name(name), media_type="application/pdf"
    )


async def replaces_embedded(invoice: Invoice) -> bool:
    """Whether a PDF handed in beside a UBL is the one to look at: there is none inside, or none that opens."""
    attachment = invoice.pdf
    if attachment is None or not attachment.content:
        return True
    try:
        return not await documents.opens(attachment.content)
    except TooComplex:
        return False


def pdf_name(name: str) -> str:
    """The name of the PDF that belongs to a UBL: its own, with another ending."""
    bare = name.rpartition(".")[0] if "." in name else name
    return f"{bare or 'document'}.pdf"


async def read_coda(tools: Tools, company_id: UUID, data: bytes, name: str) -> CodaFile:
    """A CODA file, read, checked and cut into its statements, whose own bytes are stored.

    Raises:
        Refused: it cannot be read, or something in it does not add up; nothing of such a file is taken.
    """
    try:
        file, refusal, parts = await asyncio.to_thread(_work_on, data)
    except coda.Unreadable as error:
        raise Refused(
            f"coda.{error.reason}",
            record=error.record,
            position=error.position,
            expected=error.expected[:100],
            found=error.found[:100],
        ) from error
    if refusal is not None:
        raise Refused(
            f"coda.{refusal.rule}",
            record=refusal.record,
            position=refusal.position,
            expected=refusal.expected,
            found=refusal.found,
            currency=_currency_at(file, refusal.record),
        )
    stored = [await tools.store.put(company_id, part, media_type="text/plain") for part in parts]
    statements = await asyncio.to_thread(codas, file, [(one.sha256, one.size) for one in stored], name)
    given = {one.company_number for one in file.statements if one.company_number}
    numbers = frozenset(number for number in given if enterprise_number(number) == number)
    return CodaFile(statements, numbers)


def _currency_at(file: coda.File, record: int | None) -> str:
    """The currency of the account whose statement a record belongs to."""
    before = [one.account.currency for one in file.statements if one.record <= (record or 0)]
    return before[-1] if before else ""


def _work_on(data: bytes) -> tuple[coda.File, Refusal | None, list[bytes]]:
    file = coda.read(data)
    refusal = fatal(coda.check(file))
    parts = coda.split(data, by="statement") if len(file.statements) > 1 and refusal is None else [data]
    if refusal is None and len(parts) != len(file.statements):
        raise coda.Unreadable("order", 1, None, f"{len(file.statements)} statements", f"{len(parts)} parts")
    return file, refusal, parts
