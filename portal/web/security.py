"""Guards, and the check that an unsafe request was made by one of our own pages."""

import hmac
from collections.abc import Awaitable, Callable
from typing import Any, cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import FormMultiDict, UploadFile
from litestar.enums import RequestEncodingType
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden, Invalid, NotFound, TooLarge, Unauthorised
from portal.kernel.language import N_
from portal.web.bodies import LONG_FORM, TextParts
from portal.web.bounds import FORM_MOST, VISITORS_MOST, WRITER_KNOWN
from portal.web.cookies import VISITOR, cookie
from portal.web.directories import FormKeeper
from portal.web.requests import AnyRequest

Guard = Callable[[ASGIConnection[Any, Any, Any, Any], BaseRouteHandler], Awaitable[None]]
"""Guards are coroutines, though none of them waits: any other function would be called in a thread, once each for every request."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
CSRF_FIELD = "csrf_token"
PAGE_FIELD = "form_page"
"""The page a form stands on, where the address of the answer it came with is none."""
CSRF_HEADER = "x-csrf-token"
UNKNOWN_KEY = N_("This key is unknown or was revoked.")
KEY_READS = N_("This key may only read. Make one that may also write, on the Agents page.")
LARGE_BODY = "large_body"
"""Handlers with this option take files, or long lists of programs; a form of text alone is short everywhere."""


STALE_FORM = N_(
    "This form was too old or came from another site. Load the page again and repeat what you did."
)


class StaleForm(Forbidden):
    """A page of ours made this form, the browser says so; but its session is not the present one (`keeping` answers it).

    Attributes:
        token: what the form carried.
        fields: name and value of each field, in order; empty where the body was too long to be read.
        page: the page it says it stands on.
        files: name of the control and of the file, of each it brought.
        whole: whether all of it could be read.
    """

    code = "csrf"
    message = STALE_FORM

    def __init__(
        self,
        token: str | None = None,
        *,
        fields: tuple[tuple[str, str], ...] = (),
        page: str | None = None,
        files: tuple[tuple[str, str], ...] = (),
        whole: bool = True,
    ) -> None:
        super().__init__()
        self.token = token
        self.fields = fields
        self.page = page
        self.files = files
        self.whole = whole


def check_signed_in(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """What every guard of people begins with.

    Raises:
        Unauthorised: nobody is signed in.
    """
    if connection.state.signed_in is None:
        raise Unauthorised


async def signed_in(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Guard: a person is signed in, on either side."""
    check_signed_in(connection)


