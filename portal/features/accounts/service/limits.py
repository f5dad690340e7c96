"""Rate limits, counted in PostgreSQL in fixed windows of time."""

from datetime import UTC, datetime, timedelta

from portal.db.session import WriteSession
from portal.features.accounts import repository
from portal.jobs.contract import Tools, clock_of
from portal.kernel.errors import TooMany

WINDOW = timedelta(minutes=10)


async def limit(tools: Tools, key: str, tries: int, window: timedelta = WINDOW, *, count: int = 1) -> None:
    """Count a try (or `count` of them), in a transaction of its own so that a refusal is counted too.

    Raises:
        TooMany: more than `tries` in this window.
    """
    async with tools.database.system_scope() as session:
        total = await repository.count_try(session, key, _begin(tools.clock.now(), window), count)
    if total > tries:
        raise TooMany(retry_after=seconds_left(tools.clock.now(), window))


async def take(tools: Tools, key: str, tries: int, window: timedelta, count: int) -> int:
    """Count as many of so many tries as this window allows; gives how many. Those that it does not allow are not counted.

    In a transaction of its own: nobody sees the count before they are off it again.
    """
    begin = _begin(tools.clock.now(), window)
    async with tools.database.system_scope() as session:
        total = await repository.count_try(session, key, begin, count)
        allowed = max(0, min(count, tries - total + count))
        if allowed < count:
            await repository.give_back_try(session, [key], begin, count - allowed)
    return allowed


async def give_back(session: WriteSession, *keys: str, window: timedelta = WINDOW, count: int = 1) -> None:
    """What succeeded was no guess: forget a try of this window, or `count` of them. Runs in the system scope."""
    await repository.give_back_try(session, keys, _begin(clock_of(session).now(), window), count)


def seconds_left(now: datetime, window: timedelta) -> int:
    """How long the present window still lasts."""
    return max(1, int((_begin(now, window) + window - now).total_seconds()))


def _begin(now: datetime, window: timedelta) -> datetime:
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
