"""Handing in and quick entry over HTTP, on both sides."""

import re

import httpx
import pytest
import sqlalchemy as sa

from portal.features.audit.models import AuditEvent
from portal.features.banking.models import Statement
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access, AccessEnded, DossierOpened
from portal.features.dossiers.models import Dossier
from portal.features.intake.models import IntakeFile
from portal.jobs.ledger import publish
from portal.jobs.models import JobRow
from portal.kernel.actor import Role, system_actor
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_coda, a_pdf, a_png, a_ubl, a_zip
from tests.support.builders_scene import US, Office, an_office
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def parts(files: dict[str, bytes]) -> list[tuple[str, tuple[str, bytes, str]]]:
    """A multipart body with several files in one field."""
    return [("files", (name, data, "application/octet-stream")) for name, data in files.items()]


async def one_waiting(client: httpx.AsyncClient, intake: str) -> str:
    """The path of the first file in quick entry."""
    page = await client.get(intake)
    found = re.search(rf'href="({intake}/[0-9a-f-]{{36}})"', page.text)
    assert found is not None
    return found[1]


async def quick_entry_count(office: Office) -> int:
    async with office.world.as_system() as session:
        return await session.scalar(sa.select(Dossier.quick_entry_count)) or 0


async def test_files_are_acknowledged_at_once_and_the_page_tells_what_became_of_each(office: Office) -> None:
    files = {
        "sale.xml": a_ubl(supplier=US, number="V01-2026", issued="2026-10-30"),
        "scan.pdf": a_pdf(),
        "evil.xml": b'<!DOCTYPE a [<!ENTITY b "c">]><a/>',
        "bank.cod": a_coda(),
        "all.zip": a_zip({"a.png": a_png()}),
    }
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post(
            f"{office.base}/quick-entry", files=parts(files), headers={"HX-Request": "true"}
        )
        assert answer.status_code == 200
        assert "<html" not in answer.text
        assert 'hx-trigger="load delay:1s"' in answer.text
        assert answer.text.count("being read") == 5
        assert "5 files handed in" in answer.text
        found = re.search(r'hx-get="([^"]+/uploads/[^"]+)"', answer.text)
        assert found is not None
        await office.world.run_jobs()
        done = await client.get(found[1], headers={"HX-Request": "true"})
        assert "hx-trigger" not in done.text
        text = re.sub(r"<[^>]+>|\s+", " ", done.text)
        text = re.sub(r" +", " ", text)
        for told in (
            "Sales invoice V01-2026 of 30 Oct 2026",
            "to process",
            "Line 1: the XML file brings a document type",
            "1 bank statement",
            "1 file ",
        ):
            assert told in text, text
        whole = await client.get(found[1])
        assert "<html" in whole.text
        await client.post(f"{office.base}/quick-entry", files=parts({"again.xml": files["sale.xml"]}))
        await office.world.run_jobs()
        listed = await client.get(f"{office.base}/quick-entry?status=processed")
        assert "This is there already" not in listed.text
        assert listed.text.count("Sales invoice V01-2026") == 2


async def test_the_list_refreshes_itself_when_an_upload_was_read_and_leaves_the_search_field_alone(
    office: Office,
) -> None:
    fragment = {"HX-Request": "true"}
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(f"{office.base}/quick-entry?q=scan")
        asks = re.search(r'hx-get="([^"]+)" hx-trigger="papers-read from:body"', page.text)
        assert asks is not None
        answer = await client.post(
            f"{office.base}/quick-entry", files=parts({"scan.pdf": a_pdf()}), headers=fragment
        )
        assert "hx-trigger" not in answer.headers
        polls = re.search(r'hx-get="([^"]+/uploads/[^"]+)"', answer.text)
        assert polls is not None
        await office.world.run_jobs()
        assert (await client.get(polls[1], headers=fragment)).headers["hx-trigger"] == "papers-read"
        rows = await client.get(asks[1], headers=fragment)
        assert "scan.pdf" in rows.text
        assert 'type="search"' not in rows.text, "what is typed stays"
        assert re.search(
            r'id="intake-filters" hx-swap-oob="true".*?ui-filter-count">1<', rows.text, re.DOTALL
        )
        assert "hx-swap-oob" not in (await client.get(f"{office.base}/quick-entry")).text
        refused = await client.post(
            f"{office.base}/quick-entry", files=parts({"empty.pdf": b""}), headers=fragment
        )
        assert refused.headers["hx-trigger"] == "papers-read", "nothing of it is read"


