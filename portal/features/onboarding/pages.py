"""Login details: sending them, and the page behind the one-time link."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import WriteSession
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import access
from portal.features.onboarding.service import activation, invitations
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.ids import link_token
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, gettext, ngettext
from portal.web.cookies import set_session_cookie
from portal.web.directories import HostFirm, SignedIn
from portal.web.forms import NOT_A_CHOICE, Form
from portal.web.limits import client_address
from portal.web.link_guard import ask_to_leave
from portal.web.render import Toast, go, is_fragment, render, toast_now
from portal.web.security import public, requires
from portal.web.session import EFFECT

LANGUAGES = [(code.value, name) for code, name in LANGUAGE_NAMES.items()]


@get("/dossiers/{dossier_id:uuid}/invitation", guards=[requires(Right.DOSSIERS_EDIT)])
async def invite_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
) -> Template:
    """Whom to send login details to."""
    invitations.check_invitable(dossier)
    values = {
        "email": dossier.contact_email or "",
        "name": dossier.contact_name or "",
        "language": dossier.language.value,
    }
    return render(
        request,
        "pages/onboarding/invite.html",
        dossier=dossier,
        tab="detail",
        values=values,
        errors={},
        languages_of_clients=LANGUAGES,
    )


@post("/dossiers/{dossier_id:uuid}/invitation", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def invite(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Send them. From the card of the Detail page the answer is the card again."""
    invitations.check_invitable(dossier)
    form = await Form.of(request)
    try:
        email = form.text("email", required=True, longest=254)
        name = form.text("name", required=True, longest=120)
        language = form.choice("language", Language, default=dossier.language)
        form.check()
        await invitations.invite(session, actor, dossier, email=email, name=name, language=language)
    except Invalid as wrong:
        if is_fragment(request):
            raise Invalid(next(iter(wrong.fields.values()), wrong.message)) from None
        return render(
            request,
            "pages/onboarding/invite.html",
            status=422,
            dossier=dossier,
            tab="detail",
            values=form.values,
            errors=wrong.field_texts(),
            languages_of_clients=LANGUAGES,
        )
    toast = Toast("success", gettext(N_("Login details are on their way to %(email)s.")) % {"email": email})
    if not is_fragment(request):
        return go(request, f"/dossiers/{dossier.id}", toast)
    context = await invitations.invitation_context(session, dossier)
    card = render(request, "pages/onboarding/_invitation.html", dossier=dossier, may_edit=True, **context)
    toast_now(card, toast)
    return card


@post("/dossiers/invite", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def invite_many(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Template | Response[Any]:
    """Send login details for every selected dossier (field `selected`, several times)."""
    form = await Form.of(request)
    try:
        chosen = [UUID(value) for value in form.all("selected")]
    except ValueError:
        raise Invalid(NOT_A_CHOICE) from None
    if not chosen:
        raise Invalid(N_("Choose at least one dossier."))
    result = await invitations.invite_many(session, actor, chosen)
    if result.left_out:
        return render(request, "pages/onboarding/invited.html", result=result)
    text = ngettext(
        "Login details are on their way to one client.",
        "Login details are on their way to %(number)s clients.",
        result.sent,
    )
    return go(request, "/dossiers", Toast("success", text % {"number": result.sent}))


@post("/dossiers/{dossier_id:uuid}/request-access", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def ask_again(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Response[Any]:
    """Ask a claimed company's owner for access once more."""
    await access.ask_again(session, tools, actor, dossier)
    return go(
        request, f"/dossiers/{dossier.id}", Toast("success", gettext(N_("The owner is asked for access.")))
    )


@get(
    "/activate/{token:str}",
    guards=[public],
    include_in_schema=False,
    opt={EFFECT: "that the invitation was opened"},
)
async def activate_page(
    request: HTMXRequest,
    token: FromPath[str],
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template:
    """Behind the link: choose a password, agree, go in. Somebody else who is signed in here is asked first."""
    link = await activation.opened(
        tools,
        firm_id=firm.firm_id,
        token=link_token(token),
        address=client_address(request),
        reader=signed_in.email if signed_in is not None else None,
    )
    if link is None:
        return _closed(request)
    if signed_in is not None and signed_in.email != link.email:
        return ask_to_leave(request, what=_whom(link))
    values = {"name": link.name, "language": link.language.value}
    return _form(request, link, values, {})


def _whom(link: activation.OpenedLink) -> str:
    text = N_("This invitation is for %(email)s: whoever uses it becomes the owner of %(company)s.")
    return gettext(text) % {"email": link.email, "company": link.company}


@post("/activate/{token:str}", guards=[public], status_code=200, include_in_schema=False)
async def activate(
    request: HTMXRequest,
    token: FromPath[str],
    tools: NamedDependency[Tools],
    firm: NamedDependency[HostFirm],
    signed_in: NamedDependency[SignedIn | None],
) -> Template | Response[Any]:
    """Use the link: the person is signed in, the company claimed. Nobody else's session ends by it without a yes."""
    form = await Form.of(request)
    password = (await request.form()).get("password")
    address = client_address(request)
    token = link_token(token)
    if signed_in is not None and form.text("leave", longest=64) != signed_in.owner.key:
        link = await activation.opened(
            tools, firm_id=firm.firm_id, token=token, address=address, reader=signed_in.email
        )
        if link is None:
            return _closed(request)
        if signed_in.email != link.email:
            return _form(request, link, form.values, {}, leaving=True, status=409)
    try:
        opened = await activation.activate(
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
        link = await activation.opened(tools, firm_id=firm.firm_id, token=token, address=address)
        if link is None:
            return _closed(request)
        leaving = signed_in is not None and signed_in.email != link.email
        return _form(request, link, form.values, wrong.field_texts(), leaving=leaving, status=422)
    answer = go(
        request,
        "/",
        Toast("success", gettext(N_("Welcome! Your access is active and the company is yours."))),
    )
    set_session_cookie(request, answer, opened.token, opened.seconds)
    answer.headers["referrer-policy"] = "no-referrer"
    return answer


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


ROUTES: list[Any] = [invite_page, invite, invite_many, ask_again, activate_page, activate]
