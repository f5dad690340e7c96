"""What a PDF holds besides its pages: the files inside it, and its text where one of them is data."""

import io

import pypdfium2

from exports import hybrid
from exports.hybrid import Contents
from portal.sandbox.readers.pdf_pages import opened


def prepare() -> None:
    """Look into a PDF with a file and a page once, so that everything is loaded."""
    document = pypdfium2.PdfDocument.new()
    document.new_page(100, 100)
    document.new_attachment("a.xml").set_data(b"<a/>")
    buffer = io.BytesIO()
    document.save(buffer)
    read(buffer.getvalue())


def read(data: bytes) -> Contents:
    """Count the pages, take out the files, read the text."""
    return hybrid.contents(opened(data))
