"""From the bytes of a handed-in file to what they hold: read outside of any transaction, faults as reasons for people."""

import asyncio
import contextlib
from datetime import datetime
from uuid import UUID

import msgspec

from exports import coda, statements, ubl
from exports.invoices import SeveralError
from exports.model import Document as Invoice
from exports.ubl.envelope import Enclosed
from exports.ubl.kinds import kind_of
from portal.features.banking.domain import Refusal, codas, fatal, foreign
from portal.features.documents.domain.documents import PdfOrigin, StoredFile, Unwrapped
from portal.features.documents.domain.identity import Identity, direction_of
from portal.features.documents.domain.judgement import judge
from portal.features.documents.service import drawings, invoices
from portal.features.documents.service.invoices import Received
from portal.features.intake.domain.contents import (
    ArchiveContent,
    CodaContent,
    Content,
    InvoiceContent,
    PaperContent,
)
from portal.features.intake.domain.files import (
    CONTAINERS,
    HEAD,
    PICTURES,
    REFUSED,
    STATEMENTS,
    FileKind,
    NewFile,
    clean_folder,
    sniff,
)
from portal.features.intake.domain.reasons import REASONS, SERVICES, Reason
from portal.features.intake.models import IntakeFile
from portal.features.intake.service import scans
from portal.jobs.contract import Tools
from portal.kernel.clock import BRUSSELS
from portal.kernel.signatures import beginning
from portal.sandbox import MailHead, TooComplex, read_container, read_pdf_contents, read_photo

MOST_NAMED = 5
"""So many files inside a PDF are called by their names."""


class Refused(Exception):
    """A file is not taken, for a reason that people read."""

    def __init__(self, code: str, **params: object) -> None:
        super().__init__(code)
        given = {key: value for key, value in params.items() if value is not None}
        self.reason = Reason(code=code, params=given)


LOOK = 200
"""Pixels are enough to know that a picture can be shown."""


def refuse_named(media_type: str) -> None:
    """What is known for what it is, and never taken.

    Raises:
        Refused: it is of such a kind.
    """
    if (why := REFUSED.get(media_type)) is not None:
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
        try:
            received = await receive(data)
        except Several as several:
            return await unpacked(tools, row.company_id, row.name, several.documents)
        return await _invoice(tools, row, received, partner, us)
    if row.media_type in STATEMENTS:
        return await read_statements(tools, row, data)
    if row.media_type in CONTAINERS:
        return await read_archive(tools, row.company_id, data)
    if row.media_type in PICTURES:
        return PaperContent(pages=(await read_photo(data, width=LOOK)).count)
    return await _pdf(tools, row, data, us)


async def read_archive(tools: Tools, owner: UUID, data: bytes) -> ArchiveContent:
    """The files of an archive or a mail, those that can be taken stored for its owner.

    Raises:
        Refused: it cannot be read, or is a mail to which nothing is attached.
    """
    files: list[NewFile] = []
    opened = await read_container(data, max_member=tools.settings.max_upload_bytes)
    for member in opened.members:
        new = NewFile(name=member.name, folder=clean_folder(member.name))
        if member.data is None:
            reason = Reason(code=member.refused or "zip.damaged", params=dict(member.params))
            new = msgspec.structs.replace(new, refusal=reason)
        elif not member.data:
            new = msgspec.structs.replace(new, refusal=Reason(code="empty"))
        else:
            kind = sniff(beginning(member.data))
            stored = await tools.store.put(owner, member.data, media_type=kind.value)
            new = msgspec.structs.replace(new, media_type=kind, size=stored.size, sha256=stored.sha256)
        files.append(new)
    said = _said(opened.mail)
    if not files:
        params = said.params if said is not None else {}
        skipped = "mail.nothing_but_pictures" if opened.mail.skipped else "mail.nothing"
        raise Refused(skipped, **params)
    return ArchiveContent(files=tuple(files), said=said)


def _said(mail: MailHead) -> Reason | None:
    """What a mail says of itself, for its page; nothing of a ZIP."""
    if not (mail.subject or mail.sender or mail.sent or mail.skipped):
        return None
    sent = ""
    with contextlib.suppress(ValueError, OverflowError):
        sent = f"{datetime.fromisoformat(mail.sent).astimezone(BRUSSELS):%d/%m/%Y %H:%M}"
    params = {"subject": mail.subject or "–", "sender": mail.sender or "–", "sent": sent or "–"}
    if mail.skipped:
        return Reason(code="mail.opened_without", params={**params, "skipped": mail.skipped})
    return Reason(code="mail.opened", params=params)


async def unpacked(tools: Tools, owner: UUID, name: str, documents: tuple[Enclosed, ...]) -> ArchiveContent:
    """The documents of an envelope that holds several, each stored for its owner."""
    bare = name.rpartition(".")[0] or name
    files: list[NewFile] = []
    for number, one in enumerate(documents, start=1):
        kind = sniff(beginning(one.data))
        if b"StandardBusinessDocument" in one.data[:HEAD]:  # each could hold as many again
            files.append(
                NewFile(name=f"{bare}-{number}.xml", media_type=kind, refusal=Reason(code="ubl.too_deep"))
            )
            continue
        stored = await tools.store.put(owner, one.data, media_type=kind.value)
        files.append(
            NewFile(name=f"{bare}-{number}.xml", media_type=kind, size=stored.size, sha256=stored.sha256)
        )
    return ArchiveContent(files=tuple(files))


