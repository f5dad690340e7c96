"""The doorbell: arq brings workers the word that there is work, nothing else. Losing it costs a second, never a job.

What the work is, and whose turn it is, stands in the ledger alone. JSON instead of arq's default pickle: whoever can write to
Valkey must not be able to run code.
"""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from arq import create_pool
from arq.connections import ArqRedis, RedisSettings
from arq.constants import default_queue_name, job_key_prefix
from redis.exceptions import RedisError

from portal.kernel.parts import PARTS, VALKEY

RUN = "run"
BELL = "bell"
"""arq's name for the one word there is: while it lies in the queue, ringing again adds nothing."""
FAULTS = (OSError, RedisError, TimeoutError)
_HELD = 30
"""Seconds that Valkey keeps the question; then it is asked anew."""
_LATE = 5
"""Seconds after which an answer that is overdue comes no more."""
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


async def connect(url: str) -> ArqRedis:
    """Arq's connections to Valkey, of which none unpickles.

    Raises:
        FAULTS: Valkey is away.
    """
    return await create_pool(redis_settings(url), job_serializer=serialize, job_deserializer=deserialize)


class Doorbell:
    """Rings when there is work, after the transaction that asked for it has been committed."""

    def __init__(self, url: str) -> None:
        self._url = url
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
                self._pool = await connect(self._url)
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
                self._pool = await connect(self._url)
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


async def _forget(pool: ArqRedis, bell: str) -> None:
    """Let a bell be rung again: arq keeps its word for a day, and takes no second one meanwhile. One that waits in the queue stays there."""
    await pool.delete(job_key_prefix + bell)


async def listen(url: str, heard: Callable[[], None], room: Callable[[], Awaitable[None]]) -> None:
    """Call `heard` for every ring, for as long as this is not cancelled; while Valkey is away, look again now and then.

    Valkey keeps the question until there is a bell: arq's own worker would ask twenty times a second. A bell that is taken out is
    forgotten before anybody looks, so that whoever rings afterwards is heard too. One that is taken out by a process that ends before
    it forgets it would silence all to come: it is forgotten too when listening begins, and whenever there was no bell for a while.
    Forgetting takes nothing out of the queue.

    Args:
        room: waits until whoever listens can do something; until then a bell is left to others.
    """
    silent = 0  # times in a row
    while True:
        began = time.monotonic()
        pool: ArqRedis | None = None
        try:
            pool = await connect(url)
            PARTS.back(VALKEY)
            await _forget(pool, BELL)
            heard()
            while True:
                await room()
                async with asyncio.timeout(_HELD + _LATE):
                    rung: Any = await pool.bzpopmin(default_queue_name, timeout=_HELD)
                await _forget(pool, BELL if rung is None else rung[1].decode())
                if rung is not None:
                    heard()
        except FAULTS as error:
            PARTS.away(VALKEY, error)
        finally:
            if pool is not None:
                with suppress(*FAULTS):
                    await pool.aclose()
        silent = 1 if time.monotonic() - began > _PAUSES[-1] else silent + 1
        await asyncio.sleep(_PAUSES[min(silent, len(_PAUSES)) - 1])
