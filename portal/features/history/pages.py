"""Who did what: of a dossier, of the whole office, of a company."""

from datetime import date, timedelta
from functools import partial
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession
from portal.features.dossiers.models import Dossier
from portal.features.history import service
from portal.features.history.domain import HistoryQuery
from portal.features.history.groups import GROUPS, MEMBERS_SEE
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.kernel.clock import day_begins, local_date
from portal.kernel.language import current_language, gettext
from portal.web.forms import uuid_or_none
from portal.web.menu_counts import page_figures
from portal.web.periods import AskedPeriod, asked_period, offered
from portal.web.render import render
from portal.web.security import signed_in, staff

YEARS = range(2000, 2101)


def _in_reach(day: date | None) -> date | None:
    return day if day is not None and day.year in YEARS else None


def query_of(
    q: str, document: str, person: str, what: str, period: AskedPeriod, cursor: str | None
) -> HistoryQuery:
    """What a page's address asks for; a value that is none asks for nothing."""
    last = _in_reach(period.last)
    return HistoryQuery(
        subject_id=uuid_or_none(document),
        person_id=uuid_or_none(person),
        actions=GROUPS[what][1] if what in GROUPS else (),
        since=day_begins(_in_reach(period.first)),
        until=day_begins(last + timedelta(days=1) if last is not None else None),
        search=q.strip()[:100],
        cursor=cursor,
    )


def _groups(actor: Actor) -> list[tuple[str, str]]:
    shown = {
        name: word
        for name, (word, actions) in GROUPS.items()
        if actor.is_firm or any(action.startswith(actions) for action in MEMBERS_SEE)
    }
    return [(name, gettext(word)) for name, word in shown.items()]


@get("/dossiers/{dossier_id:uuid}/history", guards=[staff])
async def dossier_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
    q: FromQuery[str] = "",
    document: FromQuery[str] = "",
    person: FromQuery[str] = "",
    what: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    period: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """What happened in this dossier, newest first."""
    asked = asked_period(period, since, until)
    query = query_of(q, document, person, what, asked, after or before)
    page = await service.of_dossier(session, actor, dossier, query, partial(page_figures, request, session))
    return render(
        request,
        "pages/history/dossier.html",
        block="lines",
        dossier=dossier,
        tab="history",
        page=page,
        people=page.people,
        groups=_groups(actor),
        asked={"q": q, "document": document, "person": person, "what": what},
        period=asked,
        periods=offered(local_date(tools.clock.now()), current_language().value, asked),
    )


@get("/history", guards=[signed_in])
async def everything_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
    q: FromQuery[str] = "",
    document: FromQuery[str] = "",
    person: FromQuery[str] = "",
    what: FromQuery[str] = "",
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    period: FromQuery[str | None] = None,
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """What happened in the office, as far as the reader sees it; for members, in their company."""
    asked = asked_period(period, since, until)
    query = query_of(q, document, person, what, asked, after or before)
    page = await service.of_everything(session, actor, query, partial(page_figures, request, session))
    return render(
        request,
        "pages/history/all.html",
        block="lines",
        page=page,
        people=page.people,
        groups=_groups(actor),
        asked={"q": q, "document": document, "person": person, "what": what},
        period=asked,
        periods=offered(local_date(tools.clock.now()), current_language().value, asked),
    )


ROUTES: list[Any] = [dossier_page, everything_page]
