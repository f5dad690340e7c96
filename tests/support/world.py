"""The world a test lives in: real servers, a database of its own, the application in this very process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx

from portal.app import create_app, create_tools
from portal.config import Settings
from portal.db.roles import DatabaseUrls
from portal.db.session import Scope, WriteSession
from portal.jobs.contract import Tools, registry_of
from portal.jobs.runner import Runner
from portal.kernel.clock import FixedClock
from portal.web.gate import Gate
from tests.support.servers import Servers

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


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
        runner = Runner(tools, registry_of(tools.database))
        yield World(settings, tools, clock, app, runner, urls, folder)
    finally:
        await tools.database.close()
