"""One file of a firm while another firm has handed in five hundred: how much longer it takes than on a quiet day.

A real worker, as in production, on the embedded servers. What is measured is from handing in one UBL (bytes stored, row and job
written) until it is read. Busy means: 500 UBL of the other firm wait, in one upload, in one ZIP or in five hundred uploads; each round is
measured while at least a tenth of them is still unread. The PDFs of what was read are drawn at the same time. Ratios are of medians.
"""

import asyncio
import io
import os
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from uuid import UUID

import sqlalchemy as sa

from benchmarks import Row
from exports import ubl
from portal.demo.companies import BAKKERIJ, MOLENS
from portal.demo.samples import invoice
from portal.features.intake.domain.files import FileKind
from portal.features.intake.models import IntakeFile
from portal.features.intake.service import reception
from portal.features.intake.service.reception import Incoming
from portal.jobs.contract import Priority
from portal.jobs.doorbell import Doorbell
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Role
from tests.support.builders import a_company, a_dossier, a_firm, a_staff_member
from tests.support.servers import ROOT, Servers, running_servers
from tests.support.world import World, new_world

BACKLOG = 500
ROUNDS = 9
GOAL = "≤ 2"


def _paper(number: int) -> Incoming:
    day = date(2026, 1 + number % 10, 1 + number % 28)
    data = ubl.write(invoice(MOLENS, BAKKERIJ, f"2026/{number:06d}", day, [("Bloem", "4", "18.40", 6)]))
    return Incoming(f"{number}.xml", len(data), io.BytesIO(data))


def _archive(papers: list[Incoming]) -> Incoming:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for paper in papers:
            archive.writestr(paper.name, paper.file.read())
    size = out.tell()
    out.seek(0)
    return Incoming("all.zip", size, out)


class Firm:
    """A firm with one dossier, that hands in."""

    def __init__(self, world: World, actor: Actor, dossier_id: UUID) -> None:
        self.world = world
        self.actor = actor
        self.dossier_id = dossier_id
        self._papers = iter(range(1_000_000))

    async def hand_in(self, many: int, *, packed: bool = False) -> UUID:
        """Hand in so many new invoices together, or in one ZIP."""
        self.world.clock.at = datetime.now(UTC)
        papers = [_paper(next(self._papers)) for _ in range(many)]
        if packed:
            papers = [_archive(papers)]
        return await reception.hand_in(self.world.tools, self.actor, papers, dossier_id=self.dossier_id)


async def _firm(world: World, slug: str) -> Firm:
    firm = await a_firm(world, slug, slug.title())
    owner = await a_staff_member(world, firm, Role.OWNER)
    company = await a_company(world, firm, BAKKERIJ.name, BAKKERIJ.number)
    dossier = await a_dossier(world, firm, company, code="A-1")
    return Firm(world, owner, dossier.id)


async def _unread(world: World, *, upload: UUID | None = None) -> int:
    async with world.as_system() as session:
        # nobody knows yet what is in an archive that is closed
        many = sa.case((IntakeFile.media_type == FileKind.ZIP.value, BACKLOG), else_=1)
        query = sa.select(sa.func.sum(many)).where(IntakeFile.state == "received")
        if upload is not None:
            query = query.where(IntakeFile.upload_id == upload)
        return await session.scalar(query) or 0


async def _one(world: World, firm: Firm) -> float:
    """Seconds from handing in one file until it is read."""
    began = time.perf_counter()
    upload = await firm.hand_in(1)
    while await _unread(world, upload=upload):  # noqa: ASYNC110 - another process does it
        await asyncio.sleep(0.002)  # asking another process, not waiting for time to pass
    return time.perf_counter() - began


async def _settled(world: World) -> None:
    """Wait until everything is read and followed; drawings that still wait are let go."""
    while await _waiting(world, exclude=Priority.DRAWING):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.1)
    async with world.as_system() as session:
        await session.execute(
            sa.delete(JobRow).where(JobRow.priority == Priority.DRAWING, JobRow.lease_until.is_(None))
        )
    while await _waiting(world):  # noqa: ASYNC110 - as above
        await asyncio.sleep(0.1)


async def _waiting(world: World, *, exclude: Priority | None = None) -> int:
    query = sa.select(sa.func.count()).where(JobRow.done_at.is_(None), JobRow.dead_at.is_(None))
    if exclude is not None:
        query = query.where(JobRow.priority != exclude)
    async with world.as_system() as session:
        return await session.scalar(query) or 0


async def _busy(world: World, big: Firm, small: Firm, uploads: int, *, packed: bool) -> list[float]:
    taken: list[float] = []
    while len(taken) < ROUNDS:
        for _ in range(uploads):
            await big.hand_in(BACKLOG // uploads, packed=packed)
        while len(taken) < ROUNDS and await _unread(world) > BACKLOG // 10:
            taken.append(await _one(world, small))
        await _settled(world)
    return taken


def _worker(world: World) -> subprocess.Popen[bytes]:
    settings = world.settings
    given = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    given |= {
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_DATABASE_SYSTEM_URL": settings.database_system_url,
        "PORTAL_REDIS_URL": settings.redis_url,
        "PORTAL_STORAGE_URL": settings.storage_url,
        "PORTAL_MAIL_URL": settings.mail_url,
        "PORTAL_SCHEME": "http",
    }
    return subprocess.Popen(
        [sys.executable, "-m", "portal", "worker"], env=given, cwd=ROOT, stdout=sys.stderr, stderr=sys.stderr
    )


async def measure(world: World) -> list[Row]:
    """Quiet, then busy in both ways, with one worker."""
    big, small = await _firm(world, "big"), await _firm(world, "small")
    doorbell = Doorbell(world.settings.redis_url)
    world.tools.database.ring = doorbell.ring
    worker = _worker(world)
    try:
        await _one(world, small)  # the worker has started
        quiet = []
        for _ in range(ROUNDS):
            await _settled(world)
            quiet.append(await _one(world, small))
        calm = statistics.median(quiet)
        rows = []
        for uploads, packed, said in (
            (1, False, "in one upload"),
            (1, True, "in one ZIP"),
            (BACKLOG, False, f"in {BACKLOG} uploads"),
        ):
            await _settled(world)
            busy = statistics.median(await _busy(world, big, small, uploads, packed=packed))
            rows.append(
                Row(
                    f"one file while another firm hands in {BACKLOG} UBL {said}: {busy * 1000:.0f} ms",
                    f"quiet: {calm * 1000:.0f} ms",
                    busy / calm,
                    GOAL,
                )
            )
    finally:
        worker.terminate()
        worker.wait(60)
        await doorbell.close()
    return rows


async def _measured(servers: Servers) -> list[Row]:
    with tempfile.TemporaryDirectory() as folder:
        async with new_world(servers, Path(folder)) as world:
            return await measure(world)


def run() -> list[Row]:
    """One row for each way to hand in much."""
    with running_servers() as servers:
        return asyncio.run(_measured(servers))
