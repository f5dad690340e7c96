"""The pages of stored papers as pictures, and files as downloads: without a database session, each in its turn.

The caller has found the row under row security and ended its transaction: fetching and drawing may take half a minute a page, and a
request that waits for them must hold no connection.
"""

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID
from weakref import WeakKeyDictionary

from portal.features.documents.models import Document
from portal.jobs.contract import Tools
from portal.kernel import pictures
from portal.kernel.errors import Invalid, NotFound, Unavailable
from portal.kernel.language import N_
from portal.sandbox import read_pdf_page, read_photo
from portal.storage import BrokenFile

IMAGES = pictures.READ
SAFE_TYPES = frozenset({"application/pdf", "application/xml", "text/plain", *IMAGES})
"""Types a download keeps; all others leave as bytes without meaning."""
SHOWN_PAGES = 20
"""So many pages are shown; the rest is in the file."""
BUSY = N_("Many pages are being drawn at this moment. Try again in a minute.")


class Turns:
    """So many readings at once in this process; the others wait in line without having fetched anything.

    Args:
        at_once: readings side by side.
        waiting: so many may stand in line.
        patience: seconds after which somebody in line is told to come back.
    """

    def __init__(self, at_once: int, *, waiting: int = 60, patience: float = 30.0) -> None:
        self._at_once = at_once
        self._most_waiting = waiting
        self._patience = patience
        self._waiting = 0
        # one line for each event loop: a line belongs to the loop in which somebody stood in it first
        self._lines: WeakKeyDictionary[asyncio.AbstractEventLoop, asyncio.Semaphore] = WeakKeyDictionary()

    @asynccontextmanager
    async def turn(self) -> AsyncGenerator[None]:
        """Wait for a turn and have it.

        Raises:
            Unavailable: too many wait, or it took too long (`busy`).
        """
        line = self._lines.setdefault(asyncio.get_running_loop(), asyncio.Semaphore(self._at_once))
        if line.locked() and self._waiting >= self._most_waiting:
            raise Unavailable(BUSY, code="busy")
        self._waiting += 1
        try:
            async with asyncio.timeout(self._patience):
                await line.acquire()
        except TimeoutError as error:
            raise Unavailable(BUSY, code="busy") from error
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            line.release()


_READERS = max(2, os.cpu_count() or 2)  # as many as the sandbox runs side by side
PAGES = Turns(at_once=_READERS - 1)
"""Drawing pages. One reader stays free for what is short: counting pages, reading logos and lists."""
COUNTS = Turns(at_once=_READERS)
COUNTED_MOST = 10_000
_counted: dict[tuple[UUID, str], int] = {}
"""How many pages PDFs and faxes have, by company and hash: bytes of one hash never change, so that what was counted stays true."""


@dataclass(frozen=True, slots=True)
class Download:
    """A file on its way out."""

    name: str
    media_type: str
    data: bytes


def shown_file(document: Document) -> tuple[str | None, str]:
    """The file whose pages stand for a document: its PDF, else its original where that is a picture; with its type."""
    if document.pdf_sha256 is not None:
        return document.pdf_sha256, "application/pdf"
    if document.original_type in IMAGES:
        return document.original_sha256, document.original_type
    return None, document.original_type


async def page_count(tools: Tools, company_id: UUID, sha256: str | None, media_type: str) -> int | None:
    """How many page images a stored paper has; 0 when it has none (no PDF or picture, or an unreadable one).

    None when that cannot be told, because the store or the readers are away or the bytes are gone: the rest of a page is worth
    showing without.
    """
    if sha256 is None:
        return 0
    if media_type in IMAGES and media_type != pictures.TIFF:  # nothing else has several pages
        return 1
    if media_type not in ("application/pdf", pictures.TIFF):
        return 0
    if (known := _counted.get((company_id, sha256))) is not None:
        return known
    try:
        async with COUNTS.turn():
            data = await tools.store.get(company_id, sha256)
            found = await (read_photo(data, width=1) if media_type == pictures.TIFF else read_pdf_page(data))
            count = min(found.count, SHOWN_PAGES)
    except (Unavailable, BrokenFile):
        return None
    except Invalid:
        return 0
    if len(_counted) >= COUNTED_MOST:
        del _counted[next(iter(_counted))]
    _counted[company_id, sha256] = count
    return count


async def original_page(tools: Tools, company_id: UUID, sha256: str, media_type: str, page: int) -> bytes:
    """One page (from 1) of a stored paper as a PNG, or JPEG for photos; read in the sandbox.

    Raises:
        NotFound: there is no such page.
        BrokenFile: the bytes are gone or damaged.
        Unavailable: too many are being drawn (`busy`), or the store or the readers are away.
    """
    if not 1 <= page <= SHOWN_PAGES:
        raise NotFound
    try:
        async with PAGES.turn():
            data = await tools.store.get(company_id, sha256)
            if media_type in IMAGES:
                return (await read_photo(data, page=page - 1)).data
            return (await read_pdf_page(data, page=page - 1, width=1000)).png
    except Invalid as error:
        raise NotFound from error


async def download(tools: Tools, document: Document, role: str) -> Download:
    """The original, the UBL or the PDF of a document, bytes verified.

    Raises:
        NotFound: the document has no such file.
        BrokenFile: the bytes are gone or damaged.
    """
    if role == "original":
        sha256, name, media_type = document.original_sha256, document.original_name, document.original_type
    elif role == "ubl":
        sha256, name, media_type = (
            document.ubl_sha256,
            f"{_stem(document.original_name)}.xml",
            "application/xml",
        )
    else:
        assert role == "pdf"
        sha256, name, media_type = (
            document.pdf_sha256,
            document.pdf_name or f"{_stem(document.original_name)}.pdf",
            "application/pdf",
        )
    if sha256 is None:
        raise NotFound
    data = await tools.store.get(document.company_id, sha256)
    return Download(name, media_type if media_type in SAFE_TYPES else "application/octet-stream", data)


def _stem(name: str) -> str:
    return re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", name) or "document"
