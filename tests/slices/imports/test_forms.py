"""The forms of a dossier: what no later step could use is refused beside its field, and sending twice makes one dossier."""

import asyncio
import re

import httpx
import pytest
import sqlalchemy as sa

from portal.features.dossiers.models import Dossier
from portal.features.imports.models import DossierImport
from tests.slices.imports.test_importing import judged, workbook
from tests.support.builders import a_dossier, a_firm, a_number, a_staff_member, sign_in
from tests.support.world import World

WRONG = [
    ("code", "../../evil", "names a folder"),
    ("code", "CON", "No folder can have this name"),
    ("code", "a.", "names a folder"),
    ("contact_email", "nobody", "not an e-mail address"),
    ("contact_email", "a@b", "not an e-mail address"),
    ("contact_email", "a b@c.be", "not an e-mail address"),
]


@pytest.mark.parametrize(("field", "value", "words"), WRONG)
async def test_a_value_that_nothing_can_use_is_refused_in_both_forms(
    world: World, field: str, value: str, words: str
) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    form = {"name": "Garage", "language": "nl", "vat_regime": "quarterly", "code": "7", field: value}
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        for path in ("/dossiers", f"/dossiers/{dossier.id}/edit"):
            answer = await client.post(path, data=form)
            assert answer.status_code == 422, path
            assert words in answer.text
    async with world.as_system() as session:
        assert [row.code for row in await session.scalars(sa.select(Dossier))] == ["01204"]


@pytest.mark.parametrize(("code", "email"), [("../../evil", ""), ("NUL.txt", ""), ("7", "a@b")])
def test_a_row_of_a_list_is_refused_for_the_same_reasons(code: str, email: str) -> None:
    [row] = judged([a_number(), "Garage", code, email])
    assert row.status.value == "error"


async def the_key(client: httpx.AsyncClient) -> str:
    page = await client.get("/dossiers/new")
    found = re.search(r'name="key" value="([0-9a-f-]{36})"', page.text)
    assert found is not None
    return found[1]


@pytest.mark.parametrize("extra", [{}, {"code": "77"}, {"number": a_number()}])
async def test_a_form_sent_twice_at_once_makes_one_dossier_and_leads_to_it(
    world: World, extra: dict[str, str]
) -> None:
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        form = {"name": "Garage", "key": await the_key(client), **extra}
        answers = await asyncio.gather(*(client.post("/dossiers", data=form) for _ in range(3)))
    assert {answer.status_code for answer in answers} == {303}
    assert {answer.headers["location"] for answer in answers} == {f"/dossiers/{form['key']}"}
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Dossier)) == 1


async def test_two_forms_with_one_code_at_once_make_one_dossier(world: World) -> None:
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        answers = await asyncio.gather(
            *(client.post("/dossiers", data={"name": name, "code": "77"}) for name in ("One", "Two"))
        )
    assert sorted(answer.status_code for answer in answers) == [303, 422]
    refused = next(answer for answer in answers if answer.status_code == 422)
    assert "Another dossier already has the code 77" in refused.text


async def test_the_key_of_another_offices_dossier_is_no_way_to_it(world: World) -> None:
    other = await a_dossier(world, await a_firm(world, "ardennes", "Bureau Ardennes"))
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        answer = await client.post("/dossiers", data={"name": "Garage", "key": str(other.id)})
    assert answer.status_code in (409, 422)


async def test_accepting_a_list_twice_leads_to_it(world: World) -> None:
    firm = await a_firm(world)
    async with sign_in(world, await a_staff_member(world, firm)) as client:
        await client.post(
            "/dossiers/import", files={"files": ("a.xlsx", workbook([a_number(), "Garage", "7", ""]))}
        )
        async with world.as_system() as session:
            kept = (await session.scalars(sa.select(DossierImport))).one()
        answers = await asyncio.gather(*(client.post(f"/dossiers/import/{kept.id}/accept") for _ in range(2)))
        assert {(answer.status_code, answer.headers["location"]) for answer in answers} == {
            (303, f"/dossiers/import/{kept.id}")
        }
        await world.run_jobs()
        assert "This list was accepted" in (await client.get(f"/dossiers/import/{kept.id}")).text
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Dossier)) == 1
