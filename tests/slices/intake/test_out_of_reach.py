"""One file that the store gives out no more, while it gives the others: it is set aside, and holds up none of them."""

from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.intake.models import IntakeFile
from portal.storage import StorageUnavailable
from portal.storage.stores import Store
from tests.support.builders_papers import a_ubl
from tests.support.builders_scene import US, an_office
from tests.support.world import World


async def test_a_file_that_the_store_gives_out_no_more_holds_up_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await an_office(world)
    bad = a_ubl(customer=US, number="bad")
    get = Store.get

    async def unlucky(self: Store, namespace: UUID, sha256: str) -> bytes:
        data = await get(self, namespace, sha256)
        if data == bad:
            raise StorageUnavailable
        return data

    monkeypatch.setattr(Store, "get", unlucky)
    await office.hand_in({"bad.xml": bad, "good.xml": a_ubl(customer=US, number="good")})
    for _ in range(8):
        world.clock.at += timedelta(minutes=10)
        await world.run_jobs()
    async with world.as_system() as session:
        rows = list(await session.scalars(sa.select(IntakeFile).order_by(IntakeFile.id)))
    assert [(row.name, row.state.value) for row in rows] == [
        ("bad.xml", "rejected"),
        ("good.xml", "processed"),
    ]
