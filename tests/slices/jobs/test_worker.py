"""Real workers: arq and Valkey as in production, killed, flushed and robbed of their bells."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from io import BytesIO
from itertools import count
from types import SimpleNamespace
from typing import Any

import anyio
import pytest
import sqlalchemy as sa
from arq import create_pool
from redis.asyncio import Redis

from portal.features.bundles.domain import ExportState
from portal.features.bundles.models import BundleItem, Delivery, Export
from portal.features.items.domain import ItemState
from portal.jobs import doorbell
from portal.jobs.doorbell import Doorbell, deserialize, listen, redis_settings, serialize
from tests.support.builders import sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    again,
    an_invoice,
    an_office,
    exports_of,
    jobs,
    press_export,
)
from tests.support.servers import ROOT
from tests.support.world import World

LEASE = 2
PATIENCE = 60


@pytest.fixture
async def valkey(world: World) -> AsyncIterator[Redis]:
    """The worker's own clock is the machine's: so is the world's, here. Valkey is empty before and after."""
    world.clock.at = datetime.now(UTC)
    client = Redis.from_url(world.settings.redis_url)
    await client.flushall()
    yield client
    await client.flushall()
    await client.aclose()


async def requested(world: World, office: Office) -> None:
    """An invoice, a statement, and an export of both that waits for a worker."""
    await an_invoice(world, office, pdf=True)
    await a_statement(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        answer = await press_export(client, office)
        assert answer.status_code == 303, answer.text


async def finished(world: World, office: Office) -> None:
    """Wait for the one bundle of an office."""

    async def done() -> bool:
        return (await exports_of(world, office.dossier))[0].state is ExportState.FINISHED

    await until(done, "the bundle")


async def test_a_flushed_valkey_loses_no_job(
    world: World, valkey: Redis, workers: list[subprocess.Popen[bytes]]
) -> None:
    office = await an_office(world)
    await requested(world, office)
    await ring(world)
    assert await valkey.zcard("arq:queue") == 1
    await valkey.flushall()
    workers.append(start_worker(world))
    await finished(world, office)
    assert (await exports_of(world, office.dossier))[0].number == 1


async def ring(world: World, times: int = 1) -> None:
    bell = Doorbell(world.settings.redis_url)
    for _ in range(times):
        assert await bell.send()
    await bell.close()


async def test_a_bell_rung_often_is_in_the_queue_once_and_names_nothing(world: World, valkey: Redis) -> None:
    await ring(world, times=5)
    assert await valkey.zcard("arq:queue") == 1
    assert sorted(await valkey.keys("*")) == [b"arq:job:bell", b"arq:queue"]
    word = deserialize(await valkey.get("arq:job:bell"))
    assert (word["f"], word["a"], word["k"]) == ("run", [], {})


async def test_the_bell_wakes_who_listens(world: World, valkey: Redis) -> None:
    """Also after Valkey was away, and also for the bell of an older release, which named a job."""
    heard = asyncio.Event()
    listening = asyncio.create_task(listen(world.settings.redis_url, heard.set, always))
    try:
        for _ in range(2):
            with anyio.fail_after(PATIENCE):
                await heard.wait()  # the first time because it has just begun to listen
            heard.clear()
            await ring(world)
        pool = await create_pool(redis_settings(world.settings.redis_url), job_serializer=serialize)
        await pool.enqueue_job("run", "0198c0de-0000-7000-8000-000000000000")
        await pool.aclose()
        with anyio.fail_after(PATIENCE):
            await heard.wait()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


async def always() -> None:
    """There is room."""


async def test_a_bell_that_died_with_its_listener_silences_nobody(
    world: World, valkey: Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It was taken out of the queue and not forgotten: before anybody listens, and while others do."""
    monkeypatch.setattr(doorbell, "_HELD", 0.05)
    heard = asyncio.Event()

    async def forgotten() -> bool:
        return not await valkey.exists("arq:job:bell")

    await valkey.set("arq:job:bell", b"held", ex=86400)
    listening = asyncio.create_task(listen(world.settings.redis_url, heard.set, always))
    try:
        for _ in range(2):
            with anyio.fail_after(PATIENCE):
                await heard.wait()  # the first time because it has just begun to listen
            await until(forgotten, "the bell being forgotten")
            heard.clear()
            await ring(world)
            with anyio.fail_after(PATIENCE):
                await heard.wait()
            await valkey.set("arq:job:bell", b"held", ex=86400)
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest.mark.parametrize(
    ("lasted", "pauses"), [(0.0, [0.5, 1.0, 2.0, 5.0, 5.0]), (60.0, [0.5, 0.5, 0.5, 0.5, 0.5])]
)
async def test_whoever_was_cut_off_listens_again_soon(
    monkeypatch: pytest.MonkeyPatch, lasted: float, pauses: list[float]
) -> None:
    """Sooner after a connection that lasted than after many that came to nothing."""
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == len(pauses):
            raise asyncio.CancelledError

    async def away(_url: str) -> None:
        raise ConnectionError

    clock = count(step=lasted)
    monkeypatch.setattr(doorbell, "connect", away)
    monkeypatch.setattr(doorbell, "asyncio", SimpleNamespace(sleep=sleep))
    monkeypatch.setattr(doorbell, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(asyncio.CancelledError):
        await listen("redis://127.0.0.1:1", pytest.fail, always)
    assert slept == pauses


async def test_a_ring_while_a_bell_is_being_heard_is_heard_too(world: World, valkey: Redis) -> None:
    """It is forgotten before anybody looks: who rings behind that look rings a bell of its own."""
    heard = asyncio.Semaphore(0)
    bells: list[asyncio.Task[None]] = []

    def note() -> None:
        if len(bells) < 2:
            bells.append(asyncio.create_task(ring(world)))  # while the one that woke us is being heard
        heard.release()

    listening = asyncio.create_task(listen(world.settings.redis_url, note, always))
    try:
        with anyio.fail_after(PATIENCE):
            for _ in range(3):
                await heard.acquire()
    finally:
        listening.cancel()
        await asyncio.gather(listening, *bells, return_exceptions=True)
    assert await valkey.zcard("arq:queue") == 0


@pytest.mark.parametrize("dies", ["before", "meanwhile"])
async def test_a_bell_that_somebody_took_and_died_with_is_rung_again(
    world: World, valkey: Redis, dies: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between taking it and forgetting it: arq would take no other for a day."""
    monkeypatch.setattr(doorbell, "_HELD", 1)

    async def die() -> None:
        await ring(world)
        assert await valkey.delete("arq:queue") == 1

    if dies == "before":
        await die()
    heard, asked = asyncio.Semaphore(0), asyncio.Semaphore(0)
    listening = asyncio.create_task(listen(world.settings.redis_url, heard.release, room_that(asked)))
    try:
        with anyio.fail_after(PATIENCE):
            await heard.acquire()  # it has just begun
            await asked.acquire()
            if dies == "meanwhile":
                await valkey.set("arq:job:bell", b"held", ex=3610)
                await asked.acquire()  # nobody rang for a while
            await ring(world)
            await heard.acquire()
    finally:
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


def room_that(tells: asyncio.Semaphore) -> Callable[[], Awaitable[None]]:
    """There is room, and whoever waits knows that it is asked for."""

    async def room() -> None:
        tells.release()

    return room


async def test_a_worker_without_room_leaves_the_bell_to_others(world: World, valkey: Redis) -> None:
    room, asked = asyncio.Event(), asyncio.Event()
    full, free = asyncio.Semaphore(0), asyncio.Semaphore(0)

    async def wait_for_room() -> None:
        asked.set()
        await room.wait()

    busy = asyncio.create_task(listen(world.settings.redis_url, full.release, wait_for_room))
    try:
        with anyio.fail_after(PATIENCE):
            await full.acquire()  # it has just begun
            await asked.wait()
        await ring(world)
        other = asyncio.create_task(listen(world.settings.redis_url, free.release, always))
        try:
            with anyio.fail_after(PATIENCE):
                await free.acquire()
                await free.acquire()  # the bell
        finally:
            other.cancel()
            await asyncio.gather(other, return_exceptions=True)
        await ring(world)
        room.set()
        with anyio.fail_after(PATIENCE):
            await full.acquire()
    finally:
        busy.cancel()
        await asyncio.gather(busy, return_exceptions=True)


async def test_a_word_that_arq_holds_for_a_dead_listener_holds_up_no_job(
    world: World, valkey: Redis, workers: list[subprocess.Popen[bytes]]
) -> None:
    office = await an_office(world)
    await requested(world, office)
    await valkey.set("arq:in-progress:bell", b"1", ex=3610)
    await valkey.set("arq:job:bell", b"held", ex=3610)
    workers.append(start_worker(world))
    await finished(world, office)


async def test_work_goes_on_from_the_ledger_while_valkey_is_away(
    world: World, workers: list[subprocess.Popen[bytes]]
) -> None:
    world.clock.at = datetime.now(UTC)
    office = await an_office(world)
    await requested(world, office)
    worker = start_worker(world, PORTAL_REDIS_URL="redis://127.0.0.1:1")
    workers.append(worker)
    await finished(world, office)
    assert worker.poll() is None


async def test_the_site_works_while_valkey_is_away(world: World) -> None:
    bell = Doorbell("redis://127.0.0.1:1")
    world.tools.database.ring = bell.ring
    office = await an_office(world)
    await requested(world, office)
    await bell.close()
    assert len(await jobs(world, "bundles.build")) == 1


def start_worker(world: World, **environ: str) -> subprocess.Popen[bytes]:
    settings = world.settings
    given = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")},
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_DATABASE_SYSTEM_URL": settings.database_system_url,
        "PORTAL_REDIS_URL": settings.redis_url,
        "PORTAL_STORAGE_URL": settings.storage_url,
        "PORTAL_MAIL_URL": settings.mail_url,
        "PORTAL_SCHEME": "http",
        "PORTAL_JOB_LEASE_SECONDS": str(LEASE),
        **environ,
    }
    return subprocess.Popen(
        [sys.executable, "-m", "portal", "worker"],
        env=given,
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.fixture
def workers() -> Iterator[list[subprocess.Popen[bytes]]]:
    """Processes started by the test; none outlives it."""
    started: list[subprocess.Popen[bytes]] = []
    yield started
    for process in started:
        if process.poll() is None:
            process.kill()
        process.wait()


async def until(condition: Any, what: str) -> None:
    """Ask again until it is so."""
    deadline = time.monotonic() + PATIENCE
    while not await condition():
        assert time.monotonic() < deadline, f"{what} did not happen"
        await anyio.sleep(0.1)  # polling another process, not waiting for time to pass


async def whole_and_once(world: World, office: Office) -> None:
    """One finished bundle with everything in it; nothing lost, nothing doubled, nothing left reserved."""
    (export,) = await exports_of(world, office.dossier)
    assert (export.state, export.number) == (ExportState.FINISHED, 1)
    async with world.as_system() as session:
        items = list(await session.scalars(sa.select(BundleItem)))
        deliveries = list(await session.scalars(sa.select(Delivery)))
        states = set(await session.scalars(sa.text("select state from dossier_item")))
    assert len(items) == 2
    assert len(deliveries) == 1
    assert states == {ItemState.BUNDLED.value}
    assert export.sha256 is not None
    data = await world.tools.store.get(export.firm_id, export.sha256)
    with zipfile.ZipFile(BytesIO(data)) as archive:
        assert archive.testzip() is None
        named = [file["path"] for item in items for file in item.entry["files"]]
        assert sorted(archive.namelist()) == sorted([*named, "manifest.json"])
    (row,) = await jobs(world, "bundles.build")
    assert row.done_at is not None
    assert row.dead_at is None


@pytest.mark.parametrize("point", ["planned", "archived", "stored", "finished"])
async def test_a_worker_killed_in_the_middle_of_a_bundle_loses_and_doubles_nothing(
    world: World, valkey: Redis, workers: list[subprocess.Popen[bytes]], point: str
) -> None:
    office = await an_office(world)
    await requested(world, office)
    doomed = start_worker(world, PORTAL_FAIL_AT=point)
    workers.append(doomed)
    with anyio.fail_after(PATIENCE):
        code = await anyio.to_thread.run_sync(doomed.wait, PATIENCE)
    assert code == 9
    (export,) = await exports_of(world, office.dossier)
    assert export.state is (ExportState.FINISHED if point == "finished" else ExportState.BUILDING)
    workers.append(start_worker(world))

    async def done() -> bool:
        row: Export = await again(world, export)
        return row.state is ExportState.FINISHED

    await until(done, "the second worker's bundle")
    await whole_and_once(world, office)


async def test_a_frozen_worker_that_wakes_up_after_another_did_its_job_changes_nothing(
    world: World, valkey: Redis, workers: list[subprocess.Popen[bytes]]
) -> None:
    office = await an_office(world)
    await requested(world, office)
    frozen = start_worker(world, PORTAL_FAIL_AT="wait-planned")
    workers.append(frozen)

    async def claimed() -> bool:
        (row,) = await jobs(world, "bundles.build")
        return row.attempts == 1

    await until(claimed, "the first claim")
    workers.append(start_worker(world))

    async def done() -> bool:
        return (await exports_of(world, office.dossier))[0].state is ExportState.FINISHED

    await until(done, "the other worker's bundle")
    os.kill(frozen.pid, signal.SIGCONT)
    frozen.send_signal(signal.SIGTERM)
    with anyio.fail_after(PATIENCE):
        await anyio.to_thread.run_sync(frozen.wait, PATIENCE)
    await whole_and_once(world, office)


async def test_a_worker_ends_at_once_when_it_is_asked_to(
    world: World, valkey: Redis, workers: list[subprocess.Popen[bytes]]
) -> None:
    office = await an_office(world)
    await requested(world, office)
    worker = start_worker(world)
    workers.append(worker)

    async def done() -> bool:
        return (await exports_of(world, office.dossier))[0].state is ExportState.FINISHED

    await until(done, "the bundle")
    worker.send_signal(signal.SIGTERM)
    with anyio.fail_after(PATIENCE):
        await anyio.to_thread.run_sync(worker.wait, PATIENCE)
    assert worker.returncode is not None
