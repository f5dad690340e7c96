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
    now = tools.clock.now()
    start = _begin(now, window)
    async with tools.database.system_scope() as session:
        total = await repository.count_try(session, key, start, count)
    if total > tries:
        raise TooMany(retry_after=max(1, int((start + window - now).total_seconds())))


async def give_back(session: WriteSession, *keys: str, window: timedelta = WINDOW) -> None:
    """What succeeded was no guess: forget one try of this window. Runs in the system scope."""
    await repository.give_back_try(session, keys, _begin(clock_of(session).now(), window))


def _begin(now: datetime, window: timedelta) -> datetime:
    seconds = int(window.total_seconds())
    return datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
