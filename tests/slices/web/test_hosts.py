"""Hosts, origins and addresses as somebody hostile writes them: the neutral answer or a sentence, never a fault of ours."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from portal.kernel.errors import PortalError
from portal.web.hosts import normalised_host
from tests.support.builders import a_firm, a_staff_member, sign_in
from tests.support.world import World

ODD_HOSTS = [
    b"noordzee.localhost:99999",
    b"noordzee.localhost:65536",
    b"noordzee.localhost:-1",
    b"noordzee.localhost:0x50",
    b"noordzee.localhost:80:80",
    b"[noordzee.localhost",
    b"[::1",
    b"noordzee.localhost]:80",
    b"noordzee.localhost?a",
    b"noordzee.localhost#a",
    b"noordzee.localhost\\evil",
    b"a." * 5000 + b"a",
    b"a" * 60_000,
    b"\x00",
    b"\xff\xfe",
    "noordzee。localhost".encode(),
]


def scope(method: str, path: str, query: bytes, headers: list[tuple[bytes, bytes]]) -> dict[str, Any]:
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": path,
        "raw_path": path.encode("utf-8", "surrogatepass"),
        "query_string": query,
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 8000),
    }


async def answer(world: World, asked: dict[str, Any], body: bytes = b"") -> tuple[int, bytes]:
    sent: list[Any] = []
    left = [body]

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": left.pop() if left else b"", "more_body": False}

    async def send(message: Any) -> None:
        sent.append(message)

    await world.app(asked, receive, send)
    return sent[0]["status"], b"".join(message.get("body", b"") for message in sent)


@pytest.mark.parametrize("host", ODD_HOSTS)
@pytest.mark.parametrize(
    "path", ["/", "/sign-in", "/nowhere", "/api/v1/feed", "/health/live", "/static/none"]
)
async def test_an_odd_host_is_nobodys(neutral_world: World, host: bytes, path: str) -> None:
    status, page = await answer(neutral_world, scope("GET", path, b"", [(b"host", host)]))
    if path.startswith("/health/"):
        assert status in (200, 400, 431)
    else:
        assert status in (400, 404, 431)
    assert b"Noordzee" not in page


def test_ports_go_to_65535() -> None:
    assert normalised_host([(b"host", b"noordzee.localhost:65535")]) == "noordzee.localhost"
    assert normalised_host([(b"host", b"noordzee.localhost:65536")]) is None
    assert normalised_host([(b"host", b"a" * 63 + b"." + b"b" * 63 + b".be:65535")]) is not None


NAMES = (
    b"host",
    b"cookie",
    b"accept",
    b"accept-language",
    b"range",
    b"if-none-match",
    b"hx-request",
    b"hx-boosted",
    b"hx-current-url",
    b"hx-target",
    b"authorization",
    b"content-type",
    b"content-length",
    b"origin",
    b"sec-fetch-site",
    b"x-forwarded-for",
    b"x-csrf-token",
    b"accept-encoding",
    b"x-anything",
)
TEXTS = st.text(st.characters(codec="latin-1"), max_size=60).map(lambda text: text.encode("latin-1"))
HEADERS = st.lists(
    st.tuples(
        st.sampled_from(NAMES), TEXTS | st.sampled_from([b"true", b"0", b"multipart/form-data; boundary=b"])
    ),
    max_size=6,
)
HOSTS = (
    st.sampled_from([b"noordzee.localhost", b"noordzee.localhost:8000", b"noordzee.localhost:99999"]) | TEXTS
)
PATHS = st.sampled_from(
    [
        "/",
        "/sign-in",
        "/account",
        "/activate/x",
        "/reset/x",
        "/brand/1/logo.png",
        "/api/v1/dossiers",
        "/health/live",
        "/static/x",
        "/language",
        "/nowhere",
    ]
) | st.text(max_size=40).map(lambda text: "/" + text)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    method=st.sampled_from(["GET", "HEAD", "POST", "OPTIONS", "DELETE", "ODD"]),
    host=HOSTS,
    path=PATHS,
    query=TEXTS,
    headers=HEADERS,
    body=TEXTS,
)
async def test_whatever_is_sent_the_answer_is_no_fault_of_ours(
    neutral_world: World,
    method: str,
    host: bytes,
    path: str,
    query: bytes,
    headers: list[tuple[bytes, bytes]],
    body: bytes,
) -> None:
    try:
        asked = scope(method, path, query, [(b"host", host), *headers])
    except UnicodeEncodeError:
        return
    status, _page = await answer(neutral_world, asked, body)
    assert 200 <= status < 500


async def test_a_problem_is_told_in_plain_words_when_its_page_cannot_be_made(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await a_firm(world)

    def broken(*_args: Any, **_more: Any) -> Any:
        raise ValueError("Port out of range 0-65535")

    monkeypatch.setattr("portal.web.problems.render", broken)
    async with world.client() as client:
        told = await client.get("/nowhere")
    assert told.status_code == 404
    assert told.headers["content-type"].startswith("text/plain")
    assert "Port" not in told.text


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://noordzee.localhost:8000", 303),
        ("HTTP://Noordzee.localhost:8000", 303),
        ("https://noordzee.localhost:8000", 403),
        ("http://noordzee.localhost", 403),
        ("http://noordzee.localhost:8001", 403),
        ("ftp://noordzee.localhost:8000", 403),
        ("://noordzee.localhost:8000", 403),
        ("noordzee.localhost:8000", 403),
        ("null", 403),
        ("", 403),
    ],
)
async def test_the_origin_is_compared_with_scheme_and_port(world: World, origin: str, status: int) -> None:
    owner = await a_staff_member(world, await a_firm(world))
    async with sign_in(world, owner) as client:
        answer = await client.post(
            "/account", data={"name": "An", "language": "en"}, headers={"origin": origin}
        )
    assert answer.status_code == status


def test_the_tree_of_errors_has_a_title_for_every_status() -> None:
    from portal.web.problems import TITLES

    assert {kind.status for kind in PortalError.__subclasses__()} <= set(TITLES)
