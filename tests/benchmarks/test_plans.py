"""The statements of the main pages, at a million documents: none reads a table that grows from end to end, whoever asks for what.

Each statement is planned twice: for its values, and once for all values (a generic plan, which the database may take from the sixth time
on); for the client with most documents and for one with few. Whichever is chosen, it reads about as much as a page shows.
"""

import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from benchmarks._office import a_large_office
from benchmarks.documents_growth import MEMBER, STAFF, Side, opened
from portal.db.session import Scope, WriteSession
from tests.support.servers import Servers
from tests.support.world import new_world

DOCUMENTS = int(os.environ.get("PORTAL_PLANNED_DOCUMENTS", "1000000"))
DOSSIERS, BIG = 5_000, 3_000
GROWING = {"document", "dossier_item", "audit_event", "document_lock", "bundle_item"}
MOST = 12_000
"""Rows that one step of a plan may read: all dossiers of the office twice, or all documents of its largest client four times."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A statement that a page asked, with its values, by which role."""

    page: str
    statement: str
    values: tuple[Any, ...]
    as_system: bool


@pytest.fixture
async def side(servers: Servers, tmp_path: Path) -> AsyncIterator[Side]:
    """A large office with its readers signed in."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(new_world(servers, tmp_path))
        office = await a_large_office(
            world, servers.admin_url, dossiers=DOSSIERS, documents=DOCUMENTS, big=BIG
        )
        other = {"dossiers": DOSSIERS // 10, "documents": DOCUMENTS // 10, "big": BIG}
        await a_large_office(world, servers.admin_url, slug="ardennes", first_number=DOSSIERS, **other)
        yield await opened(stack, world, office)


@pytest.mark.timeout(900)  # a million rows are made first
async def test_no_page_reads_a_growing_table_from_end_to_end(side: Side) -> None:
    async with side.world.as_system() as session:
        few = (
            await session.execute(
                sa.text("select id, company_id from dossier where id <> :big order by id limit 1"),
                {"big": side.office.big},
            )
        ).one()
    small = replace(side, office=replace(side.office, big=few.id, big_company=few.company_id))
    faults: list[str] = []
    looked = 0
    for one in (side, small):
        for path in STAFF.values():
            scope = Scope(
                firm_id=one.office.firm.id,
                opened_company_id=one.office.big_company,
                host_firm_id=one.office.firm.id,
                person_id=one.office.owner.person_id,
            )
            asked = await _asked(one, path, member=False)
            faults += await _faults(one, asked, scope)
            looked += len(asked)
    member = Scope(
        company_id=side.office.big_company,
        host_firm_id=side.office.firm.id,
        person_id=side.office.member.person_id,
    )
    for path in MEMBER.values():
        asked = await _asked(side, path, member=True)
        faults += await _faults(side, asked, member)
        looked += len(asked)
    assert looked > 100
    assert "\n\n".join(faults) == ""


async def _asked(side: Side, path: str, *, member: bool) -> list[Asked]:
    """What a page asks to read."""
    found: list[Asked] = []
    database = side.world.tools.database

    def listening(engine: AsyncEngine, *, as_system: bool) -> Any:
        def heard(_connection: Any, _cursor: Any, statement: str, values: Any, *_: Any) -> None:
            if statement.lstrip().lower().startswith(("select", "with")) and "set_config" not in statement:
                found.append(Asked(path, statement, tuple(values), as_system))

        event.listen(engine.sync_engine, "before_cursor_execute", heard)
        return lambda: event.remove(engine.sync_engine, "before_cursor_execute", heard)

    ends = [
        listening(database.app_engine, as_system=False),
        listening(database.system_engine, as_system=True),
    ]
    try:
        await side.page(path, member=member)
    finally:
        for end in ends:
            end()
    return found


async def _faults(side: Side, asked: list[Asked], scope: Scope) -> list[str]:
    database = side.world.tools.database
    found: list[str] = []
    for one in asked:
        begin = database.system_scope() if one.as_system else database.transaction(scope)
        async with begin as session:
            for mode in ("force_custom_plan", "force_generic_plan"):
                found += [
                    f"{one.page}, {mode}: {what}\n{one.statement}"
                    for what in _too_much(await _plan(session, one, mode))
                ]
    return found


async def _plan(session: WriteSession, asked: Asked, mode: str) -> dict[str, Any]:
    """The plan of a statement with what each of its steps read."""
    connection = await _connection(session)
    await connection.execute(f"set local plan_cache_mode = {mode}")
    prepared = await connection.prepare(asked.statement)
    kinds = [
        one.name if one.schema == "pg_catalog" else f"{one.schema}.{one.name}"
        for one in prepared.get_parameters()
    ]
    declared = f"({', '.join(kinds)})" if kinds else ""
    given = f"({', '.join(map(_literal, asked.values))})" if kinds else ""
    await connection.execute(f"prepare looked_at {declared} as {asked.statement}")
    row = await connection.fetchval(f"explain (analyze, format json) execute looked_at {given}")
    await connection.execute("deallocate looked_at")
    found = json.loads(row) if isinstance(row, str) else row
    return found[0]["Plan"]


async def _connection(session: AsyncSession) -> Any:
    raw = await (await session.connection()).get_raw_connection()
    return raw.driver_connection


def _literal(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool() | int() | Decimal():
            return str(value)
        case bytes():
            return f"'\\x{value.hex()}'"
        case list() | tuple():
            inside = ",".join(f'"{one}"' for one in value)
            return f"'{{{inside}}}'"
        case _:
            return "'" + str(value).replace("'", "''") + "'"


def _steps(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from _steps(below)


def _too_much(plan: dict[str, Any]) -> Iterator[str]:
    for step in _steps(plan):
        read = (
            step["Actual Rows"]
            + step.get("Rows Removed by Filter", 0)
            + step.get("Rows Removed by Index Recheck", 0)
        ) * step["Actual Loops"]
        table = step.get("Relation Name", "")
        if step["Node Type"] == "Seq Scan" and table in GROWING and step["Actual Loops"]:
            yield f"reads all of {table}"
        elif read > MOST:
            yield f"{step['Node Type']} {table} reads {read:.0f} rows"
