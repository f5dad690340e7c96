"""What a program is told when its request is not as it should be: our words, in its language, per field."""

from typing import Any

import pytest

from portal.web.problems import NOT_AS_EXPECTED
from tests.support.builders import sign_in
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


@pytest.mark.parametrize(
    "address", ["http://[", "http://[::1", "//[x]/", "\x00", "http://a b/", "http://x:99999999/"]
)
async def test_an_address_that_is_none_in_a_header_breaks_no_page(world: World, address: str) -> None:
    """A browser's Referer, or HTMX's page: whatever stands there, the answer is a page and nobody loses a form."""
    office = await an_office(world)
    headers = {"referer": address, "hx-current-url": address, "sec-fetch-site": "same-origin"}
    async with world.client(office.host) as nobody:
        answer = await nobody.post(
            "/sign-in", data={"email": "a@b.example", "password": "x"}, headers=headers
        )
        assert answer.status_code == 422
        assert "text/html" in answer.headers["content-type"]
        assert office.firm.name in answer.text
    async with sign_in(world, office.owner, office.host) as client:
        answer = await client.post("/account", data={"name": "An", "language": "en"}, headers=headers)
        assert answer.status_code < 400
