"""Which bundles are for an agent: nothing is on its way without one, and a new one writes what was chosen."""

import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.features.agents.models import Agent
from portal.features.bundles.domain import Backlog, DeliveryState
from portal.features.bundles.models import Delivery
from portal.features.items.models import DossierItem
from tests.support.builders import a_member, sign_in
from tests.support.builders_agents import a_code, a_pairing, pair, paired
from tests.support.builders_exports import Office, again, an_invoice, an_office, exports_of, press_export
from tests.support.world import World

FEED = "/api/v1/agent/deliveries"


async def three_bundles(world: World) -> Office:
    """Made without an agent; the second was downloaded by hand."""
    office = await an_office(world)
    async with sign_in(world, office.owner, office.host) as client:
        for number in ("F-1", "F-2", "F-3"):
            await an_invoice(world, office, number)
            await press_export(client, office)
            await world.run_jobs()
        second = (await exports_of(world, office.dossier))[1]
        assert (await client.get(f"{office.export_path}/{second.id}/download")).status_code == 200
    world.clock.at += timedelta(minutes=1)
    return office


async def states(world: World) -> list[DeliveryState]:
    async with world.as_system() as session:
        return list(
            await session.scalars(sa.select(Delivery.state).order_by(Delivery.created_at, Delivery.id))
        )


@pytest.mark.parametrize(
    ("backlog", "numbers"),
    [(Backlog.FROM_NOW, []), (Backlog.NEVER_DOWNLOADED, [1, 3]), (Backlog.ALL, [1, 2, 3])],
)
async def test_the_first_agent_writes_what_was_chosen_and_what_comes_after(
    world: World, backlog: Backlog, numbers: list[int]
) -> None:
    office = await three_bundles(world)
    assert await states(world) == [DeliveryState.BY_HAND] * 3
    async with paired(world, office, backlog) as agent:
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert [one["bundle_number"] for one in feed] == numbers
        await an_invoice(world, office, "F-4")
        async with sign_in(world, office.owner, office.host) as client:
            await press_export(client, office)
        await world.run_jobs()
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert [one["bundle_number"] for one in feed] == [*numbers, 4]


async def test_the_page_asks_with_counts_and_from_now_on_is_what_nobody_chose(world: World) -> None:
    office = await three_bundles(world)
    async with sign_in(world, office.owner, office.host) as client:
        page = (await client.get("/agents")).text
        assert "Also the 2 bundles that nobody has downloaded" in page
        assert "All: also the 3 bundles made so far" in page
        assert 'value="from_now" checked' in page
        answer = await client.post("/agents/code", data={"name": "SRV"})
        assert answer.status_code == 200
        answer = await client.post("/agents/code", data={"name": "SRV", "backlog": "everything"})
        assert answer.status_code == 422
    other = await an_office(world, "ardennes")
    async with sign_in(world, other.owner, other.host) as client:
        assert "Which bundles does it write?" not in (await client.get("/agents")).text


async def test_what_is_exported_between_the_code_and_the_pairing_goes_to_the_agent(world: World) -> None:
    office = await an_office(world)
    code = await a_code(world, office, Backlog.FROM_NOW)
    await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    await world.run_jobs()
    assert await states(world) == [DeliveryState.BY_HAND]
    assert (await pair(world, office, a_pairing(code))).status_code == 201
    assert await states(world) == [DeliveryState.PENDING]


async def test_nothing_is_said_to_be_on_its_way_without_an_agent(world: World) -> None:
    office = await three_bundles(world)
    first = (await exports_of(world, office.dossier))[0]
    async with sign_in(world, office.owner, office.host) as client:
        for path in ("/exports", office.export_path, f"{office.export_path}/{first.id}", "/agents"):
            text = (await client.get(path)).text
            assert "on its way" not in text.lower()
            assert "on their way" not in text.lower()
        assert "to download" in (await client.get(office.export_path)).text
        answer = await client.post(f"{office.export_path}/{first.id}/deliver-again")
        assert answer.status_code == 303
        assert "No agent is paired" in (await client.get(office.export_path)).text
    assert await states(world) == [DeliveryState.BY_HAND] * 3


