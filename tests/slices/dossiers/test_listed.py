"""Lists of dossiers read the columns that they show, and make no entities of them."""

from dataclasses import fields

import sqlalchemy as sa

from portal.features.dossiers.domain.queries import DossierQuery, ListedDossier
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.kernel.actor import Role
from tests.support.builders import a_dossier, a_firm, a_staff_member
from tests.support.world import World


async def test_a_row_of_a_list_says_what_the_dossier_says(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    made = [
        await a_dossier(world, firm, code="01", activity="Transport", manager_id=owner.person_id),
        await a_dossier(world, firm, code=None),
        await a_dossier(world, firm, code="02"),
    ]
    async with world.as_system() as session:  # of a release before keys were compared
        await session.execute(sa.update(Dossier).where(Dossier.id == made[2].id).values(code_key=None))
    async with world.as_scope(firm_id=firm.id) as session:
        page = await dossiers.listed(session, owner, DossierQuery())
        assert len(page.rows) == 3
        assert [one for one in session.identity_map.values() if isinstance(one, Dossier)] == []
        for row in page.rows:
            whole = await session.get(Dossier, row.id)
            assert whole is not None
            for name in (*(one.name for one in fields(ListedDossier)), "title", "clashes"):
                assert getattr(row, name) == getattr(whole, name), name
                assert type(getattr(row, name)) is type(getattr(whole, name)), name
    assert {row.clashes for row in page.rows} == {True, False}
    assert owner.person_id in {row.manager_id for row in page.rows}
