"""Paper as people bring it and as we draw it: scripts, directions, length, several invoices in one file."""

import asyncio
import io
from datetime import timedelta

import pypdfium2
import pytest
import sqlalchemy as sa
from msgspec.structs import replace
from PIL import Image

from exports import ubl
from portal.features.bundles.models import Export
from portal.features.documents.models import Document
from portal.features.documents.service import drawings, lookups, readable
from portal.features.dossiers.domain.dossiers import Access
from portal.features.intake.models import IntakeFile
from portal.kernel.actor import Role
from portal.kernel.language import Language
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_pdf, a_png
from tests.support.builders_scene import Office
from tests.support.cases import of_kind
from tests.support.world import NOW, World
from themes import assets
from themes.environment import TEMPLATES
from themes.plates import on_plate

pytestmark = pytest.mark.corpus


@pytest.fixture
async def office(world: World) -> Office:
    """The office, with the company that the cases are addressed to."""
    firm = await a_firm(world)
    company = await a_company(world, firm, number="0999700212", claimed=True)
    dossier = await a_dossier(world, firm, company, access=Access.GRANTED)
    accountant = await a_staff_member(world, firm, Role.ACCOUNTANT)
    return Office(world, firm, company, dossier, accountant, await a_member(world, firm, company.id))


async def arrived(office: Office, name: str, data: bytes) -> Document:
    document = (await office.hand_in({name: data})).outcomes[0].document
    assert document is not None
    return document


async def drawn(office: Office, document: Document) -> Document:
    office.world.clock.at += timedelta(seconds=5)
    await office.world.run_jobs()
    async with office.world.as_system() as session:
        found = await lookups.by_id(session, document.id)
    assert found is not None
    return found


async def pdf_of(office: Office, document: Document) -> pypdfium2.PdfDocument:
    assert document.pdf_sha256 is not None
    return pypdfium2.PdfDocument(await office.world.tools.store.get(office.company.id, document.pdf_sha256))


def text_of(pdf: pypdfium2.PdfDocument) -> str:
    return "\n".join(page.get_textpage().get_text_range() for page in pdf)


async def drawn_text(html: str, language: Language = Language.NL) -> str:
    data = await drawings.draw(html, NOW, unshown=drawings.unshown(language))
    assert data is not None
    return text_of(pypdfium2.PdfDocument(data))


async def test_every_script_of_a_paper_is_drawn_with_its_letters(office: Office) -> None:
    for case in of_kind("K74"):
        document = await drawn(office, await arrived(office, case.path.name, case.read()))
        text = text_of(await pdf_of(office, document))
        for part in ("شركة", "المطاحن", "株式会社", "Ωμέγα", "小麦粉", "دقيق"):
            assert part in text
        assert "?" not in text
        assert "\u25a1" not in text


@pytest.mark.parametrize(
    "name",
    ["Пекарня Ганна", "Φούρνος Ἑλλάς", "מאפייה שלום", "โรงสีข้าว", "بيت", "中国面粉公司", "臺灣麵粉廠", "한국제분", "Հայկական", "ქართული", "⅓ m² ⌀5 µm ✓ ★", "Łódź Şenol Trường"],
)  # fmt: skip
async def test_names_of_every_script_are_written_out(name: str) -> None:
    text = await drawn_text(f"<meta charset=utf-8><p style='font-family:Inter'>{name}")
    assert sorted("".join(text.split())) == sorted("".join(name.split()))


async def test_signs_that_no_typeface_has_are_boxes_and_said() -> None:
    html = "<meta charset=utf-8><p>Molen \u0378 en \U0003fffd.</p><!--unshown-->"
    text = await drawn_text(html)
    assert "?" not in text
    assert text.count("\u25a1") >= 2
    assert "U+0378" in text


async def test_the_same_scripts_are_the_same_bytes() -> None:
    html = "<meta charset=utf-8><p>شركة 株式会社 Ωμέγα 🍞"
    assert await drawings.draw(html, NOW) == await drawings.draw(html, NOW)


@pytest.mark.parametrize(
    "sign", ["\u202e", "\u202d", "\u202b", "\u2067", "\u200f", "&#x202E;", "&#8238;", "&rlm;"]
)
async def test_signs_of_direction_turn_nothing_beside_them(sign: str) -> None:
    text = await drawn_text(f"<meta charset=utf-8><footer>Molen {sign}ABC · BE0999888569</footer>")
    assert "BE0999888569" in text
    assert "ABC" in text


