"""Bytes on their way in and out: hashed while they are held, checked while they are read; and what the store's faults mean."""

import contextlib
import errno
import hashlib
import io
import os
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, BinaryIO, Protocol, Self, TypeGuard, cast

from obstore.exceptions import BaseError

from portal.kernel.parts import PARTS, STORE, WRITING
from portal.storage.contract import Damaged, Missing, StorageUnavailable, StoredObject

SPOOL = 8 * 1024 * 1024
"""Bytes kept in memory while hashing; longer ones go to a temporary file."""
PIECE = 1024 * 1024
"""Bytes read at a time."""
FAULTS = (OSError, BaseError)


class Pieces(Protocol):
    """What is used of obstore's stream: an iterator over buffers."""

    def __iter__(self) -> Iterator[bytes]: ...


class Spool:
    """Takes bytes in, hashes them, and gives them back for one write."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile[bytes](max_size=SPOOL)
        self._digest = hashlib.sha256()
        self._size = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def write(self, piece: bytes) -> None:
        """Take a piece in.

        Raises:
            StorageUnavailable: no room.
        """
        try:
            self._file.write(piece)
        except OSError as error:  # no room for temporary files
            PARTS.away(WRITING, error)
            raise StorageUnavailable from error
        self._digest.update(piece)
        self._size += len(piece)

    def read_from(self, source: BinaryIO) -> None:
        """Take all of a stream in."""
        while piece := source.read(PIECE):
            self.write(piece)

    def finish(self) -> StoredObject:
        """What came in: its hash and size."""
        return StoredObject(self._digest.hexdigest(), self._size)

    def content(self) -> bytes | BinaryIO:
        """What came in, from its beginning; a stream where it is long."""
        self._file.seek(0)
        return self._file.read() if self._size <= SPOOL else cast("BinaryIO", self._file)


def is_on_disk(data: object) -> TypeGuard[io.BufferedRandom | io.BufferedReader]:
    """Whether these are the bytes of a file of which every part can be read again."""
    return isinstance(data, io.BufferedRandom | io.BufferedReader) and data.seekable()


def hashed(file: io.BufferedRandom | io.BufferedReader) -> StoredObject:
    """The hash and size of a whole file, which stands at its beginning again."""
    file.seek(0)
    digest = hashlib.file_digest(cast("Any", file), "sha256")
    size = file.tell()
    file.seek(0)
    return StoredObject(digest.hexdigest(), size)


def unnamed(folder: Path | None) -> io.BufferedRandom:
    """A file without a name on the disk of a folder, which `named` gives one; on any disk, and for good, where that is not to be had."""
    if folder is not None:
        with contextlib.suppress(OSError, AttributeError):  # not every disk, nor every system
            # Not by tempfile: a file of its making can never be named.
            handle = os.open(folder, os.O_TMPFILE | os.O_RDWR | os.O_CLOEXEC, 0o644)
            return cast("io.BufferedRandom", os.fdopen(handle, "w+b", buffering=PIECE))
    return cast("io.BufferedRandom", tempfile.TemporaryFile(buffering=PIECE, dir=folder))


def named(path: Path, content: object) -> bool:
    """Give a file that has no name yet this one, with all of its bytes on the disk; False where that cannot be.

    It has a name already, there is such a file (which may be damaged), it is on another disk, or the system gives no names later.
    """
    if not is_on_disk(content) or os.fstat(content.fileno()).st_nlink:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(content.fileno())
        os.utime(content.fileno())  # put now, whenever it was written
        os.link(f"/proc/self/fd/{content.fileno()}", path.name, dst_dir_fd=folder, follow_symlinks=True)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EIO):
            raise
        return False
    finally:
        os.close(folder)
    return True


class PieceReader(io.RawIOBase):
    """Reads pieces one after the other and compares the hash at the end, where one is given."""

    def __init__(self, pieces: Iterator[bytes], sha256: str | None) -> None:
        self._pieces = pieces
        self._sha256 = sha256
        self._digest = hashlib.sha256()
        self._rest = memoryview(b"")

    def readable(self) -> bool:
        """Always: an object is read, never written (`io.RawIOBase`)."""
        return True

    def readinto(self, buffer: object, /) -> int:
        """Some more bytes; at the end the hash is compared.

        Raises:
            Damaged, Missing, StorageUnavailable.
        """
        if not self._rest:
            with faults():
                piece = bytes(next(self._pieces, b""))
            if not piece:
                if self._sha256 is not None and self._digest.hexdigest() != self._sha256:
                    raise Damaged
                return 0
            if self._sha256 is not None:
                self._digest.update(piece)
            self._rest = memoryview(piece)
        target = memoryview(cast("bytearray", buffer))
        count = min(len(target), len(self._rest))
        target[:count] = self._rest[:count]
        self._rest = self._rest[count:]
        return count


@contextlib.contextmanager
def faults() -> Generator[None]:
    """The store's faults as ours.

    Raises:
        Missing, StorageUnavailable.
    """
    try:
        yield
    except FileNotFoundError as error:
        raise Missing from error
    except FAULTS as error:
        PARTS.away(STORE, error)
        raise StorageUnavailable from error


def sha256_of(data: bytes) -> str:
    """The SHA-256 of the bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(data).hexdigest()
