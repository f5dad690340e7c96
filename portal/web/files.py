"""Bytes on their way out: downloads and page images, with headers that keep a browser from doing anything else with them."""

import unicodedata
from typing import Any
from urllib.parse import quote

from litestar import Response

SEALED = "sandbox; default-src 'none'"
"""Whoever opens such an answer directly gets bytes, never a page that may act."""
_FORBIDDEN = set('/\\:*?"<>|')


def safe_name(name: str) -> str:
    """A file name that every system takes: no folders, no control characters, at most 150 characters."""
    kept = "".join(
        "_" if character in _FORBIDDEN or not character.isprintable() else character for character in name
    ).strip(" .")
    stem, dot, extension = kept.rpartition(".")
    if dot and stem and len(extension) <= 8:
        return f"{stem[:150]}.{extension}"
    return kept[:150] or "file"


def attachment(name: str, media_type: str, data: bytes) -> Response[bytes]:
    """A download: never shown in place, whatever it is; the name in ASCII for old browsers and whole for the others (RFC 6266)."""
    whole = safe_name(name)
    plain = unicodedata.normalize("NFKD", whole).encode("ascii", "ignore").decode() or "file"
    return Response(
        data,
        media_type=media_type,
        headers={
            "Content-Disposition": f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(whole)}",
            "Content-Security-Policy": SEALED,
        },
    )


def picture(data: bytes) -> Response[Any]:
    """A page image that the sandbox has drawn."""
    media_type = "image/jpeg" if data.startswith(b"\xff\xd8\xff") else "image/png"
    return Response(data, media_type=media_type, headers={"Content-Security-Policy": SEALED})
