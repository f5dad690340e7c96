"""A PDF that carries its invoice as data is booked from them and held against its page; any other stays a paper."""

from decimal import Decimal

import pytest
import sqlalchemy as sa
from msgspec.structs import replace

from exports import ubl
from portal.features.documents.models import Document
from portal.features.intake.domain.files import FileKind, IntakeState
from portal.sandbox import read_pdf_contents
from tests.support.builders import sign_in
from tests.support.builders_cii import a_page, an_envelope, cii, page_of
from tests.support.builders_papers import a_pdf, a_ubl, a_zip
from tests.support.builders_scene import US, Office, an_office
from tests.support.cases import case, of_kind
from tests.support.other_forms import (
    a_hybrid,
    an_invoice,
    booked,
    bytes_of,
    codes,
    left,
    office_of,
    one,
    origins,
)
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


@pytest.mark.corpus
async def test_a_pdf_with_its_invoice_inside_is_booked_from_the_data_and_held_against_its_page(
    world: World,
) -> None:
    [paper] = of_kind("K41")
    office = await office_of(world, "0999700311")
    data = paper.read()
    document = await booked(office, "factuur.pdf", data)
    assert (document.number, str(document.gross)) == ("FX-1", "1091.54")
    assert document.original_sha256 == document.pdf_sha256  # the page to look at
    assert {"PAGE-NUMBER", "PAGE-DATE", "PAGE-AMOUNT", "PAGE-VAT-NUMBER"} <= set(
        codes(document)
    )  # a till receipt
    inside = await bytes_of(office, document.ubl_sha256)
    [file] = (await read_pdf_contents(data)).files
    assert (file.name, file.data) == ("factuur.xml", inside)
    manifest, files = await left(office)
    assert (files["ubl"], files["pdf"]) == (inside, data)
    assert origins(manifest) == {"ubl": "received", "pdf": "received"}
    async with sign_in(office.world, office.accountant) as client:
        page = (await client.get(f"{office.base}/documents/{document.id}")).text
        assert "The data say number FX-1; it is not on the page." in page
        picture = await client.get(f"{office.base}/documents/{document.id}/pages/1")
        assert picture.headers["content-type"] == "image/png"


@pytest.mark.corpus
async def test_a_pdf_whose_data_cannot_be_read_stays_a_paper_and_says_so(office: Office) -> None:
    outcome = await one(office, "23.pdf", case("formats/23-hybrid-factur-x.pdf").read())
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "paper.data")
    assert "factur-x.xml" in outcome.why
    assert "IssueDateTime" in outcome.why
    async with sign_in(office.world, office.accountant) as client:
        page = (await client.get(f"{office.base}/quick-entry/{outcome.file.id}")).text
    assert "This PDF carries data (factur-x.xml), and no invoice can be taken from them." in page
    assert 'name="issue_date"' in page


async def test_data_that_agree_with_the_page_have_nothing_said_of_them(office: Office) -> None:
    invoice = an_invoice()
    data = a_hybrid(invoice)
    document = await booked(office, "a.pdf", data)
    assert (codes(document), document.pdf_origin, document.ubl_origin) == ([], "received", "derived")
    manifest, files = await left(office)
    assert files["pdf"] == data
    assert origins(manifest) == {"ubl": "derived", "pdf": "received"}
    assert ubl.read(files["ubl"]).number == invoice.number


async def test_a_page_that_says_another_amount_is_a_finding(office: Office) -> None:
    invoice = an_invoice()
    other = a_page(page_of(replace(invoice, payable=Decimal("1.21"))), {"factur-x.xml": cii(invoice)})
    assert codes(await booked(office, "a.pdf", other)) == ["PAGE-AMOUNT"]
    scan = a_page([], {"factur-x.xml": cii(an_invoice(number="S-1"))})
    assert codes(await booked(office, "b.pdf", scan)) == ["PAGE-PICTURE"]


async def test_what_else_is_inside_a_pdf_is_named_and_it_stays_a_paper(office: Office) -> None:
    order = b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>'
    outcome = await one(office, "a.pdf", a_page(["Bestelling"], {"order-x.xml": order, "plan.csv": b"a;b"}))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "paper.inside")
    assert "order-x.xml, plan.csv" in outcome.why
    plain = await one(office, "b.pdf", a_pdf())
    assert plain.file.reason is None


async def test_whose_a_pdf_is_may_be_asked_and_is_answered_as_of_any_invoice(office: Office) -> None:
    invoice = ubl.read(a_ubl())
    outcome = await one(office, "a.pdf", a_hybrid(invoice))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "ubl.neither")
    path = f"{office.base}/quick-entry/{outcome.file.id}"
    async with sign_in(office.world, office.accountant) as client:
        page = (await client.get(path)).text
        assert "We bought this" in page
        assert f"{path}/pages/1" in page
        assert (await client.get(f"{path}/pages/1")).status_code == 200
        assert (await client.post(path, data={"direction": "bought"})).status_code == 303
    async with office.world.as_system() as session:
        [document] = await session.scalars(sa.select(Document))
    assert (document.ubl_origin, document.original_type) == ("derived", FileKind.PDF)
    assert ubl.read(await bytes_of(office, document.ubl_sha256)).number == invoice.number


async def test_values_that_cannot_be_booked_are_typed_over_beside_the_page(office: Office) -> None:
    wrong = replace(an_invoice(number="W-1"), currency="ZZZ")
    outcome = await one(office, "w.pdf", a_hybrid(wrong))
    assert outcome.file.reason == "ubl.values"
    entry = {
        "kind": "purchase_invoice", "number": "W-1", "issue_date": "2026-10-30", "counterparty_name": "Telecom NV",
        "currency": "EUR", "net_21": "100.00", "tax_21": "21.00", "vat": "several",
    }  # fmt: skip
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post(f"{office.base}/quick-entry/{outcome.file.id}", data=entry)
        assert answer.status_code == 303, answer.text
    _manifest, files = await left(office)
    assert list(files) == ["pdf"]


async def test_a_pdf_with_data_beside_its_ubl_goes_along(office: Office) -> None:
    invoice = an_invoice()
    outcomes = (await office.hand_in({"x.xml": a_ubl(customer=US), "x.pdf": a_hybrid(invoice)})).outcomes
    assert [one.file.reason for one in outcomes] == [None, "joined"]
    assert await office.count(Document) == 1


async def test_a_pdf_with_data_comes_in_a_zip(office: Office) -> None:
    outcome = await one(
        office,
        "a.zip",
        a_zip({"map/a.pdf": a_hybrid(an_invoice()), "b.xml": an_envelope(a_ubl(customer=US, number="2"))}),
    )
    assert sorted(one.document.number for one in outcome.members if one.document) == ["2", "7205519"]
