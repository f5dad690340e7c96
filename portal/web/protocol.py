"""How HTTP/1.1 comes in: uvicorn's protocol over httptools, strict and within bounds that uvicorn does not set itself.

What the application is called with is a whole head of a fair size that every proxy reads as we do. Whatever else comes is refused
here, in a few words and without a traceback: the parser's own faults, and what it would take (other versions, codings we do not undo,
bodies behind an upgrade). A head, a pause inside a body and a pause of whoever reads an answer have their time; what is not body
(chunk sizes and their extensions, trailers) has a size. A connection of which bytes are still unread ends so that the answer is heard.
"""

import asyncio
import socket
from collections.abc import Callable
from enum import Enum
from typing import Any

import httptools
import structlog
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

HEAD_MOST = 64 * 1024
"""Bytes of a request line with its headers, and of anything else that is no body: more is refused unread."""
HEAD_SECONDS = 10.0
"""Until a head is there, from its first byte; also the first one of a connection."""
BODY_SECONDS = 60.0
"""Without a byte of a body that was announced."""
TAKING_SECONDS = 120.0
"""In which somebody takes nothing of an answer that waits for them."""
LEAVING_SECONDS = 5.0
"""In which what is still sent is thrown away, after an answer that did not wait for it."""
KEPT_SECONDS = 150
"""A connection is kept for the next request: longer than proxies keep theirs (Caddy: 120), so that they never meet one that just closed."""
PIPELINED_MOST = 8
"""Requests that wait on one connection for the answer to the one before; no proxy and no browser sends any."""
STOPPING = "stopping"
"""What the application puts into the state of its lifespan: is called, perhaps often, when the server begins to stop."""
_PIECE = 16 * 1024
_DRIP = 1024

log = structlog.get_logger()


class Refused(Exception):
    """Why a request is not taken."""

    def __init__(self, status: int, why: str) -> None:
        super().__init__(why)
        self.status = status


class _Place(Enum):
    """Where in a request the next byte belongs."""

    BETWEEN = "between"
    HEAD = "head"
    BODY = "body"


class Leaving(asyncio.Transport):
    """A transport whose `close` lets the other side hear what was written.

    The kernel answers bytes that nobody reads with a reset, and a reset takes the answer with it. So where something is still unread,
    our side is closed first, and what comes is thrown away for a moment.
    """

    def __init__(self, inner: asyncio.Transport, is_unread: Callable[[], bool]) -> None:
        super().__init__()
        self._inner = inner
        self._is_unread = is_unread
        self._leaving = False
        self._end: asyncio.TimerHandle | None = None
        self.write = inner.write
        self.get_extra_info = inner.get_extra_info
        self.get_write_buffer_size = inner.get_write_buffer_size
        self.abort = inner.abort

    def is_closing(self) -> bool:
        """Whether nothing more may be written or read."""
        return self._leaving or self._inner.is_closing()

    def close(self) -> None:
        """Leave, as soon as what was written is sent."""
        if self.is_closing():
            return
        if not self._is_unread():
            self._inner.close()
            if self._inner.get_write_buffer_size():
                self._abort_after(TAKING_SECONDS)
            return
        self._leaving = True
        self._inner.write_eof()
        self._inner.resume_reading()
        self._abort_after(LEAVING_SECONDS)

    def lost(self) -> None:
        """Note that the connection is closed: nothing is written any more."""
        if self._end is not None:
            self._end.cancel()

    def pause_reading(self) -> None:
        """Let what comes wait in the kernel."""
        if not self.is_closing():
            self._inner.pause_reading()

    def resume_reading(self) -> None:
        """Let the transport read again."""
        if not self.is_closing():
            self._inner.resume_reading()

    def _abort_after(self, seconds: float) -> None:
        self._end = asyncio.get_running_loop().call_later(seconds, self._inner.abort)


