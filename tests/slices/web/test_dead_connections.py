"""Connections that died while nobody used them: whoever begins next takes another one, and nobody hears of it."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import sqlalchemy as sa

from portal.db.session import NOBODY, ReadSession, Scope
from portal.features.bundles.domain import ExportState
from portal.kernel.errors import Unavailable
from portal.kernel.parts import PARTS
from tests.support.builders import sign_in
from tests.support.builders_exports import Office, an_invoice, an_office, exports_of, press_export
from tests.support.servers import Servers
from tests.support.world import World

Begin = Callable[[], AbstractAsyncContextManager[ReadSession]]


@pytest.fixture
async def office(world: World) -> Office:
    office = await an_office(world)
    await an_invoice(world, office)
    return office


def kill_all(world: World, servers: Servers) -> int:
    """End every connection of the web and of the worker, from the server's side; how many there were.

    Our own loop stands still meanwhile: it has not heard of it when somebody takes one of them.
    """
    database = world.urls.app.rpartition("/")[2]
    ours = f"datname = '{database}' and usename in ('portal_app', 'portal_system')"

    async def kill() -> int:
        admin = await asyncpg.connect(servers.admin_url)
        try:
            ended = await admin.fetch(f"select pg_terminate_backend(pid) from pg_stat_activity where {ours}")
            while await admin.fetchval(f"select count(*) from pg_stat_activity where {ours}"):
                continue
        finally:
            await admin.close()
        return len(ended)

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(lambda: asyncio.run(kill())).result()


async def fill_pools(world: World) -> None:
    """Several idle connections of both roles."""
    database = world.tools.database

    async def one(begin: Begin) -> None:
        async with begin() as session:
            await session.execute(sa.text("select 1"))
            await barrier.wait()

    begins: list[Begin] = [*[lambda: database.reading(NOBODY)] * 4, *[database.system_scope] * 3]
    barrier = asyncio.Barrier(len(begins))
    await asyncio.gather(*(one(begin) for begin in begins))


@pytest.fixture
async def kill(world: World, servers: Servers) -> Callable[[], Awaitable[None]]:
    """Fill the pools, and end all of their connections."""

    async def killed() -> None:
        await fill_pools(world)
        assert kill_all(world, servers) >= 7

    return killed


async def test_the_next_page_form_and_job_answer_as_if_nothing_had_been(
    world: World, office: Office, kill: Callable[[], Awaitable[None]]
) -> None:
    async with sign_in(world, office.owner, office.host) as client:
        await kill()
        assert (await client.get("/")).status_code == 200
        await kill()
        assert (await press_export(client, office)).status_code == 303
        await kill()
        assert await world.run_jobs() > 0
        assert [one.state for one in await exports_of(world, office.dossier)] == [ExportState.FINISHED]
        await kill()
        answers = await asyncio.gather(*(client.get("/dossiers") for _ in range(8)))
        assert [one.status_code for one in answers] == [200] * 8
        await kill()
        assert (await client.get("/health/ready")).status_code == 200
    assert PARTS.missing() == []


async def test_a_connection_that_dies_in_its_transaction_is_an_outage_and_nothing_is_done_twice(
    world: World, servers: Servers
) -> None:
    tries = 0

    async def die(begin: Begin) -> None:
        nonlocal tries
        async with begin() as session:
            tries += 1
            kill_all(world, servers)
            await session.execute(sa.text("select 1"))

    for begin in (world.tools.database.system_scope, lambda: world.tools.database.transaction(NOBODY)):
        with pytest.raises(Unavailable):
            await die(begin)
    assert tries == 2
    async with world.as_system() as session:
        await session.execute(sa.text("select 1"))


async def test_a_transaction_begins_with_its_settings_in_one_message(world: World) -> None:
    scope = Scope(firm_id=uuid4(), person_id=uuid4())
    for begin in (world.tools.database.reading, world.tools.database.transaction):
        async with begin(scope) as session:
            raw = (await (await session.connection()).get_raw_connection()).driver_connection
            assert raw is not None
            sent: list[str] = []
            raw.add_query_logger(lambda record, sent=sent: sent.append(record.query))
            assert await session.scalar(sa.text("select current_setting('app.firm_id')")) == str(
                scope.firm_id
            )
        assert [one for one in sent if one.startswith("BEGIN")] == []  # it was before
        async with begin(scope) as session:
            again = (await (await session.connection()).get_raw_connection()).driver_connection
            assert again is raw
            await session.execute(sa.text("select 2"))
        begun = [one for one in sent if not one.startswith("select")]
        assert len(begun) == 3  # the end of the first, and the second
        assert begun[1].startswith("BEGIN")
        assert begun[1].count("SET LOCAL") == 5
        assert begun[0] == begun[2] == "COMMIT"
        raw._query_loggers.clear()


async def test_nothing_but_ids_comes_into_the_settings(world: World) -> None:
    wrong: Any = "x'; drop table firm; --"
    with pytest.raises(TypeError):
        async with world.tools.database.transaction(Scope(firm_id=wrong)):
            pass
