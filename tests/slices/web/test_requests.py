"""Requests that no page of ours makes: other methods, long bodies, odd addresses. Each is answered with what it needs to know."""

import base64
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import msgspec
import pytest

from portal.web.bounds import FORM_MOST
from portal.web.session import provide_session
from tests.slices.web.test_hosts import scope
from tests.support.builders import a_dossier, a_firm, a_staff_member, sign_in
from tests.support.world import World

ID = UUID("019a0000-0000-7000-8000-000000000001")


def a_cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([value, ID, 0])).decode().rstrip("=")


@pytest.mark.parametrize("path", ["/", "/dossiers"])
@pytest.mark.parametrize(
    ("sort", "value"), [("ready", 2**31), ("-waiting", -(2**40)), ("quick_entry", 2**70), ("name", "a\0b")]
)
async def test_a_cursor_that_no_row_has_begins_at_the_beginning(
    world: World, path: str, sort: str, value: Any
) -> None:
    firm = await a_firm(world)
    await a_dossier(world, firm, quick_entry_count=1)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        page = await client.get(path, params={"sort": sort, "after": a_cursor(value)})
        assert page.status_code == 200
        assert "Bakkerij Peeters" in page.text


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("GET", "/sign-out", "OPTIONS, POST"),
        ("PUT", "/sign-in", "GET, HEAD, OPTIONS, POST"),
        ("DELETE", "/account", "GET, HEAD, OPTIONS, POST"),
        ("POST", "/health/live", "GET, HEAD, OPTIONS"),
        ("GET", "/api/v1/agent/pair", "OPTIONS, POST"),
    ],
)
async def test_another_method_is_told_which_ones_there_are(
    world: World, method: str, path: str, allowed: str
) -> None:
    await a_firm(world)
    async with world.client() as client:
        answer = await client.request(method, path, headers={"accept-language": "en"})
    assert answer.status_code == 405
    assert answer.headers["allow"] == allowed
    assert "does not take such a request" in answer.text
    if path.startswith("/api/"):
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "wrong_method"


@pytest.mark.parametrize("path", ["/health/live", "/sign-in", "/", "/nowhere", "/api/v1/nowhere", "/_mail"])
async def test_head_answers_as_get_without_a_body(world: World, path: str) -> None:
    await a_firm(world)
    async with world.client() as client:
        await client.get("/sign-in")
        got, head = await client.get(path), await client.head(path)
    assert head.status_code == got.status_code
    assert head.content == b""
    for name in (
        "content-type",
        "content-length",
        "location",
        "content-security-policy",
        "cache-control",
        "vary",
    ):
        assert head.headers.get(name) == got.headers.get(name), name


async def test_head_of_a_host_that_is_nobodys(world: World) -> None:
    await a_firm(world)
    async with world.client("elsewhere.localhost") as client:
        answer = await client.head("/sign-in")
    assert answer.status_code == 404
    assert answer.content == b""


async def test_a_form_of_text_is_short_and_its_refusal_speaks_of_a_form(world: World) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        long = {"name": "x" * FORM_MOST}
        for path in ("/account", "/dossiers", f"/dossiers/{dossier.id}/quick-entry", "/dossiers/import"):
            refused = await client.post(path, data=long)
            assert refused.status_code == 413, path
            assert "This form is too large" in refused.text
        refused = await client.post("/account", files={"logo": b"x" * FORM_MOST})
        assert refused.status_code == 413
        taken = await client.post(
            f"/dossiers/{dossier.id}/quick-entry", files={"files": ("a.pdf", b"%PDF-" + b"x" * FORM_MOST)}
        )
        assert taken.status_code == 303


async def test_the_token_is_no_way_around_it(world: World) -> None:
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        token = client.headers.pop("x-csrf-token")
        refused = await client.post("/account", data={"csrf_token": token, "name": "x" * FORM_MOST})
    assert refused.status_code == 413


@pytest.mark.parametrize(
    "path", ["/?q=a%00b", "/dossiers?q=%00", "/search?q=%00", "/dossiers?sort=%00&only=%00"]
)
async def test_a_nul_in_an_address_is_nothing(world: World, path: str) -> None:
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        assert (await client.get(path)).status_code == 200


@pytest.mark.parametrize("query", ["until=abc", "until=2026-02-30", "until=%00", "kinds=x", "account=abc"])
async def test_a_wrong_value_in_an_address_is_passed_over(world: World, query: str) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        for tab in ("export", "bank", "documents", "quick-entry"):
            page = await client.get(f"/dossiers/{dossier.id}/{tab}?{query}")
            assert page.status_code == 200, tab


async def test_a_header_says_a_thing_once(world: World) -> None:
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        page = await client.get("/account")
        style = page.text.partition('href="/brand/')[2].partition('"')[0]
        for answer in (page, await client.get("/brand/" + style), await client.get("/dossiers")):
            assert answer.headers["content-type"].count("charset") <= 1
            words = [word.strip().lower() for word in answer.headers.get("vary", "").split(",")]
            assert len(words) == len(set(words)), words
            assert len(answer.headers.get_list("vary")) <= 1


async def test_a_field_that_is_no_text_is_refused(world: World) -> None:
    firm = await a_firm(world)
    body = b'--b\r\ncontent-disposition: form-data; name="name"\r\n\r\n\xff\xfe\r\n--b--\r\n'
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        multipart = {"content-type": "multipart/form-data; boundary=b"}
        for path in ("/account", "/dossiers"):
            assert (await client.post(path, content=body, headers=multipart)).status_code == 400
        del client.headers["x-csrf-token"]
        assert (await client.post("/account", content=body, headers=multipart)).status_code == 400


async def test_a_body_nested_beyond_all_measure_is_refused(world: World) -> None:
    await a_firm(world)
    async with world.client() as client:
        answer = await client.post("/api/v1/agent/pair", content=b"[" * 60_000)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/api/v1/agent/pair"])
@pytest.mark.parametrize("kind", [b"application/x-www-form-urlencoded", b"multipart/form-data; boundary=b"])
async def test_whoever_goes_away_inside_a_body_is_nobodys_fault(
    world: World, path: str, kind: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_firm(world)
    told: list[Any] = [
        {"type": "http.request", "body": b"email=a", "more_body": True},
        {"type": "http.disconnect"},
    ]
    sent: list[Any] = []

    async def receive() -> Any:
        return told.pop(0) if told else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"noordzee.localhost"), (b"content-type", kind), (b"content-length", b"400")]
    await world.app(scope("POST", path, b"", headers), receive, send)
    assert [one["status"] < 500 for one in sent if one["type"] == "http.response.start"] in ([], [True])
    assert "web.unexpected" not in "".join(capsys.readouterr())


@pytest.mark.parametrize("fails", [False, True])
async def test_nothing_that_comes_after_its_transaction_finds_the_session_of_a_request(
    world: World, *, fails: bool
) -> None:
    actor = await a_staff_member(world, await a_firm(world))
    handler = SimpleNamespace(opt={}, parsed_fn_signature=SimpleNamespace(parameters={}))
    request: Any = SimpleNamespace(
        method="GET", route_handler=handler, path_params={}, state=SimpleNamespace(actor=actor)
    )
    state: Any = SimpleNamespace(tools=world.tools, given={})
    unit: Any = provide_session(request, state)
    assert await anext(unit) is request.state.session
    with pytest.raises(RuntimeError if fails else StopAsyncIteration):
        await (unit.athrow(RuntimeError) if fails else anext(unit))
    assert request.state.session is None
