"""How much of anything a request may bring, and how it is told; what stands behind the gate never sees the Cookie header."""

import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlencode

import httpx
import pytest

from portal.config import Settings
from portal.kernel.errors import HeadersTooLarge, Invalid, TooLongAddress
from portal.web import bodies, bounds
from portal.web.cookies import LONGEST, read_cookies
from tests.support.builders import a_firm, a_staff_member, sign_in
from tests.support.world import World

HTTP = Settings("", "", "", "", "", scheme="http")
HTTPS = Settings("", "", "", "", "")


def cookies_of(text: str | bytes, settings: Settings = HTTP) -> dict[str, str]:
    return read_cookies(settings, [(b"cookie", text if isinstance(text, bytes) else text.encode())])


def test_only_our_own_cookies_are_read_and_nothing_is_unquoted() -> None:
    assert cookies_of("session=abc-_1; other=1;visitor=x=; toast=; language=nl") == {
        "session": "abc-_1",
        "visitor": "x=",
        "language": "nl",
    }
    assert cookies_of('session="abc"; visitor=a\\012b; language=n l; toast=%41') == {}
    assert cookies_of("SESSION=a; $session=b; session =c; __Host-session=d") == {}
    assert cookies_of("__Host-session=d; session=e", HTTPS) == {"session": "d"}
    assert cookies_of("session=first; session=second") == {"session": "first"}
    assert cookies_of(b"session=\xff; visitor=\xc3\xa9; language=fr") == {"language": "fr"}
    assert cookies_of(";;; = ;=a; a; session") == {}
    assert cookies_of(b"session=" + b"a" * LONGEST) == {}
    assert read_cookies(HTTP, [(b"cookie", b"session=a"), (b"cookie", b"visitor=b"), (b"x", b"y")]) == {
        "session": "a",
        "visitor": "b",
    }


@pytest.mark.parametrize(
    ("path", "query", "headers", "wrong"),
    [
        (b"/" + b"a" * (bounds.PATH_MOST - 1), b"", [], None),
        (b"/" + b"a" * bounds.PATH_MOST, b"", [], TooLongAddress),
        (b"/", b"a" * bounds.QUERY_MOST, [], None),
        (b"/", b"a" * (bounds.QUERY_MOST + 1), [], TooLongAddress),
        (b"/", b"&" * (bounds.PARAMETERS_MOST - 1), [], None),
        (b"/", b"&" * bounds.PARAMETERS_MOST, [], Invalid),
        (b"/", b"", [(b"a", b"b" * bounds.HEADER_MOST)], None),
        (b"/", b"", [(b"a", b"b" * (bounds.HEADER_MOST + 1))], HeadersTooLarge),
        (b"/", b"", [(b"a" * (bounds.HEADER_MOST + 1), b"")], HeadersTooLarge),
        (b"/", b"", [(b"a", b"b" * 8000)] * 5, HeadersTooLarge),
        (b"/", b"", [(b"a", b"b")] * bounds.HEADERS_COUNT_MOST, None),
        (b"/", b"", [(b"a", b"b")] * (bounds.HEADERS_COUNT_MOST + 1), HeadersTooLarge),
        (b"/", b"", [(b"content-length", b"1" * 21)], HeadersTooLarge),
        (b"/", b"", [(b"authorization", b"b" * 1001)], HeadersTooLarge),
    ],
)
def test_measures_are_judged_at_their_bounds(
    path: bytes, query: bytes, headers: list[tuple[bytes, bytes]], wrong: type[Exception] | None
) -> None:
    assert type(bounds.judged(path, query, headers)) is (wrong or type(None))


BACKSLASHES = '"' + "\\" * 60_000 + '"'
LARGE: list[tuple[dict[str, Any], int, str]] = [
    ({"headers": {"cookie": f"session={BACKSLASHES}"}}, 431, "headers_too_large"),
    ({"headers": {"cookie": BACKSLASHES}}, 431, "headers_too_large"),
    ({"headers": {"accept-language": "nl;q=0.1," * 1000}}, 431, "headers_too_large"),
    ({"headers": {"range": "bytes=" + "0-1," * 1000}}, 431, "headers_too_large"),
    ({"headers": {"if-none-match": '"a",' * 3000}}, 431, "headers_too_large"),
    ({"headers": {"x-forwarded-for": "1.1.1.1," * 1000}}, 431, "headers_too_large"),
    ({"headers": {"authorization": "Bearer " + "a" * 2000}}, 431, "headers_too_large"),
    ({"headers": {"content-type": "a/b;" + "a=b;" * 1000}}, 431, "headers_too_large"),
    ({"headers": {f"x-{number}": "1" for number in range(90)}}, 431, "headers_too_large"),
    ({"params": "a" * 9000}, 414, "address_too_long"),
    ({"params": "a=1&" * 300}, 400, "invalid"),
]


@pytest.mark.parametrize(("request_", "status", "code"), LARGE)
async def test_what_is_too_much_is_answered_in_the_firms_brand_and_to_programs_in_theirs(
    world: World, request_: dict[str, Any], status: int, code: str
) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    async with world.client() as stranger, sign_in(world, owner) as client:
        for browser in (stranger, client):
            page = await browser.get("/account", **request_)
            assert page.status_code == status
            assert "Kantoor Noordzee" in page.text
            told = await browser.get("/api/v1/dossiers", **request_)
            assert told.status_code == status
            assert told.headers["content-type"] == "application/problem+json"
            assert told.json()["code"] == code
            plain = await browser.get("/health/live", **request_)
            assert plain.status_code == status
            assert plain.headers["content-type"].startswith("text/plain")
        assert (await client.get("/account")).status_code == 200  # nobody was signed out by it


