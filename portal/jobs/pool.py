"""The places of one worker: whenever one is free, the job whose turn it is gets it.

The ledger is asked at every ring of the doorbell, whenever a job has ended, and by itself twice a second: without Valkey the work goes
on all the same.
"""

import asyncio
from contextlib import suppress

import structlog

from portal.jobs.claims import room_of
from portal.jobs.models import JobRow
from portal.jobs.runner import Runner
from portal.kernel.errors import Unavailable

log = structlog.get_logger()
POLL = 0.5
"""Seconds after which the ledger is asked without a ring."""
STOP_SECONDS = 20.0
"""Seconds that jobs have to end by themselves when the worker is stopped; then they are given back."""


class WorkerPool:
    """Carries out so many jobs side by side until it is stopped."""

    def __init__(self, runner: Runner, places: int) -> None:
        self._runner = runner
        self._places = places
        self._running: dict[asyncio.Task[None], JobRow] = {}
        self._look = asyncio.Event()
        self._stopping = False

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
                with suppress(TimeoutError):
                    async with asyncio.timeout(POLL):
                        await self._look.wait()
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
        task.add_done_callback(self._ended)
        return True

    async def _carry_out(self, row: JobRow) -> None:
        try:
            await self._runner.carry_out(row)
        except Unavailable:  # what became of it cannot be written: its lease ends, and another one takes it
            log.warning("jobs.left", job=str(row.id), name=row.name)
        except Exception:
            log.exception("jobs.left", job=str(row.id), name=row.name)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._running[task]
        self._look.set()
