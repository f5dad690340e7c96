"""Signing in again over a page that stays: for its script, which sends what was refused once more.

The page brings the form token it was made with: it says whose page it is, and nobody else goes on with it.
"""

from typing import Any

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.features.accounts.pages.sign_in import leaves, secret_of
from portal.features.accounts.service import forms, sessions
from portal.jobs.contract import Tools
from portal.kernel.errors import Invalid, TooMany
from portal.kernel.language import N_, gettext
from portal.web.cookies import browser_marks, set_session_cookie
from portal.web.directories import HostFirm, SignedIn
from portal.web.forms import Form
from portal.web.limits import client_address
from portal.web.render import csrf_token, render, set_cookies
from portal.web.security import public

TOO_OLD = N_("This page was open for too long. Copy what you typed, and load the page again.")


class SessionNow(msgspec.Struct, frozen=True):
    """Whose pages this browser gets now (empty: nobody is signed in), and the token that forms need."""

    page_key: str
    csrf_token: str


@get("/session", guards=[public])
async def session_now(request: HTMXRequest, signed_in: NamedDependency[SignedIn | None]) -> Response[Any]:
    """Before files are sent, and after a refusal: is the page's reader still signed in?"""
    now = SessionNow(signed_in.owner.key if signed_in is not None else "", csrf_token(request))
    answer: Response[Any] = Response(msgspec.json.encode(now), media_type="application/json")
    set_cookies(request, answer)
    return answer


@get("/sign-in/again", guards=[public])
async def again_dialog(request: HTMXRequest) -> Template:
    """The question over the page."""
    return _dialog(request)


def _dialog(
    request: HTMXRequest, *, email: str = "", problem: str | None = None, status: int = 200
) -> Template:
    return render(request, "pages/accounts/_again.html", status=status, email=email, problem=problem)


@post("/sign-in/again", guards=[public], status_code=200)
async def again(
    request: HTMXRequest,
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template | Response[Any]:
    """A new session for the reader of the page, in the same capacity."""
    form = await Form.of(request)
    email = form.address("email")
    owner = await forms.Forms(tools).owner(
        form.text("page_token", longest=200), firm.firm_id, browser_marks(request)
    )
    if owner is None:
        return _dialog(request, email=email, problem=gettext(TOO_OLD), status=409)
    if not leaves(form, signed_in, email):
        return _dialog(request, email=email, status=409)
    try:
        opened = await sessions.sign_in(
            tools,
            firm_id=firm.firm_id,
            email=email,
            password=await secret_of(request, "password"),
            address=client_address(request),
            user_agent=request.headers.get("user-agent", ""),
            replacing=signed_in,
            wanted=owner,
            only_wanted=True,
        )
    except (Invalid, TooMany) as refused:
        status = refused.status if isinstance(refused, TooMany) else 422
        page = _dialog(request, email=email, problem=refused.text(), status=status)
        page.headers.update(refused.headers)
        return page
    now = SessionNow(opened.signed_in.owner.key, opened.signed_in.csrf_token)
    answer: Response[Any] = Response(msgspec.json.encode(now), media_type="application/json")
    set_session_cookie(request, answer, opened.token, opened.seconds)
    return answer


ROUTES: list[Any] = [session_now, again_dialog, again]