async def _pdf(tools: Tools, row: IntakeFile, data: bytes, us: Identity) -> InvoiceContent | PaperContent:
    """A PDF: the invoice that it carries as data, its pages to look at; or a paper, with what else is inside."""
    contents = await read_pdf_contents(data)
    names = [one.name for one in contents.files]
    if not names:
        return PaperContent(pages=contents.pages)
    shown = ", ".join(names[:MOST_NAMED])[:500] + (" …" if len(names) > MOST_NAMED or contents.most else "")
    try:
        received = await invoices.receive_from_pdf(contents)
    except ubl.Unreadable as error:
        if error.reason == "pdf":
            remark = Reason(code="paper.inside", params={"names": shown})
        else:
            why = _refused(error).reason
            remark = Reason(code="paper.data", params={**why.params, "names": shown, "because": why.code})
        return PaperContent(pages=contents.pages, remark=remark)
    await scans.look_into(tools, received.invoice)
    paper = stored_file(row)
    content = InvoiceContent(
        invoice=received.invoice,
        direction=direction_of(received.invoice, us),
        faults=(),
        pdf=paper,
        pdf_origin=PdfOrigin.RECEIVED,
        beside=paper,
        unwrapped=await _unwrapped(tools, row, received),
    )
    return msgspec.structs.replace(content, faults=judge(received.invoice, supplier_is_us=content.sold))


async def _unwrapped(tools: Tools, row: IntakeFile, received: Received) -> Unwrapped | None:
    """What a file that is no UBL itself becomes, the UBL stored."""
    if received.itself:
        return None
    ubl_file = None
    if received.ubl is not None:
        stored = await tools.store.put(row.company_id, received.ubl, media_type="application/xml")
        bare = row.name.rpartition(".")[0] or row.name
        ubl_file = StoredFile(
            sha256=stored.sha256, size=stored.size, name=f"{bare}.xml", media_type="application/xml"
        )
    return Unwrapped(ubl=ubl_file, origin=received.origin, envelope=received.envelope or {})


async def _invoice(
    tools: Tools, row: IntakeFile, received: Received, partner: IntakeFile | None, us: Identity
) -> InvoiceContent:
    invoice = received.invoice
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
        unwrapped=await _unwrapped(tools, row, received),
    )
    return msgspec.structs.replace(content, faults=judge(invoice, supplier_is_us=content.sold))


class Several(Refused):
    """An envelope holds several documents: each is taken by itself."""

    def __init__(self, documents: tuple[Enclosed, ...]) -> None:
        super().__init__("ubl.several")
        self.documents = documents


async def receive(data: bytes) -> Received:
    """An invoice in XML: a UBL, a CII, or one in an envelope; what the rules say stands with its reading remarks.

    Raises:
        Several: an envelope holds more than one.
        Refused: with the line where one is to blame.
    """
    try:
        return await invoices.receive(data)
    except SeveralError as several:
        raise Several(several.documents) from several
    except ubl.Unreadable as error:
        raise _refused(error) from error


async def receive_from_pdf(data: bytes) -> Received:
    """The invoice that a PDF carries.

    Raises:
        Refused: it carries none, or one that cannot be read.
        Invalid: the sandbox refuses the PDF.
    """
    try:
        return await invoices.receive_from_pdf(await read_pdf_contents(data))
    except ubl.Unreadable as error:
        raise _refused(error) from error


async def read_invoice(data: bytes) -> Invoice:
    """The UBL of a document, as it was received or made.

    Raises:
        Refused: with the line where one is to blame.
    """
    return (await receive(data)).invoice


def _refused(error: ubl.Unreadable) -> Refused:
    """Why something is no invoice that can be taken; a document of a known other kind is called by its name."""
    params = {key: value[:200] for key, value in error.params.items()}
    kind = kind_of(params.get("root", ""), params.get("namespace", ""))
    if error.reason == "not_ubl" and (service := SERVICES.get(params.get("root", "").lower())):
        return Refused(service)
    code = f"ubl.{error.reason}"
    if error.reason in {"not_ubl", "enclosed"} and f"xml.{kind}" in REASONS:
        code = f"xml.{kind}"
    elif code not in REASONS:
        code = "ubl.too_large"  # too many of something
    return Refused(code, line=error.line, **params)


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


async def read_statements(tools: Tools, row: IntakeFile, data: bytes) -> CodaContent:
    """A file of bank statements in whatever form, read and checked, the bytes of each statement stored.

    Raises:
        Refused: it cannot be read, or something in it does not add up; nothing of such a file is taken.
    """
    if row.media_type == FileKind.CODA:
        return await read_coda(tools, row.company_id, data, row.name)
    file = await checked_foreign(data)
    stored = [
        await tools.store.put(row.company_id, one.raw, media_type=row.media_type) for one in file.statements
    ]
    given = {one.values.company_number for one in file.statements if one.values.company_number}
    return CodaContent(
        statements=foreign(file, [(one.sha256, one.size) for one in stored], row.name),
        company_numbers=frozenset(given),
    )


async def checked_foreign(data: bytes) -> statements.StatementFile:
    """A CAMT.053 or MT940 file that adds up.

    Raises:
        Refused: it cannot be read, or something in it does not add up.
    """
    try:
        file = await asyncio.to_thread(statements.read, data)
    except statements.Unreadable as error:
        params = {key: value[:100] for key, value in error.params.items()}
        raise Refused(f"statement.{error.reason}", line=error.line, **params) from error
    for one in file.statements:
        for finding in one.findings:
            if finding.severity == "fatal":
                raise Refused(
                    f"statement.{finding.rule.partition('-')[2]}",
                    number=str(one.number or one.reference)[:40],
                    currency=one.values.account.currency,
                    **finding.params,
                )
    return file


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
