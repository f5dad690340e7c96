"""Who works at the office (settings, team), and who belongs to a company (people): the two sides of one page."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.onboarding.domain import InvitationKind
from portal.features.onboarding.pages.roles import MAY
from portal.features.onboarding.service import admissions
from portal.jobs.contract import Tools
from portal.kernel.actor import ROLE_NAMES, Actor, Right, Role
from portal.kernel.errors import Invalid
from portal.kernel.language import LANGUAGE_NAMES, N_, Language, current_language, gettext
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires

LANGUAGES = [(code.value, name) for code, name in LANGUAGE_NAMES.items()]
TEAM, PEOPLE = "/settings/team", "/people"
TEMPLATES = {
    InvitationKind.STAFF: ("pages/onboarding/team.html", TEAM),
    InvitationKind.MEMBER: ("pages/onboarding/people.html", PEOPLE),
}


async def _page(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    kind: InvitationKind,
    *,
    values: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> Template:
    template, here = TEMPLATES[kind]
    place = await admissions.place(session, actor, kind)
    return render(
        request,
        template,
        status=status,
        here=here,
        place=place,
        role_names={role.value: gettext(name) for role, name in ROLE_NAMES.items()},
        roles=[(role.value, gettext(ROLE_NAMES[role]), gettext(MAY[role])) for role in reversed(place.roles)],
        all_languages=LANGUAGES,
        values=values or {"language": current_language().value},
        errors=errors or {},
    )


async def _invite(
    request: HTMXRequest, session: WriteSession, tools: Tools, actor: Actor, kind: InvitationKind
) -> Template | Response[Any]:
    form = await Form.of(request)
    try:
        email = form.address("email", required=True)
        name = form.text("name", required=True, longest=120)
        role = form.choice("role", Role)
        language = form.choice("language", Language)
        form.check()
        made = await admissions.invite(
            session, tools, actor, kind, email=email, name=name, role=role, language=language
        )
    except Invalid as wrong:
        return await _page(
            request, session, actor, kind, values=form.values, errors=wrong.field_texts(), status=422
        )
    return go(request, TEMPLATES[kind][1], _on_its_way(made.email))


def _on_its_way(email: str) -> Toast:
    return Toast("success", gettext(N_("An invitation is on its way to %(email)s.")) % {"email": email})


async def _again(
    request: HTMXRequest,
    session: WriteSession,
    tools: Tools,
    actor: Actor,
    kind: InvitationKind,
    invitation_id: UUID,
) -> Template | Response[Any]:
    try:
        made = await admissions.again(session, tools, actor, kind, invitation_id)
    except Invalid as wrong:
        return await _page(request, session, actor, kind, errors=wrong.field_texts(), status=422)
    return go(request, TEMPLATES[kind][1], _on_its_way(made.email))


async def _withdraw(
    request: HTMXRequest, session: WriteSession, actor: Actor, kind: InvitationKind, invitation_id: UUID
) -> Response[Any]:
    ended = await admissions.withdraw(session, actor, kind, invitation_id)
    text = gettext(N_("The link for %(email)s does not work any more.")) % {"email": ended.email}
    return go(request, TEMPLATES[kind][1], Toast("success", text))


@get(TEAM, guards=[requires(Right.FIRM_SETTINGS)])
async def team_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """Who works at the office, and who is invited."""
    return await _page(request, session, actor, InvitationKind.STAFF)


@post(TEAM, guards=[requires(Right.FIRM_SETTINGS)], status_code=200)
async def invite_colleague(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Invite a colleague."""
    return await _invite(request, session, tools, actor, InvitationKind.STAFF)


@post(TEAM + "/{invitation_id:uuid}/again", guards=[requires(Right.FIRM_SETTINGS)], status_code=200)
async def invite_colleague_again(
    request: HTMXRequest,
    invitation_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """A new link for a colleague."""
    return await _again(request, session, tools, actor, InvitationKind.STAFF, invitation_id)


@post(TEAM + "/{invitation_id:uuid}/withdraw", guards=[requires(Right.FIRM_SETTINGS)], status_code=200)
async def withdraw_colleague(
    request: HTMXRequest,
    invitation_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """The link of a colleague stops working."""
    return await _withdraw(request, session, actor, InvitationKind.STAFF, invitation_id)


@get(PEOPLE, guards=[requires(Right.MEMBERS)])
async def people_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """Who belongs to the company, and who is invited."""
    return await _page(request, session, actor, InvitationKind.MEMBER)


@post(PEOPLE, guards=[requires(Right.MEMBERS)], status_code=200)
async def invite_member(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Invite somebody to the company."""
    return await _invite(request, session, tools, actor, InvitationKind.MEMBER)


@post(PEOPLE + "/{invitation_id:uuid}/again", guards=[requires(Right.MEMBERS)], status_code=200)
async def invite_member_again(
    request: HTMXRequest,
    invitation_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """A new link for somebody of the company."""
    return await _again(request, session, tools, actor, InvitationKind.MEMBER, invitation_id)


@post(PEOPLE + "/{invitation_id:uuid}/withdraw", guards=[requires(Right.MEMBERS)], status_code=200)
async def withdraw_member(
    request: HTMXRequest,
    invitation_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """The link of somebody of the company stops working."""
    return await _withdraw(request, session, actor, InvitationKind.MEMBER, invitation_id)


ROUTES: list[Any] = [
    team_page,
    invite_colleague,
    invite_colleague_again,
    withdraw_colleague,
    people_page,
    invite_member,
    invite_member_again,
    withdraw_member,
]
