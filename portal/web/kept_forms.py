"""A form that comes when its session has ended: whoever sent it signs in, and finds it filled in. Nothing is sent by itself.

Two halves. `FormKeeping` answers such a form: the browser says that a page of ours made it, and its token says whose page that was, so
what was typed is kept for that person alone. `KeptForms` stands around the application: a page that is opened with `kept=…` by that very
person shows its form as it was filled in. Pages with script ask earlier and keep all they hold (`session.js`).
See docs/decisions/0001-forms-after-the-session.md.
"""

from typing import Any

from litestar import Request, Response
from litestar.middleware import ASGIMiddleware
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Redirect
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.kernel.errors import Forbidden
from portal.web.cookies import browser_marks
from portal.web.directories import FormKeeper, PageOwner, SignedIn
from portal.web.filled_pages import OURS, Notice, fill
from portal.web.forms import SECRETS
from portal.web.limits import client_address
from portal.web.render import is_fragment, is_local, render, split_address
from portal.web.security import STALE_FORM, StaleForm

KEPT = "kept"
SESSION_HEADER = "X-Session"
"""Tells a page's script why a request was refused; it asks the person, and then sends it again."""
MOST_KEPT = 64 * 1024
"""Characters of a form that is kept."""


class FormKeeping(ASGIMiddleware):
    """Answers what SameSite found stale: the sign-in page in its place, with what was typed kept."""

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Go on; and answer a form whose session has ended."""
        try:
            await next_app(scope, receive, send)
        except StaleForm as stale:
            request: Request[Any, Any, Any] = scope["litestar_app"].request_class(scope, receive=receive)  # type: ignore[assignment] - a scope
            answer = await _answer(request, stale)
            await answer.to_asgi_response(None, request)(scope, receive, send)


async def _answer(request: Request[Any, Any, Any], stale: StaleForm) -> Response[Any]:
    if is_fragment(request):
        return session_over()
    keeper: FormKeeper = request.app.state.directories.forms
    signed_in: SignedIn | None = request.state.signed_in
    firm_id = request.state.firm.firm_id
    owner = await keeper.owner(stale.token, firm_id, browser_marks(request)) if stale.token else None
    page = page_of(request, stale.page)
    if signed_in is not None and owner is None:
        raise Forbidden(STALE_FORM, code="csrf")
    key = None
    # A file leaves its name in its own control's place: what is filled in later says which are to be chosen again.
    sent = (*stale.fields, *stale.files)
    if owner is not None and stale.whole and sum(len(name) + len(value) for name, value in sent) <= MOST_KEPT:
        fields = tuple((name, value) for name, value in sent if name not in OURS and name not in SECRETS)
        key = await keeper.keep(
            owner, action=request.scope["path"], page=page, fields=fields, address=client_address(request)
        )
    if signed_in is not None and owner is not None and owner.key == signed_in.owner.key:
        if key is None:
            raise Forbidden(STALE_FORM, code="csrf")
        return Redirect(with_kept(page, key), status_code=303)
    return over_page(request, page=page, owner=owner, key=key, stale=stale)


def over_page(
    request: Request[Any, Any, Any],
    *,
    page: str,
    owner: PageOwner | None,
    key: str | None,
    stale: StaleForm,
) -> Response[Any]:
    """The page that says what happened, with the form to sign in."""
    signed_in: SignedIn | None = request.state.signed_in
    return render(
        HTMXRequest(request.scope, request.receive, request.send),
        "pages/accounts/session_over.html",
        status=401 if signed_in is None else 409,
        next=page,
        kept=key,
        back=with_kept(page, key) if key else page,
        writer=owner.name if owner and owner.is_here else None,
        page_owner=owner.key if owner and owner.is_here else "",
        company_id=owner.company_id if owner else None,
        same_person=bool(signed_in and owner and signed_in.owner.person_id == owner.person_id),
        files=[name for _control, name in stale.files],
        secrets=any(name in SECRETS for name, _value in stale.fields),
    )


def session_over() -> Response[Any]:
    """For a page's script: nothing was done, the session has ended."""
    return Response(b"", status_code=401, headers={SESSION_HEADER: "over"})