async def test_a_vat_number_is_never_written_backwards(office: Office) -> None:
    for case in of_kind("K75"):
        document = await drawn(office, await arrived(office, case.path.name, case.read()))
        pdf = await pdf_of(office, document)
        assert text_of(pdf).count("BE0999888569") == 2  # with the party, and in the footer
        assert "9658889990EB" not in text_of(pdf)
        assert reads_left_to_right(pdf, "BE0999888569")
        async with sign_in(office.world, office.accountant) as client:
            page = (await client.get(f"{office.base}/documents/{document.id}")).text
        assert "\u202e" not in page


def reads_left_to_right(pdf: pypdfium2.PdfDocument, word: str) -> bool:
    """Whether each sign of the word stands right of the one before, wherever it is found on the first page."""
    page = pdf[0].get_textpage()
    search = page.search(word)
    places = []
    while (found := search.get_next()) is not None:
        places.append(found)
    boxes = [[page.get_charbox(index + place)[0] for place in range(count)] for index, count in places]
    return bool(boxes) and all(lefts == sorted(lefts) for lefts in boxes)


async def test_an_arabic_name_beside_a_number_keeps_its_own_place(office: Office) -> None:
    for case in of_kind("K75"):
        data = case.read().replace("\u202eABC".encode(), b"")
        document = await drawn(office, await arrived(office, case.path.name, data))
        assert reads_left_to_right(await pdf_of(office, document), "BE0999888569")


