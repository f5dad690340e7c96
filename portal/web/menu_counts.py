"""How many things wait behind the entries of the menu: asked once for each whole page, before it is made."""

from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Receive, Scope, Send

from portal.db.session import scope_of
from portal.jobs.contract import Tools
from portal.web.navigation import counted
from portal.web.render import is_fragment


class MenuCounts(ASGIMiddleware):
    """Leaves `menu_counts` in the state of a request that a page with a menu answers: not of fragments, files and pictures."""

    scopes = (ScopeType.HTTP,)

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Count, then go on."""
        request: Request[Any, Any, Any] = scope["litestar_app"].request_class(scope, receive=receive)  # type: ignore[assignment] - a scope
        if request.state.signed_in is not None and _answers_with_page(request) and not is_fragment(request):
            tools: Tools = request.app.state.tools
            actor = request.state.actor
            async with tools.database.reading(scope_of(actor)) as session:
                request.state.menu_counts = await counted(session, request.app.state.menu, actor)
        await next_app(scope, receive, send)


def _answers_with_page(request: Request[Any, Any, Any]) -> bool:
    handler: Any = request.scope["route_handler"]
    return "Template" in str(getattr(getattr(handler, "fn", None), "__annotations__", {}).get("return", ""))
