"""One row of every table for firm and company A, made from the metadata; everybody else tries to see, change, delete and forge it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.exc import DBAPIError

from portal.db.engine import create_database
from portal.db.roles import DatabaseUrls
from portal.db.session import NOBODY, Database, Scope
from portal.kernel.ids import new_id
from portal.kernel.kinds import Kind
from portal.metadata import metadata
from tests.support.servers import Servers

SYSTEM_ONLY = {"login_session", "rate_count", "password_reset", "job_turn", "page_token", "kept_form"}
OWNERS = ("firm", "company", "person")
TABLES = [metadata.tables[name] for name in OWNERS] + [
    table for table in metadata.sorted_tables if table.name not in (*OWNERS, "member_dossier")
]
REFUSED = "42501"  # insufficient_privilege: row security, or no right on the table


@dataclass(slots=True)
class TwoSides:
    """A's rows by table, and the scopes of everybody."""

    database: Database
    rows: dict[str, dict[str, Any]] = field(default_factory=dict)
    firms: dict[str, UUID] = field(default_factory=dict)
    companies: dict[str, UUID] = field(default_factory=dict)
    people: dict[str, UUID] = field(default_factory=dict)

    def owners(self) -> list[Scope]:
        return [
            Scope(
                firm_id=self.firms["A"],
                opened_company_id=self.companies["A"],
                host_firm_id=self.firms["A"],
                person_id=self.people["A"],
            ),
            Scope(company_id=self.companies["A"], host_firm_id=self.firms["A"], person_id=self.people["A"]),
        ]

    def strangers(self) -> dict[str, Scope]:
        b, firm = self.people["B"], self.firms["B"]
        return {
            "the other firm": Scope(firm_id=firm, host_firm_id=firm, person_id=b),
            "the other firm with A's company opened": Scope(
                firm_id=firm, opened_company_id=self.companies["A"], host_firm_id=firm, person_id=b
            ),
            "the other firm with its own opened": Scope(
                firm_id=firm, opened_company_id=self.companies["B"], host_firm_id=firm, person_id=b
            ),
            "a member of another company": Scope(
                company_id=self.companies["B"], host_firm_id=firm, person_id=b
            ),
            "nobody": NOBODY,
        }


def value_for(column: sa.Column[Any], name: str) -> Any:
    """Any value that fits a column; texts differ from row to row."""
    kind = column.type
    if isinstance(kind, sa.Enum):
        return kind.enums[0]
    if isinstance(kind, JSONB):
        return [] if "list" in column.name or column.name == "problems" else {}
    if isinstance(kind, ARRAY):
        return []
    if isinstance(kind, sa.DateTime):
        return datetime(2026, 11, 22, tzinfo=UTC)
    if isinstance(kind, sa.Date):
        return date(2026, 11, 22)
    if isinstance(kind, sa.Numeric):
        return Decimal(1)
    if isinstance(kind, sa.Boolean):
        return False
    if isinstance(kind, sa.Integer):
        return 1
    if isinstance(kind, sa.LargeBinary):
        return new_id().bytes
    if isinstance(kind, sa.Uuid):
        return new_id()
    return f"{name} {new_id()}"


NEEDED = ("brought_by_firm", "document_id", "agent_id", "agent_name")
"""Columns that may be empty, but not in every row: an unclaimed company, an item of no statement, an agent's proof."""


def row_for(table: sa.Table, parents: dict[str, dict[str, Any]], name: str) -> dict[str, Any]:
    """A row whose foreign keys lead to `parents`."""
    row: dict[str, Any] = {}
    for column in table.columns:
        if column.computed is None and (not column.nullable or column.name in NEEDED):
            row[column.name] = value_for(column, name)
    for constraint in table.foreign_key_constraints:
        parent = constraint.referred_table.name
        if parent not in parents or not all(key.parent.name in row for key in constraint.elements):
            continue
        for element in constraint.elements:
            row[element.parent.name] = parents[parent][element.column.name]
    for owner, owned in (("firm_id", "firm"), ("company_id", "company"), ("person_id", "person")):
        if owner in table.columns and owned in parents:
            row[owner] = parents[owned]["id"]
    if table.name == "job":
        row["company_id"] = None
    if table.name == "audit_seal":
        row["chain"] = parents["firm"]["id"]
    if (
        table.name == "document"
    ):  # only what is put aside can be proposed for erasure, by somebody of the office
        row["aside_at"] = value_for(table.c.aside_at, name)
    if table.name == "derived_coda":  # the numbers below are the banks'
        row["number"] = 501
    if table.name == "erasure":
        row["proposed_by"] = parents["person"]["id"]
    if table.name == "invitation":  # of kind claim, which names a dossier
        row["dossier_id"] = parents["dossier"]["id"]
    if table.name == "dossier_item":
        row["kind"] = Kind.PURCHASE_INVOICE.value
    return row


