"""Requests as no client of ours sends them, byte by byte, and what comes back."""

import contextlib
import socket
from dataclasses import dataclass

HOST = b"Host: noordzee.localhost\r\n"
_GET = b"GET /health/live HTTP/1.1\r\n" + HOST
_POST = b"POST /sign-in HTTP/1.1\r\n" + HOST
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"
BROKEN: dict[str, tuple[bytes, int]] = {
    "another protocol": (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400),
    "half a request line": (b"GET\r\n\r\n", 400),
    "no version": (b"GET /\r\n\r\n", 505),
    "version 2 in words": (b"GET / HTTP/2.0\r\n" + HOST + b"\r\n", 505),
    "version 1.2": (b"GET / HTTP/1.2\r\n" + HOST + b"\r\n", 400),
    "the preface of HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "a tunnel": (b"CONNECT a:443 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "another method": (b"FOO / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a small method": (b"get / HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a space in the path": (b"GET /a b HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a NUL in the path": (b"GET /\0 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "high bytes in the path": (b"GET /\xc3\xa9 HTTP/1.1\r\n" + HOST + b"\r\n", 400),
    "a NUL in a header": (_GET + b"A: b\0c\r\n\r\n", 400),
    "a header without a name": (_GET + b": b\r\n\r\n", 400),
    "a header without a colon": (_GET + b"abc\r\n\r\n", 400),
    "a space in a name": (_GET + b"a b: c\r\n\r\n", 400),
    "a space after a name": (_POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    "a header on two lines": (_GET + b"A: b\r\n c: d\r\n\r\n", 400),
    "a coding on two lines": (_POST + b"Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n", 400),
    "line feeds alone": (_GET.replace(b"\r", b"") + b"\n", 400),
    "carriage returns alone": (_GET.replace(b"\n", b"") + b"\r", 400),
    "a length and chunks": (
        _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunks and a length": (
        _POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    "two lengths": (_POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello", 400),
    "a list of lengths": (_POST + b"Content-Length: 5, 5\r\n\r\nhello", 400),
    "a length with a sign": (_POST + b"Content-Length: +5\r\n\r\nhello", 400),
    "a length below nothing": (_POST + b"Content-Length: -5\r\n\r\nhello", 400),
    "a length in another base": (_POST + b"Content-Length: 0x5\r\n\r\nhello", 400),
    "no number for a length": (_POST + b"Content-Length: \r\n\r\nhello", 400),
    "a length beyond all": (_POST + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
    "no host": (b"GET / HTTP/1.1\r\n\r\n", 400),
    "two hosts": (_GET + b"Host: ardennes.localhost\r\n\r\n", 400),
    "the same host twice": (_GET + HOST + b"\r\n", 400),
    "a coding under chunks": (_POST + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", 501),
    "a coding that is none": (_POST + b"Transfer-Encoding: identity\r\n\r\n", 501),
    "an unknown coding": (_POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n", 501),
    "chunks twice": (
        _POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    "chunks in 1.0": (_CHUNKED.replace(b"HTTP/1.1", b"HTTP/1.0") + b"0\r\n\r\n", 501),
    "a chunk without a size": (_CHUNKED + b"zz\r\nhello\r\n0\r\n\r\n", 400),
    "a chunk below nothing": (_CHUNKED + b"-1\r\nhello\r\n0\r\n\r\n", 400),
    "a chunk beyond all": (_CHUNKED + b"fffffffffffffffffffff\r\nhello\r\n0\r\n\r\n", 400),
    "a chunk longer than it says": (_CHUNKED + b"5\r\nhelloXX0\r\n\r\n", 400),
    "chunks with line feeds alone": (_CHUNKED + b"5\nhello\n0\n\n", 400),
    "a line feed in an extension": (_CHUNKED + b"5;a\nb\r\nhello\r\n0\r\n\r\n", 400),
    "a body behind an upgrade": (
        _POST + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello",
        400,
    ),
    "a header of 64 KB": (_GET + b"A: " + b"a" * 65536 + b"\r\n\r\n", 431),
    "a header that never ends": (_GET + b"A: " + b"a" * 1_000_000, 431),
    "a name that never ends": (_GET + b"a" * 1_000_000, 431),
    "a path that never ends": (b"GET /" + b"a" * 1_000_000, 431),
    "headers that never end": (_GET + b"a:b\r\n" * 200_000, 431),
    "empty lines that never end": (b"\r\n" * 100_000, 431),
    "trailers that never end": (_CHUNKED + b"0\r\n" + b"a: b\r\n" * 100_000, 431),
    "an extension that never ends": (_CHUNKED + b"5;" + b"a" * 200_000, 431),
}
"""Bytes that are no request, or one that is not taken, and the status of the answer."""
MORE_THAN_A_READING = {"trailers that never end", "an extension that never ends"}
"""Of those, the ones whose head is whole and whose fault is more than the server reads at once: an application that does not wait for
the body may have answered before it is met."""
ODD: dict[str, bytes] = {
    "HEAD": b"HEAD /sign-in HTTP/1.1\r\n" + HOST + b"\r\n",
    "everything": b"OPTIONS * HTTP/1.1\r\n" + HOST + b"\r\n",
    "a whole address": b"GET http://noordzee.localhost/health/live HTTP/1.1\r\n" + HOST + b"\r\n",
    "no host in 1.0": b"GET / HTTP/1.0\r\n\r\n",
    "a port beyond all": b"GET / HTTP/1.1\r\nHost: noordzee.localhost:99999\r\n\r\n",
    "a host of nobody": b"GET / HTTP/1.1\r\nHost: nobody.example\r\n\r\n",
    "broken escapes": b"GET /%zz%00%ff HTTP/1.1\r\n" + HOST + b"\r\n",
    "headers that the gate refuses": _GET + b"A: " + b"a" * 40_000 + b"\r\n\r\n",
    "a websocket": _GET + b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: eA==\r\n\r\n",
    "HTTP/2 without TLS": _GET + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n\r\n",
    "1.0": b"GET /health/live HTTP/1.0\r\n" + HOST + b"\r\n",
    "a form without a session": _POST + b"Content-Length: 5\r\n\r\nhello",
    "a body that waits to be asked for": _POST + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n",
}
"""Requests that are rare, and answered like any other."""


@dataclass(frozen=True)
class Raw:
    """The first answer on a connection."""

    status: int
    headers: dict[str, str]
    rest: bytes
    """Its body, and whatever followed."""


def exchange(port: int, data: bytes, *, patience: float = 60) -> Raw:
    """Send bytes, say that this was all as soon as an answer has begun, and read to the end."""
    with socket.create_connection(("127.0.0.1", port), timeout=patience) as connection:
        got = b""
        with contextlib.suppress(
            OSError
        ):  # refused before all of it was sent: the answer is there all the same
            connection.sendall(data)
        while b"\r\n\r\n" not in got and (part := connection.recv(65536)):
            got += part
        connection.shutdown(socket.SHUT_WR)
        while part := connection.recv(65536):
            got += part
    return answer_of(got)


def answer_of(got: bytes) -> Raw:
    """What the bytes of an answer say."""
    head, _, rest = got.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    return Raw(int(first.split(" ")[1]) if first else 0, headers, rest)
