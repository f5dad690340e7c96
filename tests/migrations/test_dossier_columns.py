"""What was a column of the dossier and became rows with days: forth with data, and back."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime
from uuid import UUID

import anyio.to_thread
import asyncpg
from alembic import command
from alembic.config import Config

from portal.kernel.ids import new_id
from tests.support.servers import ROOT, Servers

BEFORE_STAFF, BEFORE_REGIMES = "0029", "0030"
LATE = datetime(2026, 3, 31, 22, 30, tzinfo=UTC)
"""Past midnight in Brussels."""


@asynccontextmanager
async def database_at(servers: Servers, revision: str) -> AsyncGenerator[tuple[asyncpg.Connection, Config]]:
    """A database as it was at a revision, and how to move it."""
    urls = await servers.new_database()
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", urls.owner.replace("%", "%%"))
    try:
        await anyio.to_thread.run_sync(command.downgrade, config, revision)
        connection = await asyncpg.connect(urls.owner.replace("+asyncpg", ""))
        try:
            yield connection, config
        finally:
            await connection.close()
    finally:
        await servers.drop_database(urls)


async def a_firm(connection: asyncpg.Connection, slug: str) -> UUID:
    firm = new_id()
    await connection.execute(
        "insert into firm (id, name, slug, language, country, email, created_at)"
        " values ($1, $2, $2, 'nl', 'BE', 'x@y.example', now())",
        firm,
        slug,
    )
    await connection.execute(
        "insert into target (firm_id, id, name, layout, delivery_method, created_at)"
        " values ($1, $2, 'Generic folders', 'generic', 'agent', now())",
        firm,
        new_id(),
    )
    return firm


async def a_person(connection: asyncpg.Connection, firm: UUID, name: str) -> UUID:
    person = new_id()
    await connection.execute(
        "insert into person (id, email, name, sort_key, language, created_at)"
        " values ($1, $2 || '@y.example', $2, $2, 'nl', now())",
        person,
        name,
    )
    await connection.execute(
        "insert into firm_member (firm_id, id, person_id, role, since) values ($1, $2, $3, 'owner', now())",
        firm,
        new_id(),
        person,
    )
    return person


async def a_dossier(connection: asyncpg.Connection, firm: UUID, name: str, **columns: object) -> UUID:
    company, dossier = new_id(), new_id()
    await connection.execute(
        "insert into company (id, name, sort_key, country, language, brought_by_firm, created_at)"
        " values ($1, $3, $3, 'BE', 'nl', $2, now())",
        company,
        firm,
        name,
    )
    values: dict[str, object] = {
        "firm_id": firm,
        "target_id": await connection.fetchval("select id from target where firm_id = $1", firm),
        "id": dossier,
        "company_id": company,
        "name": name,
        "sort_key": name,
        "fold": name,
        "country": "BE",
        "language": "nl",
        "access": "managed",
        "access_since": LATE,
        "last_activity_at": LATE,
        "created_at": LATE,
        **columns,
    }
    places = ", ".join(f"${number}" for number in range(1, len(values) + 1))
    await connection.execute(f"insert into dossier ({', '.join(values)}) values ({places})", *values.values())
    return dossier


async def test_who_manages_a_dossier_is_kept_with_the_day_it_was_made(servers: Servers) -> None:
    async with database_at(servers, BEFORE_STAFF) as (connection, config):
        firm, elsewhere = await a_firm(connection, "noordzee"), await a_firm(connection, "ardennes")
        an, stranger = await a_person(connection, firm, "an"), await a_person(connection, elsewhere, "luc")
        regime = {"vat_regime": "quarterly"}
        managed = await a_dossier(connection, firm, "A", manager_id=an, **regime)
        await a_dossier(connection, firm, "B", manager_id=None, **regime)
        await a_dossier(connection, firm, "C", manager_id=stranger, **regime)
        await anyio.to_thread.run_sync(command.upgrade, config, "head")
        found = await connection.fetch("select dossier_id, person_id, role, since, until from dossier_staff")
        assert [tuple(row) for row in found] == [(managed, an, "manager", date(2026, 4, 1), None)]
        await connection.execute("update dossier_staff set until = '2026-05-01'")
        await connection.execute(
            "insert into dossier_staff (firm_id, id, dossier_id, person_id, role, since)"
            " select firm_id, gen_random_uuid(), id, $1, 'manager', '2026-05-01' from dossier where name = 'B'",
            an,
        )
        await anyio.to_thread.run_sync(command.downgrade, config, BEFORE_STAFF)
        back = await connection.fetch("select name, manager_id from dossier order by name")
        assert [tuple(row) for row in back] == [("A", None), ("B", an), ("C", None)]


async def test_a_regime_is_kept_from_the_day_the_books_or_the_dossier_began(servers: Servers) -> None:
    async with database_at(servers, BEFORE_REGIMES) as (connection, config):
        firm = await a_firm(connection, "noordzee")
        await a_dossier(connection, firm, "A", vat_regime="exempt", books_from=date(2025, 7, 1))
        await a_dossier(connection, firm, "B", vat_regime="monthly", books_from=date(2027, 1, 1))
        await a_dossier(connection, firm, "C", vat_regime="none")
        changes = '{"vat_regime": ["exempt", "monthly"]}'
        rows = f'[{{"values": {{"vat_regime": "exempt", "name": "[\\"exempt\\"]"}}, "changes": {changes}}}]'
        await connection.execute(
            "insert into dossier_import (firm_id, id, file_name, sha256, sheet, mapping, rows, counts, state, created_at)"
            " values ($1, $2, 'a', 'a', 'a', '{}', $3, '{}', 'previewed', now())",
            firm,
            new_id(),
            rows,
        )
        kept = await connection.fetchval("select rows from dossier_import")
        await anyio.to_thread.run_sync(command.upgrade, config, "head")
        found = await connection.fetch(
            "select d.name, r.regime, r.valid_from from dossier d join dossier_vat_regime r on r.dossier_id = d.id order by 1"
        )
        assert [tuple(row) for row in found] == [
            ("A", "exempt_small", date(2025, 7, 1)),
            ("B", "monthly", date(2026, 4, 1)),
            ("C", "none", date(2026, 4, 1)),
        ]
        now = await connection.fetchval("select convert_from(rows, 'UTF8') from dossier_import_part")
        assert now == kept.replace('["exempt", "monthly"]', '["exempt_small", "monthly"]')
        later = (("A", "mixed", date(9000, 1, 1)), ("B", "unit_member", date(2026, 4, 2)))
        for name, regime, day in later:
            await connection.execute(
                "insert into dossier_vat_regime (firm_id, id, dossier_id, regime, valid_from)"
                " select firm_id, gen_random_uuid(), id, $2, $3 from dossier where name = $1",
                name,
                regime,
                day,
            )
        await anyio.to_thread.run_sync(command.downgrade, config, BEFORE_REGIMES)
        back = await connection.fetch("select name, vat_regime from dossier order by name")
        assert [tuple(row) for row in back] == [("A", "exempt"), ("B", "none"), ("C", "none")]
        assert await connection.fetchval("select rows from dossier_import") == kept
