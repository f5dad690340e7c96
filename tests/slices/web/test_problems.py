"""What a program is told when its request is not as it should be: our words, in its language, per field."""

import re
from typing import Any

import pytest

from portal.db.statements import counting
from portal.kernel.errors import Unavailable
from portal.web import problems
from portal.web.problems import NOT_AS_EXPECTED
from tests.support.builders import sign_in
from tests.support.builders_agents import is_problem
from tests.support.builders_exports import an_office
from tests.support.builders_papers import a_ubl
from tests.support.inbox import dropped
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


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/nowhere", 404),
        ("GET", "/dossiers/0198c0de-0000-7000-8000-000000000000", 404),  # from inside a transaction
        ("DELETE", "/dossiers", 405),
        ("POST", "/account", 403),  # without the token of its forms
    ],
)
async def test_the_page_of_a_problem_has_the_counts_of_its_menu(
    world: World, method: str, path: str, status: int
) -> None:
    office = await an_office(world)
    await dropped(world, office.owner, {"who.xml": a_ubl(number="9")})
    await world.run_jobs()
    async with sign_in(world, office.owner, office.host) as client:
        headers = {"sec-fetch-site": "cross-site"} if status == 403 else {}
        answer = await client.request(method, path, headers=headers)
        assert answer.status_code == status
        menu = re.search(r'href="/inbox"[^>]*>.*?</a>', answer.text, re.DOTALL)
        assert menu is not None
        assert 'ui-nav-count">1<' in menu[0]
    pool: Any = world.tools.database.app_engine.pool
    assert pool.checkedout() == 0


async def test_a_visitors_problem_asks_the_database_nothing(world: World) -> None:
    office = await an_office(world)
    async with world.client(office.host) as nobody:
        await nobody.get("/sign-in")  # who answers under the host is known now
        with counting() as asked:
            answer = await nobody.get("/nowhere")
    assert (answer.status_code, asked.count) == (404, 0)


async def test_a_problem_is_told_though_its_menu_cannot_be_counted(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_answer: Any) -> None:
        raise Unavailable

    office = await an_office(world)
    monkeypatch.setattr(problems, "count_menu", fails)
    async with sign_in(world, office.owner, office.host) as client:
        answer = await client.get("/nowhere")
    assert answer.status_code == 404
    assert 'href="/inbox"' in answer.text
