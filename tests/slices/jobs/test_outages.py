"""Every job that needs the store meets a store that is away first: that is no try, nothing of it stays, and nothing is lost."""

import io
import zipfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from portal.embedded.process import free_port
from portal.features.bundles.domain import ExportState
from portal.features.bundles.service.deliveries import MendArchive
from portal.features.documents.models import Document
from portal.features.intake.models import IntakeFile
from portal.features.upkeep.service import SweepObjects
from portal.jobs.contract import Tools
from portal.jobs.ledger import enqueue
from portal.jobs.models import JobRow
from portal.jobs.runner import Runner
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import FirmId
from portal.storage import S3Credentials, open_store
from portal.storage.stores import Store
from tests.support.builders import sign_in
from tests.support.builders_exports import an_office, exports_of, press_export
from tests.support.builders_papers import a_pdf, a_ubl, hand_in
from tests.support.inbox import dropped
from tests.support.world import World

OFTEN = 8
"""More than most jobs have tries."""


class Unlucky(Runner):
    """Carries every job out with a store that is away, again and again, and then with the one that is there."""

    def __init__(self, tools: Tools, away: Tools, registry: Any) -> None:
        super().__init__(tools, registry)
        self.unlucky = Runner(away, registry)
        self.met: set[str] = set()

    async def carry_out(self, row: JobRow) -> None:
        found: JobRow | None = row
        for _ in range(OFTEN):
            assert found is not None
            before = found.attempts - 1
            await self.unlucky.carry_out(found)
            async with self.tools.database.system_scope() as session:
                after = await session.get(JobRow, row.id)
                assert after is not None
                if after.done_at is not None:
                    return
                assert after.dead_at is None, (row.name, after.last_error)
                assert after.attempts == before, (row.name, after.last_error)
                assert after.last_error or before == after.attempts
                after.due_at = self.tools.clock.now()
            self.met.add(row.name)
            found = await self._claim(row.id)
        assert found is not None
        await super().carry_out(found)


def nobody_listens(_folder: Path) -> Store:
    keys = S3Credentials("key", "secret")
    return open_store(f"s3://portal?endpoint=http://127.0.0.1:{free_port()}", keys)


def no_folder(folder: Path) -> Store:
    """Where the store's folder was, there is a file."""
    gone = folder / "gone"
    store = open_store(gone.as_uri())
    gone.rmdir()
    gone.touch()
    return store


@pytest.fixture(params=[nobody_listens, no_folder])
def unlucky(world: World, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Unlucky:
    make: Callable[[Path], Store] = request.param
    store = make(world.folder)
    runner = Unlucky(world.tools, replace(world.tools, store=store), world.runner.registry)
    monkeypatch.setattr(world, "runner", runner)
    return runner


def packed(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


async def test_no_job_loses_a_try_or_its_work_to_a_store_that_is_away(world: World, unlucky: Unlucky) -> None:
    office = await an_office(world)
    number = office.dossier.number
    assert number is not None
    upload = await hand_in(
        world,
        office.owner,
        {
            "one.xml": a_ubl(customer=number, number="ONE"),
            "scan.pdf": a_pdf("a paper"),
            "more.zip": packed({"two.xml": a_ubl(customer=number, number="TWO"), "scan.pdf": a_pdf("b")}),
        },
        office.dossier.id,
    )
    assert upload is not None
    await dropped(world, office.owner, {"all.zip": packed({"3.xml": a_ubl(customer=number, number="THREE")})})
    world.clock.at += timedelta(minutes=1)  # drawing waits for a PDF that may come beside it
    await world.run_jobs()
    async with world.as_system() as session:
        assert set(await session.scalars(sa.select(IntakeFile.state))) & {"received", "failed"} == set()
        papers = list(await session.scalars(sa.select(Document).where(Document.ubl_sha256.is_not(None))))
    assert {paper.number for paper in papers} == {"ONE", "TWO", "THREE"}
    assert all(paper.pdf_sha256 for paper in papers)

    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    await world.run_jobs()
    (export,) = await exports_of(world, office.dossier)
    assert (export.state, export.total) == (ExportState.FINISHED, 3)

    async with world.as_system() as session:
        firm = Actor(door=Door.JOB, name="sweeper", firm_id=FirmId(office.dossier.firm_id))
        await enqueue(session, firm, MendArchive(export_id=export.id, by_hand=False))
        await enqueue(session, firm, SweepObjects(kind="firm", owner=office.dossier.firm_id))
    await world.run_jobs()
    async with world.as_system() as session:
        left = list(await session.scalars(sa.select(JobRow).where(JobRow.done_at.is_(None))))
    assert [(job.name, job.last_error) for job in left] == []
    assert unlucky.met >= {
        "bundles.build",
        MendArchive.name,
        "documents.draw_pdf",
        "intake.read_inbox",
        "intake.read_upload",
        "upkeep.sweep_objects",
    }
