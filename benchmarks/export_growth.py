"""An export through the whole portal, from the choice to the finished bundle: against `zipfile`, ten times as much, and its memory.

The portal is a process of its own, which begins with a small export; each row is one of that process. `zipfile` writes the same bytes
here, in turns with it, from memory, as the least that a bundle costs: it reads, chooses, locks and notes nothing.

Documents are made by a statement each for all of them, and their files are laid where the store has them: what is measured is the
export, not the arrival.
"""

import asyncio
import gc
import hashlib
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from uuid import UUID

import asyncpg
import msgspec

from benchmarks import Row
from exports import ubl
from portal.db.roles import DatabaseUrls
from portal.demo.companies import BAKKERIJ, MOLENS
from portal.demo.samples import invoice
from portal.features.bundles.domain import ExportOptions
from portal.features.bundles.service import runs, selection
from portal.features.dossiers.service import opening
from portal.kernel.actor import Actor, Role
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member
from tests.support.servers import ROOT, Servers, running_servers
from tests.support.world import World, new_world, world_on

FEW, MANY = 1_000, 10_000
WARM = 100
ROUNDS = 3
PDF_SIZE = 20_000
MOST_MEMORY = 150.0
"""Megabytes that an export may take, however many documents leave."""
NUMBER = b"2026/000000"

DOCUMENTS = """
insert into document (company_id, id, kind, issuer, origin, state, version, number, issue_date, currency, net, tax, gross, payable,
  tax_subtotals, counterparty_name, sort_key, fold, original_sha256, original_name, original_type, original_size, ubl_sha256, pdf_origin,
  payment_state, received_at, changed_at, judged)
select $1, gen_random_uuid(), 'purchase_invoice', 'counterparty', 'ubl', 'final', 1, '2026/' || n, date '2026-10-01' + (n % 30)::int,
  'EUR', 73.60, 4.42, 78.02, 78.02, '[{"category": "S", "percent": "6", "taxable": "73.60", "tax": "4.42"}]', 'Molens', 'molens',
  'molens', sha256, n || '.xml', 'application/xml', size, sha256, 'embedded', 'open', now(), now(), true
from unnest($2::text[], $3::int[]) with ordinality as made(sha256, size, n)
"""
ITEMS = """
insert into dossier_item (firm_id, id, dossier_id, company_id, document_id, kind, version, state, approval, number,
  counterparty, fold, item_date, currency, net, tax, gross, received_at, final_at)
select $1, gen_random_uuid(), $2, company_id, id, kind, 1, 'ready', 'not_needed', number, counterparty_name, fold, issue_date, currency, net, tax,
  gross, received_at, received_at
from document where company_id = $3
"""


class Portal(msgspec.Struct, frozen=True):
    """Where the other process finds what it exports, and as whom."""

    servers: Servers
    urls: DatabaseUrls
    folder: str
    actor: Actor


class Told(msgspec.Struct, frozen=True):
    """What the other process says of one export: how long it took, and the most memory the process ever had, in megabytes."""

    seconds: float
    memory: float


def papers(count: int) -> Iterator[bytes]:
    """So many invoices with a PDF inside, which differ in their number."""
    paper = ubl.with_pdf(
        invoice(MOLENS, BAKKERIJ, NUMBER.decode(), date(2026, 10, 1), [("Bloem", "4", "18.40", 6)]),
        random.Random(1).randbytes(PDF_SIZE),
        filename="p.pdf",
        software="benchmark",
    )
    data = ubl.write(paper)
    for number in range(count):
        yield data.replace(NUMBER, b"2026/%06d" % number)


async def dossiers(world: World, sizes: list[int]) -> tuple[Actor, list[UUID]]:
    """A dossier for each of the sizes, with so many documents that are ready, and who may export them."""
    firm = await a_firm(world, "bundles", "Bundle Office")
    owner = await a_staff_member(world, firm, Role.OWNER)
    made: list[UUID] = []
    admin = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    try:
        for index, size in enumerate(sizes):
            company = await a_company(world, firm, f"Company {index}", a_number(index + 1))
            dossier = await a_dossier(world, firm, company, code=f"B-{index}")
            hashes: list[str] = []
            lengths: list[int] = []
            for data in papers(size):
                sha256 = hashlib.sha256(data).hexdigest()
                path = world.folder / "store" / str(company.id) / "sha256" / sha256[:2] / sha256[2:4] / sha256
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                hashes.append(sha256)
                lengths.append(len(data))
            await admin.execute(DOCUMENTS, company.id, hashes, lengths)
            await admin.execute(ITEMS, firm.id, dossier.id, company.id)
            made.append(dossier.id)
        await admin.execute("vacuum analyze")
    finally:
        await admin.close()
    return owner, made


