"""Papers cut into several and put together into one: pages of PDFs as they are, pictures each on a page of its own."""

import io
import struct
from collections.abc import Iterator
from typing import Any

import pypdfium2
from PIL import Image

from portal.kernel.signatures import HEAD, pdf_begins
from portal.sandbox.contract import Unreadable
from portal.sandbox.readers import photo
from portal.sandbox.readers.pdf_pages import MAX_PAGES, opened

LENGTH = struct.Struct(">I")
"""Several files in one input: each is preceded by its length in bytes."""
WIDTH = 2480
"""Pixels that a picture is wide at most: 300 an inch, on A4."""


def prepare() -> None:
    """Cut and join once, so that everything is loaded."""
    photo.prepare()
    picture = io.BytesIO()
    Image.new("RGB", (8, 8)).save(picture, "JPEG")
    data = picture.getvalue()
    [joined] = read(LENGTH.pack(len(data)) + data, join=True)
    list(read(joined, ranges=[[1, 1]]))


def read(data: bytes, *, ranges: list[list[int]] | None = None, join: bool = False) -> Iterator[Any]:
    """How many pages a paper has; with ``ranges`` (first and last, from 1) a PDF of each; with ``join`` one PDF of several papers."""
    if join:
        yield _joined(_unpacked(data))
        return
    source = _opened(data)
    count = len(source)
    if ranges is None:
        yield count
        return
    for first, last in ranges:
        if not 1 <= first <= last <= count:
            raise Unreadable("pdf.page", page=last, count=count)
        part = pypdfium2.PdfDocument.new()
        part.import_pages(source, pages=list(range(first - 1, last)))
        yield _saved(part)


def _unpacked(data: bytes) -> list[bytes]:
    papers: list[bytes] = []
    place = 0
    while place < len(data):
        (length,) = LENGTH.unpack_from(data, place)
        place += LENGTH.size
        papers.append(data[place : place + length])
        place += length
    return papers


def _joined(papers: list[bytes]) -> bytes:
    whole = pypdfium2.PdfDocument.new()
    for paper in papers:
        whole.import_pages(_opened(paper))
        if len(whole) > MAX_PAGES:
            raise Unreadable("pdf.pages", found=len(whole), limit=MAX_PAGES)
    return _saved(whole)


def _saved(document: Any) -> bytes:
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _opened(data: bytes) -> Any:
    """A paper as a PDF: what is none is a picture, or several in one file."""
    if not data:
        raise Unreadable("empty")
    if pdf_begins(data[:HEAD]) is None:
        return pypdfium2.PdfDocument(photo.read(data, page=None, width=WIDTH).data)
    document = opened(data)
    if document.get_formtype():  # filled fields are part of what people see; a part has no form of its own
        document.init_forms()
        for page in document:
            page.flatten()
    return document
