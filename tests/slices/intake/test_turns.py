"""A long upload is read in turns: others go in between, and what belongs together stays together."""

import io
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.intake.models import IntakeFile
from portal.features.intake.service import contents, reception, upload_run
from portal.features.intake.service.reception import Incoming
from portal.jobs.models import JobRow
from tests.support.builders_papers import a_pdf, a_ubl, a_zip, results
from tests.support.builders_scene import US, Office, an_office
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def handed_in(office: Office, files: dict[str, bytes]) -> UUID:
    incoming = [Incoming(name, len(data), io.BytesIO(data)) for name, data in files.items()]
    return await reception.hand_in(
        office.world.tools, office.accountant, incoming, dossier_id=office.dossier.id
    )


async def turns(office: Office) -> list[UUID]:
    """Which upload was read, turn by turn, until nothing is left."""
    order: list[UUID] = []
    while row := await office.world.runner.claim():
        if row.name == "intake.read_upload":
            order.append(UUID(row.payload["upload_id"]))
        await office.world.runner.carry_out(row)
    return order


async def test_one_file_is_read_between_the_turns_of_many(office: Office) -> None:
    many = await handed_in(
        office, {f"{n}.xml": a_ubl(customer=US, number=f"2026/{n}") for n in range(3 * upload_run.TURN_FILES)}
    )
    office.world.clock.at += timedelta(seconds=1)
    one = await handed_in(office, {"one.xml": a_ubl(customer=US, number="one")})
    office.world.clock.at += timedelta(seconds=1)
    order = await turns(office)
    assert order.index(one) == 1
    assert order.count(many) >= 3
    for upload_id in (many, one):
        upload = await results(office.world, office.accountant, upload_id, office.dossier.id)
        assert {one.file.state for one in upload.outcomes} == {"processed"}
    async with office.world.as_system() as session:
        [attempts] = await session.scalars(
            sa.select(JobRow.attempts).where(JobRow.name == "intake.read_upload").distinct()
        )
    assert attempts == 1, "a turn is no failure"


async def test_a_pdf_finds_its_ubl_whatever_turn_either_comes_in(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Handed in apart and in an archive; also where a second PDF of that name is there, which then waits by itself."""
    monkeypatch.setattr(upload_run, "TURN_FILES", 2)
    outside = {f"{n}.pdf": a_pdf(f"paper {n}") for n in range(5)}
    outside |= {f"{n}.xml": a_ubl(customer=US, number=f"2026/{n}") for n in range(5)}
    inside = {f"z{n}.pdf": a_pdf(f"zipped {n}") for n in range(3)}
    inside |= {f"z{n}.xml": a_ubl(customer=US, number=f"2026/z{n}") for n in range(3)}
    inside["0.pdf"] = a_pdf("another 0")
    upload_id = await handed_in(office, {**outside, "all.zip": a_zip(inside)})
    assert len(await turns(office)) >= 4
    async with office.world.as_system() as session:
        found = (await session.scalars(sa.select(IntakeFile).where(IntakeFile.upload_id == upload_id))).all()
    became = {(one.name.rpartition("/")[2], one.parent_id is None): one for one in found}
    for n in range(5):
        assert became[f"{n}.pdf", True].reason == "joined"
        assert became[f"{n}.pdf", True].document_id == became[f"{n}.xml", True].document_id
    for n in range(3):
        assert became[f"z{n}.pdf", False].reason == "joined"
        assert became[f"z{n}.pdf", False].document_id == became[f"z{n}.xml", False].document_id
    assert (became["0.pdf", False].state, became["0.pdf", False].reason) == ("to_process", None)


async def test_files_that_make_the_reader_stumble_come_last_and_hold_nobody_up(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(upload_run, "TURN_FILES", 2)
    real = contents.receive

    async def stumble(data: bytes) -> object:
        if b"ODD" in data:
            raise RuntimeError("a fault of ours")
        return await real(data)

    monkeypatch.setattr(contents, "receive", stumble)
    files = {f"odd{n}.xml": a_ubl(customer=US, number=f"ODD{n}") for n in range(3)}
    files |= {f"{n}.xml": a_ubl(customer=US, number=f"2026/{n}") for n in range(4)}
    upload_id = await handed_in(office, files)
    await turns(office)
    upload = await results(office.world, office.accountant, upload_id, office.dossier.id)
    assert [one.file.state for one in upload.outcomes] == ["received"] * 3 + ["processed"] * 4
    for _ in range(6):
        office.world.clock.at += timedelta(minutes=5)
        await turns(office)
    upload = await results(office.world, office.accountant, upload_id, office.dossier.id)
    assert [one.file.reason for one in upload.outcomes] == ["unexpected"] * 3 + [None] * 4
