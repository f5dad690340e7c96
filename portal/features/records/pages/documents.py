"""Pages of documents: the list, one of them beside its pages, its files. The same for both sides."""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.audit import service as audit
from portal.features.bundles.service import unlocks
from portal.features.documents.domain.annotation import Annotation, annotation_values, read_tags
from portal.features.documents.domain.documents import (
    AMENDABLE,
    LIST_STATES,
    MEMBER_STATES,
    DocumentQuery,
    PaymentState,
)
from portal.features.documents.models import Document
from portal.features.documents.service import changes, files, lookups, readable, remarks
from portal.features.documents.service.changes import Overtaken
from portal.features.dossiers.service import opening, places
from portal.features.dossiers.service.places import Place
from portal.features.intake.service import scans
from portal.features.items.service import deletion
from portal.features.records.service import details
from portal.features.records.service.details import Detail
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.errors import Forbidden, Invalid, NotFound
from portal.kernel.kinds import DOCUMENTS, KIND_NAMES, SALES
from portal.kernel.language import N_, capitalised, current_language, gettext
from portal.web.edits import Clash, Edit, clashes_in_words
from portal.web.files import attachment, picture
from portal.web.forms import Form
from portal.web.menu_counts import page_figures
from portal.web.periods import AskedPeriod, asked_period, offered
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff
from portal.web.sides import own_side

LIST = ["/dossiers/{dossier_id:uuid}/documents", "/documents"]
ONE = ["/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}", "/documents/{document_id:uuid}"]
SORTS = ("date", "received", "counterparty", "number", "amount")
SAVED = N_("Saved.")
DELETED = N_("The document was deleted.")
UNLOCKED = N_("Unlocked. Both sides are told, with your reason.")
ROLES = ("original", "ubl", "pdf")


def below(path: str) -> list[str]:
    """The paths of something that belongs to one document, on both sides."""
    return [one + path for one in ONE]


def _query(
    place: Place,
    q: str,
    kind: list[str] | None,
    state: list[str] | None,
    period: AskedPeriod,
    sort: str,
    cursor: str | None,
) -> DocumentQuery:
    name = sort.removeprefix("-")
    known = name in SORTS
    return DocumentQuery(
        dossier_id=place.dossier_id,
        kinds=frozenset(one for one in DOCUMENTS if one.value in (kind or [])),
        states=frozenset(LIST_STATES).intersection(state or []),
        search=q.strip()[:100],
        since=period.first,
        until=period.last,
        sort=name if known else "date",
        descending=sort.startswith("-") or not known,
        cursor=cursor,
    )


@get(LIST, guards=[own_side])
async def documents_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    tools: NamedDependency[Tools],
    q: FromQuery[str] = "",
    kind: FromQuery[list[str] | None] = None,
    status: FromQuery[list[str] | None] = None,
    period: FromQuery[str | None] = None,
    since: FromQuery[str] = "",
    until: FromQuery[str] = "",
    sort: FromQuery[str] = "-date",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """All documents, searched, filtered and sorted in the address."""
    asked = asked_period(period, since, until)
    query = _query(place, q, kind, status, asked, sort, after or before)
    page = await details.listed(session, actor, place.company_id, query)
    counts = await details.state_counts(session, actor, place.company_id, query)
    found = await page_figures(request, session, may_move=places.may_move(actor, place))
    return render(
        request,
        "pages/records/list.html",
        block="rows",
        place=place,
        dossier=place.dossier,
        tab="documents",
        page=page,
        find=query.search,
        filtered=bool(query.search or query.kinds or query.states or asked.period),
        period=asked,
        periods=offered(local_date(tools.clock.now()), current_language().value, asked),
        states=[
            (name, capitalised(gettext(word)), counts.get(name, 0))
            for name, word in (LIST_STATES if place.dossier else MEMBER_STATES).items()
            if counts.get(name)
        ],
        kinds=[(one.value, capitalised(gettext(name))) for one, name in KIND_NAMES.items()],
        kind_names={one: gettext(name) for one, name in KIND_NAMES.items()},
        may_upload=actor.may(Right.UPLOAD) and place.open,
        may_move=found.may_move,
    )


