"""A one-time link that is opened while somebody else is signed in: nobody's session ends without a yes."""

from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.web.render import render


def ask_to_leave(request: HTMXRequest, *, what: str | None = None, status: int = 200) -> Template:
    """Who is signed in here, and what they want: to sign out and go on with the link, or to stay.

    Args:
        what: whom the link is for, where that may be said.
    """
    page = render(request, "pages/accounts/leave.html", status=status, what=what, link=request.scope["path"])
    page.headers["referrer-policy"] = "no-referrer"
    return page
