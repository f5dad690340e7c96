"""The worker door: `python -m portal worker`. The ledger says what there is to do; arq only says that there is something."""

import asyncio
import gc
import os
import signal
import time
from contextlib import suppress

import structlog

from portal import sandbox
from portal.app import create_tools
from portal.config import Settings
from portal.jobs.contract import registry_of
from portal.jobs.doorbell import Doorbell, listen
from portal.jobs.pool import WorkerPool
from portal.jobs.runner import Runner
from portal.kernel.errors import Unavailable
from portal.web.observability import configure_logging

log = structlog.get_logger()


async def tick(runner: Runner) -> None:
    """Do what the clock says, and sleep until it says the next. Never ends, whatever fails."""
    since = int(time.time()) - 1
    while True:
        second = int(time.time())
        try:
            await runner.sweep(second, since)
        except Unavailable:  # told by who met it first
            pass
        except Exception:
            log.exception("worker.tick_failed")
        since = second
        await asyncio.sleep(max(0.05, runner.next_sweep(second) - time.time()))


async def main(settings: Settings) -> None:
    """Work until told to stop, whichever of database, Valkey and store are away meanwhile."""
    tools = create_tools(settings, name="worker")
    doorbell = Doorbell(settings.redis_url)
    sandbox.warm_up(at_once=settings.worker_jobs)
    runner = Runner(tools, registry_of(tools.database))
    pool = WorkerPool(runner, settings.worker_jobs)

    def heard() -> None:
        """There is work: ours when there is room, else that of whoever else listens."""
        pool.wake()
        if not pool.has_room:
            doorbell.ring()

    tools.database.ring = heard
    gc.collect()
    gc.freeze()  # what the program is made of is not gone over again whenever a job makes many objects
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, pool.stop)
    others = [
        asyncio.create_task(listen(settings.redis_url, heard, pool.room)),
        asyncio.create_task(tick(runner)),
    ]
    try:
        await pool.work()
    finally:
        for task in others:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        await doorbell.close()
        await tools.database.close()


def run_worker() -> None:
    """Entry point of `python -m portal worker`."""
    settings = Settings.load(os.environ)
    configure_logging(json=settings.log_json)
    asyncio.run(main(settings))
