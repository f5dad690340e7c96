"""A UBL without a PDF gets one drawn from its data."""

from datetime import timedelta
from io import BytesIO

import pypdfium2
import pytest
import sqlalchemy as sa
from pypdf import PdfReader

from portal.features.documents.models import Document
from portal.features.documents.service import drawings, lookups
from portal.jobs.models import JobRow
from portal.storage import StorageUnavailable
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import Office, an_office
from tests.support.world import NOW, World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def later(office: Office, document: Document) -> Document:
    office.world.clock.at += timedelta(seconds=5)
    await office.world.run_jobs()
    async with office.world.as_system() as session:
        found = await lookups.by_id(session, document.id)
    assert found is not None
    return found


async def test_the_drawn_pdf_says_what_the_data_says_and_is_marked_derived(office: Office) -> None:
    document = await later(office, await office.purchase())
    assert (document.pdf_origin, document.pdf_name, document.version) == ("derived", "7205519.pdf", 1)
    assert document.pdf_sha256 is not None
    pdf = await office.world.tools.store.get(office.company.id, document.pdf_sha256)
    text = pypdfium2.PdfDocument(pdf)[0].get_textpage().get_text_range()
    for part in ("7205519", "Telecom NV", "Bakkerij Peeters", "121,00"):
        assert part in text


async def test_drawings_have_our_own_fonts_whatever_the_machine_has() -> None:
    drawn = await drawings.draw("<p style='font-family:serif'>Bakkerij Łódź <b>\u65e5</b>", NOW)
    assert drawn is not None
    fonts = PdfReader(BytesIO(drawn)).pages[0]["/Resources"]["/Font"]  # type: ignore[index] - any PDF object, says pypdf
    assert all("+Inter" in font["/BaseFont"] or "+Noto" in font["/BaseFont"] for font in fonts.values())
    assert len(fonts) == 3


async def test_a_pdf_of_the_issuer_that_opens_is_never_replaced(office: Office) -> None:
    with_own = (await office.hand_in({"a.xml": _with_pdf()})).outcomes[0].document
    assert with_own is not None
    now = await later(office, with_own)
    assert (now.pdf_origin, now.pdf_sha256, now.drawing_due_at) == ("embedded", with_own.pdf_sha256, None)


def _with_pdf() -> bytes:
    from tests.support.builders_papers import a_ubl
    from tests.support.builders_scene import US

    return a_ubl(customer=US, pdf=a_pdf())


async def test_what_cannot_be_drawn_is_given_up_without_a_crash() -> None:
    assert await drawings.draw('<img src="https://example.com/x.png">', NOW) is None


async def the_job(office: Office) -> JobRow:
    async with office.world.as_system() as session:
        [row] = await session.scalars(sa.select(JobRow).where(JobRow.name == "documents.draw_pdf"))
    return row


@pytest.mark.parametrize("method", ["get", "put"])
async def test_a_store_that_is_away_for_a_while_costs_no_pdf(
    office: Office, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    document = await office.purchase()

    async def away(*_args: object, **_more: object) -> None:
        raise StorageUnavailable

    async def drawn(*_args: object) -> bytes:
        return a_pdf()

    monkeypatch.setattr(drawings, "draw", drawn)
    with monkeypatch.context() as outage:
        outage.setattr(type(office.world.tools.store), method, away)
        for _minute in range(10):
            office.world.clock.at += timedelta(minutes=1)
            await office.world.run_jobs()
        job = await the_job(office)
        assert (job.done_at, job.dead_at, job.attempts) == (None, None, 0)
    office.world.clock.at += timedelta(minutes=1)
    assert (await later(office, document)).pdf_origin == "derived"


@pytest.mark.parametrize(("failures", "origin"), [(2, "derived"), (3, None)])
async def test_a_drawing_that_fails_is_tried_three_times_and_then_given_up_in_peace(
    office: Office, monkeypatch: pytest.MonkeyPatch, failures: int, origin: str | None
) -> None:
    document = await office.purchase()
    tried = 0

    async def drawn(*_args: object) -> bytes | None:
        nonlocal tried
        tried += 1
        return None if tried <= failures else a_pdf()

    monkeypatch.setattr(drawings, "draw", drawn)
    for _minute in range(5):
        office.world.clock.at += timedelta(minutes=1)
        await office.world.run_jobs()
    assert tried == 3
    assert (await later(office, document)).pdf_origin == origin
    job = await the_job(office)
    assert job.done_at is not None
    assert job.dead_at is None
