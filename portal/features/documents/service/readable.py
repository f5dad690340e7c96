"""What an invoice in data says, for people: where it has no PDF to look at, or none yet. And the files inside it.

Without a session, as `service.files`: it is fetched and read while no connection is held.
"""

import asyncio
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from exports import invoices, ubl
from exports.model import Attachment, Line
from exports.model import Document as Invoice
from portal.features.documents.domain.documents import DRAWN
from portal.features.documents.domain.hidden_signs import without_hidden
from portal.features.documents.models import Document
from portal.features.documents.service.drawings import MOST_LINES, data_of
from portal.features.documents.service.files import (
    COUNTS,
    SAFE_TYPES,
    SHOWN_PAGES,
    Download,
    page_count,
    shown_file,
)
from portal.jobs.contract import Tools
from portal.kernel.errors import NotFound, Unavailable
from portal.kernel.texts import line
from portal.storage import BrokenFile

LINES_SHOWN = 100
"""Lines of an invoice on one page."""
MOST_ATTACHMENTS = 200
"""So many files of one invoice are listed."""
KEPT_MOST = 5_000
_ENDINGS = {
    "application/pdf": "pdf",
    "image/png": "png",
    "image/jpeg": "jpg",
    "text/csv": "csv",
    "application/xml": "xml",
    "text/xml": "xml",
}
_attached: dict[tuple[UUID, str], tuple["Attached", ...]] = {}
"""The files inside invoices, by company and hash: bytes of one hash never change."""


@dataclass(frozen=True, slots=True)
class Attached:
    """A file inside an invoice, or one that it names elsewhere (`address`, `size` 0). `place` counts from 1 in the invoice."""

    place: int
    name: str
    description: str
    media_type: str
    size: int
    sha256: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Readable:
    """An invoice as a page shows it: `lines` with their numbers are those of page `page` (from 1) of `pages`."""

    invoice: Invoice
    lines: Sequence[tuple[int, Line]]
    page: int
    pages: int

    @property
    def is_too_long(self) -> bool:
        """Whether it has more lines than are drawn."""
        return len(self.invoice.lines) > MOST_LINES

    @property
    def is_credit(self) -> bool:
        """Whether its amounts are owed to the customer."""
        return self.invoice.kind == "credit_note"


async def read(tools: Tools, company_id: UUID, sha256: str | None, page: int = 1) -> Readable | None:
    """One page of the lines of an invoice with all else that it says; the last page where there are fewer.

    None where there is no such file, or it cannot be read, now or at all: the rest of the page is worth showing without.
    """
    invoice = await _read(tools, company_id, sha256)
    if invoice is None:
        return None
    pages = max(1, -(-len(invoice.lines) // LINES_SHOWN))
    page = min(max(page, 1), pages)
    first = (page - 1) * LINES_SHOWN
    return Readable(
        invoice, list(enumerate(invoice.lines[first : first + LINES_SHOWN], first + 1)), page, pages
    )


async def looked_at(tools: Tools, document: Document, page: int = 1) -> tuple[int | None, Readable | None]:
    """How a document is looked at: its number of page images (see `files.page_count`), and its data where there are none.

    Also where we drew more pages of it than are shown: its lines are listed instead.
    """
    sha256, media_type = shown_file(document)
    pages = await page_count(tools, document.company_id, sha256, media_type)
    long = document.pdf_origin in DRAWN and pages == SHOWN_PAGES
    if pages != 0 and not long:
        return pages, None
    return pages, await read(tools, document.company_id, data_of(document), page)


async def attachments(tools: Tools, document: Document) -> Sequence[Attached]:
    """The files inside a document's data, but for the one that is shown as its PDF; none where that cannot be told."""
    sha256 = data_of(document)
    if sha256 is None:
        return ()
    found = _attached.get((document.company_id, sha256))
    if found is None:
        invoice = await _read(tools, document.company_id, sha256)
        if invoice is None:
            return ()
        found = await asyncio.to_thread(_listed, invoice)
        if len(_attached) >= KEPT_MOST:
            del _attached[next(iter(_attached))]
        _attached[document.company_id, sha256] = found
    return [one for one in found if one.sha256 != document.pdf_sha256]


async def attachment(tools: Tools, document: Document, place: int) -> Download:
    """One file inside a document's data.

    Raises:
        NotFound: there is no such file.
        Unavailable: the store is away.
        BrokenFile: the document's data is gone or damaged.
    """
    sha256 = data_of(document)
    if sha256 is None or not 1 <= place <= MOST_ATTACHMENTS:
        raise NotFound
    data = await tools.store.get(document.company_id, sha256)
    try:
        invoice = await asyncio.to_thread(lambda: invoices.take(data).document)
    except ubl.Unreadable as error:
        raise NotFound from error
    if place > len(invoice.attachments):
        raise NotFound
    one = invoice.attachments[place - 1]
    content = await asyncio.to_thread(one.decoded)
    if content is None:
        raise NotFound
    media_type = _type(one)
    safe = media_type if media_type in SAFE_TYPES else "application/octet-stream"
    return Download(_name(one, place), safe, content)


async def _read(tools: Tools, company_id: UUID, sha256: str | None) -> Invoice | None:
    if not sha256:
        return None
    try:
        async with COUNTS.turn():
            data = await tools.store.get(company_id, sha256)
            return await asyncio.to_thread(lambda: without_hidden(invoices.take(data).document))
    except (Unavailable, BrokenFile, ubl.Unreadable):
        return None


def _listed(invoice: Invoice) -> tuple[Attached, ...]:
    found: list[Attached] = []
    for place, one in enumerate(invoice.attachments[:MOST_ATTACHMENTS], 1):
        content = one.decoded()
        if content is None and not one.external_uri:
            continue  # only named: a reference, no file
        found.append(
            Attached(
                place,
                _name(one, place),
                line(one.description or "")[:200],
                _type(one),
                len(content or b""),
                hashlib.sha256(content).hexdigest() if content is not None else "",
                line(one.external_uri or "")[:500] if content is None else "",
            )
        )
    return tuple(found)


def _type(one: Attachment) -> str:
    """What a file is called by its issuer; a PDF by its first bytes."""
    if one.is_pdf:
        return "application/pdf"
    return (one.mime_code or "").lower() if (one.mime_code or "").lower() != "application/pdf" else ""


def _name(one: Attachment, place: int) -> str:
    bare = line((one.filename or one.id or "").replace("\\", "/").rpartition("/")[2])[:120]
    if not bare:
        bare = f"{place}"
    if re.search(r"\.[A-Za-z0-9]{1,8}\Z", bare) is None and (ending := _ENDINGS.get(_type(one))):
        bare = f"{bare}.{ending}"
    return bare
