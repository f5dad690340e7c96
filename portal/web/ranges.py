"""One byte range of one request (RFC 9110 §14): what agents use to go on after a cut line."""

import re
from collections.abc import Mapping

_RANGE = re.compile(r"bytes=(\d{1,18})-(\d{0,18})", re.ASCII)


def requested_range(headers: Mapping[str, str], size: int, etag: str) -> tuple[int, int] | None:
    """First and last byte asked for; None for the whole; (1, 0) when nothing of it can be had.

    A range counts only while If-Range (when given) names what we still have: else the whole is sent anew.
    """
    text = headers.get("range")
    if text is None or headers.get("if-range", etag) != etag:
        return None
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    first = int(match[1])
    last = min(int(match[2]), size - 1) if match[2] else size - 1
    return (first, last) if first <= last and first < size else (1, 0)
