"""The start page, and search."""

from functools import partial
from typing import Any

from litestar import get
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession
from portal.features.desk.service import home as member_home
from portal.features.desk.service import work
from portal.features.dossiers.domain.queries import DossierQuery
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import BRUSSELS
from portal.kernel.language import N_, gettext, ngettext
from portal.kernel.searching import LONGEST
from portal.kernel.texts import plain
from portal.web.menu_counts import page_figures
from portal.web.render import render
from portal.web.security import signed_in, staff

GREETINGS = ((12, N_("Good morning")), (18, N_("Good afternoon")), (24, N_("Good evening")))

SHORTEST_TYPED = 2
"""Characters from which suggestions are looked for."""


def greeting(tools: Tools) -> str:
    """Good morning, afternoon or evening, by the clock in Brussels."""
    hour = tools.clock.now().astimezone(BRUSSELS).hour
    return gettext(next(words for until, words in GREETINGS if hour < until))


@get("/", guards=[signed_in])
async def start(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    tools: NamedDependency[Tools],
    q: FromQuery[str] = "",
    only: FromQuery[str] = "",
    mine: FromQuery[str] = "",
    sort: FromQuery[str] = "-ready",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """What waits for whoever is signed in: the work list of staff, the home of a member."""
    if actor.firm_id is None:
        return await home(request, actor, session, tools)
    query = DossierQuery(
        search=q.strip()[:100],
        only=only or "work",
        manager_id=actor.person_id if mine == "yes" else None,
        sort=sort.removeprefix("-"),
        descending=sort.startswith("-"),
        cursor=after or before,
    )
    waiting = await work.work_list(session, actor, query, partial(page_figures, request, session))
    return render(
        request,
        "pages/desk/work_list.html",
        block="rows",
        work=waiting,
        page=waiting.page,
        clashes=waiting.clashes,
        nobody_to_ask=waiting.nobody_to_ask,
        only=only,
        q=q,
        managers=waiting.managers,
        greeting=greeting(tools),
        may_edit=actor.may(Right.DOSSIERS_EDIT),
        may_export=actor.may(Right.EXPORT),
    )


async def home(request: HTMXRequest, actor: Actor, session: ReadSession, tools: Tools) -> Template:
    """The start page of a member of a company."""
    return render(
        request,
        "pages/desk/home.html",
        greeting=greeting(tools),
        home=await member_home.home(session, actor),
        may_approve=actor.may(Right.APPROVE),
        may_upload=actor.may(Right.UPLOAD),
    )


@get("/search", guards=[staff])
async def search_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    q: FromQuery[str] = "",
) -> Template:
    """Dossiers and documents of the whole firm, as far as the reader sees them."""
    text = plain(q).strip()[:LONGEST]
    found = await work.search(session, actor, text)
    return render(request, "pages/desk/search.html", q=text, found=found)


@get("/search/suggestions", guards=[staff])
async def suggestions(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    q: FromQuery[str] = "",
) -> Template:
    """The first few of what a search would find, while it is being typed; nothing for a single character."""
    text = plain(q).strip()[:LONGEST]
    wanted = text if len(text) >= SHORTEST_TYPED else ""
    found = await work.search(session, actor, wanted, dossiers_shown=4, papers_shown=6)
    count = len(found.dossiers) + len(found.items)
    said = ngettext("%(count)s suggestion", "%(count)s suggestions", count) % {"count": count}
    return render(request, "pages/desk/_suggestions.html", q=text, found=found, said=said)


ROUTES: list[Any] = [start, search_page, suggestions]
