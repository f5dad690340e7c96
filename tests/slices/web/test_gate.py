"""What every answer carries, and which Host headers there is anything for."""

from typing import Any

import pytest

from tests.support.builders import a_firm, a_staff_member, sign_in
from tests.support.world import World

MUST = {
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=()",
}


async def ask(world: World, headers: list[tuple[bytes, bytes]], path: str = "/sign-in") -> tuple[int, str]:
    """One request as bytes on the wire, beyond what a well-behaved client sends."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": "GET",
        "scheme": "http",
        "path": path,
        "raw_path": path.encode(),
        "query_string": b"",
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }
    await world.app(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent)
    return sent[0]["status"], body.decode()


@pytest.mark.parametrize(
    "host",
    [
        b"noordzee.localhost",
        b"noordzee.localhost:8000",
        b"NOORDZEE.Localhost:8000",
        b"noordzee.localhost.",
        b"noordzee.localhost.:8000",
    ],
)
async def test_a_well_formed_host_of_a_firm_is_answered_in_its_brand(world: World, host: bytes) -> None:
    await a_firm(world)
    status, page = await ask(world, [(b"host", host)])
    assert status == 200
    assert "Kantoor Noordzee" in page


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [(b"host", b"noordzee.localhost"), (b"host", b"noordzee.localhost")],
        [(b"host", b"noordzee.localhost"), (b"host", b"evil.example")],
        [(b"host", b"an@noordzee.localhost")],
        [(b"host", b"an:secret@noordzee.localhost:8000")],
        [(b"host", b"noordzee.localhost:port")],
        [(b"host", b"noordzee.localhost:")],
        [(b"host", b"noordzee.localhost:800000")],
        [(b"host", b"noordzee..localhost")],
        [(b"host", b".noordzee.localhost")],
        [(b"host", b"noordzee.localhost..")],
        [(b"host", b" noordzee.localhost")],
        [(b"host", b"noordzee.localhost evil.example")],
        [(b"host", b"noordzee.localhost,evil.example")],
        [(b"host", b"noordzee.localhost/evil")],
        [(b"host", "nöördzee.localhost".encode())],
        [(b"host", b"127.0.0.1:8000")],
        [(b"host", b"[::1]:8000")],
        [(b"host", b"localhost")],
        [(b"host", b"elsewhere.localhost")],
        [(b"host", b"evil.example"), (b"x-forwarded-host", b"noordzee.localhost")],
        [(b"host", b"")],
    ],
)
@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/api/v1/feed"])
async def test_any_other_host_meets_the_neutral_page(
    neutral_world: World, headers: list[tuple[bytes, bytes]], path: str
) -> None:
    status, page = await ask(neutral_world, headers, path)
    assert status == 404
    assert "Noordzee" not in page
    assert "/brand/" not in page
    assert "fidero" not in page.lower()


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/nowhere", "/account", "/forgot", "/_mail", "/activate/x", "/reset/x", "/api/v1/nowhere"],
)
async def test_every_answer_carries_the_security_headers_and_is_not_kept(world: World, path: str) -> None:
    await a_firm(world)
    async with world.client() as client:
        answer = await client.get(path)
    for name, beginning in MUST.items():
        if name == "referrer-policy" and path.startswith(("/activate/", "/reset/")):
            assert answer.headers[name] == "no-referrer"
        else:
            assert answer.headers[name].startswith(beginning), name
    assert "unsafe" not in answer.headers["content-security-policy"]
    assert answer.headers["cache-control"] == "no-store"
    assert {"Host", "Cookie"} <= {part.strip() for part in answer.headers["vary"].split(",")}
    assert "server" not in answer.headers


async def test_the_neutral_page_and_a_refusal_carry_them_too(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with world.client("elsewhere.localhost") as stranger, sign_in(world, owner) as client:
        refused = await client.post("/account", headers={"x-csrf-token": "x"})
        assert refused.status_code == 403
        for answer in (await stranger.get("/"), refused):
            for name, beginning in MUST.items():
                assert answer.headers[name].startswith(beginning), name
            assert answer.headers["cache-control"] == "no-store"


async def test_two_hosts_never_share_an_answer(world: World) -> None:
    await a_firm(world)
    await a_firm(world, "ardennes", "Bureau Ardennes")
    async with world.client() as one, world.client("ardennes.localhost") as two:
        for _ in range(2):
            first, second = await one.get("/sign-in"), await two.get("/sign-in")
            assert "Kantoor Noordzee" in first.text
            assert "Bureau Ardennes" in second.text
            assert "Bureau Ardennes" not in first.text
            assert "Kantoor Noordzee" not in second.text


async def test_a_link_in_a_mail_comes_from_the_firms_host_and_not_from_the_request(world: World) -> None:
    from tests.support.builders_dossiers import mails, text_of, token_in

    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client("noordzee.localhost.") as client:
        page = await client.get("/forgot", headers={"x-forwarded-host": "evil.example"})
        await client.post(
            "/forgot",
            data={"email": "an@noordzee.example", "csrf_token": token_in(page)},
            headers={"x-forwarded-host": "evil.example"},
        )
    await world.run_jobs()
    text = text_of(mails(world)[-1])
    assert "http://noordzee.localhost:8000/reset/" in text
    assert "evil" not in text


async def test_the_token_of_a_link_does_not_come_into_the_log(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    await a_firm(world)
    async with world.client() as client:
        await client.get("/activate/very-secret-token")
        await client.get("/reset/very-secret-token")
    written = capsys.readouterr()
    assert "/activate/" in written.out + written.err
    assert "very-secret-token" not in written.out + written.err