async def looked_up(
    tools: Tools, actor: Actor, dossier_id: UUID | None, document_id: UUID
) -> tuple[Place, Document]:
    """A document and the place it is looked at from, in a short transaction: while files are fetched and drawn, a request holds no connection."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        return place, await lookups.document(session, actor, place.company_id, document_id)


def _why_locked(actor: Actor, place: Place, document: Document, detail: Detail) -> str | None:
    """Why somebody who unlocks documents does not unlock this one."""
    if place.dossier is None or not actor.may(Right.UNLOCK) or not details.locked_here(detail):
        return None
    hindrance = unlocks.unlock_hindrance(actor, document, place.dossier)
    return hindrance.text() if hindrance is not None else None


@get(ONE, guards=[own_side])
async def document_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
    lines: FromQuery[int] = 1,
) -> Template | Response[Any]:
    """One document: its pages beside its data, and its way to the bookkeeping; `lines` is the page of lines where it has no other."""
    return await _shown(request, tools, actor, dossier_id, document_id, lines=lines)


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
    lines: int = 1,
) -> Template | Response[Any]:
    """The page, or that of what is left when it was erased; with `form` the notes somebody typed that were not saved: at fault, or overtaken by somebody else's."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        document = await lookups.document(session, actor, place.company_id, document_id, erased=form is None)
        if document.erased_at is not None:
            return go(request, f"{place.base}/documents/{document.id}/erasure")
        together = partial(
            page_figures,
            request,
            session,
            has_left=deletion.has_left(document.id),
            scanned_at=scans.scanned_at(document.id),
            may_move=places.may_move(actor, place),
        )
        detail, found = await details.detail(session, document, place.dossier_id, together)
        stays = deletion.why_it_stays(locked=bool(detail.locks), has_left=found.has_left)
        hindrance = stays or deletion.why_it_is_kept(session, document)
        elsewhere = await details.elsewhere(session, actor, detail)
        events = await audit.history_of(session, document.id) if overtaken else []
    may_edit = actor.may(Right.UPLOAD)
    present = annotation_values(document.tags, document.note, document.payment_state)
    seen, typed = present, dict(present)
    if form is not None:
        typed |= {name: form.values.get(name, "") for name in (overtaken.touched if overtaken else present)}
        if overtaken is None:
            seen = {name: form.values.get(f"seen_{name}", "") for name in present}
    pages, read = await readable.looked_at(tools, document, lines)
    return render(
        request,
        "pages/records/detail.html",
        status=409 if overtaken else 422 if faults else 200,
        place=place,
        dossier=place.dossier,
        tab="documents",
        document=document,
        detail=detail,
        steps=detail.steps(for_staff=place.dossier is not None),
        kind_name=gettext(KIND_NAMES[document.kind]),
        is_sale=document.kind in SALES,
        pages=pages,
        readable=read,
        attached=await readable.attachments(tools, document),
        scanned_at=found.scanned_at,
        elsewhere=elsewhere,
        may_move=found.may_move and detail.trail is not None and detail.trail.movable,
        may_edit=may_edit,
        may_amend=may_edit
        and document.origin in AMENDABLE
        and not detail.locks
        and document.aside_at is None,
        may_delete=may_edit and hindrance is None,
        may_put_aside=may_edit and stays is None and document.aside_at is None,
        may_bring_back=may_edit and document.aside_at is not None,
        may_unlock=place.dossier is not None
        and actor.may(Right.UNLOCK)
        and details.locked_here(detail)
        and unlocks.unlock_hindrance(actor, document, place.dossier) is None,
        may_let_go=place.dossier is not None
        and actor.may(Right.EXPORT)
        and detail.trail is not None
        and detail.trail.held_for_attachments,
        why_locked=_why_locked(actor, place, document, detail),
        present=present,
        seen=seen,
        typed=typed,
        faults={name: gettext(message) for name, message in (faults or {}).items()},
        overtaken=_told(form, present, overtaken, events) if form is not None and overtaken else [],
        remarks=remarks.remarks(document),
        formalities=remarks.formalities(document),
    )


