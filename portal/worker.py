"""The worker door: `python -m portal worker`. arq brings ids; the ledger has the rest.

arq reads `WorkerSettings.__dict__` only and would pickle by default, so the worker is made here, by hand, with JSON.
"""

import asyncio
import os
import time
from contextlib import suppress
from typing import Any, cast
from uuid import UUID

import structlog
from arq import func
from arq.worker import Worker

from portal import sandbox
from portal.app import create_tools
from portal.config import Settings
from portal.jobs.doorbell import RUN, Doorbell, deserialize, redis_settings, serialize
from portal.jobs.runner import Runner
from portal.web.observability import configure_logging

LONGEST_JOB = 3600
log = structlog.get_logger()


async def run(context: dict[Any, Any], job_id: str) -> None:
    """Carry out one job."""
    await context["runner"].run(UUID(job_id))


async def tick(runner: Runner, doorbell: Doorbell) -> None:
    """Once a second: ring for what is due, look at what the clock says. Never ends, whatever fails.

    Not a cron job of arq: those wait for a free place behind long jobs.
    """
    since = int(time.time()) - 1
    while True:
        second = int(time.time())
        try:
            await runner.reconcile(doorbell)
            await runner.sweep(second, since)
        except Exception:
            log.exception("worker.tick_failed")
        since = second
        await asyncio.sleep(max(0.05, second + 1 - time.time()))


def create_worker(settings: Settings, **overrides: Any) -> Worker:
    """An arq worker around a Runner."""

    async def startup(context: dict[Any, Any]) -> None:
        tools = create_tools(settings, name="worker")
        doorbell = Doorbell(settings.redis_url)
        tools.database.session_info["ring"] = doorbell.ring
        sandbox.warm_up()
        runner = Runner(tools, tools.database.session_info["registry"])
        context.update(
            tools=tools,
            doorbell=doorbell,
            runner=runner,
            tick=asyncio.create_task(tick(runner, doorbell)),
        )

    async def shutdown(context: dict[Any, Any]) -> None:
        context["tick"].cancel()
        with suppress(asyncio.CancelledError):
            await context["tick"]
        await context["doorbell"].close()
        await context["tools"].database.close()

    options: dict[str, Any] = {
        "functions": [func(cast("Any", run), name=RUN, keep_result=0, max_tries=1, timeout=LONGEST_JOB)],
        "redis_settings": redis_settings(settings.redis_url),
        "job_serializer": serialize,
        "job_deserializer": deserialize,
        "on_startup": startup,
        "on_shutdown": shutdown,
        "max_jobs": settings.worker_jobs,
        "poll_delay": 0.1,
        "keep_result": 0,
        "job_completion_wait": 20,
    }
    return Worker(**{**options, **overrides})


async def main(settings: Settings) -> None:
    """Work until told to stop; a worker whose Valkey went away ends, and its supervisor starts it again."""
    worker = create_worker(settings)
    try:
        with suppress(asyncio.CancelledError):  # how arq ends after a signal, once its jobs are done
            await worker.async_run()
    finally:
        with suppress(asyncio.CancelledError):
            await worker.close()


def run_worker() -> None:
    """Entry point of `python -m portal worker`."""
    settings = Settings.load(os.environ)
    configure_logging(json=settings.log_json)
    asyncio.run(main(settings))
