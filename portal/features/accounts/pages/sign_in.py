"""Signing in and out, and the language of whoever reads."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.features.accounts.service import forms, people, sessions
from portal.jobs.contract import Tools
from portal.kernel.errors import Invalid, TooMany
from portal.kernel.language import N_, gettext, parse_language
from portal.web.cookies import LANGUAGE, clear_session_cookie, set_cookie, set_session_cookie
from portal.web.directories import HostFirm, SignedIn
from portal.web.forms import Form
from portal.web.kept_forms import with_kept
from portal.web.limits import client_address
from portal.web.render import Toast, go, local_path, render
from portal.web.security import public

SOMEBODY_ELSES = N_(
    "What was typed before belongs to somebody else, and is kept for them alone. This is your own start page."
)
ANOTHERS_PAGE = N_("The page before this is not yours as you are signed in now. This is your own start page.")
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
    kept: FromQuery[str | None] = None,
) -> Template | Response[Any]:
    """The form; whoever is signed in goes on."""
    if signed_in is not None:
        return go(request, local_path(next))
    return _page(request, email="", where=local_path(next), kept=kept)


def _page(
    request: HTMXRequest,
    *,
    email: str,
    where: str,
    kept: str | None,
    page_owner: str = "",
    problem: str | None = None,
    leaving: SignedIn | None = None,
    status: int = 200,
) -> Template:
    return render(
        request,
        "pages/accounts/sign_in.html",
        status=status,
        email=email,
        next=where,
        kept=(kept or "")[:64],
        page_owner=page_owner,
        problem=problem,
        leaving=leaving,
    )


def leaves(form: Form, signed_in: SignedIn | None, email: str) -> bool:
    """Whether what a form does may end the present session: there is none, it is the same person's, or its end was asked for."""
    return (
        signed_in is None
        or people.normalised_email(email) == signed_in.email
        or form.text("leave", longest=64) == signed_in.owner.key
    )


@post("/sign-in", guards=[public], status_code=200)
async def sign_in(
    request: HTMXRequest,
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template | Response[Any]:
    """Check, open a session, go on."""
    form = await Form.of(request)
    email, where = form.address("email"), local_path(form.text("next"))
    kept, page_owner = form.text("kept", longest=64), form.text("page_owner", longest=64)
    if not leaves(form, signed_in, email):
        return _page(
            request,
            email=email,
            where=where,
            kept=kept,
            page_owner=page_owner,
            leaving=signed_in,
            status=409,
        )
    wanted = await forms.owner_of_kept(tools, firm.firm_id, kept)
    try:
        opened = await sessions.sign_in(
            tools,
            firm_id=firm.firm_id,
            email=email,
            password=await secret_of(request, "password"),
            address=client_address(request),
            user_agent=request.headers.get("user-agent", ""),
            replacing=signed_in,
            wanted=wanted,
        )
    except (Invalid, TooMany) as refused:
        page = _page(
            request,
            email=email,
            where=where,
            kept=kept,
            page_owner=page_owner,
            problem=refused.text(),
            status=refused.status if isinstance(refused, TooMany) else 422,
        )
        page.headers.update(refused.headers)
        return page
    owner = opened.signed_in.owner
    if wanted is not None and wanted.person_id != owner.person_id:
        answer = go(request, "/", Toast("info", gettext(SOMEBODY_ELSES)))
    elif wanted is None and page_owner not in ("", owner.key):
        answer = go(request, "/", Toast("info", gettext(ANOTHERS_PAGE)))
    else:
        if wanted is None or wanted.key != owner.key:
            kept = await forms.waiting_on(tools, owner, where) or ""
        answer = go(request, with_kept(where, kept) if kept else where)
    set_session_cookie(request, answer, opened.token, opened.seconds)
    return answer


@post("/sign-out", guards=[public], status_code=200)
async def sign_out(
    request: HTMXRequest, tools: NamedDependency[Tools], signed_in: NamedDependency[SignedIn | None]
) -> Response[Any]:
    """End this browser's session."""
    form = await Form.of(request)
    if signed_in is not None:
        await sessions.sign_out(tools, signed_in)
    answer = go(request, local_path(form.text("next", longest=2000), "/sign-in"))
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
        await people.choose_language(tools, signed_in.actor.person_id, language)
    answer = go(request, local_path(form.text("next")))
    set_cookie(tools.settings, answer, LANGUAGE, language.value, LANGUAGE_SECONDS)
    return answer


ROUTES: list[Any] = [sign_in_page, sign_in, sign_out, choose_language]
