"""A PDF that is missing, or inside a UBL and does not open: drawn, asked for again, shown and delivered, once."""

import io
import zipfile
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from pypdf import PdfReader, PdfWriter
from sqlalchemy.exc import DBAPIError

from exports import bundle
from portal.features.bundles.models import Export
from portal.features.documents.domain.documents import drawing_pause
from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.service import drawings as documents_drawings
from portal.jobs.claims import claim_one
from portal.jobs.models import JobRow
from portal.sandbox import SandboxUnavailable, TooComplex
from tests.support.builders import sign_in
from tests.support.builders_papers import a_pdf, a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.world import World

DRAWN = a_pdf("drawn by us")


def locked_pdf() -> bytes:
    writer = PdfWriter(PdfReader(io.BytesIO(a_pdf())))
    writer.encrypt("secret", algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def without_pages() -> bytes:
    out = io.BytesIO()
    PdfWriter().write(out)
    return out.getvalue()


BROKEN = {
    "not a PDF": b"<html>Your session has ended</html>",
    "cut": a_pdf()[:-300],
    "only its beginning": b"%PDF-1.7\n",
    "with a password": locked_pdf(),
    "without pages": without_pages(),
}


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


@pytest.fixture
def draws(monkeypatch: pytest.MonkeyPatch) -> list[bytes | None]:
    """What the drawing gives, taken from the end, and DRAWN when it is used up; `None` once for each drawing that was made."""
    planned: list[bytes | None] = []
    made: list[bytes | None] = []

    async def draw(*_args: object) -> bytes | None:
        made.append(None)
        return planned.pop() if planned else DRAWN

    monkeypatch.setattr(documents_drawings, "draw", draw)
    return made


async def later(office: Office, document: Document, **time: float) -> Document:
    """The document after that time, at which a worker looked and swept."""
    office.world.clock.at += timedelta(**(time or {"seconds": 5}))
    await office.world.run_jobs()
    await office.world.sweep()
    return await now(office, document.id)


async def now(office: Office, document_id: UUID) -> Document:
    async with office.world.as_system() as session:
        found = await session.get(Document, document_id)
    assert found is not None
    return found


async def drawings(office: Office) -> list[JobRow]:
    async with office.world.as_system() as session:
        rows = await session.scalars(
            sa.select(JobRow).where(JobRow.name == "documents.draw_pdf").order_by(JobRow.id)
        )
        return list(rows)


async def with_inside(office: Office, inside: bytes, number: str = "7205519") -> Document:
    document = (
        (await office.hand_in({f"{number}.xml": a_ubl(customer=US, number=number, pdf=inside)}))
        .outcomes[0]
        .document
    )
    assert document is not None
    return document


async def delivered(office: Office) -> dict[str, bytes]:
    """Everything in the newest bundle, after pressing the button."""
    async with sign_in(office.world, office.accountant) as client:
        assert (await client.post(f"{office.base}/export", data={})).status_code == 303
    await office.world.run_jobs()
    async with office.world.as_system() as session:
        export = await session.scalar(sa.select(Export).order_by(Export.id.desc()).limit(1))
    assert export is not None
    assert export.sha256 is not None
    data = await office.world.tools.store.get(office.firm.id, export.sha256)
    assert bundle.verify(io.BytesIO(data)) == []
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


async def test_what_arrived_while_an_export_was_open_gets_its_pdf_once(
    office: Office, draws: list[bytes | None]
) -> None:
    document = await office.purchase()
    async with sign_in(office.world, office.accountant) as client:
        await client.post(f"{office.base}/export", data={})
    async with office.world.as_system() as session:
        assert await session.scalar(sa.select(DocumentLock.reason)) == "exporting"
    drawn = await later(office, document)
    assert (drawn.pdf_origin, drawn.drawing_due_at, drawn.version) == ("derived", None, 1)
    async with office.world.as_system() as session:
        assert await session.scalar(sa.select(DocumentLock.reason)) == "exported"
    for _day in range(3):
        assert (await later(office, document, days=1)).pdf_sha256 == drawn.pdf_sha256
    assert len(draws) == 1


async def test_a_locked_document_whose_drawing_was_given_up_gets_its_pdf_later(
    office: Office, draws: list[bytes | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    document = await office.purchase()
    await office.export()
    with monkeypatch.context() as fault:

        async def fails(*_args: object) -> None:
            return None

        fault.setattr(documents_drawings, "draw", fails)
        for _try in range(4):
            office.world.clock.at += timedelta(minutes=1)
            await office.world.run_jobs()
        assert (await now(office, document.id)).pdf_sha256 is None
        assert (await drawings(office))[0].done_at is not None
    drawn = await later(office, document, minutes=10)
    assert (drawn.pdf_origin, drawn.drawing_rounds, len(draws)) == ("derived", 1, 1)


async def test_a_drawing_whose_workers_died_three_times_comes_back_ever_more_rarely(
    office: Office, draws: list[bytes | None]
) -> None:
    document = await office.purchase()
    rounds = 5
    for again in range(rounds):
        for _death in range(3):
            office.world.clock.at += timedelta(minutes=2)
            [row] = await drawings(office)
            async with office.world.as_system() as session:
                assert await claim_one(
                    session, row.id, office.world.clock.now(), office.world.runner.lease
                ), "claimed by a worker that dies"
        office.world.clock.at += timedelta(minutes=2)
        await office.world.run_jobs()
        rows = await drawings(office)
        assert [row.dead_at is not None for row in rows] == [True]  # the new one takes the dead one's place
        due = (await now(office, document.id)).drawing_due_at
        assert due is not None
        office.world.clock.at = max(office.world.clock.at, due)
        await office.world.runner.sweep(0)
        asked = await now(office, document.id)
        assert asked.drawing_rounds == again + 1
        assert asked.drawing_due_at == office.world.clock.at + drawing_pause(again + 1)
    assert drawing_pause(rounds) == drawing_pause(1000) == timedelta(days=1)
    drawn = await later(office, document)
    assert (drawn.pdf_origin, drawn.drawing_due_at, len(draws)) == ("derived", None, 1)


async def test_while_its_job_waits_it_is_not_asked_twice(office: Office, draws: list[bytes | None]) -> None:
    document = await office.purchase()
    office.world.clock.at += timedelta(hours=1)
    await office.world.runner.sweep(0)
    assert ((await now(office, document.id)).drawing_rounds, len(await drawings(office))) == (0, 1)
    assert (await later(office, document)).pdf_origin == "derived"
    assert len(draws) == 1


@pytest.mark.parametrize("kind", BROKEN)
async def test_a_broken_pdf_inside_never_hides_the_drawn_page_and_the_drawn_one_is_delivered(
    office: Office, draws: list[bytes | None], kind: str
) -> None:
    document = await with_inside(office, BROKEN[kind])
    drawn = await later(office, document)
    assert (drawn.pdf_origin, drawn.drawing_due_at) == ("redrawn", None)
    said = "The PDF inside this invoice cannot be opened; this page was drawn by us."
    for actor, base in ((office.accountant, office.base), (office.entrepreneur, "")):
        async with sign_in(office.world, actor) as client:
            page = await client.get(f"{base}/documents/{document.id}")
            assert said in page.text
            assert f"{base}/documents/{document.id}/pages/1" in page.text
            assert (await client.get(f"{base}/documents/{document.id}/pages/1")).status_code == 200
            assert (await client.get(f"{base}/documents/{document.id}/files/pdf")).content == DRAWN
    files = await delivered(office)
    assert DRAWN in files.values()
    assert a_ubl(customer=US, pdf=BROKEN[kind]) in files.values()  # as it came, byte for byte
    await later(office, document, days=2)
    assert len(draws) == 1


async def test_a_broken_pdf_that_left_already_is_still_drawn_and_a_whole_one_leaves_inside_its_ubl(
    office: Office, draws: list[bytes | None]
) -> None:
    broken = await with_inside(office, BROKEN["cut"])
    whole = await with_inside(office, a_pdf("whole"), "2")
    files = await delivered(office)
    assert not [name for name in files if name.endswith(".pdf")]
    assert (await later(office, broken)).pdf_origin == "redrawn"
    kept = await now(office, whole.id)
    assert (kept.pdf_origin, kept.pdf_sha256, kept.drawing_due_at) == ("embedded", whole.pdf_sha256, None)
    async with sign_in(office.world, office.accountant) as client:
        assert "cannot be opened" not in (await client.get(f"{office.base}/documents/{whole.id}")).text
    assert len(draws) == 1


async def test_until_it_is_drawn_the_page_says_that_the_pdf_does_not_open(office: Office) -> None:
    document = await with_inside(office, BROKEN["cut"])
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(f"{office.base}/documents/{document.id}")
    assert "The PDF inside this invoice cannot be opened. This is what its data says." in page.text


async def test_a_pdf_handed_in_beside_a_broken_one_is_the_one_that_is_shown(
    office: Office, draws: list[bytes | None]
) -> None:
    beside = a_pdf("beside")
    upload = await office.hand_in({"a.xml": a_ubl(customer=US, pdf=BROKEN["cut"]), "a.pdf": beside})
    document = next(outcome.document for outcome in upload.outcomes if outcome.document is not None)
    kept = await later(office, document)
    assert kept.pdf_origin == "received"
    assert kept.pdf_sha256 is not None
    assert await office.world.tools.store.get(office.company.id, kept.pdf_sha256) == beside
    assert beside in (await delivered(office)).values()
    assert draws == []


@pytest.mark.parametrize(
    ("fault", "origin"), [(SandboxUnavailable(), "embedded"), (TooComplex("time"), "redrawn")]
)
async def test_readers_that_are_away_break_no_pdf_and_one_too_heavy_to_show_is_drawn(
    office: Office,
    draws: list[bytes | None],
    monkeypatch: pytest.MonkeyPatch,
    fault: Exception,
    origin: str,
) -> None:
    document = await with_inside(office, a_pdf())

    async def stumbles(*_args: object, **_more: object) -> None:
        raise fault

    with monkeypatch.context() as stumbling:
        stumbling.setattr(documents_drawings, "read_pdf_page", stumbles)
        for _try in range(5):
            office.world.clock.at += timedelta(minutes=1)
            await office.world.run_jobs()
    kept = await later(office, document, minutes=1)
    assert (kept.pdf_origin, kept.drawing_due_at) == (origin, None)
    assert len(draws) == (origin == "redrawn")


async def test_on_a_locked_document_only_a_drawn_pdf_is_filled_in_and_only_once(
    office: Office, draws: list[bytes | None]
) -> None:
    bare, whole = await office.purchase(), await with_inside(office, a_pdf(), "2")
    await office.export()
    changes = "pdf_sha256 = 'x', pdf_name = 'x', pdf_size = 1"

    async def changed(document: Document, what: str) -> str | None:
        try:
            async with office.world.tools.database.transaction(office.opened) as session:
                await session.execute(
                    sa.text(f"update document set {what} where id = :id"), {"id": document.id}
                )
        except DBAPIError as refused:
            return getattr(refused.orig, "sqlstate", None)
        return None

    for document, what, answer in (
        (bare, f"{changes}, pdf_origin = 'received'", "FL001"),
        (bare, f"{changes}, pdf_origin = 'embedded'", "FL001"),
        (bare, f"{changes}, pdf_origin = 'derived', gross = 1", "FL001"),
        (bare, changes, "FL001"),
        (whole, f"{changes}, pdf_origin = 'derived'", "FL001"),
        (whole, "pdf_sha256 = null, pdf_origin = null", "FL001"),
        (whole, f"{changes}, pdf_origin = 'redrawn', number = 'x'", "FL001"),
        (bare, f"{changes}, pdf_origin = 'derived'", None),
        (whole, f"{changes}, pdf_origin = 'redrawn'", None),
        (bare, "pdf_sha256 = 'y'", "FL001"),
        (whole, "pdf_sha256 = 'y'", "FL001"),
    ):
        assert await changed(document, what) == answer, what
    assert draws == []
