"""A PDF for people where a UBL brings none that opens: drawn from its data, marked so, never part of what the issuer sent.

A document says itself until when it waits (`drawing_due_at`): what was given up, or lost its job, is asked for again by the clock.
"""

import asyncio
import os
import re
import sys
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
import structlog
from markupsafe import escape

from exports import invoices, ubl
from exports.model import Document as Invoice
from portal.db.session import WriteSession
from portal.features.documents.domain.documents import DRAWN_PICTURES, PdfOrigin, StoredFile, drawing_pause
from portal.features.documents.models import Document
from portal.features.documents.repository import documents as documents_repository
from portal.features.documents.repository import drawings as drawings_repository
from portal.features.documents.service.arrivals import DrawPdf, attach_pdf, drawing_key
from portal.features.parties import service as parties
from portal.jobs import ledger
from portal.jobs.contract import Later, Tools
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Door
from portal.kernel.errors import Unavailable
from portal.kernel.ids import CompanyId
from portal.kernel.language import N_, Language, gettext, use_language
from portal.sandbox import TooComplex, Unreadable, read_pdf_page, read_photo_pdf

log = structlog.get_logger()
COLOUR = "#1d232d"
MOST_LINES = 3000
"""Longer invoices have no PDF: their lines are listed on their page. So many take 17 seconds of computing and 450 MB to lay out."""
DRAW_SECONDS = 60.0
"""Seconds on the clock for a drawing, and `LINE_SECONDS` more for each of its lines: drawing stands back from everything else."""
LINE_SECONDS = 0.06
COMPUTING_SECONDS = 40
"""Seconds of computing for a drawing, and one more for so many lines."""
LINES_A_SECOND = 40
TRIES = 3
"""A drawing that failed so often is given up for now: the document is looked at as data."""
AT_ONCE = 100
"""So many are asked for again in one go; the rest a minute later."""
UNSHOWN = N_("Signs that no typeface has are shown as {box}: {signs}.")
LOOK = 60
"""Pixels are enough to know that a page can be shown."""
RETRY_AFTER_SECONDS = 10.0
"""Seconds after which a store that was away is asked again."""
_SAYS_PDF = re.compile(
    rb"EmbeddedDocumentBinaryObject\b[^>]{0,500}?(?:application/pdf|\.pdf\b)", re.IGNORECASE
)
"""The beginning of what the UBL calls a PDF. What is not even read as one (empty, no base64, something else) leaves no other trace."""
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "XDG_CACHE_HOME", "TMPDIR")


async def draw_pdf(task: Task, job: DrawPdf) -> None:
    """Carry out one DrawPdf; a document that got a PDF meanwhile, was deleted or erased is left alone.

    Raises:
        NotDrawn: try again; after `TRIES` the document stays without until it is asked for again.
        Later: the store or the readers are away, which is nobody's failure.
    """
    async with task.transaction() as session:
        document = await documents_repository.one(session, job.document_id)
        if document is None or document.erased_at is not None or not _undrawn(document):
            await task.finish(session)
            return
        language = (await parties.company(session, document.company_id)).language
    try:
        drawing = await _missing(task, document, language)
        stored = await _stored(task, document, drawing.pdf) if drawing.pdf else None
    except Unavailable as away:
        raise Later(RETRY_AFTER_SECONDS, away.code) from away
    async with task.transaction() as session:
        present = await documents_repository.one(session, document.id)
        if present is not None and present.erased_at is None and stored is not None:
            await attach_pdf(session, present, stored, drawing.origin)
        elif present is not None and drawing.settled:
            await drawings_repository.drawing_settled(session, document.id)
        await task.finish(session)


async def ask_again(session: WriteSession, now: datetime) -> None:
    """Ask for the PDFs that are missing still, ever more rarely. Runs in the system scope.

    The drawing may have been given up, by itself or because its workers died; the new job takes the place of the dead letter.
    """
    found = await drawings_repository.undrawn(session, now, AT_ONCE)
    await ledger.drop_dead(session, [drawing_key(row.id) for row in found])
    asked: dict[UUID, tuple[int, datetime]] = {}
    for row in found:
        actor = Actor(door=Door.JOB, name="sweeper", company_id=CompanyId(row.company_id))
        made = await ledger.enqueue(
            session, actor, DrawPdf(document_id=row.id), unique_key=drawing_key(row.id)
        )
        rounds = row.drawing_rounds + (made is not None)  # the one before may be waiting for its turn
        asked[row.id] = rounds, now + drawing_pause(rounds)
    await drawings_repository.asked(session, asked)


