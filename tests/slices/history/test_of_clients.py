"""What members of many clients did, read a page at a time: the same as all of it in the order of time."""

import random
from datetime import timedelta
from uuid import UUID

import pytest

from portal.db.session import Scope
from portal.features.audit.models import AuditEvent
from portal.features.history import repository
from portal.features.history.domain import HistoryQuery, Whose
from portal.features.history.service import PAPERS
from portal.kernel.ids import new_id
from tests.support.builders import a_company, a_dossier, a_firm
from tests.support.world import NOW, World


@pytest.mark.parametrize("seed", range(4))
async def test_pages_hold_every_event_of_clients_once_and_in_order(world: World, seed: int) -> None:
    chance = random.Random(seed)
    firm = await a_firm(world)
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    companies = [await a_company(world, firm, f"Company {number}") for number in range(7)]
    for number, company in enumerate(companies):
        await a_dossier(world, firm, company, code=f"C-{number}")
    foreign = await a_company(world, other, "Foreign")
    await a_dossier(world, other, foreign, code="F-1")
    expected: list[tuple[object, UUID]] = []
    async with world.as_system() as session:
        for _event in range(60):
            # Few moments, so that many events share one; few clients have most of them.
            company = chance.choice([*companies[:2], *companies[:2], *companies, foreign])
            event = AuditEvent(
                id=new_id(),
                firm_id=None,
                company_id=company.id,
                at=NOW - timedelta(minutes=chance.randrange(12)),
                actor={"door": "page", "name": "Bert"},
                action="approvals.approved",
                subject_type="document",
                subject_id=None,
                dossier_id=None,
                data={},
            )
            session.add(event)
            if company is not foreign:
                expected.append((event.at, event.id))
    expected.sort(reverse=True)
    whose = Whose(firm_id=firm.id, everything=True)
    async with world.tools.database.reading(Scope(firm_id=firm.id)) as session:
        for size in (1, 3, 5, 50):
            found: list[tuple[object, UUID]] = []
            back: list[list[UUID]] = []
            cursor: str | None = None
            while True:
                query = HistoryQuery(cursor=cursor, actions=("approvals.",))
                page = await repository.page(session, whose, query, PAPERS, size)
                found += [(event.at, event.id) for event in page.rows]
                if page.previous is not None:
                    before = HistoryQuery(cursor=page.previous, actions=("approvals.",))
                    earlier = await repository.page(session, whose, before, PAPERS, size)
                    assert [event.id for event in earlier.rows] == back[-1]
                back.append([event.id for event in page.rows])
                cursor = page.next
                if cursor is None:
                    break
            assert found == expected
