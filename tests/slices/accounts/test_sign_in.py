"""Signing in on a firm's host."""

from portal.kernel.actor import Role
from tests.support.builders import PASSWORD, a_firm, a_staff_member, sign_in
from tests.support.world import World


async def test_staff_sign_in_and_see_their_start_page(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    async with sign_in(world, owner) as client:
        page = await client.get("/")
        assert page.status_code == 200
        assert "Kantoor Noordzee" in page.text


async def test_a_wrong_password_is_refused_with_a_sentence(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client() as client:
        await client.get("/sign-in")
        answer = await client.post(
            "/sign-in",
            data={
                "email": "an@noordzee.example",
                "password": "x" * 12,
                "csrf_token": client.cookies["visitor"],
            },
        )
    assert answer.status_code == 422
    assert "wrong" in answer.text


async def test_an_unknown_host_meets_a_neutral_page(world: World) -> None:
    await a_firm(world)
    async with world.client("elsewhere.localhost") as client:
        answer = await client.get("/sign-in")
    assert answer.status_code == 404
    assert "Noordzee" not in answer.text


async def test_a_session_of_one_firm_is_nothing_on_another_firms_host(world: World) -> None:
    firm = await a_firm(world)
    await a_firm(world, "ardennes", "Bureau Ardennes")
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        token = client.cookies["session"]
    async with world.client("ardennes.localhost") as other:
        other.cookies.set("session", token)
        answer = await other.get("/")
    assert answer.status_code == 303
    assert PASSWORD not in answer.text
