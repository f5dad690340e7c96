"""From the bytes of a handed-in file to what they hold: read outside of any transaction, faults as reasons for people."""

import asyncio
from uuid import UUID

import msgspec

from exports import coda, ubl
from exports.model import Document as Invoice
from portal.features.banking.domain import Refusal, codas, fatal
from portal.features.documents.domain.documents import PdfOrigin, StoredFile
from portal.features.documents.domain.identity import Identity, direction_of
from portal.features.documents.domain.judgement import judge
from portal.features.documents.service import drawings, invoices
from portal.features.intake.domain.contents import (
    ArchiveContent,
    CodaContent,
    Content,
    InvoiceContent,
    PaperContent,
)
from portal.features.intake.domain.files import HEAD, NAMED_PICTURES, PICTURES, FileKind, NewFile, sniff
from portal.features.intake.domain.reasons import Reason
from portal.features.intake.models import IntakeFile
from portal.features.intake.service import scans
from portal.jobs.contract import Tools
from portal.sandbox import TooComplex, read_pdf_page, read_photo, read_zip


class Refused(Exception):
    """A file is not taken, for a reason that people read."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        given = {key: value for key, value in params.items() if value is not None}
        self.reason = Reason(code=code, params=given)


LOOK = 200
"""Pixels are enough to know that a picture can be shown."""


def refuse_named(media_type: str) -> None:
    """What is known for what it is, and not read.

    Raises:
        Refused: it is of such a kind.
    """
    if media_type in (FileKind.OFFICE, FileKind.UNKNOWN):
        raise Refused("office" if media_type == FileKind.OFFICE else "unknown")
    if (why := NAMED_PICTURES.get(media_type)) is not None:
        raise Refused(why)


async def read(tools: Tools, row: IntakeFile, partner: IntakeFile | None, us: Identity) -> Content:
    """What a file holds.

    Args:
        partner: the PDF that came beside a UBL.
        us: everything by which the company is known on invoices.

    Raises:
        Refused: it is of no kind that is taken, or cannot be read.
        Invalid: the sandbox refuses it.
        BrokenFile, Unavailable: the store or the readers are to blame.
    """
    if row.media_type == FileKind.ZIP and row.parent_id is not None:
        raise Refused("zip.nested")
    refuse_named(row.media_type)
    data = await tools.store.get(row.company_id, row.sha256)
    if row.media_type == FileKind.XML:
        return await _invoice(tools, row, data, partner, us)
    if row.media_type == FileKind.CODA:
        return await read_coda(tools, row.company_id, data, row.name)
    if row.media_type == FileKind.ZIP:
        return await read_archive(tools, row.company_id, data)
    if row.media_type in PICTURES:
        return PaperContent(pages=(await read_photo(data, width=LOOK)).count)
    return PaperContent(pages=(await read_pdf_page(data)).count)


async def read_archive(tools: Tools, owner: UUID, data: bytes) -> ArchiveContent:
    """The files of an archive, those that can be taken stored for its owner.

    Raises:
        Refused: it is no archive that can be read.
    """
    files: list[NewFile] = []
    for member in await read_zip(data, max_member=tools.settings.max_upload_bytes):
        if member.data is None:
            reason = Reason(code=member.refused or "zip.damaged", params=dict(member.params))
            files.append(NewFile(name=member.name, refusal=reason))
        elif not member.data:
            files.append(NewFile(name=member.name, refusal=Reason(code="empty")))
        else:
            kind = sniff(member.data[:HEAD])
            stored = await tools.store.put(owner, member.data, media_type=kind.value)
            files.append(NewFile(name=member.name, media_type=kind, size=stored.size, sha256=stored.sha256))
    return ArchiveContent(files=tuple(files))


async def _invoice(
    tools: Tools, row: IntakeFile, data: bytes, partner: IntakeFile | None, us: Identity
) -> InvoiceContent:
    invoice = await read_invoice(data)
    await scans.look_into(tools, invoice)
    pdf, origin = await store_embedded_pdf(tools, row.company_id, invoice, row.name), PdfOrigin.EMBEDDED
    beside = stored_file(partner) if partner is not None else None
    if beside is not None and await replaces_embedded(invoice):
        pdf, origin = beside, PdfOrigin.RECEIVED
    content = InvoiceContent(
        invoice=invoice,
        direction=direction_of(invoice, us),
        faults=(),
        pdf=pdf,
        pdf_origin=origin,
        beside=beside,
    )
    return msgspec.structs.replace(content, faults=judge(invoice, supplier_is_us=content.sold))


async def read_invoice(data: bytes) -> Invoice:
    """A UBL invoice or credit note; what the rules of its profile say stands with its reading remarks.

    Raises:
        Refused: with the line where one is to blame.
    """
    try:
        return await invoices.read_checked(data)
    except ubl.Unreadable as error:
        params = {key: value[:200] for key, value in error.params.items()}
        raise Refused(f"ubl.{error.reason}", line=error.line, **params) from error


def stored_file(row: IntakeFile) -> StoredFile:
    """A handed-in file as the documents slice takes it."""
    media_type = row.media_type
    name = (
        pdf_name(row.name)
        if media_type == FileKind.PDF and not row.name.lower().endswith(".pdf")
        else row.name
    )
    return StoredFile(sha256=row.sha256, size=row.size, name=name, media_type=media_type)


async def store_embedded_pdf(
    tools: Tools, company_id: UUID, invoice: Invoice, name: str
) -> StoredFile | None:
    """The PDF inside a UBL, stored; None when it has none."""
    content = await _embedded_pdf(invoice)
    if not content:
        return None
    stored = await tools.store.put(company_id, content, media_type="application/pdf")
    return StoredFile(
        sha256=stored.sha256, size=stored.size, name=pdf_name(name), media_type="application/pdf"
    )


async def replaces_embedded(invoice: Invoice) -> bool:
    """Whether a PDF handed in beside a UBL is the one to look at: there is none inside, or none that opens."""
    content = await _embedded_pdf(invoice)
    if not content:
        return True
    try:
        return not await drawings.opens(content)
    except TooComplex:
        return False


async def _embedded_pdf(invoice: Invoice) -> bytes | None:
    """The PDF inside a UBL: decoded now, in a thread, if it is not yet."""
    attachment = invoice.pdf
    return None if attachment is None else await asyncio.to_thread(attachment.decoded)


def pdf_name(name: str) -> str:
    """The name of the PDF that belongs to a UBL: its own, with another ending."""
    bare = name.rpartition(".")[0] if "." in name else name
    return f"{bare or 'document'}.pdf"


async def read_coda(tools: Tools, company_id: UUID, data: bytes, name: str) -> CodaContent:
    """A CODA file, read, checked and cut into its statements, whose own bytes are stored.

    Raises:
        Refused: it cannot be read, or something in it does not add up; nothing of such a file is taken.
    """
    file, parts = await checked_coda(data)
    stored = [await tools.store.put(company_id, part, media_type="text/plain") for part in parts]
    statements = await asyncio.to_thread(codas, file, [(one.sha256, one.size) for one in stored], name)
    given = {one.company_number for one in file.statements if one.company_number}
    return CodaContent(statements=statements, company_numbers=frozenset(given))


async def checked_coda(data: bytes) -> tuple[coda.File, list[bytes]]:
    """A CODA file that adds up, and the bytes of each of its statements.

    Raises:
        Refused: it cannot be read, or something in it does not add up.
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
    return file, parts


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
