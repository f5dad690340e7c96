"""My accountant: who sees the company, since when, and the owner's answers."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession
from portal.features.dossiers.service import access
from portal.features.dossiers.service.access import Answer
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.language import N_, gettext
from portal.web.cookies import clear_session_cookie
from portal.web.render import Toast, go, render
from portal.web.security import member

DONE = {
    Answer.ACCEPT: N_("%(firm)s has access from now on."),
    Answer.DECLINE: N_("The request of %(firm)s was declined."),
    Answer.END: N_("%(firm)s has no access any more."),
}


@get("/my-accountant", guards=[member])
async def accountant_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """Who sees what, since when."""
    firms = await access.firms_of_company(session, actor)
    return render(
        request, "pages/dossiers/my_accountant.html", firms=firms, may_decide=actor.may(Right.MEMBERS)
    )


@get("/my-accountant/{firm_id:uuid}/{said:str}", guards=[member])
async def ask_page(
    request: HTMXRequest,
    firm_id: FromPath[UUID],
    said: FromPath[str],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """The question with its consequence, as a page of its own for browsers without script."""
    if not actor.may(Right.MEMBERS):
        raise Forbidden
    word = _answer(said)
    firm = await access.firm_of_company(session, actor, firm_id)
    if word not in firm.answers:
        raise Conflict
    return render(request, "pages/dossiers/my_accountant_ask.html", firm=firm, said=word.value)


@post("/my-accountant/{firm_id:uuid}/{said:str}", guards=[member], status_code=200)
async def answer_firm(
    request: HTMXRequest,
    firm_id: FromPath[UUID],
    said: FromPath[str],
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """The owner's answer. Whoever ends the access of the firm whose address this is, is signed out here."""
    word = _answer(said)
    answered = await access.answer(tools, actor, firm_id, word)
    if answered.left:
        page = render(request, "pages/dossiers/access_left.html", answered=answered, said=word.value)
        clear_session_cookie(tools.settings, page)
        return page
    toast = Toast("success", gettext(DONE[word]) % {"firm": answered.firm_name})
    return go(request, "/my-accountant", toast)


def _answer(text: str) -> Answer:
    try:
        return Answer(text)
    except ValueError:
        raise NotFound from None


ROUTES: list[Any] = [accountant_page, ask_page, answer_firm]
