"""Objects that nobody refers to are set aside before they go for good.

No store deletes "unless it was put again just now": between looking at an object and deleting it, somebody may store the same bytes
and trust that they are there. So the sweeper moves an object out of the way, where it stays for a while; whoever misses it gets it
back as if nothing had been. Only what nobody missed is deleted.

Keys are ``aside/<namespace>/<64 hex digits>/<moment>``.
"""

import re
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from uuid import UUID

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, MemoryStore, S3Store

from portal.storage.contract import Aside

Backing = LocalStore | S3Store | MemoryStore
_STAMP = "%Y%m%dT%H%M%SZ"
_ASIDE = re.compile(r"aside/([0-9a-f-]{36})/([0-9a-f]{64})/([0-9TZ]{16})", re.ASCII)


async def move(store: Backing, key: str, namespace: UUID, sha256: str, now: datetime) -> None:
    """Copy, then delete: a moment without either never is."""
    stamp = now.astimezone(UTC).strftime(_STAMP)
    await obstore.copy_async(store, key, f"aside/{namespace}/{sha256}/{stamp}")
    await obstore.delete_async(store, key)


def bring_back(store: Backing, key: str, namespace: UUID, sha256: str) -> str | None:
    """Put the bytes back under their key; None when they are not aside either.

    Returns:
        Where they can be read: under their key, or still aside while the store takes nothing.
    """
    for found in _paths(store, f"aside/{namespace}/{sha256}/"):
        try:
            obstore.copy(store, found, key)
        except FileNotFoundError:  # somebody else was faster
            return key
        except (OSError, BaseError):
            return found
        return key
    return None


async def listing(store: Backing, namespace: UUID) -> AsyncIterator[Aside]:
    """What of one owner is aside, and since when."""
    async for page in obstore.list(store, prefix=f"aside/{namespace}/"):
        for found in page:
            if match := _ASIDE.fullmatch(found["path"]):
                since = datetime.strptime(match[3], _STAMP).replace(tzinfo=UTC)
                yield Aside(UUID(match[1]), match[2], since)


async def forget(store: Backing, one: Aside) -> None:
    """Delete one of them for good."""
    await obstore.delete_async(store, f"aside/{one.namespace}/{one.sha256}/{one.since.strftime(_STAMP)}")


def _paths(store: Backing, prefix: str) -> Iterator[str]:
    for page in obstore.list(store, prefix=prefix):
        for found in page:
            yield found["path"]
