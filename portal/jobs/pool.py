"""The places of one worker: whenever one is free, the job whose turn it is gets it.

The ledger is asked at every ring of the doorbell, whenever a job has ended, and when the next one is due. Once a second it is looked at
all the same: a bell that was lost costs no more, and without Valkey the work goes on.
"""

import asyncio
from contextlib import suppress
from datetime import datetime

import structlog

from portal.jobs.claims import room_of
from portal.jobs.models import JobRow
from portal.jobs.runner import Runner
from portal.kernel.errors import Unavailable

log = structlog.get_logger()
LOOK = 1.0
"""Seconds after which the ledger is looked at without a ring."""
STOP_SECONDS = 20.0
"""Seconds that jobs have to end by themselves when the worker is stopped; then they are given back."""


class WorkerPool:
    """Carries out so many jobs side by side until it is stopped."""

    def __init__(self, runner: Runner, places: int) -> None:
        self._runner = runner
        self._places = places
        self._running: dict[asyncio.Task[None], JobRow] = {}
        self._look = asyncio.Event()
        self._free = asyncio.Event()
        self._free.set()
        self._stopping = False

    @property
    def has_room(self) -> bool:
        """Whether a place is free."""
        return self._free.is_set()

    async def room(self) -> None:
        """Wait until a place is free."""
        await self._free.wait()

    def wake(self) -> None:
        """Ask the ledger now: a job may have been written."""
        self._look.set()

    def stop(self) -> None:
        """Begin no further job; `work` returns when those that run have ended."""
        self._stopping = True
        self._look.set()

    async def work(self) -> None:
        """Take jobs until stopped, then wait for those that run; what does not end in time is given back to the ledger."""
        while not self._stopping:
            self._look.clear()
            if not await self.start_next():
                await self._rest()
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_SECONDS)
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    async def start_next(self) -> bool:
        """Claim one job and begin it; False when there is no room, or nothing to do in it."""
        room = room_of(self._places, self._running.values())
        if room is None:
            return False
        try:
            row = await self._runner.claim(room)
        except Unavailable:  # told by who met it first
            return False
        except Exception:
            log.exception("jobs.claim_failed")
            return False
        if row is None:
            return False
        task = asyncio.create_task(self._carry_out(row))
        self._running[task] = row
        if len(self._running) >= self._places:
            self._free.clear()
        task.add_done_callback(self._ended)
        return True

    async def _rest(self) -> None:
        """Until somebody wakes us or something is due: looking costs a tenth of a claim.

        What is due as soon as we look, when there was nothing to do a moment ago, finds no room here: it is tried again after a while.
        """
        tried = True
        while not self._look.is_set():
            pause = LOOK
            moment = await self._next_moment()
            if moment is not None:
                left = (moment - self._runner.tools.clock.now()).total_seconds()
                if left <= 0 and not tried:
                    return
                pause = min(LOOK, left) if left > 0 else LOOK
            tried = False
            with suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._look.wait()

    async def _next_moment(self) -> datetime | None:
        try:
            return await self._runner.next_moment()
        except Unavailable:  # told by who met it first
            return None
        except Exception:
            log.exception("jobs.look_failed")
            return None

    async def _carry_out(self, row: JobRow) -> None:
        try:
            await self._runner.carry_out(row)
        except Unavailable:  # what became of it cannot be written: its lease ends, and another one takes it
            log.warning("jobs.left", job=str(row.id), name=row.name)
        except Exception:
            log.exception("jobs.left", job=str(row.id), name=row.name)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._free.set()
        self._look.set()