async def test_what_somebody_downloaded_says_so_and_is_not_to_download_any_more(world: World) -> None:
    office = await three_bundles(world)
    second = (await exports_of(world, office.dossier))[1]
    async with sign_in(world, office.owner, office.host) as client:
        for path, chips in (
            (office.export_path, 3),
            ("/exports", 3),
            (f"{office.export_path}/{second.id}", 1),
        ):
            text = (await client.get(path)).text
            assert text.count("<span>downloaded</span>") == 1, path
            assert text.count("<span>to download</span>") == chips - 1, path
        left = (await client.get("/exports?state=by_hand")).text
        assert left.count("<span>to download</span>") == 2
        assert "<span>downloaded</span>" not in left


async def test_when_the_last_agent_ends_nothing_is_on_its_way_any_more(world: World) -> None:
    office = await three_bundles(world)
    async with paired(world, office), paired(world, office):
        pass
    async with world.as_system() as session:
        agents = list(await session.scalars(sa.select(Agent).order_by(Agent.id)))
    async with sign_in(world, office.owner, office.host) as client:
        assert "You have an agent already." in (await client.get("/agents")).text
        await client.post(f"/agents/{agents[0].id}/revoke")
        assert await states(world) == [DeliveryState.PENDING] * 3
        await client.post(f"/agents/{agents[1].id}/revoke")
    assert await states(world) == [DeliveryState.BY_HAND] * 3


async def test_one_bundle_of_before_can_be_sent_to_the_agent_by_hand(world: World) -> None:
    office = await three_bundles(world)
    first = (await exports_of(world, office.dossier))[0]
    async with paired(world, office, Backlog.FROM_NOW) as agent:
        async with sign_in(world, office.owner, office.host) as client:
            here = f"{office.export_path}/{first.id}"
            assert "Send to the agent" in (await client.get(here)).text
            assert (await client.post(f"{here}/deliver-again")).status_code == 303
        feed = (await agent.get(FEED)).json()["deliveries"]
        assert [one["bundle_number"] for one in feed] == [1]


async def test_an_item_knows_how_often_it_left_again(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        for _ in range(3):
            await press_export(client, office, include_exported="yes")
            await world.run_jobs()
    assert (await again(world, item)).reexports == 2


@pytest.mark.parametrize("state", [one for one in DeliveryState if one is not DeliveryState.PENDING])
async def test_no_page_says_on_its_way_without_an_agent_whatever_became_of_a_delivery(
    world: World, state: DeliveryState
) -> None:
    office = await three_bundles(world)
    member = await a_member(world, office.firm, office.dossier.company_id)
    first = (await exports_of(world, office.dossier))[0]
    async with world.as_system() as session:
        await session.execute(sa.update(Delivery).values(state=state, reason="failed"))
        document = await session.scalar(sa.select(DossierItem.document_id).limit(1))
    base = f"/dossiers/{office.dossier.id}"
    seen = [
        (office.owner, path)
        for path in (
            *("/", "/exports", "/agents", "/history", "/search?q=F-", base, office.export_path),
            *(f"{office.export_path}/{first.id}", f"{base}/documents", f"{base}/documents/{document}"),
            *(f"{base}/bank", f"{base}/history"),
        )
    ] + [(member, path) for path in ("/", "/documents", f"/documents/{document}", "/approve", "/bank")]
    for who in (office.owner, member):
        async with sign_in(world, who, office.host) as client:
            for path in (path for reader, path in seen if reader is who):
                answer = await client.get(path)
                assert answer.status_code == 200, path
                assert not re.search(r"on (its|their) way", answer.text, re.IGNORECASE), path
