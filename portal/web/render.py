"""Pages: the only place that knows a full page from a fragment, and what the shell around a page needs."""

import asyncio
import base64
import binascii
import json
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import SplitResult, urlsplit

import jinja2
import msgspec
from jinja2_fragments import render_block
from jinja2_fragments.litestar import HTMXBlockTemplate
from litestar import Request
from litestar.enums import MediaType
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect, Response, Template
from litestar.response.base import ASGIResponse

from portal.kernel.actor import ROLE_NAMES
from portal.kernel.ids import new_token
from portal.kernel.language import LANGUAGE_NAMES, gettext
from portal.kernel.texts import LEFT_OUT, plain
from portal.web.cookies import TOAST, VISITOR, clear_cookie, cookie, set_cookie
from portal.web.forms import SIGNS_LEFT_OUT
from portal.web.navigation import entries
from portal.web.security import expected_token

ToastKind = Literal["success", "info", "warning", "danger"]


class Toast(msgspec.Struct, frozen=True):
    """A short message that floats over the page, with a link to a page of this host at most.

    Raises:
        ValueError: `href` leads elsewhere; a toast that came back in a cookie may be anybody's.
    """

    kind: ToastKind
    text: str
    href: str | None = None
    link_text: str | None = None

    def __post_init__(self) -> None:
        if self.href is not None and not is_local(self.href):
            raise ValueError("a toast leads to a page of this host")


@dataclass(frozen=True, slots=True)
class ShownUser:
    """Who is signed in, for the shell."""

    name: str
    email: str
    side: Literal["firm", "company"]
    role_label: str
    company_name: str | None


def shell(request: Request[Any, Any, Any]) -> dict[str, Any]:
    """What every page template gets besides its own context."""
    signed_in = request.state.signed_in
    actor = request.state.actor
    user = None
    if signed_in is not None:
        user = ShownUser(
            actor.name,
            signed_in.email,
            "firm" if actor.is_firm else "company",
            gettext(ROLE_NAMES[actor.role]),
            signed_in.company_name,
        )
    return {
        "request": request,
        "brand": request.state.firm,
        "user": user,
        "actor": actor,
        "nav": entries(request.app.state.menu, actor, request.scope["path"]) if user else [],
        "language": request.state.language.value,
        "languages": [(code.value, name) for code, name in LANGUAGE_NAMES.items()],
        "csrf_token": csrf_token(request),
        "page_key": signed_in.owner.key if signed_in is not None else "",
        "form_page": _form_page(request),
        "toasts": [*request.state.toasts, *_waiting_toasts(request)],
        "current_path": request.scope["path"],
        "query": request.scope["query_string"].decode("latin-1"),
    }


def _form_page(request: Request[Any, Any, Any]) -> str | None:
    """The page that the forms of an answer to a form stand on: the one that form stood on. None where the address says it."""
    if request.method == "GET":
        return None
    said = getattr(request.state, "form_page", None)
    if isinstance(said, str) and is_local(said):
        return said
    came = split_address(request.headers.get("referer", ""))
    path = came.path + (f"?{came.query}" if came.query else "")
    return path if came.netloc == request.headers.get("host") and is_local(path) else None


def csrf_token(request: Request[Any, Any, Any]) -> str:
    """The token for this page's forms; a visitor without one is given a cookie with the answer."""
    token = expected_token(request) or getattr(request.state, "new_visitor", None)
    if token is None:
        token = request.state.new_visitor = new_token()
    return token


LONG = 250
"""Entries of a list from which on its page is made in a thread. Shorter ones take less time than the way to a thread and back costs
everybody, and are made where the request is."""


class Page(HTMXBlockTemplate):
    """A page, or a block of one, made from its template once: by `make_long_page` where it is long, else as it is sent."""

    def __init__(self, environment: jinja2.Environment, **values: Any) -> None:
        super().__init__(media_type=MediaType.HTML, **values)
        self._environment = environment

    @property
    def is_long(self) -> bool:
        """Whether anything it shows has many entries: a list, or a list that belongs to something."""
        return any(_entries(value) > LONG for value in self.context.values())

    def write(self) -> None:
        """Make it, in the thread and the language of whoever asks."""
        if self.block_name:
            text = render_block(self._environment, str(self.template_name), self.block_name, self.context)
        else:
            text = self._environment.get_template(str(self.template_name)).render(self.context)
        self.content = text.encode()

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **named: Any) -> ASGIResponse:
        """What is sent."""
        if not self.content:
            self.write()
        return Response.to_asgi_response(self, app, request, **named)


def _entries(value: object) -> int:
    """How many entries there are in a list, or in the longest one among the fields of something; texts have none."""
    if isinstance(value, _LISTS):
        return len(value)
    names = getattr(value, "__dataclass_fields__", None) or getattr(value, "__struct_fields__", ())
    return max((len(one) for name in names if isinstance(one := getattr(value, name), _LISTS)), default=0)


