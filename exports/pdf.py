"""PDF/A-3b from HTML, with files embedded, sealed off from disk and network.

The HTML sees only what it is given: ``resources`` under the names it uses (``logo.png``, ``css/print.css``)
and ``data:`` addresses. The same input gives the same bytes: the moment is given, font tables carry it
instead of the clock, and the file identifier is the content's own hash. Fonts among the resources are the only
ones there are, by the family names they have inside (see ``exports.fonts``), but for the ``fallbacks`` that stand
in for signs they lack; without any, those of the machine are used, and another machine may give other bytes.

What turns the direction of a text (embeddings, overrides, isolates and marks) is taken out of the HTML: it would
act on what stands beside it. Scripts that run from right to left need none of them; a layout that is to keep values
apart gives each an element of its own.

What PDF/A forbids and the layout would write is put right: images are not interpolated (ISO 19005-3, 6.2.8),
images in CMYK become RGB, which is what the file's output intent describes (6.2.4.3), and a character that no
font has becomes one that it has, an accent less, or an empty box (6.2.11.4.1), which the caller can have said.

The library that lays out reads HTML and images of any size: whoever renders what strangers wrote does it in
a process with limits on time and memory.
"""

from __future__ import annotations

import os
import re
import unicodedata
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from io import BytesIO
from mimetypes import MimeTypes
from threading import Lock
from typing import Any, Literal
from urllib.parse import unquote

import pydyf
import weasyprint
from PIL import Image
from weasyprint.urls import URLFetcher, URLFetcherResponse

from exports import fonts
from exports.errors import UnwritableError
from exports.fonts import Fallback

Relationship = Literal["Alternative", "Data", "Source", "Supplement", "Unspecified"]

