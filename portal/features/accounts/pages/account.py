"""One's own account: name and language, password, the browsers one is signed in with, and as what one works."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import WriteSession, lock_row, scope_of
from portal.features.accounts.pages.sign_in import secret_of
from portal.features.accounts.service import people, sessions
from portal.features.audit import service as audit
from portal.jobs.contract import Tools
from portal.kernel.actor import RIGHTS, ROLE_NAMES, Actor, Right
from portal.kernel.errors import Invalid, NotFound, TooMany, Unauthorised
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, gettext
from portal.web.cookies import set_session_cookie
from portal.web.directories import SignedIn
from portal.web.edits import Clash, clashes_in_words, merge_edit
from portal.web.forms import NOT_A_CHOICE, Form
from portal.web.render import Toast, go, local_path, render
from portal.web.security import signed_in as somebody

LANGUAGES = [(code.value, name) for code, name in LANGUAGE_NAMES.items()]


def _present(signed_in: SignedIn | None) -> SignedIn:
    if signed_in is None:  # the guard has seen to that
        raise Unauthorised
    return signed_in


async def _page(
    request: HTMXRequest,
    tools: Tools,
    signed_in: SignedIn,
    *,
    values: dict[str, str] | None = None,
    seen: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    overtaken: Sequence[Clash] = (),
    status: int = 200,
) -> Template:
    present = {"name": signed_in.actor.name, "language": signed_in.language.value}
    capacities = await sessions.capacities(tools, signed_in)
    return render(
        request,
        "pages/accounts/account.html",
        status=status,
        values=values or present,
        seen=seen or present,
        errors=errors or {},
        overtaken=overtaken,
        all_languages=LANGUAGES,
        sessions=await sessions.own_sessions(tools, signed_in),
        capacities=capacities,
        may_approve=any(Right.APPROVE in RIGHTS[one.role] for one in capacities),
        approval_mails=await _mails(tools, signed_in.actor),
    )


async def _mails(tools: Tools, actor: Actor) -> bool:
    async with tools.database.reading(scope_of(actor)) as session:
        return await people.approval_mails(session, actor)


@get("/account", guards=[somebody])
async def account_page(
    request: HTMXRequest, tools: NamedDependency[Tools], signed_in: NamedDependency[SignedIn | None]
) -> Template:
    """The page of the person who is signed in: profile, password, browsers."""
    return await _page(request, tools, _present(signed_in))


@post("/account", guards=[somebody], status_code=200)
async def change_profile(
    request: HTMXRequest,
    tools: NamedDependency[Tools],
    signed_in: NamedDependency[SignedIn | None],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """My name and my language."""
    form = await Form.of(request)
    person = await people.person(session, actor.person_id) if actor.person_id is not None else None
    if person is None:
        raise NotFound
    await lock_row(session, person)
    present = {"name": person.name, "language": person.language.value}
    edit = merge_edit(form, present)
    if edit.clashes:
        words = {"name": (gettext(N_("Name")), {}), "language": (gettext(N_("Language")), dict(LANGUAGES))}
        overtaken = clashes_in_words(edit, form, present, words, await audit.history_of(session, person.id))
        return await _page(
            request,
            tools,
            _present(signed_in),
            values=form.values,
            seen=edit.seen,
            overtaken=overtaken,
            status=409,
        )
    try:
        name = form.text("name", required=True, longest=120)
        language = form.choice("language", Language)
        form.check()
    except Invalid as wrong:
        return await _page(
            request,
            tools,
            _present(signed_in),
            values=form.values,
            seen=edit.seen,
            errors=wrong.field_texts(),
            status=422,
        )
    await people.change_profile(session, actor, name=name, language=language)
    return go(request, "/account", Toast("success", gettext(N_("Saved."))))


@post("/account/mails", guards=[somebody], status_code=200)
async def choose_mails(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Response[Any]:
    """Whether I get a mail of what waits for my approval."""
    form = await Form.of(request)
    await people.choose_mails(session, actor, approval_mails=form.ticked("approval_mails"))
    return go(request, "/account", Toast("success", gettext(N_("Saved."))))


@post("/account/password", guards=[somebody], status_code=200)
async def change_password(
    request: HTMXRequest,
    tools: NamedDependency[Tools],
    signed_in: NamedDependency[SignedIn | None],
) -> Template | Response[Any]:
    """My password; other browsers are signed out."""
    current, new = await secret_of(request, "current"), await secret_of(request, "password")
    try:
        await people.change_password(tools, _present(signed_in), current=current, new=new)
    except (Invalid, TooMany) as wrong:
        page = await _page(
            request,
            tools,
            _present(signed_in),
            errors=wrong.field_texts() or {"current": wrong.text()},
            status=wrong.status if isinstance(wrong, TooMany) else 422,
        )
        page.headers.update(wrong.headers)
        return page
    text = gettext(N_("Your password is changed, and other browsers are signed out."))
    return go(request, "/account", Toast("success", text))


@post("/account/sessions/{name:str}/end", guards=[somebody], status_code=200)
async def end_session(
    request: HTMXRequest,
    name: FromPath[str],
    tools: NamedDependency[Tools],
    signed_in: NamedDependency[SignedIn | None],
) -> Response[Any]:
    """Sign another of my browsers out."""
    await sessions.end_own_session(tools, _present(signed_in), name)
    return go(request, "/account", Toast("success", gettext(N_("That browser is signed out."))))


@get("/switch", guards=[somebody])
async def switch_page(
    request: HTMXRequest, tools: NamedDependency[Tools], signed_in: NamedDependency[SignedIn | None]
) -> Template:
    """What else I am here."""
    choices = await sessions.capacities(tools, _present(signed_in))
    return render(request, "pages/accounts/switch.html", capacities=choices, role_names=_role_names())


@post("/switch", guards=[somebody], status_code=200)
async def switch(
    request: HTMXRequest, tools: NamedDependency[Tools], signed_in: NamedDependency[SignedIn | None]
) -> Response[Any]:
    """Go on as somebody of another company, or as staff: a new session."""
    form = await Form.of(request)
    wanted = form.text("company_id")
    try:
        company_id = UUID(wanted) if wanted else None
    except ValueError:
        raise NotFound(NOT_A_CHOICE) from None
    opened = await sessions.switch(
        tools, _present(signed_in), company_id, request.headers.get("user-agent", "")
    )
    answer = go(request, local_path(form.text("next", longest=2000)))
    set_session_cookie(request, answer, opened.token, opened.seconds)
    return answer


def _role_names() -> dict[str, str]:
    return {role.value: gettext(name) for role, name in ROLE_NAMES.items()}


ROUTES: list[Any] = [
    account_page,
    change_profile,
    choose_mails,
    change_password,
    end_session,
    switch_page,
    switch,
]
