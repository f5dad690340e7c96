"""The one implementation of `ObjectStore`, on obstore, whose local, S3 and memory stores differ little.

Keys are ``<namespace>/sha256/ab/cd/<64 hex digits>``. The hash is known only at the end, so the bytes go
through a spool (memory, then a temporary file) and are written once, under the final key, in one step: a
rename in the local store, one PUT or a completed multipart upload on S3. Incomplete multipart uploads are
the bucket's to expire.
"""

import asyncio
import contextlib
import errno
import hashlib
import io
import os
import re
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast
from urllib.parse import parse_qsl, unquote, urlsplit
from uuid import UUID

import obstore
from obstore.store import LocalStore, MemoryStore, S3Store

from portal.kernel.parts import PARTS, STORE, WRITING
from portal.storage import aside
from portal.storage.contract import Aside, Damaged, Listed, Missing, StorageUnavailable, StoredObject
from portal.storage.pieces import (
    FAULTS,
    PIECE,
    SPOOL,
    PieceReader,
    Pieces,
    Spool,
    faults,
    hashed,
    is_on_disk,
    named,
    sha256_of,
    unnamed,
)

if TYPE_CHECKING:
    from obstore import GetResult
    from obstore.store import S3Config

MULTIPART = 32 * 1024 * 1024
"""Objects longer than this are uploaded to S3 in parts; where nothing is on the way, those longer than a spool are written so."""
HEALTH_SECONDS = 5.0

_SHA256 = re.compile(r"[0-9a-f]{64}", re.ASCII)
_KEY = re.compile(r"([0-9a-f-]{36})/sha256/([0-9a-f]{2})/([0-9a-f]{2})/(\2\3[0-9a-f]{60})", re.ASCII)


class StorageUrlError(ValueError):
    """The storage URL cannot be used; the message says why and what is expected."""


@dataclass(frozen=True, slots=True)
class S3Credentials:
    """Access key of an S3 store. ``None`` for the session token in the common case."""

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def open_store(url: str, credentials: S3Credentials | None = None) -> "Store":
    """The store at ``url``.

    - ``file:///absolute/path``: a directory, made when missing, closed to other users;
    - ``s3://bucket/prefix?endpoint=https://host&region=eu-west-1``: S3; the bucket must exist. ``endpoint``
    is for
      servers other than Amazon's (then the bucket is part of the path, not of the host name);
    - ``memory://``: this process only, for tests.

    Raises:
        StorageUrlError: unknown scheme or option, no path or bucket, credentials missing.
    """
    parts = urlsplit(url)
    if parts.scheme == "memory":
        return Store(MemoryStore())
    if parts.scheme == "file":
        path = Path(unquote(parts.path))
        if parts.netloc or not path.is_absolute() or parts.query:
            raise StorageUrlError("A local store is written file:///absolute/path")
        try:
            path.mkdir(parents=True, exist_ok=True, mode=0o700)
        except OSError as error:
            raise StorageUrlError(f"The folder {path} cannot be made: {error.strerror}") from error
        return Store(LocalStore(path), local=path)
    if parts.scheme == "s3":
        return Store(_s3(parts.netloc, parts.path.strip("/"), parts.query, credentials), remote=True)
    raise StorageUrlError(f"The storage URL starts with {parts.scheme!r}: use file://, s3:// or memory://")


def _s3(bucket: str, prefix: str, query: str, credentials: S3Credentials | None) -> S3Store:
    options = dict(parse_qsl(query))
    endpoint = options.pop("endpoint", None)
    region = options.pop("region", "us-east-1")
    if options:
        raise StorageUrlError(f"Unknown options in the storage URL: {', '.join(sorted(options))}")
    if not bucket or "@" in bucket:
        raise StorageUrlError("An S3 store is written s3://bucket/prefix, with the keys given apart")
    if credentials is None:
        raise StorageUrlError("An S3 store needs PORTAL_STORAGE_KEY and PORTAL_STORAGE_SECRET")
    if endpoint is not None and urlsplit(endpoint).scheme not in {"http", "https"}:
        raise StorageUrlError("The endpoint of an S3 store is written http://host:port or https://host")
    config: S3Config = {
        "region": region,
        "access_key_id": credentials.access_key_id,
        "secret_access_key": credentials.secret_access_key,
        "virtual_hosted_style_request": endpoint is None,
        "checksum_algorithm": "SHA256",
    }
    if endpoint is not None:
        config["endpoint"] = endpoint
    if credentials.session_token is not None:
        config["session_token"] = credentials.session_token
    return S3Store(
        bucket,
        prefix=prefix or None,
        config=config,
        client_options={
            "allow_http": endpoint is not None and endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=5),
            "timeout": timedelta(seconds=60),
        },
        retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
    )


