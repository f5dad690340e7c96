"""An agent waits at the feed: woken by what is committed, by whoever it was committed, and holding nothing meanwhile."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import anyio
import anyio.lowlevel
import asyncpg
import httpx
import pytest
import sqlalchemy as sa

from portal.db import hearing as hearing_of
from portal.db.hearing import hear
from portal.db.news import LOOKS, News
from portal.features.agents import service as agents
from portal.features.agents.models import Agent
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import AgentId, FirmId, new_id
from tests.support.builders_agents import bundled, is_problem, paired, with_waiting
from tests.support.builders_exports import an_office
from tests.support.world import World

FEED = "/api/v1/agent/deliveries"
PATIENCE = 30
LISTENER = "fidero-test-news"


@asynccontextmanager
async def hearing(world: World) -> AsyncIterator[None]:
    """The connection that the web has."""
    async with _hearing_with(world, world.tools.database.news):
        yield


async def _listeners(world: World) -> list[int]:
    async with world.as_scope() as session:
        found = await session.scalars(
            sa.text(
                f"select pid from pg_stat_activity where application_name = '{LISTENER}' and state = 'idle'"
            )
        )
        return list(found)


async def until(condition: Callable[[], Any], what: str) -> None:
    """Let others go on until it is so."""
    with anyio.move_on_after(PATIENCE):
        while not await condition():
            await anyio.lowlevel.checkpoint()
        return
    raise AssertionError(f"{what} did not happen")


async def waits(world: World, many: int = 1) -> None:
    """So many agents have looked, found nothing new, and wait."""

    async def so() -> bool:
        held = world.tools.database.app_engine.pool.checkedout()  # type: ignore[attr-defined] - of this pool
        return world.tools.database.news.waits == many and held == 0

    await until(so, f"{many} waiting")


@asynccontextmanager
async def asking(client: httpx.AsyncClient, mark: str = "") -> AsyncIterator[asyncio.Task[httpx.Response]]:
    """A call that waits."""
    call = asyncio.create_task(client.get(FEED, params={"wait": 25, "mark": mark}))
    try:
        yield call
    finally:
        call.cancel()
        await asyncio.gather(call, return_exceptions=True)


async def answer(call: asyncio.Task[httpx.Response]) -> httpx.Response:
    """What it was answered, long before its time is over."""
    with anyio.fail_after(20):
        return await call


def ids(said: httpx.Response) -> list[str]:
    assert said.status_code == 200, said.text
    return [each["id"] for each in said.json()["deliveries"]]


async def test_a_delivery_that_is_committed_is_answered_to_the_agent_that_waits(world: World) -> None:
    office = await an_office(world)
    async with hearing(world), paired(world, office) as client, asking(client) as call:
        await waits(world)
        await bundled(world, office)
        assert len(ids(await answer(call))) == 1
    assert world.tools.database.news.waits == 0


async def test_who_knows_what_waits_is_answered_when_it_is_something_else(world: World) -> None:
    async with with_waiting(world) as (client, waiting), hearing(world):
        first = await client.get(FEED, params={"wait": 25})
        assert ids(first) == [waiting.delivery["id"]], "there is something: at once"
        mark = first.json()["mark"]
        assert (await client.get(FEED)).json()["mark"] == mark, "the same, as long as it is the same"
        assert ids(await client.get(FEED, params={"wait": 25, "mark": "of another time"})) == ids(first)
        news, topic = world.tools.database.news, f"deliveries:{waiting.office.firm.id}"
        async with asking(client, mark) as call:
            await waits(world)
            news.tell(topic)  # it looks, and nothing is new
            await waits(world)
            assert not call.done()
            async with world.as_system() as session:
                await session.execute(sa.text("update delivery set state = 'by_hand'"))
            news.tell(topic)
            said = await answer(call)
        assert ids(said) == []
        assert said.json()["mark"] != mark


async def test_news_of_another_firm_wake_nobody(world: World) -> None:
    office = await an_office(world)
    other = await an_office(world, "ardennes")
    async with (
        hearing(world),
        paired(world, office) as client,
        paired(world, other) as their_client,
        asking(client) as call,
        asking(their_client) as theirs,
    ):
        await waits(world, 2)
        await bundled(world, other)
        assert len(ids(await answer(theirs))) == 1
        await waits(world, 1)
        assert not call.done()


async def test_nothing_is_said_of_what_is_rolled_back_and_whose_it_is_is_no_name(world: World) -> None:
    async with with_waiting(world) as (_client, waiting):
        heard: list[str] = []
        news = News()
        news.tell = heard.append  # type: ignore[method-assign] - what it would tell is kept
        async with _hearing_with(world, news):
            with pytest.raises(RuntimeError):
                await _offer_again(world, fail=True)
            await _offer_again(world, fail=False)
            await until(lambda: _later(bool(heard)), "the news")
        assert heard == [f"deliveries:{waiting.office.firm.id}"]


async def _later(value: Any) -> Any:
    return value


async def test_addresses_are_understood_as_the_engines_do(world: World) -> None:
    url = f"{world.settings.database_url}?ssl=prefer&prepared_statement_cache_size=0"
    async with _hearing_with(world, News(), url=url):
        assert await _listeners(world)


async def test_whatever_befalls_the_connection_it_is_heard_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults: list[Exception] = [
        asyncpg.InternalClientError("a fault of the driver's own"),
        TypeError("an argument"),
        ConnectionRefusedError(),
    ]
    connect = hearing_of.asyncpg.connect

    async def unlucky(**named: Any) -> Any:
        if faults:
            raise faults.pop()
        return await connect(**named)

    monkeypatch.setattr(hearing_of, "AGAIN_SECONDS", (0.0,))
    monkeypatch.setattr(hearing_of, "asyncpg", SimpleNamespace(connect=unlucky))
    async with _hearing_with(world, News()):
        assert faults == []


async def test_connecting_is_tried_again_ever_more_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        if len(slept) == 6:
            raise asyncio.CancelledError

    async def refused(**_named: Any) -> None:
        raise TypeError

    monkeypatch.setattr(hearing_of, "asyncpg", SimpleNamespace(connect=refused))
    monkeypatch.setattr(hearing_of, "asyncio", SimpleNamespace(sleep=sleep))
    with pytest.raises(asyncio.CancelledError):
        await hear("postgresql+asyncpg://somebody@localhost/portal", News(), name=LISTENER)
    assert slept == [1.0, 2.0, 5.0, 10.0, 10.0, 10.0]


@asynccontextmanager
async def _hearing_with(world: World, news: News, *, url: str | None = None) -> AsyncIterator[None]:
    task = asyncio.create_task(hear(url or world.settings.database_url, news, name=LISTENER, check=PATIENCE))
    try:
        await until(lambda: _listeners(world), "the connection")
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _offer_again(world: World, *, fail: bool) -> None:
    async with world.as_system() as session:
        await session.execute(sa.text("update delivery set state = 'pending'"))
        if fail:
            raise RuntimeError("rolled back")


async def test_what_was_said_while_the_connection_was_away_is_found_when_it_is_back(world: World) -> None:
    async with with_waiting(world) as (client, _waiting), hearing(world):
        mark = (await client.get(FEED)).json()["mark"]
        async with asking(client, mark) as call:
            await waits(world)
            (pid,) = await _listeners(world)
            async with world.as_scope() as session:
                await session.execute(sa.text("select pg_terminate_backend(:pid)"), {"pid": pid})
            async with world.as_system() as session:
                await session.execute(sa.text("delete from delivery"))  # no trigger says so: it is only found
            assert ids(await answer(call)) == []


async def test_an_agent_waits_once(world: World) -> None:
    """It was started again; the line of the first call is dead, and nobody knows yet."""
    office = await an_office(world)
    async with hearing(world), paired(world, office) as client, asking(client) as first:
        await waits(world)
        async with asking(client) as second:
            assert ids(await answer(first)) == []
            await waits(world)
            await bundled(world, office)
            assert len(ids(await answer(second))) == 1


async def test_who_finds_no_room_to_wait_is_answered_at_once(world: World) -> None:
    office = await an_office(world)
    world.tools.database.news = News(most=1)
    async with paired(world, office) as client:
        with world.tools.database.news.waiting("deliveries:somebody", new_id()):
            async with asking(client) as call:
                assert ids(await answer(call)) == []


async def test_when_all_are_told_at_once_they_look_in_turns(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hundreds wait, and none knows what was said while the connection was away: the others still find connections."""
    looking, most, looks = 0, 0, 0

    async def look(*_asked: object) -> agents.Feed:
        nonlocal looking, most, looks
        looking, looks = looking + 1, looks + 1
        most = max(most, looking)
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        looking -= 1
        return agents.Feed([])

    monkeypatch.setattr(agents, "_look", look)
    many = 10 * LOOKS
    news = world.tools.database.news
    firm_id = FirmId(new_id())
    actors = [
        Actor(door=Door.AGENT, name="agent", firm_id=firm_id, agent_id=AgentId(new_id())) for _ in range(many)
    ]
    calls = [asyncio.create_task(agents.feed(world.tools, one, wait=25, mark="")) for one in actors]

    async def looked(times: int) -> bool:
        return looks == times and looking == 0

    await until(lambda: looked(many), "the first look of all")
    news.tell_all()
    await until(lambda: looked(2 * many), "the second look of all")
    assert most == LOOKS
    news.end()
    await asyncio.gather(*calls)


