"""Files that end their reader: they are set aside with a reason, and the others of the upload go on."""

import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.intake.service import contents, reception, upload_run
from portal.features.intake.service.lookups import Upload
from portal.features.intake.service.reception import Incoming
from portal.jobs.models import JobRow
from portal.kernel.errors import Conflict
from portal.sandbox import SandboxUnavailable
from portal.storage import StorageUnavailable
from tests.support.builders_papers import a_pdf, a_ubl, results
from tests.support.builders_scene import US, Office, an_office
from tests.support.world import World


class Killed(BaseException):
    """Stands for a worker that is gone from one moment to the next: nothing of it is carried out any more."""


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def handed_in(office: Office, files: dict[str, bytes]) -> UUID:
    """Files that nobody has looked at yet."""
    incoming = [Incoming(name, len(data), io.BytesIO(data)) for name, data in files.items()]
    return await reception.hand_in(
        office.world.tools, office.accountant, incoming, dossier_id=office.dossier.id
    )


async def worked_on(office: Office, upload_id: UUID, rounds: int) -> Upload:
    """What became of an upload after so many rounds of a worker that is started again whenever it dies."""
    for _round in range(rounds):
        office.world.clock.at += timedelta(minutes=1)
        try:
            await office.world.run_jobs()
        except Killed:
            continue
    return await results(office.world, office.accountant, upload_id, office.dossier.id)


async def the_job(office: Office) -> JobRow:
    async with office.world.as_system() as session:
        [row] = await session.scalars(sa.select(JobRow).where(JobRow.name == "intake.read_upload"))
    return row


def ending(real: Callable[..., Any], marked: bytes, error: BaseException) -> Callable[..., Any]:
    """A reader that ends at the marked file."""

    async def read(data: bytes, *args: Any, **more: Any) -> Any:
        if marked in data:
            raise error
        return await real(data, *args, **more)

    return read


async def test_a_file_that_kills_the_worker_is_set_aside_and_the_others_go_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "receive", ending(contents.receive, b"DEADLY", Killed()))
    upload_id = await handed_in(
        office,
        {
            "first.xml": a_ubl(customer=US, number="1"),
            "bad.xml": a_ubl(customer=US, number="DEADLY"),
            "worse.xml": a_ubl(customer=US, number="DEADLY2"),
            "last.xml": a_ubl(customer=US, number="2"),
        },
    )
    upload = await worked_on(office, upload_id, 8)
    assert [one.file.reason for one in upload.outcomes] == [None, "unexpected", "unexpected", None]
    assert upload.settled
    job = await the_job(office)
    assert job.done_at is not None
    assert job.dead_at is None


async def test_a_worker_that_was_ended_once_sets_nothing_aside(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await handed_in(office, {"a.xml": a_ubl(customer=US)})
    with monkeypatch.context() as update:
        update.setattr(contents, "receive", ending(contents.receive, b"<", Killed()))
        await worked_on(office, upload_id, 2)
    upload = await worked_on(office, upload_id, 1)
    assert [one.file.state for one in upload.outcomes] == ["processed"]


async def test_a_file_that_kills_the_reader_is_set_aside_while_others_can_be_read(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        contents, "read_pdf_contents", ending(contents.read_pdf_contents, b"DEADLY", SandboxUnavailable())
    )
    upload_id = await handed_in(
        office, {"bad.pdf": a_pdf("DEADLY"), "good.pdf": a_pdf("fine"), "x.xml": a_ubl(customer=US)}
    )
    upload = await worked_on(office, upload_id, 1)
    assert [one.file.state for one in upload.outcomes] == ["received", "to_process", "processed"]
    upload = await worked_on(office, upload_id, 2)
    assert (upload.outcomes[0].file.state, upload.outcomes[0].file.reason) == ("rejected", "unexpected")
    assert "fault on our side" in upload.outcomes[0].why
    assert (await the_job(office)).done_at is not None


async def test_while_no_file_at_all_can_be_read_papers_wait_and_data_goes_on(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def nothing() -> bool:
        return False

    upload_id = await handed_in(office, {"a.pdf": a_pdf(), "x.xml": a_ubl(customer=US)})
    with monkeypatch.context() as outage:
        outage.setattr(upload_run, "readers_work", nothing)
        outage.setattr(
            contents, "read_pdf_contents", ending(contents.read_pdf_contents, b"%PDF", SandboxUnavailable())
        )
        upload = await worked_on(office, upload_id, 10)
        assert [one.file.state for one in upload.outcomes] == ["received", "processed"]
        assert (await the_job(office)).attempts == 0, "waiting is no failure"
    upload = await worked_on(office, upload_id, 1)
    assert [one.file.state for one in upload.outcomes] == ["to_process", "processed"]


async def test_a_refusal_nobody_foresaw_stops_one_file_only(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(contents, "receive", ending(contents.receive, b"ODD", Conflict(code="busy")))
    upload_id = await handed_in(
        office, {"odd.xml": a_ubl(customer=US, number="ODD"), "x.xml": a_ubl(customer=US)}
    )
    upload = await worked_on(office, upload_id, 4)
    assert [one.file.reason for one in upload.outcomes] == ["unexpected", None]
    assert (await the_job(office)).dead_at is None


@pytest.mark.parametrize("end", ["dead_at", "done_at"])
async def test_files_whose_job_is_over_do_not_stay_unread_for_ever(office: Office, end: str) -> None:
    upload_id = await handed_in(office, {"a.pdf": a_pdf(), "x.xml": a_ubl(customer=US)})
    await office.world.runner.sweep(0)
    async with office.world.as_system() as session:
        await session.execute(
            sa.update(JobRow)
            .where(JobRow.name == "intake.read_upload")
            .values({end: office.world.clock.now()})
        )
    await office.world.sweep()
    upload = await results(office.world, office.accountant, upload_id, office.dossier.id)
    assert [(one.file.state, one.file.reason) for one in upload.outcomes] == [("rejected", "unexpected")] * 2
    assert upload.settled


async def test_files_whose_job_waits_are_left_alone(office: Office) -> None:
    upload_id = await handed_in(office, {"a.pdf": a_pdf()})
    await office.world.runner.sweep(0)
    upload = await worked_on(office, upload_id, 1)
    assert [one.file.state for one in upload.outcomes] == ["to_process"]


async def test_an_outage_of_the_store_after_a_dead_worker_rejects_no_file(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    upload_id = await handed_in(office, {"a.xml": a_ubl(customer=US)})
    with monkeypatch.context() as update:
        update.setattr(contents, "receive", ending(contents.receive, b"<", Killed()))
        await worked_on(office, upload_id, 1)

    async def away(*_arguments: Any) -> bytes:
        raise StorageUnavailable

    async def ill(*_arguments: Any) -> bool:
        return False

    with monkeypatch.context() as outage:
        outage.setattr(type(office.world.tools.store), "get", away)
        outage.setattr(type(office.world.tools.store), "healthy", ill)
        upload = await worked_on(office, upload_id, 6)
        assert [one.file.state for one in upload.outcomes] == ["received"]
    upload = await worked_on(office, upload_id, 3)
    assert [one.file.state for one in upload.outcomes] == ["processed"]
