"""Every route: who guards it, that nothing is cached, and that no unsafe request passes without our own token."""

import re
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from portal.web.gate import Gate
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.world import World

PUBLIC = {
    "/health/live",
    "/health/ready",
    "/health/tls-ask",  # the proxy asks whether a host is ours before it fetches a certificate
    "/sign-in",
    "/sign-in/again",
    "/session",
    "/sign-out",
    "/language",
    "/forgot",
    "/reset/{token}",
    "/activate/{token}",
    "/activate/{token}/opened",
    "/brand/{name}",
    "/brand/{version}/{picture}",
    "/_mail",  # answers only where mails are kept in a folder
    "/_mail/{name}",
    "/_mail/{name}/html",
    "/api/v1/agent/pair",
}
NOT_OURS = ("/static/", "/api/v1/schema")
"""Made by Litestar: files that belong to nobody, and the description of the interface."""


def handlers(app: Gate) -> Iterator[tuple[str, str, HTTPRouteHandler]]:
    """Method, path and handler of every route we wrote."""
    inner: Any = app.app
    for route in inner.routes:
        if not isinstance(route, HTTPRoute) or route.path.startswith(NOT_OURS):
            continue
        for handler in route.route_handlers:
            for method in handler.http_methods - {"OPTIONS", "HEAD"}:
                yield str(method), re.sub(r":\w+}", "}", route.path), handler


def guards(handler: HTTPRouteHandler) -> set[str]:
    """The names of our own guards on a handler."""
    found = {
        getattr(guard, "__qualname__", "?").split(".")[0]
        for guard in handler.guards or ()
        if getattr(guard, "__module__", "") in ("portal.web.security", "portal.web.sides")
    }
    return found & {"public", "signed_in", "staff", "member", "agent", "key_with", "requires", "own_side"}


def a_path(path: str) -> str:
    """The path with ids of nothing in its places."""
    return re.sub(r"{(\w+)}", lambda place: str(uuid4()) if place[1].endswith("_id") else "1", path)


async def test_every_route_has_one_of_our_guards_and_the_open_ones_are_listed(world: World) -> None:
    found = list(handlers(world.app))
    assert len(found) > 40
    assert [(method, path) for method, path, handler in found if not guards(handler)] == []
    open_paths = {path for _method, path, handler in found if "public" in guards(handler)}
    assert open_paths == PUBLIC


async def test_no_handler_is_cached(world: World) -> None:
    assert [path for _method, path, handler in handlers(world.app) if handler.cache] == []


async def test_only_reading_is_done_by_get(world: World) -> None:
    methods = {method for method, _path, _handler in handlers(world.app)}
    assert methods <= {"GET", "POST", "PATCH", "PUT", "DELETE"}
    pages = {method for method, path, _handler in handlers(world.app) if not path.startswith("/api/")}
    assert pages == {"GET", "POST"}


async def test_no_page_takes_a_post_without_the_token_of_the_session(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    posts = sorted(
        {path for method, path, _ in handlers(world.app) if method == "POST" and not path.startswith("/api/")}
    )
    assert len(posts) > 10
    async with sign_in(world, owner) as client:
        token = client.headers.pop("x-csrf-token")
        for path in posts:
            for headers, form in (
                ({}, {}),
                ({"x-csrf-token": ""}, {}),
                ({}, {"csrf_token": token[:-1]}),
                ({"x-csrf-token": token, "sec-fetch-site": "cross-site"}, {}),
                ({"x-csrf-token": token, "sec-fetch-site": "same-site"}, {}),
                ({"x-csrf-token": token, "origin": "http://ardennes.localhost:8000"}, {}),
                ({"x-csrf-token": token, "origin": "null"}, {}),
            ):
                answer = await client.post(a_path(path), data=form, headers=headers)
                assert answer.status_code == 403, (path, headers, answer.status_code)


async def test_a_token_of_one_session_is_nothing_to_another(world: World) -> None:
    firm = await a_firm(world)
    first, second = await a_staff_member(world, firm), await a_staff_member(world, firm)
    async with sign_in(world, first) as one, sign_in(world, second) as two:
        assert one.headers["x-csrf-token"] != two.headers["x-csrf-token"]
        answer = await two.post("/agents/code", headers={"x-csrf-token": one.headers["x-csrf-token"]})
        assert answer.status_code == 403
        assert (await two.post("/agents/code")).status_code == 200


async def test_an_unknown_id_never_breaks_a_page(world: World) -> None:
    """Every page with ids of nothing: refused or not found for staff, members and strangers, never a 500."""
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    people = [await a_staff_member(world, firm), await a_member(world, firm, dossier.company_id)]
    paths = sorted({path for method, path, _ in handlers(world.app) if method == "GET" and "_id}" in path})
    for person in people:
        async with sign_in(world, person) as client:
            for path in paths:
                answer = await client.get(a_path(path))
                assert answer.status_code in (401, 403, 404), (path, answer.status_code)
    async with world.client() as client:
        for path in paths:
            answer = await client.get(a_path(path))
            assert answer.status_code in (303, 401, 404), (path, answer.status_code)


async def test_every_answer_carries_the_headers_of_the_house(world: World) -> None:
    await a_firm(world)
    async with world.client() as client:
        for path in ("/sign-in", "/nowhere", "/api/v1/agent/deliveries", "/health/live"):
            headers = (await client.get(path)).headers
            assert headers["x-content-type-options"] == "nosniff", path
            assert "frame-ancestors 'none'" in headers["content-security-policy"], path
            assert "unsafe" not in headers["content-security-policy"], path
            assert "no-store" in headers["cache-control"], path
            assert headers["referrer-policy"], path
