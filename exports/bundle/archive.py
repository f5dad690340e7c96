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
_PLAIN_FILE = 0o100644 << 16
CHUNK = 1 << 20


class ArchiveWriter:
    """Writes entries one after the other to ``out`` from where it stands; ``out`` need not be seekable.

    ``start`` is the offset in the ZIP at which ``out`` stands.
    """

    def __init__(self, out: BinaryIO, *, start: int = 0) -> None:
        self._out = out
        self._offset = start
        self._directory: list[bytes] = []

    def write(self, name: str, chunks: Iterable[bytes], *, size: int, crc: int) -> None:
        """Adds one entry of ``size`` bytes whose CRC-32 is ``crc``; the caller answers for both."""
        encoded = name.encode()
        flags = 0 if name.isascii() else _UTF8_NAME
        large = size >= _LIMIT32
        local_size = _LIMIT32 if large else size
        extra = struct.pack("<2H2Q", 1, 16, size, size) if large else b""
        version = 45 if large else 20
        # The directory is kept packed: 10,000 entries are 1.5 MB.
        far = self._offset >= _LIMIT32
        wide = (struct.pack("<2Q", size, size) if large else b"") + (
            struct.pack("<Q", self._offset) if far else b""
        )
        central_extra = struct.pack("<2H", 1, len(wide)) + wide if wide else b""
        self._directory.append(
            _CENTRAL.pack(
                b"PK\x01\x02",
                3 << 8 | (45 if wide else 20),
                45 if wide else 20,
                flags,
                0,
                0,
                _DATE_1980,
                crc,
                local_size,
                local_size,
                len(encoded),
                len(central_extra),
                0,
                0,
                0,
                _PLAIN_FILE,
                _LIMIT32 if far else self._offset,
            )
            + encoded
            + central_extra
        )
        header = _LOCAL.pack(
            b"PK\x03\x04",
            version,
            flags,
            0,
            0,
            _DATE_1980,
            crc,
            local_size,
            local_size,
            len(encoded),
            len(extra),
        )
        self._put(header + encoded + extra)
        for chunk in chunks:
            self._put(chunk)

    def write_bytes(self, name: str, data: bytes) -> None:
        """Adds one entry held in memory."""
        self.write(name, (data,), size=len(data), crc=zlib.crc32(data))

    def finish(self) -> int:
        """Writes the directory and returns the length of the whole ZIP."""
        start, count = self._offset, len(self._directory)
        for record in self._directory:
            self._put(record)
        length = self._offset - start
        if count >= _LIMIT16 or start >= _LIMIT32 or length >= _LIMIT32:
            end64 = self._offset
            self._put(_END64.pack(b"PK\x06\x06", 44, 3 << 8 | 45, 45, 0, 0, count, count, length, start))
            self._put(_LOCATOR64.pack(b"PK\x06\x07", 0, end64, 1))
        self._put(
            _END.pack(
                b"PK\x05\x06",
                0,
                0,
                min(count, _LIMIT16),
                min(count, _LIMIT16),
                min(length, _LIMIT32),
                min(start, _LIMIT32),
                0,
            )
        )
        return self._offset

    def _put(self, data: bytes) -> None:
        self._out.write(data)
        self._offset += len(data)


def length_of(entries: Iterable[tuple[str, int]]) -> int:
    """How long the ZIP of these (name, size) entries is, without writing it."""
    total = directory = 0
    count = 0
    for name, size in entries:
        encoded = len(name.encode())
        large, far = size >= _LIMIT32, total >= _LIMIT32
        directory += _CENTRAL.size + encoded + (4 if large or far else 0) + 16 * large + 8 * far
        total += _LOCAL.size + encoded + 20 * large + size
        count += 1
    if count >= _LIMIT16 or total >= _LIMIT32 or directory >= _LIMIT32:
        directory += _END64.size + _LOCATOR64.size
    return total + directory + _END.size
