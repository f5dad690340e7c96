"""The folder of a dossier at the agent: it is said before it becomes another one, and no two dossiers share one."""

from uuid import UUID

import httpx
import pytest
import sqlalchemy as sa

from portal.features.bundles.models import Delivery
from portal.features.bundles.service.places import folder_before
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.dossiers.service import folders as dossiers_folders
from portal.syncagent.names import dossier_folder
from tests.slices.imports.test_importing import upload
from tests.slices.imports.test_overtaken import listed
from tests.support.builders import a_number, sign_in
from tests.support.builders_agents import paired
from tests.support.builders_exports import Office, again, an_invoice, an_office, exports_of, press_export
from tests.support.world import World

FEED = "/api/v1/agent/deliveries"


async def written(world: World, office: Office, agent: httpx.AsyncClient) -> None:
    """The agent writes what waits, and proves it."""
    for one in (await agent.get(FEED)).json()["deliveries"]:
        folder = dossier_folder(one["dossier_code"], one["company_number"], one["dossier_id"])
        files = [
            {
                "item_id": file["item_id"],
                "role": file["role"],
                "path": "/".join(["", "books", *folder, file["path"]]),
                "sha256": file["sha256"],
                "written_at": world.clock.now().isoformat(),
            }
            for file in one["files"]
        ]
        answer = await agent.post(f"{FEED}/{one['id']}/confirm", json={"files": files})
        assert answer.status_code == 200, answer.text


async def exported(world: World, office: Office, client: httpx.AsyncClient) -> None:
    await an_invoice(world, office)
    await press_export(client, office)
    await world.run_jobs()


def edited(dossier: Dossier, **changes: str) -> dict[str, str]:
    values = {"name": dossier.name, "code": dossier.code or "", "language": dossier.language.value}
    return values | {"vat_regime": "quarterly", "activity": dossier.activity or ""} | changes


async def code_of(world: World, office: Office) -> str | None:
    return (await again(world, office.dossier)).code


async def test_another_code_says_which_folder_it_was_and_will_be_before_anything_is_saved(
    world: World,
) -> None:
    office = await an_office(world, code="01204")
    where = f"/dossiers/{office.dossier.id}/edit"
    async with paired(world, office) as agent, sign_in(world, office.owner, office.host) as client:
        answer = await client.post(where, data=edited(office.dossier, code="01205"))
        assert answer.status_code == 303  # nothing was written yet
        await exported(world, office, client)
        await written(world, office, agent)
        answer = await client.post(where, data=edited(office.dossier, code="777"))
        assert answer.status_code == 422
        assert "Nothing is saved yet" in answer.text
        assert ">01205<" in answer.text
        assert ">777<" in answer.text
        assert await code_of(world, office) == "01205"
        answer = await client.post(where, data=edited(office.dossier, code="778", folder="777"))
        assert answer.status_code == 422  # agreed to another one
        answer = await client.post(where, data=edited(office.dossier, code="777", folder="777"))
        assert answer.status_code == 303
        assert await code_of(world, office) == "777"
        answer = await client.post(where, data=edited(office.dossier, code="777", name="Other"))
        assert answer.status_code == 303


async def test_a_list_says_so_too(world: World) -> None:
    office = await an_office(world, code="01204")
    async with paired(world, office) as agent, sign_in(world, office.owner, office.host) as client:
        await exported(world, office, client)
        await written(world, office, agent)
        row = {"name": office.dossier.name, "code": "777", "dossier_id": str(office.dossier.id)}
        page = (await client.get((await upload(client, listed(row))).headers["location"])).text
        assert "its folder is 01204 and will be 777" in page
        assert "stays in 01204" in page


async def test_delivered_again_after_that_it_is_asked_because_a_second_copy_stands_there(
    world: World,
) -> None:
    office = await an_office(world, code="01204")
    async with paired(world, office) as agent, sign_in(world, office.owner, office.host) as client:
        await exported(world, office, client)
        await written(world, office, agent)
        (export,) = await exports_of(world, office.dossier)
        here = f"{office.export_path}/{export.id}"
        assert "another folder now" not in (await client.get(here)).text
        data = edited(office.dossier, code="777", folder="777")
        assert (await client.post(f"/dossiers/{office.dossier.id}/edit", data=data)).status_code == 303
        page = (await client.get(here)).text
        assert "/books/01204" in page
        assert "another folder now" in page
        for agreed in ({}, {"folder": "01204"}):
            assert (await client.post(f"{here}/deliver-again", data=agreed)).status_code == 303
            assert (await agent.get(FEED)).json()["deliveries"] == []
        assert (await client.post(f"{here}/deliver-again", data={"folder": "777"})).status_code == 303
        (one,) = (await agent.get(FEED)).json()["deliveries"]
        assert one["dossier_code"] == "777"
        await written(world, office, agent)
        assert "another folder now" not in (await client.get(here)).text
    async with world.as_system() as session:
        assert len(list(await session.scalars(sa.select(Delivery)))) == 2


