"""How many things wait behind the entries of the menu: counted for each whole page that is an answer, once, before it is made.

In the transaction of its request, where that has one, and together with what the page itself asks for (`page_figures`). Redirects,
fragments, files and programs need no menu. The page of a problem (`web.problems`) has a transaction of its own for it, its request's is
rolled back; where something on our side is out of order it does without.
"""

from types import SimpleNamespace
from typing import Any

from litestar import Request

from portal.db.figures import Figure, figures
from portal.db.session import ReadSession, scope_of
from portal.jobs.contract import Tools
from portal.web.navigation import entries, to_count
from portal.web.render import Page, is_fragment


async def page_figures(
    request: Request[Any, Any, Any], session: ReadSession, **asked: Figure[Any]
) -> SimpleNamespace:
    """What a page asks for, and in the same statement what its menu counts."""
    menu = to_count(request.app.state.menu, request.state.actor) if not is_fragment(request) else {}
    found = vars(await figures(session, **asked, **menu))
    request.state.menu_counts = {href: found.pop(href) for href in menu}
    return SimpleNamespace(**found)


async def count_menu(answer: Any) -> Any:
    """Put the counts into the menu of a page that a handler has answered (Litestar's `after_request`)."""
    if not isinstance(answer, Page) or answer.context["user"] is None:
        return answer
    request: Request[Any, Any, Any] = answer.context["request"]
    if not is_fragment(request):
        if getattr(request.state, "menu_counts", None) is None:
            await _count(request)
        answer.context["nav"] = entries(
            request.app.state.menu,
            request.state.actor,
            request.scope["path"],
            request.state.menu_counts,
        )
    return answer


async def _count(request: Request[Any, Any, Any]) -> None:
    session: ReadSession | None = getattr(request.state, "session", None)
    if session is not None:
        await page_figures(request, session)
        return
    if not to_count(request.app.state.menu, request.state.actor):
        request.state.menu_counts = {}
        return
    tools: Tools = request.app.state.tools
    async with tools.database.reading(scope_of(request.state.actor)) as own:
        await page_figures(request, own)
