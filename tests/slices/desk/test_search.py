"""Search: what is found, and by whom."""

from datetime import date

from portal.kernel.actor import Role
from tests.support.builders import a_company, a_dossier, a_staff_member, sign_in
from tests.support.builders_exports import an_invoice, an_office
from tests.support.world import World

MORE_THAN_A_PAGE = 51


async def test_an_assistant_finds_the_own_papers_behind_a_page_of_others(world: World) -> None:
    office = await an_office(world)
    assistant = await a_staff_member(world, office.firm, Role.ASSISTANT)
    company = await a_company(world, office.firm, "Slagerij")
    mine = await a_dossier(world, office.firm, company, code="2", manager_id=assistant.person_id)
    for number in range(MORE_THAN_A_PAGE):
        await an_invoice(world, office, f"F-77{number:02d}", date(2026, 10, 6))
    await an_invoice(world, office, "F-7799", date(2026, 1, 6), dossier=mine)
    async with sign_in(world, assistant) as client:
        page = await client.get("/search?q=F-77")
        assert "F-7799" in page.text
        assert "F-7700" not in page.text
    async with sign_in(world, office.owner, office.host) as client:
        assert "F-7750" in (await client.get("/search?q=F-77")).text
