"""Page images: slow papers hold neither a database session nor one another."""

import anyio
import httpx
import pytest

from portal.features.documents.service import files
from portal.kernel.errors import Unavailable
from portal.sandbox import PdfPage
from portal.storage import StorageUnavailable
from tests.support.builders import sign_in
from tests.support.builders_papers import a_pdf, a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.world import World

MORE_THAN_THE_POOL = 20


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def shown_document(office: Office) -> str:
    """The path of a document with a PDF."""
    upload = await office.hand_in({"a.xml": a_ubl(customer=US, pdf=a_pdf())})
    document = upload.outcomes[0].document
    assert document is not None
    return f"{office.base}/documents/{document.id}"


async def waiting_file(office: Office) -> str:
    """The path of a PDF in quick entry."""
    upload = await office.hand_in({"b.pdf": a_pdf("b")})
    return f"{office.base}/quick-entry/{upload.outcomes[0].file.id}"


@pytest.mark.parametrize("place", [shown_document, waiting_file])
async def test_more_slow_images_than_connections_leave_the_other_pages_answering(
    office: Office, place: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = await place(office)  # pyright: ignore[reportCallIssue, reportGeneralTypeIssues] - one of two places, both called alike
    asked, all_asked, go_on = 0, anyio.Event(), anyio.Event()

    async def blocked(*_args: object) -> bytes:
        nonlocal asked
        asked += 1
        if asked == MORE_THAN_THE_POOL:
            all_asked.set()
        await go_on.wait()
        return b"\x89PNG"

    monkeypatch.setattr(files, "original_page", blocked)
    answers: list[int] = []

    async def ask(client: httpx.AsyncClient) -> None:
        answers.append((await client.get(f"{path}/pages/1")).status_code)

    async with sign_in(office.world, office.accountant) as client:
        with anyio.fail_after(60):
            async with anyio.create_task_group() as group:
                for _one in range(MORE_THAN_THE_POOL):
                    group.start_soon(ask, client)
                await all_asked.wait()
                other = await client.get(f"{office.base}/documents")
                go_on.set()
    assert other.status_code == 200
    assert answers == [200] * MORE_THAN_THE_POOL


async def test_while_the_reader_is_blocked_so_many_wait_and_the_next_is_told_to_come_back(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload = await office.hand_in({"a.pdf": a_pdf()})
    file = upload.outcomes[0].file
    entered, go_on = anyio.Event(), anyio.Event()
    inside = 0

    async def blocked(*_args: object, **_more: object) -> PdfPage:
        nonlocal inside
        inside += 1
        entered.set()
        await go_on.wait()
        return PdfPage(count=1, width=1, height=1, png=b"\x89PNG")

    monkeypatch.setattr(files, "read_pdf_page", blocked)
    monkeypatch.setattr(files, "PAGES", files.Turns(at_once=1, waiting=2))

    async def draw() -> None:
        await files.original_page(office.world.tools, file.company_id, file.sha256, file.media_type, 1)

    with anyio.fail_after(60):
        async with anyio.create_task_group() as group:
            group.start_soon(draw)
            await entered.wait()
            group.start_soon(draw)
            group.start_soon(draw)
            await anyio.lowlevel.checkpoint()
            with pytest.raises(Unavailable):
                await draw()
            assert inside == 1
            go_on.set()
    assert inside == 3


async def test_who_has_waited_too_long_for_a_turn_is_told_to_come_back() -> None:
    turns = files.Turns(at_once=1, waiting=5, patience=0)
    async with turns.turn():
        with pytest.raises(Unavailable):
            async with turns.turn():
                pass
    async with turns.turn():
        pass


async def test_while_the_store_is_away_the_pages_say_so_and_all_the_rest_is_there(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    document, file = await shown_document(office), await waiting_file(office)

    async def away(*_args: object) -> bytes:
        raise StorageUnavailable

    monkeypatch.setattr(type(office.world.tools.store), "get", away)
    async with sign_in(office.world, office.accountant) as client:
        for path, text in ((document, "7205519"), (file, "Save and next")):
            page = await client.get(path)
            assert page.status_code == 200
            assert text in page.text
            assert "The pages cannot be shown for the moment" in page.text
            assert (await client.get(f"{path}/pages/1")).status_code == 503