class Http(HttpToolsProtocol):
    """The HTTP protocol of one connection, with bounds on head, body and pauses."""

    transport: Leaving  # pyright: ignore[reportIncompatibleVariableOverride] - nobody else sets it
    _place = _Place.BETWEEN
    _loose = 0
    """Bytes since something of a body came, or since a request was over: those of a head, of chunk sizes, of trailers."""
    _held: bytearray
    """Drops of a line of a head: the parser copies what it has of a line whenever more of it comes."""
    _deaf = False
    """Nothing of what still comes is read: an answer is on its way, and it is the last one."""
    _is_kept = False
    """Whether the connection stays open after the request that is being read."""
    _deadline: float | None = None
    _timer: asyncio.TimerHandle | None = None
    _taking: asyncio.TimerHandle | None = None

    # ── the connection ────────────────────────────────────────────────────────────────────────────────────────

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """A client has connected."""
        self._held = bytearray()
        # An answer is written in two parts, the second of which would wait for the first to be acknowledged.
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        super().connection_made(Leaving(transport, lambda: self._deaf or self._place is not _Place.BETWEEN))
        self._within(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:
        """The connection has ended, by either side."""
        self._within(None)
        for timer in (self._timer, self._taking):
            if timer is not None:
                timer.cancel()
        self._unset_keepalive_if_required()
        self.transport.lost()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Read what came, a piece at a time, so that no bound is passed by much."""
        parser = self.parser
        if parser is None or self._deaf or self.transport.is_closing():
            return
        self._unset_keepalive_if_required()
        if self._place is _Place.BODY:
            self._within(BODY_SECONDS)
        elif self._deadline is None:
            self._within(HEAD_SECONDS)
        if self._place is _Place.HEAD:
            self._held += data
            if len(self._held) < _DRIP and b"\n" not in data:
                return
            data, self._held = bytes(self._held), bytearray()
        view = memoryview(data)
        try:
            while view and not self._deaf and not self.transport.is_closing():
                if self._loose >= HEAD_MOST:
                    self._refuse(431, "The head of this request is longer than we read.")
                    return
                size = min(_PIECE, HEAD_MOST - self._loose)
                piece, view = view[:size], view[size:]
                self._loose += len(piece)
                parser.feed_data(piece)
        except httptools.HttpParserUpgrade:
            self._deaf = True  # what follows is another protocol, which is spoken by nobody here
        except httptools.HttpParserError as error:
            cause = error.__context__
            if isinstance(cause, Refused):
                self._refuse(cause.status, str(cause))
            else:
                self._refuse(400, "This is not a request as HTTP/1.1 has it.")

    def pause_writing(self) -> None:
        """They take less than we have for them."""
        super().pause_writing()
        self._taking = self.loop.call_later(TAKING_SECONDS, self.transport.abort)

    def resume_writing(self) -> None:
        """The client has taken what was written: the application may write on."""
        super().resume_writing()
        if self._taking is not None:
            self._taking.cancel()
            self._taking = None

    def shutdown(self) -> None:
        """The server stops: what is being answered is answered, and who waits for news is answered now."""
        self._is_kept = False
        if (stopping := self.app_state.get(STOPPING)) is not None:
            stopping()
        super().shutdown()

    # ── the parser ────────────────────────────────────────────────────────────────────────────────────────────

    def on_message_begin(self) -> None:
        """The first byte of a request has come: its clock begins."""
        self._place = _Place.HEAD
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """A header; a trailer is passed over."""
        if self._place is _Place.HEAD:
            # Blanks behind a value are no part of it. Of codings the parser and we must think the same, so those stay as they are.
            coding = name.lower() == b"transfer-encoding"
            super().on_header(name, value if coding else value.rstrip(b" \t"))

    def on_headers_complete(self) -> None:
        """The head is there: the application is called, if it is one that we take."""
        parser = self.parser
        assert parser is not None  # it is the parser that calls
        has_body = self._judge(parser)
        if len(self.pipeline) >= PIPELINED_MOST:
            raise Refused(400, "These are more requests at once than we take.")
        super().on_headers_complete()
        self._place, self._loose = _Place.BODY, 0
        self._within(BODY_SECONDS)
        self._is_kept = self.cycle.keep_alive and not parser.should_upgrade()
        # An answer that does not wait for the body is the last one: what of it still comes is not read.
        self.cycle.keep_alive = self._is_kept and not has_body

    def on_chunk_header(self) -> None:
        """A piece of a body is announced."""
        self._loose = 0

    def on_body(self, body: bytes) -> None:
        """A piece of a body."""
        self._loose = 0
        super().on_body(body)

    def on_message_complete(self) -> None:
        """The last byte of a request has come."""
        self._place, self._loose = _Place.BETWEEN, 0
        self._within(None)
        if not self.cycle.response_started:
            self.cycle.keep_alive = self._is_kept
        super().on_message_complete()

    def _judge(self, parser: httptools.HttpRequestParser) -> bool:
        """Whether the request whose head is complete has a body.

        Raises:
            Refused: a request that others might read differently from us, or that we do not serve.
        """
        version = parser.get_http_version()
        if version not in ("1.0", "1.1"):
            raise Refused(505, "HTTP/1.1 is spoken here.")
        hosts = sum(name == b"host" for name, _value in self.headers)
        if hosts > 1 or (not hosts and version == "1.1"):
            raise Refused(400, "A request names its host, once.")
        codings = [value.lower() for name, value in self.headers if name == b"transfer-encoding"]
        if codings and (codings != [b"chunked"] or version != "1.1"):
            raise Refused(501, "A body comes as it is, or in chunks.")
        lengths = [value.decode("latin-1") for name, value in self.headers if name == b"content-length"]
        has_body = bool(codings) or any(length.strip("0 ") for length in lengths)
        if has_body and parser.should_upgrade():
            raise Refused(400, "A request that asks for another protocol has no body.")
        return has_body

    # ── what is not taken ─────────────────────────────────────────────────────────────────────────────────────

    def _refuse(self, status: int, why: str) -> None:
        """Answer, unless an answer to an earlier request is on its way: then that one is the last."""
        log.info("web.refused", status=status, why=why)
        self._deaf = True
        cycle: Any = self.cycle
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False
                return
            cycle.disconnected = True  # its body will never be whole
            cycle.message_event.set()
            if cycle.response_started or self.pipeline:
                self.transport.abort()
                return
        body = why.encode()
        head = [
            *self.server_state.default_headers,
            (b"content-type", b"text/plain; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"no-store"),
            (b"connection", b"close"),
        ]
        lines = b"".join(b"%s: %s\r\n" % header for header in head)
        self.transport.write(STATUS_LINE[status] + lines + b"\r\n" + body)
        self.transport.close()

    def _within(self, seconds: float | None) -> None:
        """Whatever we wait for has so many seconds from now; None while it is our turn."""
        if seconds is None:
            self._deadline = None
            return
        self._deadline = self.loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self.loop.call_at(self._deadline, self._look)

    def _look(self) -> None:
        """Whether the time is over: one timer is left to run, however often it is put off."""
        self._timer = None
        if self._deadline is None or self.transport.is_closing():
            return
        if self.loop.time() < self._deadline:
            self._timer = self.loop.call_at(self._deadline, self._look)
        elif self._place is _Place.BODY and (self.flow.read_paused or self.cycle.waiting_for_100_continue):
            self._within(BODY_SECONDS)  # it is we who did not ask
        elif self._place is _Place.BETWEEN and not self._loose:
            self.transport.close()  # they came and said nothing
        else:
            self._refuse(408, "The rest of this request did not come in time.")
