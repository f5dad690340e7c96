"""How the time of every reader grows that meets bytes before anybody is signed in: twice as much may take 2.5 times as long.

The list is the one place where such a reader is entered, with the shapes that hurt readers of its kind. Each is measured at the
longest input that reaches it and at an eighth of that, each against half of it. The test of the same list is
tests/benchmarks/test_growth.py.
"""

import asyncio
import gc
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import uvicorn
from litestar._multipart import parse_content_header
from litestar._parsers import parse_query_string
from litestar.datastructures import FormMultiDict
from litestar.datastructures.headers import Accept
from litestar.serialization import decode_json
from uvicorn.server import ServerState

from benchmarks import Row
from portal.config import Settings
from portal.features.accounts.domain import browser_name, is_address
from portal.features.accounts.service.people import normalised_email
from portal.features.agents.schemas import PairRequest
from portal.features.agents.service import normalised_code
from portal.kernel.ids import token_hash
from portal.kernel.language import negotiate, parse_language
from portal.web import bodies, bounds
from portal.web.bodies import read_fields, read_parts
from portal.web.cookies import LONGEST, read_cookies
from portal.web.forms import Form, uuid_or_none
from portal.web.gate import told_path
from portal.web.headers import with_security
from portal.web.hosts import LONGEST_HOST, normalised_host
from portal.web.limits import last_forwarded
from portal.web.protocol import HEAD_MOST, Http
from portal.web.ranges import requested_range
from portal.web.render import is_local, read_toast

GOAL = 2.5
SECOND_LOOKS = 8
CLEAR = 2.2
"""What is below this after two tries is not looked at any longer."""
LEAST_SECONDS = 100e-6
"""What takes less than this is as good as nothing, and is not compared: there the steps of caches and of the allocator show."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Something that reads bytes of anybody: `prepare(n)` gives a call that reads n bytes (or characters) of one bad shape."""

    name: str
    most: int
    prepare: Callable[[int], Callable[[], Any]]


def _swallowed(call: Callable[[], Any]) -> Callable[[], Any]:
    """A refusal is an answer too; only its time counts."""

    def quiet() -> None:
        with suppress(Exception):
            call()

    return quiet


