"""Approving: one document at a time, and the list."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession, scope_of
from portal.features.approvals.domain import CHANGED, REJECTIONS, Decision
from portal.features.approvals.service import cases, decisions, reminders
from portal.features.documents.models import Document
from portal.features.documents.service import readable, remarks
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.kinds import KIND_NAMES, SALES
from portal.kernel.language import N_, gettext, ngettext
from portal.web.forms import Form
from portal.web.render import Toast, go, is_fragment, render, toast_now
from portal.web.security import member, requires
from portal.web.session import EFFECT

LOOKED = "that the approver saw what waits today: no reminder is sent about it"
APPROVERS = [member, requires(Right.APPROVE)]
REJECTION_NAMES = {
    Decision.DISPUTED: (N_("Disputed"), N_("It is for us, but something is wrong with it.")),
    Decision.NOT_OURS: (N_("Not ours"), N_("It is not for our company.")),
}
DONE = {
    Decision.APPROVED: N_("%(what)s is approved."),
    Decision.DISPUTED: N_("%(what)s is rejected. Your accountant sees your reason."),
    Decision.NOT_OURS: N_("%(what)s is rejected. Your accountant sees your reason."),
}


def names(document: Document) -> dict[str, Any]:
    """The words for a document: its kind, its counterparty, and what to call it."""
    return {
        "kind": gettext(KIND_NAMES[document.kind]),
        "counterparty_label": gettext(N_("Customer")) if document.kind in SALES else gettext(N_("Supplier")),
        "what": " ".join(part for part in (document.counterparty_name, document.number) if part),
    }


def _rejections() -> list[tuple[str, str, str]]:
    return [(kind.value, gettext(name), gettext(text)) for kind, (name, text) in REJECTION_NAMES.items()]


async def _case_page(
    request: HTMXRequest,
    tools: Tools,
    actor: Actor,
    document_id: UUID,
    *,
    rejecting: bool = False,
    status: int = 200,
    problem: str | None = None,
    values: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
) -> Template:
    """Looked up in a short transaction of its own: while pages are counted, the request holds no connection."""
    async with tools.database.transaction(scope_of(actor)) as session:
        await reminders.looked(session, actor)
        case = await cases.case(session, actor, document_id)
        steps = await cases.history(session, document_id)
    pages, read = await readable.looked_at(tools, case.document)
    return render(
        request,
        "pages/approvals/one.html",
        block="case",
        status=status,
        case=case,
        document=case.document,
        pages=pages,
        readable=read,
        rejecting=rejecting and case.place is not None,
        rejections=_rejections(),
        problem=problem,
        values=values or {},
        errors=errors or {},
        steps=steps,
        remarks=remarks.remarks(case.document),
        **names(case.document),
    )


def _all_done(request: HTMXRequest, actor: Actor) -> Template:
    return render(request, "pages/approvals/done.html", block="case", may_send=actor.may(Right.SEND))


# ── one at a time ────────────────────────────────────────────────────────────────────────────────────────────────


@get("/approve", guards=APPROVERS, opt={EFFECT: LOOKED})
async def first_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
) -> Template:
    """The most urgent document that waits, or a friendly word when none does."""
    async with tools.database.transaction(scope_of(actor)) as session:
        await reminders.looked(session, actor)
        document_id = await cases.first(session)
    if document_id is None:
        return _all_done(request, actor)
    return await _case_page(request, tools, actor, document_id)


@get("/approve/{document_id:uuid}", guards=APPROVERS, opt={EFFECT: LOOKED})
async def case_page(
    request: HTMXRequest,
    document_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
) -> Template:
    """One document beside its data, whether it waits or not."""
    return await _case_page(request, tools, actor, document_id)


@get("/approve/{document_id:uuid}/reject", guards=APPROVERS, opt={EFFECT: LOOKED})
async def reject_page(
    request: HTMXRequest,
    document_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
) -> Template:
    """The reason, on a page of its own for browsers without script."""
    return await _case_page(request, tools, actor, document_id, rejecting=True)


def _read_version(form: Form) -> int:
    version = form.number("version", lowest=1, highest=999_999_999, default=0)
    form.check()
    if not version:
        raise Conflict(CHANGED, code="changed")
    return version


@post("/approve/{document_id:uuid}", guards=APPROVERS, status_code=200)
async def decide(
    request: HTMXRequest,
    document_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Approve or reject, and go to the next one."""
    form = await Form.of(request)
    try:
        decision: Decision = form.choice("decision", Decision)
        version = _read_version(form)
        reason = form.text("reason", longest=10_000)
        async with tools.database.transaction(scope_of(actor)) as session:
            decided = await decisions.decide(session, actor, document_id, version, decision, reason)
            following = await cases.following(session, document_id)
    except Invalid as wrong:
        return await _case_page(
            request,
            tools,
            actor,
            document_id,
            rejecting=True,
            status=422,
            values=form.values,
            errors=wrong.field_texts(),
        )
    except Conflict as conflict:
        # For a fragment 422: the page shows what the document has become, not only that it was too late.
        return await _case_page(
            request,
            tools,
            actor,
            document_id,
            status=422 if is_fragment(request) else 409,
            problem=conflict.text(),
        )
    text = gettext(DONE[decision]) % {"what": names(decided.document)["what"]}
    toast = Toast("success", text, f"/approve/{document_id}", gettext(N_("Look again")))
    href = f"/approve/{following}" if following else "/approve"
    if not is_fragment(request):
        return go(request, href, toast)
    page = await _case_page(request, tools, actor, following) if following else _all_done(request, actor)
    page.headers["HX-Push-Url"] = href
    return toast_now(page, toast)


