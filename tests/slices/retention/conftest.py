"""What tests of papers in the wrong place share."""

from datetime import UTC, datetime

import pytest

from tests.support.builders_scene import Office, an_office
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    """The store's clock is the machine's: so is the world's, here."""
    world.clock.at = datetime.now(UTC)
    return await an_office(world)
