"""Two sessions of which one waits for the other: tests wait for the lock, never for time."""

import anyio
import sqlalchemy as sa

from tests.support.world import World


async def somebody_waits(world: World) -> None:
    """Until a session waits for a lock that another one holds."""
    with anyio.fail_after(8):
        while True:
            async with world.as_system() as session:
                waiting = await session.scalar(sa.text("select count(*) from pg_locks where not granted"))
            if waiting:
                return
            await anyio.sleep(0.01)  # asks the database again; what is waited for is the lock, not the time
