"""The start page: it never says that all is well when something is not."""

import re
from datetime import date

import sqlalchemy as sa

from portal.features.bundles.domain import DeliveryState
from portal.features.bundles.models import Delivery
from portal.features.items.domain import ItemState
from portal.kernel.actor import Role
from tests.support.builders import a_member, sign_in
from tests.support.builders_exports import an_invoice, an_office, press_export, set_policy
from tests.support.world import World


async def test_nothing_new_but_a_failed_delivery_is_no_reason_to_say_well_done(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        await world.run_jobs()
        assert "Well done" in (await client.get("/")).text
        async with world.as_system() as session:
            await session.execute(sa.update(Delivery).values(state=DeliveryState.REFUSED, reason="full"))
        page = (await client.get("/")).text
        assert "Well done" not in page
        assert "One delivery failed" in page
        assert "deliveries failed" not in page


async def test_members_read_of_no_export(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    member = await a_member(world, office.firm, office.dossier.company_id, Role.ENTREPRENEUR)
    async with sign_in(world, member, office.host) as client:
        for path in ("/", "/documents"):
            page = (await client.get(path)).text
            assert "ready for your accountant" in page.lower()
            assert "export" not in re.sub(r"<[^>]+>", " ", page).lower()
    async with sign_in(world, office.owner, office.host) as client:
        assert "ready to export" in (await client.get(f"/dossiers/{office.dossier.id}/documents")).text


async def test_a_member_with_documents_to_approve_is_not_told_that_nothing_came_in(world: World) -> None:
    office = await an_office(world)
    await set_policy(world, office, needs_approval=True, approval_kinds=["purchase_invoice"])
    item = await an_invoice(world, office, "F-1", date(2026, 10, 6))
    assert item.state is ItemState.WAITING
    member = await a_member(world, office.firm, office.dossier.company_id, Role.ENTREPRENEUR)
    async with sign_in(world, member, office.host) as client:
        page = (await client.get("/")).text
    assert "Approve 1 document" in page
    assert "Nothing has been handed in yet" not in page