@post("/approve/{document_id:uuid}/withdraw", guards=APPROVERS, status_code=200)
async def withdraw(
    request: HTMXRequest,
    document_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Take the decision back while the document is still here."""
    form = await Form.of(request)
    try:
        version = _read_version(form)
        async with tools.database.transaction(scope_of(actor)) as session:
            await decisions.withdraw(session, actor, document_id, version)
    except Conflict as conflict:
        status = 422 if is_fragment(request) else 409
        return await _case_page(request, tools, actor, document_id, status=status, problem=conflict.text())
    return go(
        request,
        f"/approve/{document_id}",
        Toast("success", gettext(N_("The decision is taken back: the document waits again."))),
    )


# ── the list ─────────────────────────────────────────────────────────────────────────────────────────────────────


async def _list(request: HTMXRequest, session: ReadSession, q: str) -> Template:
    text = q.strip()[:100]
    return render(
        request,
        "pages/approvals/list.html",
        block="rows",
        q=text,
        queue=await cases.queue(session, text),
        kind_names={kind: gettext(name) for kind, name in KIND_NAMES.items()},
    )


@get("/approve/list", guards=APPROVERS, opt={EFFECT: LOOKED})
async def list_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    q: FromQuery[str] = "",
) -> Template:
    """Everything that waits, to decide about several at once."""
    await reminders.looked(session, actor)
    return await _list(request, session, q)


def read_selected(form: Form) -> list[tuple[UUID, int]]:
    """What was ticked: `<document>:<version>`; what is neither is left out."""
    chosen: dict[UUID, int] = {}
    for value in form.all("selected"):
        text, _colon, version = value.partition(":")
        if version.isascii() and version.isdigit() and len(version) <= 9:
            try:
                chosen[UUID(text)] = int(version)
            except ValueError:
                continue
    return list(chosen.items())


@post("/approve/list", guards=APPROVERS, status_code=200)
async def decide_many(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Template | Response[Any]:
    """Decide about the selection; rejecting asks for the reason first."""
    form = await Form.of(request)
    chosen = read_selected(form)
    if not chosen:
        return go(request, "/approve/list", Toast("info", gettext(N_("Select at least one document."))))
    asked = form.text("decision")
    if asked == "reject":
        return await _reject_many_page(request, session, chosen, form)
    try:
        decision: Decision = form.choice("decision", Decision)
        form.check()
        result = await decisions.decide_many(
            session, actor, chosen, decision, form.text("reason", longest=10_000)
        )
    except Invalid as wrong:
        return await _reject_many_page(request, session, chosen, form, errors=wrong.field_texts())
    return go(request, "/approve/list", _told(result, decision))


def _told(result: decisions.BulkResult, decision: Decision) -> Toast:
    count = len(result.decided)
    if decision in REJECTIONS:
        text = ngettext("%(count)s document is rejected.", "%(count)s documents are rejected.", count)
    else:
        text = ngettext("%(count)s document is approved.", "%(count)s documents are approved.", count)
    text %= {"count": count}
    left = len(result.refused)
    if not left:
        return Toast("success", text)
    more = ngettext("%(count)s is not: %(why)s", "%(count)s are not. The first: %(why)s", left)
    return Toast("warning", f"{text} {more % {'count': left, 'why': result.refused[0][1]}}")


async def _reject_many_page(
    request: HTMXRequest,
    session: WriteSession,
    chosen: list[tuple[UUID, int]],
    form: Form,
    errors: Mapping[str, str] | None = None,
) -> Template:
    return render(
        request,
        "pages/approvals/reject_many.html",
        status=422 if errors else 200,
        chosen=chosen,
        shown=await cases.papers(session, [document_id for document_id, _version in chosen]),
        rejections=_rejections(),
        values=form.values,
        errors=errors or {},
    )


ROUTES: list[Any] = [first_page, list_page, decide_many, case_page, reject_page, decide, withdraw]
