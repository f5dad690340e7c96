"""The contract of `ObjectStore`, kept by memory, directory and S3 alike."""

import asyncio
import errno
import hashlib
import io
import os
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import obstore
import pytest

from portal.storage import Damaged, Missing, ObjectStore
from portal.storage.pieces import PIECE, SPOOL
from portal.storage.stores import Store

PDF = "application/pdf"
LARGE = os.urandom(PIECE) * 41 + b"end"
"""Longer than the spool and than one multipart upload's threshold."""


@pytest.fixture
def owner() -> UUID:
    return uuid4()


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


async def pieces(data: bytes, size: int = 100_000) -> AsyncIterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


async def collect(parts: AsyncIterator[bytes]) -> bytes:
    return b"".join([part async for part in parts])


def key(owner: UUID, digest: str) -> str:
    return f"{owner}/sha256/{digest[:2]}/{digest[2:4]}/{digest}"


def test_the_store_is_an_object_store(store: Store) -> None:
    checked: ObjectStore = store
    assert checked is store


@pytest.mark.parametrize(
    "data", [b"", b"x", b"invoice" * 1000, LARGE], ids=["empty", "byte", "small", "large"]
)
async def test_bytes_come_back_as_they_were_put_by_every_way(store: Store, owner: UUID, data: bytes) -> None:
    for given in (data, io.BytesIO(data), pieces(data)):
        stored = await store.put(owner, given, media_type=PDF)
        assert (stored.sha256, stored.size) == (sha(data), len(data))
    assert await store.get(owner, sha(data)) == data
    assert await collect(store.stream(owner, sha(data))) == data
    with store.open(owner, sha(data)) as reader:
        assert await asyncio.to_thread(reader.read) == data


@pytest.mark.parametrize("data", [b"", b"x" * 1000, LARGE], ids=["empty", "small", "large"])
async def test_what_was_made_in_scratch_is_put_and_heals_what_is_damaged(
    store: Store, owner: UUID, data: bytes
) -> None:
    with store.scratch() as made:
        made.write(data)
        stored = await store.put(owner, made, media_type=PDF)
    assert (stored.sha256, stored.size) == (sha(data), len(data))
    assert await store.get(owner, stored.sha256) == data
    await obstore.put_async(store._store, key(owner, stored.sha256), b"damage")
    with store.scratch() as again:
        again.write(data)
        assert await store.put(owner, again, media_type=PDF) == stored
    assert await store.get(owner, stored.sha256) == data


async def test_who_compares_the_hash_gets_the_bytes_as_they_are(store: Store, owner: UUID) -> None:
    stored = await store.put(owner, b"invoice", media_type=PDF)
    with store.open(owner, stored.sha256, verified=False) as reader:
        assert await asyncio.to_thread(reader.read) == b"invoice"
    await obstore.put_async(store._store, key(owner, stored.sha256), b"damage")
    with store.open(owner, stored.sha256, verified=False) as reader:
        assert await asyncio.to_thread(reader.read) == b"damage"
    with pytest.raises(Missing):
        store.open(owner, "0" * 64, verified=False)


