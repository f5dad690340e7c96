"""Who manages a dossier, since when, and who did before."""

from datetime import date, timedelta

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.features.dossiers.domain.queries import DossierQuery
from portal.features.dossiers.domain.staff import StaffRole
from portal.features.dossiers.models import Dossier, DossierStaff
from portal.features.dossiers.service import changes, creation, dossiers, opening
from portal.kernel.actor import Actor, Role
from portal.kernel.clock import local_date
from portal.kernel.ids import new_id
from tests.support.builders import a_dossier, a_firm, a_staff_member, sign_in
from tests.support.world import World


async def rows(world: World, dossier: Dossier) -> list[tuple[object, date, date | None]]:
    async with world.as_system() as session:
        found = await session.scalars(
            sa.select(DossierStaff).where(DossierStaff.dossier_id == dossier.id).order_by(DossierStaff.id)
        )
        return [(row.person_id, row.since, row.until) for row in found]


async def give(world: World, actor: Actor, dossier: Dossier, to: Actor | None) -> None:
    async with opening.dossier(world.tools.database, actor, dossier.id) as (session, mine):
        await changes.change(session, actor, mine, {"manager_id": to.person_id if to else None})
        assert mine.manager_id == (to.person_id if to else None)


async def test_another_file_manager_ends_one_row_and_begins_the_next(world: World) -> None:
    firm = await a_firm(world)
    an = await a_staff_member(world, firm, name="An Claes")
    tom = await a_staff_member(world, firm, name="Tom Wouters")
    first = local_date(world.clock.now())
    async with world.as_scope(firm_id=firm.id, host_firm_id=firm.id) as session:
        dossier = await creation.create(
            session, world.tools, an, name="Bakkerij", number=None, manager_id=an.person_id
        )
    assert await rows(world, dossier) == [(an.person_id, first, None)]
    world.clock.at += timedelta(days=3)
    second = local_date(world.clock.now())
    await give(world, an, dossier, tom)
    await give(world, an, dossier, tom)
    assert await rows(world, dossier) == [(an.person_id, first, second), (tom.person_id, second, None)]
    async with sign_in(world, an) as client:
        page = (await client.get(f"/dossiers/{dossier.id}")).text
        assert f"Tom Wouters, since {second.day}" in page
        assert f"An Claes, until {second.day}" in page
    await give(world, an, dossier, None)
    async with sign_in(world, an) as client:
        page = (await client.get(f"/dossiers/{dossier.id}")).text
    assert "since" not in page
    # Nothing was overwritten, also of who had it for less than a day.
    assert await rows(world, dossier) == [(an.person_id, first, second), (tom.person_id, second, second)]


async def test_lists_follow_whoever_manages_now(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    before = await a_staff_member(world, firm, Role.ASSISTANT)
    now = await a_staff_member(world, firm, Role.ASSISTANT)
    dossier = await a_dossier(world, firm, manager_id=before.person_id)
    await give(world, owner, dossier, now)
    async with world.as_scope(firm_id=firm.id) as session:
        for actor, seen in ((before, []), (now, [dossier.id]), (owner, [dossier.id])):
            found = await dossiers.listed(session, actor, DossierQuery())
            assert [one.id for one in found.rows] == seen
        for person, seen in ((before, []), (now, [dossier.id])):
            found = await dossiers.listed(session, owner, DossierQuery(manager_id=person.person_id))
            assert [(one.id, one.manager_id) for one in found.rows] == [(one, now.person_id) for one in seen]


@pytest.mark.parametrize("fault", ["a second one", "a stranger", "ends before it begins"])
async def test_the_database_keeps_one_present_manager_of_the_office(world: World, fault: str) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    colleague = await a_staff_member(world, firm)
    stranger = await a_staff_member(world, await a_firm(world, "ardennes", "Bureau Ardennes"))
    dossier = await a_dossier(world, firm, manager_id=owner.person_id)
    today = local_date(world.clock.now())
    values = {"person_id": colleague.person_id, "since": today, "until": today}
    values |= {
        "a second one": {"until": None},
        "a stranger": {"person_id": stranger.person_id},
        "ends before it begins": {"until": today - timedelta(days=1)},
    }[fault]
    with pytest.raises(DBAPIError) as refused:
        async with world.as_system() as session:
            await session.execute(
                sa.insert(DossierStaff).values(
                    firm_id=firm.id, id=new_id(), dossier_id=dossier.id, role=StaffRole.MANAGER, **values
                )
            )
    assert isinstance(refused.value.orig.__cause__, asyncpg.IntegrityConstraintViolationError)  # type: ignore[union-attr] - it has a cause


async def test_a_list_of_all_dossiers_tells_the_manager_of_each(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    other = await a_staff_member(world, firm, Role.ACCOUNTANT)
    mine, nobodys, given = [await a_dossier(world, firm, code=code) for code in ("1", "2", "3")]
    await give(world, owner, mine, owner)
    await give(world, owner, given, owner)
    await give(world, owner, given, other)
    async with world.as_scope(firm_id=firm.id) as session:
        found = {one.id: one.manager_id for one in await dossiers.all_of(session, owner)}
    assert found == {mine.id: owner.person_id, nobodys.id: None, given.id: other.person_id}