_BASE = "https://resources.invalid/"  # a name that by RFC 6761 never resolves; nothing is ever asked for it
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}\Z")
# A table of our own: the machine's would make the bytes depend on the machine.
_TYPES = MimeTypes(filenames=())
_TYPES.add_type("font/woff2", ".woff2")
_TYPES.add_type("font/woff", ".woff")
_TYPES.add_type("image/webp", ".webp")
_VARIANT = "pdf/a-3b"
_CMYK = ("CMYK", "LAB")  # modes of Pillow that sRGB does not describe
_TAG = re.compile(r"(<[^>]*>)")
_TURNING = (0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""What embeds, overrides, isolates or marks a direction (UAX 9, 2)."""
_TURNS = re.compile(
    f"[{''.join(map(chr, _TURNING))}]|&#(?:0*(?:{'|'.join(map(str, _TURNING))})|[xX]0*(?i:{'|'.join(f'{code:x}' for code in _TURNING)}))(?:;|(?![0-9a-fA-F]))"
    "|&(?:lrm|rlm);"
)
BOX = "\u25a1"
"""What stands in the place of a sign that no font has."""
_PLAIN_BOX = "[]"
UNSHOWN = "<!--unshown-->"
"""Where the HTML has this comment, the sentence about boxes is put."""
_LISTED = 12
_one_at_a_time = Lock()


class Unrenderable(UnwritableError):
    """The HTML cannot become the PDF that was asked for.

    Reasons: ``resource_refused`` (an address outside the resources: ``url``), ``local_time``,
    ``bad_moment`` (outside of the years 1 to 9999 in UTC), ``bad_attachment``, ``bad_font``, ``bad_colour`` (``device-cmyk()`` in a style sheet), ``missing_glyph`` (no
    font has a character that the style sheet puts on the page: ``characters``), ``layout_failed``.
    """


@dataclass(frozen=True, slots=True, kw_only=True)
class EmbeddedFile:
    """A file inside the PDF (ISO 32000-2, 7.11.3 and 14.13): for an invoice its UBL, as ``Alternative``."""

    name: str
    media_type: str
    data: bytes
    description: str = ""
    relationship: Relationship = "Alternative"


class SealedFetcher(URLFetcher):
    """Serves ``resources`` (name → type and bytes) and ``data:`` addresses, and nothing else, whoever asks.

    ``refused`` lists what was asked for and not served, in order.
    """

    def __init__(self, resources: Mapping[str, tuple[str, bytes]]) -> None:
        super().__init__(allowed_protocols={"data"}, allow_redirects=False)
        self._resources = dict(resources)
        self.refused: list[str] = []

    def fetch(self, url: str, headers: Mapping[str, str] | None = None) -> URLFetcherResponse:
        """The resource at ``url``; a ``ValueError`` for everything else, which the layout takes as absent."""
        if url[:5].lower() == "data:":
            response = super().fetch(url, headers)
            media_type = response.headers.get("Content-Type", "application/octet-stream")
            return URLFetcherResponse(url, _in_rgb(response.read()), {"Content-Type": media_type})
        if url.startswith(_BASE):
            name = unquote(url.removeprefix(_BASE).partition("#")[0].partition("?")[0])
            if name in self._resources:
                media_type, data = self._resources[name]
                return URLFetcherResponse(url, _in_rgb(data), {"Content-Type": media_type})
        self.refused.append(url.removeprefix(_BASE))
        raise ValueError("only given resources are served")


def _in_rgb(data: bytes) -> bytes:
    """An image as PDF/A takes it: its bytes as they are, or one in CMYK as a PNG in RGB; raises what Pillow does when that one is broken."""
    try:
        image = Image.open(BytesIO(data))
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
    ):  # none, or the layout cannot read it either
        return data
    if image.mode not in _CMYK:
        return data
    out = BytesIO()
    image.convert("RGB").save(out, "PNG")
    return out.getvalue()


def write(
    html: str,
    resources: Mapping[str, bytes],
    *,
    attachments: Sequence[EmbeddedFile] = (),
    created: datetime,
    fallbacks: Callable[[], Sequence[Fallback]] = tuple,
    unshown: str = "",
) -> bytes:
    """The HTML as PDF/A-3b, with the attachments embedded.

    ``resources`` are the style sheets, images and fonts that the HTML names by relative addresses.
    ``created`` is the moment of creation in the metadata, aware; seconds count, less does not.
    ``fallbacks`` gives the fonts that stand in for signs which those of the resources lack; it is asked where any is lacking.
    ``unshown`` is markup that stands in the place of `UNSHOWN` where signs had to be shown as boxes, with ``{box}``
    for the box and ``{signs}`` for the numbers of those signs (``U+E000, U+E001``).

    Raises:
        Unrenderable: The HTML asks for something outside ``resources``, for colours or characters that PDF/A has
            no place for, an attachment has no usable name or type, a font is none, or the layout gives up.
    """
    if created.tzinfo is None:
        raise Unrenderable("local_time", None, {"created": created.isoformat()})
    try:
        moment = created.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Unrenderable("bad_moment", None, {"created": created.isoformat()}) from None
    _check_attachments(attachments)
    fetcher = SealedFetcher(
        {
            name: (_TYPES.guess_type(name)[0] or "application/octet-stream", data)
            for name, data in resources.items()
        }
    )
    html = _TURNS.sub("", html)
    with _time_standing_still(moment), _only_fonts_among(resources, html, fallbacks):
        data, finish = _laid_out(html, fetcher, moment, attachments)
        if finish.missing:
            # Only the layout knows what no font has, and it knows when it is done: the few such texts are set twice.
            missing = finish.missing
            data, finish = _laid_out(_without(html, missing, BOX, unshown), fetcher, moment, attachments)
            if ord(BOX) in finish.missing:  # not even that one
                html = _without(html, missing, _PLAIN_BOX, unshown)
                data, finish = _laid_out(html, fetcher, moment, attachments)
    if fetcher.refused:
        raise Unrenderable("resource_refused", None, {"url": fetcher.refused[0][:200]})
    if finish.missing:
        characters = " ".join(f"U+{code:04X}" for code in sorted(finish.missing)[:20])
        raise Unrenderable("missing_glyph", None, {"characters": characters})
    if finish.outside_intent:
        raise Unrenderable("bad_colour")
    return data


def _laid_out(
    html: str, fetcher: SealedFetcher, moment: datetime, attachments: Sequence[EmbeddedFile]
) -> tuple[bytes, _Finisher]:
    """The PDF, and what its finisher noted."""
    finish = _Finisher()
    try:
        document = weasyprint.HTML(string=html, base_url=_BASE, url_fetcher=fetcher).render(
            pdf_variant=_VARIANT
        )
        _strip(document)
        document.metadata.created = document.metadata.modified = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        embedded = _embedded(attachments, moment)
        data = document.write_pdf(pdf_variant=_VARIANT, attachments=embedded, finisher=finish)
    except Exception as fault:  # the layout has no error type of its own
        raise Unrenderable("layout_failed", None, {"fault": f"{type(fault).__name__}: {fault}"}) from fault
    assert data is not None  # only with a target to write to
    return data, finish


def _check_attachments(attachments: Sequence[EmbeddedFile]) -> None:
    seen: set[str] = set()
    for file in attachments:
        usable = file.name.isprintable() and 0 < len(file.name) <= 200 and file.name not in seen
        if not usable or "/" in file.name or "\\" in file.name or not _MEDIA_TYPE.match(file.media_type):
            raise Unrenderable("bad_attachment", None, {"name": file.name, "media_type": file.media_type})
        seen.add(file.name)


def _embedded(attachments: Sequence[EmbeddedFile], moment: datetime) -> list[weasyprint.Attachment]:
    """The attachments, served by a fetcher of their own so that each keeps the type it was given."""
    fetcher = SealedFetcher({str(n): (file.media_type, file.data) for n, file in enumerate(attachments)})
    return [
        weasyprint.Attachment(
            url=f"{_BASE}{n}",
            url_fetcher=fetcher,
            name=file.name,
            description=file.description,
            created=moment,
            modified=moment,
            relationship=file.relationship,
        )
        # The names of a PDF's embedded files are a sorted tree.
        for n, file in sorted(enumerate(attachments), key=lambda entry: entry[1].name.encode("utf-16-be"))
    ]


def _strip(document: weasyprint.Document) -> None:
    """Takes out what the HTML itself would embed, and links that lead to the resources.

    Embedded files are what the caller gives; the layout would date those of the HTML by the clock.
    """
    document.metadata.attachments = []
    for page in document.pages:
        page.links = [
            link
            for link in page.links
            if link[0] != "attachment" and not (link[0] == "external" and str(link[1]).startswith(_BASE))
        ]


class _Finisher:
    """Puts right what the layout writes against PDF/A, and notes what it cannot.

    ``missing`` are the characters no font has; ``outside_intent`` tells of colours in CMYK.
    """

    def __init__(self) -> None:
        self.missing: set[int] = set()
        self.outside_intent = False

    def __call__(self, document: Any, pdf: pydyf.PDF) -> None:
        for font in document.fonts.values():
            self.missing.update(font.missing)
        for thing in pdf.objects:
            if isinstance(thing, pydyf.Stream):
                if "Interpolate" in thing.extra:
                    thing.extra["Interpolate"] = "false"
                self.outside_intent |= thing.extra.get("ColorSpace") == "/DeviceCMYK" or any(
                    isinstance(part, bytes) and part.lower() == b"/devicecmyk cs" for part in thing.stream
                )
        # Each attachment once among the associated files (ISO 32000-2, 14.13), not twice.
        if "AF" in pdf.catalog:
            pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))


def _without(html: str, missing: Iterable[int], box: str, unshown: str) -> str:
    """The HTML with its texts free of these characters; what stands in tags (names of resources) is left."""
    table = {code: _nearest(chr(code), box) for code in sorted(missing)}
    parts = _TAG.split(html)
    parts[::2] = [text.translate(table) for text in parts[::2]]
    html = "".join(parts)
    for code, nearest in table.items():
        html = re.sub(rf"&#(?:0*{code}|[xX]0*(?i:{code:x}));?", nearest, html)
    boxed = [f"U+{code:04X}" for code, nearest in table.items() if nearest == box]
    if boxed:
        listed = ", ".join(boxed[:_LISTED]) + (" …" if len(boxed) > _LISTED else "")
        html = html.replace(UNSHOWN, unshown.replace("{box}", box).replace("{signs}", listed))
    return html


def _nearest(character: str, box: str) -> str:
    """What every font has in place of a character that none has."""
    match unicodedata.category(character):
        case "Zs" | "Zl" | "Zp":
            return " "
        case "Pd":
            return "-"
        case "Mn" | "Me" | "Cf" | "Cc":
            return ""
        case _:
            bare = unicodedata.normalize("NFKD", character)
            if any(part.isnumeric() for part in bare):  # a third is not 13, nor is a square 2
                return box
            return "".join(part for part in bare if part.isascii() and part.isalnum()) or box


@contextmanager
def _only_fonts_among(
    resources: Mapping[str, bytes], html: str, fallbacks: Callable[[], Sequence[Fallback]]
) -> Generator[None]:
    try:
        with fonts.only(resources, html, fallbacks, besides=BOX):
            yield
    except fonts.BadFont as fault:
        raise Unrenderable("bad_font", None, {"fault": str(fault)}) from fault


@contextmanager
def _time_standing_still(moment: datetime) -> Generator[None]:
    """For the length of the block, fonts are dated by ``moment`` and not by the clock.

    The font library takes its time from this variable of the environment and has no other way to be told;
    so one PDF is laid out at a time.
    """
    with _one_at_a_time:
        before = os.environ.get("SOURCE_DATE_EPOCH")
        os.environ["SOURCE_DATE_EPOCH"] = str(int(moment.timestamp()))
        try:
            yield
        finally:
            if before is None:
                del os.environ["SOURCE_DATE_EPOCH"]
            else:
                os.environ["SOURCE_DATE_EPOCH"] = before
