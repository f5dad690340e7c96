"""When a worker looks: at a ring, when something is due, now and then; told by what it asks the ledger, never by a clock."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

import anyio
import pytest
import sqlalchemy as sa

from portal.db.session import WriteSession
from portal.jobs import ledger, pool
from portal.jobs.claims import Room
from portal.jobs.contract import Sweep, Tools
from portal.jobs.models import JobRow
from portal.jobs.pool import WorkerPool
from portal.jobs.runner import Runner
from tests.support.builders_jobs import Bench, Note
from tests.support.world import World

PATIENCE = 30


class Watched(Runner):
    """Counts what it asks, and says when it has."""

    def __init__(self, runner: Runner) -> None:
        super().__init__(runner.tools, runner.registry, lease=runner.lease)
        self.claims = 0
        self.looks = asyncio.Semaphore(0)
        self.done = asyncio.Semaphore(0)

    async def claim(self, room: Room | None = None) -> JobRow | None:
        self.claims += 1
        return await super().claim(room)

    async def next_moment(self) -> datetime | None:
        moment = await super().next_moment()
        self.looks.release()
        return moment

    async def carry_out(self, row: JobRow) -> None:
        await super().carry_out(row)
        self.done.release()


@asynccontextmanager
async def working(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, look: float
) -> AsyncIterator[tuple[Watched, WorkerPool]]:
    """A pool at work that looks by itself after so many seconds."""
    monkeypatch.setattr(pool, "LOOK", look)
    runner = Watched(bench.runner())
    made = WorkerPool(runner, 4)
    task = asyncio.create_task(made.work())
    try:
        yield runner, made
    finally:
        made.stop()
        await task


async def soon(what: Callable[[], Any]) -> None:
    """It comes, and not by waiting."""
    with anyio.fail_after(PATIENCE):
        await what()


async def ask(bench: Bench, seconds: float = 0) -> None:
    now = bench.world.clock.now()
    async with bench.world.as_scope(firm_id=bench.firm_id) as session:
        await ledger.enqueue(session, bench.actor, Note(), due_at=now + timedelta(seconds=seconds))


async def test_a_worker_with_nothing_to_do_claims_nothing(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(bench, monkeypatch, 0.001) as (runner, _pool):
        for _ in range(20):
            await soon(runner.looks.acquire)
        assert runner.claims == 1, "the first time; since then it only looks whether something is due"


async def test_a_ring_is_answered_at_once(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with working(bench, monkeypatch, PATIENCE * 2) as (runner, made):
        await soon(runner.looks.acquire)
        await ask(bench)
        made.wake()
        await soon(runner.done.acquire)


async def test_a_bell_that_was_lost_costs_one_look(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    async with working(bench, monkeypatch, 0.001) as (runner, _pool):
        await soon(runner.looks.acquire)
        await ask(bench, seconds=-3)  # the clock of whoever wrote it is behind, or its transaction was long
        await soon(runner.done.acquire)


async def test_what_is_due_later_is_begun_when_it_is_due(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a ring, and without a look in between: the worker sleeps until then."""
    world: World = bench.world
    pauses: list[float] = []
    real = asyncio.timeout

    def timeout(seconds: float) -> asyncio.Timeout:
        pauses.append(seconds)
        world.clock.at += timedelta(seconds=seconds)
        return real(0)

    await ask(bench, seconds=0.25)
    monkeypatch.setattr(pool.asyncio, "timeout", timeout)
    async with working(bench, monkeypatch, 1.0) as (runner, _pool):
        for _ in range(2):
            await soon(runner.looks.acquire)
        monkeypatch.setattr(pool.asyncio, "timeout", real)
        await soon(runner.done.acquire)
    assert pauses[0] == pytest.approx(0.25)


async def test_what_finds_no_room_is_not_asked_for_again_and_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with working(bench, monkeypatch, PATIENCE * 2) as (runner, made):
        await soon(runner.looks.acquire)
        async with bench.world.as_system() as session:  # somebody holds its row
            await ask(bench)
            await session.execute(sa.text("select id from job for update"))
            made.wake()
            await soon(runner.looks.acquire)
            claims = runner.claims
            await asyncio.sleep(0)
            assert runner.claims == claims
        made.wake()
        await soon(runner.done.acquire)


async def test_the_clock_says_when_it_speaks_next(bench: Bench) -> None:
    async def nothing(_session: WriteSession, _tools: Tools) -> None: ...

    runner = bench.runner()
    bench.registry.sweeps[:] = [Sweep("test.five", 5, nothing), Sweep("test.fifteen", 15, nothing)]
    assert [runner.next_sweep(second) for second in (0, 4, 5, 14, 15)] == [5, 5, 10, 15, 20]
    bench.registry.sweeps[:] = [Sweep("test.hour", 3600, nothing)]
    assert runner.next_sweep(3599) == 3600
