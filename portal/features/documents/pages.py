"""Pages of documents: the list, one of them beside its pages, its files. The same for both sides."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import WriteSession, scope_of
from portal.features.documents import service
from portal.features.documents.domain import (
    AMENDABLE,
    KIND_NAMES,
    LIST_STATES,
    Annotation,
    DocumentQuery,
    Kind,
    PaymentState,
    annotation_values,
    entry_values,
    own_key,
    parse_entry,
    read_tags,
)
from portal.features.documents.service import Detail, Document, Overtaken, Place
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.language import N_, capitalised, gettext
from portal.web.files import attachment, picture
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff
from portal.web.sides import own_side

LIST = ["/dossiers/{dossier_id:uuid}/documents", "/documents"]
ONE = ["/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}", "/documents/{document_id:uuid}"]
SORTS = ("date", "received", "counterparty", "number", "amount")
SAVED = N_("Saved.")
DELETED = N_("The document was deleted.")
AMENDED = N_("Corrected. Whoever had approved the document is asked again.")
UNLOCKED = N_("Unlocked. Both sides are told, with your reason.")
ROLES = ("original", "ubl", "pdf")


def below(path: str) -> list[str]:
    """The paths of something that belongs to one document, on both sides."""
    return [one + path for one in ONE]


def _query(
    place: Place, q: str, kind: list[str] | None, state: list[str] | None, sort: str, cursor: str | None
) -> DocumentQuery:
    name = sort.removeprefix("-")
    known = name in SORTS
    return DocumentQuery(
        dossier_id=place.dossier_id,
        kinds=frozenset(one for one in Kind if one.value in (kind or [])),
        states=frozenset(LIST_STATES).intersection(state or []),
        search=q.strip()[:100],
        sort=name if known else "date",
        descending=sort.startswith("-") or not known,
        cursor=cursor,
    )


@get(LIST, guards=[own_side])
async def documents_page(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    dossier_id: FromPath[UUID | None] = None,
    q: FromQuery[str] = "",
    kind: FromQuery[list[str] | None] = None,
    status: FromQuery[list[str] | None] = None,
    sort: FromQuery[str] = "-date",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """All documents, searched, filtered and sorted in the address."""
    place = await service.place_for(session, actor, dossier_id)
    query = _query(place, q, kind, status, sort, after or before)
    page = await service.listed(session, actor, place.company_id, query)
    counts = await service.state_counts(session, actor, place.company_id, query)
    return render(
        request,
        "pages/documents/list.html",
        block="rows",
        place=place,
        dossier=place.dossier,
        tab="documents",
        page=page,
        find=query.search,
        filtered=bool(query.search or query.kinds or query.states),
        states=[
            (name, capitalised(gettext(word)), counts.get(name, 0))
            for name, word in LIST_STATES.items()
            if counts.get(name)
        ],
        kinds=[(one.value, capitalised(gettext(name))) for one, name in KIND_NAMES.items()],
        kind_names={one: gettext(name) for one, name in KIND_NAMES.items()},
        may_upload=actor.may(Right.UPLOAD) and place.open,
    )


async def _open(
    session: WriteSession, actor: Actor, dossier_id: UUID | None, document_id: UUID
) -> tuple[Place, Document]:
    place = await service.place_for(session, actor, dossier_id)
    return place, await service.document(session, actor, place.company_id, document_id)


async def _looked_up(
    tools: Tools, actor: Actor, dossier_id: UUID | None, document_id: UUID
) -> tuple[Place, Document]:
    """The same in a short transaction of its own: while files are fetched and drawn, a request holds no connection."""
    async with tools.database.transaction(scope_of(actor)) as session:
        return await _open(session, actor, dossier_id, document_id)


def _why_locked(actor: Actor, place: Place, document: Document, detail: Detail) -> str | None:
    """Why somebody who unlocks documents does not unlock this one."""
    if place.dossier is None or not actor.may(Right.UNLOCK) or not service.locked_here(detail):
        return None
    hindrance = service.unlock_hindrance(actor, document, place.dossier)
    return hindrance.text() if hindrance is not None else None


async def _page_count(tools: Tools, document: Document) -> int | None:
    sha256, media_type = service.shown_file(document)
    return await service.page_count(tools, document.company_id, sha256, media_type)


@get(ONE, guards=[own_side])
async def document_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template:
    """One document: its pages beside its data, and its way to the bookkeeping."""
    return await _shown(request, tools, actor, dossier_id, document_id)


async def _shown(
    request: HTMXRequest,
    tools: Tools,
    actor: Actor,
    dossier_id: UUID | None,
    document_id: UUID,
    *,
    form: Form | None = None,
    faults: Mapping[str, str] | None = None,
    overtaken: Overtaken | None = None,
) -> Template:
    """The page; with `form` the notes somebody typed that were not saved: at fault, or overtaken by somebody else's."""
    async with tools.database.transaction(scope_of(actor)) as session:
        place, document = await _open(session, actor, dossier_id, document_id)
        detail = await service.detail(session, document, place.dossier_id)
        hindrance = await service.delete_hindrance(session, document)
    may_edit = actor.may(Right.UPLOAD)
    present = annotation_values(document.tags, document.note, document.payment_state)
    seen, typed = present, dict(present)
    if form is not None:
        typed |= {name: form.values.get(name, "") for name in (overtaken.touched if overtaken else present)}
        if overtaken is None:
            seen = {name: form.values.get(f"seen_{name}", "") for name in present}
    return render(
        request,
        "pages/documents/detail.html",
        status=409 if overtaken else 422 if faults else 200,
        place=place,
        dossier=place.dossier,
        tab="documents",
        document=document,
        detail=detail,
        kind_name=gettext(KIND_NAMES[document.kind]),
        pages=await _page_count(tools, document),
        may_edit=may_edit,
        may_amend=may_edit and document.origin in AMENDABLE and not detail.locks,
        may_delete=may_edit and hindrance is None,
        may_unlock=place.dossier is not None
        and actor.may(Right.UNLOCK)
        and service.locked_here(detail)
        and service.unlock_hindrance(actor, document, place.dossier) is None,
        why_locked=_why_locked(actor, place, document, detail),
        present=present,
        seen=seen,
        typed=typed,
        faults={name: gettext(message) for name, message in (faults or {}).items()},
        overtaken=overtaken,
    )