async def arrange(urls: DatabaseUrls) -> TwoSides:
    """Write the rows."""
    database = create_database(urls.app, urls.system, name="rows")
    found = TwoSides(database)
    async with database.system_scope() as session:
        for side in ("A", "B"):
            parents: dict[str, dict[str, Any]] = {}
            for table in TABLES:
                if side == "B" and table.name not in (*OWNERS, "target", "dossier"):
                    continue
                row = row_for(table, parents, side)
                await session.execute(sa.insert(table).values(row))
                parents[table.name] = row
            found.firms[side] = parents["firm"]["id"]
            found.companies[side] = parents["company"]["id"]
            found.people[side] = parents["person"]["id"]
            if side == "A":
                found.rows = parents
    await database.close()
    return found


@pytest.fixture(scope="session")
def arranged(servers: Servers) -> Iterator[tuple[DatabaseUrls, TwoSides]]:
    """A has a row in every table; B has a firm, a company, a person and a dossier. Made in a loop of its own, as every test has one."""
    urls = asyncio.run(servers.new_database())
    yield urls, asyncio.run(arrange(urls))
    asyncio.run(servers.drop_database(urls))


@pytest.fixture
async def sides(arranged: tuple[DatabaseUrls, TwoSides]) -> AsyncIterator[TwoSides]:
    """The same, with connections of this test."""
    urls, found = arranged
    database = create_database(urls.app, urls.system, name="rows", pool_size=1)
    yield replace(found, database=database)
    await database.close()


def key_of(table: sa.Table, row: dict[str, Any]) -> sa.ColumnElement[bool]:
    return sa.and_(*(column == row[column.name] for column in table.primary_key.columns))


async def attempt(database: Database, scope: Scope, statement: sa.Executable) -> int | str:
    """How many rows a statement gave or touched, or the SQLSTATE of its refusal; nothing of it stays."""
    try:
        async with database.transaction(scope) as session:
            result = await session.execute(statement)
            count = len(result.all()) if result.returns_rows else result.rowcount  # pyright: ignore[reportAttributeAccessIssue] - an update has it
            await session.rollback()
            return count
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", ""))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
async def test_its_owner_sees_a_row_or_only_the_system_does(sides: TwoSides, table: sa.Table) -> None:
    row = sides.rows[table.name]
    seen = [
        await attempt(sides.database, scope, sa.select(table).where(key_of(table, row)))
        for scope in sides.owners()
    ]
    assert (1 in seen) == (table.name not in SYSTEM_ONLY)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
async def test_nobody_else_sees_changes_deletes_or_forges_a_row(sides: TwoSides, table: sa.Table) -> None:
    row = sides.rows[table.name]
    mine = key_of(table, row)
    first = next(column for column in table.columns if not column.primary_key)
    forged = {
        **row,
        **{column.name: value_for(column, "forged") for column in table.primary_key.columns},
    }
    if table.name == "audit_seal":
        forged["event_id"] = row["event_id"]
    statements = {
        "select": sa.select(table).where(mine),
        "select all": sa.select(table).where(_owner(table, sides)),
        "update": sa.update(table).where(mine).values({first.name: row.get(first.name)}),
        "delete": sa.delete(table).where(mine),
    }
    leaks: list[tuple[str, str, int | str]] = []
    for who, scope in sides.strangers().items():
        for what, statement in statements.items():
            got = await attempt(sides.database, scope, statement)
            if got not in (0, REFUSED):
                leaks.append((who, what, got))
        got = await attempt(sides.database, scope, sa.insert(table).values(forged))
        if got != REFUSED:
            leaks.append((who, "insert", got))
    assert leaks == []
    async with sides.database.system_scope() as session:
        assert len((await session.execute(sa.select(table).where(mine))).all()) == 1


def _owner(table: sa.Table, sides: TwoSides) -> sa.ColumnElement[bool]:
    if table.name in OWNERS:
        return table.c.id == sides.rows[table.name]["id"]
    if "firm_id" in table.columns:
        return table.c.firm_id == sides.firms["A"]
    if "company_id" in table.columns:
        return table.c.company_id == sides.companies["A"]
    return sa.true()
