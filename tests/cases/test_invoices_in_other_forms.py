"""Invoices that come in an envelope, as CII or inside a PDF are booked; the original is kept, and what leaves is what was inside."""

import re
from decimal import Decimal
from itertools import permutations

import pytest
import sqlalchemy as sa

from exports import ubl
from portal.features.banking.models import Statement
from portal.features.documents.models import Document
from portal.features.documents.service import drawings
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.models import IntakeFile
from tests.support.builders import sign_in
from tests.support.builders_cii import an_envelope, cii
from tests.support.builders_papers import SUPPLIER, a_pdf, a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.cases import case, of_kind
from tests.support.erasing import erase, everything_written, finish, stored
from tests.support.inbox import became, dropped, inbox_rows, intake_rows
from tests.support.other_forms import (
    a_hybrid,
    an_invoice,
    bare,
    booked,
    bytes_of,
    codes,
    left,
    office_of,
    one,
    origins,
)
from tests.support.world import World

IBAN = b"<cac:PayeeFinancialAccount><cbc:ID>BE68539007547034</cbc:ID></cac:PayeeFinancialAccount></cac:PaymentMeans>"


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


# ── in an envelope ───────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.corpus
async def test_an_envelope_is_kept_and_the_invoice_inside_leaves_byte_for_byte(world: World) -> None:
    [envelope] = of_kind("K40")
    office = await office_of(world, "0999700212")
    data = envelope.read()
    document = await booked(office, "bericht.xml", data)
    assert (document.number, document.counterparty_name) == ("SB-1", "Molens van Deinze")
    assert await bytes_of(office, document.original_sha256) == data
    inside = await bytes_of(office, document.ubl_sha256)
    assert inside in data
    assert inside.startswith(b"<Invoice")
    assert inside.endswith(b"</Invoice>")
    assert (document.ubl_origin, document.ubl_size) == ("embedded", len(inside))
    manifest, files = await left(office)
    assert files["ubl"] == inside
    assert origins(manifest)["ubl"] == "received"


@pytest.mark.corpus
async def test_the_pages_give_both_files_and_what_the_envelope_says(world: World) -> None:
    office = await office_of(world, "0712345630")
    data = case("formats/04-sbdh-envelope.xml").read()
    document = await booked(office, "04.xml", data)
    path = f"{office.base}/documents/{document.id}"
    async with sign_in(office.world, office.accountant) as client:
        page = (await client.get(path)).text
        assert "Technical details" in page
        for said in ("0208:0456789133", "0208:0712345630", "5d3b"):
            assert said in page
        assert (await client.get(f"{path}/files/original")).content == data
        inside = (await client.get(f"{path}/files/ubl")).content
        assert inside in data
        assert ubl.read(inside).number == "SB-4"


@pytest.mark.parametrize("prefix", ["sh", "ns2"])
async def test_whatever_prefix_an_envelope_has(office: Office, prefix: str) -> None:
    document = await booked(
        office, "a.xml", an_envelope(a_ubl(customer=US), receiver=f"0208:{US}", prefix=prefix)
    )
    assert await bytes_of(office, document.ubl_sha256) == bare(a_ubl(customer=US))
    assert codes(document) == []


async def test_what_does_not_stand_alone_is_completed_and_leaves_as_derived(office: Office) -> None:
    data = an_envelope(a_ubl(customer=US), receiver=f"0208:{US}", prefix="x").decode()
    [declared] = re.findall(r"<Invoice( [^>]*)>", data, re.DOTALL)
    data = data.replace(declared, "").replace(
        "<x:StandardBusinessDocument ", f"<x:StandardBusinessDocument{declared} ", 1
    )
    document = await booked(office, "a.xml", data.encode())
    assert document.ubl_origin == "derived"
    manifest, files = await left(office)
    assert origins(manifest)["ubl"] == "derived"
    assert ubl.read(files["ubl"]) == ubl.read(a_ubl(customer=US))


async def test_an_envelope_that_contradicts_its_invoice_is_booked_with_a_finding(office: Office) -> None:
    data = an_envelope(a_ubl(customer=US), receiver="0208:0202239951", kind="CreditNote")
    document = await booked(office, "a.xml", data)
    assert codes(document) == ["ENVELOPE-TYPE", "ENVELOPE-RECEIVER"]
    async with sign_in(office.world, office.accountant) as client:
        page = (await client.get(f"{office.base}/documents/{document.id}")).text
    assert "The envelope announces CreditNote, but Invoice is inside." in page
    assert "The envelope is addressed to 0208:0202239951" in page


async def test_several_documents_in_one_envelope_become_one_each(office: Office) -> None:
    data = an_envelope(*(a_ubl(customer=US, number=f"F-{number}") for number in range(1, 13)))
    outcome = await one(office, "alles.xml", data)
    assert outcome.file.state is IntakeState.SPLIT
    assert [one.document.number for one in outcome.members if one.document] == [
        f"F-{n}" for n in range(1, 13)
    ]
    assert [one.file.name for one in outcome.members][:2] == ["alles-1.xml", "alles-2.xml"]


