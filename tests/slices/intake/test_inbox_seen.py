"""What a reader of the inbox is led to: what was in an archive, and nothing of a dossier that is not theirs."""

import re

import pytest

from portal.features.intake.service import inbox
from portal.kernel.actor import Role
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_papers import a_pdf, a_ubl, a_zip
from tests.support.builders_scene import US, Office, an_office
from tests.support.inbox import dropped, inbox_rows
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


async def test_history_leads_an_assistant_to_no_dossier_that_is_not_theirs(office: Office) -> None:
    world = office.world
    tom = await a_staff_member(world, office.firm, Role.ASSISTANT, name="Tom Wouters")
    await dropped(world, tom, {"mine.xml": a_ubl(customer=US), "scan.pdf": a_pdf()})
    scan = next(one for one in await inbox_rows(world) if one.name == "scan.pdf")
    await inbox.assign(world.tools, office.accountant, scan.id, office.dossier.id)
    await world.run_jobs()
    async with sign_in(world, tom) as client:
        page = await client.get("/history")
        assert "Came through the inbox from Tom Wouters, by its number: mine.xml" in words(page.text)
        assert str(office.dossier.id) not in page.text
        assert "this document" not in page.text, "its history is not theirs either"
    async with sign_in(world, office.accountant) as client:
        assert f"/dossiers/{office.dossier.id}/documents/" in (await client.get("/history")).text


async def test_the_page_of_an_archive_shows_what_was_in_it(office: Office) -> None:
    world = office.world
    archive = a_zip({"sale.xml": a_ubl(supplier=US), "scan.pdf": a_pdf(), "in.zip": a_zip({"x": b"x"})})
    await dropped(world, office.accountant, {"all.zip": archive, "beside.pdf": a_pdf("beside")})
    row = next(one for one in await inbox_rows(world) if one.name == "all.zip")
    async with sign_in(world, office.accountant) as client:
        page = await client.get(f"/inbox/{row.id}")
        assert "opened 3 files" in words(page.text)
        for name in ("sale.xml", "scan.pdf", "in.zip"):
            assert name in page.text
        assert "beside.pdf" not in page.text
        assert (await client.get(f"/inbox/{row.id}/file")).content == archive, "with what was refused in it"