class Store:
    """An `ObjectStore` on an obstore store. Made by `open_store`."""

    def __init__(
        self, store: LocalStore | S3Store | MemoryStore, *, local: Path | None = None, remote: bool = False
    ) -> None:
        """``local`` is the directory of a local store; ``remote`` says that media types are kept (S3)."""
        self._store = store
        self._local = local
        self._remote = remote

    async def put(
        self, namespace: UUID, data: bytes | AsyncIterable[bytes] | BinaryIO, *, media_type: str
    ) -> StoredObject:
        """See `ObjectStore.put`."""
        if is_on_disk(data):
            stored = await asyncio.to_thread(hashed, data)
            await self._put(namespace, stored, cast("BinaryIO", data), media_type)
            return stored
        with Spool() as spool:
            if isinstance(data, bytes):
                await asyncio.to_thread(spool.write, data)
            elif isinstance(data, AsyncIterable):
                async for piece in data:
                    await asyncio.to_thread(spool.write, piece)
            else:
                await asyncio.to_thread(spool.read_from, data)
            stored = spool.finish()
            await self._put(namespace, stored, spool.content(), media_type)
        return stored

    async def _put(
        self, namespace: UUID, stored: StoredObject, content: bytes | BinaryIO, media_type: str
    ) -> None:
        key = _key(namespace, stored.sha256)
        local = self._local
        # In one go an object is in memory as a whole, whatever it is read from.
        in_parts = stored.size > (MULTIPART if self._remote else SPOOL)
        try:
            if local is None or not await asyncio.to_thread(self._named, key, content):
                await obstore.put_async(
                    self._store,
                    key,
                    content,
                    attributes={"Content-Type": media_type} if self._remote else None,
                    use_multipart=in_parts,
                    chunk_size=SPOOL if self._remote else PIECE,
                    max_concurrency=4,
                )
            if local is not None:
                await asyncio.to_thread(_flush, local, key)
        except FAULTS as error:
            PARTS.away(WRITING, error)
            raise StorageUnavailable from error
        PARTS.back(WRITING)

    def _named(self, key: str, content: object) -> bool:
        self._look_for_folder()
        return self._local is not None and named(self._local / key, content)

    def _look_for_folder(self) -> None:
        """A local store whose folder is gone is away: its objects are not missing, and nobody makes an empty one in its place.

        Raises:
            OSError: it is gone.
        """
        if self._local is not None and not self._local.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(self._local))

    def scratch(self) -> io.BufferedRandom:
        """See `ObjectStore.scratch`."""
        try:
            self._look_for_folder()
            return unnamed(self._local)
        except OSError as error:
            PARTS.away(WRITING, error)
            raise StorageUnavailable from error

    async def get(self, namespace: UUID, sha256: str) -> bytes:
        """See `ObjectStore.get`."""
        key = _key(namespace, sha256)
        with faults():
            found = await self._get(key, namespace, sha256)
            data = bytes(await found.bytes_async())
        PARTS.back(STORE)
        if await asyncio.to_thread(sha256_of, data) != sha256:
            raise Damaged
        return data

    async def _get(self, key: str, namespace: UUID, sha256: str) -> "GetResult":
        try:
            return await obstore.get_async(self._store, key)
        except FileNotFoundError:
            found = await asyncio.to_thread(self._bring_back, key, namespace, sha256)
            if found is None:
                raise
        return await obstore.get_async(self._store, found)

    def _bring_back(self, key: str, namespace: UUID, sha256: str) -> str | None:
        """Where an object can be read after all that is not under its key."""
        self._look_for_folder()
        return aside.bring_back(self._store, key, namespace, sha256)

    async def stream(self, namespace: UUID, sha256: str, *, start: int = 0) -> AsyncIterator[bytes]:
        """See `ObjectStore.stream`."""
        key = _key(namespace, sha256)
        digest = hashlib.sha256()
        position, held = 0, b""
        with faults():
            found = await self._get(key, namespace, sha256)
            pieces = aiter(found.stream(min_chunk_size=PIECE))
        while True:
            with faults():
                piece = bytes(await anext(pieces, b""))
            if not piece:
                break
            digest.update(piece)
            if held:
                yield held
            held = piece[max(0, start - position) :]
            position += len(piece)
        if digest.hexdigest() != sha256:
            raise Damaged
        if held:
            yield held

    def open(self, namespace: UUID, sha256: str, *, verified: bool = True) -> BinaryIO:
        """See `ObjectStore.open`."""
        key = _key(namespace, sha256)
        with faults():
            try:
                return self._open(key, sha256 if verified else None)
            except FileNotFoundError:
                path = self._bring_back(key, namespace, sha256)
                if path is None:
                    raise
                return self._open(path, sha256 if verified else None)

    def _open(self, key: str, sha256: str | None) -> BinaryIO:
        if self._local is not None and sha256 is None:
            return cast(
                "BinaryIO", (self._local / key).open("rb", buffering=0)
            )  # a tenth of the way by obstore
        pieces = cast("Pieces", obstore.get(self._store, key).stream(min_chunk_size=PIECE))
        return cast("BinaryIO", io.BufferedReader(PieceReader(iter(pieces), sha256), PIECE))

    async def exists(self, namespace: UUID, sha256: str) -> bool:
        """See `ObjectStore.exists`."""
        key = _key(namespace, sha256)
        with faults():
            try:
                await obstore.head_async(self._store, key)
            except FileNotFoundError:
                found = await asyncio.to_thread(self._bring_back, key, namespace, sha256)
                return found is not None
        return True

    async def size(self, namespace: UUID, sha256: str) -> int | None:
        """See `ObjectStore.size`."""
        key = _key(namespace, sha256)
        with faults():
            try:
                return (await obstore.head_async(self._store, key))["size"]
            except FileNotFoundError:
                found = await asyncio.to_thread(self._bring_back, key, namespace, sha256)
                return None if found is None else (await obstore.head_async(self._store, found))["size"]

    async def listing(self, namespace: UUID) -> AsyncIterator[Listed]:
        """See `ObjectStore.listing`."""
        with faults():
            await asyncio.to_thread(self._look_for_folder)
        pages = aiter(obstore.list(self._store, prefix=f"{namespace}/"))
        while True:
            with faults():
                page = await anext(pages, None)
            if page is None:
                return
            for found in page:
                if match := _KEY.fullmatch(found["path"]):
                    modified = found["last_modified"].astimezone(UTC)
                    yield Listed(UUID(match[1]), match[4], found["size"], modified)

    async def set_aside(self, namespace: UUID, sha256: str, *, put_before: datetime, now: datetime) -> bool:
        """See `ObjectStore.set_aside`."""
        key = _key(namespace, sha256)
        try:
            with faults():
                await asyncio.to_thread(self._look_for_folder)
                found = await obstore.head_async(self._store, key)
                if found["last_modified"] >= put_before:
                    return False
                await aside.move(self._store, key, namespace, sha256, now)
        except Missing:
            return False
        return True

    async def aside(self, namespace: UUID) -> AsyncIterator[Aside]:
        """See `ObjectStore.aside`."""
        with faults():
            await asyncio.to_thread(self._look_for_folder)
        found = aiter(aside.listing(self._store, namespace))
        while True:
            with faults():
                one = await anext(found, None)
            if one is None:
                return
            yield one

    async def forget(self, one: Aside) -> None:
        """See `ObjectStore.forget`."""
        with contextlib.suppress(Missing), faults():
            await asyncio.to_thread(self._look_for_folder)
            await aside.forget(self._store, one)

    async def healthy(self) -> bool:
        """See `ObjectStore.healthy`."""
        word = os.urandom(8)
        key = f"health/{word.hex()}"
        try:
            async with asyncio.timeout(HEALTH_SECONDS):
                await asyncio.to_thread(self._look_for_folder)
                await obstore.put_async(self._store, key, word, use_multipart=False)
                answer = bytes(await (await obstore.get_async(self._store, key)).bytes_async())
                await obstore.delete_async(self._store, key)
        except (*FAULTS, TimeoutError) as error:
            PARTS.away(WRITING, error)
            return False
        PARTS.back(WRITING)
        PARTS.back(STORE)
        return answer == word


def _key(namespace: UUID, sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise ValueError("a SHA-256 is written as 64 lower-case hexadecimal digits")
    return f"{namespace}/sha256/{sha256[:2]}/{sha256[2:4]}/{sha256}"


def _flush(root: Path, key: str) -> None:
    """Bring the file and the folders that name it to the disk: a row will promise that it is there."""
    path = root / key
    while True:
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
        if path == root:
            return
        path = path.parent
