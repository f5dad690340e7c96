"""Hearing what is said in the database: one connection of a process, on which nothing else is done."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import asyncpg
import structlog
from sqlalchemy.engine import make_url

from portal.db.driver import ScopedDialect
from portal.db.news import News
from portal.db.session import is_outage
from portal.kernel.parts import DATABASE, PARTS

CHANNEL = "news"
CHECK_SECONDS = 10.0
"""After so long a connection over which nothing came is asked whether it is alive: a dead one costs no more than that."""
AGAIN_SECONDS = (1.0, 2.0, 5.0, 10.0)
"""Before connecting is tried again; the last for all further times."""
_OF_ENGINES = ("prepared_statement_cache_size", "prepared_statement_name_func")
"""What an address may tell the engines and the driver does not know."""
log = structlog.get_logger()


async def hear(url: str, news: News, *, name: str, check: float = CHECK_SECONDS) -> None:
    """Pass on what is said in a database, for as long as this is not cancelled.

    Args:
        url: as the engines take it; any role may listen.
        name: shows in pg_stat_activity.
        check: seconds.
    """
    failed = 0  # times in a row

    def heard() -> None:
        nonlocal failed
        failed = 0

    while True:
        try:
            await _hear_once(url, news, name, check, heard)
        except Exception as error:  # noqa: BLE001 - whatever it is: who waits for news would wait for nothing
            if is_outage(error):
                PARTS.away(DATABASE, error)
            else:
                log.warning("news.not_heard", error=type(error).__name__)
        await asyncio.sleep(AGAIN_SECONDS[min(failed, len(AGAIN_SECONDS) - 1)])
        failed += 1


def _arguments(url: str, name: str) -> dict[str, Any]:
    """What the driver is given for an address of the engines."""
    _none, named = ScopedDialect().create_connect_args(make_url(url))
    known = {key: value for key, value in named.items() if key not in _OF_ENGINES}
    return known | {"timeout": 10, "server_settings": {"application_name": name}}


async def _hear_once(url: str, news: News, name: str, check: float, heard: Callable[[], None]) -> None:
    """Listen over one connection until it is lost; `heard` is called when it listens."""
    connection = await asyncpg.connect(**_arguments(url, name))
    gone = asyncio.Event()
    try:
        connection.add_termination_listener(lambda _connection: gone.set())
        await connection.add_listener(
            CHANNEL, lambda _connection, _pid, _channel, topic: news.tell(str(topic))
        )
        PARTS.back(DATABASE)
        heard()
        news.tell_all()
        while not gone.is_set():
            with suppress(TimeoutError):
                async with asyncio.timeout(check):
                    await gone.wait()
            await connection.execute("select 1", timeout=check)
    finally:
        connection.terminate()
