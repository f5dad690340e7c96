"""The office's inbox: what names one dossier goes there by itself, the rest waits, and nothing is lost or doubled on the way."""

from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.features.banking.models import Statement
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.intake.models import InboxFile
from portal.features.intake.service import contents, inbox, transfer
from portal.features.parties.domain import Scheme, Source
from portal.features.parties.models import Company, CompanyIdentifier
from portal.jobs.models import JobRow
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict
from portal.storage import StorageUnavailable
from tests.slices.intake.test_giving_up import Killed, ending
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member
from tests.support.builders_papers import a_coda, a_pdf, a_png, a_ubl, a_zip
from tests.support.builders_scene import US, Office, an_office
from tests.support.inbox import became, dropped, inbox_rows, intake_rows
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def known_as(world: World, company: Company, scheme: Scheme, value: str, **more: Any) -> None:
    async with world.as_system() as session:
        session.add(
            CompanyIdentifier(
                company_id=company.id,
                scheme=scheme,
                value=value,
                source=Source.TYPED,
                evidence="",
                **{"valid_from": None, "valid_until": None, **more},
            )
        )


# ── by its number ────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_ubl_goes_to_the_dossier_of_its_customer_and_becomes_a_document(office: Office) -> None:
    world = office.world
    tom = await a_staff_member(world, office.firm, Role.ASSISTANT, name="Tom Wouters")
    await dropped(world, tom, {"a.xml": a_ubl(customer=US)})
    [row] = await inbox_rows(world)
    [went] = await intake_rows(world)
    assert (row.state, row.dossier_id, row.intake_file_id) == ("routed", office.dossier.id, went.id)
    assert (went.state, went.channel, went.sender) == ("processed", "inbox", "Tom Wouters")
    assert (went.received_by, went.received_at, went.name) == (tom.person_id, row.received_at, "a.xml")
    assert went.dossier_id == office.dossier.id
    async with world.as_system() as session:
        [document] = await session.scalars(sa.select(Document))
    assert (document.company_id, document.received_by) == (office.company.id, tom.person_id)
    assert await world.tools.store.get(office.company.id, went.sha256) == a_ubl(customer=US)
    assert row.object_sha256 is None, "the firm keeps no second copy"


@pytest.mark.parametrize(
    ("scheme", "value", "written"),
    [
        (Scheme.ENTERPRISE, "0202239951", "0202239951"),
        (Scheme.VAT, "BE0202239951", "0202239951"),
        (Scheme.PEPPOL, "0208:0202239951", "0202239951"),
        (Scheme.PEPPOL, "9925:BE0202239951", "0202239951"),
        (Scheme.GLN, "5412345000013", "5412345000013"),
        (Scheme.FOREIGN, "HRB12345", "HRB 123.45"),
    ],
)
async def test_it_is_found_by_any_identifier_that_stands(
    office: Office, scheme: Scheme, value: str, written: str
) -> None:
    await known_as(office.world, office.company, scheme, value)
    paper = a_ubl(supplier="0417497106", customer="0202239951")
    if scheme in (Scheme.GLN, Scheme.FOREIGN):
        paper = paper.replace(
            b'<cbc:EndpointID schemeID="0208">0202239951',
            f'<cbc:EndpointID schemeID="0088">{written}'.encode(),
        ).replace(b"BE0202239951", b"DE811569869")
    await dropped(office.world, office.accountant, {"a.xml": paper})
    assert await became(office.world) == {"a.xml": ("routed", None)}


async def test_an_identifier_that_has_ended_finds_nobody(office: Office) -> None:
    day = office.world.clock.now().date() - timedelta(days=1)
    await known_as(office.world, office.company, Scheme.ENTERPRISE, "0202239951", valid_until=day)
    await dropped(office.world, office.accountant, {"a.xml": a_ubl()})
    assert await became(office.world) == {"a.xml": ("waiting", "inbox.nobody_invoice")}


