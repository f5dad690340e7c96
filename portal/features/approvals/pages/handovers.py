"""Sending to the accountant, and who decided what."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.approvals.pages.decisions import names
from portal.features.approvals.service import cases, decisions, handovers
from portal.features.dossiers.models import Dossier
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.language import N_, gettext, ngettext
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import member, requires, staff

SENDERS = [member, requires(Right.SEND)]


# ── send to my accountant ────────────────────────────────────────────────────────────────────────────────────────


async def _send_page(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    *,
    status: int = 200,
    note: str = "",
    errors: Mapping[str, str] | None = None,
    problem: str | None = None,
) -> Template:
    return render(
        request,
        "pages/approvals/send.html",
        status=status,
        ready=await handovers.ready(session, actor),
        may_approve=actor.may(Right.APPROVE),
        note=note,
        errors=errors or {},
        problem=problem,
    )


@get("/send", guards=SENDERS)
async def send_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """What is ready for the accountant, and the button."""
    return await _send_page(request, session, actor)


@post("/send", guards=SENDERS, status_code=200)
async def send(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Template | Response[Any]:
    """Hand what is ready over: the accountant is told."""
    note = (await Form.of(request)).text("note", longest=10_000)
    try:
        sent = await handovers.hand_over(session, actor, note)
    except Invalid as wrong:
        return await _send_page(request, session, actor, status=422, note=note, errors=wrong.field_texts())
    except Conflict as conflict:
        return await _send_page(request, session, actor, status=409, note=note, problem=conflict.text())
    count = sum(one.documents for one in sent)
    text = (
        ngettext(
            "Your accountant knows that %(count)s document is ready.",
            "Your accountant knows that %(count)s documents are ready.",
            count,
        )
        % {"count": count}
        if count
        else gettext(N_("Your message is on its way to your accountant."))
    )
    return go(request, "/", Toast("success", text))


# ── who decided what ─────────────────────────────────────────────────────────────────────────────────────────────


@get("/documents/{document_id:uuid}/decisions", guards=[member])
async def member_history(
    request: HTMXRequest,
    document_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """The story of a document's approval, for the company."""
    document = await cases.paper(session, actor, document_id)
    return render(
        request,
        "pages/approvals/history.html",
        block="story",
        document=document,
        steps=await cases.history(session, document.id),
        back=f"/documents/{document.id}",
        ask_again=None,
        **names(document),
    )


@get("/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}/decisions", guards=[staff])
async def staff_history(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    document_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """What the company handed over and decided, for the office, with the way to ask once more."""
    document = await cases.paper_in(session, actor, dossier, document_id)
    here = f"/dossiers/{dossier.id}/documents/{document.id}"
    may_ask = actor.may(Right.EXPORT) and await cases.may_ask_again(session, dossier, document.id)
    return render(
        request,
        "pages/approvals/history.html",
        block="story",
        document=document,
        steps=await cases.history(session, document.id),
        back=here,
        ask_again=f"{here}/ask-again" if may_ask else None,
        **names(document),
    )


@post(
    "/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}/ask-again",
    guards=[requires(Right.EXPORT)],
    status_code=200,
)
async def ask_again(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    document_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """The accountant asks the client once more."""
    await decisions.ask_again(session, actor, dossier, document_id)
    text = gettext(N_("The client is asked again."))
    return go(request, f"/dossiers/{dossier.id}/documents/{document_id}", Toast("success", text))


ROUTES: list[Any] = [send_page, send, member_history, staff_history, ask_again]
