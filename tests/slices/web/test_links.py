"""What a page offers leads somewhere: every link and every search box, for every role."""

from collections import deque

import pytest

from portal.kernel.actor import Role
from tests.support.builders import a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import an_office
from tests.support.pages import kind_of, local_paths
from tests.support.world import World

COMPANY_ROLES = (Role.ENTREPRENEUR, Role.APPROVER, Role.CONTRIBUTOR, Role.READER)
MOST = 200
"""Pages; more than there are."""


@pytest.mark.parametrize("role", [Role.OWNER, Role.ASSISTANT, *COMPANY_ROLES])
async def test_no_link_and_no_search_box_leads_nowhere(world: World, role: Role) -> None:
    office = await an_office(world)
    await office.purchase()
    await office.hand_in({"kasticket.pdf": a_pdf()})
    person = (
        await a_staff_member(world, office.firm, role)
        if role not in COMPANY_ROLES
        else await a_member(world, office.firm, office.company.id, role)
    )
    async with sign_in(world, person) as client:
        waiting, seen = deque(["/", "/account"]), {"/?"}
        visited = 0
        while waiting and visited < MOST:
            path = waiting.popleft()
            page = await client.get(path)
            visited += 1
            assert page.status_code in (200, 303), (path, page.status_code)
            if not page.headers.get("content-type", "").startswith("text/html"):
                continue
            for found in local_paths(page.text, path):
                if kind_of(found) not in seen and not found.startswith("/static/"):
                    seen.add(kind_of(found))
                    waiting.append(found)
    assert visited < MOST
    assert visited > 8


async def test_a_member_searches_the_documents_of_the_company(world: World) -> None:
    office = await an_office(world)
    await office.purchase("F-1")
    await office.purchase("F-2")
    async with sign_in(world, office.entrepreneur) as client:
        home = await client.get("/")
        assert 'action="/documents"' in home.text
        assert 'action="/search"' not in home.text
        found = await client.get("/documents?q=F-2")
    assert "F-2" in found.text
    assert "F-1" not in found.text