async def test_a_code_of_an_earlier_release_with_its_accent_apart_is_the_folder_it_is(world: World) -> None:
    office = await an_office(world)
    async with world.as_system() as session:
        await session.execute(
            sa.text("update dossier set code = :code, code_key = null"), {"code": "e\u03017"}
        )
        await session.execute(sa.text("update dossier set code_key = :key"), {"key": "\u00e97"})
    async with paired(world, office) as agent, sign_in(world, office.owner, office.host) as client:
        await exported(world, office, client)
        await written(world, office, agent)
        (export,) = await exports_of(world, office.dossier)
        here = f"{office.export_path}/{export.id}"
        assert "another folder now" not in (await client.get(here)).text
        assert (await client.post(f"{here}/deliver-again")).status_code == 303
        assert len((await agent.get(FEED)).json()["deliveries"]) == 1


async def test_a_number_that_is_given_moves_the_folder_of_a_dossier_without_a_code(world: World) -> None:
    office = await an_office(world, code=None)
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(number=None))
        await session.execute(sa.text("update company set number = null"))
    where = f"/dossiers/{office.dossier.id}/edit"
    number = a_number()
    async with paired(world, office) as agent, sign_in(world, office.owner, office.host) as client:
        await exported(world, office, client)
        await written(world, office, agent)
        answer = await client.post(where, data=edited(office.dossier, number=number))
        assert answer.status_code == 422
        assert f"_unassigned/{office.dossier.id}" in answer.text
        data = edited(office.dossier, number=number, folder=f"_unassigned/{number}")
        assert (await client.post(where, data=data)).status_code == 303
        assert (await again(world, office.dossier)).number == number


async def test_two_dossiers_without_a_code_on_one_company_have_a_folder_each(world: World) -> None:
    office = await an_office(world, code=None)
    number = office.dossier.number
    async with world.as_system() as session:
        company_id = office.dossier.company_id
        second = Dossier(
            **{
                column.key: getattr(office.dossier, column.key)
                for column in Dossier.__mapper__.column_attrs
                if column.key not in ("id", "activity", "created_at", "code_key")
            },
            activity="Transport",
            created_at=world.clock.now().replace(hour=11),
        )
        assert second.company_id == company_id
        session.add(second)
        await session.flush()
        second_id: UUID = second.id
    async with world.as_scope(firm_id=office.firm.id) as session:
        both = await dossiers.all_of(session, office.owner)
        folders = await dossiers_folders.folders(session, office.firm.id, both)
        told = {
            one.dossier_id: dossier_folder(one.code, one.number, str(one.dossier_id))
            for one in folders.values()
        }
        assert {one.dossier_id: "/".join(told[one.dossier_id]) for one in folders.values()} == {
            one.dossier_id: one.path for one in folders.values()
        }
    assert told == {office.dossier.id: ("_unassigned", number), second_id: ("_unassigned", str(second_id))}
    async with paired(world, office) as agent, sign_in(world, office.owner, office.host) as client:
        await exported(world, office, client)
        (one,) = (await agent.get(FEED)).json()["deliveries"]
        assert (one["dossier_code"], one["company_number"]) == (None, number)


@pytest.mark.parametrize(
    ("proof", "path", "folder"),
    [
        ("/books/01204/a/b.xml", "a/b.xml", "/books/01204"),
        ("D:\\Boek\\01204\\a\\b.xml", "a/b.xml", "D:\\Boek\\01204"),
        ("\\\\srv\\share\\01204\\b.xml", "b.xml", "\\\\srv\\share\\01204"),
        ("/books/01204/c.xml", "a/b.xml", None),
        ("b.xml", "b.xml", None),
        ("", "b.xml", None),
        ("/books/01204/a/b.xml", "", None),
    ],
)
def test_the_folder_is_read_off_the_proof(proof: str, path: str, folder: str | None) -> None:
    assert folder_before(proof, path) == folder
