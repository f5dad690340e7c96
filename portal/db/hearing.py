"""Hearing what is said in the database: one connection of a process, on which nothing else is done."""

import asyncio
from contextlib import suppress

import asyncpg
import structlog

from portal.db.news import News
from portal.db.session import is_outage
from portal.kernel.parts import DATABASE, PARTS

CHANNEL = "news"
CHECK_SECONDS = 10.0
"""After so long a connection over which nothing came is asked whether it is alive: a dead one costs no more than that."""
AGAIN_SECONDS = 1.0
"""Before connecting is tried again."""
log = structlog.get_logger()


async def hear(url: str, news: News, *, name: str, check: float = CHECK_SECONDS) -> None:
    """Pass on what is said in a database, for as long as this is not cancelled.

    Args:
        url: as the engines take it; any role may listen.
        name: shows in pg_stat_activity.
        check: seconds.
    """
    while True:
        try:
            await _hear_once(url, news, name, check)
        except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
            if is_outage(error):
                PARTS.away(DATABASE, error)
            else:
                log.warning("news.not_heard", error=type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS)


async def _hear_once(url: str, news: News, name: str, check: float) -> None:
    """Listen over one connection until it is lost."""
    connection = await asyncpg.connect(
        url.replace("postgresql+asyncpg://", "postgresql://", 1),
        timeout=10,
        server_settings={"application_name": name},
    )
    gone = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _connection: gone.set())
        await connection.add_listener(
            CHANNEL, lambda _connection, _pid, _channel, topic: news.tell(str(topic))
        )
        PARTS.back(DATABASE)
        news.tell_all()
        while not gone.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(check):
                    await gone.wait()
            await connection.execute("select 1", timeout=check)
    finally:
        connection.terminate()
