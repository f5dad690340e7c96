"""Where all connections are busy for longer than anybody waits, people are told to try again: no fault of ours, and no outage."""

from contextlib import AsyncExitStack

import pytest

from portal.kernel.parts import DATABASE, PARTS
from tests.support.builders import a_firm, a_staff_member, sign_in
from tests.support.world import World


async def test_a_page_that_gets_no_connection_says_to_try_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    staff = await a_staff_member(world, await a_firm(world))
    engine = world.tools.database.app_engine
    async with sign_in(world, staff) as client, AsyncExitStack() as busy:
        monkeypatch.setattr(engine.pool, "_timeout", 0.01)
        most = engine.pool.size() + engine.pool._max_overflow  # pyright: ignore[reportAttributeAccessIssue] - of this pool
        for _connection in range(most):
            await busy.enter_async_context(engine.connect())
        answer = await client.get("/dossiers")
        assert answer.status_code == 503
        assert "retry-after" in answer.headers
        assert DATABASE not in PARTS.missing()
        await busy.aclose()
        assert (await client.get("/dossiers")).status_code == 200
