"""The start page."""

from typing import Any

from litestar import get
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.web.render import render
from portal.web.security import signed_in


@get("/", guards=[signed_in])
async def start(request: HTMXRequest) -> Template:
    """What waits for whoever is signed in."""
    return render(request, "pages/desk/start.html")


ROUTES: list[Any] = [start]
