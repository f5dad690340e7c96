"""A dossier whose code can be no folder's name, from before codes were checked: its export says so before anything is locked."""

import sqlalchemy as sa

from portal.features.documents.models import DocumentLock
from portal.features.dossiers.models import Dossier
from portal.features.policies.domain import Cadence
from tests.slices.bundles.test_standing import pass_time
from tests.support.builders import sign_in
from tests.support.builders_exports import an_invoice, an_office, exports_of, press_export, set_policy
from tests.support.world import World


async def test_nothing_is_locked_and_the_page_says_what_to_do(world: World) -> None:
    office = await an_office(world, code="../../evil")
    await an_invoice(world, office)
    async with sign_in(world, office.owner) as client:
        assert (await press_export(client, office)).status_code == 303
        page = await client.get(office.export_path)
    assert "the dossier code ../../evil is no folder" in page.text
    assert f"/dossiers/{office.dossier.id}/edit" in page.text
    assert await exports_of(world, office.dossier) == []
    async with world.as_system() as session:
        assert (await session.scalars(sa.select(DocumentLock))).all() == []


async def test_a_policy_waits_until_the_code_is_another(world: World) -> None:
    office = await an_office(world, code="CON")
    await set_policy(world, office, cadence=Cadence.AFTER_DELAY, delay_seconds=20)
    await an_invoice(world, office)
    await pass_time(world, 30)
    assert await exports_of(world, office.dossier) == []
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(code="01204", code_key="01204"))
    await pass_time(world, 3700)
    (export,) = await exports_of(world, office.dossier)
    assert export.by_policy