@get(below("/pages/{page:int}"), guards=[own_side])
async def page_image(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    page: FromPath[int],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """One page of the document as a picture."""
    _place, document = await _looked_up(tools, actor, dossier_id, document_id)
    sha256, media_type = service.shown_file(document)
    if sha256 is None:
        raise NotFound
    return picture(await service.original_page(tools, document.company_id, sha256, media_type, page))


@get(below("/files/{role:str}"), guards=[own_side])
async def file(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    role: FromPath[str],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[bytes]:
    """The original, the UBL or the PDF, as a download."""
    _place, document = await _looked_up(tools, actor, dossier_id, document_id)
    if role not in ROLES:
        raise NotFound
    found = await service.download(tools, document, role)
    return attachment(found.name, found.media_type, found.data)


@post(below("/annotate"), guards=[own_side], status_code=200)
async def annotate(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Tags, note and payment state; also on a locked document. The form brings what it was opened with as `seen_…`."""
    form = await Form.of(request)
    try:
        wanted = _annotation(form)
        seen = _annotation(form, "seen_")
        form.check()
        async with tools.database.transaction(scope_of(actor)) as session:
            place, document = await _open(session, actor, dossier_id, document_id)
            await service.annotate(session, actor, document, wanted, seen=seen)
    except Overtaken as overtaken:
        return await _shown(request, tools, actor, dossier_id, document_id, form=form, overtaken=overtaken)
    except Invalid as wrong:
        return await _shown(request, tools, actor, dossier_id, document_id, form=form, faults=wrong.fields)
    return go(request, f"{place.base}/documents/{document.id}", Toast("success", gettext(SAVED)))


def _annotation(form: Form, prefix: str = "") -> Annotation:
    """As typed, however long: what fits is for `service.annotate` to say, and what was seen may be older than its limits."""
    return Annotation(
        tags=read_tags(form.values.get(f"{prefix}tags", "")),
        note=form.values.get(f"{prefix}note", ""),
        payment_state=form.choice(f"{prefix}payment_state", PaymentState, default=PaymentState.OPEN),
    )


@get(below("/edit"), guards=[own_side])
async def edit_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template:
    """Correct what was typed from a paper."""
    async with tools.database.transaction(scope_of(actor)) as session:
        place, document = await _open(session, actor, dossier_id, document_id)
        await service.check_amendable(session, actor, document)
    return await _edit(request, tools, place, document, entry_values(document))


async def _edit(
    request: HTMXRequest,
    tools: Tools,
    place: Place,
    document: Document,
    values: dict[str, str],
    faults: dict[str, str] | None = None,
    problem: str | None = None,
) -> Template:
    return render(
        request,
        "pages/documents/edit.html",
        status=422 if faults or problem else 200,
        place=place,
        dossier=place.dossier,
        tab="documents",
        document=document,
        pages=await _page_count(tools, document),
        problem=problem,
        **service.entry_context(values, faults or {}),
    )


@post(below("/edit"), guards=[own_side], status_code=200)
async def edit(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Save the correction as a new version."""
    form = await Form.of(request)
    entry, faults = parse_entry(form.values)
    async with tools.database.transaction(scope_of(actor)) as session:
        place, document = await _open(session, actor, dossier_id, document_id)
        if form.text("version") != str(document.version):
            raise Conflict(code="changed")
        await service.check_amendable(session, actor, document)
    if entry is None:
        return await _edit(request, tools, place, document, form.values, faults)
    try:
        async with tools.database.transaction(scope_of(actor)) as session:
            await service.place_for(session, actor, dossier_id)  # in sight again, in this transaction
            us = own_key(await service.identity_of(session, document.company_id))
            new = await service.amend(session, actor, document, entry, us=us, dossier_id=place.dossier_id)
    except Conflict as refused:
        if refused.code != "duplicate":
            raise
        return await _edit(request, tools, place, document, form.values, problem=refused.text())
    text = gettext(AMENDED if new.version > document.version else SAVED)
    return go(request, f"{place.base}/documents/{document.id}", Toast("success", text))


@get(below("/delete"), guards=[own_side])
async def delete_page(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template:
    """Ask before deleting; for browsers without script."""
    place, document = await _open(session, actor, dossier_id, document_id)
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    hindrance = await service.delete_hindrance(session, document)
    if hindrance is not None:
        raise hindrance
    return render(
        request,
        "pages/documents/delete.html",
        place=place,
        dossier=place.dossier,
        tab="documents",
        document=document,
    )


@post(below("/delete"), guards=[own_side], status_code=200)
async def delete(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """Delete a document that has left in no bundle."""
    place, document = await _open(session, actor, dossier_id, document_id)
    await service.delete(session, actor, document, dossier_id=place.dossier_id)
    return go(request, f"{place.base}/documents", Toast("success", gettext(DELETED)))


@get(
    "/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}/unlock", guards=[staff, requires(Right.UNLOCK)]
)
async def unlock_page(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID],
) -> Template:
    """Ask for the reason; for browsers without script."""
    place, document = await _open(session, actor, dossier_id, document_id)
    assert place.dossier is not None
    service.check_unlock(actor, document, place.dossier)
    return _unlock(request, place, document)


def _unlock(request: HTMXRequest, place: Place, document: Document, problem: str | None = None) -> Template:
    return render(
        request,
        "pages/documents/unlock.html",
        status=422 if problem else 200,
        place=place,
        dossier=place.dossier,
        tab="documents",
        document=document,
        problem=problem,
    )


@post(
    "/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}/unlock",
    guards=[staff, requires(Right.UNLOCK)],
    status_code=200,
)
async def unlock(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID],
) -> Template | Response[Any]:
    """Lift the lock of an exported document, with a reason that both sides read."""
    place, document = await _open(session, actor, dossier_id, document_id)
    assert place.dossier is not None
    form = await Form.of(request)
    try:
        await service.unlock(session, actor, document, place.dossier, form.text("reason"))
    except Invalid as missing:
        return _unlock(request, place, document, missing.text())
    return go(request, f"{place.base}/documents/{document.id}", Toast("success", gettext(UNLOCKED)))


ROUTES: list[Any] = [
    documents_page,
    document_page,
    page_image,
    file,
    annotate,
    edit_page,
    edit,
    delete_page,
    delete,
    unlock_page,
    unlock,
]