async def test_without_script_the_browser_is_sent_to_the_page_of_results(office: Office) -> None:
    async with sign_in(office.world, office.entrepreneur) as client:
        answer = await client.post("/hand-in", files=parts({"a.xml": a_ubl(customer=US)}))
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/hand-in/uploads/")
        assert (await client.get(answer.headers["location"])).status_code == 200
        nothing = await client.post("/hand-in", data={"x": "y"})
        assert (nothing.status_code, nothing.headers["location"]) == (303, "/hand-in")


async def test_bytes_are_stored_and_a_job_written_before_anything_is_read(office: Office) -> None:
    async with sign_in(office.world, office.accountant) as client:
        await client.post(f"{office.base}/quick-entry", files=parts({"a.xml": a_ubl(customer=US)}))
    async with office.world.as_system() as session:
        [row] = await session.scalars(sa.select(IntakeFile))
        [job] = await session.scalars(sa.select(JobRow).where(JobRow.name == "intake.read_upload"))
    assert row.state == "received"
    assert await office.world.tools.store.get(office.company.id, row.sha256) == a_ubl(customer=US)
    assert job.done_at is None
    assert job.company_id == office.company.id


async def test_30_mb_are_refused_by_name_and_the_rest_goes_through(office: Office) -> None:
    files = {"large.pdf": b"%PDF-" + bytes(30 * 1024 * 1024), "small.xml": a_ubl(customer=US)}
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post(
            f"{office.base}/quick-entry", files=parts(files), headers={"HX-Request": "true"}
        )
        assert "large.pdf" in answer.text
        assert "at most 25 MB are taken" in answer.text
    await office.world.run_jobs()
    assert await office.count(Document) == 1


async def test_who_may_not_hand_in_and_the_wrong_side(office: Office) -> None:
    world = office.world
    files = parts({"a.xml": a_ubl(customer=US)})
    reader = await a_member(world, office.firm, office.company.id, Role.READER)
    async with sign_in(world, reader) as client:
        assert (await client.get("/hand-in")).status_code == 403
        assert (await client.post("/hand-in", files=files)).status_code == 403
        assert (await client.post(f"{office.base}/quick-entry", files=files)).status_code == 404
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(world, other)
    async with sign_in(world, stranger, "ardennes.localhost") as client:
        assert (await client.post(f"{office.base}/quick-entry", files=files)).status_code == 404
        ended = await a_dossier(world, other, office.company, access=Access.ENDED, code=None)
        refused = await client.post(f"/dossiers/{ended.id}/quick-entry", files=files)
        assert refused.status_code == 409
        assert "no access to this company" in refused.text
    async with world.client() as client:
        await client.get("/sign-in")
        answer = await client.post(
            "/hand-in", files=files, headers={"x-csrf-token": client.cookies["visitor"]}
        )
        assert answer.status_code == 401
    assert await office.count(IntakeFile) == 0


async def test_a_paper_is_entered_beside_its_page_and_the_next_one_comes(office: Office) -> None:
    await office.hand_in({"1.pdf": a_pdf("one"), "2.pdf": a_pdf("two")})
    assert await quick_entry_count(office) == 2
    async with sign_in(office.world, office.accountant) as client:
        path = await one_waiting(client, f"{office.base}/quick-entry")
        page = await client.get(path)
        assert f"{path}/pages/1" in page.text
        wrong = await client.post(path, data={"kind": "purchase_invoice", "number": "F1"})
        assert wrong.status_code == 422
        assert "Enter the total, VAT included." in wrong.text
        assert 'value="F1"' in wrong.text
        entry = {
            "kind": "expense_receipt",
            "issue_date": "2026-11-02",
            "counterparty_name": "Station",
            "net_21": "10",
        }
        answer = await client.post(path, data=entry)
        assert answer.status_code == 303
        following = answer.headers["location"]
        assert re.fullmatch(rf"{office.base}/quick-entry/[0-9a-f-]{{36}}", following)
        assert following != path
        again = await client.post(path, data=entry)
        assert again.status_code == 409
        assert await quick_entry_count(office) == 1
    async with office.world.as_system() as session:
        [document] = await session.scalars(sa.select(Document))
        actions = list(await session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))
    assert (document.kind, document.origin, str(document.gross)) == ("expense_receipt", "pdf", "12.10")
    assert actions[-2:] == ["documents.arrived", "intake.processed"]


async def test_entering_what_is_there_already_shows_it_and_keeps_what_was_typed(office: Office) -> None:
    await office.purchase("F-17", issued="2026-10-12")
    await office.hand_in({"F-17 scan.pdf": a_pdf()})
    entry = {
        "kind": "purchase_invoice",
        "number": "f 17",
        "issue_date": "2026-10-12",
        "counterparty_name": "Telecom",
        "counterparty_number": "0417.497.106",
        "net_21": "100",
    }
    async with sign_in(office.world, office.entrepreneur) as client:
        path = await one_waiting(client, "/hand-in")
        answer = await client.post(path, data=entry)
        assert answer.status_code == 422
        assert "is there already" in answer.text
        assert 'value="f 17"' in answer.text
        assert (await client.get(path)).text.count("Save and next") == 1, "the file still waits"
    assert await office.count(Document) == 1


