"""The counters of quick entry, set anew when access to a company opens or ends."""

import sqlalchemy as sa

from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.intake.service import lookups
from tests.support.builders import a_dossier
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.builders_scene import an_office
from tests.support.world import World


async def test_what_members_handed_in_is_counted_with_what_the_office_did(world: World) -> None:
    """A member's files name no dossier: they are the first one's, beside those that the office put there."""
    office = await an_office(world)
    second = await a_dossier(
        world, office.firm, office.company, code="2", activity="Shop", access=Access.GRANTED
    )
    await office.hand_in({"office.pdf": a_pdf("office")})
    await hand_in(world, office.accountant, {"second.pdf": a_pdf("second")}, second.id)
    await hand_in(world, office.entrepreneur, {"a.pdf": a_pdf("a"), "b.pdf": a_pdf("b")})

    async def counted() -> dict[object, int]:
        async with world.as_system() as session:
            found = await session.execute(sa.select(Dossier.id, Dossier.quick_entry_count))
            return {row.id: row.quick_entry_count for row in found}

    before = await counted()
    assert before == {office.dossier.id: 3, second.id: 1}
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(quick_entry_count=0))
        await lookups.recount(session, second.id, office.company.id)
    assert await counted() == before
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).where(Dossier.id == second.id).values(access=Access.ENDED))
        await lookups.recount(session, second.id, office.company.id)
    assert (await counted())[second.id] == 0
