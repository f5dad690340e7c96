"""The doorbell: arq brings workers the word that there is work, nothing else. Losing it costs half a second, never a job.

What the work is, and whose turn it is, stands in the ledger alone. JSON instead of arq's default pickle, on the pool and on the
worker: whoever can write to Valkey must not be able to run code.
"""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

from arq import create_pool, func
from arq.connections import ArqRedis, RedisSettings
from arq.worker import Worker
from redis.exceptions import RedisError

from portal.kernel.parts import PARTS, VALKEY

RUN = "run"
BELL = "bell"
"""arq's name for the one word there is: while it lies in the queue, ringing again adds nothing."""
FAULTS = (OSError, RedisError, TimeoutError)
_HELD = 5
"""Seconds; arq keeps a word whose listener died for ten more."""
_POLL = 0.05
_PAUSES = (0.5, 1.0, 2.0, 5.0)
"""Seconds before listening is tried again; the last for all further times."""


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
    settings.conn_retries = 0
    return settings


class Doorbell:
    """Rings when there is work, after the transaction that asked for it has been committed."""

    def __init__(self, url: str) -> None:
        self._settings = redis_settings(url)
        self._pool: ArqRedis | None = None
        self._ringing: asyncio.Task[None] | None = None
        self._again = False
        self._silent_until = 0.0

    def ring(self) -> None:
        """Say that there is work; returns at once and never fails (workers look by themselves, too)."""
        self._again = True
        if self._ringing is None or self._ringing.done():
            self._ringing = asyncio.get_running_loop().create_task(self._ring())

    async def _ring(self) -> None:
        while self._again:
            self._again = False
            if time.monotonic() >= self._silent_until:
                await self.send()

    async def send(self) -> bool:
        """Ring now; False when Valkey is away. It is then left alone for a second."""
        try:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=serialize, job_deserializer=deserialize
                )
            await self._pool.enqueue_job(RUN, _job_id=BELL)
        except FAULTS as error:
            PARTS.away(VALKEY, error)
            self._silent_until = time.monotonic() + 1
            return False
        PARTS.back(VALKEY)
        return True

    async def answers(self) -> bool:
        """Whether Valkey answers at this moment."""
        try:
            if self._pool is None:
                self._pool = await create_pool(
                    self._settings, job_serializer=serialize, job_deserializer=deserialize
                )
            async with asyncio.timeout(2):
                await self._pool.ping()
        except FAULTS as error:
            PARTS.away(VALKEY, error)
            return False
        PARTS.back(VALKEY)
        return True

    async def close(self) -> None:
        """Wait for what is ringing, then hang up."""
        if self._ringing is not None:
            await asyncio.gather(self._ringing, return_exceptions=True)
        if self._pool is not None:
            with suppress(*FAULTS):
                await self._pool.aclose()
            self._pool = None


def create_listener(url: str, heard: Callable[[], None], **overrides: Any) -> Worker:
    """An arq worker that does nothing but call `heard` for every ring."""

    async def run(_context: dict[Any, Any], *_of_an_older_release: str) -> None:
        heard()

    async def connected(_context: dict[Any, Any]) -> None:
        PARTS.back(VALKEY)
        heard()

    options: dict[str, Any] = {
        "functions": [func(cast("Any", run), name=RUN, keep_result=0, max_tries=1, timeout=_HELD)],
        "redis_settings": redis_settings(url),
        "job_serializer": serialize,
        "job_deserializer": deserialize,
        "on_startup": connected,
        "handle_signals": False,
        "poll_delay": _POLL,
        "keep_result": 0,
        "job_timeout": _HELD,
        "log_results": False,
    }
    return Worker(**{**options, **overrides})


async def listen(url: str, heard: Callable[[], None]) -> None:
    """Call `heard` for every ring, for as long as this is not cancelled; while Valkey is away, look again now and then."""
    silent = 0
    while True:
        listener = create_listener(url, heard)
        began = time.monotonic()
        try:
            await listener.main()
        except FAULTS as error:
            PARTS.away(VALKEY, error)
        finally:
            with suppress(*FAULTS):
                await listener.close()
        silent = 0 if time.monotonic() - began > _PAUSES[-1] else silent + 1
        await asyncio.sleep(_PAUSES[min(silent, len(_PAUSES)) - 1])
