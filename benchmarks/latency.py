"""From an approval to the file on the agent's disk, and what a portal costs that has nothing to do.

Everything is real: `python -m portal run` with its web, worker and servers, and the agent as a process of its own. A client approves an
invoice through HTTP; the policy lets it leave after its shortest wait, which is no latency: the clock begins when that is over. The parts
are read from what the portal and the agent write down: the export is begun, built, written by the agent, proved. What is idle is read
from the kernel's accounts, with the agent waiting at the feed.
"""

import asyncio
import itertools
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import sqlalchemy as sa

from benchmarks import Row
from portal.app import create_app, create_tools
from portal.config import Settings
from portal.db.roles import DatabaseUrls
from portal.embedded.process import free_port
from portal.features.agents import service as agents
from portal.features.bundles.models import Delivery, DeliveryProof, Export
from portal.features.items.models import DossierItem
from portal.features.policies.domain import SHORTEST_DELAY, Cadence
from portal.jobs.contract import registry_of
from portal.jobs.models import JobRow
from portal.jobs.runner import Runner
from portal.kernel.actor import Actor, Role
from portal.kernel.clock import FixedClock
from portal.kernel.kinds import Kind
from portal.supervisor import running
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_exports import Office, an_invoice, set_policy
from tests.support.servers import ROOT
from tests.support.world import World

PAPERS = 8
APART = 0.5
"""Seconds between two approvals: each finds the portal as idle as it is."""
IDLE_SECONDS = 12.0
PATIENCE = 60.0
TICKS = os.sysconf("SC_CLK_TCK")


class _Now(FixedClock):
    def now(self) -> datetime:
        return datetime.now(UTC)


class _Live(World):
    """A world whose jobs the worker of the portal carries out, and whose pages its web answers."""

    def client(self, host: str = "noordzee.localhost") -> httpx.AsyncClient:
        port = self.settings.listen_port
        return httpx.AsyncClient(
            base_url=f"http://127.0.0.1:{port}", headers={"host": f"{host}:{port}"}, timeout=PATIENCE
        )

    async def run_jobs(self) -> int:
        """Wait until nothing is left to do at once."""
        unfinished = sa.select(sa.func.count()).where(
            JobRow.done_at.is_(None), JobRow.dead_at.is_(None), JobRow.due_at <= sa.func.now()
        )
        while await self._count(unfinished):  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.02)
        return 0

    async def _count(self, query: sa.Select[int]) -> int:
        async with self.as_system() as session:
            return await session.scalar(query) or 0


@contextmanager
def _ended(child: subprocess.Popen[bytes]) -> Generator[None]:
    try:
        yield
    finally:
        child.send_signal(signal.SIGINT)
        child.wait(PATIENCE)


def _clean() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}


@contextmanager
def _portal(var: Path) -> Generator[tuple[Settings, int]]:
    """A portal without a demo; its settings and the process that holds it together."""
    port = free_port()
    command = [sys.executable, "-m", "portal", "run", "--var", str(var), "--port", str(port), "--no-demo"]
    with (
        subprocess.Popen(
            command, cwd=ROOT, env=_clean(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        ) as child,
        _ended(child),
    ):
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline and child.poll() is None:
            try:
                if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=2).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        yield Settings.load(running(var)), child.pid


