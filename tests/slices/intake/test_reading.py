"""What becomes of files that are handed in."""

import io
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal.features.banking.models import Statement
from portal.features.documents.domain.documents import Issuer
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.models import IntakeFile
from portal.features.intake.service import reception
from portal.features.intake.service.lookups import Outcome
from portal.features.intake.service.reception import Incoming
from portal.features.items.models import DossierItem
from portal.jobs.models import JobRow
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.kinds import Kind
from portal.kernel.language import Language, use_language
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member
from tests.support.builders_papers import (
    SUPPLIER,
    a_coda,
    a_pdf,
    a_png,
    a_ubl,
    a_zip,
    hand_in,
    results,
)
from tests.support.world import World

US = "0999888767"


class Scene:
    """A firm with a dossier on company 0999.888.767 and its accountant."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def set(self) -> "Scene":
        self.firm = await a_firm(self.world)
        self.company = await a_company(self.world, self.firm, number=US)
        self.dossier = await a_dossier(self.world, self.firm, self.company)
        self.accountant = await a_staff_member(self.world, self.firm, Role.ACCOUNTANT)
        return self

    async def hand_in(self, **files: bytes) -> list[Outcome]:
        named = {name.replace("__", "."): data for name, data in files.items()}
        return list((await hand_in(self.world, self.accountant, named, self.dossier.id)).outcomes)

    async def one(self, name: str, data: bytes) -> Outcome:
        upload = await hand_in(self.world, self.accountant, {name: data}, self.dossier.id)
        [outcome] = upload.outcomes
        return outcome

    async def count(self, table: type) -> int:
        async with self.world.as_system() as session:
            return await session.scalar(sa.select(sa.func.count()).select_from(table)) or 0


@pytest.fixture
async def scene(world: World) -> Scene:
    return await Scene(world).set()


async def test_our_number_as_customer_makes_a_purchase_with_its_item_and_its_embedded_pdf(
    scene: Scene,
) -> None:
    pdf = a_pdf()
    outcome = await scene.one("7205519.xml", a_ubl(customer=US, pdf=pdf))
    assert outcome.file.state is IntakeState.PROCESSED
    assert outcome.document is not None
    document = outcome.document
    assert (document.kind, document.issuer) == (Kind.PURCHASE_INVOICE, Issuer.COUNTERPARTY)
    assert (document.number, str(document.gross), document.counterparty_name) == (
        "7205519",
        "121.00",
        "Telecom NV",
    )
    assert document.counterparty_number == SUPPLIER
    assert document.structured_communication == "090933755493"
    assert document.pdf_origin == "embedded"
    assert document.pdf_sha256 is not None
    assert await scene.world.tools.store.get(scene.company.id, document.pdf_sha256) == pdf
    async with scene.world.as_system() as session:
        [item] = (await session.scalars(sa.select(DossierItem))).all()
    assert (item.dossier_id, item.document_id, item.state) == (scene.dossier.id, document.id, "ready")


async def test_our_number_as_supplier_makes_a_sale_and_a_credit_note_root_a_credit_note(scene: Scene) -> None:
    [sale, credit] = await scene.hand_in(
        a__xml=a_ubl(supplier=US, number="V01-1"), b__xml=a_ubl(supplier=US, number="V01-2", credit=True)
    )
    assert sale.document is not None
    assert credit.document is not None
    assert (sale.document.kind, sale.document.issuer) == (Kind.SALES_INVOICE, Issuer.US)
    assert credit.document.kind is Kind.SALES_CREDIT_NOTE


async def test_self_billing_with_us_as_supplier_is_a_sale_that_the_counterparty_issued(scene: Scene) -> None:
    outcome = await scene.one("389.xml", a_ubl(supplier=US, type_code="389"))
    assert outcome.document is not None
    assert (outcome.document.kind, outcome.document.issuer) == (Kind.SALES_INVOICE, Issuer.COUNTERPARTY)


@pytest.mark.parametrize(("supplier", "reason"), [(SUPPLIER, "ubl.neither"), (US, "ubl.both")])
async def test_both_or_neither_is_a_question_in_quick_entry(scene: Scene, supplier: str, reason: str) -> None:
    customer = US if supplier == US else "0202239951"
    outcome = await scene.one("who.xml", a_ubl(supplier=supplier, customer=customer))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, reason)
    assert await scene.count(Document) == 0
    async with scene.world.as_system() as session:
        dossier = await session.get(type(scene.dossier), scene.dossier.id)
        assert dossier is not None
        assert dossier.quick_entry_count == 1


async def test_the_same_bytes_again_are_flagged_with_a_link_and_never_doubled(scene: Scene) -> None:
    first = await scene.one("a.xml", a_ubl(customer=US))
    again = await scene.one("b.xml", a_ubl(customer=US))
    assert again.file.reason == "already"
    assert again.document is not None
    assert first.document is not None
    assert again.document.id == first.document.id
    assert await scene.count(Document) == 1


async def test_the_same_supplier_number_date_and_type_in_other_bytes_are_the_same_document(
    scene: Scene,
) -> None:
    await scene.one("a.xml", a_ubl(customer=US))
    again = await scene.one("b.xml", a_ubl(customer=US, note="sent again"))
    assert again.file.reason == "already"
    assert await scene.count(Document) == 1
    other_type = await scene.one("c.xml", a_ubl(customer=US, credit=True))
    assert other_type.file.reason is None
    assert await scene.count(Document) == 2


async def test_a_loose_pdf_of_the_same_base_name_joins_its_ubl(scene: Scene) -> None:
    pdf = a_pdf("beside")
    [paper, invoice] = await scene.hand_in(INV_7__PDF=pdf, inv_7__xml=a_ubl(customer=US))
    assert invoice.document is not None
    assert (paper.file.state, paper.file.reason) == (IntakeState.PROCESSED, "joined")
    assert invoice.document.pdf_origin == "received"
    assert invoice.document.pdf_sha256 is not None
    assert await scene.world.tools.store.get(scene.company.id, invoice.document.pdf_sha256) == pdf


async def test_a_pdf_whose_ubl_is_refused_waits_in_quick_entry_by_itself(scene: Scene) -> None:
    [invoice, paper] = await scene.hand_in(x__xml=b"<Invoice>", x__pdf=a_pdf())
    assert invoice.file.state is IntakeState.REJECTED
    assert paper.file.state is IntakeState.TO_PROCESS


async def test_a_pdf_and_a_photo_wait_in_quick_entry_and_wait_only_once(scene: Scene) -> None:
    scan = a_pdf(pages=3)
    [pdf, photo] = await scene.hand_in(scan__pdf=scan, photo__png=a_png())
    assert (pdf.file.state, pdf.file.hints) == (IntakeState.TO_PROCESS, {"pages": 3})
    assert photo.file.state is IntakeState.TO_PROCESS
    again = await scene.one("again.pdf", scan)
    assert (again.file.state, again.file.reason) == (IntakeState.PROCESSED, "waits_already")


async def test_a_coda_file_becomes_statements_with_items_that_never_wait(scene: Scene) -> None:
    outcome = await scene.one("12298862.BC2", a_coda(days=3))
    assert outcome.file.state is IntakeState.PROCESSED
    assert [statement.coda_number for statement, _account in outcome.statements] == [44, 45, 46]
    assert all(statement.derived for statement, _account in outcome.statements)
    assert {account.iban for _statement, account in outcome.statements} == {"BE68539007547034"}
    async with scene.world.as_system() as session:
        items = (await session.scalars(sa.select(DossierItem))).all()
    assert sorted((item.kind, item.state, item.number) for item in items) == [
        ("statement", "ready", "2026/044"),
        ("statement", "ready", "2026/045"),
        ("statement", "ready", "2026/046"),
    ]


async def test_a_file_of_one_statement_is_kept_byte_for_byte(scene: Scene) -> None:
    data = a_coda()
    outcome = await scene.one("a.cod", data)
    [(statement, _account)] = outcome.statements
    assert not statement.derived
    assert await scene.world.tools.store.get(scene.company.id, statement.file_sha256) == data


async def test_statements_that_are_there_already_are_not_taken_again(scene: Scene) -> None:
    await scene.one("week1.cod", a_coda(days=2))
    again = await scene.one("week1 copy.cod", a_coda(days=2))
    assert again.file.reason == "already"
    overlapping = await scene.one("week2.cod", a_coda(days=3))
    assert (overlapping.file.reason, overlapping.file.reason_params) == ("partly", {"known": 2, "count": 3})
    assert await scene.count(Statement) == 3


async def test_wrong_totals_are_refused_with_record_expected_and_found(scene: Scene) -> None:
    lines = a_coda().decode().split("\r\n")
    lines[1] = lines[1].replace("0000001000000", "0000001000010", 1)  # the old balance, one cent up
    outcome = await scene.one("wrong.cod", "\r\n".join(lines).encode())
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.REJECTED, "coda.R1")
    assert "€1,149.51" in outcome.why
    assert "€1,149.50" in outcome.why
    assert "Record" in outcome.why
    with use_language(Language.FR):
        [told] = (
            await results(scene.world, scene.accountant, outcome.file.upload_id, scene.dossier.id)
        ).outcomes
        assert "1149,51 €" in "".join(told.why.split("\u202f")).replace("\xa0", " ")
    assert await scene.count(Statement) == 0


async def test_the_same_number_with_other_content_is_a_question(scene: Scene) -> None:
    await scene.one("a.cod", a_coda())
    outcome = await scene.one("b.cod", a_coda(amounts=("250.00", "-99.00")))
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.TO_PROCESS, "coda.conflict")
    assert "44" in outcome.why
    assert await scene.count(Statement) == 1


async def test_a_coda_file_that_names_another_company_is_a_question_unless_the_account_is_known(
    scene: Scene,
) -> None:
    strange = await scene.one("a.cod", a_coda(company_number="0202239951"))
    assert (strange.file.state, strange.file.reason) == (IntakeState.TO_PROCESS, "coda.other_company")
    assert "0202.239.951" in strange.why
    ours = await scene.one("b.cod", a_coda(company_number=US))
    assert ours.file.state is IntakeState.PROCESSED
    known_account = await scene.one("c.cod", a_coda(first=45, old="1149.50", company_number="0202239951"))
    assert known_account.file.state is IntakeState.PROCESSED


async def test_a_zip_is_opened_and_its_bad_members_are_refused_one_by_one(scene: Scene) -> None:
    pdf = a_pdf("in the zip")
    data = a_zip(
        {
            "in/inv1.xml": a_ubl(customer=US),
            "in/inv1.pdf": pdf,
            "../outside.xml": a_ubl(customer=US, number="2"),
            "bank.cod": a_coda(),
            "empty.pdf": b"",
            "inner.zip": a_zip({"a.txt": b"a"}),
            "letter.docx": a_zip({"[Content_Types].xml": b"<Types/>"}),
        }
    )
    upload = await hand_in(scene.world, scene.accountant, {"all.zip": data}, scene.dossier.id)
    [archive] = upload.outcomes
    assert archive.file.state is IntakeState.SPLIT
    became = {one.file.name: (one.file.state.value, one.file.reason) for one in archive.members}
    assert became == {
        "inv1.xml": ("processed", None),
        "inv1.pdf": ("processed", "joined"),
        "outside.xml": ("rejected", "zip.path"),
        "bank.cod": ("processed", None),
        "empty.pdf": ("rejected", "empty"),
        "inner.zip": ("rejected", "zip.nested"),
        "letter.docx": ("rejected", "office"),
    }
    assert (upload.done, upload.total, upload.settled) == (7, 7, True)


async def test_a_zip_with_a_password_or_a_bomb_is_refused_with_a_reason(scene: Scene) -> None:
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.pdf", bytes(20 * 1024 * 1024))
    locked = bytearray(a_zip({"a.pdf": a_pdf()}))
    locked[6] |= 1
    central = locked.index(b"PK\x01\x02")
    locked[central + 8] |= 1
    [bombed, closed, broken] = await scene.hand_in(
        bomb__zip=bomb.getvalue(), locked__zip=bytes(locked), broken__zip=b"PK\x03\x04 and then nothing"
    )
    assert [one.file.reason for one in bombed.members] == ["zip.ratio"]
    assert [one.file.reason for one in closed.members] == ["zip.encrypted"]
    assert (broken.file.state, broken.file.reason) == (IntakeState.REJECTED, "zip.unknown")


async def test_a_doctype_is_refused_with_its_line(scene: Scene) -> None:
    data = (
        b'<?xml version="1.0"?>\n<!DOCTYPE Invoice [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n'
        + a_ubl()[39:]
    )
    outcome = await scene.one("evil.xml", data)
    assert (outcome.file.state, outcome.file.reason) == (IntakeState.REJECTED, "ubl.doctype")
    assert outcome.why.startswith("Line 2:")


async def test_broken_xml_is_refused_with_its_line_and_nothing_of_the_parsers_english(scene: Scene) -> None:
    outcome = await scene.one("cut.xml", a_ubl().replace(b"</cbc:ID>", b"</cbc:IX>", 1))
    assert outcome.file.reason == "ubl.not_xml"
    assert outcome.why.startswith("Line ")
    assert "mismatch" not in outcome.why


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("empty.pdf", b"", "empty"),
        ("page.html", b"<html><body>Hi</body></html>", "kind.web_page"),
        ("cut.xml", b"<?xml version='1.0'?><Invoice", "ubl.not_xml"),
        ("no-date.xml", a_ubl().replace(b"2026-10-30", b"30/10/2026"), "ubl.not_a_date"),
        ("no-number.xml", a_ubl().replace(b"<cbc:ID>7205519</cbc:ID><cbc:Is", b"<cbc:Is"), "ubl.missing"),
        ("letter.doc", b"\xd0\xcf\x11\xe0\x00 something", "unknown"),
        ("half.pdf", b"%PDF-1.7\nnothing more", "damaged"),
        ("photo.jpg", b"\xff\xd8\xff\xe0 not really", "photo.damaged"),
        ("short.cod", b"0000002112612305        00", "coda."),
    ],
)
async def test_what_cannot_be_taken_says_why(scene: Scene, name: str, data: bytes, reason: str) -> None:
    good = a_ubl(customer=US, number="good")
    upload = await hand_in(scene.world, scene.accountant, {name: data, "good.xml": good}, scene.dossier.id)
    bad, other = upload.outcomes
    assert bad.file.state is IntakeState.REJECTED
    assert bad.file.reason is not None
    assert bad.file.reason.startswith(reason)
    assert len(bad.why) > 20
    assert "%(" not in bad.why
    assert other.file.state is IntakeState.PROCESSED


async def test_a_file_over_the_limit_is_named_and_the_others_go_through(scene: Scene) -> None:
    upload = await hand_in(
        scene.world,
        scene.accountant,
        {"large.pdf": b"%PDF-" + bytes(30 * 1024 * 1024), "good.xml": a_ubl(customer=US)},
        scene.dossier.id,
    )
    large, good = upload.outcomes
    assert (large.file.name, large.file.reason) == ("large.pdf", "too_large")
    assert "31 MB" in large.why
    assert "25 MB" in large.why
    assert good.file.state is IntakeState.PROCESSED


async def test_the_reading_job_run_again_doubles_nothing(scene: Scene) -> None:
    world = scene.world
    files = {"all.zip": a_zip({"a.xml": a_ubl(customer=US), "b.cod": a_coda(days=2), "c.pdf": a_pdf()})}
    await hand_in(world, scene.accountant, files, scene.dossier.id)
    before = [await scene.count(table) for table in (Document, Statement, IntakeFile, DossierItem)]
    async with world.as_system() as session:
        await session.execute(sa.update(JobRow).values(done_at=None, lease_until=None, token=None))
    await world.run_jobs()
    assert [await scene.count(table) for table in (Document, Statement, IntakeFile, DossierItem)] == before


async def test_a_file_that_makes_the_reader_stumble_is_set_aside_and_the_others_go_on(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    from datetime import timedelta

    from portal.features.intake.service import contents

    async def stumble(*_args: object, **_more: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(contents, "read_pdf_contents", stumble)
    incoming = [
        Incoming("a.pdf", 9, io.BytesIO(a_pdf()[:9])),
        Incoming("b.xml", 1, io.BytesIO(a_ubl(customer=US))),
    ]
    upload_id = await reception.hand_in(
        scene.world.tools, scene.accountant, incoming, dossier_id=scene.dossier.id
    )
    for _try in range(4):
        await scene.world.run_jobs()
        scene.world.clock.at += timedelta(minutes=5)
    upload = await results(scene.world, scene.accountant, upload_id, scene.dossier.id)
    assert [one.file.reason for one in upload.outcomes] == ["unexpected", None]
    assert await scene.count(Document) == 1


async def test_a_member_hands_in_at_the_own_company(world: World) -> None:
    firm = await a_firm(world)
    company = await a_company(world, firm, number=US, claimed=True)
    dossier = await a_dossier(world, firm, company)
    member = await a_member(world, firm, company.id, Role.CONTRIBUTOR)
    upload = await hand_in(world, member, {"a.xml": a_ubl(customer=US)})
    assert [one.file.state for one in upload.outcomes] == [IntakeState.PROCESSED]
    async with world.as_system() as session:
        [item] = (await session.scalars(sa.select(DossierItem))).all()
    assert item.dossier_id == dossier.id


async def test_who_may_not_is_refused(scene: Scene) -> None:
    world = scene.world
    reader = await a_member(world, scene.firm, scene.company.id, Role.READER)
    with pytest.raises(Forbidden):
        await hand_in(world, reader, {"a.xml": a_ubl(customer=US)})
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(world, other, Role.OWNER)
    with pytest.raises(NotFound):
        await hand_in(world, stranger, {"a.xml": a_ubl(customer=US)}, scene.dossier.id)
    with pytest.raises(Invalid):
        await hand_in(world, scene.accountant, {}, scene.dossier.id)
    requested = await a_dossier(world, other, scene.company, code=None, access=Access.REQUESTED)
    with pytest.raises(Conflict) as refused:
        await hand_in(world, stranger, {"a.xml": a_ubl(customer=US)}, requested.id)
    assert refused.value.code == "no_access"
    assert await scene.count(IntakeFile) == 0


async def test_another_company_and_another_firm_see_nothing_of_an_upload(scene: Scene) -> None:
    world = scene.world
    upload = await hand_in(world, scene.accountant, {"a.pdf": a_pdf()}, scene.dossier.id)
    elsewhere = await a_company(world, scene.firm, "Garage Lambrecht")
    stranger = await a_member(world, scene.firm, elsewhere.id)
    with pytest.raises(NotFound):
        await results(world, stranger, upload.id)
    neighbour = await a_dossier(world, scene.firm, elsewhere, code=None)
    with pytest.raises(NotFound):
        await results(world, scene.accountant, upload.id, neighbour.id)
    contributor = await a_member(world, scene.firm, scene.company.id, Role.CONTRIBUTOR)
    with pytest.raises(NotFound):
        await results(world, contributor, upload.id)
    entrepreneur = await a_member(world, scene.firm, scene.company.id, Role.ENTREPRENEUR)
    assert (await results(world, entrepreneur, upload.id)).total == 1


@pytest.mark.corpus
async def test_real_ubl_of_many_senders_is_taken_asked_about_or_refused_but_never_a_crash(
    scene: Scene, corpus: Path
) -> None:
    found = sorted((corpus / "ubl").rglob("*.xml"), key=lambda path: (path.stat().st_size % 97, path.name))[
        :60
    ]
    files = {f"{place}-{path.name}": path.read_bytes() for place, path in enumerate(found)}
    upload = await hand_in(scene.world, scene.accountant, files, scene.dossier.id)
    states = [one.file.state for one in upload.outcomes]
    assert IntakeState.RECEIVED not in states
    assert "unexpected" not in {one.file.reason for one in upload.outcomes}
    assert states.count(IntakeState.TO_PROCESS) >= 10, "invoices between others wait for a person"
    for one in upload.outcomes:
        assert one.file.state is not IntakeState.REJECTED or len(one.why) > 20, one.file.name
