"""Keys of programs: made once on the Agents page, used, ended."""

import re

import sqlalchemy as sa

from portal.features.agents.models import ApiKey
from portal.kernel.actor import Role
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_exports import a_typed_paper, an_office
from tests.support.world import World


async def test_a_key_is_shown_once_used_and_ended(world: World) -> None:
    office = await an_office(world)
    item = await a_typed_paper(world, office)
    path = f"/api/v1/dossiers/{office.dossier.id}/documents/{item.document_id}"
    async with sign_in(world, office.owner, office.host) as page, world.client(office.host) as program:
        made = await page.post("/agents/keys", data={"key_name": "Webshop", "scope": "documents:write"})
        assert made.status_code == 200
        (token,) = re.findall(r">([\w-]{43})<", made.text)
        assert token not in (await page.get("/agents")).text
        program.headers["authorization"] = f"Bearer {token}"
        assert (await program.patch(path, json={"note": "from the shop"})).status_code == 200
        async with world.as_system() as session:
            (key,) = await session.scalars(sa.select(ApiKey))
        assert key.last_used_at == world.clock.now()
        assert token.encode() not in key.token_hash
        assert (await page.post(f"/agents/keys/{key.id}/revoke")).status_code == 303
        assert (await program.get(path)).status_code == 401
        assert (await page.post(f"/agents/keys/{key.id}/revoke")).status_code == 404
        history = await page.get(f"/dossiers/{office.dossier.id}/history")
    assert "Webshop" in history.text


async def test_a_key_without_a_name_is_not_made_and_the_fault_stands_beside_the_field(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.owner, office.host) as page:
        for data in ({"key_name": ""}, {"key_name": "x", "scope": "everything"}):
            answer = await page.post("/agents/keys", data=data)
            assert answer.status_code == 422
            assert "is-invalid" in answer.text
    async with world.as_system() as session:
        assert (await session.scalars(sa.select(ApiKey))).all() == []


async def test_an_accountant_makes_no_keys_and_another_firm_ends_none(world: World) -> None:
    office, other = await an_office(world), await an_office(world, "ardennes")
    accountant = await a_staff_member(world, office.firm, Role.ACCOUNTANT)
    async with sign_in(world, accountant, office.host) as page:
        assert (await page.post("/agents/keys", data={"key_name": "x"})).status_code == 403
    async with sign_in(world, office.owner, office.host) as page:
        await page.post("/agents/keys", data={"key_name": "Webshop"})
    async with world.as_system() as session:
        (key,) = await session.scalars(sa.select(ApiKey))
    async with sign_in(world, other.owner, other.host) as page:
        assert (await page.post(f"/agents/keys/{key.id}/revoke")).status_code == 404
        assert "Webshop" not in (await page.get("/agents")).text
