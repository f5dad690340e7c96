"""A delivery belongs to the package its export was asked for: what is downloaded is never an agent's, and a folder is left behind."""

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.features.bundles.domain import Backlog, DeliveryState, ProofChannel
from portal.features.bundles.models import Delivery, DeliveryProof
from portal.features.targets.domain import DeliveryMethod
from portal.kernel.ids import new_id
from tests.slices.targets.test_packages import a_package, move, packages
from tests.support.builders import a_dossier, sign_in
from tests.support.builders_agents import Waiting, bundled, is_problem, paired
from tests.support.builders_exports import (
    Office,
    a_statement,
    an_office,
    exports_of,
    fresh,
    press_export,
)
from tests.support.world import World

FEED = "/api/v1/agent/deliveries"


async def deliveries(world: World) -> list[Delivery]:
    """All of them, oldest first."""
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(Delivery).order_by(Delivery.created_at, Delivery.id)))


async def test_a_package_that_is_downloaded_for_has_no_agent_though_one_is_paired(world: World) -> None:
    office = await an_office(world)
    target = await a_package(world, office, method=DeliveryMethod.DOWNLOAD)
    await move(world, office, office.dossier, target)
    before = await bundled(world, office)
    async with sign_in(world, office.owner) as client:
        assert (
            'name="backlog"' not in (await client.get("/agents")).text
        )  # there is nothing it could be asked to write
    async with paired(world, office, Backlog.ALL) as agent:
        assert (await agent.get(FEED)).json()["deliveries"] == []
        await a_statement(world, office, 46)
        async with sign_in(world, office.owner) as client:
            await press_export(client, office)
            await world.run_jobs()
            assert [(one.state, one.target_id) for one in await deliveries(world)] == [
                (DeliveryState.BY_HAND, target.id),
                (DeliveryState.BY_HAND, target.id),
            ]
            where = f"{office.export_path}/{before.id}"
            assert "deliver-again" not in (await client.get(where)).text
            said = await client.post(f"{where}/deliver-again")
            assert said.status_code == 409
            assert "no agent writes them" in said.text
            runs = (await client.get("/exports")).text
            assert "On their way" in runs  # an agent is paired
            assert "To download" in runs  # and does not write these
            left = (await client.get("/exports?state=by_hand")).text
            assert f"{office.export_path}/{before.id}" in left
        assert (await agent.get(FEED)).json()["deliveries"] == []
        assert {one.state for one in await deliveries(world)} == {DeliveryState.BY_HAND}


async def test_an_export_goes_to_the_package_it_was_asked_for(world: World) -> None:
    office = await an_office(world)
    [first] = await packages(world, office)
    target = await a_package(world, office, method=DeliveryMethod.DOWNLOAD)
    await a_statement(world, office)
    async with paired(world, office), sign_in(world, office.owner) as client:
        await press_export(client, office)
        await move(world, office, office.dossier, target)  # while it is built
        await world.run_jobs()
    [run] = await exports_of(world, office.dossier)
    assert (run.target_id, run.layout) == (first.id, "sage-bob-demat")
    assert [(one.target_id, one.state) for one in await deliveries(world)] == [
        (first.id, DeliveryState.PENDING)
    ]


async def test_nothing_is_written_into_a_folder_that_was_left_to_another_dossier(world: World) -> None:
    office = await an_office(world, code="A12")
    target = await a_package(world, office, method=DeliveryMethod.DOWNLOAD)
    async with paired(world, office) as agent:
        await bundled(world, office)
        await move(world, office, office.dossier, target)
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert [one["dossier_code"] for one in feed] == ["A12"]  # its folder is still its own
        async with sign_in(world, office.owner) as client:
            assert "waits for another code" not in (await client.get("/exports")).text
            await a_dossier(world, office.firm, code="a12")
            assert "waits for another code" in (await client.get("/exports")).text
        assert (await agent.get(FEED)).json()["deliveries"] == []
        is_problem(await agent.get(f"{FEED}/{feed[0]['id']}/bundle"), 409, "code_clash")


async def test_what_two_dossiers_left_for_one_folder_waits_until_a_person_gives_another_code(
    world: World,
) -> None:
    office = await an_office(world, code="A12")
    target = await a_package(world, office, method=DeliveryMethod.DOWNLOAD)
    second = await a_package(world, office, "WinBooks", DeliveryMethod.DOWNLOAD, "winbooks")
    async with paired(world, office) as agent:
        await bundled(world, office)
        await move(world, office, office.dossier, target)
        other = Office(office.firm, office.owner, await a_dossier(world, office.firm, code="a12"))
        await bundled(world, other)
        await move(world, other, other.dossier, second)
        assert (await agent.get(FEED)).json()["deliveries"] == []
        await move(world, other, other.dossier, second, code="B7")
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert sorted(one["dossier_code"] for one in feed) == ["A12", "B7"]


async def _proof(world: World, office: Office, **changes: Any) -> None:
    async with world.as_system() as session:
        [one] = (await session.scalars(sa.select(DeliveryProof).limit(1))).all()
        proof = await fresh(session, one)
        values = {column.key: getattr(proof, column.key) for column in DeliveryProof.__table__.columns}
        session.add(DeliveryProof(**values | {"id": new_id(), "role": "other"} | changes))


async def test_a_proof_of_an_agent_names_the_agent(world: World) -> None:
    office = await an_office(world)
    await bundled(world, office)
    async with paired(world, office) as agent:
        (delivery,) = (await agent.get(FEED)).json()["deliveries"]
        waiting = Waiting(office, delivery)
        assert (await agent.get(f"{waiting.path}/bundle")).status_code == 200
        told = await agent.post(f"{waiting.path}/confirm", json={"files": waiting.proofs(world)})
        assert told.status_code == 200, told.text
    async with sign_in(world, office.owner) as client:
        page = (
            await client.get(f"{office.export_path}/{(await exports_of(world, office.dossier))[0].id}")
        ).text
    async with world.as_system() as session:
        name = await session.scalar(sa.select(DeliveryProof.agent_name).limit(1))
        found = (await session.execute(sa.select(DeliveryProof.channel, DeliveryProof.agent_id))).all()
    assert {row.channel for row in found} == {ProofChannel.AGENT}
    assert all(row.agent_id is not None for row in found)
    assert f"Agent {name}" in page
    await _proof(world, office)
    for missing in ("agent_id", "agent_name"):
        with pytest.raises(IntegrityError, match="ck_delivery_proof_agent"):
            await _proof(world, office, role="third", **{missing: None})
