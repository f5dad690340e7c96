"""The bookkeeping packages of an office: made, changed and chosen on pages, and what a dossier in one may be called."""

from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import changes, dossiers, opening
from portal.features.targets import service
from portal.features.targets.domain import DeliveryMethod
from portal.features.targets.models import Target
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.ids import new_id
from tests.support.builders import a_dossier, a_firm, a_number, a_staff_member, give_to, sign_in
from tests.support.builders_exports import Office, again, an_office, exports_of, press_export
from tests.support.builders_exports import a_statement as a_paper
from tests.support.world import World

PAGE = "/settings/packages"


async def packages(world: World, office: Office) -> list[Target]:
    async with world.as_scope(firm_id=office.firm.id) as session:
        return list(await service.listed(session, office.firm.id))


async def a_package(
    world: World,
    office: Office,
    name: str = "Yuki",
    method: DeliveryMethod = DeliveryMethod.AGENT,
    layout: str = "yuki",
) -> Target:
    """One more package of an office."""
    async with world.as_scope(firm_id=office.firm.id) as session:
        return await service.add(session, office.owner, name, layout, method)


async def move(world: World, office: Office, dossier: Dossier, target: Target, **values: Any) -> list[str]:
    """Give a dossier to another package."""
    async with opening.dossier(world.tools.database, office.owner, dossier.id) as (session, mine):
        return await changes.change(session, office.owner, mine, {"target_id": target.id, **values})


async def test_an_office_begins_with_one_and_its_dossiers_are_in_it(world: World) -> None:
    office = await an_office(world)
    [first] = await packages(world, office)
    assert (first.name, first.layout, first.delivery_method) == (
        "Sage BOB (BOB-demat)",
        "sage-bob-demat",
        DeliveryMethod.AGENT,
    )
    async with sign_in(world, office.owner) as client:
        data = {"name": "Klein", "number": a_number(), "csrf_token": client.headers["x-csrf-token"]}
        made = await client.post("/dossiers", data=data)
        assert made.status_code == 303
        page = (await client.get(made.headers["location"])).text
    assert first.name in page
    dossier = await again(world, office.dossier)
    assert dossier.target_id == first.id


async def test_what_is_exported_is_made_for_the_package_as_it_is_then(world: World) -> None:
    office = await an_office(world)
    await a_paper(world, office, 45)
    async with sign_in(world, office.owner) as client:
        await press_export(client, office)
        page = await client.get(PAGE)
        [first] = await packages(world, office)
        assert f"{PAGE}/{first.id}" in page.text
        form = {"name": "WinBooks on the server", "layout": "winbooks"}
        saved = await client.post(f"{PAGE}/{first.id}", data=form)
        assert saved.status_code == 303, saved.text
        await world.run_jobs()
        await a_paper(world, office, 46)
        await press_export(client, office)
        await world.run_jobs()
        runs = await exports_of(world, office.dossier)
        assert [(run.layout, run.target_id) for run in runs] == [
            ("sage-bob-demat", first.id),
            ("winbooks", first.id),
        ]
        bundle = await client.get(f"{office.export_path}/{runs[1].id}")
        assert "WinBooks on the server" in bundle.text
        history = (await client.get("/history")).text
    assert "Bookkeeping package changed" in history
    assert f'href="{PAGE}/{first.id}"' in history
    assert "sage-bob-demat" in history


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({"name": "", "layout": "yuki", "delivery_method": "agent"}, "Give the package a name"),
        ({"name": "sage bob (bob-demat)", "layout": "yuki", "delivery_method": "agent"}, "has this name"),
        ({"name": "New", "layout": "paper", "delivery_method": "agent"}, "Choose one of the list"),
        ({"name": "New", "layout": "yuki", "delivery_method": "pigeon"}, "Choose one of the list"),
    ],
)
async def test_what_is_wrong_with_a_new_one_is_said_and_nothing_is_made(
    world: World, form: dict[str, str], words: str
) -> None:
    office = await an_office(world)
    async with sign_in(world, office.owner) as client:
        answer = await client.post(PAGE, data=form)
    assert answer.status_code == 422
    assert words in answer.text
    assert len(await packages(world, office)) == 1


async def test_two_who_change_one_package_are_told(world: World) -> None:
    office = await an_office(world)
    [first] = await packages(world, office)
    async with sign_in(world, office.owner) as client:
        seen = {"seen_name": first.name, "seen_layout": first.layout}
        ours = await client.post(f"{PAGE}/{first.id}", data={**seen, "name": "Ours", "layout": first.layout})
        assert ours.status_code == 303
        theirs = await client.post(
            f"{PAGE}/{first.id}", data={**seen, "name": "Theirs", "layout": first.layout}
        )
        assert theirs.status_code == 409
        assert "Ours" in theirs.text


async def test_a_form_for_a_new_dossier_that_names_a_package_is_no_error(world: World) -> None:
    office = await an_office(world)
    other = await a_package(world, office)
    async with sign_in(world, office.owner) as client:
        form = {"name": "Klein", "number": a_number(), "target_id": str(other.id)}
        made = await client.post("/dossiers", data=form)
    assert made.status_code == 303, "it begins in the first one, as the list of packages says"


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ACCOUNTANT, Role.ASSISTANT])
async def test_only_who_has_the_settings_makes_and_changes_packages(world: World, role: Role) -> None:
    office = await an_office(world)
    [first] = await packages(world, office)
    other = await a_staff_member(world, office.firm, role)
    async with sign_in(world, other) as client:
        for path in (PAGE, f"{PAGE}/{first.id}"):
            assert (await client.get(path)).status_code == 403
            assert (await client.post(path, data={"name": "X", "layout": "yuki"})).status_code == 403
    async with world.as_scope(firm_id=office.firm.id) as session:
        with pytest.raises(Forbidden):
            await service.add(session, other, "X", "yuki", DeliveryMethod.AGENT)