async def exported(world: World, actor: Actor, dossier_id: UUID) -> float:
    """Choose, build and finish; the seconds that took."""
    began = time.perf_counter()
    async with opening.dossier(world.tools.database, actor, dossier_id) as (session, dossier):
        export = await selection.request_export(session, actor, dossier, ExportOptions())
    await world.run_jobs()
    taken = time.perf_counter() - began
    async with opening.dossier(world.tools.database, actor, dossier_id) as (session, dossier):
        done = await runs.export_of(session, dossier.id, export.id)
    if done.state.value != "finished":
        raise AssertionError(f"the export is {done.state}: {done.problem}")
    return taken


async def portal(given: Portal) -> None:
    """The other process: exports the dossier that each line names."""
    async with world_on(given.servers, given.urls, Path(given.folder)) as world:
        gc.freeze()  # as the worker does when it begins
        for line in sys.stdin:
            seconds = await exported(world, given.actor, UUID(line.strip()))
            memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
            print(msgspec.json.encode(Told(seconds, memory)).decode(), file=sys.stderr, flush=True)


def zipped(folder: Path, files: list[bytes]) -> float:
    """The seconds in which `zipfile` writes these files."""
    began = time.perf_counter()
    with zipfile.ZipFile(folder / "least.zip", "w") as archive:
        for index, data in enumerate(files):
            archive.writestr(f"{index}.xml", data)
    return time.perf_counter() - began


def ask(process: "subprocess.Popen[str]", dossier_id: UUID) -> Told:
    """Have one dossier exported."""
    assert process.stdin is not None
    assert process.stderr is not None
    print(dossier_id, file=process.stdin, flush=True)
    said: list[str] = []
    for line in process.stderr:
        said.append(line)
        if line.startswith('{"seconds"'):
            return msgspec.json.decode(line, type=Told)
    raise AssertionError("the portal ended:\n" + "".join(said))


async def measure(servers: Servers) -> list[Row]:
    """The rows, in a world of their own."""
    with tempfile.TemporaryDirectory() as folder:
        async with new_world(servers, Path(folder)) as world:
            actor, (warm, *few, many) = await dossiers(world, [WARM, *[FEW] * ROUNDS, MANY])
            given = msgspec.json.encode(Portal(servers, world.urls, folder, actor)).decode()
            return await asyncio.to_thread(_measured, given, Path(folder), warm, few, many)


def _measured(given: str, folder: Path, warm: UUID, few: list[UUID], many: UUID) -> list[Row]:
    files = list(papers(FEW))
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.export_growth", given],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        before = ask(process, warm).memory
        ours: list[float] = []
        least: list[float] = []
        for dossier_id in few:
            least.append(zipped(folder, files))
            ours.append(ask(process, dossier_id).seconds)
            least.append(zipped(folder, files))
        large = ask(process, many)
        assert process.stdin is not None
        process.stdin.close()
    one, zip_ = statistics.median(ours), statistics.median(least)
    taken = large.memory - before
    return [
        Row(
            f"export of {FEW:,} documents, choose to finish: {one:.2f} s",
            f"zipfile writing the same bytes: {zip_:.3f} s",
            one / zip_,
            "≤ 3",
        ),
        Row(
            f"export of {MANY:,} documents: {large.seconds:.1f} s",
            f"{MANY // FEW} of {FEW:,}: {one * MANY / FEW:.1f} s",
            large.seconds / (one * MANY / FEW),
            "≤ 1.1",
        ),
        Row(
            f"most memory of an export of {MANY:,} documents: {taken:.0f} MB",
            f"{MOST_MEMORY:.0f} MB",
            taken / MOST_MEMORY,
            "≤ 1",
        ),
    ]


def run() -> list[Row]:
    """All rows of this table."""
    with running_servers() as servers:
        return asyncio.run(measure(servers))


if __name__ == "__main__":
    asyncio.run(portal(msgspec.json.decode(sys.argv[1], type=Portal)))
