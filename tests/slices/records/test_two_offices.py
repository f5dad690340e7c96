"""A company of two offices: of two items equally far on, lists, filters and counts tell of the same one."""

import pytest
import sqlalchemy as sa

from portal.db.session import scope_of
from portal.features.documents.domain.documents import DocumentQuery
from portal.features.dossiers.domain.dossiers import Access
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.records.service import details
from tests.support.builders import a_dossier, a_firm
from tests.support.builders_scene import an_office
from tests.support.world import World


@pytest.mark.parametrize("approved", [0, 1])
async def test_of_items_equally_far_on_the_first_is_told_everywhere(world: World, approved: int) -> None:
    office = await an_office(world)
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    await a_dossier(world, other, office.company, access=Access.GRANTED)
    document = await office.purchase()
    async with world.as_system() as session:
        ids = (
            await session.scalars(
                sa.select(DossierItem.id)
                .where(DossierItem.document_id == document.id)
                .order_by(DossierItem.id)
            )
        ).all()
        assert len(ids) == 2
        for place, item_id in reversed(list(enumerate(ids))):  # the first is written last
            said = ApprovalState.APPROVED if place == approved else ApprovalState.NOT_NEEDED
            await session.execute(
                sa.update(DossierItem)
                .where(DossierItem.id == item_id)
                .values(state=ItemState.READY, approval=said)
            )
    word = "approved" if approved == 0 else "ready"
    member = office.entrepreneur
    async with world.tools.database.reading(scope_of(member)) as session:
        for wanted, count in ((word, 1), ("ready" if word == "approved" else "approved", 0)):
            query = DocumentQuery(states=frozenset({wanted}))
            page = await details.listed(session, member, office.company.id, query)
            assert len(page.rows) == count, wanted
        counts = await details.state_counts(session, member, office.company.id, DocumentQuery())
        assert counts == {word: 1}
        (row,) = (await details.listed(session, member, office.company.id, DocumentQuery())).rows
        assert (row.approval is ApprovalState.APPROVED) is (word == "approved")
