"""What tests of jobs share."""

import pytest

from tests.support.builders_jobs import Bench, make_bench
from tests.support.world import World


@pytest.fixture
async def bench(world: World) -> Bench:
    """Small jobs instead of the portal's own."""
    return await make_bench(world)
