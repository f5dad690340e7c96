"""PDF/A-3b from HTML, with files embedded, sealed off from disk and network.

The HTML sees only what it is given: ``resources`` under the names it uses (``logo.png``,
``fonts/inter.woff2``) and ``data:`` addresses. The same input gives the same bytes: the moment is given,
font tables carry it instead of the clock, and the file identifier is the content's own hash. Fonts that are
not among the resources come from the machine, so give the fonts to get the same bytes on another one.

The library that lays out reads HTML and images of any size: whoever renders what strangers wrote does it in
a process with limits on time and memory.
"""

from __future__ import annotations

import os
import re
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from mimetypes import MimeTypes
from threading import Lock
from typing import Literal
from urllib.parse import unquote

import pydyf
import weasyprint
from weasyprint.urls import URLFetcher, URLFetcherResponse

from exports.errors import UnwritableError

Relationship = Literal["Alternative", "Data", "Source", "Supplement", "Unspecified"]

_BASE = "https://resources.invalid/"  # a name that by RFC 6761 never resolves; nothing is ever asked for it
_MEDIA_TYPE = re.compile(r"[a-z0-9.+-]{1,60}/[a-z0-9.+-]{1,80}\Z")
# A table of our own: the machine's would make the bytes depend on the machine.
_TYPES = MimeTypes(filenames=())
_TYPES.add_type("font/woff2", ".woff2")
_TYPES.add_type("font/woff", ".woff")
_TYPES.add_type("image/webp", ".webp")
_VARIANT = "pdf/a-3b"
_one_at_a_time = Lock()


class Unrenderable(UnwritableError):
    """The HTML cannot become the PDF that was asked for.

    Reasons: ``resource_refused`` (an address outside the resources: ``url``), ``local_time``,
    ``bad_attachment``, ``layout_failed``.
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
            return super().fetch(url, headers)
        if url.startswith(_BASE):
            name = unquote(url.removeprefix(_BASE).partition("#")[0].partition("?")[0])
            if name in self._resources:
                media_type, data = self._resources[name]
                return URLFetcherResponse(url, data, {"Content-Type": media_type})
        self.refused.append(url.removeprefix(_BASE))
        raise ValueError("only given resources are served")


def write(
    html: str,
    resources: Mapping[str, bytes],
    *,
    attachments: Sequence[EmbeddedFile] = (),
    created: datetime,
) -> bytes:
    """The HTML as PDF/A-3b, with the attachments embedded.

    ``resources`` are the style sheets, images and fonts that the HTML names by relative addresses.
    ``created`` is the moment of creation in the metadata, aware; seconds count, less does not.

    Raises:
        Unrenderable: The HTML asks for something outside ``resources``, an attachment has no usable name or
            type, or the layout gives up.
    """
    if created.tzinfo is None:
        raise Unrenderable("local_time", None, {"created": created.isoformat()})
    moment = created.astimezone(UTC).replace(microsecond=0)
    embedded = _embedded(attachments, moment)
    fetcher = SealedFetcher(
        {
            name: (_TYPES.guess_type(name)[0] or "application/octet-stream", data)
            for name, data in resources.items()
        }
    )
    with _time_standing_still(moment):
        try:
            document = weasyprint.HTML(string=html, base_url=_BASE, url_fetcher=fetcher).render(
                pdf_variant=_VARIANT
            )
            _strip(document)
            document.metadata.created = document.metadata.modified = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
            data = document.write_pdf(pdf_variant=_VARIANT, attachments=embedded, finisher=_associate_once)
        except Exception as fault:  # the layout has no error type of its own
            raise Unrenderable(
                "layout_failed", None, {"fault": f"{type(fault).__name__}: {fault}"}
            ) from fault
    if fetcher.refused:
        raise Unrenderable("resource_refused", None, {"url": fetcher.refused[0][:200]})
    assert data is not None  # only with a target to write to
    return data


def _embedded(attachments: Sequence[EmbeddedFile], moment: datetime) -> list[weasyprint.Attachment]:
    """The attachments, served by a fetcher of their own so that each keeps the type it was given."""
    seen: set[str] = set()
    for file in attachments:
        usable = file.name.isprintable() and 0 < len(file.name) <= 200 and file.name not in seen
        if not usable or "/" in file.name or "\\" in file.name or not _MEDIA_TYPE.match(file.media_type):
            raise Unrenderable("bad_attachment", None, {"name": file.name, "media_type": file.media_type})
        seen.add(file.name)
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


def _associate_once(_document: weasyprint.Document, pdf: pydyf.PDF) -> None:
    """Names each attachment once among the associated files (ISO 32000-2, 14.13), not twice."""
    if "AF" in pdf.catalog:
        pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))


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
