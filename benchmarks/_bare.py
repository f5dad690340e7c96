"""The bare page as a process of its own: what the framework, the driver and the templates take for the rows of the work list.

Environment: BARE_DATABASE, BARE_FIRM, BARE_PORT.
"""

import os
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from uuid import UUID

import asyncpg
import jinja2
import uvicorn
from litestar import Litestar, MediaType, get
from litestar.datastructures import State

PAGE = jinja2.Environment(autoescape=True).from_string(
    "<!doctype html><title>Work</title><table>{% for r in rows %}<tr>"
    "<th><a href='/dossiers/{{ r.id }}'>{{ r.name }}</a></th>"
    "<td>{{ r.code }}</td><td>{{ r.quick_entry_count }}</td><td>{{ r.waiting_count }}</td><td>{{ r.ready_count }}</td>"
    "<td>{{ r.oldest_open_at }}</td><td>{{ r.last_activity_at }}</td></tr>{% endfor %}</table>"
)
ROWS = """
select id, name, code, quick_entry_count, waiting_count, ready_count, oldest_open_at, last_activity_at from dossier
where firm_id = $1 and quick_entry_count + ready_count > 0 order by ready_count desc, id desc limit 50
"""


@get("/", media_type=MediaType.HTML)
async def bare(state: State) -> str:
    """The rows in a table."""
    return PAGE.render(rows=await state.pool.fetch(ROWS, state.firm))


def create(database: str, firm: UUID) -> Litestar:
    """The page over a pool of its own."""

    @asynccontextmanager
    async def pool(app: Litestar) -> AsyncGenerator[None]:
        async with asyncpg.create_pool(database, min_size=2) as made:
            app.state.pool, app.state.firm = made, firm
            yield

    return Litestar([bare], lifespan=[pool], logging_config=None)


if __name__ == "__main__":
    uvicorn.run(
        create(os.environ["BARE_DATABASE"], UUID(os.environ["BARE_FIRM"])),
        port=int(os.environ["BARE_PORT"]),
        log_level="warning",
        access_log=False,
        workers=1,
    )