async def test_a_process_that_ends_keeps_nobody_waiting(world: World) -> None:
    office = await an_office(world)
    async with paired(world, office) as client, asking(client) as call:
        await waits(world)
        world.app.stopping()  # as the server calls it when it is told to stop
        assert ids(await answer(call)) == []
        async with asking(client) as another:
            assert ids(await answer(another)) == []


async def test_an_agent_that_is_revoked_while_it_waits_is_told_at_once(world: World) -> None:
    office = await an_office(world)
    async with hearing(world), paired(world, office) as client, asking(client) as call:
        await waits(world)
        async with world.as_scope(firm_id=office.firm.id) as session:
            (agent,) = await session.scalars(sa.select(Agent))
            await agents.revoke(session, office.owner, agent.id)
        is_problem(await answer(call), 401, "revoked")


@pytest.mark.parametrize("asked", [{"wait": "-1"}, {"wait": "soon"}, {"wait": "5", "mark": "x" * 65}])
async def test_what_cannot_be_waited_for_is_refused(world: World, asked: dict[str, str]) -> None:
    office = await an_office(world)
    async with paired(world, office) as client:
        assert (await client.get(FEED, params=asked)).status_code == 400


async def test_a_wait_is_over_after_its_time_and_never_longer_than_proxies_keep_silent_calls(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await an_office(world)
    assert agents.WAIT_SECONDS < 30
    monkeypatch.setattr(agents, "WAIT_SECONDS", 0.0)
    async with paired(world, office) as client, asking(client) as call:
        assert ids(await answer(call)) == []
