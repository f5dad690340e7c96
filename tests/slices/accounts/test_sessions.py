"""The security of signing in: sessions cannot be planted, borrowed or guessed, and nothing is told to strangers."""

from datetime import timedelta
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

from portal.features.accounts.models import LoginSession, Person
from portal.kernel.actor import Actor, Role
from portal.kernel.ids import token_hash
from tests.support.builders import (
    PASSWORD,
    a_company,
    a_dossier,
    a_firm,
    a_member,
    a_person,
    a_staff_member,
    sign_in,
)
from tests.support.builders_dossiers import token_in
from tests.support.servers import Servers
from tests.support.world import World, new_world


async def enter(
    client: httpx.AsyncClient, email: str, password: str = PASSWORD, **more: str
) -> httpx.Response:
    page = await client.get("/sign-in")
    return await client.post(
        "/sign-in", data={"email": email, "password": password, "csrf_token": token_in(page), **more}
    )


async def test_a_planted_cookie_never_becomes_the_session(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client() as victim, world.client() as thief:
        victim.cookies.set("session", "planted", domain="noordzee.localhost")
        answer = await enter(victim, "an@noordzee.example")
        assert answer.status_code == 303
        given = answer.headers["set-cookie"].partition("session=")[2].partition(";")[0]
        assert given != "planted"
        assert len(given) == 43
        thief.cookies.set("session", "planted", domain="noordzee.localhost")
        assert (await thief.get("/")).status_code == 303
    async with world.as_system() as session:
        hashes = list(await session.scalars(sa.select(LoginSession.token_hash)))
    assert hashes == [token_hash(given)]


async def test_signing_in_again_makes_a_new_session_and_ends_the_old_one(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, email="an@noordzee.example")
    async with sign_in(world, owner) as client:
        first = client.cookies["session"]
        again = await client.post("/sign-in", data={"email": "an@noordzee.example", "password": PASSWORD})
        assert again.status_code == 303
        assert client.cookies["session"] != first
    async with world.client() as other:
        other.cookies.set("session", first, domain="noordzee.localhost")
        assert (await other.get("/")).status_code == 303


async def test_signing_out_ends_the_session_itself_and_not_only_the_cookie(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        token = client.cookies["session"]
        answer = await client.post("/sign-out")
        assert answer.status_code == 303
        assert "session" not in client.cookies
        assert answer.headers["clear-site-data"] == '"cache"'
    async with world.client() as other:
        other.cookies.set("session", token, domain="noordzee.localhost")
        assert (await other.get("/")).status_code == 303


async def test_a_session_idles_out_and_never_lives_longer_than_a_week(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        for _ in range(13):
            assert (await client.get("/account")).status_code == 200
            world.clock.at += timedelta(hours=11)
        for _ in range(3):
            await client.get("/account")
            world.clock.at += timedelta(hours=11)
        assert (await client.get("/account")).status_code == 303
    await world.sweep()
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 0
    async with sign_in(world, owner) as client:
        world.clock.at += timedelta(hours=12, minutes=1)
        assert (await client.get("/account")).status_code == 303


async def test_a_role_that_was_taken_away_and_a_disabled_person_count_at_once(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    assistant = await a_staff_member(world, firm, Role.ASSISTANT)
    async with sign_in(world, owner) as client, sign_in(world, assistant) as other:
        async with world.as_system() as session:
            await session.execute(
                sa.text("update firm_member set role = 'assistant' where person_id = :id"),
                {"id": owner.person_id},
            )
            await session.execute(
                sa.update(Person)
                .where(Person.id == assistant.person_id)
                .values(disabled_at=world.clock.now())
            )
        assert (await client.get("/settings")).status_code == 403
        assert (await other.get("/account")).status_code == 303


@pytest.mark.parametrize("token", ["missing", "other-session", "visitor", "wrong"])
async def test_a_form_needs_the_token_of_its_own_session(world: World, token: str) -> None:
    firm = await a_firm(world)
    owner, second = await a_staff_member(world, firm), await a_staff_member(world, firm, Role.MANAGER)
    async with sign_in(world, owner) as client, sign_in(world, second) as other, world.client() as visitor:
        await visitor.get("/sign-in")
        given = {
            "missing": "",
            "other-session": other.headers["x-csrf-token"],
            "visitor": visitor.cookies["visitor"],
            "wrong": "x" * 43,
        }[token]
        del client.headers["x-csrf-token"]
        body = {"name": "Changed", "language": "nl", **({"csrf_token": given} if given else {})}
        refused = await client.post("/account", data=body)
        header = await client.post("/account", data=body, headers={"x-csrf-token": given or "none"})
        assert (refused.status_code, header.status_code) == (403, 403)
        assert "came from another site" in refused.text
    async with world.as_system() as session:
        assert "Changed" not in set(await session.scalars(sa.select(Person.name)))


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "http://evil.example"},
        {"origin": "http://ardennes.localhost:8000"},
        {"origin": "null"},
    ],
)
async def test_another_site_is_refused_even_with_the_right_token(
    world: World, headers: dict[str, str]
) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        refused = await client.post("/account", data={"name": "X", "language": "nl"}, headers=headers)
        assert refused.status_code == 403
        fine = await client.post(
            "/account",
            data={"name": "X", "language": "nl"},
            headers={"sec-fetch-site": "same-origin", "origin": "http://noordzee.localhost:8000"},
        )
        assert fine.status_code == 303


async def test_signing_in_itself_needs_a_page_of_ours_first(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client() as client:
        bare = await client.post("/sign-in", data={"email": "an@noordzee.example", "password": PASSWORD})
        assert bare.status_code == 403


async def test_an_unknown_address_a_wrong_password_and_a_stranger_get_the_same_answer(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    await a_person(world, "stranger@elsewhere.example")
    async with world.client() as client:
        answers = [
            await enter(client, "nobody@noordzee.example"),
            await enter(client, "an@noordzee.example", "een verkeerde zin"),
            await enter(client, "stranger@elsewhere.example"),
        ]
    pages = {
        answer.text.replace("nobody@noordzee.example", "E")
        .replace("an@noordzee.example", "E")
        .replace("stranger@elsewhere.example", "E")
        for answer in answers
    }
    assert [answer.status_code for answer in answers] == [422, 422, 422]
    assert len(pages) == 1


async def test_tries_on_one_address_are_limited_for_known_and_unknown_alike(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client() as client:
        for email in ("an@noordzee.example", "nobody@noordzee.example"):
            answers = [(await enter(client, email, "wrong wrong wrong")).status_code for _ in range(9)]
            assert answers == [422] * 8 + [429]
        locked = await enter(client, "an@noordzee.example")
        assert locked.status_code == 429
        assert "Too many tries" in locked.text
        world.clock.at += timedelta(minutes=11)
        assert (await enter(client, "an@noordzee.example")).status_code == 303


async def test_tries_from_one_network_address_are_limited_and_a_header_does_not_change_it(
    world: World,
) -> None:
    await a_firm(world)
    async with world.client() as client:
        page = await client.get("/sign-in")
        answers = [
            (
                await client.post(
                    "/sign-in",
                    data={"email": f"a{n}@b.example", "password": "x", "csrf_token": token_in(page)},
                    headers={"x-forwarded-for": f"10.0.0.{n}"},
                )
            ).status_code
            for n in range(31)
        ]
    assert answers == [422] * 30 + [429]


@pytest.mark.parametrize(
    "where",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "\\\\evil.example",
        "javascript:alert(1)",
        "/\t/evil.example",
        "evil.example",
        "",
    ],
)
async def test_next_never_leads_to_another_site(world: World, where: str) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client() as client:
        answer = await enter(client, "an@noordzee.example", next=where)
        assert answer.headers["location"] in ("/", "/evil.example")
    async with sign_in(world, owner) as client:
        signed_in = await client.get("/sign-in", params={"next": where})
        assert signed_in.headers["location"] in ("/", "/evil.example")
        language = await client.post("/language", data={"language": "nl", "next": where})
        assert language.headers["location"] in ("/", "/evil.example")


async def test_next_leads_to_where_the_person_wanted_to_go(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client() as client:
        sent = await client.get("/account")
        assert sent.headers["location"] == "/sign-in?next=%2Faccount"
        assert (await enter(client, "an@noordzee.example", next="/account")).headers["location"] == "/account"


async def test_cookies_under_https_are_bound_to_the_host_and_out_of_scripts_reach(
    servers: Servers, tmp_path: Path
) -> None:
    async with new_world(servers, tmp_path, scheme="https", port=None, embedded=False) as world:
        firm = await a_firm(world)
        await a_staff_member(world, firm, email="an@noordzee.example")
        transport = httpx.ASGITransport(world.app)
        async with httpx.AsyncClient(transport=transport, base_url="https://noordzee.localhost") as client:
            answer = await enter(client, "an@noordzee.example")
            cookie = next(
                value
                for value in answer.headers.get_list("set-cookie")
                if value.startswith("__Host-session=")
            )
            flags = {part.strip().lower() for part in cookie.split(";")[1:]}
            assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags
            assert not any(flag.startswith("domain") for flag in flags)
            assert answer.headers["strict-transport-security"] == "max-age=31536000"
            assert (await client.get("/account")).status_code == 200
            out = await client.post(
                "/sign-out", headers={"x-csrf-token": token_in(await client.get("/account"))}
            )
            gone = next(v for v in out.headers.get_list("set-cookie") if v.startswith("__Host-session="))
            assert "secure" in gone.lower()  # without it a browser ignores the removal
            assert "__Host-session" not in client.cookies


async def a_person_of_two_companies(world: World) -> tuple[Actor, str, str]:
    firm = await a_firm(world)
    first, second = await a_company(world, firm, "Alfa"), await a_company(world, firm, "Beta")
    await a_dossier(world, firm, first, code="1")
    await a_dossier(world, firm, second, code="2")
    actor = await a_member(world, firm, first.id, email="bert@claes.example")
    from portal.features.accounts.service import people

    async with world.as_system() as session:
        assert actor.person_id is not None
        await people.add_member(session, second.id, actor.person_id, Role.READER)
    return actor, str(first.id), str(second.id)


async def test_a_person_of_two_companies_switches_with_a_new_session(world: World) -> None:
    actor, _first, second = await a_person_of_two_companies(world)
    other = await a_company(world, None, "Gamma", claimed=True)
    async with sign_in(world, actor) as client:
        page = await client.get("/switch")
        assert "Alfa" in page.text
        assert "Beta" in page.text
        before = client.cookies["session"]
        assert (await client.post("/switch", data={"company_id": str(other.id)})).status_code == 404
        assert (await client.post("/switch", data={"company_id": ""})).status_code == 404
        assert (await client.post("/switch", data={"company_id": "x"})).status_code == 404
        moved = await client.post("/switch", data={"company_id": second})
        assert moved.status_code == 303
        assert client.cookies["session"] != before
        assert "Reader" in (await client.get("/account")).text
    async with world.client() as old:
        old.cookies.set("session", before, domain="noordzee.localhost")
        assert (await old.get("/")).status_code == 303