def _over(shapes: dict[str, bytes], name: str, most: int, read: Callable[[bytes], Any]) -> list[Reader]:
    """One reader over each shape: the bytes of a shape are repeated to the length asked for."""

    def prepared(shape: bytes) -> Callable[[int], Callable[[], Any]]:
        def prepare(length: int) -> Callable[[], Any]:
            data = (shape * (length // len(shape) + 1))[:length]
            return _swallowed(lambda: read(data))

        return prepare

    return [Reader(f"{name}, {label}", most, prepared(shape)) for label, shape in shapes.items()]


ANY = {
    "letters": b"a",
    "backslashes": b"\\",
    "octal escapes": b"\\012",
    "quotes": b'"',
    "escaped quotes": b'\\"',
    "semicolons": b";",
    "semicolons and quotes": b';a="',
    "pairs": b"a=b; ",
    "percent signs": b"%",
    "escapes": b"%C3%A9",
    "broken escapes": b"%E2%82",
    "ampersands": b"&",
    "equals": b"=",
    "fields": b"a=1&",
    "commas": b",",
    "languages": b"nl;q=0.1,",
    "spaces": b" ",
    "tabs": b"\t",
    "dots": b"a.",
    "dashes": b"a-",
    "slashes": b"/",
    "digits": b"9",
    "brackets": b"[",
    "braces": b'{"a":',
    "high bytes": b"\xc3\xa9",
    "nothing": b"\x00",
}
HOME = Settings("", "", "", "", "")


def _fields_of_form(data: bytes) -> Form:
    fields = read_fields(data, 1 << 30)
    pairs = FormMultiDict([(name, value) for name, values in fields.items() for value in values])
    return Form({name: pairs.get(name) for name in pairs} | {"": pairs})


def _distinct_fields(count: int) -> Callable[[], Any]:
    data = "&".join(f"field{number}=1" for number in range(count)).encode()
    return lambda: _fields_of_form(data)


def _parts(
    body: Callable[[int], bytes], boundary: str, piece: int = 16 * 1024
) -> Callable[[int], Callable[[], Any]]:
    def prepare(length: int) -> Callable[[], Any]:
        data = body(length)

        async def stream() -> AsyncIterator[bytes]:
            for start in range(0, len(data), piece):
                yield data[start : start + piece]

        async def read() -> Any:
            return await read_parts(stream(), boundary, text_most=1 << 30)

        return _swallowed(lambda: asyncio.run(read()))

    return prepare


def _file(content: bytes) -> Callable[[int], bytes]:
    head = b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n'
    return lambda length: head + (content * (length // len(content) + 1))[:length] + b"\r\n--b--\r\n"


def _disposition(content: bytes) -> Callable[[int], bytes]:
    head = b"--b\r\nContent-Disposition: form-data; name="
    return lambda length: head + (content * (length // len(content) + 1))[:length] + b"\r\n\r\nx\r\n--b--\r\n"


def _json(data: bytes) -> Any:
    return decode_json(data, target_type=PairRequest)


def _json_of(shape: str) -> Callable[[int], Callable[[], Any]]:
    def prepare(length: int) -> Callable[[], Any]:
        data = ('{"code": "' + (shape * (length // len(shape) + 1))[:length] + '"}').encode()
        return _swallowed(lambda: _json(data))

    return prepare


def _headers(count: int) -> Callable[[], Any]:
    many = [(f"x-{number}".encode(), b"1") for number in range(count)]
    return lambda: (bounds.judged(b"/", b"", many), with_security(many, https=True))


class _Still:
    """A loop in which no time passes, with its timers, and a socket that is none."""

    def time(self) -> float:
        return 0.0

    def call_at(self, *_: Any) -> "_Still":
        return self

    def when(self) -> float:
        return 0.0

    def cancel(self) -> None:
        pass

    def setsockopt(self, *_: Any) -> None:
        pass

    def getpeername(self) -> None:
        pass

    def getsockname(self) -> None:
        pass


class _Unheard(asyncio.Transport):
    """A connection on which nothing is said back."""

    def __init__(self) -> None:
        super().__init__()
        self._closed = False

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return _Still() if name == "socket" else default

    def is_closing(self) -> bool:
        return self._closed

    def close(self) -> None:
        self._closed = True

    def abort(self) -> None:
        self._closed = True

    def write(self, data: Any) -> None:
        pass

    def write_eof(self) -> None:
        pass

    def get_write_buffer_size(self) -> int:
        return 0

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class _Connection(Http):
    """The server's own reader, without an application behind it."""

    def _start_asgi_task(self, cycle: Any, app: Any) -> None:
        pass

    def _refuse(self, status: int, why: str) -> None:
        self._deaf = True


def _connection(head: bytes, piece: int = 256 * 1024) -> Callable[[bytes], Any]:
    """Reads what follows the beginning of a request, as it comes from the network."""
    loop: Any = _Still()
    config = uvicorn.Config(_fields_of_form, interface="asgi3", log_config=None, access_log=False, ws="none")
    transport = _Unheard()

    def read(data: bytes) -> None:
        transport._closed = False  # noqa: SLF001 - one socket for all
        connection = _Connection(config, ServerState(), {}, loop)
        connection.connection_made(transport)
        connection.data_received(head)
        for start in range(0, len(data), piece):
            connection.data_received(data[start : start + piece])
        connection._within(None)  # noqa: SLF001 - its timers would outlive it
        connection.connection_lost(OSError())

    return read


def _text(read: Callable[[str], Any]) -> Callable[[bytes], Any]:
    return lambda data: read(data.decode("latin-1"))


_REQUEST = b"GET /a HTTP/1.1\r\n"
_CHUNKED = b"POST /a HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
_LINES = ANY | {"headers": b"a:b\r\n", "empty lines": b"\r\n", "folded lines": b" a\r\n"}
_CHUNKS = {
    "one by one": b"1\r\na\r\n",
    "large": b"1000\r\n" + b"a" * 4096 + b"\r\n",
    "with extensions": b"1;a=b\r\na\r\n",
    "trailers": b"0\r\n" + b"a: b\r\n" * 1000,
}

READERS: list[Reader] = [
    *_over(ANY, "connection, request line", HEAD_MOST, _connection(b"GET /")),
    *_over(_LINES, "connection, headers", HEAD_MOST, _connection(_REQUEST)),
    *_over(ANY, "connection, a header", HEAD_MOST, _connection(_REQUEST + b"a: ")),
    *_over(_CHUNKS, "connection, chunks", bounds.VISITORS_MOST, _connection(_CHUNKED)),
    *_over(
        {"letters": b"a"}, "connection, a header that drips", HEAD_MOST, _connection(_REQUEST + b"a: ", 8)
    ),
    *_over({"letters": b"a"}, "connection, a path that drips", HEAD_MOST, _connection(b"GET /", 8)),
    *_over(ANY, "cookies", LONGEST, lambda data: read_cookies(HOME, [(b"cookie", b"session=" + data)])),
    *_over(ANY, "cookie names", LONGEST, lambda data: read_cookies(HOME, [(b"cookie", data)])),
    *_over(ANY, "toast", 4096, _text(read_toast)),
    *_over(ANY, "languages", 1000, _text(negotiate)),
    *_over(ANY, "language", 1000, _text(parse_language)),
    *_over(ANY, "host", LONGEST_HOST, lambda data: normalised_host([(b"host", data)])),
    *_over(ANY, "path in the log", bounds.PATH_MOST, _text(told_path)),
    *_over(ANY, "local path", bounds.QUERY_MOST, _text(is_local)),
    *_over(ANY, "id in a path", bounds.PATH_MOST, _text(uuid_or_none)),
    *_over(ANY, "query", bounds.QUERY_MOST, parse_query_string.__wrapped__),
    *_over(ANY, "measures", bounds.QUERY_MOST, lambda data: bounds.judged(data, data, [(b"a", data)])),
    *_over(ANY, "content type", 400, _text(parse_content_header)),
    *_over(ANY, "accept", bounds.HEADER_MOST, _text(lambda text: Accept(text).accepts("text/html"))),
    *_over(ANY, "forwarded for", 1000, _text(lambda text: last_forwarded([text]))),
    *_over(ANY, "range", 200, _text(lambda text: requested_range({"range": "bytes=" + text}, 10, "x"))),
    *_over(ANY, "form", bounds.VISITORS_MOST, lambda data: read_fields(data, 1 << 30)),
    *_over(ANY, "form, with its fields", bounds.VISITORS_MOST, _fields_of_form),
    *_over(ANY, "e-mail address", bounds.VISITORS_MOST, _text(normalised_email)),
    *_over(ANY, "e-mail address, whether it is one", bounds.VISITORS_MOST, _text(is_address)),
    *_over(ANY, "pairing code", bounds.VISITORS_MOST, _text(normalised_code)),
    *_over(ANY, "key or token of a link", bounds.HEADER_MOST, _text(token_hash)),
    *_over(ANY, "browser", bounds.HEADER_MOST, _text(browser_name)),
    *_over(ANY, "JSON", bounds.VISITORS_MOST, _json),
    *(
        Reader(f"JSON, a text of {shape!r}", bounds.VISITORS_MOST, _json_of(shape))
        for shape in ("a", "\\\\", "\\u00e9", "é")
    ),
    Reader("form, all names differ", bodies.FIELDS_MOST, _distinct_fields),
    Reader("headers", bounds.HEADERS_COUNT_MOST, _headers),
    *(
        Reader(f"file of {shape!r}", bounds.FORM_MOST, _parts(_file(shape), "b"))
        for shape in (b"a", b"\r", b"\r\n", b"\r\n--", b"\r\n--b", b"--b", b"\n")
    ),
    *(
        Reader(f"name of a part, {label}", bodies.PART_HEADER_MOST - 100, _parts(_disposition(shape), "b"))
        for label, shape in ANY.items()
    ),
]


def seconds(call: Callable[[], Any], *, repeats: int = 3) -> float:
    """Processor time of one call: the least of some, each long enough for the clock.

    Without the collector of cycles, whose rounds grow with everything else that this process holds.
    """
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _seconds(call, repeats)
    finally:
        if collecting:
            gc.enable()


def _seconds(call: Callable[[], Any], repeats: int) -> float:
    began = time.process_time()
    call()
    once = time.process_time() - began
    calls = max(1, min(200, int(0.001 / max(once, 1e-6))))
    least = once
    for _ in range(repeats):
        began = time.process_time()
        for _ in range(calls):
            call()
        least = min(least, (time.process_time() - began) / calls)
    return least


def growth(reader: Reader, *, tries: int = 6) -> tuple[float, float]:
    """The worse of time(2n)/time(n) at n and 4n, where 8n is the longest input, and the time of the longest.

    The clock of a busy machine only ever adds: of several tries the least time counts, of either length. (The least of ratios would be
    that of the try in which the shorter input was held up most.)
    """
    worst = 0.0
    for length in (reader.most // 8, reader.most // 2):
        one, two = reader.prepare(length), reader.prepare(2 * length)
        small = large = 1e9
        ratio = 0.0
        for round_ in range(tries):
            small, large = min(small, seconds(one)), min(large, seconds(two))
            ratio = 0.0 if large < LEAST_SECONDS else large / max(small, LEAST_SECONDS / 2)
            if round_ and ratio <= CLEAR:
                break
        worst = max(worst, ratio)
    return worst, seconds(reader.prepare(reader.most), repeats=2)


def measured() -> dict[str, tuple[float, float]]:
    """Growth and longest time of every reader, by its name.

    Whoever seems to grow too fast is looked at again, after all others: a machine that is busy just then passes, growth does not.
    """
    found = {reader.name: growth(reader) for reader in READERS}
    for _ in range(SECOND_LOOKS):
        for reader in READERS:
            ratio, longest = found[reader.name]
            if ratio > GOAL:
                again, took = growth(reader, tries=12)
                found[reader.name] = min(ratio, again), min(longest, took)
    return found


def run() -> list[Row]:
    """The reader that grows fastest, and the one whose longest input takes longest."""
    found = [(ratio, longest, name) for name, (ratio, longest) in measured().items()]
    ratio, _, name = max(found)
    slowest, longest = max((took, what) for _ratio, took, what in found)
    return [
        Row(f"twice the bytes ({name})", f"half ({len(found)} readers before sign-in)", ratio, f"≤ {GOAL}"),
        Row(f"the longest input ({longest}, {slowest * 1000:.1f} ms)", "50 ms", slowest / 0.05, "≤ 1"),
    ]
