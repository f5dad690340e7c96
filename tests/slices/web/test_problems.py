"""What a program is told when its request is not as it should be: our words, in its language, per field."""

from typing import Any

import pytest

from portal.web.problems import NOT_AS_EXPECTED
from tests.support.builders_agents import is_problem
from tests.support.builders_exports import an_office
from tests.support.world import World


@pytest.mark.parametrize("body", [{"code": 5}, {}, [], "text"])
async def test_the_decoders_english_is_not_passed_on(world: World, body: Any) -> None:
    office = await an_office(world)
    async with world.client(office.host) as client:
        answer = await client.post("/api/v1/agent/pair", json=body)
    is_problem(answer, 400, "invalid")
    assert set(answer.json().get("fields", {}).values()) <= {NOT_AS_EXPECTED}
