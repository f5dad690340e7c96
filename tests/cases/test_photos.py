"""Photos and scans as phones and scanners make them, handed in at the portal: taken, shown upright, or told for what they are."""

import io
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image

from portal.features.documents.models import Document
from portal.features.intake.service.lookups import Outcome
from portal.kernel import pictures
from portal.sandbox import read_pdf_page
from tests.support.builders import sign_in
from tests.support.builders_papers import a_png, a_zip
from tests.support.builders_scene import Office, an_office
from tests.support.cases import Case, of_kind
from tests.support.world import World

ENTRY = {
    "kind": "purchase_invoice",
    "number": "F-17",
    "issue_date": "2026-10-12",
    "counterparty_name": "Slagerij De Smet",
    "net_21": "100,00",
}


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def handed_in(office: Office, name: str, data: bytes) -> Outcome:
    """What became of one file."""
    return (await office.hand_in({name: data})).outcomes[0]


async def shown(office: Office, one: Outcome, page: int = 1) -> Any:
    """A page of a waiting file, as the browser gets it."""
    async with sign_in(office.world, office.accountant) as client:
        base = f"{office.base}/quick-entry/{one.file.id}"
        assert f"{base}/pages/{page}" in (await client.get(base)).text
        answer = await client.get(f"{base}/pages/{page}")
    assert answer.status_code == 200
    return Image.open(io.BytesIO(answer.content))


def saved(picture: Any, kind: str, **how: Any) -> bytes:
    """A picture as a file."""
    buffer = io.BytesIO()
    picture.save(buffer, kind, **how)
    return buffer.getvalue()


async def taken(office: Office, case: Case) -> Any:
    """The page of an input that has to be taken."""
    one = await handed_in(office, case.path.name, case.read())
    assert (one.file.state.value, one.file.reason) == ("to_process", None), one.why
    page = await shown(office, one)
    assert page.mode == "RGB"
    return page


@pytest.mark.corpus
async def test_ordinary_photos_and_scans_are_taken(office: Office) -> None:
    for case in of_kind("K30"):
        page = await taken(office, case)
        assert 1000 <= page.width <= 1600


@pytest.mark.corpus
async def test_of_two_pictures_in_one_the_first_is_taken(office: Office) -> None:
    for case in of_kind("K31"):
        assert (await taken(office, case)).width == 1600


@pytest.mark.corpus
async def test_grey_of_16_bits_is_taken_and_not_black(office: Office) -> None:
    for case in of_kind("K32"):
        page = await taken(office, case)
        grey = Image.open(case.path).getpixel((5, 5))
        assert isinstance(grey, int)
        assert abs(page.getpixel((5, 5))[0] - grey / 257) <= 2


@pytest.mark.corpus
async def test_a_photo_that_cannot_be_opened_is_told_for_what_it_is(office: Office) -> None:
    for case in of_kind("K33"):
        one = await handed_in(office, case.path.name, case.read())
        assert one.file.media_type == pictures.HEIC
        assert one.file.state.value == "rejected"
        assert "HEIC" in one.why
        assert "JPEG" in one.why
        assert "damaged" not in one.why


EXPECTED = {
    "34-rotated.jpg": (1200, 1600),
    "43-ultrahdr.jpg": (1600, 1200),
    "39-cmyk.jpg": (800, 600),
    "h17-grey-alpha.png": (600, 800),
    "h18-fax-1bit.png": (1600, 2263),
    "h19-palette.png": (600, 800),
    "48-lossless.webp": (500, 700),
}


@pytest.mark.corpus
async def test_turned_and_coloured_ones_are_upright_on_white_and_half_a_file_is_told(office: Office) -> None:
    for case in of_kind("K34"):
        if case.path.name == "40-half.jpg":
            one = await handed_in(office, case.path.name, case.read())
            assert (one.file.state.value, one.file.reason) == ("rejected", "photo.part")
            assert "Only a part of this picture (JPEG) arrived" in one.why
            continue
        page = await taken(office, case)
        assert page.size == EXPECTED[case.path.name]
        assert page.getpixel((2, 2)) != (0, 0, 0), f"{case.path.name} is on black"


