"""The portal against the bare minimum: the work list, an import preview, and starting up.

- The work list with 2,000 dossiers and 200,000 documents, against a bare Litestar + asyncpg + Jinja page that shows the same rows.
- The preview of a list of 2,000 rows through HTTP and the sandbox, against reading the workbook with python-calamine alone.
- Accepting a list of 2,700 rows (from the click to the last dossier), against reading the workbook with python-calamine alone.
- What a row costs in a list of 5,000, against one in a list of 500: a turn of acceptance reads nothing of the others.
- The second start of `python -m portal run`, against the first.

Everything but the start runs in one process on the embedded servers; ratios are of medians in one run, both sides in turns.
"""

import asyncio
import io
import os
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import asyncpg
import httpx
from python_calamine import CalamineWorkbook

from benchmarks import Row
from benchmarks._bare import create as bare_page
from portal.embedded.process import free_port
from portal.features.imports.service import workbooks
from portal.kernel.actor import Role
from tests.support.builders import a_firm, a_number, a_staff_member, sign_in
from tests.support.servers import ROOT, Servers, running_servers
from tests.support.world import World, new_world

DOSSIERS, DOCUMENTS = 2_000, 200_000
LISTED = 2_000
ACCEPTED = 2_700
LENGTHS = (500, 5_000)

FILL = (
    """
    with made as (
      insert into company (id, name, sort_key, country, language, brought_by_firm, created_at)
      select gen_random_uuid(), 'Company ' || n, 'company ' || lpad(n::text, 12, '0'), 'BE', 'nl', $1, now() from generate_series(1, $2::int) n
      returning id, name, sort_key
    )
    insert into dossier (firm_id, id, company_id, target_id, code, code_key, name, sort_key, fold, name_key, country, language, access,
      access_since, last_activity_at, created_at)
    select $1, gen_random_uuid(), id, (select t.id from target t where t.firm_id = $1), substr(name, 9), substr(name, 9), name, sort_key,
      lower(name), lower(name), 'BE', 'nl', 'managed', now(), now(), now() from made
    """,
    """
    insert into document (company_id, id, kind, issuer, origin, state, version, number, issue_date, currency, net, tax, gross, payable,
      tax_subtotals, counterparty_name, sort_key, fold, original_sha256, original_name, original_type, original_size, payment_state,
      received_at, changed_at)
    select d.company_id, gen_random_uuid(), 'purchase_invoice', 'counterparty', 'ubl', 'final', 1, n::text,
      date '2026-01-01' + n, 'EUR', 100, 21, 121, 121, '[]', 'Supplier ' || n, 'supplier ' || lpad(n::text, 12, '0'), 'supplier ' || n, n::text, n || '.xml', 'application/xml', 1,
      'open', now(), now()
    from dossier d cross join generate_series(1, $2::int) n where d.firm_id = $1
    """,
    """
    insert into dossier_item (firm_id, id, dossier_id, company_id, document_id, kind, version, state, approval, number,
      counterparty, fold, item_date, currency, net, tax, gross, received_at, final_at)
    select $1, gen_random_uuid(), d.id, d.company_id, p.id, 'purchase_invoice', 1,
      case when random() * $2::int < 10 then 'ready' else 'bundled' end, 'not_needed', p.number, p.counterparty_name, p.fold,
      p.issue_date, 'EUR', 100, 21, 121, now(), now()
    from document p join dossier d on d.company_id = p.company_id and d.firm_id = $1
    """,
)
"""Companies with their dossiers, documents, and the firm's items on them; each takes the firm and a number."""


async def medians(
    ours: Callable[[], Awaitable[Any]], theirs: Callable[[], Awaitable[Any]], rounds: int
) -> tuple[float, float]:
    """The median seconds of both, taken in turns, after one of each to warm up."""
    times: tuple[list[float], list[float]] = ([], [])
    for round_ in range(rounds + 1):
        for side, call in enumerate((ours, theirs)):
            began = time.perf_counter()
            await call()
            if round_:
                times[side].append(time.perf_counter() - began)
    return statistics.median(times[0]), statistics.median(times[1])