def page_of(request: Request[Any, Any, Any], said: str | None) -> str:
    """The page that a form stands on: what the form says, else the page the browser came from, else where it went."""
    if said and is_local(said):
        return without_kept(said)
    came = split_address(request.headers.get("hx-current-url") or request.headers.get("referer", ""))
    path = came.path + (f"?{came.query}" if came.query else "")
    if came.netloc == request.headers.get("host") and is_local(path):
        return without_kept(path)
    return request.scope["path"]


def with_kept(page: str, key: str) -> str:
    """A page's address, asking for what is kept."""
    bare = without_kept(page)
    return f"{bare}{'&' if '?' in bare else '?'}{KEPT}={key}"


def without_kept(page: str) -> str:
    """A page's address without that."""
    path, _mark, query = page.partition("#")[0].partition("?")
    _key, rest = _split(query.encode())
    return path + (f"?{rest.decode()}" if rest else "")


def _split(query: bytes) -> tuple[str | None, bytes]:
    """The key that a query asks for, and the rest of the query as it was."""
    key: str | None = None
    rest: list[bytes] = []
    for part in query.split(b"&"):
        name, _is, value = part.partition(b"=")
        if name == KEPT.encode():
            key = value.decode("latin-1")[:64]
        elif part:
            rest.append(part)
    return key, b"&".join(rest)


class KeptForms:
    """Around the application: fills a page's form with what is kept for its reader, and forgets what was sent.

    Args:
        notice: the notice at the head of a form.
    """

    def __init__(
        self,
        app: Any,
        forms: FormKeeper,
        notice: Notice,
    ) -> None:
        self.app = app
        self.forms = forms
        self.notice = notice

    @property
    def routes(self) -> Any:
        """The routes of the application inside."""
        return self.app.routes

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request (ASGI), keeping its form where the session has ended."""
        signed_in: SignedIn | None = scope.get("state", {}).get("signed_in")
        if scope["type"] != "http" or signed_in is None:
            await self.app(scope, receive, send)
        elif scope["method"] == "GET":
            await self._show(scope, receive, send, signed_in)
        else:
            await self._sent(scope, receive, send, signed_in)

    async def _show(self, scope: Any, receive: Any, send: Any, signed_in: SignedIn) -> None:
        key, rest = _split(scope["query_string"])
        kept = await self.forms.find(signed_in.owner, key) if key else None
        if key is None:
            await self.app(scope, receive, send)
            return
        scope = {**scope, "query_string": rest}
        if kept is None:
            await self.app(scope, receive, send)
            return
        # What is filled in must not arrive packed.
        plain = [(name, value) for name, value in scope["headers"] if name != b"accept-encoding"]
        begun: dict[str, Any] = {}
        body = bytearray()

        async def gathered(message: Any) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = message
                return
            body.extend(message.get("body", b""))
            if message.get("more_body", False):
                return
            whole = bytes(body)
            headers = [(name, value) for name, value in begun["headers"] if name.lower() != b"content-length"]
            if any(name.lower() == b"content-type" and b"text/html" in value for name, value in headers):
                whole = fill(whole.decode(), kept, self.notice).encode()
            headers.append((b"content-length", str(len(whole)).encode()))
            await send({**begun, "headers": headers})
            await send({"type": "http.response.body", "body": whole})

        await self.app({**scope, "headers": plain}, receive, gathered)

    async def _sent(self, scope: Any, receive: Any, send: Any, signed_in: SignedIn) -> None:
        """A form that was filled in from what is kept is sent: once that went well, nothing is kept of it."""
        came = b""
        for name, value in scope["headers"]:
            if name in (b"referer", b"hx-current-url"):
                came = value
        key, _rest = _split(split_address(came.decode("latin-1")).query.encode("latin-1"))
        status = 0

        async def watched(message: Any) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        if key is None:
            await self.app(scope, receive, send)
            return
        await self.app(scope, receive, watched)
        if 200 <= status < 400:
            await self.forms.forget(signed_in.owner, key, scope["path"])


__all__ = ["FormKeeping", "KeptForms", "page_of", "session_over", "with_kept", "without_kept"]
