"""Opening a ZIP that may be anything: limits first, own errors only.

The directory is read by the standard library, which trusts its input: every way it can fail ends here, and
so do reads larger than a directory has to be.
"""

from __future__ import annotations

import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from exports.bundle.archive import CHUNK
from exports.bundle.errors import Unreadable

MAX_ENTRIES = 200_000
MAX_DIRECTORY = 64 << 20

FAULTS = (
    zipfile.BadZipFile,
    zipfile.LargeZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    IndexError,
)
"""What the standard library raises on a ZIP that is broken, encrypted or packed in a way it does not know."""


class _Guarded:
    """A binary stream that refuses a single read larger than any directory has reason to be."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self.seek = stream.seek
        self.tell = stream.tell

    def seekable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        if size > MAX_DIRECTORY:
            raise zipfile.BadZipFile("the directory is larger than a bundle's can be")
        return self._stream.read(size if size >= 0 else MAX_DIRECTORY)


def open_zip(data: BinaryIO) -> zipfile.ZipFile:
    """The ZIP in ``data``.

    Raises:
        Unreadable: It is not seekable (``not_seekable``), not a ZIP (``not_a_zip``), or has more entries
        than a
            bundle can (``too_many_entries``).
    """
    if not data.seekable():
        raise Unreadable("not_seekable")
    try:
        archive = zipfile.ZipFile(cast("BinaryIO", _Guarded(data)))
    except FAULTS as fault:
        raise Unreadable("not_a_zip", None, {"fault": f"{type(fault).__name__}: {fault}"}) from fault
    if len(archive.filelist) > MAX_ENTRIES:
        raise Unreadable("too_many_entries", None, {"entries": str(len(archive.filelist))})
    return archive


def read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo, limit: int) -> Iterator[bytes]:
    """The entry's bytes in pieces, at most one piece beyond ``limit``; raises what is in ``FAULTS``."""
    # The other methods can be asked for gigabytes of memory by a few bytes.
    if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        raise NotImplementedError(f"compression method {entry.compress_type}")
    with archive.open(entry) as stream:
        left = limit + 1
        while left > 0 and (chunk := stream.read(min(CHUNK, left))):
            left -= len(chunk)
            yield chunk
