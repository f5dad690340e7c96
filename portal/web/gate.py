"""The gate in front of the application: which firm, who, in which language; and what every answer carries.

It stands outside Litestar because its routing answers unknown paths before any middleware runs, and those answers must be branded,
neutral or JSON like all others. It leaves five things in `scope["state"]`: `firm`, `signed_in`, `actor`, `language`, `cookies`.

What a request brings is measured here (`bounds`) before anything of it is read, and the Cookie header ends here: whatever is
behind has the few cookies that are ours.
"""

import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from portal.config import Settings
from portal.db.session import without_effect
from portal.db.statements import Statements, counting
from portal.kernel.actor import Actor, Door
from portal.kernel.errors import HeadersTooLarge, PortalError, TooLarge
from portal.kernel.ids import new_id
from portal.kernel.language import Language, negotiate, parse_language, use_language
from portal.web.bodies import LONG_FORM
from portal.web.bounds import VISITORS_MOST, WRITER_KNOWN, judged, short_headers
from portal.web.cookies import LANGUAGE, SESSION, read_cookies
from portal.web.directories import Directories, HostFirm, SignedIn
from portal.web.headers import with_security
from portal.web.hosts import normalised_host
from portal.web.protocol import STOPPING

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Refuse = Callable[[Scope, Receive, Send, PortalError], Awaitable[None]]

log = structlog.get_logger()
OPEN_PATHS = ("/static/", "/health/")
"""Served under any host: they belong to nobody."""


SECRET_PATHS = ("/activate/", "/reset/")
"""What follows in such a path is a one-time link's token: it never comes into a log."""


def told_path(path: str) -> str:
    """A path as it may stand in a log."""
    return next((prefix + "…" for prefix in SECRET_PATHS if path.startswith(prefix)), path)


def without_body(send: Send) -> Send:
    """Sends what an answer begins with, but for its cookies, and keeps the rest back."""

    async def beginning(message: Message) -> None:
        if message["type"] == "http.response.start":
            kept = [(name, value) for name, value in message["headers"] if name.lower() != b"set-cookie"]
            await send({**message, "headers": kept})
        else:
            await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return beginning


TOO_LARGE, UNAUTHORISED = 413, 401
MOST_THROWN_AWAY = 1024**3
"""Bytes of a refused body that are still taken from somebody who is signed in."""
NEEDED = frozenset({b"host", b"accept-language", b"hx-request", b"hx-boosted"})
"""The headers that the answer to a refused request looks at."""
LOOKS = ("/static/", "/brand/")
"""What a page is dressed with: it is given without a look at headers that are too long, else their refusal would stand there naked."""


