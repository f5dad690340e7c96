"""Papers cut into several and put together into one: pages of PDFs as they are, pictures each on a page of its own."""

import io
import struct
from collections.abc import Iterator
from typing import Any

import pypdfium2
from PIL import Image, ImageOps, UnidentifiedImageError

from portal.sandbox.contract import Unreadable
from portal.sandbox.readers import image as images
from portal.sandbox.readers.pdf_pages import MAX_PAGES

LENGTH = struct.Struct(">I")
"""Several files in one input: each is preceded by its length in bytes."""
WIDE, HIGH = 595.0, 842.0
"""Points of a page for a picture: A4, or as high as the picture needs."""
QUALITY = 88
_UPRIGHT = (None, 1)
_ORIENTATION = 0x0112


def prepare() -> None:
    """Cut and join once, so that everything is loaded."""
    images.prepare()
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
    if b"%PDF-" not in data[:1024]:
        return _of_pictures(data)
    try:
        document: Any = pypdfium2.PdfDocument(data)
        count = len(document)
        if (
            document.get_formtype()
        ):  # filled fields are part of what people see; a part has no form of its own
            document.init_forms()
            for page in document:
                page.flatten()
    except pypdfium2.PdfiumError as error:
        password = "password" in str(error).lower()
        raise Unreadable("pdf.password" if password else "damaged") from error
    if count == 0:
        raise Unreadable("damaged")
    if count > MAX_PAGES:
        raise Unreadable("pdf.pages", found=count, limit=MAX_PAGES)
    return document


def _of_pictures(data: bytes) -> Any:
    try:
        picture: Any = Image.open(io.BytesIO(data), formats=images.FORMATS)
        frames = getattr(picture, "n_frames", 1)
    except (UnidentifiedImageError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable("image.unknown") from error
    if frames > MAX_PAGES:
        raise Unreadable("pdf.pages", found=frames, limit=MAX_PAGES)
    document = pypdfium2.PdfDocument.new()
    try:
        plain = picture.format == "JPEG" and picture.mode in {"RGB", "L"}
        if plain and picture.getexif().get(_ORIENTATION) in _UPRIGHT:
            _page(document, data, picture.size)
            return document
        for number in range(1 if picture.format in {"JPEG", "MPO"} else frames):
            picture.seek(number)
            upright = ImageOps.exif_transpose(picture)
            shown = Image.new("RGB", upright.size, "white")
            if upright.mode in {"RGBA", "LA", "PA"} or "transparency" in upright.info:
                over = upright.convert("RGBA")
                shown.paste(over, mask=over.getchannel("A"))
            else:
                shown.paste(upright.convert("RGB"))
            out = io.BytesIO()
            shown.save(out, "JPEG", quality=QUALITY)
            _page(document, out.getvalue(), shown.size)
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise Unreadable("too_complex") from error
    except (OSError, SyntaxError, ValueError, EOFError) as error:
        raise Unreadable("damaged") from error
    return document


def _page(document: Any, jpeg: bytes, size: tuple[int, int]) -> None:
    """A page that the picture fills: as wide as A4 upright, or as high where it lies."""
    wide, high = (WIDE, WIDE * size[1] / size[0]) if size[1] >= size[0] else (HIGH, HIGH * size[1] / size[0])
    page = document.new_page(wide, high)
    shown = pypdfium2.PdfImage.new(document)
    shown.load_jpeg(io.BytesIO(jpeg), inline=True)
    shown.set_matrix(pypdfium2.PdfMatrix().scale(wide, high))
    page.insert_obj(shown)
    page.gen_content()
