"""Cookies: for one host alone. Over https their names say so, and a browser takes such a name from nobody else.

A sibling subdomain can set a cookie for the domain above both; it would arrive here like our own. With the prefix `__Host-` a browser
insists on Secure, Path=/ and no Domain, so that it cannot.

The gate reads the header once, here, and takes it off the request: the standard library's reader unquotes, and some of its
releases need a minute for one header. Our own values need no quotes.
"""

import re
from collections.abc import Iterable
from typing import Any

from litestar import Response
from litestar.connection import ASGIConnection

from portal.config import Settings
from portal.kernel.ids import browser_mark

SESSION = "session"
VISITOR = "visitor"
TOAST = "toast"
LANGUAGE = "language"
MARKS = "marks"
"""Marks of the sessions this browser has had (`browser_mark`): whose page a form came from is said to no other browser."""
OURS = (SESSION, VISITOR, TOAST, LANGUAGE, MARKS)
MARKS_KEPT = 5
MARKS_SECONDS = 40 * 24 * 3600
LONGEST = 8192
"""Bytes of a Cookie header that are still read. Neighbours under the same domain may have put a lot beside ours."""
_VALUE = re.compile(r"[A-Za-z0-9._~=+/-]{1,4096}", re.ASCII)


def read_cookies(settings: Settings, headers: Iterable[tuple[bytes, bytes]]) -> dict[str, str]:
    """Our own cookies of a request, by the names they have here; the first of a name counts.

    Others, values with anything that ours do not have, and headers longer than `LONGEST` are passed over. One pass, nothing is
    unquoted.
    """
    wanted = {cookie_name(settings, name): name for name in OURS}
    found: dict[str, str] = {}
    for header, value in headers:
        if header != b"cookie" or len(value) > LONGEST:
            continue
        for pair in value.decode("latin-1").split(";"):
            name, _sign, text = pair.strip(" \t").partition("=")
            if name in wanted and wanted[name] not in found and _VALUE.fullmatch(text):
                found[wanted[name]] = text
    return found


def cookie(connection: ASGIConnection[Any, Any, Any, Any], name: str) -> str | None:
    """One of our own cookies, as the gate has read it."""
    return connection.scope["state"].get("cookies", {}).get(name)


def cookie_name(settings: Settings, name: str) -> str:
    """The name under which a cookie travels; browsers take the prefix only over https."""
    return f"__Host-{name}" if settings.secure_cookies else name


def set_cookie(
    settings: Settings, answer: Response[Any], name: str, value: str, seconds: int | None = None
) -> None:
    """Hand a cookie to the browser, for this host: no script reads it, no other site sends it along.

    Args:
        seconds: how long it is kept; as long as the browser is open when None.
    """
    answer.set_cookie(
        cookie_name(settings, name),
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        path="/",
    )


def clear_cookie(settings: Settings, answer: Response[Any], name: str) -> None:
    """The browser forgets a cookie; without the same flags it would ignore the removal."""
    set_cookie(settings, answer, name, "", 0)


def set_session_cookie(
    request: ASGIConnection[Any, Any, Any, Any], answer: Response[Any], token: str, seconds: int
) -> None:
    """Hand a session's token to the browser, and beside it the session's mark, which stays when that is over."""
    settings: Settings = request.app.state.tools.settings
    set_cookie(settings, answer, SESSION, token, seconds)
    marks = [*browser_marks(request), browser_mark(token)][-MARKS_KEPT:]
    set_cookie(settings, answer, MARKS, ".".join(marks), MARKS_SECONDS)


def browser_marks(request: ASGIConnection[Any, Any, Any, Any]) -> tuple[str, ...]:
    """The marks of the last sessions that this browser has had."""
    return tuple((cookie(request, MARKS) or "").split(".")[-MARKS_KEPT:])


def clear_session_cookie(settings: Settings, answer: Response[Any]) -> None:
    """The browser forgets the session's token."""
    clear_cookie(settings, answer, SESSION)
