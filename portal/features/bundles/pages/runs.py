"""The runs of all dossiers."""

from datetime import timedelta
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession
from portal.features.bundles.domain import (
    RunsFilter,
    RunsQuery,
)
from portal.features.bundles.service import runs as bundles_runs
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.kernel.clock import day_begins, local_date
from portal.kernel.language import current_language
from portal.web.menu_counts import page_figures
from portal.web.periods import asked_period, offered
from portal.web.render import render
from portal.web.security import staff


def _filter(text: str) -> RunsFilter | None:
    """The filter that an address names; none for a word that is no filter."""
    return RunsFilter(text) if text in set(RunsFilter) else None


@get("/exports", guards=[staff])
async def exports_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
    q: FromQuery[str] = "",
    period: FromQuery[str | None] = None,
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    sort: FromQuery[str] = "-made",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """The runs of all dossiers that one may see, found, filtered and sorted in the address."""
    asked = asked_period(period, since, until)
    query = RunsQuery(
        search=q.strip()[:100],
        since=day_begins(asked.first),
        before=day_begins(asked.last + timedelta(days=1) if asked.last is not None else None),
        # Litestar keeps the argument name "state" for itself.
        only=_filter(request.query_params.get("state", "")),
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        cursor=after or before,
    )
    page = await bundles_runs.page(session, actor, query)
    has_agent = await bundles_runs.has_agent(session, actor)
    found = await page_figures(
        request,
        session,
        fetched=bundles_runs.downloaded([row.export.id for row in page.rows]),
        refused=bundles_runs.refused_count(actor),
        downloads=bundles_runs.has_downloads(actor, has_agent=has_agent),
    )
    return render(
        request,
        "pages/bundles/exports.html",
        block="rows",
        page=page,
        q=query.search,
        filtered=bool(query.search or query.only or asked.period),
        period=asked,
        periods=offered(local_date(tools.clock.now()), current_language().value, asked),
        has_agent=has_agent,
        **vars(found),
    )


ROUTES: list[Any] = [exports_page]
