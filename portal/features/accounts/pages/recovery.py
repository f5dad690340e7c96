"""Pages of a forgotten password: asking for a link, and choosing a new one."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.features.accounts.pages.sign_in import secret_of
from portal.features.accounts.service import recovery
from portal.jobs.contract import Tools
from portal.kernel.errors import Invalid, NotFound, TooMany
from portal.kernel.ids import link_token
from portal.kernel.language import N_, gettext
from portal.web.cookies import clear_session_cookie
from portal.web.directories import HostFirm, SignedIn
from portal.web.forms import Form
from portal.web.limits import client_address
from portal.web.link_guard import ask_to_leave
from portal.web.render import Toast, go, render
from portal.web.security import public


@get("/forgot", guards=[public])
async def forgot_page(request: HTMXRequest) -> Template:
    """The form that asks for the e-mail address."""
    return render(request, "pages/accounts/forgot.html", email="", problem=None, asked=False)


@post("/forgot", guards=[public], status_code=200)
async def forgot(
    request: HTMXRequest, tools: NamedDependency[Tools], firm: NamedDependency[HostFirm]
) -> Template:
    """Ask for a link; the answer is one and the same, whether anybody has the address or not."""
    form = await Form.of(request)
    email = form.address("email", required=True)
    try:
        form.check()
        await recovery.forgot(tools, firm_id=firm.firm_id, email=email, address=client_address(request))
    except (Invalid, TooMany) as refused:
        page = render(
            request,
            "pages/accounts/forgot.html",
            status=refused.status if isinstance(refused, TooMany) else 422,
            email=email,
            problem=refused.field_texts().get("email", refused.text()),
            asked=False,
        )
        page.headers.update(refused.headers)
        return page
    return render(request, "pages/accounts/forgot.html", email=email, problem=None, asked=True)


@get("/reset/{token:str}", guards=[public], include_in_schema=False)
async def reset_page(
    request: HTMXRequest,
    token: FromPath[str],
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template:
    """Behind the link: a new password. Somebody else who is signed in here is asked first."""
    email = await recovery.reset_is_for(
        tools, firm_id=firm.firm_id, token=link_token(token), address=client_address(request)
    )
    if email is None:
        return _page(request, closed=True, status=410)
    if signed_in is not None and signed_in.email != email:
        return ask_to_leave(request)
    return _page(request)


@post("/reset/{token:str}", guards=[public], status_code=200, include_in_schema=False)
async def reset(
    request: HTMXRequest,
    token: FromPath[str],
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template | Response[Any]:
    """Use the link; then sign in with the new password."""
    if signed_in is not None:
        email = await recovery.reset_is_for(
            tools, firm_id=firm.firm_id, token=link_token(token), address=client_address(request)
        )
        if email is not None and signed_in.email != email:
            return ask_to_leave(request, status=409)
    try:
        await recovery.reset_password(
            tools,
            firm_id=firm.firm_id,
            token=link_token(token),
            password=await secret_of(request, "password"),
            address=client_address(request),
        )
    except NotFound:
        return _page(request, closed=True, status=410)
    except Invalid as wrong:
        return _page(request, errors=wrong.field_texts(), status=422)
    answer = go(
        request, "/sign-in", Toast("success", gettext(N_("Your new password stands. Sign in with it.")))
    )
    clear_session_cookie(tools.settings, answer)
    return answer


def _page(
    request: HTMXRequest, *, closed: bool = False, errors: dict[str, str] | None = None, status: int = 200
) -> Template:
    page = render(request, "pages/accounts/reset.html", status=status, closed=closed, errors=errors or {})
    page.headers["referrer-policy"] = "no-referrer"
    return page


ROUTES: list[Any] = [forgot_page, forgot, reset_page, reset]