async def test_an_envelope_that_holds_no_invoice_is_refused_by_what_is_in_it(office: Office) -> None:
    order = b'<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>'
    outcomes = (
        await office.hand_in(
            {"a.xml": an_envelope(order), "b.xml": an_envelope(b"<x/>"), "c.xml": an_envelope()}
        )
    ).outcomes
    assert [one.file.reason for one in outcomes] == ["xml.order", "ubl.enclosed", "ubl.empty_envelope"]
    assert all(one.file.state is IntakeState.REJECTED and "%" not in one.why for one in outcomes)


async def test_an_invoice_out_of_an_envelope_is_erased_with_everything_it_said(office: Office) -> None:
    data = an_envelope(a_ubl(customer=US, number="Zeepaard-1"), instance="Zeepaard-9")
    document = await booked(office, "Zeepaard.xml", data)
    assert document.ubl_sha256 in await stored(office)
    await erase(office, f"{office.base}/documents/{document.id}")
    await finish(office.world)
    assert not {document.original_sha256, document.ubl_sha256} & await stored(office)
    assert "Zeepaard" not in await everything_written(office.world)


# ── as CII ───────────────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.corpus
@pytest.mark.parametrize("name", ["formats/20-cii-invoice.xml", "55-cii.xml"])
async def test_a_cii_without_what_no_invoice_is_without_is_refused_by_what_is_missing(
    office: Office, name: str
) -> None:
    outcome = await one(office, "20.xml", case(name).read())
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.REJECTED, "ubl.missing")
    assert "IssueDateTime" in outcome.why


async def test_a_cii_is_booked_kept_and_leaves_as_ubl_made_of_it(office: Office) -> None:
    invoice = an_invoice(number="CII-20")
    data = cii(invoice, "EN 16931")
    document = await booked(office, "cii.xml", data)
    assert (document.number, str(document.gross), document.counterparty_number) == (
        "CII-20",
        "121.00",
        SUPPLIER,
    )
    assert document.structured_communication == "090933755493"
    assert codes(document) == []
    assert await bytes_of(office, document.original_sha256) == data
    manifest, files = await left(office)
    assert origins(manifest)["ubl"] == "derived"
    again = ubl.read(files["ubl"])
    assert (again.number, again.lines, again.payable) == (invoice.number, invoice.lines, invoice.payable)


async def test_a_cii_has_pages_drawn_from_what_it_says(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn: list[str] = []

    async def draw(html: str, *_more: object) -> bytes:
        drawn.append(html)
        return a_pdf()

    monkeypatch.setattr(drawings, "draw", draw)
    for profile in ("EN 16931", "BASIC WL"):
        await booked(office, f"{profile}.xml", cii(an_invoice(number=f"CII {profile}"), profile))
    office.world.clock.at += drawings.drawing_pause(0)
    await office.world.run_jobs()
    assert sorted(
        number for html in drawn for number in re.findall(r"CII (?:EN 16931|BASIC WL)", html)[:1]
    ) == [
        "CII BASIC WL",
        "CII EN 16931",
    ]


@pytest.mark.parametrize("sign", [1, -1])
async def test_a_credit_note_as_cii_is_one(office: Office, sign: int) -> None:
    credit = an_invoice(credit=True, net=f"{100 * sign}.00", tax=f"{21 * sign}.00")
    document = await booked(office, "c.xml", cii(credit))
    assert (document.kind.value, document.gross) == ("purchase_credit_note", Decimal(121 * sign))


async def test_a_profile_without_lines_is_booked_and_the_original_leaves(office: Office) -> None:
    data = cii(an_invoice(), "BASIC WL")
    document = await booked(office, "wl.xml", data)
    assert (document.ubl_sha256, len(document.tax_subtotals)) == (None, 1)
    _manifest, files = await left(office)
    assert files["original"] == data


async def test_a_profile_without_rates_waits_filled_in(office: Office) -> None:
    outcome = await one(office, "min.xml", cii(an_invoice(number="MIN-1"), "MINIMUM"))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "ubl.values")
    async with sign_in(office.world, office.accountant) as client:
        page = (await client.get(f"{office.base}/quick-entry/{outcome.file.id}")).text
    assert "VAT rates: the file gives none, and 21.00 of VAT." in page
    for value in ("MIN-1", "30/10/2026", "Telecom NV", "121"):
        assert f'value="{value}' in page


# ── the same invoice in another form ─────────────────────────────────────────────────────────────────────────────


def forms() -> dict[str, bytes]:
    """One invoice in every form."""
    data = a_ubl(customer=US).replace(b"</cac:PaymentMeans>", IBAN)
    invoice = ubl.read(data)
    return {
        "ubl.xml": data,
        "cii.xml": cii(invoice),
        "envelope.xml": an_envelope(data, receiver=f"0208:{US}"),
        "hybrid.pdf": a_hybrid(invoice),
        "with-ubl.pdf": a_hybrid(invoice, data),
        "minimum.pdf": a_hybrid(invoice, cii(invoice, "BASIC WL")),
    }


