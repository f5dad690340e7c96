"""How many things wait behind the entries of the menu: asked once for each whole page, before it is made.

Where the handler has a session, in its transaction; a page that opens short ones of its own gets one for the counts.
"""

import inspect
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.db.session import ReadSession, scope_of
from portal.jobs.contract import Tools
from portal.web.navigation import counted
from portal.web.render import is_fragment


class MenuCounts(ASGIMiddleware):
    """Counts for pages whose handler has no session. Fragments, files, pictures and programs need no menu."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Count, then go on."""
        request: Request[Any, Any, Any] = scope["litestar_app"].request_class(scope, receive=receive)  # type: ignore[assignment] - a scope
        if "session" not in request.scope["route_handler"].parsed_fn_signature.parameters and _has_menu(
            request
        ):
            tools: Tools = request.app.state.tools
            async with tools.database.reading(scope_of(request.state.actor)) as session:
                await _count(request, session)
        await next_app(scope, receive, send)


async def count_in(request: Request[Any, Any, Any], session: ReadSession) -> None:
    """Leave `menu_counts` in the state of a request that a page with a menu answers."""
    if _has_menu(request):
        await _count(request, session)


async def _count(request: Request[Any, Any, Any], session: ReadSession) -> None:
    request.state.menu_counts = await counted(session, request.app.state.menu, request.state.actor)


def _has_menu(request: Request[Any, Any, Any]) -> bool:
    """Whether a whole page may be the answer: told by what the handler says that it returns."""
    if request.state.signed_in is None or is_fragment(request):
        return False
    handler: Any = request.scope["route_handler"]
    says = inspect.get_annotations(handler.fn).get("return", "")
    return "Template" in str(says)
