"""Codes that are one folder are one code: in the form, in a change, in the database; and what was there before waits for another."""

import asyncio

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.features.bundles.models import Delivery
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import changes, creation, dossiers, opening
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict
from portal.kernel.language import Language
from tests.support.builders import a_dossier, a_firm, a_number, a_staff_member, give_to, sign_in
from tests.support.builders_agents import bundled, is_problem, paired
from tests.support.builders_exports import Office, an_office
from tests.support.world import World

FEED = "/api/v1/agent/deliveries"


async def two_with_one_folder(world: World) -> tuple[Office, Office]:
    """A12 is the older one's; a12 clashes with it."""
    older = await an_office(world, code="A12")
    younger = await a_dossier(world, older.firm, code="b12", name="Klein")
    async with world.as_system() as session:
        await session.execute(
            sa.update(Dossier).where(Dossier.id == younger.id).values(code="a12", code_key=None)
        )
    return older, Office(older.firm, older.owner, younger)


@pytest.mark.parametrize("code", ["a12", "A12", "\uff21\uff11\uff12"])
async def test_the_form_says_whose_folder_a_code_names(world: World, code: str) -> None:
    office = await an_office(world, code="A12")
    fields = {"name": "Klein", "code": code, "number": a_number(), "language": "nl"}
    async with sign_in(world, office.owner) as client:
        token = client.headers["x-csrf-token"]
        answer = await client.post("/dossiers", data={**fields, "csrf_token": token})
    assert answer.status_code == 422
    assert "A12" in answer.text
    assert "another dossier" in answer.text.lower()


async def test_a_change_to_the_same_folder_is_refused_and_another_writing_of_the_own_code_is_not(
    world: World,
) -> None:
    office = await an_office(world, code="A12")
    other = await a_dossier(world, office.firm, code="B1")
    async with opening.dossier(world.tools.database, office.owner, office.dossier.id) as (session, mine):
        assert await changes.change(session, office.owner, mine, {"code": "a12"}) == ["code"]
        assert (mine.code, mine.code_key) == ("a12", "a12")
        theirs = await dossiers.look_up(session, office.owner, other.id)
        with pytest.raises(Conflict) as refused:
            await changes.change(session, office.owner, theirs, {"code": "A12"})
    assert refused.value.code == "code_taken"


async def test_two_people_at_once_never_make_one_folder_of_two_dossiers(world: World) -> None:
    office = await an_office(world, code="X")
    others = [await a_dossier(world, office.firm, code=f"B{n}") for n in range(2)]

    async def make(code: str) -> bool:
        try:
            async with world.as_scope(firm_id=office.firm.id) as session:
                await creation.create(
                    session,
                    world.tools,
                    office.owner,
                    name=code,
                    number=None,
                    code=code,
                    language=Language.NL,
                )
        except Conflict:
            return False
        return True

    async def change(dossier: Dossier, code: str) -> bool:
        try:
            async with opening.dossier(world.tools.database, office.owner, dossier.id) as (session, mine):
                await changes.change(session, office.owner, mine, {"code": code})
        except Conflict:
            return False
        return True

    done = await asyncio.gather(
        make("stra\u00dfe"), make("STRASSE"), change(others[0], "Strasse"), change(others[1], "strasse")
    )
    assert sorted(done) == [False, False, False, True]


async def test_the_database_holds_it_too(world: World) -> None:
    office = await an_office(world, code="A12")
    with pytest.raises(IntegrityError):
        await a_dossier(world, office.firm, code="a12")


async def test_the_deliveries_of_a_clash_wait_and_go_on_with_another_code(world: World) -> None:
    older, younger = await two_with_one_folder(world)
    await bundled(world, older)
    async with paired(world, older) as agent:
        export = await bundled(world, younger)
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert [one["dossier_code"] for one in feed] == ["A12"]
        async with world.as_system() as session:
            held = (await session.scalars(sa.select(Delivery).where(Delivery.export_id == export.id))).one()
        is_problem(await agent.get(f"{FEED}/{held.id}/bundle"), 409, "code_clash")
        async with sign_in(world, younger.owner) as client:
            assert (
                await client.get(f"/dossiers/{younger.dossier.id}/export/{export.id}/download")
            ).status_code == 200
            await _says_what_to_do(client, younger)
            edit = await client.post(f"/dossiers/{younger.dossier.id}/edit", data=_edit(client, code="K12"))
            assert edit.status_code == 303, edit.text
            assert "clash" not in (await client.get("/")).text
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert sorted(one["dossier_code"] for one in feed) == ["A12", "K12"]
        assert (await agent.get(f"{FEED}/{held.id}/bundle")).status_code == 200


async def _says_what_to_do(client: httpx.AsyncClient, younger: Office) -> None:
    work = (await client.get("/")).text
    assert "clashes with A12: choose another" in work
    assert f"/dossiers/{younger.dossier.id}/edit" in work
    assert "Klein" in (await client.get("/?only=clash")).text
    page = (await client.get(f"/dossiers/{younger.dossier.id}")).text
    assert "The code a12 clashes with A12" in page
    assert "waits for another code" in (await client.get(younger.export_path)).text
    assert "waits for another code" in (await client.get("/exports")).text


def _edit(client: httpx.AsyncClient, **changes: str) -> dict[str, str]:
    fields = {"name": "Klein", "language": "nl", "vat_regime": "quarterly", "seen_name": "Klein"}
    return {
        **fields, "seen_language": "nl", "seen_vat_regime": "quarterly", "csrf_token": client.headers["x-csrf-token"], **changes,
    }  # fmt: skip


async def test_a_code_that_was_given_up_is_free_for_the_one_that_waited(world: World) -> None:
    older, younger = await two_with_one_folder(world)
    async with opening.dossier(world.tools.database, older.owner, older.dossier.id) as (session, mine):
        await changes.change(session, older.owner, mine, {"code": "B1"})
    async with opening.dossier(world.tools.database, older.owner, younger.dossier.id) as (session, waited):
        assert (waited.code, waited.code_key) == ("a12", "a12")


async def test_an_assistant_is_not_told_whose_code_it_is(world: World) -> None:
    _older, younger = await two_with_one_folder(world)
    assistant = await a_staff_member(world, younger.firm, Role.ASSISTANT)
    async with world.as_system() as session:
        await give_to(session, assistant.person_id, world.clock.now(), younger.dossier)
    async with sign_in(world, assistant) as client:
        page = (await client.get(f"/dossiers/{younger.dossier.id}")).text
    assert "The code a12 clashes with A12:" in page
    assert younger.dossier.name in page


async def test_another_firm_may_have_the_same_code(world: World) -> None:
    await an_office(world, code="A12")
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    assert (await a_dossier(world, other, code="a12")).code_key == "a12"
