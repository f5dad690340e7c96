"""Cookies belong to one host; what comes back in one is not believed."""

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.support.builders import PASSWORD, a_firm, a_staff_member, sign_in
from tests.support.servers import Servers
from tests.support.world import World, new_world


@pytest.fixture
async def secure_world(servers: Servers, tmp_path: Path) -> AsyncIterator[World]:
    """As in production: https."""
    async with new_world(servers, tmp_path, scheme="https", port=None, embedded=False) as made:
        yield made


def told(answer: httpx.Response) -> dict[str, set[str]]:
    """Every cookie that an answer sets, with its flags."""
    parts = [header.split(";") for header in answer.headers.get_list("set-cookie")]
    return {first.partition("=")[0]: {flag.strip().lower() for flag in flags} for first, *flags in parts}


def only_for_this_host(name: str, flags: set[str]) -> bool:
    return (
        name.startswith("__Host-")
        and {"secure", "path=/"} <= flags
        and not any(flag.startswith("domain") for flag in flags)
    )


async def test_under_https_every_cookie_is_bound_to_its_host(secure_world: World) -> None:
    """A sibling subdomain may set a cookie for the domain above both, but none with this prefix."""
    firm = await a_firm(secure_world)
    person = await a_staff_member(secure_world, firm, email="an@noordzee.example")
    assert person.person_id is not None
    transport = httpx.ASGITransport(secure_world.app)
    found: dict[str, set[str]] = {}
    async with httpx.AsyncClient(transport=transport, base_url="https://noordzee.localhost") as client:
        page = await client.get("/sign-in")
        found |= told(page)
        token = {"csrf_token": client.cookies["__Host-visitor"]}
        found |= told(await client.post("/language", data={"language": "nl", "next": "/sign-in", **token}))
        page = await client.get("/sign-in")
        assert 'lang="nl"' in page.text
        answer = await client.post(
            "/sign-in", data={"email": "an@noordzee.example", "password": PASSWORD, **token}
        )
        found |= told(answer)
        account = await client.get("/account")
        csrf = account.text.partition('name="csrf-token" content="')[2].partition('"')[0]
        saved = await client.post(
            "/account", data={"name": "An", "language": "en"}, headers={"x-csrf-token": csrf}
        )
        assert saved.status_code == 303
        found |= told(saved)
        shown = await client.get("/account")
        assert "ui-toast" in shown.text
        ended = told(shown)
        assert "__Host-toast" not in client.cookies
    names = ("visitor", "language", "session", "toast", "marks")
    assert set(found) == {f"__Host-{name}" for name in names}
    assert [name for name, flags in (found | ended).items() if not only_for_this_host(name, flags)] == []
    assert "__Host-toast" in ended


@pytest.mark.parametrize("name", ["visitor", "toast", "language"])
async def test_under_https_a_cookie_without_the_prefix_is_nobodys(secure_world: World, name: str) -> None:
    await a_firm(secure_world)
    planted = {"visitor": "known", "toast": a_toast("/account"), "language": "fr"}[name]
    transport = httpx.ASGITransport(secure_world.app)
    async with httpx.AsyncClient(transport=transport, base_url="https://noordzee.localhost") as client:
        page = await client.get("/sign-in", headers={"cookie": f"{name}={planted}", "accept-language": "en"})
        assert "__Host-visitor" in told(page)
        assert "Planted" not in page.text
        assert 'lang="en"' in page.text


def a_toast(href: str) -> str:
    value = {"kind": "info", "text": "Planted", "href": href, "link_text": "Go"}
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode()


@pytest.mark.parametrize(
    "href",
    [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "/\t/evil.example",
        "/\n/evil.example",
        "/\x7f/evil.example",
        "javascript:alert(1)",
        "evil",
        "",
    ],
)
async def test_a_toast_that_leads_elsewhere_is_not_shown(world: World, href: str) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    async with sign_in(world, owner) as client:
        client.cookies.set("toast", a_toast(href), domain="noordzee.localhost")
        page = await client.get("/account")
        assert page.status_code == 200
        assert "Planted" not in page.text
        assert "evil" not in page.text


async def test_a_toast_that_leads_to_a_page_of_this_host_is_shown_once(world: World) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    async with sign_in(world, owner) as client:
        client.cookies.set("toast", a_toast("/dossiers?page=2"), domain="noordzee.localhost")
        assert 'href="/dossiers?page=2"' in (await client.get("/account")).text
        assert "Planted" not in (await client.get("/account")).text