async def staff(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Somebody of the firm is signed in; for members of a company the page does not exist."""
    check_signed_in(connection)
    if not connection.state.actor.is_firm:
        raise NotFound


async def member(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """A member of a company is signed in; for staff the page does not exist."""
    check_signed_in(connection)
    if connection.state.actor.company_id is None:
        raise NotFound


async def agent(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """A paired agent is calling."""
    if connection.state.actor.agent_id is None:
        raise Unauthorised(UNKNOWN_KEY, code="revoked")


def key_with(right: Right) -> Guard:
    """A program is calling with a key that grants this right."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        actor: Actor = connection.state.actor
        if actor.key_id is None:
            raise Unauthorised(UNKNOWN_KEY, code="revoked")
        if not actor.may(right):
            raise Forbidden(KEY_READS, code="scope")

    return guard


def requires(right: Right) -> Guard:
    """The role of whoever is signed in grants this right."""

    async def guard(connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
        check_signed_in(connection)
        actor: Actor = connection.state.actor
        if not actor.may(right):
            raise Forbidden

    return guard


async def public(_connection: ASGIConnection[Any, Any, Any, Any], _handler: BaseRouteHandler) -> None:
    """Open to anybody, on purpose: the list of routes with this guard is checked by tests/architecture."""


class SameSite(ASGIMiddleware):
    """Refuses unsafe requests that our own pages did not make.

    The browser's own word first (Sec-Fetch-Site must be same-origin, else Origin must be this host by our scheme), then the token of the session
    (a header from scripts, a hidden field from plain forms). Before signing in the token is the visitor cookie's.
    """

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Refuse what a page of another site sent, then go on (ASGI middleware)."""
        if scope["type"] == "http" and scope["method"] not in SAFE and not scope["path"].startswith("/api/"):
            request: Request[Any, Any, Any] = scope["litestar_app"].request_class(scope, receive=receive)  # type: ignore[assignment] - a scope
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
            fine, ours = site in ("same-origin", "none"), site == "same-origin"
        elif origin is not None:
            scheme = request.app.state.tools.settings.scheme
            fine = ours = origin.lower() == f"{scheme}://{host}".lower()
        else:
            fine, ours = True, False
        if not fine:
            raise Forbidden(STALE_FORM, code="csrf")
        open_to_all = public in (request.scope["route_handler"].guards or ())
        form: FormMultiDict | None = None
        given = request.headers.get(CSRF_HEADER)
        if given is None:
            long = _body_length(request) > VISITORS_MOST
            files = request.content_type[0] == RequestEncodingType.MULTI_PART
            if request.state.signed_in is None and files and ours and not open_to_all:
                raise await _stale_with_files(request)
            if request.state.signed_in is None and long and ours and not open_to_all:
                raise StaleForm(whole=False)
            if request.state.signed_in is None and long:
                raise TooLarge(LONG_FORM)  # nobody fills the disk before anything was checked
            form = await request.form()
            value = form.get(CSRF_FIELD)
            given = value if isinstance(value, str) else None
            request.state.form_page = form.get(PAGE_FIELD)
        expected = expected_token(request)
        right = bool(expected and given and hmac.compare_digest(given.encode(), expected.encode()))
        if ours and not open_to_all and (not right or request.state.signed_in is None):
            raise _stale(given, form)
        # Where nobody needs to be signed in, the browser's own word is enough: the token may be of another tab's session.
        if not right and not ours:
            raise Forbidden(STALE_FORM, code="csrf")


def _stale(token: str | None, form: FormMultiDict | None) -> StaleForm:
    if form is None:
        return StaleForm(token, whole=False)
    pairs = list(form.items())
    page = form.get(PAGE_FIELD)
    return StaleForm(
        token,
        fields=tuple((name, value) for name, value in pairs if isinstance(value, str)),
        page=page if isinstance(page, str) else None,
        files=tuple(
            (name, value.filename)
            for name, value in pairs
            if isinstance(value, UploadFile) and value.filename
        ),
    )


async def _stale_with_files(request: Request[Any, Any, Any]) -> StaleForm:
    """What of a form with files can be kept: its texts, and which files they were. Read past its token only when that is somebody's.

    The files run past unread, so that the browser has sent all of it when it is answered; nothing of them is held.
    """
    keeper: FormKeeper = request.app.state.directories.forms
    token: str | None = None
    parts: TextParts | None = None
    whole = True
    try:
        async for parts in cast("AnyRequest", request).texts():
            if token is None:
                token = dict(parts.fields).get(CSRF_FIELD)
                if token is None or await keeper.owner(token, request.state.firm.firm_id, ()) is None:
                    whole = False
                    break
                request.scope["state"][WRITER_KNOWN] = True
    except (Invalid, TooLarge, HTTPException):  # what was read so far is told all the same
        whole = False
    if parts is None:
        return StaleForm(whole=False)
    page = dict(parts.fields).get(PAGE_FIELD)
    return StaleForm(token, fields=tuple(parts.fields), page=page, files=tuple(parts.files), whole=whole)


def _body_length(request: Request[Any, Any, Any]) -> int:
    """What the caller says the body's length is; more than anything allowed when it does not say."""
    text = request.headers.get("content-length", "")
    return int(text) if text.isascii() and text.isdigit() else 1 << 40


def expected_token(request: Request[Any, Any, Any]) -> str | None:
    """The token that forms on this visitor's pages carry."""
    session = request.state.signed_in
    if session is not None:
        return session.csrf_token
    return cookie(request, VISITOR)
