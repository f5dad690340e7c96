"""Documents for programs: looking, correcting, deleting, and the lock."""

from collections.abc import AsyncIterator
from datetime import date
from decimal import Decimal

import httpx
import pytest

from portal.features.agents import service as agents
from portal.features.agents.domain import KeyScope
from portal.features.documents.domain.documents import StoredFile
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.totals import Rate
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals
from portal.kernel.actor import Role
from portal.kernel.kinds import Kind
from tests.support.builders import a_firm, a_staff_member
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import Office, an_office
from tests.support.entries import patch_of
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def a_key(office: Office, scope: KeyScope = KeyScope.DOCUMENTS_WRITE) -> str:
    """A key of the firm."""
    owner = await a_staff_member(office.world, office.firm, Role.OWNER)
    async with office.world.as_scope(firm_id=office.firm.id) as session:
        return await agents.new_key(session, owner, "Webshop", scope)


@pytest.fixture
async def client(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    async with office.world.client() as made:
        made.headers["authorization"] = f"Bearer {await a_key(office)}"
        yield made


def path(office: Office, document: Document) -> str:
    return f"/api/v1{office.base}/documents/{document.id}"


async def test_a_program_reads_corrects_and_annotates(office: Office, client: httpx.AsyncClient) -> None:
    document = await a_typed(office)
    shown = await client.get(path(office, document))
    assert shown.status_code == 200
    assert (shown.json()["gross"], shown.json()["locked"], shown.json()["version"]) == ("242.00", False, 1)
    answer = await client.patch(
        path(office, document), json={"version": 1, "number": "P2", "amounts": {"net_6": "10"}, "tags": ["a"]}
    )
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert (body["number"], body["net"], body["tax"], body["version"], body["tags"]) == (
        "P2",
        "10.00",
        "0.60",
        2,
        ["a"],
    )
    stale = await client.patch(path(office, document), json={"version": 1, "number": "P3"})
    assert (stale.status_code, stale.json()["code"]) == (409, "changed")
    wrong = await client.patch(path(office, document), json={"amounts": {"net_21": "much"}})
    assert wrong.status_code == 400
    assert "net_21" in wrong.json()["fields"]
    for amounts, field in (
        ({"total": "1.234", "vat": "21"}, "total"),
        ({"total": 1.234, "vat": "21"}, "total"),
        ({"gross": "5"}, "gross"),
    ):
        wrong = await client.patch(path(office, document), json={"amounts": amounts})
        assert (wrong.status_code, list(wrong.json()["fields"])) == (400, [field])
    hidden = b'{"amounts": {"total": 100.000000000000000001, "vat": "21"}}'
    wrong = await client.patch(
        path(office, document), content=hidden, headers={"content-type": "application/json"}
    )
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["total"])
    total = await client.patch(path(office, document), json={"amounts": {"total": 121, "vat": "21"}})
    assert (total.json()["net"], total.json()["gross"]) == ("100.00", "121.00")
    wrong = await client.patch(path(office, document), json={"number": "F\u00001"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (400, ["number"])
    unknown = await client.patch(path(office, document), json={"gross": "1"})
    assert unknown.status_code == 400


async def test_a_locked_document_answers_409_locked_as_problem_json(
    office: Office, client: httpx.AsyncClient
) -> None:
    document = await a_typed(office)
    await office.export()
    for answer in (
        await client.patch(path(office, document), json={"number": "x"}),
        await client.delete(path(office, document)),
    ):
        assert answer.status_code == 409
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["code"] == "locked"
    noted = await client.patch(path(office, document), json={"note": "seen", "payment_state": "paid"})
    assert (noted.status_code, noted.json()["payment_state"], noted.json()["locked"]) == (200, "paid", True)


async def test_a_program_deletes_what_has_not_left_and_need_not_be_kept(
    office: Office, client: httpx.AsyncClient
) -> None:
    document = await office.purchase(issued="2010-03-01")
    assert (await client.delete(path(office, document))).status_code == 204
    assert (await client.get(path(office, document))).status_code == 404


async def test_a_program_finds_dossiers_and_their_documents(
    office: Office, client: httpx.AsyncClient
) -> None:
    document = await a_typed(office)
    found = (await client.get("/api/v1/dossiers")).json()
    assert [(one["id"], one["access"]) for one in found["dossiers"]] == [(str(office.dossier.id), "granted")]
    assert found["next"] is None
    listed = (await client.get(f"/api/v1{office.base}/documents")).json()
    assert [(one["id"], one["number"], one["locked"]) for one in listed["documents"]] == [
        (str(document.id), "P1", False)
    ]
    assert (await client.get(f"/api/v1/dossiers?after={'x' * 50}")).status_code == 200
    assert (await client.get(f"/api/v1/dossiers/{document.id}/documents")).status_code == 404


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"tags": ["a"] * 21}, "tags"),
        ({"tags": ["x" * 41]}, "tags"),
        ({"tags": ["a,b"]}, "tags"),
        ({"tags": [" "]}, "tags"),
        ({"note": "x" * 2001}, "note"),
    ],
)
async def test_a_program_writes_no_tags_or_notes_that_a_page_could_not_keep(
    office: Office, client: httpx.AsyncClient, given: dict[str, object], field: str
) -> None:
    document = await a_typed(office)
    answer = await client.patch(path(office, document), json=given)
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {field}


async def test_a_key_that_reads_does_not_write(office: Office, client: httpx.AsyncClient) -> None:
    document = await a_typed(office)
    client.headers["authorization"] = f"Bearer {await a_key(office, KeyScope.DOCUMENTS_READ)}"
    assert (await client.get(path(office, document))).status_code == 200
    for answer in (
        await client.patch(path(office, document), json={"note": "x"}),
        await client.delete(path(office, document)),
    ):
        assert (answer.status_code, answer.json()["code"]) == (403, "scope")


async def test_no_key_another_firms_key_and_cookies_open_nothing(
    office: Office, client: httpx.AsyncClient
) -> None:
    document = await a_typed(office)
    async with office.world.client() as nobody:
        answer = await nobody.get(path(office, document))
        assert (answer.status_code, answer.json()["code"]) == (401, "revoked")
    await a_firm(office.world, "ardennes", "Bureau Ardennes")
    async with office.world.client("ardennes.localhost") as elsewhere:
        elsewhere.headers["authorization"] = client.headers["authorization"]
        assert (await elsewhere.get(path(office, document))).status_code == 401


async def a_typed(office: Office) -> Document:
    """A purchase typed from a PDF."""
    stored = await office.world.tools.store.put(office.company.id, a_pdf(), media_type="application/pdf")
    entry = Entry(
        kind=Kind.PURCHASE_INVOICE,
        number="P1",
        issue_date=date(2026, 10, 12),
        counterparty_name="Slagerij De Smet",
        rates=(Rate(percent=Decimal(21), taxable=Decimal(200), tax=Decimal(42)),),
    )
    file = StoredFile(sha256=stored.sha256, size=stored.size, name="p.pdf", media_type="application/pdf")
    async with office.world.tools.database.transaction(office.opened) as session:
        taken = await arrivals.enter(
            session, office.accountant, office.company.id, patch_of(entry), file, us="BE:0999888767"
        )
    await office.world.run_jobs()
    return taken.document
