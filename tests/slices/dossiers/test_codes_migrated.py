"""The migration that writes the keys, on a filled database with clashes: it goes through, and the older dossier keeps its folder."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import anyio.to_thread
import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from portal.features.dossiers.domain.codes import code_key
from portal.kernel.ids import new_id
from tests.support.servers import ROOT, Servers

CODES = [
    "A12",
    "a12",
    "\uff21\uff11\uff12",
    "\u00c97",
    "e\u03017",
    "stra\u00dfe",
    "STRASSE",
    "01204",
    None,
    None,
]
BEFORE = "0010"


def config(owner_url: str) -> Config:
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    return made


@pytest.fixture
async def filled(servers: Servers, tmp_path: Path) -> AsyncIterator[tuple[str, UUID, UUID]]:
    """A database of the release before, with two firms that have the same codes; of one the youngest row came first."""
    urls = await servers.new_database()
    await anyio.to_thread.run_sync(command.downgrade, config(urls.owner), BEFORE)
    firms = (new_id(), new_id())
    connection = await asyncpg.connect(urls.owner.replace("+asyncpg", ""))
    try:
        for firm, slug in zip(firms, ("noordzee", "ardennes"), strict=True):
            await connection.execute(
                "insert into firm (id, name, slug, language, country, email, created_at) values ($1, $2, $2, 'nl', 'BE', 'x@y.example', now())",
                firm,
                slug,
            )
            for turn, code in enumerate(CODES):
                age = turn if slug == "noordzee" else -turn
                await _a_dossier(
                    connection, firm, code, datetime(2026, 1, 20, tzinfo=UTC) + timedelta(days=age)
                )
    finally:
        await connection.close()
    try:
        yield urls.owner, *firms
    finally:
        await servers.drop_database(urls)


async def _a_dossier(connection: asyncpg.Connection, firm: UUID, code: str | None, at: datetime) -> None:
    company = new_id()
    await connection.execute(
        "insert into company (id, name, country, language, brought_by_firm, created_at) values ($1, 'C', 'BE', 'nl', $2, now())",
        company,
        firm,
    )
    await connection.execute(
        "insert into dossier (firm_id, id, company_id, code, name, country, language, vat_regime, access, access_since, last_activity_at,"
        " created_at) values ($1, $2, $3, $4, 'C', 'BE', 'nl', 'quarterly', 'managed', now(), now(), $5)",
        firm,
        new_id(),
        company,
        code,
        at,
    )


async def test_the_older_keeps_the_key_and_nothing_stops(filled: tuple[str, UUID, UUID]) -> None:
    owner_url, first, second = filled
    await anyio.to_thread.run_sync(command.upgrade, config(owner_url), "head")
    connection = await asyncpg.connect(owner_url.replace("+asyncpg", ""))
    try:
        found = await connection.fetch("select firm_id, code, code_key from dossier order by created_at, id")
    finally:
        await connection.close()
    kept = {
        firm: [row["code"] for row in found if row["firm_id"] == firm and row["code_key"]]
        for firm in (first, second)
    }
    assert kept[first] == ["A12", "\u00c97", "stra\u00dfe", "01204"]
    assert kept[second] == ["01204", "STRASSE", "e\u03017", "\uff21\uff11\uff12"]
    assert len([row for row in found if row["code"] is not None]) == 16
    assert all(row["code_key"] == code_key(row["code"]) for row in found if row["code_key"])


async def test_a_list_that_waited_before_batches_can_still_be_accepted(servers: Servers) -> None:
    urls = await servers.new_database()
    firm, waiting = new_id(), new_id()
    try:
        await anyio.to_thread.run_sync(command.downgrade, config(urls.owner), "0014")
        connection = await asyncpg.connect(urls.owner.replace("+asyncpg", ""))
        try:
            await connection.execute(
                "insert into firm (id, name, slug, language, country, email, created_at) values ($1, 'A', 'a', 'nl', 'BE', 'x@y.example', now())",
                firm,
            )
            await connection.execute(
                "insert into dossier_import (firm_id, id, file_name, sha256, sheet, mapping, rows, counts, state, created_at)"
                " values ($1, $2, 'a', 'a', 'a', '{}', '[]', '{}', 'previewed', now())",
                firm,
                waiting,
            )
            await anyio.to_thread.run_sync(command.upgrade, config(urls.owner), "head")
            found = await connection.fetchrow("select state, position, counts from dossier_import")
            await connection.execute("update dossier_import set state = 'accepting'")
        finally:
            await connection.close()
        assert tuple(found or ()) == ("previewed", 0, "{}")
    finally:
        await servers.drop_database(urls)
