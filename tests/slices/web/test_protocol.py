"""What of HTTP is taken before the application hears of it: real connections, a small application behind them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from portal.web import protocol
from portal.web.protocol import HEAD_MOST, STOPPING, Http
from tests.support.requests_raw import BROKEN, HOST, ODD, Raw, answer_of

PATIENCE = 30


class Application:
    """Answers, and keeps what it was called with."""

    def __init__(self) -> None:
        self.paths: list[str] = []
        self.bodies: list[bytes] = []
        self.gone = 0
        self.reads = asyncio.Event()
        self.sent = 0
        self.headers: list[tuple[bytes, bytes]] = []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        path = scope["path"]
        self.paths.append(path)
        self.headers = scope["headers"]
        if path == "/early":
            return await self.answer(send, b"early", 413)
        if path == "/large":
            return await self.large(send)
        if path == "/patient":
            await self.reads.wait()
        body = b""
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                self.gone += 1
                return None
            body += message["body"]
            if not message["more_body"]:
                break
        self.bodies.append(body)
        return await self.answer(send, b"%d bytes" % len(body))

    async def answer(self, send: Any, body: bytes, status: int = 200) -> None:
        headers = [(b"content-length", str(len(body)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def large(self, send: Any) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for _ in range(1000):
            await send({"type": "http.response.body", "body": b"a" * 100_000, "more_body": True})
            self.sent += 100_000
        await send({"type": "http.response.body", "body": b""})


@asynccontextmanager
async def serving(
    app: Callable[..., Awaitable[None]], said: dict[str, Any] | None = None, state: ServerState | None = None
) -> AsyncIterator[int]:
    """The protocol as the portal sets it up, on a free port. `said` is what the application said as it began."""
    config = uvicorn.Config(app, http=Http, log_config=None, access_log=False, server_header=False, ws="none")
    state = state or ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: Http(config, state, said or {}), "127.0.0.1", 0
    )
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for connection in list(state.connections):
            connection.transport.abort()
        while state.tasks:
            await asyncio.wait(state.tasks)


@asynccontextmanager
async def connected(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


async def whole(reader: asyncio.StreamReader) -> bytes:
    """Everything until the connection is closed."""
    async with asyncio.timeout(PATIENCE):
        return await reader.read()


async def first(port: int, data: bytes) -> Raw:
    """The first answer, read until the server closes."""
    async with connected(port) as (reader, writer):
        writer.write(data)
        return answer_of(await whole(reader))


def post(path: str, body: bytes, *headers: bytes) -> bytes:
    lines = b"".join(header + b"\r\n" for header in headers)
    return (
        b"POST %s HTTP/1.1\r\n%sContent-Length: %d\r\n%s\r\n" % (path.encode(), HOST, len(body), lines) + body
    )


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_request_is_refused_without_a_call(
    name: str, caplog: pytest.LogCaptureFixture
) -> None:
    data, status = BROKEN[name]
    app = Application()
    async with serving(app) as port:
        answer = await first(port, data)
    assert answer.status == status
    assert answer.headers["connection"] == "close"
    assert int(answer.headers["content-length"]) == len(answer.rest)
    assert "server" not in answer.headers
    assert app.bodies == []
    if b"hunked" not in data:
        assert app.paths == []
    assert caplog.records == []


@pytest.mark.parametrize("size", [1, 7, 1000])
async def test_the_bound_of_a_head_holds_however_it_is_cut(size: int) -> None:
    def head(length: int) -> bytes:
        start = b"GET /fits HTTP/1.1\r\n" + HOST + b"Connection: close\r\nA: "
        return start + b"a" * (length - len(start) - 4) + b"\r\n\r\n"

    app = Application()
    async with serving(app) as port:
        for length, status in ((HEAD_MOST, 200), (HEAD_MOST + 1, 431)):
            async with connected(port) as (reader, writer):
                data = head(length)
                for start in range(0, 100 * size, size):
                    writer.write(data[start : start + size])
                    await writer.drain()
                writer.write(data[100 * size :])
                assert answer_of(await whole(reader)).status == status
    assert app.paths == ["/fits"]


async def test_bodies_arrive_whole_in_any_pieces_and_the_connection_goes_on() -> None:
    app = Application()
    body = bytes(range(256)) * 2000
    chunks = b"".join(
        b"%x;ext=1\r\n%s\r\n" % (len(part), part) for part in (body[:1], body[1:70_000], body[70_000:])
    )
    chunked = b"POST /chunked HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: Chunked\r\n\r\n" + chunks
    async with serving(app) as port, connected(port) as (reader, writer):
        for data in (
            post("/whole", body),
            chunked + b"0\r\nAuthorization: trailer\r\n\r\n",
            post("/empty", b""),
        ):
            writer.write(data)
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                answer = answer_of(head)
                await reader.readexactly(int(answer.headers["content-length"]))
            assert answer.status == 200
    assert app.bodies == [body, body, b""]
    assert (b"authorization", b"trailer") not in app.headers


async def test_blanks_around_a_value_are_no_part_of_it() -> None:
    app = Application()
    data = post("/read", b"hello", b"Connection: close").replace(b"Length: 5", b"Length: \t 5 \t ")
    async with serving(app) as port:
        assert (await first(port, data)).status == 200
    assert app.bodies == [b"hello"]
    assert (b"content-length", b"5") in app.headers


async def test_an_answer_that_does_not_wait_for_the_body_is_heard_and_is_the_last() -> None:
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(
            b"POST /early HTTP/1.1\r\n" + HOST + b"Content-Length: 100000000\r\n\r\n" + b"a" * 5_000_000
        )
        writer.write(b"b" * 5_000_000)
        got = await whole(reader)
    answer = answer_of(got)
    assert (answer.status, answer.headers["connection"], answer.rest) == (413, "close", b"early")
    assert app.paths == ["/early"]


async def test_a_body_that_never_ends_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "LEAVING_SECONDS", 0.05)
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(b"POST /early HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n")
        assert answer_of(await whole(reader)).status == 413

        async def go_on() -> None:
            while True:
                writer.write(b"5\r\nhello\r\n")
                await writer.drain()

        async with asyncio.timeout(PATIENCE):
            with pytest.raises(ConnectionError):
                await go_on()


@pytest.mark.parametrize(
    "data",
    [b"", b"\r\n", b"GET", b"GET / HTTP/1.1\r\nHost: a\r\n", post("/slow", b"a" * 9)[:-1]],
    ids=["nothing", "an empty line", "half a line", "half a head", "half a body"],
)
async def test_whoever_does_not_go_on_is_left(data: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.05)
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.05)
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(data)
        got = await whole(reader)
    assert answer_of(got).status == (408 if data else 0)
    assert app.bodies == []
    assert app.gone == len(app.paths)


async def test_a_head_that_drips_has_no_more_time_than_one_that_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(protocol, "HEAD_SECONDS", 0.2)
    async with serving(Application()) as port, connected(port) as (reader, writer):
        reading = asyncio.create_task(whole(reader))
        writer.write(b"GET / HTTP/1.1\r\nA: ")
        while not reading.done():
            writer.write(b"a")
            await asyncio.sleep(0.01)  # that is what dripping is
        assert answer_of(await reading).status == 408


async def test_an_application_that_is_slow_to_read_has_its_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "BODY_SECONDS", 0.05)
    app = Application()
    body = b"a" * 3_000_000
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(post("/patient", body, b"Connection: close"))
        while not app.paths:  # noqa: ASYNC110 - the other side of a socket
            await asyncio.sleep(0)
        await asyncio.sleep(0.2)  # longer than a client would have
        app.reads.set()
        assert answer_of(await whole(reader)).status == 200
    assert app.bodies == [body]


async def test_whoever_takes_nothing_of_an_answer_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(protocol, "TAKING_SECONDS", 0.05)
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        reader._transport.pause_reading()  # type: ignore[attr-defined] # nothing is taken at all
        writer.write(b"GET /large HTTP/1.1\r\n" + HOST + b"\r\n")
        async with asyncio.timeout(PATIENCE):
            while app.sent < 100_000_000:  # noqa: ASYNC110 - the other side of a socket
                await asyncio.sleep(0.01)
        assert app.sent == 100_000_000, "what nobody takes is thrown away, and the application goes on"


async def test_a_large_answer_waits_for_whoever_reads_it() -> None:
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(b"GET /large HTTP/1.1\r\n" + HOST + b"Connection: close\r\n\r\n")
        await reader.readuntil(b"\r\n\r\n")
        reader._transport.pause_reading()  # type: ignore[attr-defined] # take a rest
        seen = -1
        while seen != app.sent:
            seen = app.sent
            await asyncio.sleep(0.05)
        assert app.sent < 50_000_000
        reader._transport.resume_reading()  # type: ignore[attr-defined] # and go on
        got = await whole(reader)
    assert app.sent == 100_000_000
    assert got.endswith(b"\r\n0\r\n\r\n")


async def test_a_client_that_goes_away_inside_a_body_is_noticed() -> None:
    app = Application()
    async with serving(app) as port:
        async with connected(port) as (_reader, writer):
            writer.write(post("/upload", b"a" * 200_000)[:-1])
            await writer.drain()
            while not app.paths:  # noqa: ASYNC110 - the other side of a socket
                await asyncio.sleep(0)
        async with asyncio.timeout(PATIENCE):
            while not app.gone:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0)
    assert app.bodies == []


async def test_a_body_is_asked_for_when_it_is_read_and_not_before() -> None:
    app = Application()
    async with serving(app) as port:
        async with connected(port) as (reader, writer):
            writer.write(post("/read", b"hello", b"Expect: 100-continue", b"Connection: close")[:-5])
            async with asyncio.timeout(PATIENCE):
                assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
            writer.write(b"hello")
            assert answer_of(await whole(reader)).status == 200
        refused = await first(port, post("/early", b"hello", b"Expect: 100-continue")[:-5])
    assert (refused.status, refused.rest) == (413, b"early")
    assert app.bodies == [b"hello"]


async def test_what_follows_a_request_for_another_protocol_is_no_request() -> None:
    app = Application()
    asked = b"GET /asked HTTP/1.1\r\n" + HOST + b"Connection: Upgrade\r\nUpgrade: h2c\r\n\r\n"
    async with serving(app) as port:
        answer = await first(port, asked + b"GET /hidden HTTP/1.1\r\n" + HOST + b"\r\n")
    assert (answer.status, answer.headers["connection"]) == (200, "close")
    assert app.paths == ["/asked"]


async def test_an_answer_on_its_way_is_finished_before_a_broken_request_ends_the_connection() -> None:
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(post("/patient", b"one") + b"nonsense\r\n\r\n" + post("/hidden", b""))
        while not app.paths:  # noqa: ASYNC110 - the other side of a socket
            await asyncio.sleep(0)
        app.reads.set()
        got = await whole(reader)
    assert got.count(b"HTTP/1.1 ") == 1
    assert answer_of(got).rest == b"3 bytes"
    assert app.paths == ["/patient"]


async def test_few_requests_wait_on_one_connection() -> None:
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(post("/patient", b"one") * 1000)
        while not app.paths:  # noqa: ASYNC110 - the other side of a socket
            await asyncio.sleep(0)
        app.reads.set()
        got = await whole(reader)
    assert got.count(b"3 bytes") == len(app.bodies) == protocol.PIPELINED_MOST + 1


async def test_a_chunk_that_breaks_inside_an_upload_ends_it() -> None:
    app = Application()
    async with serving(app) as port:
        answer = await first(
            port, b"POST /upload HTTP/1.1\r\n" + HOST + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nzz"
        )
    assert answer.status == 400
    assert (app.gone, app.bodies) == (1, [])


@pytest.mark.parametrize("name", ODD)
async def test_what_is_rare_is_answered(name: str) -> None:
    app = Application()
    async with serving(app) as port, connected(port) as (reader, writer):
        writer.write(ODD[name])
        async with asyncio.timeout(PATIENCE):
            assert (await reader.readline()).startswith(b"HTTP/1.1 ")
    assert len(app.paths) == 1


async def test_who_waits_for_news_is_answered_when_the_server_stops() -> None:
    app = Application()
    state = ServerState()
    async with serving(app, {STOPPING: app.reads.set}, state) as port, connected(port) as (reader, writer):
        writer.write(b"GET /patient HTTP/1.1\r\n%s\r\n" % HOST)
        async with asyncio.timeout(PATIENCE):
            while not app.paths:  # noqa: ASYNC110 - others go on, no time has to pass
                await asyncio.sleep(0)
        assert not app.reads.is_set()
        for connection in list(state.connections):
            connection.shutdown()  # as the server does, before it waits for what is being answered
        assert answer_of(await whole(reader)).status == 200
