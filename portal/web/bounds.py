"""How much of anything a request may bring, judged before anything of it is read.

Everything here is counted in one pass and without looking inside. What is longer is answered with what is too long, so that no
reader behind ever meets more than it was measured with (benchmarks/growth.py).
"""

from collections.abc import Iterable

from portal.kernel.errors import HeadersTooLarge, Invalid, PortalError, TooLongAddress
from portal.kernel.language import N_

PATH_MOST = 2048
"""Bytes of a path; our longest has three ids and a token."""
QUERY_MOST = 8192
PARAMETERS_MOST = 200
"""Parts of a query; our longest is a list with its filters and its place."""
HEADER_MOST = 8192
"""Bytes of one header."""
HEADERS_MOST = 32 * 1024
"""Bytes of all headers, names and values."""
HEADERS_COUNT_MOST = 80
FORM_MOST = 1024 * 1024
"""Bytes of a body that is no file: it is read and parsed while everybody else waits."""
VISITORS_MOST = 64 * 1024
"""Bytes of a body of somebody who is not signed in."""
WRITER_KNOWN = "writer_known"
"""In a request's state: its form's token says whose it is, though nobody is signed in; its files are read past, not held."""
SHORT_HEADERS = {
    b"accept-language": 1000,
    b"authorization": 1000,
    b"content-length": 20,
    b"content-type": 400,
    b"if-range": 200,
    b"origin": 400,
    b"range": 200,
    b"sec-fetch-site": 40,
    b"x-csrf-token": 200,
    b"x-forwarded-for": 1000,
}
"""Headers that we read ourselves, and how long an honest one gets."""
TOO_MANY_PARAMETERS = N_("This address has more parts than we read. Go back and use the buttons of the page.")


def judged(path: bytes, query: bytes, headers: Iterable[tuple[bytes, bytes]]) -> PortalError | None:
    """What is wrong with the measures of a request; None when nothing is.

    The Host header is not judged here: whatever is odd about it meets the neutral answer.
    """
    if len(path) > PATH_MOST or len(query) > QUERY_MOST:
        return TooLongAddress()
    if query.count(b"&") >= PARAMETERS_MOST:
        return Invalid(TOO_MANY_PARAMETERS)
    total = count = 0
    for name, value in headers:
        count += 1
        total += len(name) + len(value)
        if len(value) > SHORT_HEADERS.get(name, HEADER_MOST) or len(name) > HEADER_MOST:
            return HeadersTooLarge()
    return HeadersTooLarge() if count > HEADERS_COUNT_MOST or total > HEADERS_MOST else None


def short_headers(
    headers: Iterable[tuple[bytes, bytes]], kept: frozenset[bytes]
) -> list[tuple[bytes, bytes]]:
    """The named headers of a request that is refused, as far as they are short: all that its answer needs."""
    return [(name, value) for name, value in headers if name in kept and len(value) <= 300][:20]