async def test_a_coda_goes_by_the_company_number_or_by_the_account(office: Office) -> None:
    world = office.world
    await dropped(world, office.accountant, {"first.cod": a_coda(company_number=US)})
    await dropped(
        world, office.accountant, {"next.cod": a_coda(start=date(2026, 11, 3), first=45, old="1149.50")}
    )
    assert await became(world) == {"first.cod": ("routed", None), "next.cod": ("routed", None)}
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(Statement)) == 2
    other = a_coda(iban="BE71096123456769")
    await dropped(world, office.accountant, {"strange.cod": other})
    assert (await became(world))["strange.cod"] == ("waiting", "inbox.nobody_coda")
    there = a_coda(iban="BE71096123456769", company_number=US)
    await dropped(world, office.accountant, {"both.cod": there})
    assert (await became(world))["both.cod"] == ("routed", None)


async def test_only_dossiers_that_are_open_and_the_firms_own_are_looked_at(world: World) -> None:
    firm, other = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    owner = await a_staff_member(world, firm)
    ended, elsewhere = a_number(), a_number()
    for one, number, access in ((firm, ended, Access.ENDED), (other, elsewhere, Access.MANAGED)):
        await a_dossier(world, one, await a_company(world, one, number=number), access=access)
    await dropped(world, owner, {"a.xml": a_ubl(customer=ended), "b.xml": a_ubl(customer=elsewhere)})
    assert await became(world) == dict.fromkeys(("a.xml", "b.xml"), ("waiting", "inbox.nobody_invoice"))


async def test_two_clients_or_two_dossiers_of_one_client_are_a_question(office: Office) -> None:
    world = office.world
    sells = await a_company(world, office.firm, "Brouwerij", claimed=True)
    seller = await a_dossier(world, office.firm, sells, access=Access.GRANTED, code="2")
    await dropped(world, office.accountant, {"between.xml": a_ubl(supplier=str(sells.number), customer=US)})
    [row] = await inbox_rows(world)
    assert (row.state, row.reason) == ("waiting", "inbox.several")
    assert set(row.reason_params["dossiers"]) == {str(seller.id), str(office.dossier.id)}
    await a_dossier(world, office.firm, office.company, access=Access.GRANTED, code="3", activity="Verhuur")
    await dropped(world, office.accountant, {"twice.xml": a_ubl(customer=US)})
    assert (await became(world))["twice.xml"] == ("waiting", "inbox.several")
    assert await intake_rows(world) == []


async def test_papers_and_what_cannot_be_read_wait_with_their_reason(office: Office) -> None:
    files = {
        "scan.pdf": a_pdf(),
        "photo.png": a_png(),
        "evil.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a/>',
        "list.bin": b"\x00\x01nothing",
        "empty.pdf": b"",
    }
    await dropped(office.world, office.accountant, files)
    assert await became(office.world) == {
        "scan.pdf": ("waiting", "inbox.paper"),
        "photo.png": ("waiting", "inbox.paper"),
        "evil.xml": ("waiting", "ubl.doctype"),
        "list.bin": ("waiting", "unknown"),
        "empty.pdf": ("discarded", "empty"),
    }


async def test_the_pdf_beside_a_ubl_goes_with_it(office: Office) -> None:
    world = office.world
    files = {
        "1.pdf": a_pdf("one"),
        "1.xml": a_ubl(customer=US),
        "2.xml": a_ubl(number="2"),
        "2.pdf": a_pdf("two"),
    }
    await dropped(world, office.accountant, files)
    assert {name: state for name, (state, _why) in (await became(world)).items()} == {
        "1.pdf": "routed",
        "1.xml": "routed",
        "2.xml": "waiting",
        "2.pdf": "waiting",
    }
    rows = {one.name: one for one in await inbox_rows(world)}
    await inbox.assign(world.tools, office.accountant, rows["2.xml"].id, office.dossier.id)
    await world.run_jobs()
    went = {one.name: one for one in await intake_rows(world)}
    assert went["1.pdf"].reason == "joined"
    assert went["2.pdf"].upload_id == went["2.xml"].upload_id
    assert (await became(world))["2.pdf"] == ("routed", None)


# ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_the_files_of_an_archive_each_go_their_own_way(office: Office) -> None:
    archive = a_zip(
        {
            "map/mine.xml": a_ubl(customer=US),
            "scan.pdf": a_pdf(),
            "../../evil.xml": a_ubl(customer=US, number="evil"),
            "inner.zip": a_zip({"x.pdf": a_pdf()}),
        }
    )
    await dropped(office.world, office.accountant, {"all.zip": archive, "no.zip": b"PK\x03\x04 nothing"})
    assert await became(office.world) == {
        "all.zip": ("split", None),
        "mine.xml": ("routed", None),
        "scan.pdf": ("waiting", "inbox.paper"),
        "evil.xml": ("discarded", "zip.path"),
        "inner.zip": ("discarded", "zip.nested"),
        "no.zip": ("waiting", "zip.unknown"),
    }
    [went] = await intake_rows(office.world)
    assert went.channel == "inbox"


# ── the same file again, rivals and crashes ──────────────────────────────────────────────────────────────────────


async def test_the_same_file_waits_once_for_whoever_sees_it(office: Office) -> None:
    world = office.world
    tom = await a_staff_member(world, office.firm, Role.ASSISTANT)
    scan = a_pdf("once")
    await dropped(world, office.accountant, {"a.pdf": scan, "b.pdf": scan})
    await dropped(
        world, tom, {"c.pdf": scan}
    )  # an assistant does not see the others': theirs must not vanish
    await dropped(world, tom, {"d.pdf": scan})
    await dropped(world, office.accountant, {"e.pdf": scan})
    again = ("discarded", "inbox.waits_already")
    assert await became(world) == {
        "a.pdf": ("waiting", "inbox.paper"),
        "b.pdf": again,
        "c.pdf": ("waiting", "inbox.paper"),
        "d.pdf": again,
        "e.pdf": again,
    }


async def test_what_its_dossier_has_already_adds_nothing_there(office: Office) -> None:
    for _time in range(2):
        await dropped(office.world, office.accountant, {"a.xml": a_ubl(customer=US)})
    assert [one.reason for one in await intake_rows(office.world)] == [None, "already"]
    assert await office.count(Document) == 1