_LISTS = (list, tuple, dict, AbstractSet)


async def make_long_page(answer: Any) -> Any:
    """Make a long page in a thread, so that nobody waits for it but who asked (Litestar's `after_request`)."""
    if isinstance(answer, Page) and answer.is_long:
        await asyncio.to_thread(answer.write)
    return answer


def render(
    request: HTMXRequest, template: str, *, block: str | None = None, status: int = 200, **context: Any
) -> Template:
    """A whole page for a browser, or the one block for HTMX when `block` is given."""
    partial = block if block and request.htmx and not request.htmx.boosted else None
    left_out = _left_out(request)
    if left_out is not None and partial is None:
        request.state.toasts.append(left_out)
    everything = {**shell(request), "partial": partial is not None, **context}
    answer = Page(
        request.app.state.tools.templates,
        template_name=template,
        block_name=partial,
        context=everything,
        status_code=status,
        headers={"vary": "HX-Request, Host, Cookie"},
    )
    if left_out is not None and partial is not None:
        answer.headers.update(trigger_header(left_out))
    set_cookies(request, answer)
    return answer


def set_cookies(request: Request[Any, Any, Any], answer: Response[Any]) -> None:
    """Cookies that go with an answer: a visitor's token, and the end of a toast that was shown."""
    settings = request.app.state.tools.settings
    if getattr(request.state, "new_visitor", None):
        set_cookie(settings, answer, VISITOR, request.state.new_visitor)
    if cookie(request, TOAST) and not is_fragment(request):
        clear_cookie(settings, answer, TOAST)


def is_fragment(request: Request[Any, Any, Any]) -> bool:
    """Whether HTMX asks for a part of a page."""
    return request.headers.get("hx-request") == "true" and request.headers.get("hx-boosted") != "true"


def go(request: Request[Any, Any, Any], path: str, toast: Toast | None = None) -> Response[Any]:
    """See other: for a browser a redirect, for HTMX its header; the toast travels in a cookie and is shown there."""
    answer: Response[Any]
    if is_fragment(request):
        answer = Response(content=b"", status_code=204, headers={"HX-Redirect": path})
    else:
        answer = Redirect(path, status_code=303)
    left_out = _left_out(request)
    if left_out is not None and toast is not None:
        toast = msgspec.structs.replace(toast, text=f"{toast.text} {left_out.text}")
    elif left_out is not None:
        toast = left_out
    if toast is not None:
        set_toast(request, answer, toast)
    return answer


def _left_out(request: Request[Any, Any, Any]) -> Toast | None:
    """What is said to whoever sent a form with hidden signs; once a request."""
    if not request.scope["state"].pop(SIGNS_LEFT_OUT, False):
        return None
    return Toast("warning", gettext(LEFT_OUT))


def set_toast(request: Request[Any, Any, Any], answer: Response[Any], toast: Toast) -> None:
    """Let the next page show this toast."""
    value = (
        base64.urlsafe_b64encode(msgspec.json.encode(toast)).decode().rstrip("=")
    )  # its sign would be quoted
    set_cookie(request.app.state.tools.settings, answer, TOAST, value, 60)


def toast_now(answer: Response[Any], toast: Toast) -> Response[Any]:
    """Let HTMX show this toast with the fragment it gets."""
    answer.headers.update(trigger_header(toast))
    return answer


def trigger_header(toast: Toast) -> Mapping[str, str]:
    """A toast as an `HX-Trigger` header, for answers made elsewhere. ASCII: other characters as JSON escapes."""
    shown = msgspec.structs.replace(toast, text=plain(toast.text))
    return {"HX-Trigger": json.dumps({"toast": msgspec.to_builtins(shown)})}


def _waiting_toasts(request: Request[Any, Any, Any]) -> list[Toast]:
    value = cookie(request, TOAST)
    toast = read_toast(value) if value and not is_fragment(request) else None
    return [toast] if toast is not None else []


def read_toast(value: str) -> Toast | None:
    """The toast that a cookie brings back; None for anything else, it may be anybody's."""
    try:
        return msgspec.json.decode(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), type=Toast)
    except (binascii.Error, ValueError, RecursionError, msgspec.MsgspecError):
        return None


def split_address(text: str) -> SplitResult:
    """The parts of an address that a browser names in a header; no parts of what is no address (`http://[`)."""
    try:
        return urlsplit(text)
    except ValueError:
        return urlsplit("")


def is_local(path: str) -> bool:
    """Whether this is a path on this host, however a browser reads it: one slash, no backslash, no control characters."""
    return (
        path.startswith("/")
        and not path.startswith("//")
        and "\\" not in path
        and not any(ord(character) < 32 or ord(character) == 127 for character in path)
    )


def local_path(text: str | None, default: str = "/") -> str:
    """A path on this host that a form or a query named; the default for anything that leads elsewhere."""
    return text if text and is_local(text) else default