class Gate:
    """The outermost ASGI application: host, headers, cookies, bounds and language, before anything is routed."""

    def __init__(
        self,
        app: App,
        settings: Settings,
        directories: Directories,
        neutral_page: Callable[[], str],
        unavailable_page: Callable[[], str],
        refuse: Refuse,
        stopping: Callable[[], None],
    ) -> None:
        self.app = app
        self.settings = settings
        self.directories = directories
        self.neutral_page = neutral_page
        self.unavailable_page = unavailable_page
        self.refuse = refuse
        self.stopping = stopping

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection of the server (ASGI)."""
        if scope["type"] == "lifespan":
            scope.setdefault("state", {})[STOPPING] = self.stopping
            await self.app(scope, receive, send)
        elif scope["type"] == "http" and scope["method"] == "HEAD":
            # The same headers as for GET, nothing after them, and nothing of it stays: no transaction is committed.
            with without_effect():
                await self._request({**scope, "method": "GET"}, receive, without_body(send), method="HEAD")
        elif scope["type"] == "http":
            await self._request(scope, receive, send, method=scope["method"])
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})

    async def _request(self, scope: Scope, receive: Receive, send: Send, *, method: str) -> None:
        with counting() as statements:
            await self._counted_request(scope, receive, send, statements, method=method)

    async def _counted_request(
        self, scope: Scope, receive: Receive, send: Send, statements: Statements, *, method: str
    ) -> None:
        started = time.perf_counter()
        given: list[tuple[bytes, bytes]] = list(scope["headers"])
        wrong = judged(scope.get("raw_path") or b"", scope["query_string"], given)
        if isinstance(wrong, HeadersTooLarge) and scope["path"].startswith(LOOKS):
            wrong, given = None, short_headers(given, NEEDED)
        cookies = read_cookies(self.settings, given)
        headers = [(name, value) for name, value in given if name != b"cookie"]
        scope["headers"] = headers
        plain = dict(headers)
        status = 0
        whole = False
        taken = 0

        async def watched_receive() -> Any:
            nonlocal whole, taken
            message = await receive()
            whole = whole or message["type"] != "http.request" or not message.get("more_body", False)
            taken += len(message.get("body", b""))
            # Nobody fills our memory before they are known. Of a form that a page of ours made, files run past.
            if taken > VISITORS_MOST and is_visitor(state) and not state.get(WRITER_KNOWN):
                raise TooLarge(LONG_FORM)
            return message

        async def guarded_send(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                thrown_away = 0
                # A proxy that still sends what is refused would not hear why: the connection would break under it.
                while (
                    status in (TOO_LARGE, UNAUTHORISED)
                    and (state["signed_in"] or state.get(WRITER_KNOWN))
                    and not whole
                    and thrown_away < MOST_THROWN_AWAY
                ):
                    thrown_away += len((await watched_receive()).get("body", b""))
                message["headers"] = with_security(
                    list(message["headers"]), https=self.settings.secure_cookies
                )
            await send(message)

        state: dict[str, Any] = scope.setdefault("state", {})
        state.update(
            firm=None,
            signed_in=None,
            actor=Actor(door=Door.PAGE, name="visitor"),
            request_id=str(new_id()),
            language=Language.EN,
            toasts=[],
            cookies=cookies,
        )
        accepted = plain.get(b"accept-language", b"").decode("latin-1")
        path: str = scope["path"]
        # A NUL is in no text that we keep, and the database takes none.
        scope["query_string"] = scope["query_string"].replace(b"%00", b"%20")
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=state["request_id"])
        try:
            if path.startswith(OPEN_PATHS):
                if wrong is not None:
                    await self._refuse(scope, receive, guarded_send, wrong)
                else:
                    if normalised_host(headers) is None:  # an odd one is read by nobody behind
                        scope["headers"] = [(name, value) for name, value in headers if name != b"host"]
                    await self.app(scope, watched_receive, guarded_send)
                return
            host = normalised_host(headers)
            firm = await self.directories.hosts.find(host) if host is not None else None
            if firm is None:
                with use_language(negotiate(accepted)):
                    await _answer(guarded_send, 404, self.neutral_page())
                return
            state["firm"] = firm
            if wrong is not None:
                state["actor"] = Actor(door=Door.PAGE, name="visitor", host_firm_id=firm.firm_id)
                state["language"] = negotiate(accepted) if accepted else firm.language
                with use_language(state["language"]):
                    await self._refuse(scope, receive, guarded_send, wrong)
                return
            await self._identify(state, firm, path, plain, cookies)
            signed_in: SignedIn | None = state["signed_in"]
            language = (
                signed_in.language
                if signed_in
                else parse_language(cookies.get(LANGUAGE))
                or (negotiate(accepted) if accepted else firm.language)
            )
            state["language"] = language
            with use_language(language):
                await self.app(scope, watched_receive, guarded_send)
        except (PortalError, OSError, TimeoutError, SQLAlchemyError) as error:
            # The database is away, or all its connections are taken: nothing was begun.
            log.warning("web.unavailable", error=type(error).__name__)
            if status:
                raise
            with use_language(negotiate(accepted)):
                await _answer(guarded_send, 503, self.unavailable_page())
        finally:
            log.info(
                "web.request",
                method=method,
                path=told_path(path),
                status=status,
                ms=round((time.perf_counter() - started) * 1000, 1),
                sql=statements.count,
                sql_ms=round(statements.seconds * 1000, 1),
            )

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, wrong: PortalError) -> None:
        """Answer what is beyond all bounds, with the little of the request that the answer needs."""
        small = {
            **scope,
            "path": scope["path"][:200],
            "raw_path": b"",
            "query_string": b"",
            "headers": short_headers(scope["headers"], NEEDED),
        }
        await self.refuse(small, receive, send, wrong)

    async def _identify(
        self,
        state: dict[str, Any],
        firm: HostFirm,
        path: str,
        headers: dict[bytes, bytes],
        cookies: dict[str, str],
    ) -> None:
        if path.startswith("/api/"):
            # Programs carry a key in a header; cookies are never looked at here, so no site can borrow them.
            kind, _, key = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
            actor = (
                await self.directories.keys.find(key.strip(), firm.firm_id)
                if kind.lower() == "bearer"
                else None
            )
            state["actor"] = actor or Actor(door=Door.API, name="visitor", host_firm_id=firm.firm_id)
            return
        token = cookies.get(SESSION)
        signed_in = await self.directories.sessions.find(token, firm.firm_id) if token else None
        state["signed_in"] = signed_in
        state["actor"] = (
            signed_in.actor if signed_in else Actor(door=Door.PAGE, name="visitor", host_firm_id=firm.firm_id)
        )


def is_visitor(state: dict[str, Any]) -> bool:
    """Whether neither a session nor a key says who is asking."""
    actor: Actor = state["actor"]
    return state["signed_in"] is None and actor.key_id is None and actor.agent_id is None


async def _answer(send: Send, status: int, page: str) -> None:
    body = page.encode()
    headers = [(b"content-type", b"text/html; charset=utf-8"), (b"content-length", str(len(body)).encode())]
    if status == 503:
        headers.append((b"retry-after", b"10"))
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
