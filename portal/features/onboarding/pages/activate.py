"""The page behind a one-time link."""

from typing import Any

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.features.onboarding.domain import InvitationKind
from portal.features.onboarding.pages.roles import MAY
from portal.features.onboarding.service import activation
from portal.jobs.contract import Tools
from portal.kernel.actor import ROLE_NAMES
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.ids import link_token
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, gettext
from portal.web.cookies import set_session_cookie
from portal.web.directories import HostFirm, SignedIn
from portal.web.forms import Form
from portal.web.limits import client_address
from portal.web.link_guard import ask_to_leave
from portal.web.render import Toast, go, render
from portal.web.security import public

LANGUAGES = [(code.value, name) for code, name in LANGUAGE_NAMES.items()]
WHOM = {
    InvitationKind.CLAIM: N_(
        "This invitation is for %(email)s: whoever uses it becomes the owner of %(company)s."
    ),
    InvitationKind.STAFF: N_(
        "This invitation is for %(email)s: whoever uses it works at %(firm)s as %(role)s."
    ),
    InvitationKind.MEMBER: N_(
        "This invitation is for %(email)s: whoever uses it belongs to %(company)s as %(role)s."
    ),
}
"""Whom a link is for, told to somebody else who is signed in."""
WELCOME = {
    InvitationKind.CLAIM: N_("Welcome! Your access is active and the company is yours."),
    InvitationKind.STAFF: N_("Welcome! You work at %(firm)s as %(role)s now."),
    InvitationKind.MEMBER: N_("Welcome! You belong to %(company)s as %(role)s now."),
}


@get("/activate/{token:str}", guards=[public], include_in_schema=False)
async def activate_page(
    request: HTMXRequest,
    token: FromPath[str],
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template:
    """Behind the link: what one joins as; choose a password, agree, go in. Somebody else who is signed in here is asked first."""
    link = await activation.look_up(
        tools, firm_id=firm.firm_id, token=link_token(token), address=client_address(request)
    )
    if link is None:
        return _closed(request)
    if signed_in is not None and signed_in.email != link.email:
        return ask_to_leave(request, what=_whom(link, firm))
    values = {"name": link.name, "language": link.language.value}
    return _form(request, link, values, {})


def _words(said: activation.OpenedLink | activation.Activated, firm: HostFirm) -> dict[str, str]:
    """What sentences about an invitation name."""
    role = gettext(ROLE_NAMES[said.role]) if said.role is not None else ""
    return {"company": said.company, "firm": firm.name, "role": role}


def _whom(link: activation.OpenedLink, firm: HostFirm) -> str:
    return gettext(WHOM[link.kind]) % {"email": link.email, **_words(link, firm)}


@post("/activate/{token:str}", guards=[public], status_code=200, include_in_schema=False)
async def activate(
    request: HTMXRequest,
    token: FromPath[str],
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template | Response[Any]:
    """Use the link: the person is signed in as what they are now. Nobody else's session ends by it without a yes."""
    form = await Form.of(request)
    password = (await request.form()).get("password")
    address = client_address(request)
    token = link_token(token)
    if signed_in is not None and form.text("leave", longest=64) != signed_in.owner.key:
        link = await activation.look_up(tools, firm_id=firm.firm_id, token=token, address=address)
        if link is None:
            return _closed(request)
        if signed_in.email != link.email:
            return _form(request, link, form.values, {}, leaving=True, status=409)
    try:
        done = await activation.activate(
            tools,
            firm_id=firm.firm_id,
            token=token,
            name=form.text("name", longest=120),
            password=password if isinstance(password, str) else "",
            language=form.choice("language", Language, default=firm.language),
            address=address,
            user_agent=request.headers.get("user-agent", ""),
            replacing=signed_in,
        )
    except NotFound:
        return _closed(request)
    except Conflict as refused:
        return _closed(request, refused.text(), status=409)
    except Invalid as wrong:
        link = await activation.look_up(tools, firm_id=firm.firm_id, token=token, address=address)
        if link is None:
            return _closed(request)
        leaving = signed_in is not None and signed_in.email != link.email
        if not leaving:
            await activation.note_opened(tools, firm_id=firm.firm_id, token=token, address=address)
        return _form(request, link, form.values, wrong.field_texts(), leaving=leaving, status=422)
    answer = go(request, "/", Toast("success", gettext(WELCOME[done.kind]) % _words(done, firm)))
    set_session_cookie(request, answer, done.session.token, done.session.seconds)
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


@post("/activate/{token:str}/opened", guards=[public], status_code=204, include_in_schema=False)
async def activation_opened(
    request: HTMXRequest,
    token: FromPath[str],
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> None:
    """Said by the page when somebody touches it, moves a pointer or presses a key: what fetches links does none of that.

    Without script it is said by the first form that is sent.
    """
    await activation.note_opened(
        tools,
        firm_id=firm.firm_id,
        token=link_token(token),
        address=client_address(request),
        reader=signed_in.email if signed_in is not None else None,
    )


def _form(
    request: HTMXRequest,
    link: activation.OpenedLink,
    values: dict[str, str],
    errors: dict[str, str],
    *,
    leaving: bool = False,
    status: int = 200,
) -> Template:
    answer = render(
        request,
        "pages/onboarding/activate.html",
        status=status,
        link=link,
        role=gettext(ROLE_NAMES[link.role]) if link.role is not None else "",
        may=gettext(MAY[link.role]) if link.role is not None else "",
        values=values,
        errors=errors,
        leaving=leaving,
        languages_of_clients=LANGUAGES,
    )
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


def _closed(request: HTMXRequest, reason: str | None = None, *, status: int = 410) -> Template:
    answer = render(request, "pages/onboarding/activate_closed.html", status=status, reason=reason)
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


ROUTES: list[Any] = [activate_page, activate, activation_opened]
