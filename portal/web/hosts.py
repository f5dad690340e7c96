"""The Host header: exactly one, well formed, ours. Anything else meets the neutral 404."""

import re
from collections.abc import Iterable

_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_HOST = re.compile(rf"({_LABEL}(?:\.{_LABEL})*)\.?(?::(\d{{1,5}}))?", re.ASCII)
LONGEST_HOST = 253 + len(".:65535")
_HIGHEST_PORT = 65535
_ADDRESS = re.compile(r"[\d.]+", re.ASCII)


def normalised_host(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """The host of a request, lower case, without port and closing dot.

    None when there is none or more than one, and for addresses, user names, spaces, empty labels, ports that no machine has and
    other writing systems (a browser sends those as punycode).
    """
    given = [value for name, value in headers if name == b"host"]
    if len(given) != 1 or len(given[0]) > LONGEST_HOST:
        return None
    try:
        text = given[0].decode("ascii").lower()
    except UnicodeDecodeError:
        return None
    match = _HOST.fullmatch(text)
    if (
        match is None
        or len(match[1]) > 253
        or int(match[2] or 0) > _HIGHEST_PORT
        or _ADDRESS.fullmatch(match[1])
    ):
        return None
    return match[1]