class NotDrawn(Exception):
    """The drawing failed; it may have been the machine's fault."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """What came of it: a PDF, or that there is none to draw (`settled`), or neither."""

    pdf: bytes | None = None
    settled: bool = True
    origin: PdfOrigin = PdfOrigin.DERIVED


async def opens(data: bytes) -> bool:
    """Whether people can look at a PDF: it is one, whole, without a password, and its first page can be shown.

    Raises:
        TooComplex: it took too long, or too much memory.
        SandboxUnavailable: the readers are away.
    """
    try:
        await read_pdf_page(data, page=0, width=LOOK)
    except Unreadable:
        return False
    return True


def data_of(document: Document) -> str | None:
    """The hash of the data that a PDF can be drawn from; also of a document whose values a person typed over."""
    typed_over = document.original_sha256 if document.original_type == "application/xml" else None
    return document.ubl_sha256 or typed_over


def _is_picture(document: Document) -> bool:
    """Whether its pages are made of a photo or a fax."""
    return document.ubl_sha256 is None and document.original_type in DRAWN_PICTURES


def _undrawn(document: Document) -> bool:
    if _is_picture(document):
        return document.pdf_sha256 is None
    if data_of(document) is None:
        return False
    inside = document.pdf_origin == PdfOrigin.EMBEDDED and document.drawing_due_at is not None
    return document.pdf_sha256 is None or inside


async def _missing(task: Task, document: Document, language: Language) -> Drawing:
    if _is_picture(document):
        return await _of_picture(task, document)
    sha256 = data_of(document)
    assert sha256 is not None
    if document.pdf_sha256 is not None:
        inside = await task.tools.store.get(document.company_id, document.pdf_sha256)
        try:
            if await opens(inside):
                return Drawing()
        except TooComplex as error:  # the machine may have been busy
            if task.attempt < TRIES:
                raise NotDrawn from error
    data = await task.tools.store.get(document.company_id, sha256)
    try:
        invoice = (await asyncio.to_thread(invoices.take, data)).document
    except ubl.Unreadable:  # it was readable when it came: a newer release reads more strictly
        return Drawing()
    lines = len(invoice.lines)
    if lines > MOST_LINES:
        return Drawing()
    html = await asyncio.to_thread(_html, task.tools, invoice, language)
    pdf = await draw(html, document.received_at, lines, unshown(language))
    if pdf is None and task.attempt < TRIES:
        raise NotDrawn
    broken = document.pdf_sha256 is not None or _SAYS_PDF.search(data) is not None
    return Drawing(pdf, settled=False, origin=PdfOrigin.REDRAWN if broken else PdfOrigin.DERIVED)


async def _of_picture(task: Task, document: Document) -> Drawing:
    data = await task.tools.store.get(document.company_id, document.original_sha256)
    try:
        return Drawing((await read_photo_pdf(data)).data)
    except Unreadable:
        return Drawing()
    except TooComplex as error:  # the machine may have been busy
        if task.attempt < TRIES:
            raise NotDrawn from error
        return Drawing()


async def _stored(task: Task, document: Document, pdf: bytes) -> StoredFile:
    put = await task.tools.store.put(document.company_id, pdf, media_type="application/pdf")
    name = f"{document.original_name.rpartition('.')[0] or document.original_name}.pdf"
    return StoredFile(sha256=put.sha256, size=put.size, name=name, media_type="application/pdf")


def _html(tools: Tools, invoice: Invoice, language: Language) -> str:
    with use_language(language):
        template = tools.templates.get_template("print/invoice.html")
        return template.render(invoice=invoice, language=language.value, logo=None, colour=COLOUR)


def unshown(language: Language) -> str:
    """What a paper says, as markup, of signs that no font has; `{box}` and `{signs}` are filled in where it is drawn."""
    with use_language(language):
        return f'<p class="quiet">{escape(gettext(UNSHOWN))}</p>'


async def draw(html: str, moment: datetime, lines: int = 0, unshown: str = "") -> bytes | None:
    """The HTML as PDF/A, drawn in a process with limits; None when it takes too long, too much memory, or fails.

    Args:
        lines: how many lines the paper has: long ones may take longer.
        unshown: markup, see `exports.pdf.write`.
    """
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "portal.features.documents.drawing",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    head = {
        "created": moment.isoformat(),
        "seconds": COMPUTING_SECONDS + lines // LINES_A_SECOND,
        "unshown": unshown,
    }
    try:
        async with asyncio.timeout(DRAW_SECONDS + lines * LINE_SECONDS):
            pdf, _nothing = await child.communicate(msgspec.json.encode(head) + b"\n" + html.encode())
    except TimeoutError:
        pdf = b""
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()
    if child.returncode != 0 or not pdf.startswith(b"%PDF"):
        log.warning("documents.not_drawn", code=child.returncode)
        return None
    return pdf