@pytest.mark.parametrize("order", list(permutations(forms(), 2)), ids="-".join)
async def test_an_invoice_is_there_already_in_whatever_form_it_comes_again(
    office: Office, order: tuple[str, str]
) -> None:
    given = forms()
    first, second = order
    there = await booked(office, first, given[first])
    again = await one(office, second, given[second])
    assert again.file.reason == "already", again.why
    assert again.document is not None
    assert again.document.id == there.id
    assert await office.count(Document) == 1


async def test_another_amount_in_another_form_is_asked(office: Office) -> None:
    await booked(office, "a.xml", a_ubl(customer=US))
    other = await one(office, "b.pdf", a_hybrid(an_invoice(net="200.00", tax="42.00")))
    assert (other.file.state, other.file.reason) == (IntakeState.TO_PROCESS, "ubl.differs")
    async with sign_in(office.world, office.accountant) as client:
        path = f"{office.base}/quick-entry/{other.file.id}"
        assert "242.00" in (await client.get(path)).text
        assert (await client.post(path, data={"decide": "keep"})).status_code == 303
    assert await office.count(Document) == 2


async def test_a_pdf_of_an_invoice_that_came_without_is_laid_beside_it(office: Office) -> None:
    document = await booked(office, "a.xml", a_ubl(customer=US))
    paper = a_hybrid(an_invoice())
    await one(office, "a.pdf", paper)
    async with office.world.as_system() as session:
        now = await session.get_one(Document, document.id)
    assert await bytes_of(office, now.pdf_sha256) == paper


# ── the office's inbox ───────────────────────────────────────────────────────────────────────────────────────────


async def test_the_inbox_finds_the_company_in_every_form(office: Office) -> None:
    several = an_envelope(*(a_ubl(customer=US, number=f"S-{number}") for number in range(3)))
    files = {
        "hybrid.pdf": a_hybrid(an_invoice(number="H-1")),
        "cii.xml": cii(an_invoice(number="C-1")),
        "envelope.xml": an_envelope(a_ubl(customer=US, number="E-1")),
        "several.xml": several,
        "paper.pdf": a_pdf(),
    }
    await dropped(office.world, office.accountant, files)
    found = await became(office.world)
    assert found.pop("paper.pdf") == ("waiting", "inbox.paper")
    assert found.pop("several.xml") == ("split", None)
    assert set(found.values()) == {("routed", None)}
    assert len(found) == 6
    assert {one.state for one in await intake_rows(office.world)} == {IntakeState.PROCESSED}
    assert await office.count(Document) == 6


async def test_a_pdf_that_does_not_open_waits_for_somebody_as_before(office: Office) -> None:
    await dropped(office.world, office.accountant, {"a.pdf": b"%PDF-1.7\nnothing"})
    [row] = await inbox_rows(office.world)
    assert (row.state, row.reason) == ("waiting", "inbox.paper")


# ── other documents ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("name", "reason", "words"),
    [
        ("formats/19-invoice-response.xml", "xml.response", "message about an invoice"),
        ("formats/21-debit-note.xml", "xml.debit_note", "debit note"),
        ("formats/22-order.xml", "xml.order", "order"),
    ],
)
async def test_another_document_is_refused_by_its_name(
    office: Office, name: str, reason: str, words: str
) -> None:
    outcome = await one(office, "a.xml", case(name).read())
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.REJECTED, reason)
    assert words in outcome.why


@pytest.mark.corpus
async def test_what_is_no_ubl_is_told_what_it_is(office: Office) -> None:
    found = {one.path.name: one.read() for one in of_kind("K84") if one.path.suffix == ".xml"}
    assert set(found) == {"55-cii.xml", "56-order.xml"}
    outcomes = {one.file.name: one.file.reason for one in (await office.hand_in(found)).outcomes}
    assert outcomes == {"55-cii.xml": "ubl.missing", "56-order.xml": "xml.order"}
    assert await office.count(Statement) == await office.count(Document) == 0


@pytest.mark.parametrize(
    "root", ["Reminder", "Statement", "DespatchAdvice", "FatturaElettronica", "Quotation"]
)
async def test_siblings_are_called_by_their_names_too(office: Office, root: str) -> None:
    outcome = await one(
        office, "a.xml", f'<{root} xmlns="urn:oasis:names:specification:ubl:schema:xsd:{root}-2"/>'.encode()
    )
    assert outcome.file.reason is not None
    assert outcome.file.reason.startswith("xml.")
    assert root in outcome.why


async def test_nothing_is_lost_of_what_came(office: Office) -> None:
    given = forms()
    await office.hand_in(given)
    async with office.world.as_system() as session:
        rows = {row.name: row.sha256 for row in await session.scalars(sa.select(IntakeFile))}
    for name, data in given.items():
        assert await bytes_of(office, rows[name]) == data
