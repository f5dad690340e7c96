"""The portal against the bare minimum: the work list, building a bundle, an import preview, and starting up.

- The work list with 2,000 dossiers and 200,000 items, against a bare Litestar + asyncpg + Jinja page that shows the same rows.
- Building a bundle of 1,000 documents through the whole portal (choose, archive, store, finish), against `zipfile` writing the same bytes.
- The preview of a list of 2,000 rows through HTTP, against reading the workbook with python-calamine alone.
- The second start of `python -m portal run`, in seconds.

Everything runs in one process on the embedded servers; the numbers are ratios of medians in one run.
"""

import asyncio
import io
import os
import random
import signal
import statistics
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Awaitable, Callable
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

import asyncpg
import httpx
import jinja2
import sqlalchemy as sa
from litestar import Litestar, MediaType, get
from python_calamine import CalamineWorkbook

from exports import ubl
from portal.demo.companies import BAKKERIJ, MOLENS
from portal.demo.samples import invoice
from portal.features.bundles import service as bundles
from portal.features.bundles.domain import ExportOptions
from portal.features.documents import service as documents
from portal.features.dossiers import service as dossiers
from portal.features.dossiers.service import workbooks
from portal.kernel.actor import Role
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member, opened, sign_in
from tests.support.world import ROOT, World, new_world, running_servers

DOSSIERS, ITEMS, DOCUMENTS, ROWS, ROUNDS = 2000, 200_000, 1000, 2000, 15

BARE = jinja2.Environment(autoescape=True).from_string(
    "<!doctype html><title>Work</title><table>{% for r in rows %}<tr><th><a href='/dossiers/{{ r.id }}'>{{ r.name }}</a></th>"
    "<td>{{ r.code }}</td><td>{{ r.quick_entry_count }}</td><td>{{ r.waiting_count }}</td><td>{{ r.ready_count }}</td>"
    "<td>{{ r.oldest_open_at }}</td><td>{{ r.last_activity_at }}</td></tr>{% endfor %}</table>"
)


class Row(NamedTuple):
    """One line of the table: ours divided by theirs."""

    work: str
    against: str
    ratio: float
    goal: str


async def median(call: Callable[[], Awaitable[Any]], rounds: int = ROUNDS) -> float:
    """The median seconds of a call, after one to warm up."""
    await call()
    taken: list[float] = []
    for _ in range(rounds):
        began = time.perf_counter()
        await call()
        taken.append(time.perf_counter() - began)
    return statistics.median(taken)


async def work_list(world: World) -> Row:
    """Rendering the start page over a large firm."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    async with world.as_system() as session:
        await session.execute(sa.text(FILL_DOSSIERS), {"firm": firm.id, "count": DOSSIERS})
        await session.execute(sa.text("set local session_replication_role = 'origin'"))
        await session.execute(sa.text(FILL_ITEMS), {"firm": firm.id, "each": ITEMS // DOSSIERS})
    admin = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    await admin.execute("analyze")
    await admin.close()
    pool = await asyncpg.create_pool(world.urls.system.replace("+asyncpg", ""), min_size=2)

    @get("/", media_type=MediaType.HTML, sync_to_thread=False)
    async def bare() -> str:
        rows = await pool.fetch(
            "select id, name, code, quick_entry_count, waiting_count, ready_count, oldest_open_at, last_activity_at"
            " from dossier where firm_id = $1 and quick_entry_count + ready_count > 0 order by ready_count desc, id desc limit 50",
            firm.id,
        )
        return BARE.render(rows=rows)

    other = Litestar([bare], logging_config=None)
    transport = httpx.ASGITransport(other)
    async with sign_in(world, owner) as ours, httpx.AsyncClient(transport=transport, base_url="http://bare") as theirs:
        async with other.lifespan():
            mine = await median(lambda: ours.get("/"))
            least = await median(lambda: theirs.get("/"))
    await pool.close()
    return Row(
        f"work list, {DOSSIERS:,} dossiers, {ITEMS:,} items: {mine * 1000:.1f} ms",
        f"bare Litestar + asyncpg + Jinja, same rows: {least * 1000:.1f} ms",
        mine / least,
        "measured",
    )


FILL_DOSSIERS = """
with made as (
  insert into company (id, name, country, number, language, brought_by_firm, created_at)
  select gen_random_uuid(), 'Company ' || n, 'BE', null, 'nl', :firm, now() from generate_series(1, :count) n
  returning id, name
)
insert into dossier (firm_id, id, company_id, code, name, country, language, vat_regime, access, access_since, last_activity_at, created_at)
select :firm, gen_random_uuid(), id, null, name, 'BE', 'nl', 'quarterly', 'managed', now(), now(), now() from made
"""
FILL_ITEMS = """
with accounts as (
  insert into bank_account (company_id, id, number, currency, extension, holder, description, created_at)
  select company_id, gen_random_uuid(), 'BE00', 'EUR', '', 'x', '', now() from dossier where firm_id = :firm
  returning company_id, id
), statements as (
  insert into statement (company_id, id, account_id, version, coda_number, paper_number, old_balance, new_balance, debit_total,
    credit_total, movement_count, content_hash, original_sha256, original_name, file_sha256, file_size, derived, findings, note, received_at)
  select a.company_id, gen_random_uuid(), a.id, 1, n, n, 0, 0, 0, 0, 0, n::text, '', '', '', 0, false, '[]', '', now()
  from accounts a cross join generate_series(1, :each) n
  returning company_id, id
)
insert into dossier_item (firm_id, id, dossier_id, company_id, statement_id, kind, version, state, approval, number, counterparty,
  item_date, currency, net, tax, gross, received_at, final_at)
