"""Malware: whether a file carries any, asked of ClamAV before anything of the portal reads the file.

Three answers and no guess: clean, found (with the name of the signature), or the scanner is away and the file waits. Where no scanner is
configured, nothing is scanned, and pages and `/health/ready` say so.
"""

import asyncio
import re
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import urlsplit

from portal.kernel.errors import Unavailable
from portal.kernel.language import N_
from portal.kernel.parts import PARTS, SCANNER

PIECE = 256 * 1024
CONNECT_SECONDS = 5.0
SCAN_SECONDS = 180.0
"""Seconds for one file, from connecting to the answer; clamd itself gives up on a file after two minutes (`MaxScanTime`)."""
ASK_SECONDS = 3.0
LONGEST_ANSWER = 1024
_ANSWER = re.compile(r"stream: (?P<said>.*)", re.DOTALL)


class ScannerUnavailable(Unavailable):
    """The scanner is away, or gave no verdict. The file waits: it is never taken for clean."""

    code = "scanner_unavailable"
    message = N_(
        "Files cannot be scanned for viruses for the moment. Nothing was lost; they are looked at by themselves later."
    )


@dataclass(frozen=True, slots=True)
class Scan:
    """What a scanner says of one file: `signature` names what was found, empty for nothing."""

    signature: str = ""


class Scanner(Protocol):
    """What looks for malware."""

    @property
    def is_on(self) -> bool:
        """Whether files are scanned at all."""
        ...

    async def scan(self, content: bytes | AsyncIterator[bytes]) -> Scan:
        """Look through the bytes of one file.

        Raises:
            ScannerUnavailable: it is away, or says neither yes nor no.
            PortalError: whatever reading `content` raises.
        """
        ...

    async def answers(self) -> bool:
        """Whether it is there and would scan. Never raises."""
        ...


class NoScanner:
    """Nothing is scanned; whoever shows a file says so."""

    is_on = False

    async def scan(self, content: bytes | AsyncIterator[bytes]) -> Scan:  # noqa: ARG002 - nothing looks at it
        """Never asked.

        Raises:
            ScannerUnavailable: always: without a scanner nothing is clean.
        """
        raise ScannerUnavailable

    async def answers(self) -> bool:
        """Nobody waits for it."""
        return True


class Clamd:
    """ClamAV's daemon, by its command INSTREAM (clamd(8)): the bytes go over a connection, no file is shared with it.

    Args:
        host, port: where it listens; or
        path: its socket.
    """

    is_on = True

    def __init__(self, *, host: str = "", port: int = 0, path: str = "") -> None:
        self._host, self._port, self._path = host, port, path

    async def scan(self, content: bytes | AsyncIterator[bytes]) -> Scan:
        """See `Scanner.scan`."""
        try:
            async with asyncio.timeout(SCAN_SECONDS):
                reader, writer = await self._connected()
                try:
                    answer = await self._sent(reader, writer, content)
                finally:
                    writer.close()
            verdict = _verdict(answer)
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            PARTS.away(SCANNER, error)
            raise ScannerUnavailable from error
        if verdict is None:
            PARTS.away(SCANNER, answer[:200])
            raise ScannerUnavailable
        PARTS.back(SCANNER)
        return verdict

    async def answers(self) -> bool:
        """It says PONG."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                reader, writer = await self._connected()
                try:
                    writer.write(b"zPING\0")
                    await writer.drain()
                    said = await reader.readuntil(b"\0")
                finally:
                    writer.close()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError) as error:
            PARTS.away(SCANNER, error)
            return False
        if said != b"PONG\0":
            PARTS.away(SCANNER, "no PONG")
            return False
        PARTS.back(SCANNER)
        return True

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        opening = (
            asyncio.open_unix_connection(self._path, limit=LONGEST_ANSWER)
            if self._path
            else asyncio.open_connection(self._host, self._port, limit=LONGEST_ANSWER)
        )
        async with asyncio.timeout(CONNECT_SECONDS):
            return await opening

    async def _sent(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        content: bytes | AsyncIterator[bytes],
    ) -> str:
        writer.write(b"zINSTREAM\0")
        try:
            async for piece in _pieces(content):
                writer.write(struct.pack(">I", len(piece)) + piece)
                await writer.drain()
            writer.write(struct.pack(">I", 0))
            await writer.drain()
        except (BrokenPipeError, ConnectionResetError):  # it has said already why it takes no more
            pass
        answer = await reader.readuntil(b"\0")
        return answer.rstrip(b"\0").decode("utf-8", "replace")


async def _pieces(content: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(content, bytes):
        for start in range(0, len(content), PIECE):
            yield content[start : start + PIECE]
    else:
        async for piece in content:
            if piece:  # one of no length would be the end
                yield piece


def _verdict(answer: str) -> Scan | None:
    """What an answer of clamd means; None for anything that is neither yes nor no (an error, a limit)."""
    said = _ANSWER.fullmatch(answer.strip())
    if said is None:
        return None
    text = said["said"]
    if text == "OK":
        return Scan()
    if text.endswith(" FOUND"):
        return Scan(text.removesuffix(" FOUND").strip()[:200] or "?")
    return None


def open_scanner(url: str | None) -> Scanner:
    """The scanner of a setting: `clamd://host:3310`, `unix:///run/clamav/clamd.ctl`; None for none.

    Raises:
        ValueError: it is neither.
    """
    if url is None:
        return NoScanner()
    parts = urlsplit(url)
    if parts.scheme == "unix" and parts.path.startswith("/") and not parts.netloc:
        return Clamd(path=parts.path)
    if parts.scheme == "clamd" and parts.hostname:
        return Clamd(host=parts.hostname, port=parts.port or 3310)
    raise ValueError("must look like clamd://host:3310 or unix:///run/clamav/clamd.ctl")
