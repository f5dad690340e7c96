"""What readers of the inbox and of quick entry are led to, and that it is nothing of a dossier that is not theirs."""

import re
from datetime import date

import pytest
import sqlalchemy as sa

from portal.features.banking.models import Statement
from portal.features.intake.service import inbox
from portal.kernel.actor import Role
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_papers import a_coda, a_pdf, a_ubl, a_zip
from tests.support.builders_scene import US, Office, an_office
from tests.support.inbox import became, dropped, inbox_rows, intake_rows
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


async def test_a_zero_byte_in_a_coda_is_a_reason_and_holds_nobody_up(office: Office) -> None:
    world, coda = office.world, a_coda()
    files = {
        "account.cod": coda.replace(b"68539007547034", b"\x00\x00539007547034", 1),
        "later.cod": coda.replace(b"9007547034", b"9007547\x0034"[:10], 1),
        "sale.xml": a_ubl(supplier=US),
    }
    await dropped(world, office.accountant, files)
    assert {name: state for name, (state, _why) in (await became(world)).items()} == {
        "account.cod": "waiting",
        "later.cod": "waiting",
        "sale.xml": "routed",
    }
    assert "unexpected" not in {why for _state, why in (await became(world)).values()}
    async with sign_in(world, office.accountant) as client:
        for row in await inbox_rows(world):
            assert (await client.get(f"/inbox/{row.id}")).status_code == 200
    await office.hand_in({name: files[name] for name in ("account.cod", "later.cod")})
    told = {one.name: (one.state.value, one.reason) for one in await intake_rows(world)}
    assert told["later.cod"] == ("rejected", "coda.R5")
    assert told["account.cod"][1] not in (None, "unexpected")


async def test_a_file_without_a_page_is_offered_once_and_what_was_not_taken_has_no_size(
    office: Office,
) -> None:
    world = office.world
    archive = a_zip({"../out.xml": a_ubl()})
    await dropped(world, office.accountant, {"data.xml": a_ubl(), "scan.pdf": a_pdf(), "zip.zip": archive})
    async with sign_in(world, office.accountant) as client:
        for row in await inbox_rows(world):
            if row.state == "waiting":
                page = await client.get(f"/inbox/{row.id}")
                assert page.text.count(f'href="/inbox/{row.id}/file"') == 1, row.name
        assert "0 B" not in (await client.get("/inbox?status=discarded")).text


async def test_quick_entry_leads_to_the_statements_that_a_coda_became(office: Office) -> None:
    world = office.world
    await office.hand_in({"one.cod": a_coda(company_number=US)})
    await office.hand_in({"two.cod": a_coda(start=date(2026, 11, 3), days=2, first=45, old="1149.50")})
    again = {"parts.cod": a_coda(start=date(2026, 11, 3), days=3, first=45, old="1149.50")}
    await office.hand_in(again)
    async with world.as_system() as session:
        first = (await session.scalars(sa.select(Statement).order_by(Statement.id))).first()
    assert first is not None
    async with sign_in(world, office.accountant) as client:
        page = await client.get(f"{office.base}/quick-entry?status=processed")
        assert f'<a href="{office.base}/bank/{first.id}">1 bank statement</a>' in page.text
        assert f'<a href="{office.base}/bank">2 bank statements</a>' in page.text
        assert "Already there: 2 of 3 statements." in page.text


async def test_the_pdf_beside_a_waiting_ubl_waits_with_it_though_the_same_one_waits_elsewhere(
    office: Office,
) -> None:
    world, paper = office.world, a_pdf("of the invoice")
    await dropped(world, office.accountant, {"scan.pdf": paper})
    for _time in range(2):
        await dropped(world, office.accountant, {"1.xml": a_ubl(number="1"), "1.pdf": paper})
    rows = await inbox_rows(world)
    assert [(one.name, one.state.value) for one in rows] == [
        ("scan.pdf", "waiting"),
        ("1.xml", "waiting"),
        ("1.pdf", "waiting"),
        ("1.xml", "discarded"),
        ("1.pdf", "discarded"),
    ]
    await inbox.assign(world.tools, office.accountant, rows[1].id, office.dossier.id)
    await world.run_jobs()
    assert {one.name for one in await intake_rows(world)} == {"1.xml", "1.pdf"}, "both, together"
