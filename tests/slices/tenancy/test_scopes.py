"""Sessions: one connection handed from owner to owner keeps nothing of the one before."""

import asyncio
import gc
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID, uuid4

import anyio
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db.engine import create_engine
from portal.db.session import NOBODY, Database, ReadSession, Scope, open_company
from portal.features.dossiers.models import Dossier
from portal.features.parties.models import Firm
from tests.support.builders_exports import Office, an_office
from tests.support.world import World

SETTINGS = ("firm_id", "opened_company_id", "company_id", "host_firm_id", "person_id")


@pytest.fixture
async def narrow(world: World) -> AsyncIterator[Database]:
    """The database through one single connection."""
    engine = create_engine(world.urls.app, name="test", pool_size=1, max_overflow=0)
    database = Database(engine, engine)
    yield database
    await database.close()


async def seen(database: Database, scope: Scope) -> set[UUID]:
    """The firms whose dossiers are visible."""
    async with database.transaction(scope) as session:
        return set(await session.scalars(sa.select(Dossier.firm_id)))


async def lingering(database: Database) -> dict[str, str]:
    """What a raw connection of the pool still carries, with no session around it."""
    async with database.app_engine.connect() as connection:
        return {
            name: value
            for name in SETTINGS
            if (value := await connection.scalar(sa.text(f"select current_setting('app.{name}', true)")))
        }


def of(office: Office) -> Scope:
    return Scope(firm_id=office.firm.id, opened_company_id=office.dossier.company_id)


class Broken(Exception):
    pass


async def commits(database: Database, scope: Scope) -> None:
    assert await seen(database, scope)


async def rolls_back(database: Database, scope: Scope) -> None:
    async with database.transaction(scope) as session:
        await session.execute(sa.select(Dossier))
        await session.rollback()


async def raises(database: Database, scope: Scope) -> None:
    with pytest.raises(Broken):
        await _raise_inside(database, scope)


async def _raise_inside(database: Database, scope: Scope) -> None:
    async with database.transaction(scope) as session:
        await session.execute(sa.select(Dossier))
        raise Broken


async def fails_in_the_database(database: Database, scope: Scope) -> None:
    with pytest.raises(DBAPIError):
        await _divide_inside(database, scope)


async def _divide_inside(database: Database, scope: Scope) -> None:
    async with database.transaction(scope) as session:
        await session.execute(sa.text("select 1/0"))


async def is_cancelled(database: Database, scope: Scope) -> None:
    with anyio.move_on_after(0.05):
        async with database.transaction(scope) as session:
            await session.execute(sa.text("select pg_sleep(20)"))


@pytest.mark.parametrize("how", [commits, rolls_back, raises, fails_in_the_database, is_cancelled])
async def test_after_one_owner_the_next_sees_only_its_own_and_nobody_sees_nothing(
    world: World, narrow: Database, how: Callable[[Database, Scope], Awaitable[None]]
) -> None:
    first, second = await an_office(world), await an_office(world, "ardennes")
    await how(narrow, of(first))
    assert await lingering(narrow) == {}
    assert await seen(narrow, of(second)) == {second.firm.id}
    await how(narrow, of(second))
    assert await seen(narrow, NOBODY) == set()


async def test_a_scope_holds_in_every_transaction_of_a_session_and_in_its_savepoints(
    world: World, narrow: Database
) -> None:
    first, _second = await an_office(world), await an_office(world, "ardennes")
    async with narrow._begin(narrow._app, of(first)) as session:
        for _ in range(2):
            assert set(await session.scalars(sa.select(Dossier.firm_id))) == {first.firm.id}
            await session.commit()
        async with session.begin_nested() as inner:
            await session.execute(sa.select(Dossier))
            await inner.rollback()
        assert set(await session.scalars(sa.select(Dossier.firm_id))) == {first.firm.id}


async def test_a_company_once_opened_stays_open_in_later_transactions_of_that_session_only(
    world: World, narrow: Database
) -> None:
    office = await an_office(world)
    async with narrow._begin(narrow._app, Scope(firm_id=office.firm.id)) as session:
        company = sa.text("select count(*) from bank_account")
        await open_company(session, office.dossier.company_id)
        for _ in range(2):
            opened = await session.scalar(sa.text("select opened_company()"))
            assert opened == office.dossier.company_id
            await session.execute(company)
            await session.commit()
    async with narrow.transaction(Scope(firm_id=office.firm.id)) as session:
        assert await session.scalar(sa.text("select opened_company()")) is None


@contextmanager
def connecting_may_be_given_up() -> Iterator[None]:
    """Attempts to connect that were cancelled are let go here, not in whichever test runs when they are collected.

    asyncpg leaves the future of such an attempt behind; once the socket closes, asyncio reports it as never retrieved.
    """
    loop = asyncio.get_running_loop()
    before = loop.get_exception_handler()
    others: list[dict[str, Any]] = []

    def keep(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        if not isinstance(context.get("exception"), ConnectionError):
            others.append(context)

    loop.set_exception_handler(keep)
    try:
        yield
        gc.collect()
    finally:
        loop.set_exception_handler(before)
    assert others == []


async def test_many_owners_cancelled_at_random_never_meet_each_others_rows(world: World) -> None:
    offices = [await an_office(world), await an_office(world, "ardennes")]
    engine = create_engine(world.urls.app, name="test", pool_size=3, max_overflow=0)
    database = Database(engine, engine)
    chance = random.Random(7)
    wrong: list[set[UUID]] = []

    async def one(office: Office, patience: float) -> None:
        with anyio.move_on_after(patience):
            found = await seen(database, of(office))
            if found != {office.firm.id}:
                wrong.append(found)

    with connecting_may_be_given_up():
        async with anyio.create_task_group() as group:
            for _ in range(200):
                group.start_soon(one, chance.choice(offices), chance.choice((0.0, 0.002, 0.01, 5.0)))
    assert wrong == []
    assert await lingering(database) == {}
    await asyncio.sleep(0)
    async with world.as_system() as session:
        left = await session.scalar(
            sa.text(
                "select count(*) from pg_stat_activity where datname = current_database() and usename = 'portal_app' and state like 'idle in transaction%'"
            )
        )
    assert left == 0
    await database.close()


def test_a_scope_of_two_owners_is_a_mistake_of_the_program() -> None:
    with pytest.raises(ValueError, match="either"):
        Scope(firm_id=uuid4(), company_id=uuid4())
    with pytest.raises(ValueError, match="only a firm"):
        Scope(company_id=uuid4(), opened_company_id=uuid4())


WRITES: dict[str, Callable[[ReadSession], Awaitable[Any]]] = {
    "an update": lambda session: session.execute(sa.update(Firm).values(name="x")),
    "an insert": lambda session: session.execute(sa.insert(Firm)),
    "a text": lambda session: session.execute(sa.text("update firm set name = 'x'")),
}


async def changed(session: ReadSession) -> None:
    """A row that is changed is written when the session is flushed."""
    (firm,) = await session.scalars(sa.select(Firm))
    firm.name = "x"
    await session.flush()


@pytest.mark.parametrize("write", [*WRITES.values(), changed], ids=[*WRITES, "a changed row"])
async def test_a_look_up_beyond_row_security_writes_nothing(
    world: World, write: Callable[[ReadSession], Awaitable[Any]]
) -> None:
    office = await an_office(world)
    with pytest.raises(TypeError, match="one SELECT"):
        await world.tools.database.system_look_up(write)
    found = await world.tools.database.system_look_up(
        lambda session: session.scalar(sa.select(Firm.name).where(Firm.id == office.firm.id))
    )
    assert found == office.firm.name
