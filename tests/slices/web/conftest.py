"""One database for the many requests that find nobody."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from portal.db.roles import DatabaseUrls
from tests.support.builders import a_firm
from tests.support.servers import Servers
from tests.support.world import World, world_on


@pytest.fixture(scope="module")
def neutral_urls(servers: Servers) -> Iterator[DatabaseUrls]:
    """A database with one firm. Made in a loop of its own: each test has one, and leaves nothing in another's."""

    async def arrange() -> DatabaseUrls:
        urls = await servers.new_database()
        with tempfile.TemporaryDirectory() as folder:
            async with world_on(servers, urls, Path(folder)) as made:
                await a_firm(made)
        return urls

    urls = asyncio.run(arrange())
    yield urls
    asyncio.run(servers.drop_database(urls))


@pytest.fixture
async def neutral_world(servers: Servers, neutral_urls: DatabaseUrls, tmp_path: Path) -> AsyncIterator[World]:
    """A world with one firm; its tests write nothing."""
    async with world_on(servers, neutral_urls, tmp_path) as made:
        yield made
