"""Whatever a request holds, the answer is a sentence and never a fault of ours: every page, every form, every field, every API route.

Forms are found as people find them, by walking the pages; then each field in turn holds something it should not.
"""

import json
import re
from collections import deque
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, quote_from_bytes
from uuid import UUID

import httpx
import pytest

from portal.kernel.actor import Actor
from tests.architecture.test_routes import handlers
from tests.support.builders import a_staff_member, renew_token, sign_in
from tests.support.builders_agents import with_waiting
from tests.support.builders_exports import a_typed_paper
from tests.support.builders_papers import a_coda, a_pdf
from tests.support.builders_scene import an_office
from tests.support.pages import PageForm, links_and_forms, local_paths
from tests.support.world import World

ODD = (
    b"a\0b",
    b"x" * 20_000,
    b"9" * 30,
    b"2026-02-30",
    b"no choice of ours",
    b"\xff\xed\xa0\x80",
)
"""Tried in each field by itself."""
ODDER = (
    b"-1",
    b"9999-12-31",
    b"1e400",
    b"NaN",
    "\N{ARABIC-INDIC DIGIT THREE}".encode(),
    b"%00%s{0}'\"\\",
    b"",
)
"""Tried in all fields at once."""
QUERY = (
    "q", "only", "mine", "sort", "after", "before", "kind", "status", "state", "show", "next", "until", "kinds", "account", "domain",
    "include_exported", "page", "csrf_token",
)  # fmt: skip
ODD_CURSORS = (
    "WzIxNDc0ODM2NDgsIjAxOWEwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsMF0",  # [2147483648, id, 0]
    "WyJhXHUwMDAwYiIsIjAxOWEwMDAwLTAwMDAtNzAwMC04MDAwLTAwMDAwMDAwMDAwMSIsMF0",  # ["a\u0000b", id, 0]
    "WyJOYU4iLCIwMTlhMDAwMC0wMDAwLTcwMDAtODAwMC0wMDAwMDAwMDAwMDEiLDFd",  # ["NaN", id, 1]
    "WyIwMDAxLTAxLTAxVDAwOjAwOjAwKzE0OjAwIiwiMDE5YTAwMDAtMDAwMC03MDAwLTgwMDAtMDAwMDAwMDAwMDAxIiwwXQ",  # the first hour
)
SORTED = (
    ("ready", 0), ("-waiting", 0), ("name", 1), ("counterparty", 1), ("-amount", 2), ("amount", 0), ("received", 3), ("activity", 3),
    ("-date", 3), ("number", 1),
)  # fmt: skip
LISTS = ("/", "/dossiers", "/documents", "/bank", "/exports", "/quick-entry", "/hand-in")
LAST = ("/sign-out", "/end", "/switch")
"""What ends the session that asks, or changes who asks."""


def kind_of(path: str) -> str:
    """Pages and forms that differ by ids alone are of one kind."""
    return re.sub(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}", "*", path.partition("?")[0])


async def walk(client: httpx.AsyncClient) -> tuple[list[str], list[PageForm]]:
    """One page of each kind that is within reach, and one posted form of each kind with its fields."""
    pages: list[str] = []
    forms: dict[str, PageForm] = {}
    waiting, seen = deque(["/", "/account", "/sign-in", "/forgot"]), {"/", "/account", "/sign-in", "/forgot"}
    while waiting:
        path = waiting.popleft()
        page = await client.get(path)
        assert page.status_code < 500, path
        pages.append(path)
        if not page.headers.get("content-type", "").startswith("text/html"):
            continue
        for form in links_and_forms(page.text)[1]:
            if form.method == "post":
                form.action = form.action or path
                forms.setdefault(kind_of(form.action), form)
        for found in local_paths(page.text, path):
            if kind_of(found) not in seen and not found.startswith("/static/"):
                seen.add(kind_of(found))
                waiting.append(found.partition("?")[0])
    return pages, sorted(forms.values(), key=lambda form: (form.action.endswith(LAST), form.action))


def encoded(values: dict[str, bytes]) -> bytes:
    return "&".join(
        f"{quote(name)}={quote_from_bytes(value, safe='')}" for name, value in values.items()
    ).encode()


def wrongs(form: PageForm) -> Iterator[bytes]:
    """The form's body with something odd in one field after the other, in all of them, and without any."""
    honest = {name: value.encode() for name, value in form.values.items() if name != "csrf_token"}
    for name in sorted(honest):
        for odd in ODD:
            yield encoded({**honest, name: odd})
    for odd in ODDER:
        yield encoded(dict.fromkeys(honest, odd))
    yield b""


async def post(client: httpx.AsyncClient, path: str, body: bytes) -> int:
    form = {"content-type": "application/x-www-form-urlencoded"}
    return (await client.post(path, content=body, headers=form)).status_code


async def a_busy_office(world: World) -> tuple[Any, dict[str, Actor]]:
    """An office with a bit of everything that pages show."""
    office = await an_office(world)
    await office.purchase("F-1")
    await office.hand_in({"kasticket.pdf": a_pdf(), "a.cod": a_coda()})
    await office.purchase("F-2")
    owner = await a_staff_member(world, office.firm)
    return office, {"staff": owner, "member": office.entrepreneur}


@pytest.mark.parametrize("who", ["staff", "member"])
async def test_no_field_of_any_form_breaks_the_portal(world: World, who: str) -> None:
    _office, people = await a_busy_office(world)
    async with sign_in(world, people[who]) as client:
        _pages, forms = await walk(client)
        assert len(forms) > 8
        broken: list[tuple[str, bytes, int]] = []
        for form in forms:
            for body in wrongs(form):
                status = await post(client, form.action, body)
                if status >= 500:
                    broken.append((form.action, body[:200], status))
            if form.action.endswith(LAST):
                await renew_token(client)
        assert broken == []