def fax(pages: int = 3) -> bytes:
    """As a fax machine saves it."""
    sheets = [Image.new("1", (1728, 2200), one % 2 == 0) for one in range(pages)]
    return saved(sheets[0], "TIFF", save_all=True, append_images=sheets[1:], compression="group4")


async def test_a_fax_of_several_pages_is_looked_at_page_by_page_and_leaves_as_pdf(office: Office) -> None:
    one = await handed_in(office, "fax.tif", fax())
    assert one.file.state.value == "to_process"
    black = await shown(office, one, page=2)
    assert black.getpixel((100, 100)) == (0, 0, 0)
    white = await shown(office, one, page=3)
    assert white.getpixel((100, 100)) == (255, 255, 255)
    async with sign_in(office.world, office.accountant) as client:
        answer = await client.post(f"{office.base}/quick-entry/{one.file.id}", data=ENTRY)
        assert answer.status_code == 303
        office.world.clock.at += timedelta(minutes=1)
        await office.world.run_jobs()
        async with office.world.as_system() as session:
            [document] = await session.scalars(sa.select(Document))
        assert (document.original_type, document.pdf_origin) == (pictures.TIFF, "derived")
        assert document.drawing_due_at is None
        assert document.pdf_sha256 is not None
        pdf = await office.world.tools.store.get(document.company_id, document.pdf_sha256)
        assert (await read_pdf_page(pdf)).count == 3
        page = await client.get(f"{office.base}/documents/{document.id}")
        assert "Page 3 of 3" in page.text
        assert "made by us, of the picture" in page.text
        kept = await client.get(f"{office.base}/documents/{document.id}/files/original")
        assert kept.content == fax()


NAMED = {
    "scan.jp2": (b"\x00\x00\x00\x0cjP  \r\n\x87\n" + bytes(60), "JPEG 2000"),
    "scan.jxl": (b"\xff\x0a" + bytes(60), "JPEG XL"),
    "IMG_1.dng": (saved(Image.new("RGB", (20, 20)), "TIFF", tiffinfo={50706: b"\x01\x04\x00\x00"}), "raw photo"),
    "IMG_1.cr2": (b"II*\x00\x10\x00\x00\x00CR\x02\x00" + bytes(60), "raw photo"),
    "logo.psd": (b"8BPS\x00\x01" + bytes(60), "Photoshop"),
    "logo.svg": (b'<?xml version="1.0"?>\n<!-- made -->\n<svg xmlns="http://www.w3.org/2000/svg"/>', "SVG"),
    "IMG_1.mov": (b"\x00\x00\x00\x14ftypqt  \x00\x00\x00\x00qt  " + bytes(60), "Live Photo"),
    "IMG_1.mp4": (b"\x00\x00\x00\x18ftypisom\x00\x00\x02\x00isommp41" + bytes(60), "film"),
}  # fmt: skip


async def test_what_is_no_paper_is_named_with_what_to_do(office: Office) -> None:
    upload = await office.hand_in({name: data for name, (data, _word) in NAMED.items()})
    assert len(upload.outcomes) == len(NAMED)
    for one in upload.outcomes:
        assert one.file.state.value == "rejected"
        assert NAMED[one.file.name][1] in one.why
        assert "damaged" not in one.why
        assert any(word in one.why for word in ("Save", "save", "print"))


async def test_more_pixels_than_a_phone_takes_are_refused_with_how_many(office: Office) -> None:
    bomb = saved(Image.new("1", (30_000, 30_000)), "PNG")
    one = await handed_in(office, "bomb.png", bomb)
    assert (one.file.state.value, one.file.reason) == ("rejected", "photo.pixels")
    assert "30000 by 30000 pixels, 900 million; at most 50 million" in one.why


async def test_photos_in_a_zip_are_taken_as_by_themselves(office: Office) -> None:
    moving = saved(Image.new("RGB", (60, 80), "white"), "GIF")
    upload = await office.hand_in({"all.zip": a_zip({"a.gif": moving, "b.png": a_png(), "fax.tiff": fax(1)})})
    members = upload.outcomes[0].members
    assert {one.file.name: one.file.state.value for one in members} == {
        "a.gif": "to_process",
        "b.png": "to_process",
        "fax.tiff": "to_process",
    }
