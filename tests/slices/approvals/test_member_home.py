"""The start page of a member, made of what the approvals and the records say."""

from typing import Any

from portal.features.desk.service import home as member_home
from portal.features.dossiers.domain.dossiers import Access
from portal.kernel.actor import Role
from tests.support.builders import a_company, a_dossier, a_member


async def test_the_home_of_an_entrepreneur_shows_what_waits_and_what_went(scene: Any) -> None:
    papers = [await scene.paper(str(number)) for number in range(5)]
    await scene.set_item(papers[0].id, state="delivered", approval="approved")
    await scene.decide(papers[4])
    async with scene.member() as session:
        home = await member_home.home(session, scene.bert)
    assert home.waiting_total == 3
    assert len(home.waiting) == 3
    assert [row.document.id for row in home.exported] == [papers[0].id]
    assert [row.document.id for row in home.arrived] == [papers[4].id]
    assert home.ready is not None
    assert home.ready.total == 1


async def test_the_home_of_a_reader_asks_for_nothing(scene: Any) -> None:
    await scene.paper("1")
    reader = await a_member(scene.world, scene.firm, scene.company.id, Role.READER)
    async with scene.member(reader) as session:
        home = await member_home.home(session, reader)
    assert (home.waiting, home.waiting_total, home.ready) == ([], 0, None)
    assert len(home.arrived) == 1


async def test_the_home_of_a_contributor_shows_own_uploads_alone(scene: Any) -> None:
    await scene.paper("1")
    contributor = await a_member(scene.world, scene.firm, scene.company.id, Role.CONTRIBUTOR)
    async with scene.member(contributor) as session:
        assert (await member_home.home(session, contributor)).arrived == []


async def test_a_member_of_another_company_sees_an_empty_home(scene: Any) -> None:
    await scene.paper("1")
    other = await a_company(scene.world, scene.firm, "Claes Dakwerken", claimed=True)
    await a_dossier(scene.world, scene.firm, other, code="9", access=Access.GRANTED)
    stranger = await a_member(scene.world, scene.firm, other.id)
    async with scene.member(stranger) as session:
        home = await member_home.home(session, stranger)
    assert (home.waiting_total, home.arrived, home.exported) == (0, [], [])
