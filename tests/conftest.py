"""Fixtures for everybody: real servers once per process, a world with an empty database for each test.

What they are made of is imported by who uses them: a test of pure rules loads no web, no database and no server.
"""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

settings.register_profile("untimed", deadline=None)  # speed belongs in the benchmarks
settings.load_profile("untimed")

if TYPE_CHECKING:
    from tests.support.servers import Servers
    from tests.support.world import World


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--kept-servers", action="store_true", help="use servers that are kept running between runs"
    )


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> "Iterator[Servers]":
    """PostgreSQL and Valkey, started at first use."""
    from tests.support.servers import kept_servers, running_servers

    with ExitStack() as stack:
        kept = pytestconfig.getoption("kept_servers")
        yield kept_servers() if kept else stack.enter_context(running_servers())


@pytest.fixture
async def world(servers: "Servers", tmp_path: Path) -> "AsyncIterator[World]":
    """An empty, migrated portal of this test alone."""
    from tests.support.world import new_world

    async with new_world(servers, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Data written by others; the test is skipped, visibly, where it is absent."""
    root = Path(__file__).parent.parent
    folder = Path(os.environ.get("PORTAL_CORPUS", root.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the data written by others is not at {folder}")
    return folder
