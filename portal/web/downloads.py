"""Headers of what people download: always an attachment, never shown, with a name that is safe everywhere."""

import re
import unicodedata
from urllib.parse import quote

AS_STORED = "as_stored"
"""Handlers with this option answer bytes as they are: no compression, so that length, ETag and ranges hold."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]')


def safe_name(name: str, default: str = "file") -> str:
    """A file name without paths, control and direction characters, at most 120 characters."""
    clean = _UNSAFE.sub("_", unicodedata.normalize("NFC", name)).strip(" .")
    return (clean or default)[-120:]


def attachment(name: str, media_type: str, size: int | None, sha256: str | None = None) -> dict[str, str]:
    """Headers for a download (RFC 6266: an ASCII name, and the real one)."""
    clean = safe_name(name)
    ascii_name = clean.encode("ascii", "replace").decode().replace("?", "_")
    headers = {
        "content-type": media_type,
        "content-disposition": f"attachment; filename=\"{ascii_name}\"; filename*=UTF-8''{quote(clean)}",
        "content-security-policy": "sandbox; default-src 'none'; frame-ancestors 'none'",
        "cache-control": "private, no-store",
    }
    if size is not None:
        headers["content-length"] = str(size)
    if sha256 is not None:
        headers["etag"] = f'"{sha256}"'
    return headers