async def test_another_office_neither_sees_nor_chooses_it(world: World) -> None:
    office = await an_office(world)
    firm = await a_firm(world, "ardennes", "Bureau")
    theirs = Office(firm, await a_staff_member(world, firm), await a_dossier(world, firm))
    [first] = await packages(world, office)
    async with sign_in(world, theirs.owner, "ardennes.localhost") as client:
        assert (await client.get(f"{PAGE}/{first.id}")).status_code == 404
        answer = await client.post(f"{PAGE}/{first.id}", data={"name": "Ours", "layout": "yuki"})
        assert answer.status_code == 404
    with pytest.raises(Invalid) as refused:
        await move(world, theirs, theirs.dossier, first)
    assert list(refused.value.fields) == ["target_id"]
    async with world.as_scope(firm_id=firm.id) as session:
        found = (await session.scalars(sa.select(Target))).all()
    assert [one.firm_id for one in found] == [firm.id]
    with pytest.raises(IntegrityError):
        await a_dossier(world, firm, code="7", target_id=first.id)


async def test_a_dossier_changes_its_package_on_its_form_and_history_names_both(world: World) -> None:
    office = await an_office(world)
    path = f"/dossiers/{office.dossier.id}/edit"
    async with sign_in(world, office.owner) as client:
        assert 'name="target_id"' not in (await client.get(path)).text  # there is nothing to choose
        other = await a_package(world, office)
        assert 'name="target_id"' in (await client.get(path)).text
        form = {"name": office.dossier.name, "code": "01204", "target_id": str(other.id)}
        assert (await client.post(path, data=form)).status_code == 303
        assert (await again(world, office.dossier)).target_id == other.id
        history = (await client.get(f"/dossiers/{office.dossier.id}/history")).text
        wrong = await client.post(path, data={**form, "target_id": str(new_id())})
        assert wrong.status_code == 422
    assert "Sage BOB (BOB-demat)" in history
    assert "Yuki" in history


async def test_an_accountant_chooses_it_in_own_dossiers_alone_and_an_assistant_in_none(world: World) -> None:
    office = await an_office(world)
    other = await a_package(world, office)
    manager = await a_staff_member(world, office.firm, Role.ACCOUNTANT)
    for role in (Role.ACCOUNTANT, Role.ASSISTANT):
        somebody = await a_staff_member(world, office.firm, role)
        owned_by = manager if role is Role.ACCOUNTANT else somebody
        async with world.as_system() as session:
            dossier = await session.get_one(Dossier, office.dossier.id)
            await give_to(session, owned_by.person_id, world.clock.now(), dossier)
        async with opening.dossier(world.tools.database, somebody, office.dossier.id) as (session, mine):
            assert await dossiers.packages_to_choose(session, somebody, mine) == []
            with pytest.raises(Forbidden):
                await changes.change(session, somebody, mine, {"target_id": other.id})


async def test_codes_are_one_for_all_that_agents_write_and_apart_for_what_is_downloaded(world: World) -> None:
    office = await an_office(world, code="A12")
    for method, taken in ((DeliveryMethod.AGENT, True), (DeliveryMethod.DOWNLOAD, False)):
        target = await a_package(world, office, method.value, method)
        other = await a_dossier(world, office.firm, code=f"B{taken}", target_id=target.id)
        async with opening.dossier(world.tools.database, office.owner, other.id) as (session, theirs):
            if taken:
                with pytest.raises(Conflict) as refused:
                    await changes.change(session, office.owner, theirs, {"code": "a12"})
                assert refused.value.code == "code_taken"
            else:
                assert await changes.change(session, office.owner, theirs, {"code": "a12"}) == ["code"]
    [mine] = [one for one in await packages(world, office) if one.name == "agent"]
    with pytest.raises(Conflict):  # back among what agents write, the code is another's
        await move(world, office, other, mine)
    assert await move(world, office, other, mine, code="C1") == ["code", "target_id"]


async def test_the_database_holds_one_code_in_a_package_and_lets_another_have_it(world: World) -> None:
    office = await an_office(world, code="A12")
    other = await a_package(world, office)
    await a_dossier(world, office.firm, code="a12", target_id=other.id)
    with pytest.raises(IntegrityError):
        await a_dossier(world, office.firm, code="A12", target_id=other.id)


async def test_a_code_that_waited_is_free_when_its_holder_goes_to_another_package(world: World) -> None:
    office = await an_office(world, code="A12")
    away = await a_package(world, office, method=DeliveryMethod.DOWNLOAD)
    waits = await a_dossier(world, office.firm, code="b12")
    async with world.as_system() as session:
        await session.execute(
            sa.update(Dossier).where(Dossier.id == waits.id).values(code="a12", code_key=None)
        )
    await move(world, office, office.dossier, away)
    assert (await again(world, waits)).code_key == "a12"
    assert (await again(world, office.dossier)).code_key == "a12"


async def test_a_waiting_code_gets_its_key_in_a_package_where_nobody_has_it(world: World) -> None:
    office = await an_office(world, code="A12")
    away = await a_package(world, office, method=DeliveryMethod.DOWNLOAD)
    waits = await a_dossier(world, office.firm, code="b12")
    async with world.as_system() as session:
        await session.execute(
            sa.update(Dossier).where(Dossier.id == waits.id).values(code="a12", code_key=None)
        )
    await move(world, office, waits, away)
    moved = await again(world, waits)
    assert (moved.code, moved.code_key, moved.target_id) == ("a12", "a12", UUID(str(away.id)))