async def test_an_invoice_of_thousands_of_lines_is_drawn_and_listed_page_by_page(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    async def draw(_html: str, _moment: object, lines: int, _unshown: str) -> bytes:
        asked.append(lines)
        return a_pdf("drawn")

    monkeypatch.setattr(drawings, "draw", draw)
    for case in of_kind("K76"):
        document = await arrived(office, case.path.name, case.read())
        lines = len(ubl.read(case.read()).lines)
        async with sign_in(office.world, office.accountant) as client:  # it waits for its drawing
            last = await client.get(f"{office.base}/documents/{document.id}?lines=26")
            beyond = await client.get(f"{office.base}/documents/{document.id}?lines=9999999")
        for page in (last.text, beyond.text):
            assert f">{lines}</td>" in page
        assert (await drawn(office, document)).pdf_origin == "derived"
        assert asked == [lines]


async def test_one_longer_than_can_be_drawn_says_so_on_its_page_and_in_its_bundle(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawings, "MOST_LINES", 2000)
    monkeypatch.setattr(readable, "MOST_LINES", 2000)
    for case in of_kind("K76"):
        document = await drawn(office, await arrived(office, case.path.name, case.read()))
        assert (document.pdf_sha256, document.drawing_due_at) == (None, None)
        for actor, base in ((office.accountant, office.base), (office.entrepreneur, "")):
            async with sign_in(office.world, actor) as client:
                page = (await client.get(f"{base}/documents/{document.id}")).text
            assert "2.502" in page or "2,502" in page
            assert page.count('class="ui-read-what"') == readable.LINES_SHOWN
        async with sign_in(office.world, office.accountant) as client:
            assert (await client.post(f"{office.base}/export", data={})).status_code == 303
            await office.world.run_jobs()
            async with office.world.as_system() as session:
                export_id = await session.scalar(sa.select(Export.id))
            bundle = (await client.get(f"{office.base}/export/{export_id}")).text
        assert "There is no PDF of it" in bundle


async def test_an_ordinary_invoice_without_a_pdf_gets_one_marked_as_ours(office: Office) -> None:
    for case in of_kind("K77"):
        document = await arrived(office, case.path.name, case.read())
        async with sign_in(office.world, office.accountant) as client:  # something to read at once
            page = (await client.get(f"{office.base}/documents/{document.id}")).text
        assert 'class="ui-read"' in page
        document = await drawn(office, document)
        assert document.pdf_origin == "derived"
        assert "?" not in text_of(await pdf_of(office, document))


def test_a_credit_note_is_below_zero_whatever_its_issuer_writes() -> None:
    from tests.exports.ubl.samples import credit_note
    from tests.exports.ubl.test_print import in_language, shown

    document = credit_note()
    page = shown(in_language("nl"), document)
    assert "€\xa0-121,00" in page
    assert "€\xa0121,00" not in page
    mirrored = shown(in_language("nl"), replace(document, payable=-document.payable))
    assert "€\xa0121,00" in mirrored


def pages_of(data: bytes) -> int:
    return len(pypdfium2.PdfDocument(io.BytesIO(data)))


# ── several invoices in one file, one invoice in several ────────────────────────────────────────────────────────────


async def waiting(office: Office, name: str, data: bytes) -> str:
    """The path of a handed-in paper's page."""
    outcome = (await office.hand_in({name: data})).outcomes[0]
    assert outcome.file.state == "to_process"
    return f"{office.base}/quick-entry/{outcome.file.id}"


async def files_in(office: Office, state: str) -> list[IntakeFile]:
    async with office.world.as_system() as session:
        rows = await session.scalars(
            sa.select(IntakeFile)
            .where(IntakeFile.state == state)
            .order_by(IntakeFile.first_page, IntakeFile.received_at, IntakeFile.id)
        )
        return list(rows)


async def bytes_of(office: Office, row: IntakeFile) -> bytes:
    return await office.world.tools.store.get(office.company.id, row.sha256)


async def test_a_paper_of_four_invoices_is_split_where_a_person_ticks(office: Office) -> None:
    for case in of_kind("K49"):
        here = await waiting(office, case.path.name, case.read())
        async with sign_in(office.world, office.accountant) as client:
            assert f"{here}/split" in (await client.get(here)).text
            page = (await client.get(f"{here}/split")).text
            assert page.count('name="begins"') == 3
            picture = await client.get(f"{here}/split/pages/4")
            assert picture.headers["content-type"] == "image/png"
            refused = await client.post(f"{here}/split", data={})
            assert refused.status_code == 422
            done = await client.post(f"{here}/split", data={"begins": ["2", "4", "9", "x"]})
            assert done.status_code == 303
        parts = await files_in(office, "to_process")
        assert [(part.first_page, part.last_page) for part in parts] == [(1, 1), (2, 3), (4, 4)]
        assert done.headers["location"] == f"{office.base}/quick-entry/{parts[0].id}"
        papers = [await bytes_of(office, part) for part in parts]
        assert [pages_of(paper) for paper in papers] == [1, 2, 1]
        [whole] = await files_in(office, "split")
        assert await bytes_of(office, whole) == case.read()
        assert len({part.sha256 for part in [*parts, whole]}) == 4  # each has a hash of its own
        async with sign_in(office.world, office.accountant) as client:
            assert case.path.name in (await client.get(f"{office.base}/quick-entry/{parts[1].id}")).text


async def test_each_page_may_be_a_document_and_each_is_entered_by_itself(office: Office) -> None:
    for case in of_kind("K49"):
        here = await waiting(office, case.path.name, case.read())
        async with sign_in(office.world, office.accountant) as client:
            await client.post(f"{here}/split", data={"each": "yes"})
            parts = await files_in(office, "to_process")
            assert len(parts) == 4
            for number, part in enumerate(parts):
                entered = await client.post(f"{office.base}/quick-entry/{part.id}", data=typed(number))
                assert entered.status_code == 303, entered.text[-2000:]
            refused = await client.post(f"{here}/split/undo", data={})
        assert refused.status_code == 409
        assert await office.count(Document) == 4


def typed(number: int) -> dict[str, str]:
    return {
        "kind": "expense_receipt",
        "counterparty_name": "Tankstation Kustweg",
        "number": f"{55120 + number}",
        "issue_date": "2026-11-02",
        "currency": "EUR",
        "total": "68,40",
        "vat": "21",
    }


async def test_a_double_click_splits_once_and_parts_are_put_together_again(office: Office) -> None:
    for case in of_kind("K49"):
        here = await waiting(office, case.path.name, case.read())
        async with sign_in(office.world, office.accountant) as client:
            for _click in range(2):
                assert (await client.post(f"{here}/split", data={"begins": ["2"]})).status_code == 303
            assert len(await files_in(office, "to_process")) == 2
            assert (await client.post(f"{here}/split/undo", data={})).status_code == 303
            [whole] = await files_in(office, "to_process")
            assert whole.name == case.path.name
            assert (await client.post(f"{here}/split/undo", data={})).status_code == 409
            await client.post(f"{here}/split", data={"begins": ["3"]})
        assert [one.first_page for one in await files_in(office, "to_process")] == [1, 3]


async def test_two_people_who_split_at_once_split_it_once(office: Office) -> None:
    for case in of_kind("K49"):
        here = await waiting(office, case.path.name, case.read())
        async with (
            sign_in(office.world, office.accountant) as one,
            sign_in(office.world, office.accountant) as other,
        ):
            answers = await asyncio.gather(
                one.post(f"{here}/split", data={"begins": ["2"]}),
                other.post(f"{here}/split", data={"begins": ["3"]}),
            )
        assert [answer.status_code for answer in answers] == [303, 303]
        assert len(await files_in(office, "to_process")) == 2
        assert len(await files_in(office, "split")) == 1


async def test_pages_that_came_one_by_one_are_put_together_and_taken_apart(office: Office) -> None:
    for case in of_kind("K49"):
        first = await waiting(office, "page 1.png", a_png())
        second = await waiting(office, case.path.name, case.read())
        async with sign_in(office.world, office.accountant) as client:
            page = (await client.get(f"{first}/join")).text
            assert case.path.name in page
            assert (await client.post(f"{first}/join", data={})).status_code == 422
            for _click in range(2):
                done = await client.post(f"{first}/join", data={"with": [second.rpartition("/")[2]]})
                assert done.status_code == 303
            [whole] = await files_in(office, "to_process")
            assert pages_of(await bytes_of(office, whole)) == 5
            assert len(await files_in(office, "merged")) == 2
            here = f"{office.base}/quick-entry/{whole.id}"
            assert "join/undo" in (await client.get(here)).text
            assert (await client.post(f"{here}/join/undo", data={})).status_code == 303
        assert len(await files_in(office, "to_process")) == 2


async def test_a_part_that_is_in_another_paper_keeps_the_whole_split(office: Office) -> None:
    for case in of_kind("K49"):
        here = await waiting(office, case.path.name, case.read())
        async with sign_in(office.world, office.accountant) as client:
            await client.post(f"{here}/split", data={"each": "yes"})
            parts = await files_in(office, "to_process")
            await client.post(
                f"{office.base}/quick-entry/{parts[1].id}/join", data={"with": [str(parts[2].id)]}
            )
            assert (await client.post(f"{here}/split/undo", data={})).status_code == 409
        assert len(await files_in(office, "to_process")) == 3


async def test_another_companys_paper_is_unknown_to_split_and_join(office: Office, world: World) -> None:
    for case in of_kind("K49"):
        here = await waiting(office, case.path.name, case.read())
        mine = await waiting(office, "mine.png", a_png())
        elsewhere = await a_company(world, office.firm, name="Andere")
        dossier = await a_dossier(world, office.firm, elsewhere, code="01205")
        other = f"/dossiers/{dossier.id}/quick-entry/{here.rpartition('/')[2]}"
        async with sign_in(office.world, office.accountant) as client:
            for path in ("/split", "/split/pages/1", "/join"):
                assert (await client.get(other + path)).status_code == 404
            for path in ("/split", "/split/undo", "/join", "/join/undo"):
                assert (await client.post(other + path, data={"begins": ["2"]})).status_code == 404
            strange = await client.post(
                f"{mine}/join", data={"with": ["0190a6b0-0000-7000-8000-000000000000"]}
            )
            assert strange.status_code == 404


# ── the logo of a mail ──────────────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["noordzee.png", "ardennes.png"])
def test_a_logo_brings_a_light_ground_into_mails_that_are_darkened(name: str) -> None:
    of_kind("K80")
    data, ratio = on_plate((assets.DEMO / name).read_bytes(), "#0b5394")
    plate = Image.open(io.BytesIO(data))
    assert abs(plate.width / plate.height - ratio) < 0.01
    darkened = Image.new("RGB", plate.size, "#101010")
    darkened.paste(plate, mask=plate.getchannel("A"))
    assert darkened.getpixel((plate.width // 2, 2)) == (255, 255, 255)
    assert darkened.getpixel((0, 0)) == (16, 16, 16)  # round corners
    opaque = plate.getchannel("A").histogram()[255]
    assert opaque > 0.97 * plate.width * plate.height


def test_a_pale_logo_stands_on_the_brands_own_colour() -> None:
    logo = Image.new("RGBA", (200, 60), (0, 0, 0, 0))
    logo.paste((250, 250, 250, 255), (20, 20, 180, 40))
    out = io.BytesIO()
    logo.save(out, "PNG")
    plate = Image.open(io.BytesIO(on_plate(out.getvalue(), "#0b5394")[0]))
    assert plate.getpixel((plate.width // 2, 2)) == (11, 83, 148, 255)


def test_mails_have_colours_for_programs_that_know_dark() -> None:
    page = (TEMPLATES / "mail" / "base.html").read_text()
    assert 'name="color-scheme" content="light dark"' in page
    assert 'name="supported-color-schemes"' in page
    assert "@media (prefers-color-scheme: dark)" in page
