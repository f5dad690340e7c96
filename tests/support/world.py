"""The world a test lives in: real servers, a database of its own, the application in this very process."""

import itertools
import os
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
from alembic import command
from alembic.config import Config

from portal.app import create_app, create_tools
from portal.config import Settings
from portal.db.roles import DatabaseUrls, RolePasswords, database_urls, prepare_roles
from portal.db.session import Scope, WriteSession
from portal.embedded import start_postgres, start_valkey
from portal.jobs.contract import Tools
from portal.jobs.runner import Runner
from portal.kernel.clock import FixedClock
from portal.web.gate import Gate

ROOT = Path(__file__).parent.parent.parent
TEMPLATE = "portal_template"
NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
_names = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Servers:
    """PostgreSQL with a migrated template database, and Valkey."""

    admin_url: str
    redis_url: str
    passwords: RolePasswords

    async def new_database(self) -> DatabaseUrls:
        """A fresh copy of the migrated database: what a test commits, no other test sees."""
        name = f"portal_test_{os.getpid()}_{next(_names)}"
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute(f"create database {name} template {TEMPLATE} owner portal_owner")
            await admin.execute(f"grant connect on database {name} to portal_app, portal_system")
        finally:
            await admin.close()
        return database_urls(self.admin_url, name, self.passwords)

    async def drop_database(self, urls: DatabaseUrls) -> None:
        """Throw a copy away."""
        admin = await asyncpg.connect(self.admin_url)
        try:
            await admin.execute(f"drop database if exists {urls.app.rpartition('/')[2]} with (force)")
        finally:
            await admin.close()


def migrate(owner_url: str) -> None:
    """Bring a database to the newest schema."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", owner_url.replace("%", "%%"))
    command.upgrade(config, "head")


@contextmanager
def running_servers() -> Iterator[Servers]:
    """Start both servers in a folder of their own; stop them at the end."""
    with tempfile.TemporaryDirectory(prefix="portal-tests-") as folder:
        Path(folder).chmod(0o755)
        postgres = start_postgres(Path(folder), durable=False)
        valkey = start_valkey(Path(folder), durable=False)
        try:
            passwords = RolePasswords.generate()
            urls = prepare_roles(postgres.admin_url, TEMPLATE, passwords)
            migrate(urls.owner)
            yield Servers(postgres.admin_url, valkey.url, passwords)
        finally:
            valkey.stop()
            postgres.stop()


@dataclass(slots=True)
class World:
    """Everything one test touches."""

    settings: Settings
    tools: Tools
    clock: FixedClock
    app: Gate
    runner: Runner
    urls: DatabaseUrls
    folder: Path
    facts: dict[str, Any] = field(default_factory=dict)

    def client(self, host: str = "noordzee.localhost") -> httpx.AsyncClient:
        """A browser without script on one host: keeps cookies, sends no referrer."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=True), base_url=f"http://{host}:8000"
        )

    async def run_jobs(self) -> int:
        """Carry out everything that is due, as a worker would."""
        return await self.runner.run_all()

    async def sweep(self) -> None:
        """Run every sweep once, then the jobs it made."""
        await self.runner.sweep(0)
        await self.runner.run_all()

    @asynccontextmanager
    async def as_system(self) -> AsyncIterator[WriteSession]:
        """A transaction that sees everything, to arrange and to check."""
        async with self.tools.database.system_scope() as session:
            yield session

    @asynccontextmanager
    async def as_scope(self, **scope: Any) -> AsyncIterator[WriteSession]:
        """A transaction of the plain application role in some scope."""
        async with self.tools.database.transaction(Scope(**scope)) as session:
            yield session


@asynccontextmanager
async def new_world(servers: Servers, folder: Path, **changes: Any) -> AsyncIterator[World]:
    """A world with an empty, migrated database."""
    urls = await servers.new_database()
    try:
        async with world_on(servers, urls, folder, **changes) as made:
            yield made
    finally:
        await servers.drop_database(urls)


@asynccontextmanager
async def world_on(
    servers: Servers, urls: DatabaseUrls, folder: Path, **changes: Any
) -> AsyncIterator[World]:
    """A world on a database that is there."""
    settings = Settings(
        **{
            "database_url": urls.app,
            "database_system_url": urls.system,
            "database_owner_url": urls.owner,
            "redis_url": servers.redis_url,
            "storage_url": f"file://{folder}/store",
            "mail_url": f"outbox://{folder}/outbox",
            "scheme": "http",
            "port": 8000,
            "embedded": True,
            **changes,
        }
    )
    clock = FixedClock(NOW)
    tools = create_tools(settings, name="test", clock=clock)
    try:
        app = create_app(settings, tools=tools)
        runner = Runner(tools, tools.database.session_info["registry"])
        yield World(settings, tools, clock, app, runner, urls, folder)
    finally:
        await tools.database.close()
