"""A PDF for people where a UBL brings none: drawn from its data, marked *derived*, never part of what the issuer sent."""

import asyncio
import os
import sys
from datetime import datetime

import structlog

from exports import ubl
from exports.model import Document as Invoice
from portal.features.documents import repository
from portal.features.documents.domain import PdfOrigin, StoredFile
from portal.features.documents.service.arriving import DrawPdf, attach_pdf
from portal.features.parties import service as parties
from portal.jobs.contract import Later, Tools
from portal.jobs.runner import Task
from portal.kernel.errors import Unavailable
from portal.kernel.language import Language, speaking

log = structlog.get_logger()
COLOUR = "#1d232d"
MOST_LINES = 800
"""Longer invoices are looked at as data: laying them out takes minutes."""
PATIENCE = 60.0
"""Seconds on the clock for one drawing."""
TRIES = 3
"""A drawing that failed so often is given up: the document is looked at as data."""
AWAY = 10.0
"""Seconds after which a store that was away is asked again."""
_ENVIRONMENT = ("PATH", "LANG", "LC_ALL", "FONTCONFIG_PATH", "FONTCONFIG_FILE", "XDG_CACHE_HOME", "TMPDIR")


async def draw_pdf(task: Task, job: DrawPdf) -> None:
    """Carry out one DrawPdf; a document that got a PDF meanwhile, was locked or deleted is left alone.

    Raises:
        NotDrawn: try again; after `TRIES` the document stays without.
        Later: the store is away, which is nobody's failure.
    """
    async with task.transaction() as session:
        document = await repository.one(session, job.document_id)
        if document is None or document.pdf_sha256 is not None or document.ubl_sha256 is None:
            await task.finish(session)
            return
        language = (await parties.company(session, document.company_id)).language
    try:
        data = await task.tools.store.get(document.company_id, document.ubl_sha256)
        pdf = await _drawn(task, data, language, document.received_at)
        put = (
            await task.tools.store.put(document.company_id, pdf, media_type="application/pdf")
            if pdf
            else None
        )
    except Unavailable as away:
        raise Later(AWAY, away.code) from away
    stored = None
    if put is not None:
        name = f"{document.original_name.rpartition('.')[0] or document.original_name}.pdf"
        stored = StoredFile(sha256=put.sha256, size=put.size, name=name, media_type="application/pdf")
    async with task.transaction() as session:
        present = await repository.one(session, document.id)
        if stored is not None and present is not None:
            await attach_pdf(session, present, stored, PdfOrigin.DERIVED)
        await task.finish(session)


class NotDrawn(Exception):
    """The drawing failed; it may have been the machine's fault."""


async def _drawn(task: Task, data: bytes, language: Language, moment: datetime) -> bytes | None:
    try:
        invoice = await asyncio.to_thread(ubl.read, data)
    except ubl.Unreadable:  # it was readable when it came: a newer release reads more strictly
        return None
    if len(invoice.lines) > MOST_LINES:
        return None
    pdf = await draw(await asyncio.to_thread(_html, task.tools, invoice, language), moment)
    if pdf is None and task.attempt < TRIES:
        raise NotDrawn
    return pdf


def _html(tools: Tools, invoice: Invoice, language: Language) -> str:
    with speaking(language):
        template = tools.templates.get_template("print/invoice.html")
        return template.render(invoice=invoice, language=language.value, logo=None, colour=COLOUR)


async def draw(html: str, moment: datetime) -> bytes | None:
    """The HTML as PDF/A, drawn in a process with limits; None when it takes too long, too much memory, or fails."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "portal.features.documents.drawing",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
    )
    try:
        async with asyncio.timeout(PATIENCE):
            pdf, _nothing = await child.communicate(f"{moment.isoformat()}\n{html}".encode())
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
