"""Every error, rendered in one place: a page for a person, a toast for HTMX, `application/problem+json` for a program.

No text of the database or of a library ever reaches a client; what nobody expected gets a reference number instead.
"""

from typing import Any, cast

import msgspec
import structlog
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Template
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Scope, Send
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from portal.kernel.errors import (
    Conflict,
    Forbidden,
    Invalid,
    NotFound,
    PortalError,
    TooLarge,
    TooMany,
    Unauthorised,
    Unavailable,
    WrongMethod,
)
from portal.kernel.language import N_, gettext
from portal.web.bodies import LONG_FORM
from portal.web.kept_forms import session_over
from portal.web.menu_counts import count_menu
from portal.web.render import Toast, is_fragment, is_local, render, trigger_header

log = structlog.get_logger()
TITLES = {
    400: N_("This cannot be done as it stands"),
    401: N_("Please sign in"),
    403: N_("You may not do this"),
    404: N_("Not found"),
    405: N_("This cannot be done here"),
    409: N_("Something changed in the meantime"),
    413: N_("Too large"),
    414: N_("Too long an address"),
    429: N_("Too many tries"),
    431: N_("Too much sent along"),
    500: N_("Something went wrong"),
    503: N_("Not available for the moment"),
}
LOCKED = N_("This document is locked: it was exported. Only the accountant can unlock it.")
HISTORY = N_("This is history and never changes.")
KEPT = N_("This is a received original within its ten years: it is put aside with a reason, never deleted.")
ERASED = N_("What was erased stays so, and only two people of the office erase what is put aside.")
LEFT = N_("It is locked or has left in an export, here or at another office: it stays.")
NOT_AS_EXPECTED = N_("This is missing, or not of the kind that belongs here.")
UNEXPECTED = N_("Something went wrong on our side. Nothing you did before is lost.")
SIGNS_BEHIND = ".,;:!?)]}>\"'*\u2019\u201d\u00bb\u2026\u200b\u00a0 "
"""What stands behind a link in a sentence, and in no path of ours."""
_SQLSTATES: dict[str, tuple[type[PortalError], str, str]] = {
    "FL001": (Conflict, LOCKED, "locked"),
    "FL002": (Conflict, HISTORY, "original"),
    "FL003": (Conflict, HISTORY, "history"),
    "FL004": (Conflict, KEPT, "kept"),
    "FL005": (Conflict, ERASED, "erased"),
    "FL006": (Conflict, LEFT, "exported"),
    "42501": (NotFound, NotFound.message, "not_found"),  # row security refused: answers like an unknown id
    "55P03": (Conflict, Conflict.message, "busy"),  # lock timeout
    "40001": (Conflict, Conflict.message, "busy"),
    "40P01": (Conflict, Conflict.message, "busy"),
    "57014": (Unavailable, Unavailable.message, "slow"),  # statement timeout
    "22000": (
        Invalid,
        Invalid.message,
        "invalid",
    ),  # the driver's own: a value that is none of the column's type
    "22021": (Invalid, Invalid.message, "invalid"),  # a NUL, or bytes that are no text
    "22P05": (Invalid, Invalid.message, "invalid"),  # the same inside JSON
    "22003": (Invalid, Invalid.message, "invalid"),  # a number that fits no column
    "53100": (
        Unavailable,
        N_("There is no room left to store this. Tell whoever runs the portal."),
        "disk_full",
    ),
}


def translate(error: Exception) -> PortalError | None:
    """The error of our tree that an exception of a library stands for; None for what nobody expected."""
    if isinstance(error, PortalError):
        return error
    if isinstance(error, DBAPIError):
        state = getattr(error.orig, "sqlstate", None) or ""
        if state in _SQLSTATES:
            kind, message, code = _SQLSTATES[state]
            return kind(message, code=code)
        if isinstance(error, IntegrityError):
            return Conflict()
        if isinstance(error, OperationalError | InterfaceError) or state.startswith(("08", "57P")):
            return Unavailable()
        return None
    if isinstance(error, PoolTimeout | ConnectionError | TimeoutError):
        return Unavailable()
    if isinstance(error, ValidationException):
        return Invalid(code="invalid")
    if isinstance(error, HTTPException):
        return _of_litestar(error)
    return None