async def test_a_file_is_rejected_with_a_reason_and_taken_back(office: Office) -> None:
    await office.hand_in({"spam.pdf": a_pdf()})
    async with sign_in(office.world, office.entrepreneur) as client:
        path = await one_waiting(client, "/hand-in")
        without = await client.post(f"{path}/reject", data={"reason": ""})
        assert without.headers["location"] == path
        answer = await client.post(f"{path}/reject", data={"reason": "an advertisement"})
        assert answer.headers["location"] == "/hand-in"
        assert await quick_entry_count(office) == 0
        assert "Rejected: an advertisement" in (await client.get("/hand-in?status=rejected")).text
        assert "Take it back" in (await client.get(path)).text
        await client.post(f"{path}/undo")
        assert await quick_entry_count(office) == 1
        assert (await client.post(f"{path}/undo")).status_code == 409
        assert "Save and next" in (await client.get(path)).text


async def test_a_person_says_whether_a_ubl_was_sold_or_bought(office: Office) -> None:
    pdf = a_pdf("beside")
    await office.hand_in({"x.xml": a_ubl(number="N1"), "x.pdf": pdf})
    async with sign_in(office.world, office.accountant) as client:
        path = await one_waiting(client, f"{office.base}/quick-entry")
        page = await client.get(path)
        assert "Neither the supplier (Telecom NV) nor the customer (Bakkerij Peeters)" in page.text
        assert "0417.497.106" in page.text
        assert (await client.get(f"{path}/pages/1")).status_code == 200
        assert (await client.post(path, data={"direction": "stolen"})).status_code == 400
        answer = await client.post(path, data={"direction": "bought"})
        assert answer.headers["location"] == f"{office.base}/quick-entry"
    async with office.world.as_system() as session:
        [document] = await session.scalars(sa.select(Document))
    assert (document.kind, document.counterparty_name, document.pdf_origin) == (
        "purchase_invoice",
        "Telecom NV",
        "received",
    )
    assert await office.world.tools.store.get(office.company.id, document.pdf_sha256 or "") == pdf


async def test_a_coda_file_with_a_question_is_taken_all_the_same(office: Office) -> None:
    await office.hand_in({"a.cod": a_coda()})
    await office.hand_in({"b.cod": a_coda(amounts=("1.00",))})
    async with sign_in(office.world, office.accountant) as client:
        path = await one_waiting(client, f"{office.base}/quick-entry")
        assert "Look at the statement that is there" in (await client.get(path)).text
        answer = await client.post(path)
        assert answer.status_code == 303
    assert await office.count(Statement) == 2


async def test_the_file_leaves_as_a_download_and_an_unknown_one_is_not_found(office: Office) -> None:
    await office.hand_in({"note.html.pdf": a_pdf()})
    async with sign_in(office.world, office.accountant) as client:
        path = await one_waiting(client, f"{office.base}/quick-entry")
        answer = await client.get(f"{path}/file")
        assert answer.headers["content-disposition"].startswith('attachment; filename="note.html.pdf"')
        assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        elsewhere = path.rpartition("/")[0] + "/0199aaaa-0000-7000-8000-000000000000"
        for sub in ("", "/file", "/pages/1"):
            assert (await client.get(elsewhere + sub)).status_code == 404


async def test_the_counter_follows_access_that_opens_and_ends(office: Office) -> None:
    await office.hand_in({"a.pdf": a_pdf()})
    world = office.world
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    new = await a_dossier(world, other, office.company, code=None, access=Access.GRANTED)
    async with world.as_system() as session:
        opened = DossierOpened(dossier_id=new.id, company_id=office.company.id)
        await publish(session, system_actor("test"), opened)
    await world.run_jobs()
    async with world.as_system() as session:
        counts = (await session.scalars(sa.select(Dossier.quick_entry_count))).all()
        assert sorted(counts) == [1, 1]
        await session.execute(sa.update(Dossier).where(Dossier.id == new.id).values(access=Access.ENDED))
        ended = AccessEnded(dossier_id=new.id, company_id=office.company.id)
        await publish(session, system_actor("test"), ended)
    await world.run_jobs()
    async with world.as_system() as session:
        found = await session.get(Dossier, new.id)
    assert found is not None
    assert found.quick_entry_count == 0