def _told(form: Form, present: Mapping[str, str], overtaken: Overtaken, events: Sequence[Any]) -> list[Clash]:
    """What two people noted differently, in words."""
    paid = {PaymentState.OPEN.value: gettext(N_("Open")), PaymentState.PAID.value: gettext(N_("Paid"))}
    words: dict[str, tuple[str, dict[str, str]]] = {
        "note": (gettext(N_("Note")), {}),
        "tags": (gettext(N_("Tags")), {}),
        "payment_state": (gettext(N_("Payment")), paid),
    }
    edit = Edit(overtaken.touched, overtaken.clashes, dict(present))
    return clashes_in_words(edit, form, present, words, events)


@get(below("/pages/{page:int}"), guards=[own_side])
async def page_image(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    page: FromPath[int],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """One page of the document as a picture."""
    _place, document = await looked_up(tools, actor, dossier_id, document_id)
    sha256, media_type = files.shown_file(document)
    if sha256 is None:
        raise NotFound
    return picture(await files.original_page(tools, document.company_id, sha256, media_type, page))


@get(below("/files/{role:str}"), guards=[own_side])
async def file(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    role: FromPath[str],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[bytes]:
    """The original, the UBL or the PDF, as a download."""
    _place, document = await looked_up(tools, actor, dossier_id, document_id)
    if role not in ROLES:
        raise NotFound
    found = await files.download(tools, document, role)
    return attachment(found.name, found.media_type, found.data)


@get(below("/attachments/{number:int}"), guards=[own_side])
async def attached_file(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    number: FromPath[int],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[bytes]:
    """A file inside the invoice, as a download."""
    _place, document = await looked_up(tools, actor, dossier_id, document_id)
    found = await readable.attachment(tools, document, number)
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
        async with opening.place(tools.database, actor, dossier_id) as (session, place):
            document = await lookups.document(session, actor, place.company_id, document_id)
            await changes.annotate(session, actor, document, wanted, seen=seen)
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


@get(below("/delete"), guards=[own_side])
async def delete_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> Template:
    """Ask before deleting; for browsers without script."""
    document = await lookups.document(session, actor, place.company_id, document_id)
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    hindrance = await deletion.delete_hindrance(session, document)
    if hindrance is not None:
        raise hindrance
    return render(
        request,
        "pages/records/delete.html",
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
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> Response[Any]:
    """Delete a draft, or an original whose years are over."""
    document = await lookups.document(session, actor, place.company_id, document_id)
    await deletion.delete(session, actor, document, dossier_id=place.dossier_id)
    return go(request, f"{place.base}/documents", Toast("success", gettext(DELETED)))


@get(
    "/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}/unlock", guards=[staff, requires(Right.UNLOCK)]
)
async def unlock_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> Template:
    """Ask for the reason; for browsers without script."""
    document = await lookups.document(session, actor, place.company_id, document_id)
    assert place.dossier is not None
    unlocks.check_unlock(actor, document, place.dossier)
    return _unlock(request, place, document)


def _unlock(request: HTMXRequest, place: Place, document: Document, problem: str | None = None) -> Template:
    return render(
        request,
        "pages/bundles/unlock.html",
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
    place: NamedDependency[Place],
    document_id: FromPath[UUID],
) -> Template | Response[Any]:
    """Lift the lock of an exported document, with a reason that both sides read."""
    document = await lookups.document(session, actor, place.company_id, document_id)
    assert place.dossier is not None
    form = await Form.of(request)
    try:
        await unlocks.unlock(session, actor, document, place.dossier, form.text("reason"))
    except Invalid as missing:
        return _unlock(request, place, document, missing.text())
    return go(request, f"{place.base}/documents/{document.id}", Toast("success", gettext(UNLOCKED)))


ROUTES: list[Any] = [
    documents_page,
    document_page,
    page_image,
    file,
    attached_file,
    annotate,
    delete_page,
    delete,
    unlock_page,
    unlock,
]
