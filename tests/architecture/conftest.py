"""One migrated database for everything that only reads its catalogue, and the portal's modules, all imported."""

import asyncio
import importlib
import pkgutil
from collections.abc import AsyncIterator, Iterator
from types import ModuleType

import asyncpg
import pytest

import portal
from portal.db.roles import DatabaseUrls
from tests.support.servers import Servers


@pytest.fixture(scope="session")
def catalogue_urls(servers: Servers) -> Iterator[DatabaseUrls]:
    """A migrated database that nothing is written to."""
    urls = asyncio.run(servers.new_database())
    yield urls
    asyncio.run(servers.drop_database(urls))


@pytest.fixture
async def catalogue(servers: Servers, catalogue_urls: DatabaseUrls) -> AsyncIterator[asyncpg.Connection]:
    """A superuser's look at it."""
    name = catalogue_urls.app.rpartition("/")[2]
    address = servers.admin_url.replace("postgresql+asyncpg://", "postgresql://")
    connection = await asyncpg.connect(f"{address.rpartition('/')[0]}/{name}")
    yield connection
    await connection.close()


@pytest.fixture(scope="session")
def modules() -> list[ModuleType]:
    """Every module of the portal but the doors that start something when they are imported."""
    doors = {"portal.asgi", "portal.__main__", "portal.syncagent.__main__"}
    names = [found.name for found in pkgutil.walk_packages(portal.__path__, "portal.")]
    return [importlib.import_module(name) for name in names if name not in doors]
