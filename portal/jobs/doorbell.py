"""The doorbell: arq carries a job's id to a worker, nothing else. Losing it costs seconds, never a job.

JSON instead of arq's default pickle, on the pool and on the worker: whoever can write to Valkey must not be able to run code.
"""

import asyncio
import json
from typing import Any
from uuid import UUID

import structlog
from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from redis.exceptions import RedisError

log = structlog.get_logger()
RUN = "run"


def serialize(value: Any) -> bytes:
    """Arq's own envelope as JSON; a failure travels as its name only."""
    return json.dumps(value, default=lambda thing: type(thing).__name__).encode()


def deserialize(data: bytes) -> dict[str, Any]:
    """The envelope back; lists where arq had tuples, which it accepts."""
    return json.loads(data)


def redis_settings(url: str) -> RedisSettings:
    """Arq's settings for an address, failing fast: the site works without the doorbell."""
    settings = RedisSettings.from_dsn(url)
    settings.conn_timeout = 2
    settings.conn_retries = 1
    settings.conn_retry_delay = 1
    return settings


class Doorbell:
    """Rings for jobs after their transaction has been committed."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url)
        self._pool: ArqRedis | None = None
        self._ringing: set[asyncio.Task[None]] = set()

    def ring(self, job_id: UUID) -> None:
        """Say that there is work; returns at once and never fails (the reconciler rings again)."""
        task = asyncio.get_running_loop().create_task(self.send(job_id, 0))
        self._ringing.add(task)
        task.add_done_callback(self._ringing.discard)

    async def send(self, job_id: UUID, attempt: int, again: int = 0) -> None:
        """Put the id into arq's queue; attempt and `again` are in arq's own id, so that each is in the queue once."""
        try:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=serialize, job_deserializer=deserialize
                )
            await self._pool.enqueue_job(RUN, str(job_id), _job_id=f"{job_id}:{attempt}:{again}")
        except (OSError, RedisError) as error:
            log.warning("doorbell.silent", error=type(error).__name__)

    async def close(self) -> None:
        """Wait for what is ringing, then hang up."""
        if self._ringing:
            await asyncio.gather(*self._ringing, return_exceptions=True)
        if self._pool is not None:
            await self._pool.aclose()
            self._pool = None
