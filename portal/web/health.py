"""Health of a process, for supervisors and proxies: says whether, never what or who."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import sqlalchemy as sa
from litestar import Response, get
from litestar.datastructures import CacheControlHeader, State

from portal.db.session import NOBODY
from portal.jobs.contract import Tools
from portal.jobs.doorbell import Doorbell
from portal.kernel.parts import DATABASE, PARTS, READERS, SCANNER, VALKEY, WRITING
from portal.web.security import public

IMMUTABLE = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)


@get("/health/live", guards=[public], include_in_schema=False)
async def live() -> dict[str, str]:
    """200 as long as the process answers at all; asks nothing of any other part."""
    return {"status": "ok"}


@get("/health/ready", guards=[public], include_in_schema=False)
async def ready(state: State) -> Response[Any]:
    """Which of the parts are missing, by name; 503 when the portal cannot answer at all without them.

    `malware` says whether files are scanned for it at all. What the portal cannot answer without is the database alone. Without Valkey work goes on from the ledger, without room in the store everything can still be read:
    a proxy that took the portal away for that would make a small outage a large one.
    """
    tools: Tools = state.tools
    doorbell: Doorbell = state.doorbell
    asked: dict[str, Callable[[], Awaitable[bool]]] = {
        DATABASE: lambda: _database_answers(tools),
        VALKEY: doorbell.answers,
        WRITING: tools.store.healthy,
        **({SCANNER: tools.scanner.answers} if tools.scanner.is_on else {}),
    }
    answers = await asyncio.gather(*(ask() for ask in asked.values()))
    missing = [name for name, answer in zip(asked, answers, strict=True) if not answer]
    if READERS in PARTS.missing():  # as they were last met: nobody from outside starts a process by asking
        missing.append(READERS)
    down = DATABASE in missing
    status = "unavailable" if down else "degraded" if missing else "ok"
    said = {
        "status": status,
        "missing": missing,
        "malware": "scanned" if tools.scanner.is_on else "not scanned",
    }
    return Response(said, status_code=503 if down else 200)


async def _database_answers(tools: Tools) -> bool:
    try:
        async with tools.database.transaction(NOBODY) as session:
            await session.execute(sa.text("select 1"))
        async with tools.database.system_scope() as session:
            await session.execute(sa.text("select 1"))
    except Exception:  # noqa: BLE001 - whatever it is, the answer is "missing"
        return False
    return True
