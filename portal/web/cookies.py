"""The session's cookie."""

from typing import Any

from litestar import Response

from portal.config import Settings
from portal.web.gate import session_cookie


def set_session_cookie(settings: Settings, answer: Response[Any], token: str, seconds: int) -> None:
    """Hand a session's token to the browser, for this host alone: no script reads it, no other site sends it along."""
    answer.set_cookie(
        session_cookie(settings),
        token,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        path="/",
    )


def clear_session_cookie(settings: Settings, answer: Response[Any]) -> None:
    """The browser forgets the session's token."""
    answer.set_cookie(
        session_cookie(settings),
        "",
        max_age=0,
        httponly=True,
        samesite="lax",
        secure=settings.secure_cookies,
        path="/",
    )
