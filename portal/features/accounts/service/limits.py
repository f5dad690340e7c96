"""Counting tries."""

from datetime import UTC, datetime, timedelta

from portal.features.accounts import repository
from portal.jobs.contract import Tools
from portal.kernel.errors import TooMany

WINDOW = timedelta(minutes=10)


async def limit(tools: Tools, key: str, tries: int, window: timedelta = WINDOW, *, count: int = 1) -> None:
    """Count a try (or `count` of them), in a transaction of its own so that a refusal is counted too.

    Raises:
        TooMany: more than `tries` in this window.
    """
    now = tools.clock.now()
    seconds = int(window.total_seconds())
    start = datetime.fromtimestamp(int(now.timestamp()) // seconds * seconds, UTC)
    async with tools.database.system_scope() as session:
        total = await repository.count_try(session, key, start, count)
    if total > tries:
        raise TooMany(retry_after=max(1, int((start + window - now).total_seconds())))
