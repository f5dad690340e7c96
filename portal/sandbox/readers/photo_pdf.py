"""Pictures of pages as one PDF (ISO 32000-1): each page one image, as large as a sheet of A4 is wide, or less."""

import io
import zlib
from typing import Any

A4_WIDTH = 595.0
"""Points: 210 mm."""


class PdfPages:
    """A PDF that grows by a page at a time, so that only one picture is in memory."""

    def __init__(self) -> None:
        self._out = io.BytesIO()
        self._out.write(b"%PDF-1.5\n%\xe2\xe3\xcf\xd3\n")
        self._at: dict[int, int] = {}
        self._pages: list[int] = []
        self._next = 3  # 1 is the catalogue, 2 the list of pages

    @property
    def count(self) -> int:
        """Pages so far."""
        return len(self._pages)

    def add(self, picture: Any, *, is_line_art: bool) -> None:
        """One page.

        Args:
            picture: RGB.
            is_line_art: black and white, as a fax: kept sharp, in shades of grey.
        """
        if is_line_art:
            body = zlib.compress(picture.convert("L").tobytes(), 6)
            colours, coding = b"/DeviceGray", b"/FlateDecode"
        else:
            written = io.BytesIO()
            picture.save(written, "JPEG", quality=85)
            body, colours, coding = written.getvalue(), b"/DeviceRGB", b"/DCTDecode"
        wide = min(A4_WIDTH, max(1.0, float(picture.width)))
        high = wide * picture.height / picture.width
        drawing = b"q %.2f 0 0 %.2f 0 0 cm /I Do Q" % (wide, high)
        image, content, page = self._next, self._next + 1, self._next + 2
        self._next += 3
        head = b"<< /Type /XObject /Subtype /Image /Width %d /Height %d /ColorSpace %b /BitsPerComponent 8 /Filter %b /Length %d >>"
        self._stream(image, head % (picture.width, picture.height, colours, coding, len(body)), body)
        self._stream(content, b"<< /Length %d >>" % len(drawing), drawing)
        self._object(
            page,
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R /Resources << /XObject << /I %d 0 R >> >> >>"
            % (wide, high, content, image),
        )
        self._pages.append(page)

    def finish(self) -> bytes:
        """All of it."""
        kids = b" ".join(b"%d 0 R" % page for page in self._pages)
        self._object(1, b"<< /Type /Catalog /Pages 2 0 R >>")
        self._object(2, b"<< /Type /Pages /Count %d /Kids [%b] >>" % (self.count, kids))
        start = self._out.tell()
        self._out.write(b"xref\n0 %d\n0000000000 65535 f \n" % self._next)
        for number in range(1, self._next):
            self._out.write(b"%010d 00000 n \n" % self._at[number])
        self._out.write(
            b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (self._next, start)
        )
        return self._out.getvalue()

    def _object(self, number: int, body: bytes) -> None:
        self._at[number] = self._out.tell()
        self._out.write(b"%d 0 obj\n%b\nendobj\n" % (number, body))

    def _stream(self, number: int, head: bytes, body: bytes) -> None:
        self._at[number] = self._out.tell()
        self._out.write(b"%d 0 obj\n%b\nstream\n%b\nendstream\nendobj\n" % (number, head, body))
