"""The way of a document as people read it: every bundle it left in, and one word for where it is."""

import re

import sqlalchemy as sa

from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from tests.support.builders import sign_in
from tests.support.builders_agents import with_waiting
from tests.support.builders_exports import an_invoice, an_office, exports_of, press_export
from tests.support.world import World


async def test_a_document_that_left_twice_shows_both_bundles_each_with_its_proofs(world: World) -> None:
    async with with_waiting(world) as (agent, waiting):
        told = await agent.post(f"{waiting.path}/confirm", json={"files": waiting.proofs(world)})
        assert told.status_code == 200, told.text
    office = waiting.office
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office, include_exported="1")
        await world.run_jobs()
        assert [one.number for one in await exports_of(world, office.dossier)] == [1, 2]
        async with world.as_system() as session:
            document_id = await session.scalar(
                sa.select(DossierItem.document_id).where(DossierItem.document_id.is_not(None))
            )
        page = (await client.get(f"/dossiers/{office.dossier.id}/documents/{document_id}")).text
    steps = re.findall(r'ui-chain-label">([^<]*)<', page)
    assert steps == [
        "Received",
        "In bundle 1",
        "Written on desk",
        "Written on desk",
        "Confirmed",
        "In bundle 2",
        "Delivered",
    ]
    assert page.count("Re-exported ·") == 1


async def test_a_list_filters_by_the_words_its_rows_say(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office, "F-1")
    await an_invoice(world, office, "F-2")
    async with world.as_system() as session:
        await session.execute(
            sa.update(DossierItem)
            .where(DossierItem.id == item.id)
            .values(state=ItemState.HELD, approval=ApprovalState.DISPUTED)
        )
    async with sign_in(world, office.owner, office.host) as client:
        page = (await client.get(f"/dossiers/{office.dossier.id}/documents")).text
        assert "status=disputed" in page
        assert "status=held" not in page
        filtered = (await client.get(f"/dossiers/{office.dossier.id}/documents?status=disputed")).text
    assert "F-1" in filtered
    assert "F-2" not in filtered
    assert filtered.count('<span class="ui-chip" data-tone="negative">') == 1
