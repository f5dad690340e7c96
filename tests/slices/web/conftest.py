"""One world for the many requests that find nobody."""

import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.support.builders import a_firm
from tests.support.world import Servers, World, new_world


@pytest.fixture(scope="module")
async def neutral_world(servers: Servers) -> AsyncIterator[World]:
    """A world with one firm; its tests write nothing."""
    with tempfile.TemporaryDirectory() as folder:
        async with new_world(servers, Path(folder)) as made:
            await a_firm(made)
            yield made
