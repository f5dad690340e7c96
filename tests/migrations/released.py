"""A database as a release left it, and the way of it through the migrations."""

import zipfile
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import anyio.to_thread
import asyncpg
import httpx
from alembic import command
from alembic.config import Config

from portal.db.roles import DatabaseUrls, prepare_roles
from tests.migrations.filling import DATA
from tests.support.servers import ROOT, Servers

OFFICE = ("/", "/dossiers", "/exports", "/history", "/agents", "/settings", "/account")
DOSSIER = ("", "/edit", "/documents", "/quick-entry", "/bank", "/export", "/history", "/policy")
"""Behind `/dossiers/<id>`."""
MEMBER = ("/", "/documents", "/approve", "/history", "/my-accountant", "/account")

Rows = dict[str, list[str]]
"""Every row of a table as JSON with its keys in order, so that the order of columns tells nothing."""


async def all_answer(client: httpx.AsyncClient, paths: Iterable[str]) -> None:
    """Every one of these pages opens."""
    said = {path: (await client.get(path, follow_redirects=True)).status_code for path in paths}
    assert {path: status for path, status in said.items() if status != 200} == {}


@dataclass(slots=True)
class Released:
    """A database that is taken from one schema to another."""

    urls: DatabaseUrls
    admin: asyncpg.Connection
    config: Config
    folder: Path
    tables: list[str] = field(default_factory=list)

    async def to(self, revision: str) -> None:
        """Migrate forwards or back, whichever leads there."""
        now = str(await self.admin.fetchval("select max(version_num) from alembic_version") or "")
        forwards = revision == "head" or revision > now
        way = command.upgrade if forwards else command.downgrade
        await anyio.to_thread.run_sync(way, self.config, revision)

    async def rows(self, *, exclude: dict[str, str] | None = None) -> Rows:
        """What every table of the release holds now, without the columns that are named (by table, separated by spaces)."""
        found: Rows = {}
        for table in self.tables:
            left_out = (exclude or {}).get(table, "").split()
            said = await self.admin.fetch(
                f"select (to_jsonb(t) - $1::text[])::text as row from {table} t order by 1", left_out
            )
            found[table] = [row["row"] for row in said]
        return found

    async def count(self, tables: tuple[str, ...]) -> dict[str, int]:
        """How many rows these have."""
        return {
            table: int(await self.admin.fetchval(f"select count(*) from {table}") or 0) for table in tables
        }


@asynccontextmanager
async def released(servers: Servers, release: str, name: str, folder: Path) -> AsyncIterator[Released]:
    """The filled database of a release at its own schema, and its files in `folder/store`."""
    urls = prepare_roles(servers.admin_url, name, servers.passwords)
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", urls.owner.replace("%", "%%"))
    admin = await asyncpg.connect(f"{servers.admin_url.rpartition('/')[0]}/{name}")
    try:
        await anyio.to_thread.run_sync(command.upgrade, config, release)
        await admin.execute("set session_replication_role = replica")
        await admin.execute((DATA / f"release_{release}.sql").read_text())
        await admin.execute("set session_replication_role = origin")
        files = DATA / f"release_{release}.zip"
        if files.exists():
            with zipfile.ZipFile(files) as archive:
                archive.extractall(folder / "store")
        found = await admin.fetch(
            "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version' order by 1"
        )
        yield Released(urls, admin, config, folder, [row["tablename"] for row in found])
    finally:
        await admin.close()
        await servers.drop_database(urls)
