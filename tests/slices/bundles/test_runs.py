"""Runs as people see them: only those of their dossiers, what failed until it is mended, and the same bundle delivered again once."""

import re
from typing import Any

import anyio
import httpx
import sqlalchemy as sa
from sqlalchemy import event

from portal.features.bundles.domain import DeliveryState
from portal.features.bundles.models import Delivery, Export
from portal.features.dossiers.models import Dossier
from portal.kernel.actor import Role
from tests.support.builders import a_dossier, a_staff_member, give_to, sign_in
from tests.support.builders_agents import paired
from tests.support.builders_exports import Office, an_invoice, an_office, exports_of, press_export
from tests.support.world import World


async def a_bundle(world: World, office: Office, number: str = "F-1") -> Export:
    """A finished bundle of one invoice."""
    await an_invoice(world, office, number)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    await world.run_jobs()
    return (await exports_of(world, office.dossier))[-1]


async def set_delivery(world: World, state: DeliveryState) -> None:
    """The latest delivery there is, whatever its bundle."""
    async with world.as_system() as session:
        latest = sa.select(Delivery.id).order_by(Delivery.created_at.desc(), Delivery.id.desc()).limit(1)
        await session.execute(
            sa.update(Delivery).where(Delivery.id == latest.scalar_subquery()).values(state=state)
        )


def failed(page: httpx.Response) -> int:
    """The number beside *Failed* on the page of all runs."""
    found = re.search(r">Failed<span class=\"ui-filter-count\">(\d+)<", page.text)
    return int(found[1]) if found else 0


# ── what failed ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_bundle_that_arrived_after_all_is_not_counted_as_failed_any_more(world: World) -> None:
    office = await an_office(world)
    async with paired(world, office):
        export = await a_bundle(world, office)
    await set_delivery(world, DeliveryState.REFUSED)
    async with sign_in(world, office.owner, office.host) as client:
        assert failed(await client.get("/exports")) == 1
        await client.post(f"{office.export_path}/{export.id}/deliver-again")
        assert failed(await client.get("/exports")) == 0
        await set_delivery(world, DeliveryState.REFUSED)
        assert failed(await client.get("/exports")) == 1
        await set_delivery(world, DeliveryState.CONFIRMED)
        assert failed(await client.get("/exports")) == 0
        assert "No exports here" in (await client.get("/exports?state=failed")).text


# ── deliver again ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_double_click_on_deliver_again_makes_one_delivery(world: World) -> None:
    office = await an_office(world)
    async with paired(world, office):
        export = await a_bundle(world, office)
    await set_delivery(world, DeliveryState.REFUSED)
    answers: list[int] = []
    async with sign_in(world, office.owner, office.host) as client:

        async def press() -> None:
            answer = await client.post(f"{office.export_path}/{export.id}/deliver-again")
            answers.append(answer.status_code)

        async with anyio.create_task_group() as group:
            for _ in range(5):
                group.start_soon(press)
    assert answers == [303] * 5
    async with world.as_system() as session:
        states = list(await session.scalars(sa.select(Delivery.state).order_by(Delivery.id)))
    assert states == [DeliveryState.REFUSED, DeliveryState.PENDING]


# ── who sees what ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_an_assistant_sees_the_runs_of_the_dossiers_they_manage_and_no_others(world: World) -> None:
    office = await an_office(world)
    assistant = await a_staff_member(world, office.firm, Role.ASSISTANT)
    theirs = Office(office.firm, office.owner, await a_dossier(world, office.firm, code="01777"))
    async with world.as_system() as session:
        await session.execute(
            sa.update(Dossier)
            .where(Dossier.id == theirs.dossier.id)
            .values(Dossier.keyed({"name": "Managed by them"}))
        )
        await give_to(session, assistant.person_id, world.clock.now(), theirs.dossier)
        await session.execute(
            sa.update(Dossier)
            .where(Dossier.id == office.dossier.id)
            .values(Dossier.keyed({"name": "Of somebody else"}))
        )
    seen = await a_bundle(world, theirs)
    await set_delivery(world, DeliveryState.REFUSED)
    hidden = await a_bundle(world, office, "F-2")
    await set_delivery(world, DeliveryState.REFUSED)
    for filtered in ("", "?state=failed"):
        async with sign_in(world, office.owner, office.host) as client:
            page = await client.get(f"/exports{filtered}")
            assert str(seen.id) in page.text
            assert str(hidden.id) in page.text
            assert failed(page) == 2
        async with sign_in(world, assistant, office.host) as client:
            page = await client.get(f"/exports{filtered}")
            assert str(seen.id) in page.text
            assert str(hidden.id) not in page.text
            assert "Of somebody else" not in page.text
            assert failed(page) == 1
    async with sign_in(world, assistant, office.host) as client:
        for path in ("", "/progress", "/download", "/manifest"):
            assert (await client.get(f"{office.export_path}/{hidden.id}{path}")).status_code == 404, path
            mine = f"{theirs.export_path}/{hidden.id}{path}"  # their run under my own dossier
            assert (await client.get(mine)).status_code == 404, path
        assert (await client.get(f"{theirs.export_path}/{seen.id}")).status_code == 200
        assert (await client.get(office.export_path)).status_code == 404


async def test_the_start_page_of_an_assistant_counts_the_deliveries_of_their_dossiers(world: World) -> None:
    office = await an_office(world)
    assistant = await a_staff_member(world, office.firm, Role.ASSISTANT)
    await a_bundle(world, office)
    await set_delivery(world, DeliveryState.REFUSED)
    counted: list[str] = []
    for person in (office.owner, assistant):
        async with sign_in(world, person, office.host) as client:
            tile = (await client.get("/")).text.partition("/exports?state=failed")[2]
        found = re.search(r"ui-tile-count\">(\d+)<", tile)
        assert found is not None
        counted.append(found[1])
    assert counted == ["1", "0"]


# ── the rehearsal ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_rehearsal_reads_a_row_for_items_of_which_all_is_the_same_and_none_for_what_left_before(
    world: World,
) -> None:
    office = await an_office(world)
    for number in ("F-1", "F-2", "F-3"):
        await a_bundle(world, office, number)
    for number in ("F-4", "F-5"):
        await an_invoice(world, office, number)
    read: list[int] = []

    def listen(_connection: Any, cursor: Any, statement: str, *_rest: Any) -> None:
        if "FROM dossier_item" in statement:
            read.append(cursor.rowcount)

    engine = world.tools.database.app_engine.sync_engine
    async with sign_in(world, office.owner, office.host) as client:
        event.listen(engine, "after_cursor_execute", listen)
        try:
            page = await client.get(office.export_path)
        finally:
            event.remove(engine, "after_cursor_execute", listen)
        assert "3 items stay" in page.text
        assert "xported before" in page.text
        assert "2</span> items" in page.text
        assert max(read) == 1
        everything = await client.get(f"{office.export_path}?include_exported=on")
        assert "5</span> items" in everything.text
        assert "items stay" not in everything.text
