"""The worker door: `python -m portal worker`. arq brings ids; the ledger has the rest.

arq reads `WorkerSettings.__dict__` only and would pickle by default, so the worker is made here, by hand, with JSON.
"""

import asyncio
import os
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from arq import cron, func
from arq.worker import Worker

from portal.app import create_tools
from portal.config import Settings
from portal.jobs.doorbell import RUN, Doorbell, deserialize, redis_settings, serialize
from portal.jobs.runner import Runner
from portal.web.observability import configure_logging

LONGEST_JOB = 3600


async def run(context: dict[Any, Any], job_id: str) -> None:
    """Carry out one job."""
    await context["runner"].run(UUID(job_id))


async def tick(context: dict[Any, Any]) -> None:
    """Once a second: ring for what is due, look at what the clock says."""
    runner: Runner = context["runner"]
    await runner.reconcile(context["doorbell"])
    await runner.sweep(int(datetime.now(UTC).timestamp()))


def create_worker(settings: Settings, **overrides: Any) -> Worker:
    """An arq worker around a Runner."""

    async def startup(context: dict[Any, Any]) -> None:
        tools = create_tools(settings, name="worker")
        doorbell = Doorbell(settings.redis_url)
        tools.database.session_info["ring"] = doorbell.ring
        context.update(
            tools=tools, doorbell=doorbell, runner=Runner(tools, tools.database.session_info["registry"])
        )

    async def shutdown(context: dict[Any, Any]) -> None:
        await context["doorbell"].close()
        await context["tools"].database.close()

    options: dict[str, Any] = {
        "functions": [func(run, name=RUN, keep_result=0, max_tries=1, timeout=LONGEST_JOB)],
        "cron_jobs": [cron(tick, second=set(range(60)), keep_result=0, timeout=120, unique=True)],
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
    await worker.main()


def run_worker() -> None:
    """Entry point of `python -m portal worker`."""
    settings = Settings.load(os.environ)
    configure_logging(json=settings.log_json)
    asyncio.run(main(settings))