def _of_litestar(error: HTTPException) -> PortalError | None:
    match error.status_code:
        case 401:
            return Unauthorised()
        case 403:
            return Forbidden()
        case 404:
            return NotFound()
        case 405:
            given = set((error.headers or {}).get("allow", "").replace(" ", "").split(",")) - {""}
            return WrongMethod(", ".join(sorted(given | ({"HEAD"} if "GET" in given else set()))))
        case 413:
            return TooLarge(LONG_FORM)
        case 429:
            return TooMany()
        case status:
            return Invalid() if 400 <= status < 500 else None


def answer_problem(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """The exception handler of the whole application."""
    known = translate(error)
    reference = None
    if known is None:
        reference = str(request.scope["state"].get("request_id", ""))
        log.error("web.unexpected", reference=reference, exc_info=error)
        known = PortalError(UNEXPECTED, code="unexpected")
    if request.scope["path"].startswith("/api/"):
        return problem_json(request, known, error, reference)
    if is_fragment(request):
        if isinstance(known, Unauthorised):
            return session_over()
        text = known.text() + (f" ({reference})" if reference else "")
        return Response(
            b"", status_code=known.status, headers={**known.headers, **trigger_header(Toast("danger", text))}
        )
    if isinstance(known, Unauthorised) and request.method == "GET" and request.scope["state"].get("firm"):
        query = request.scope["query_string"].decode("latin-1")
        here = request.scope["path"] + (f"?{query}" if query else "")
        return Redirect("/sign-in", status_code=303, query_params={"next": here})
    meant = without_signs(request.scope["path"]) if isinstance(known, NotFound) else None
    if meant is not None and request.method == "GET":
        return Redirect(meant, status_code=303)
    return _page(request, known, reference)


def without_signs(path: str) -> str | None:
    """The path that was meant, where a mail program or a person took a sign behind a link for a part of it; None when there is none."""
    bare = path.rstrip(SIGNS_BEHIND)
    return bare if bare and bare != path and is_local(bare) else None


def _page(request: Request[Any, Any, Any], known: PortalError, reference: str | None) -> Response[Any]:
    if request.scope["state"].get("firm") is not None:
        try:
            return _branded(request, known, reference)
        except Exception:
            log.exception(
                "web.problem_page"
            )  # whatever is odd about the request: its answer is not a second problem
    return Response(known.text(), status_code=known.status, media_type="text/plain", headers=known.headers)


def _branded(request: Request[Any, Any, Any], known: PortalError, reference: str | None) -> Response[Any]:
    template = render(
        HTMXRequest(request.scope, request.receive, request.send),
        "base/error.html",
        status=known.status,
        error={
            "status": known.status,
            "title": gettext(TITLES.get(known.status, TITLES[500])),
            "text": known.text(),
            "reference": reference,
            "actions": [(gettext(N_("Sign in")), "/sign-in")] if isinstance(known, Unauthorised) else [],
        },
    )
    template.headers.update(known.headers)
    return template if known.status >= 500 else _WithCounts(template)


class _WithCounts(Response[bytes]):
    """A page whose menu is counted as it is sent: what an exception handler answers meets no `after_request`."""

    def __init__(self, page: Template) -> None:
        super().__init__(b"", status_code=page.status_code, headers=page.headers)
        self._page = page

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **named: Any) -> ASGIResponse:
        """What counts and sends."""

        async def counted(scope: Scope, receive: Receive, send: Send) -> None:
            request.state.session = None  # its transaction is over
            try:
                await count_menu(self._page)
            except Exception:
                log.exception("web.problem_menu")  # the problem is told all the same
            await self._page.to_asgi_response(app, request, **named)(scope, receive, send)

        return cast("ASGIResponse", counted)


def problem_json(
    request: Request[Any, Any, Any], known: PortalError, error: Exception, reference: str | None
) -> Response[Any]:
    """RFC 9457: type, title, status, detail, and our code; the fields that are wrong where there are any."""
    body: dict[str, Any] = {
        "type": f"/problems/{known.code}",
        "title": gettext(TITLES.get(known.status, TITLES[500])),
        "status": known.status,
        "detail": known.text(),
        "code": known.code,
        "instance": request.scope["path"],
    }
    if reference:
        body["reference"] = reference
    fields = known.field_texts()
    if isinstance(error, ValidationException) and isinstance(error.extra, list):
        for entry in error.extra:
            if isinstance(entry, dict) and entry.get("key"):
                fields[str(entry["key"])] = gettext(NOT_AS_EXPECTED)
    if fields:
        body["fields"] = fields
    return Response(
        msgspec.json.encode(body),
        status_code=known.status,
        media_type="application/problem+json",
        headers=known.headers,
    )
