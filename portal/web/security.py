"""Guards, and the check that an unsafe request was made by one of our own pages."""

import hmac
from collections.abc import Callable
from typing import Any

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.enums import RequestEncodingType
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden, NotFound, TooLarge, Unauthorised
from portal.kernel.language import N_
from portal.web.cookies import VISITOR, cookie_name

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], None]
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"
UNKNOWN_KEY = N_("This key is unknown or was revoked.")
KEY_READS = N_("This key may only read. Make one that may also write, on the Agents page.")
LONG_FORM = N_("This form is too large. Shorten what you entered, or hand in fewer files at once.")
LARGE_BODY = "large_body"
"""Handlers with this option take files, or long lists of programs; a form of text alone is short everywhere."""
FORM_MOST = 1024 * 1024
"""The longest body of everything else, bytes: it is read and parsed while everybody else waits."""
VISITORS_MOST = 64 * 1024
"""The longest form of somebody who is not signed in, bytes."""


def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Somebody is signed in."""
    if connection.state.signed_in is None:
        raise Unauthorised


def staff(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """Somebody of the firm is signed in; for members of a company the page does not exist."""
    signed_in(connection, handler)
    if not connection.state.actor.is_firm:
        raise NotFound


def member(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A member of a company is signed in; for staff the page does not exist."""
    signed_in(connection, handler)
    if connection.state.actor.company_id is None:
        raise NotFound


def agent(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """A paired agent is calling."""
    if connection.state.actor.agent_id is None:
        raise Unauthorised(UNKNOWN_KEY, code="revoked")


def key_with(right: Right) -> Guard:
    """A program is calling with a key that grants this right."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        actor: Actor = connection.state.actor
        if actor.key_id is None:
            raise Unauthorised(UNKNOWN_KEY, code="revoked")
        if not actor.may(right):
            raise Forbidden(KEY_READS, code="scope")

    return guard


def requires(right: Right) -> Guard:
    """The role of whoever is signed in grants this right."""

    def guard(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
        signed_in(connection, handler)
        actor: Actor = connection.state.actor
        if not actor.may(right):
            raise Forbidden

    return guard


def public(_connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Open to anybody, on purpose: the list of routes with this guard is checked by tests/architecture."""


class SameSite(ASGIMiddleware):
    """Refuses unsafe requests that our own pages did not make.

    The browser's own word first (Sec-Fetch-Site must be same-origin, else Origin must be this host), then the token of the session
    (a header from scripts, a hidden field from plain forms). Before signing in the token is the visitor cookie's.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Check, then go on."""
        if scope["type"] == "http" and scope["method"] not in SAFE and not scope["path"].startswith("/api/"):
            request: Request[Any, Any, Any] = scope["litestar_app"].request_class(scope, receive=receive)  # type: ignore[assignment]
            if (
                request.content_type[0] != RequestEncodingType.MULTI_PART
                and _body_length(request) > FORM_MOST
            ):
                raise TooLarge(LONG_FORM)
            await self._check(request)
        await next_app(scope, receive, send)

    async def _check(self, request: Request[Any, Any, Any]) -> None:
        site = request.headers.get("sec-fetch-site")
        origin = request.headers.get("origin")
        host = request.headers.get("host", "")
        if site is not None:
            fine = site in ("same-origin", "none")
        elif origin is not None:
            fine = origin.partition("://")[2] == host
        else:
            fine = True
        expected = expected_token(request)
        if fine and expected:
            given = request.headers.get(CSRF_HEADER)
            if given is None and request.state.signed_in is None and _body_length(request) > VISITORS_MOST:
                raise TooLarge(LONG_FORM)  # nobody fills the disk before anything was checked
            if given is None:
                form = await request.form()
                value = form.get(CSRF_FIELD)
                given = value if isinstance(value, str) else None
            if given is not None and hmac.compare_digest(given.encode(), expected.encode()):
                return
        raise Forbidden(
            N_(
                "This form was too old or came from another site. Load the page again and repeat what you did."
            ),
            code="csrf",
        )


def _body_length(request: Request[Any, Any, Any]) -> int:
    """What the caller says the body's length is; more than anything allowed when it does not say."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else 1 << 40


def expected_token(request: Request[Any, Any, Any]) -> str | None:
    """The token that forms on this visitor's pages carry."""
    session = request.state.signed_in
    if session is not None:
        return session.csrf_token
    return request.cookies.get(cookie_name(request.app.state.tools.settings, VISITOR))
