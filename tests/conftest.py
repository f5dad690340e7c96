"""Fixtures for everybody: real servers once per process, a world with an empty database for each test."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.world import ROOT, Servers, World, new_world, running_servers


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def servers() -> Iterator[Servers]:
    """PostgreSQL and Valkey, started at first use."""
    with running_servers() as running:
        yield running


@pytest.fixture
async def world(servers: Servers, tmp_path: Path) -> AsyncIterator[World]:
    """An empty, migrated portal of this test alone."""
    async with new_world(servers, tmp_path) as made:
        yield made


@pytest.fixture(scope="session")
def corpus() -> Path:
    """Data written by others; the test is skipped, visibly, where it is absent."""
    folder = Path(os.environ.get("PORTAL_CORPUS", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip(f"the data written by others is not at {folder}")
    return folder
