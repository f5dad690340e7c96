"""Who unlocks an exported document, and when nobody does."""

from datetime import date

import pytest
import sqlalchemy as sa

from portal.features.bundles.service import unlocks
from portal.features.documents.models import Document
from portal.features.dossiers.models import Dossier
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, Forbidden
from tests.support.builders import a_staff_member, give_to, sign_in
from tests.support.builders_scene import Office, an_office
from tests.support.world import World

REASON = {"reason": "wrong VAT rate"}


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def exported(office: Office) -> tuple[Document, str]:
    """A purchase of 30 October that an export has locked; its path."""
    document = await office.purchase(issued="2026-10-30")
    await office.export(7)
    return document, f"{office.base}/documents/{document.id}"


async def close_until(office: Office, day: date) -> None:
    async with office.world.as_system() as session:
        await session.execute(sa.update(Dossier).values(closed_until=day))


async def give(office: Office, to: Actor) -> None:
    async with office.world.as_system() as session:
        await give_to(session, to.person_id, office.world.clock.now())


async def unlock(office: Office, actor: Actor, document: Document) -> None:
    async with office.world.tools.database.transaction(office.opened) as session:
        dossier = await session.get(Dossier, office.dossier.id)
        assert dossier is not None
        await unlocks.unlock(session, actor, document, dossier, "wrong VAT rate")


async def test_an_accountant_unlocks_in_own_dossiers_alone(office: Office) -> None:
    boss = await a_staff_member(office.world, office.firm, Role.MANAGER)
    document, path = await exported(office)
    await give(office, boss)
    with pytest.raises(Forbidden):
        await unlock(office, office.accountant, document)
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(path)
        assert "locked since bundle 7" in page.text
        assert f"{path}/unlock" not in page.text
        for answer in (await client.get(f"{path}/unlock"), await client.post(f"{path}/unlock", data=REASON)):
            assert answer.status_code == 403
            assert "Only the file manager of this dossier" in answer.text
    await give(office, office.accountant)
    async with sign_in(office.world, office.accountant) as client:
        assert f"{path}/unlock" in (await client.get(path)).text
        assert (await client.post(f"{path}/unlock", data=REASON)).status_code == 303


async def test_managers_unlock_in_every_dossier(office: Office) -> None:
    boss = await a_staff_member(office.world, office.firm, Role.MANAGER)
    document, _path = await exported(office)
    await give(office, office.accountant)
    await unlock(office, boss, document)


@pytest.mark.parametrize("closed", [date(2026, 10, 30), date(2026, 12, 31)])
async def test_nothing_dated_in_a_closed_period_is_unlocked(office: Office, closed: date) -> None:
    boss = await a_staff_member(office.world, office.firm, Role.OWNER)
    document, path = await exported(office)
    await close_until(office, closed)
    with pytest.raises(Conflict) as refused:
        await unlock(office, boss, document)
    assert refused.value.code == "period_closed"
    async with sign_in(office.world, boss) as client:
        page = await client.get(path)
        assert f"{path}/unlock" not in page.text
        assert f"The books are closed until {closed:%d/%m/%Y}" in page.text
        for answer in (await client.get(f"{path}/unlock"), await client.post(f"{path}/unlock", data=REASON)):
            assert answer.status_code == 409
            assert f"closed until {closed:%d/%m/%Y}" in answer.text


async def test_what_is_dated_after_the_closed_period_is_unlocked(office: Office) -> None:
    document, path = await exported(office)
    await close_until(office, date(2026, 10, 29))
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(path)
        assert "The books are closed" not in page.text
        assert f"{path}/unlock" in page.text
    await unlock(office, office.accountant, document)