@pytest.mark.parametrize("who", ["staff", "member"])
async def test_no_file_in_place_of_a_text_and_no_text_that_is_none_breaks_it(world: World, who: str) -> None:
    _office, people = await a_busy_office(world)
    async with sign_in(world, people[who]) as client:
        for form in (await walk(client))[1]:
            if form.action.endswith(LAST):
                continue
            names = [name for name in form.values if name != "csrf_token"]
            as_files = [(name, ("a\0.xml", b"<a/>")) for name in (*names, "files")]
            answer = await client.post(form.action, files=as_files)
            assert answer.status_code < 500, form.action
            lines = b"".join(
                b'--b\r\ncontent-disposition: form-data; name="%s"\r\n\r\n\xff\xfe\0\r\n' % name.encode()
                for name in names
            )
            for body in (lines + b"--b--\r\n", lines, b"--b", b""):
                answer = await client.post(
                    form.action, content=body, headers={"content-type": "multipart/form-data; boundary=b"}
                )
                assert answer.status_code < 500, (form.action, body[-20:])


@pytest.mark.parametrize("who", ["staff", "member", "nobody"])
async def test_no_address_breaks_a_page(world: World, who: str) -> None:
    office, people = await a_busy_office(world)
    if who == "nobody":
        async with world.client() as client:
            await every_page(world, client, office.dossier.id)
    else:
        async with sign_in(world, people[who]) as client:
            await every_page(world, client, office.dossier.id)


async def every_page(world: World, client: httpx.AsyncClient, dossier_id: UUID) -> None:
    """Every GET with odd queries, and with odd texts where its path takes one."""
    walked, _forms = await walk(client)
    routes = sorted({path for method, path, _ in handlers(world.app) if method == "GET"})
    filled = [re.sub(r"{dossier_id}", str(dossier_id), path) for path in routes]
    known = [path for path in filled if "{" not in path]
    odds = [
        "&".join(f"{name}={quote_from_bytes(odd[:2000], safe='')}" for name in QUERY)
        for odd in (*ODD, *ODDER)
    ]
    cursors = [f"sort={sort}&after={ODD_CURSORS[place]}" for sort, place in SORTED]
    for path in sorted({*known, *walked}):
        for query in [*odds, *cursors] if path.endswith(LISTS) else odds[: len(ODD)]:
            answer = await client.get(f"{path}?{query}")
            assert answer.status_code < 500, (path, query[:300])
    for path in (path for path in filled if "{" in path):
        for odd in ("%00", "..%2f..%2fetc", "x" * 2000, "%ff", "-1", "9" * 5000):
            answer = await client.get(re.sub(r"{\w+}", odd, path))
            assert answer.status_code < 500, (path, odd[:20])


_BODIES: tuple[Any, ...] = (
    None, [], {}, "x", 1e400, {"files": None}, {"files": [{}]}, {"reason": "x" * 20_000, "detail": "a\0b"},
    {"code": "a\0b", "name": "a\0b", "platform": "\0", "version": "\0"},
    {"reason": "disk_full", "detail": "a\0b"},
    *({name: odd} for odd in ("a\0b", "x" * 20_000, 10**30, "9999-12-31", "0001-01-01", "NaN", [], {"net_21": "1e400", "\0": "-1"}, ["\0"] * 300)
      for name in ("version", "kind", "number", "issue_date", "due_date", "currency", "counterparty_name", "counterparty_country",
                   "counterparty_number", "structured_communication", "amounts", "tags", "note", "payment_state")),
    {"version": "\0", "platform": "\0", "queue": 10**30, "free_bytes": -1, "root_writable": "yes", "problems": [{}]},
    {"version": "1", "platform": "\0", "queue": 1, "free_bytes": 1, "root_writable": True, "problems": [{"code": "\0", "detail": "\0"}]},
    {"files": [{"item_id": str(UUID(int=0)), "role": "\0", "path": "a\0", "sha256": "0" * 64, "written_at": "0001-01-01T00:00:00+14:00"}]},
)  # fmt: skip


RAW = (*(json.dumps(body).encode() for body in _BODIES), b"\xff", b"[" * 50_000, b'{"code": "\\ud800"}', b"")


async def test_no_body_breaks_the_interface_of_programs(world: World) -> None:
    routes = sorted(
        ((method, path) for method, path, _ in handlers(world.app) if path.startswith("/api/")), reverse=True
    )
    assert len(routes) > 5
    async with with_waiting(world) as (client, waiting):
        office = waiting.office
        paper = await a_typed_paper(world, office)
        async with sign_in(world, office.owner, office.host) as page:
            made = await page.post("/agents/keys", data={"key_name": "Webshop", "scope": "documents:write"})
        (program,) = re.findall(r">([\w-]{43})<", made.text)
        places = {
            "delivery_id": waiting.delivery["id"],
            "dossier_id": office.dossier.id,
            "document_id": paper.document_id,
        }
        for key in (client.headers["authorization"], f"Bearer {program}", "", "Bearer x"):
            client.headers["authorization"] = key
            for method, path in routes:
                there = re.sub(r"{(\w+)}", lambda place: str(places[place[1]]), path)
                for raw in RAW:
                    answer = await client.request(method, there, content=raw)
                    assert answer.status_code < 500, (method, path, raw[:80])
