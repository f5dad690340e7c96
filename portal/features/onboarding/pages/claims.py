"""Login details of clients: sending them, for one dossier or many, and withdrawing them."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import access
from portal.features.onboarding.service import invitations
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Invalid
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, gettext, ngettext
from portal.web.forms import NOT_A_CHOICE, Form
from portal.web.render import Toast, go, is_fragment, render, toast_now
from portal.web.security import requires

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
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Send them. From the card of the Detail page the answer is the card again."""
    invitations.check_invitable(dossier)
    form = await Form.of(request)
    try:
        email = form.address("email", required=True)
        name = form.text("name", required=True, longest=120)
        language = form.choice("language", Language, default=dossier.language)
        form.check()
        await invitations.limit_letters(tools, actor)
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
    return await _card(request, session, dossier, toast)


async def _card(
    request: HTMXRequest, session: ReadSession, dossier: Dossier, toast: Toast
) -> Template | Response[Any]:
    """The Detail page, or its card alone where the card was asked for."""
    if not is_fragment(request):
        return go(request, f"/dossiers/{dossier.id}", toast)
    context = await invitations.invitation_context(session, dossier)
    card = render(request, "pages/onboarding/_invitation.html", dossier=dossier, may_edit=True, **context)
    toast_now(card, toast)
    return card


@post(
    "/dossiers/{dossier_id:uuid}/invitation/withdraw",
    guards=[requires(Right.DOSSIERS_EDIT)],
    status_code=200,
)
async def withdraw(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Withdraw login details: the link that was sent stops working."""
    ended = await invitations.withdraw(session, actor, dossier)
    text = gettext(N_("The link for %(email)s does not work any more.")) % {"email": ended.email}
    return await _card(request, session, dossier, Toast("success", text))


@post("/dossiers/invite", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def invite_many(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Send login details for every selected dossier (field `selected`, several times)."""
    form = await Form.of(request)
    try:
        chosen = [UUID(value) for value in form.all("selected")]
    except ValueError:
        raise Invalid(NOT_A_CHOICE) from None
    if not chosen:
        raise Invalid(N_("Choose at least one dossier."))
    result = await invitations.invite_many(session, tools, actor, chosen)
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


ROUTES: list[Any] = [invite_page, invite, withdraw, invite_many, ask_again]