select :firm, gen_random_uuid(), d.id, d.company_id, s.id, 'statement', 1,
  case when random() < 0.1 then 'ready' else 'bundled' end, 'not_needed', 'x', 'y', current_date, 'EUR', 0, 0, 0, now(), now()
from statements s join dossier d on d.company_id = s.company_id and d.firm_id = :firm
"""


async def bundle(world: World) -> Row:
    """One export of many documents through the whole portal."""
    firm = await a_firm(world, "bundles", "Bundle Office")
    owner = await a_staff_member(world, firm, Role.OWNER)
    company = await a_company(world, firm, BAKKERIJ.name, BAKKERIJ.number)
    dossier = await a_dossier(world, firm, company, code="B-1")
    pdf = random.Random(1).randbytes(20_000)
    written: list[bytes] = []
    for index in range(DOCUMENTS):
        paper = invoice(MOLENS, BAKKERIJ, f"2026/{index:05d}", date(2026, 10, 1 + index % 30), [("Bloem", "4", "18.40", 6)])
        data = ubl.write(ubl.with_pdf(paper, pdf, filename="p.pdf", software="x"))
        written.append(data)
        async with world.tools.database.transaction(opened(firm, dossier)) as session:
            await documents.bench_arrival(session, world.tools, owner, dossier, data, f"{index}.xml")
    await world.run_jobs()
    began = time.perf_counter()
    async with world.tools.database.transaction(opened(firm, dossier)) as session:
        again = await dossiers.open_dossier(session, owner, dossier.id)
        export = await bundles.request_export(session, owner, again, ExportOptions())
    await world.run_jobs()
    mine = time.perf_counter() - began
    async with world.as_scope(firm_id=firm.id) as session:
        done = await bundles.export_of(session, dossier.id, export.id)
    assert done.state.value == "finished", done.problem
    began = time.perf_counter()
    with tempfile.TemporaryFile() as out, zipfile.ZipFile(out, "w") as archive:
        for index, data in enumerate(written):
            archive.writestr(f"{index}.xml", data)
    least = time.perf_counter() - began
    return Row(
        f"export of {DOCUMENTS:,} documents, choose to finish: {mine:.2f} s",
        f"zipfile writing the same bytes: {least:.3f} s",
        mine / least,
        "measured",
    )


async def preview(world: World) -> Row:
    """An Excel list through HTTP, in the sandbox."""
    firm = await a_firm(world, "lists", "List Office")
    owner = await a_staff_member(world, firm, Role.OWNER)
    rows = [
        {"code": f"{n:05d}", "name": f"Company {n}", "number": a_number(n), "language": "nl", "email": f"c{n}@c.example"}
        for n in range(ROWS)
    ]
    data = workbooks.of_dossiers(rows)

    async def theirs() -> None:
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        book.get_sheet_by_index(0).to_python()

    async with sign_in(world, owner, "lists.localhost") as client:

        async def ours() -> None:
            answer = await client.post("/dossiers/import", files={"files": ("list.xlsx", data)})
            assert answer.status_code == 303, answer.text

        mine, least = await median(ours, 5), await median(theirs, 5)
    return Row(
        f"import preview of {ROWS:,} rows: {mine:.2f} s", f"python-calamine alone: {least:.3f} s", mine / least, "measured"
    )


def second_start() -> Row:
    """`python -m portal run` when everything is there already."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        Path(folder).chmod(0o755)
        seconds = [_start(folder, 8971), _start(folder, 8971)]
    return Row(f"second start of make run: {seconds[1]:.1f} s", f"first start: {seconds[0]:.1f} s", seconds[1] / seconds[0], "measured")


def _start(folder: str, port: int) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    began = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "portal", "run", "--var", folder, "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    for line in child.stdout:
        if line.startswith("Ready"):
            break
    taken = time.perf_counter() - began
    child.send_signal(signal.SIGINT)
    child.stdout.read()
    child.wait(60)
    return taken


async def measure() -> list[Row]:
    """The rows that need servers."""
    with running_servers() as servers, tempfile.TemporaryDirectory() as folder:
        async with new_world(servers, Path(folder), max_upload_bytes=64 * 1024 * 1024) as world:
            return [await work_list(world), await bundle(world), await preview(world)]


def run() -> list[Row]:
    """All rows of this table."""
    return [*asyncio.run(measure()), second_start()]


def main() -> None:
    """Print the table."""
    for row in run():
        print(f"{row.work:60} {row.against:55} {row.ratio:6.2f}×  {row.goal}")


if __name__ == "__main__":
    main()