@contextmanager
def _agent(world: _Live, folder: Path, host: str, code: str) -> Generator[int]:
    """An agent that runs; its process."""
    command = [sys.executable, "-m", "portal.syncagent"]
    home = ["--config", str(folder / "settings")]
    paired = [
        *command,
        "pair",
        f"{host}:{world.settings.listen_port}",
        code,
        "--root",
        str(folder / "root"),
        *home,
    ]
    subprocess.run(paired, cwd=ROOT, env=_clean(), check=True, stdout=subprocess.DEVNULL)
    with (
        subprocess.Popen(
            [*command, "run", *home],
            cwd=ROOT,
            env=_clean(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as child,
        _ended(child),
    ):
        yield child.pid


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [int(one) for one in found]


def _seconds(pid: int) -> float:
    """What a process and all below it have used of a processor."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS + sum(_seconds(child) for child in _children(pid))


def _parts(supervisor: int) -> dict[str, int]:
    """The processes below the one that holds them together, by what they are."""
    names: dict[str, int] = {}
    for pid in _children(supervisor):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        for part in ("web", "worker", "postgres", "valkey"):
            if any(word == part.encode() or part in word.decode().rpartition("/")[2] for word in words[:4]):
                names[part] = pid
                break
    return names


async def _idle(supervisor: int, agent: int) -> list[Row]:
    parts = _parts(supervisor) | {"agent": agent}

    def used() -> dict[str, float]:
        spent = {name: _seconds(pid) for name, pid in parts.items()}
        return spent | {
            "supervisor": _seconds(supervisor) - sum(_seconds(pid) for pid in _children(supervisor))
        }

    before = used()
    await asyncio.sleep(IDLE_SECONDS)
    after = used()
    return [
        Row(f"idle {name}: {share:.2f} % of a core", "1 %", share, "≤ 1")
        for name in after
        for share in (100 * (after[name] - before[name]) / IDLE_SECONDS,)
    ]


async def _approved(world: _Live, office: Office, papers: list[tuple[DossierItem, Actor]]) -> None:
    form = {"version": "1", "decision": "approved"}
    for item, member in papers:
        async with sign_in(world, member, office.host) as client:
            answer = await client.post(f"/approve/{item.document_id}", data=form)
            assert answer.status_code == 303, answer.status_code
        await asyncio.sleep(APART)


async def _arranged(world: _Live) -> tuple[Office, list[tuple[DossierItem, Actor]]]:
    """An invoice in each of some dossiers, and who can approve it."""
    firm = await a_firm(world, "noordzee")
    owner = await a_staff_member(world, firm, Role.OWNER)
    dossiers = [await a_dossier(world, firm, code=f"A-{number}") for number in range(PAPERS)]
    office = Office(firm, owner, dossiers[0])
    await set_policy(
        world,
        office,
        cadence=Cadence.AFTER_DELAY,
        delay_seconds=SHORTEST_DELAY,
        needs_approval=True,
        approval_kinds=[Kind.PURCHASE_INVOICE.value],
    )
    papers: list[tuple[DossierItem, Actor]] = []
    for dossier in dossiers:
        member = await a_member(world, firm, dossier.company_id)
        papers.append((await an_invoice(world, office, pdf=True, dossier=dossier), member))
    return office, papers


async def _delivered(world: _Live) -> list[Row]:
    deadline = time.monotonic() + PATIENCE
    query = (
        sa.select(
            DossierItem.final_at,
            Export.created_at,
            Export.finished_at,
            sa.func.max(DeliveryProof.written_at),
            sa.func.max(DeliveryProof.confirmed_at),
        )
        .join(Export, Export.dossier_id == DossierItem.dossier_id)
        .join(Delivery, Delivery.export_id == Export.id)
        .join(DeliveryProof, DeliveryProof.delivery_id == Delivery.id)
        .group_by(DossierItem.final_at, Export.created_at, Export.finished_at)
    )
    found: list[tuple[datetime, ...]] = []
    while len(found) < PAPERS:
        assert time.monotonic() < deadline, "not everything arrived"
        async with world.as_system() as session:
            found = [tuple(row) for row in await session.execute(query)]  # pyright: ignore[reportAssignmentType] - all is finished
        await asyncio.sleep(0.2)
    steps: list[list[float]] = []
    for row in found:
        moments = [row[0] + timedelta(seconds=SHORTEST_DELAY), *row[1:]]
        steps.append([(b - a).total_seconds() for a, b in itertools.pairwise(moments)])
    totals = sorted(sum(step[:3]) for step in steps)
    parts = [statistics.median(column) for column in zip(*steps, strict=True)]
    named = ", ".join(
        f"{name} {part:.2f}"
        for name, part in zip(("begun", "built", "written", "proved"), parts, strict=True)
    )
    middle, slow = statistics.median(totals), totals[int(0.95 * (len(totals) - 1))]
    return [
        Row(f"approved and due → file on disk, p50 {middle:.2f} s ({named})", "a second", middle, "≤ 1"),
        Row(f"approved and due → file on disk, p95 {slow:.2f} s", "a second", slow, "≤ 2"),
    ]


async def _measured(settings: Settings, supervisor: int, folder: Path) -> list[Row]:
    clock = _Now(datetime.now(UTC))
    tools = create_tools(settings, name="bench", clock=clock)
    urls = DatabaseUrls(
        settings.database_url, settings.database_system_url, settings.database_owner_url or ""
    )
    runner = Runner(tools, registry_of(tools.database))
    world = _Live(settings, tools, clock, create_app(settings, tools=tools), runner, urls, folder)
    try:
        office, papers = await _arranged(world)
        async with world.as_scope(firm_id=office.firm.id) as session:
            code, _ends = await agents.new_code(session, office.owner, "bench")
        with _agent(world, folder, office.host, code) as agent:
            await asyncio.sleep(3)  # it has begun to wait
            rows = await _idle(supervisor, agent)
            await _approved(world, office, papers)
            return [*await _delivered(world), *rows]
    finally:
        await tools.database.close()


def run() -> list[Row]:
    """How long it takes, and what each part costs that waits."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)  # the servers' own account has to reach it when root starts them
        with _portal(folder / "var") as (settings, supervisor):
            return asyncio.run(_measured(settings, supervisor, folder))
