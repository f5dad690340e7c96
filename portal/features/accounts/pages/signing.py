"""Signing in and out, and the language of whoever reads."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.features.accounts import service
from portal.jobs.contract import Tools
from portal.kernel.errors import Invalid, TooMany
from portal.kernel.language import parse_language
from portal.web.cookies import LANGUAGE, clear_session_cookie, set_cookie, set_session_cookie
from portal.web.directories import HostFirm, SignedIn
from portal.web.forms import Form
from portal.web.limits import client_address
from portal.web.render import go, local_path, render
from portal.web.security import public

LANGUAGE_SECONDS = 365 * 24 * 3600


async def secret_of(request: HTMXRequest, name: str) -> str:
    """A password field as it was typed: not trimmed, not cleaned, never shown again."""
    value = (await request.form()).get(name)
    return value if isinstance(value, str) else ""


@get("/sign-in", guards=[public])
async def sign_in_page(
    request: HTMXRequest,
    signed_in: NamedDependency[SignedIn | None],
    next: FromQuery[str | None] = None,  # noqa: A002 - its name in the address
) -> Template | Response[Any]:
    """The form; whoever is signed in goes on."""
    if signed_in is not None:
        return go(request, local_path(next))
    return render(request, "pages/accounts/sign_in.html", email="", next=local_path(next), problem=None)


@post("/sign-in", guards=[public], status_code=200)
async def sign_in(
    request: HTMXRequest,
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template | Response[Any]:
    """Check, open a session, go on."""
    form = await Form.of(request)
    email, where = form.text("email", longest=254), local_path(form.text("next"))
    try:
        opened = await service.sign_in(
            tools,
            firm_id=firm.firm_id,
            email=email,
            password=await secret_of(request, "password"),
            address=client_address(request),
            user_agent=request.headers.get("user-agent", ""),
            replacing=signed_in,
        )
    except (Invalid, TooMany) as refused:
        page = render(
            request,
            "pages/accounts/sign_in.html",
            status=refused.status if isinstance(refused, TooMany) else 422,
            email=email,
            next=where,
            problem=refused.text(),
        )
        page.headers.update(refused.headers)
        return page
    answer = go(request, where)
    set_session_cookie(tools.settings, answer, opened.token, opened.seconds)
    return answer


@post("/sign-out", guards=[public], status_code=200)
async def sign_out(
    request: HTMXRequest, tools: NamedDependency[Tools], signed_in: NamedDependency[SignedIn | None]
) -> Response[Any]:
    """End this browser's session."""
    if signed_in is not None:
        await service.sign_out(tools, signed_in)
    answer = go(request, "/sign-in")
    clear_session_cookie(tools.settings, answer)
    answer.headers["Clear-Site-Data"] = '"cache"'
    return answer


@post("/language", guards=[public], status_code=200)
async def choose_language(
    request: HTMXRequest, tools: NamedDependency[Tools], signed_in: NamedDependency[SignedIn | None]
) -> Response[Any]:
    """The reader's language, from the menu."""
    form = await Form.of(request)
    language = parse_language(form.text("language"))
    if language is None:
        raise Invalid
    if signed_in is not None and signed_in.actor.person_id is not None:
        await service.choose_language(tools, signed_in.actor.person_id, language)
    answer = go(request, local_path(form.text("next")))
    set_cookie(tools.settings, answer, LANGUAGE, language.value, LANGUAGE_SECONDS)
    return answer


ROUTES: list[Any] = [sign_in_page, sign_in, sign_out, choose_language]
