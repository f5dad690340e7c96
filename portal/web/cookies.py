"""Cookies: for one host alone. Over https their names say so, and a browser takes such a name from nobody else.

A sibling subdomain can set a cookie for the domain above both; it would arrive here like our own. With the prefix `__Host-` a browser
insists on Secure, Path=/ and no Domain, so that it cannot.
"""

from typing import Any

from litestar import Response

from portal.config import Settings

SESSION = "session"
VISITOR = "visitor"
TOAST = "toast"
LANGUAGE = "language"


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


def set_session_cookie(settings: Settings, answer: Response[Any], token: str, seconds: int) -> None:
    """Hand a session's token to the browser."""
    set_cookie(settings, answer, SESSION, token, seconds)


def clear_session_cookie(settings: Settings, answer: Response[Any]) -> None:
    """The browser forgets the session's token."""
    clear_cookie(settings, answer, SESSION)