async def test_the_page_of_a_refusal_is_dressed(world: World) -> None:
    """A browser sends the same headers for the styles of the page as for the page."""
    await a_firm(world)
    much = {"cookie": "x=" + "a" * 9000}
    async with world.client() as client:
        page = await client.get("/sign-in", headers=much)
        assert page.status_code == 431
        styles = re.findall(r'(?:href|src)="(/(?:static|brand)/[^"#]+)"', page.text)
        assert len(styles) >= 3
        for path in styles:
            assert (await client.get(path, headers=much)).status_code == 200, path


async def test_a_path_that_is_too_long(world: World) -> None:
    await a_firm(world)
    async with world.client() as client:
        page = await client.get("/" + "a" * 5000)
        told = await client.get("/api/" + "a" * 5000)
    assert page.status_code == told.status_code == 414
    assert "This address is too long" in page.text
    assert len(told.json()["instance"]) <= 200


async def test_behind_the_gate_there_is_no_cookie_header(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    seen: list[Any] = []
    inner = world.app.app

    async def watching(scope: Any, receive: Any, send: Any) -> None:
        seen.append([value for name, value in scope["headers"] if name.lower() == b"cookie"])
        await inner(scope, receive, send)

    def never(_text: str) -> dict[str, str]:
        raise AssertionError("the framework parsed cookies")

    monkeypatch.setattr(world.app, "app", watching)
    monkeypatch.setattr("litestar.connection.base.parse_cookie_string", never)
    async with sign_in(world, owner) as client:
        await client.post("/account", data={"name": "An", "language": "en"})
        assert "ui-toast" in (await client.get("/account")).text
    assert len(seen) > 4
    assert not any(seen)


async def test_a_form_has_a_bounded_number_of_fields(world: World) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    many = urlencode([(f"field{number}", "1") for number in range(bodies.FIELDS_MOST + 1)])
    plain = {"content-type": "application/x-www-form-urlencoded"}
    async with sign_in(world, owner) as client, world.client() as stranger:
        refused = await client.post("/account", content=many, headers=plain)
        assert refused.status_code == 413
        assert "This form is too large" in refused.text
        few = urlencode([("ids", "1")] * (bodies.FIELDS_MOST - 10)) + "&name=An&language=en"
        assert (await client.post("/account", content=few, headers=plain)).status_code == 303
        await stranger.get("/sign-in")
        some = "a=1&" * bodies.VISITORS_FIELDS_MOST
        refused = await stranger.post("/sign-in", content=some, headers=plain)
        assert refused.status_code == 413


async def test_nobody_hands_in_files_or_long_bodies_before_they_are_known(world: World) -> None:
    await a_firm(world)
    async with world.client() as client:
        await client.get("/sign-in")
        token = {"x-csrf-token": client.cookies["visitor"]}
        for headers in ({}, token):
            answer = await client.post("/sign-in", files={"a": b"x"}, headers=headers)
            assert answer.status_code == 401
            assert "Please sign in" in answer.text

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(200):
                yield b"a" * 1024

        plain = {"content-type": "application/x-www-form-urlencoded"}
        for path in ("/sign-in", "/api/v1/agent/pair"):
            answer = await client.post(path, content=endless(), headers={**token, **plain})
            assert answer.status_code == 413, path


def parts(*more: bytes, boundary: bytes = b"b") -> bytes:
    return b"".join(b"--" + boundary + b"\r\n" + one + b"\r\n" for one in more) + b"--" + boundary + b"--\r\n"


def a_field(name: bytes, value: bytes, extra: bytes = b"") -> bytes:
    return b'content-disposition: form-data; name="' + name + b'"' + extra + b"\r\n\r\n" + value


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (parts(*[a_field(b"a", b"1")] * (bodies.PARTS_MOST + 1)), 413),
        (parts(a_field(b"a", b"x" * (bounds.FORM_MOST + 1))), 413),
        (parts(a_field(b"a" * 5000, b"1")), 413),
        (parts(*[b"x: y\r\n" * 20 + a_field(b"a", b"1")]), 413),
        (
            parts(a_field(b"name", "An".encode("utf-16"), b"\r\ncontent-type: text/plain; charset=utf-16")),
            400,
        ),
        (parts(a_field(b"name", b"An", b"\r\ncontent-type: text/plain; charset=nonsense")), 303),
        (parts(a_field(b"name", b"An", b"\r\ncontent-type: text/plain; charset=idna")), 303),
        (parts(b"x: y\r\n\r\nno name"), 400),
        (b"--b\r\nno colon\r\n\r\n", 400),
        (b"--b", 400),
        (b"", 303),
    ],
)
async def test_forms_with_files_are_bounded_and_their_text_is_utf8(
    world: World, body: bytes, status: int
) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    async with sign_in(world, owner) as client:
        whole = body.replace(b"--b--\r\n", b"")
        if status == 303 and body:
            body = whole + parts(a_field(b"language", b"en"))
        elif not body:
            body = parts(a_field(b"name", b"An"), a_field(b"language", b"en"))
        answer = await client.post(
            "/account", content=body, headers={"content-type": "multipart/form-data; boundary=b"}
        )
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/form-data; boundary=" + "b" * 300])
async def test_a_form_without_a_boundary_of_measure_is_refused(world: World, kind: str) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    async with sign_in(world, owner) as client:
        answer: httpx.Response = await client.post(
            "/account", content=parts(a_field(b"a", b"1")), headers={"content-type": kind}
        )
    assert answer.status_code == 400
