"""Paper as people bring it and as we draw it: scripts, directions, length, several invoices in one file."""

import io
from datetime import timedelta

import pypdfium2
import pytest
from msgspec.structs import replace

from exports import ubl
from portal.features.documents.models import Document
from portal.features.documents.service import drawings, lookups, readable
from portal.features.dossiers.domain.dossiers import Access
from portal.kernel.actor import Role
from portal.kernel.language import Language
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import Office
from tests.support.cases import of_kind
from tests.support.world import NOW, World

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
