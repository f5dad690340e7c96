"""What people hand in, through the whole portal, against reading the same files alone.

- 500 UBL in one upload, from the bytes in memory to documents, against `exports.ubl.read` and `check` (with the official rules) of the
  same files: the portal does not ask the official rules of what comes in, but stores, compares, judges and writes down.
- A list of 5,000 rows as an office has it (codes with zeros by their format, a filter, a column of days) from the form to its preview,
  in rows a second.

Both sides of a row run in one process on the embedded servers.
"""

import asyncio
import io
import tempfile
import time
from datetime import date, timedelta
from pathlib import Path

import xlsxwriter
from sqlalchemy import func, select

from benchmarks import Row
from exports import ubl
from exports.ubl.check import check, close
from portal.demo.companies import BAKKERIJ, MOLENS
from portal.demo.samples import invoice
from portal.features.documents.models import Document
from portal.features.intake.service import reception
from portal.features.intake.service.reception import Incoming
from portal.jobs.contract import Priority
from portal.kernel.actor import Role
from tests.support.builders import a_company, a_dossier, a_firm, a_number, a_staff_member, sign_in
from tests.support.servers import Servers, running_servers
from tests.support.world import World, new_world

FILES, LISTED = 500, 5_000
LEAST_ROWS = 2_000
"""Rows of a list that are previewed in a second, at least."""


async def upload(world: World) -> Row:
    """Handing in many invoices at once."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    company = await a_company(world, firm, BAKKERIJ.name, BAKKERIJ.number)
    dossier = await a_dossier(world, firm, company, code="A-1")
    papers = [
        ubl.write(
            invoice(
                MOLENS,
                BAKKERIJ,
                f"2026/{n:06d}",
                date(2026, 1 + n % 10, 1 + n % 28),
                [("Bloem", "4", "18.40", 6)],
            )
        )
        for n in range(FILES)
    ]
    began = time.perf_counter()
    for data in papers:
        ubl.read(data)
        check(data)
    alone = time.perf_counter() - began
    close()
    began = time.perf_counter()
    incoming = [Incoming(f"{n}.xml", len(data), io.BytesIO(data)) for n, data in enumerate(papers)]
    await reception.hand_in(world.tools, owner, incoming, dossier_id=dossier.id)
    await _until_read(world)
    mine = time.perf_counter() - began
    return Row(
        f"{FILES} UBL in one upload, read and judged: {mine:.1f} s",
        f"exports.ubl.read and check alone: {alone:.1f} s",
        alone / mine,
        "≥ 0.5",
    )


async def _until_read(world: World) -> None:
    """Carry out jobs until those come that only draw: all files are read by then, and what follows from them is done."""
    runner = world.runner
    while (row := await runner.claim()) is not None and row.priority < Priority.DRAWING:
        await runner.carry_out(row)
    async with world.as_system() as session:
        made = await session.scalar(select(func.count()).select_from(Document))
    if made != FILES:
        raise AssertionError(f"{made} documents")


def a_list() -> bytes:
    """A workbook of an office's own making."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet("Klanten")
        zeros = book.add_format({"num_format": "00000"})
        day = book.add_format({"num_format": "dd/mm/yyyy"})
        sheet.write_row(0, 0, ["Klantnr.", "Benaming", "BTW-nr.", "Taal", "E-mail", "Gemeente", "Sinds"])
        for n in range(1, LISTED + 1):
            number = a_number(500_000 + n)
            sheet.write_number(n, 0, n, zeros)
            sheet.write_string(n, 1, f"Klant {n} BV")
            sheet.write_string(n, 2, f"BE {number[:4]}.{number[4:7]}.{number[7:]}")
            sheet.write_string(n, 3, "nl")
            sheet.write_string(n, 4, f"c{n}@c.example")
            sheet.write_string(n, 5, "Gent")
            sheet.write_datetime(n, 6, date(2010, 1, 1) + timedelta(days=n), day)  # pyright: ignore[reportArgumentType]
    return out.getvalue()


async def preview(world: World) -> Row:
    """A list from the form to its preview."""
    firm = await a_firm(world, "lists", "List Office")
    owner = await a_staff_member(world, firm, Role.OWNER)
    data = a_list()
    times: list[float] = []
    async with sign_in(world, owner, "lists.localhost") as client:
        for _ in range(3):
            began = time.perf_counter()
            answer = await client.post("/dossiers/import", files={"files": ("list.xlsx", data)})
            if answer.status_code != 303:
                raise AssertionError(answer.text)
            times.append(time.perf_counter() - began)
    speed = LISTED / sorted(times)[1]
    return Row(
        f"a list of {LISTED:,} rows previewed: {speed:,.0f} rows/s",
        f"{LEAST_ROWS:,} rows/s",
        speed / LEAST_ROWS,
        "≥ 1",
    )


async def measure(servers: Servers) -> list[Row]:
    """Each in a database of its own."""
    rows: list[Row] = []
    for part in (upload, preview):
        with tempfile.TemporaryDirectory() as folder:
            async with new_world(servers, Path(folder)) as world:
                rows.append(await part(world))
    return rows


def run() -> list[Row]:
    """One row for each door."""
    with running_servers() as servers:
        return asyncio.run(measure(servers))