async def test_what_is_long_is_never_in_memory_as_a_whole(
    store: Store, owner: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nowhere(*_: object, **_options: object) -> None:
        raise OSError(errno.EXDEV, "another disk")

    handed: list[tuple[bool, bool]] = []
    write = obstore.put_async

    async def watched(at: Any, path: str, content: Any, **options: Any) -> Any:
        handed.append((isinstance(content, bytes), options["use_multipart"]))
        return await write(at, path, content, **options)

    monkeypatch.setattr(os, "link", nowhere)
    monkeypatch.setattr(obstore, "put_async", watched)
    with store.scratch() as made:
        made.write(LARGE)
        stored = await store.put(owner, made, media_type=PDF)
    await store.put(owner, pieces(LARGE, PIECE), media_type=PDF)
    assert handed == [(False, True), (False, True)]
    assert await store.get(owner, stored.sha256) == LARGE


async def test_a_stream_may_start_anywhere_and_never_sends_bytes_before_it(store: Store, owner: UUID) -> None:
    data = os.urandom(3 * PIECE + 17)
    await store.put(owner, data, media_type=PDF)
    for start in (0, 1, PIECE - 1, PIECE, PIECE + 1, len(data) - 1, len(data), len(data) + 5):
        assert await collect(store.stream(owner, sha(data), start=start)) == data[start:]


async def test_the_same_bytes_are_kept_once_for_an_owner_and_apart_for_another(
    store: Store, owner: UUID
) -> None:
    other = uuid4()
    first = await store.put(owner, b"same", media_type=PDF)
    assert await store.put(owner, b"same", media_type=PDF) == first
    assert [found.sha256 async for found in store.listing(owner)] == [first.sha256]
    assert not await store.exists(other, first.sha256)
    for attempt in (store.get(other, first.sha256), collect(store.stream(other, first.sha256))):
        with pytest.raises(Missing):
            await attempt
    with pytest.raises(Missing):
        store.open(other, first.sha256)
    await store.put(other, b"same", media_type=PDF)
    assert await set_aside(store, other, first.sha256)
    assert await store.get(owner, first.sha256) == b"same"


@pytest.mark.parametrize(
    "damage", [b"changed" * 20000, b"", b"tax" * 20000 + b"!"], ids=["other bytes", "emptied", "longer"]
)
async def test_damaged_bytes_are_never_given_out_whole_and_putting_them_again_heals(
    store: Store, owner: UUID, damage: bytes
) -> None:
    good = b"tax" * 20000
    stored = await store.put(owner, good, media_type=PDF)
    await obstore.put_async(store._store, key(owner, stored.sha256), damage)
    with pytest.raises(Damaged):
        await store.get(owner, stored.sha256)
    received = bytearray()

    async def receive() -> None:
        async for part in store.stream(owner, stored.sha256):
            received.extend(part)

    with pytest.raises(Damaged):
        await receive()
    assert len(received) < max(1, len(damage))
    with store.open(owner, stored.sha256) as reader, pytest.raises(Damaged):
        await asyncio.to_thread(reader.read)
    await store.put(owner, good, media_type=PDF)
    assert await store.get(owner, stored.sha256) == good


async def test_an_upload_that_breaks_off_stores_nothing(store: Store, owner: UUID) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield b"x" * (SPOOL + 1)
        raise ConnectionResetError("the browser went away")

    with pytest.raises(ConnectionResetError):
        await store.put(owner, broken(), media_type=PDF)
    assert [found async for found in store.listing(owner)] == []


async def set_aside(store: Store, owner: UUID, sha256: str) -> bool:
    """As the sweeper does, days after the last put."""
    later = datetime.now(UTC) + timedelta(days=8)
    return await store.set_aside(owner, sha256, put_before=later - timedelta(days=7), now=later)


async def test_what_is_aside_is_not_listed_and_goes_for_good_when_it_is_forgotten(
    store: Store, owner: UUID
) -> None:
    stored = await store.put(owner, b"away", media_type=PDF)
    other = await store.put(uuid4(), b"away", media_type=PDF)
    assert await set_aside(store, owner, stored.sha256)
    assert not await set_aside(store, owner, stored.sha256)
    assert [one async for one in store.listing(owner)] == []
    [one] = [one async for one in store.aside(owner)]
    assert (one.namespace, one.sha256) == (owner, stored.sha256)
    assert abs(one.since - datetime.now(UTC) - timedelta(days=8)) < timedelta(minutes=5)
    await store.forget(one)
    await store.forget(one)
    assert [one async for one in store.aside(owner)] == []
    with pytest.raises(Missing):
        await store.get(owner, stored.sha256)
    with pytest.raises(Missing):
        store.open(owner, other.sha256)
    assert not await store.exists(owner, stored.sha256)


@pytest.mark.parametrize("way", ["get", "stream", "open", "exists"])
async def test_who_misses_what_is_aside_gets_it_back(store: Store, owner: UUID, way: str) -> None:
    stored = await store.put(owner, b"missed", media_type=PDF)
    assert await set_aside(store, owner, stored.sha256)
    if way == "get":
        assert await store.get(owner, stored.sha256) == b"missed"
    elif way == "stream":
        assert b"".join([piece async for piece in store.stream(owner, stored.sha256)]) == b"missed"
    elif way == "open":
        assert (await asyncio.to_thread(store.open, owner, stored.sha256)).read() == b"missed"
    else:
        assert await store.exists(owner, stored.sha256)
    for one in [one async for one in store.aside(owner)]:
        await store.forget(one)
    assert await store.get(owner, stored.sha256) == b"missed"


async def test_the_sweeper_spares_what_was_put_again_meanwhile(store: Store, owner: UUID) -> None:
    stored = await store.put(owner, b"again", media_type=PDF)
    moment = datetime.now(UTC)
    hour = timedelta(hours=1)
    assert not await store.set_aside(owner, stored.sha256, put_before=moment - hour, now=moment)
    assert [one.sha256 async for one in store.listing(owner)] == [stored.sha256]
    assert await store.set_aside(owner, stored.sha256, put_before=moment + hour, now=moment)


async def test_putting_again_what_is_aside_outlives_the_sweeper(store: Store, owner: UUID) -> None:
    """Somebody stored the same bytes between the sweeper's look and its move, and one after it."""
    stored = await store.put(owner, b"both", media_type=PDF)
    assert await set_aside(store, owner, stored.sha256)
    assert await store.put(owner, b"both", media_type=PDF) == stored
    for one in [one async for one in store.aside(owner)]:
        await store.forget(one)
    assert await store.get(owner, stored.sha256) == b"both"


async def test_the_listing_names_every_object_with_owner_size_and_time(store: Store, owner: UUID) -> None:
    other = uuid4()
    await store.put(owner, b"one", media_type=PDF)
    await store.put(other, b"three", media_type=PDF)
    await obstore.put_async(store._store, "something/else", b"not ours")
    found = {
        (one.namespace, one.sha256, one.size)
        for who in (owner, other)
        for one in [one async for one in store.listing(who)]
    }
    assert {(owner, sha(b"one"), 3), (other, sha(b"three"), 5)} <= found
    assert len({size for _, _, size in found}) == 2
    [mine] = [one async for one in store.listing(owner)]
    assert abs(mine.modified - datetime.now(UTC)) < timedelta(minutes=5)


@pytest.mark.parametrize("bad", ["", "A" * 64, "g" * 64, "0" * 63, "../" * 21 + "0", "0" * 64 + "\n"])
async def test_what_is_no_hash_never_becomes_a_path(store: Store, owner: UUID, bad: str) -> None:
    with pytest.raises(ValueError, match="64 lower-case"):
        await store.get(owner, bad)
    with pytest.raises(ValueError, match="64 lower-case"):
        store.open(owner, bad)


async def test_twenty_puts_of_one_file_at_once_end_in_one_whole_object(store: Store, owner: UUID) -> None:
    data = os.urandom(200_000)
    await asyncio.gather(*(store.put(owner, data, media_type=PDF) for _ in range(20)))
    assert await store.get(owner, sha(data)) == data
    assert len([found async for found in store.listing(owner)]) == 1


async def test_a_working_store_is_healthy_and_leaves_no_trace_of_the_check(store: Store) -> None:
    assert await store.healthy()
    assert obstore.list(store._store, prefix="health").collect() == []