async def test_of_two_people_who_assign_one_file_one_wins_and_the_other_is_told(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = office.world
    rival = await a_staff_member(world, office.firm)
    other = await a_dossier(world, office.firm, name="Andere", code="9")
    await dropped(world, office.accountant, {"a.pdf": a_pdf()})
    [row] = await inbox_rows(world)
    real = transfer.copy

    async def copy_slowly(*arguments: Any) -> None:
        await real(*arguments)
        monkeypatch.setattr(transfer, "copy", real)
        await inbox.assign(world.tools, rival, row.id, other.id)

    monkeypatch.setattr(transfer, "copy", copy_slowly)
    with pytest.raises(Conflict) as refused:
        await inbox.assign(world.tools, office.accountant, row.id, office.dossier.id)
    assert refused.value.code == "handled"
    [went] = await intake_rows(world)
    assert went.company_id == other.company_id
    async with world.as_scope(firm_id=office.firm.id) as session:
        with pytest.raises(Conflict):
            await inbox.discard(session, office.accountant, row, "too late")


async def test_a_crash_between_copy_and_row_loses_nothing_and_doubles_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = office.world
    await dropped(
        world,
        office.accountant,
        {"a.xml": a_ubl(customer=US), "b.xml": a_ubl(customer=US, number="2")},
        read=False,
    )

    async def killed(*_arguments: Any, **_more: Any) -> None:
        raise Killed

    for _death in range(2):
        world.clock.at += timedelta(minutes=2)
        with monkeypatch.context() as crash:
            crash.setattr(transfer, "write", killed)
            with pytest.raises(Killed):
                await world.run_jobs()
        assert await intake_rows(world) == []
    assert await world.tools.store.get(office.company.id, (await inbox_rows(world))[0].sha256)
    world.clock.at += timedelta(minutes=2)
    await world.run_jobs()
    assert set((await became(world)).values()) == {("routed", None)}
    assert [one.state for one in await intake_rows(world)] == ["processed"] * 2
    assert await office.count(Document) == 2


async def test_a_crash_while_a_person_assigns_leaves_the_file_waiting(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = office.world
    await dropped(world, office.accountant, {"a.pdf": a_pdf()})
    [row] = await inbox_rows(world)

    async def killed(*_arguments: Any, **_more: Any) -> None:
        raise Killed

    with monkeypatch.context() as crash:
        crash.setattr(transfer, "write", killed)
        with pytest.raises(Killed):
            await inbox.assign(world.tools, office.accountant, row.id, office.dossier.id)
    assert await became(world) == {"a.pdf": ("waiting", "inbox.paper")}
    await inbox.assign(world.tools, office.accountant, row.id, office.dossier.id)
    assert [one.name for one in await intake_rows(world)] == ["a.pdf"]


async def test_a_file_that_ends_its_reader_waits_for_a_person_and_the_others_go_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = office.world
    await dropped(
        world,
        office.accountant,
        {
            "bad.xml": a_ubl(customer=US, number="DEADLY"),
            "worse.xml": a_ubl(customer=US, number="DEADLY2"),
            "good.xml": a_ubl(customer=US),
        },
        read=False,
    )
    read = ending(contents.receive, b"DEADLY", Killed())
    monkeypatch.setattr("portal.features.intake.service.matching.receive", read)
    for _round in range(8):
        world.clock.at += timedelta(minutes=1)
        try:
            await world.run_jobs()
        except Killed:
            continue
    assert await became(world) == {
        "bad.xml": ("waiting", "unexpected"),
        "worse.xml": ("waiting", "unexpected"),
        "good.xml": ("routed", None),
    }


@pytest.mark.parametrize("end", ["dead_at", "done_at"])
async def test_files_whose_job_is_over_wait_for_a_person(office: Office, end: str) -> None:
    world = office.world
    await dropped(world, office.accountant, {"a.pdf": a_pdf(), "x.xml": a_ubl(customer=US)}, read=False)
    async with world.as_system() as session:
        await session.execute(
            sa.update(JobRow).where(JobRow.name == "intake.read_inbox").values({end: world.clock.now()})
        )
    await world.sweep()
    assert set((await became(world)).values()) == {("waiting", "inbox.not_read")}
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(InboxFile)) == 2


async def test_while_the_store_is_away_everything_waits_and_nothing_is_set_aside(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = office.world
    await dropped(world, office.accountant, {"a.xml": a_ubl(customer=US)}, read=False)

    async def away(*_arguments: Any) -> bytes:
        raise StorageUnavailable

    async def ill(*_arguments: Any) -> bool:
        return False

    with monkeypatch.context() as outage:
        outage.setattr(type(world.tools.store), "get", away)
        outage.setattr(type(world.tools.store), "healthy", ill)
        for _round in range(6):
            world.clock.at += timedelta(minutes=1)
            await world.run_jobs()
    assert await became(world) == {"a.xml": ("received", None)}
    world.clock.at += timedelta(minutes=1)
    await world.run_jobs()
    assert await became(world) == {"a.xml": ("routed", None)}


async def test_the_dossier_counts_what_came_through_the_inbox(office: Office) -> None:
    world = office.world
    await dropped(world, office.accountant, {"a.pdf": a_pdf()})
    [row] = await inbox_rows(world)
    await inbox.assign(world.tools, office.accountant, row.id, office.dossier.id)
    await world.run_jobs()
    async with world.as_system() as session:
        assert await session.scalar(sa.select(Dossier.quick_entry_count)) == 1
