"""What every store of original files promises, whichever way the bytes are kept."""

from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from io import BufferedRandom
from typing import BinaryIO, Protocol
from uuid import UUID

from portal.kernel.errors import PortalError, Unavailable
from portal.kernel.language import N_


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What `ObjectStore.put` took in."""

    sha256: str
    """64 lower-case hexadecimal digits."""
    size: int
    """Bytes."""


@dataclass(frozen=True, slots=True)
class Listed:
    """One object as `ObjectStore.listing` finds it."""

    namespace: UUID
    sha256: str
    size: int
    modified: datetime
    """When it was last put, in UTC, by the clock of the store."""


@dataclass(frozen=True, slots=True)
class Aside:
    """One object that was set aside, as `ObjectStore.aside` finds it."""

    namespace: UUID
    sha256: str
    since: datetime
    """When it was set aside, in UTC, to the second."""


class BrokenFile(PortalError):
    """A file the database knows cannot be given as it was stored. Never hand out a part: name it and stop."""

    code = "file_broken"
    message = N_("A stored file cannot be read. The people who run the portal have to restore it.")


class Missing(BrokenFile):
    """The store has no bytes under this hash for this owner."""

    code = "file_missing"
    message = N_("A stored file is missing. The people who run the portal have to restore it.")


class Damaged(BrokenFile):
    """The bytes have changed since they were stored."""

    code = "file_damaged"
    message = N_("A stored file is damaged. The people who run the portal have to restore it.")


class StorageUnavailable(Unavailable):
    """The store cannot be reached, refuses, or is full. Nothing was stored under its final name."""

    code = "storage_unavailable"
    message = N_("Files cannot be stored or read for the moment. Nothing was lost; try again in a minute.")


class ObjectStore(Protocol):
    """Content-addressed bytes, apart for each owner.

    ``namespace`` is the id of the company or firm that owns the bytes. Equal bytes are kept once inside a
    namespace and never shared between two: no tenant can learn that another has a file, or reach it by its
    hash.

    All methods raise `StorageUnavailable` when the store cannot be reached and `ValueError` for a hash that
    is none.
    """

    async def put(
        self, namespace: UUID, data: bytes | AsyncIterable[bytes] | BinaryIO, *, media_type: str
    ) -> StoredObject:
        """Store the bytes under their hash, whole or not at all; storing them again refreshes and heals.

        A file on disk is read from its beginning where it is, without a copy on the way; one of ``scratch`` is the store's from
        then on. Of what is long never more than a few pieces are in memory. An error raised by ``data`` while it is read passes through; nothing is stored then.
        """
        ...

    def scratch(self) -> BufferedRandom:
        """A file without a name in which something long is made that is to be put; whatever happens, nothing of it stays behind.

        Where objects are files it is on their disk, and `put` gives it its name instead of writing the bytes once more.
        """
        ...

    async def get(self, namespace: UUID, sha256: str) -> bytes:
        """All bytes, their hash verified. Raises `Missing` or `Damaged`."""
        ...

    def stream(self, namespace: UUID, sha256: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """The bytes from position ``start`` on, in pieces of at most a megabyte or so.

        The last piece is held back until the hash of the whole is verified: damaged bytes raise `Damaged`
        and never arrive complete. Raises `Missing`.
        """
        ...

    def open(self, namespace: UUID, sha256: str, *, verified: bool = True) -> BinaryIO:
        """A forward-only reader for code without an event loop, such as the thread that builds bundles.

        Raises `Missing` here, `Damaged` at the latest when the end is read. Whoever compares the hash of what it reads anyway
        asks for it not ``verified``: nothing is hashed twice then, and damage is theirs to find.
        """
        ...

    async def exists(self, namespace: UUID, sha256: str) -> bool:
        """Whether there are bytes under this hash. Does not read them."""
        ...

    async def size(self, namespace: UUID, sha256: str) -> int | None:
        """How many bytes there are under this hash; None when there are none. Does not read them."""
        ...

    def listing(self, namespace: UUID) -> AsyncIterator[Listed]:
        """Every object of one namespace, in no order, without what is aside: for the sweeper."""
        ...

    async def set_aside(self, namespace: UUID, sha256: str, *, put_before: datetime, now: datetime) -> bool:
        """Take an object out of the way that was last put before that moment; returns whether that was done.

        It is as good as there: whoever reads it, or asks whether it exists, brings it back. So an upload of the same bytes that
        meets the sweeper loses nothing.
        """
        ...

    def aside(self, namespace: UUID) -> AsyncIterator[Aside]:
        """What of one namespace is aside, in no order."""
        ...

    async def forget(self, one: Aside) -> None:
        """Delete for good what was set aside; what was brought back or put again meanwhile stays."""
        ...

    async def healthy(self) -> bool:
        """Whether a small object can be written and read back within a few seconds. Never raises."""
        ...
