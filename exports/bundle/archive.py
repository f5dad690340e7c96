"""A ZIP writer whose bytes depend on nothing but names and contents.

Every entry is stored, dated 1980-01-01 and marked as a plain file written on Unix. Storing keeps the bytes
the same under every zlib (a deflated stream differs between zlib, zlib-ng and their versions), costs
nothing for PDFs, which are compressed already, and lets a reader find a file at a known place. CRC and size
stand in front of the content, so that readers that stream and readers that seek both work, and the output
needs no seeking. ZIP64 is used where an entry, an offset or the number of entries asks for it, and only
there.

Nothing written is a ZIP until ``finish`` has put the directory at the end.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from typing import BinaryIO

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR64 = struct.Struct("<4sIQI")
_DATE_1980 = 0x21  # 1980-01-01 in MS-DOS form
_UTF8_NAME = 0x800
_LIMIT32 = 0xFFFFFFFF
_LIMIT16 = 0xFFFF
_UNIX = 3 << 8  # made on Unix: the attributes are a file mode
_PLAIN_FILE = 0o100644 << 16
CHUNK = 1 << 20


class Framing:
    """Everything of a ZIP but the contents: what stands before each file, and the directory at the end.

    ``offset`` is where the next byte belongs; it counts the contents too.
    """

    def __init__(self, *, start: int = 0) -> None:
        self.offset = start
        self._directory: list[bytes] = []  # packed: 10,000 entries are 1.5 MB

    def header(self, name: str, *, size: int, crc: int) -> bytes:
        """What stands before a file of ``size`` bytes whose CRC-32 is ``crc``."""
        encoded = name.encode()
        flags = 0 if name.isascii() else _UTF8_NAME
        large, far = size >= _LIMIT32, self.offset >= _LIMIT32
        size32, offset32 = min(size, _LIMIT32), min(self.offset, _LIMIT32)
        extra = struct.pack("<2H2Q", 1, 16, size, size) if large else b""
        wide = extra[4:] + (struct.pack("<Q", self.offset) if far else b"")
        central = struct.pack("<2H", 1, len(wide)) + wide if wide else b""
        times = (0, _DATE_1980)
        version = 45 if wide else 20
        fixed = (0, *times, crc, size32, size32, len(encoded))
        self._directory.append(
            _CENTRAL.pack(
                b"PK\x01\x02",
                _UNIX | version,
                version,
                flags,
                *fixed,
                len(central),
                0,
                0,
                0,
                _PLAIN_FILE,
                offset32,
            )
            + encoded
            + central
        )
        local = _LOCAL.pack(b"PK\x03\x04", 45 if large else 20, flags, *fixed, len(extra)) + encoded + extra
        self.offset += len(local) + size
        return local

    def end(self) -> bytes:
        """The directory, with which the ZIP ends."""
        start, count = self.offset, len(self._directory)
        parts = self._directory
        length = sum(len(record) for record in parts)
        if count >= _LIMIT16 or start >= _LIMIT32 or length >= _LIMIT32:
            end64 = _END64.pack(b"PK\x06\x06", 44, _UNIX | 45, 45, 0, 0, count, count, length, start)
            parts = [*parts, end64, _LOCATOR64.pack(b"PK\x06\x07", 0, start + length, 1)]
        count16 = min(count, _LIMIT16)
        end = _END.pack(b"PK\x05\x06", 0, 0, count16, count16, min(length, _LIMIT32), min(start, _LIMIT32), 0)
        return b"".join([*parts, end])


class ArchiveWriter:
    """Writes entries one after the other to ``out`` from where it stands; ``out`` need not be seekable.

    ``start`` is the offset in the ZIP at which ``out`` stands.
    """

    def __init__(self, out: BinaryIO, *, start: int = 0) -> None:
        self._out = out
        self._framing = Framing(start=start)

    def write(self, name: str, chunks: Iterable[bytes], *, size: int, crc: int) -> None:
        """Adds one entry of ``size`` bytes whose CRC-32 is ``crc``; the caller answers for both."""
        self._out.write(self._framing.header(name, size=size, crc=crc))
        for chunk in chunks:
            self._out.write(chunk)

    def write_bytes(self, name: str, data: bytes) -> None:
        """Adds one entry held in memory."""
        self.write(name, (data,), size=len(data), crc=zlib.crc32(data))

    def finish(self) -> None:
        """Writes the directory: now it is a ZIP."""
        self._out.write(self._framing.end())
