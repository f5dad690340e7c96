"""Bytes on their way out: downloads and page images, with headers that keep a browser from doing anything else with them."""

import unicodedata
from typing import Any
from urllib.parse import quote

from litestar import Response

from portal.kernel.texts import line

AS_STORED = "as_stored"
"""Handlers with this option answer bytes as they are: no compression, so that length, ETag and ranges hold."""
LONGEST_NAME = 120
SEALED = "sandbox; default-src 'none'; frame-ancestors 'none'"
"""Whoever opens such an answer directly gets bytes, never a page that may act."""
_FORBIDDEN = set('/\\:*?"<>|')


def safe_name(name: str) -> str:
    """A file name that every system takes: no folders, nothing hidden, short; its extension stays."""
    kept = "".join("_" if character in _FORBIDDEN else character for character in line(name)).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if dot and stem and len(extension) <= 8:
        return f"{stem[: LONGEST_NAME - 1 - len(extension)]}.{extension}"
    return kept[:LONGEST_NAME] or "file"


def attachment_headers(
    name: str, media_type: str, size: int | None = None, sha256: str | None = None
) -> dict[str, str]:
    """Headers of a download: never shown in place, whatever it is; its name in ASCII for old browsers, and whole (RFC 6266)."""
    whole = safe_name(name)
    plain = unicodedata.normalize("NFKD", whole).encode("ascii", "ignore").decode() or "file"
    headers = {
        "content-type": media_type,
        "content-disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole)}",
        "content-security-policy": SEALED,
        "cache-control": "private, no-store",
    }
    if size is not None:
        headers["content-length"] = str(size)
    if sha256 is not None:
        headers["etag"] = f'"{sha256}"'
    return headers


def attachment(name: str, media_type: str, data: bytes) -> Response[bytes]:
    """A download of bytes that are at hand."""
    return Response(data, media_type=media_type, headers=attachment_headers(name, media_type))


def picture(data: bytes) -> Response[Any]:
    """A page image that the sandbox has drawn."""
    media_type = "image/jpeg" if data.startswith(b"\xff\xd8\xff") else "image/png"
    return Response(data, media_type=media_type, headers={"Content-Security-Policy": SEALED})
