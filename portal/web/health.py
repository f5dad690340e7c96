"""Health of a process, for supervisors and proxies: says whether, never what or who."""

from typing import Any

import sqlalchemy as sa
from litestar import Response, get
from litestar.datastructures import CacheControlHeader, State

from portal.db.session import NOBODY
from portal.jobs.contract import Tools
from portal.web.security import public

IMMUTABLE = CacheControlHeader(public=True, max_age=31_536_000, immutable=True)


@get("/health/live", guards=[public], include_in_schema=False)
async def live() -> dict[str, str]:
    """The process answers."""
    return {"status": "ok"}


@get("/health/ready", guards=[public], include_in_schema=False)
async def ready(state: State) -> Response[Any]:
    """The database and the store answer too; 503 when one does not."""
    tools: Tools = state.tools
    try:
        async with tools.database.transaction(NOBODY) as session:
            await session.execute(sa.text("select 1"))
        fine = await tools.store.healthy()
    except Exception:  # noqa: BLE001 - whatever it is, the answer is "not ready"
        fine = False
    return Response({"status": "ok" if fine else "unavailable"}, status_code=200 if fine else 503)