async def work_list(world: World) -> Row:
    """Rendering the start page of a large firm."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    admin = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    try:
        await admin.execute(FILL[0], firm.id, DOSSIERS)
        await admin.execute(FILL[1], firm.id, DOCUMENTS // DOSSIERS)
        await admin.execute(FILL[2], firm.id, DOCUMENTS // DOSSIERS)
        await admin.execute("vacuum analyze")
    finally:
        await admin.close()
    other = bare_page(world.urls.system.replace("+asyncpg", ""), firm.id)
    async with (
        sign_in(world, owner) as client,
        other.lifespan(),
        httpx.AsyncClient(
            transport=httpx.ASGITransport(cast("Any", other)), base_url="http://bare"
        ) as bare_client,
    ):
        pages = await client.get("/"), await bare_client.get("/")
        shown = [len(set(re.findall(r"/dossiers/([0-9a-f-]{36})", page.text))) for page in pages]
        if shown[0] != shown[1] or shown[0] < 50:
            raise AssertionError(f"the two pages do not show the same number of dossiers: {shown}")
        mine, least = await medians(lambda: client.get("/"), lambda: bare_client.get("/"), 30)
    return Row(
        f"work list, {DOSSIERS:,} dossiers, {DOCUMENTS:,} documents: {mine * 1000:.1f} ms",
        f"bare Litestar + asyncpg + Jinja, same rows: {least * 1000:.1f} ms",
        mine / least,
        "measured",
    )


async def preview(world: World) -> Row:
    """An Excel list through HTTP, in the sandbox."""
    firm = await a_firm(world, "lists", "List Office")
    owner = await a_staff_member(world, firm, Role.OWNER)
    rows = [
        {
            "code": f"{n:05d}",
            "name": f"Company {n}",
            "number": a_number(500_000 + n),
            "language": "nl",
            "email": f"c{n}@c.example",
        }
        for n in range(LISTED)
    ]
    data = workbooks.of_dossiers(rows)

    async def theirs() -> None:
        CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()

    async with sign_in(world, owner, "lists.localhost") as client:

        async def ours() -> None:
            answer = await client.post("/dossiers/import", files={"files": ("list.xlsx", data)})
            if answer.status_code != 303:
                raise AssertionError(answer.text)

        mine, least = await medians(ours, theirs, 5)
    return Row(
        f"import preview of {LISTED:,} rows: {mine:.2f} s",
        f"python-calamine alone: {least:.3f} s",
        mine / least,
        "≤ 3",
    )


async def acceptance(world: World) -> Row:
    """Carrying out a list of new dossiers, part by part as the worker does, against reading the same workbook."""
    data, mine = await _accepted(world, "noordzee", ACCEPTED)
    began = time.perf_counter()
    CalamineWorkbook.from_filelike(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    theirs = time.perf_counter() - began
    return Row(
        f"accepting a list of {ACCEPTED:,} rows: {mine:.1f} s, {ACCEPTED / mine:.0f} rows/s",
        f"python-calamine reads it: {theirs * 1000:.0f} ms",
        mine / theirs,
        "measured",
    )


async def linearity(world: World) -> Row:
    """What a row of a long list costs, against one of a short list."""
    short, long = LENGTHS
    _data, least = await _accepted(world, "short", short)
    _data, mine = await _accepted(world, "long", long)
    return Row(
        f"accepting, a row of {long:,}: {mine / long * 1000:.2f} ms",
        f"a row of {short:,}: {least / short * 1000:.2f} ms",
        (mine / long) / (least / short),
        "≤ 1.2",
    )


async def _accepted(world: World, slug: str, count: int) -> tuple[bytes, float]:
    """A list of new dossiers of an office of its own, and the seconds from the click to the last dossier."""
    firm = await a_firm(world, slug, f"Office {slug}")
    owner = await a_staff_member(world, firm, Role.OWNER)
    data = workbooks.of_dossiers(
        [
            {"code": f"{n:05d}", "name": f"Company {n}", "number": a_number(n + 1), "country": "BE"}
            for n in range(count)
        ]
    )
    async with sign_in(world, owner, f"{slug}.localhost") as client:
        answer = await client.post("/dossiers/import", files={"files": ("list.xlsx", data)})
        where = answer.headers["location"]
        began = time.perf_counter()
        assert (await client.post(f"{where}/accept")).status_code == 303
        await world.run_jobs()
        mine = time.perf_counter() - began
        page = (await client.get(where)).text
        assert f"{count:,} dossiers" in page or f"{count} dossiers" in page
    return data, mine


def second_start() -> Row:
    """`python -m portal run` when everything is there already."""
    with tempfile.TemporaryDirectory(prefix="portal-bench-") as folder:
        Path(folder).chmod(0o755)  # the servers' own account has to reach it when root starts them
        first, second = (_start(folder) for _ in range(2))
    return Row(
        f"second start of make run: {second:.1f} s", f"first start: {first:.1f} s", second / first, "measured"
    )


def _start(folder: str) -> float:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    began = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "portal", "run", "--var", folder, "--port", str(free_port())],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as child:
        if child.stdout is None:
            raise AssertionError
        said: list[str] = []
        for line in child.stdout:
            said.append(line)
            if line.startswith("Ready"):
                break
        else:
            raise AssertionError("the portal did not start:\n" + "".join(said))
        taken = time.perf_counter() - began
        child.send_signal(signal.SIGINT)
        child.stdout.read()
        child.wait(60)
    return taken


async def measure(servers: Servers) -> list[Row]:
    """The rows that need servers, each in a world of its own."""
    rows: list[Row] = []
    for part in (work_list, preview, acceptance, linearity):
        with tempfile.TemporaryDirectory() as folder:
            async with new_world(servers, Path(folder), max_upload_bytes=64 * 1024 * 1024) as world:
                rows.append(await part(world))
    return rows


def run() -> list[Row]:
    """All rows of this table."""
    with running_servers() as servers:
        rows = asyncio.run(measure(servers))
    return [*rows, second_start()]
