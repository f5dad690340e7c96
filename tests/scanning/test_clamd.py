"""The conversation with ClamAV: clean, found, or away, and never a guess."""

import asyncio
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from portal import scanning
from portal.kernel.parts import PARTS
from portal.scanning import Clamd, NoScanner, ScannerUnavailable, open_scanner
from tests.support.clamd import EICAR, SIGNATURE, running_clamd


async def pieces(data: bytes, size: int = 7) -> AsyncIterator[bytes]:
    """Bytes bit by bit, some of them none."""
    for start in range(0, len(data), size):
        yield data[start : start + size]
        yield b""


async def test_clamav_tells_clean_files_from_others() -> None:
    async with running_clamd() as url:
        scanner = open_scanner(url)
        assert scanner.is_on
        assert await scanner.answers()
        assert (await scanner.scan(b"an invoice")).signature == ""
        assert (await scanner.scan(b"")).signature == ""
        assert (await scanner.scan(EICAR)).signature == SIGNATURE
        assert (await scanner.scan(pieces(b"before " + EICAR))).signature == SIGNATURE
        assert (await scanner.scan(pieces(bytes(3_000_000), 65_536))).signature == ""


async def test_what_is_too_long_for_it_is_not_clean() -> None:
    async with running_clamd() as url:
        with pytest.raises(ScannerUnavailable):
            await open_scanner(url).scan(bytes(40 * 1024 * 1024))


async def test_a_scanner_that_is_away_is_told_once(tmp_path: Path) -> None:
    PARTS.back("scanner")
    scanner = Clamd(path=str(tmp_path / "nobody"))
    with capture_logs() as told:
        for _ in range(3):
            assert not await scanner.answers()
            with pytest.raises(ScannerUnavailable):
                await scanner.scan(b"x")
    assert [(one["event"], one["part"]) for one in told] == [("part.away", "scanner")]
    PARTS.back("scanner")


Said = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


async def asked(say: Said) -> str:
    """What our side makes of a server that behaves so."""
    server = await asyncio.start_server(say, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    try:
        return (await Clamd(host="127.0.0.1", port=port).scan(b"abc")).signature
    finally:
        server.close()
        PARTS.back("scanner")


@pytest.mark.parametrize(
    "answer",
    [
        b"INSTREAM size limit exceeded. ERROR\0",
        b"stream: Can't allocate memory ERROR\0",
        b"UNKNOWN COMMAND\0",
        b"OK\0",
        b"stream: \0",
        b"\0",
        b"",
        b"stream: OK",  # cut off
        b"x" * 100_000,
    ],
)
async def test_no_other_answer_is_taken_for_clean(answer: bytes) -> None:
    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096) and not writer.is_closing():
            writer.write(answer)
            await writer.drain()
            writer.close()

    with pytest.raises(ScannerUnavailable):
        await asked(say)


async def test_the_bytes_arrive_as_they_are() -> None:
    got = bytearray()

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        assert await reader.readuntil(b"\0") == b"zINSTREAM\0"
        while (length := struct.unpack(">I", await reader.readexactly(4))[0]) > 0:
            got.extend(await reader.readexactly(length))
        writer.write(b"stream: Some.Name FOUND\0")
        await writer.drain()
        writer.close()

    assert await asked(say) == "Some.Name"
    assert bytes(got) == b"abc"


async def test_one_that_says_nothing_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "SCAN_SECONDS", 0.05)
    done = asyncio.Event()

    async def say(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await done.wait()
        writer.close()

    try:
        with pytest.raises(ScannerUnavailable):
            await asked(say)
    finally:
        done.set()


async def test_without_one_nothing_is_ever_clean() -> None:
    scanner = open_scanner(None)
    assert isinstance(scanner, NoScanner)
    assert not scanner.is_on
    with pytest.raises(ScannerUnavailable):
        await scanner.scan(b"x")


@pytest.mark.parametrize("url", ["", "http://host", "clamd://", "unix://host/path", "unix:relative"])
def test_another_address_is_none(url: str) -> None:
    with pytest.raises(ValueError, match="clamd://"):
        open_scanner(url)
