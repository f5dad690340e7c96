"""PDF pages as images, by PDFium (built without scripts)."""

import io
from typing import Any

import pypdfium2

from portal.kernel.signatures import HEAD, pdf_begins
from portal.sandbox.contract import PdfPage, Unreadable

MAX_PAGES = 2000
MAX_WIDTH = 2400
MAX_PIXELS = 8_000_000
NEAR = 1000
"""PDFium finds where a PDF begins within so many bytes, and counts its places from there; what lies before more is cut off."""
MAX_SLENDER = 3
"""An image is at most this many times taller than wide."""


def prepare() -> None:
    """Render an empty page once, so that everything is loaded."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100)
    buffer = io.BytesIO()
    document.save(buffer)
    read(buffer.getvalue(), page=0, width=50)


def opened(data: bytes) -> Any:
    """A PDF with pages, of a bounded number; `Unreadable` when it is none."""
    if not data:
        raise Unreadable("empty")
    place = pdf_begins(data[:HEAD])
    if place is None:
        raise Unreadable("pdf.unknown")
    data = data[place:] if place >= NEAR else data
    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as error:
        password = "password" in str(error).lower()
        raise Unreadable("pdf.password" if password else "damaged") from error
    if count == 0:
        raise Unreadable("damaged")
    if count > MAX_PAGES:
        raise Unreadable("pdf.pages", found=count, limit=MAX_PAGES)
    return document


def read(data: bytes, *, page: int | None = None, width: int = 900) -> PdfPage:
    """Count the pages; render one of them where asked for."""
    document = opened(data)
    count = len(document)
    if page is None:
        return PdfPage(count, 0, 0, b"")
    if not 0 <= page < count:
        raise Unreadable("pdf.page", page=page + 1, count=count)
    document.init_forms()  # filled fields are part of what people see
    try:
        sheet = document[page]
        points_wide, points_high = sheet.get_size()
        scale = min(width, MAX_WIDTH) / max(points_wide, 1)
        wide, high = points_wide * scale, points_high * scale
        if high > MAX_SLENDER * wide:
            scale *= MAX_SLENDER * wide / high
        if (pixels := points_wide * points_high * scale * scale) > MAX_PIXELS:
            scale *= (MAX_PIXELS / pixels) ** 0.5
        scale = max(scale, 1.01 / max(min(points_wide, points_high), 1))  # at least one pixel each way
        if points_wide * points_high * scale * scale > MAX_PIXELS:
            raise Unreadable("damaged")
        image = sheet.render(scale=scale).to_pil()
    except pypdfium2.PdfiumError as error:
        raise Unreadable("damaged") from error
    output = io.BytesIO()
    image.convert("RGB").save(output, "PNG", compress_level=4)
    return PdfPage(count, image.width, image.height, output.getvalue())
