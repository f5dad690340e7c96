"""Handing in, and quick entry. Staff find both in the dossier, members under /hand-in."""

from typing import Any
from uuid import UUID

import msgspec
from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from exports.model import Document as Invoice
from portal.db.session import WriteSession, scope_of
from portal.features.documents import service as documents
from portal.features.documents.domain import KIND_NAMES, Entry, parse_entry
from portal.features.documents.service import Place
from portal.features.intake import service
from portal.features.intake.domain import FileKind, IntakeQuery, IntakeState, InvoiceHints
from portal.features.intake.service import CodaFile, Duplicate, Handled, Incoming, IntakeFile, Outcome
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden, Invalid, NotFound, PortalError
from portal.kernel.language import N_, gettext
from portal.web.files import attachment, picture
from portal.web.forms import Form
from portal.web.render import Toast, go, is_fragment, render
from portal.web.security import LARGE_BODY
from portal.web.sides import own_side

LIST = ["/dossiers/{dossier_id:uuid}/quick-entry", "/hand-in"]
UPLOAD = [one + "/uploads/{upload_id:uuid}" for one in LIST]
ONE = [one + "/{file_id:uuid}" for one in LIST]
SHOWN = {
    "to_process": IntakeState.TO_PROCESS,
    "rejected": IntakeState.REJECTED,
    "processed": IntakeState.PROCESSED,
}
READ = "papers-read"
"""The event of a page whose upload was read."""
PROCESSED = N_("Processed. The next file is here.")
LAST = N_("Processed. Nothing waits any more.")
THERE_ALREADY = N_("That document was there already; nothing was added.")
REJECTED = N_("Rejected. You can take it back under “Rejected”.")
TAKEN_BACK = N_("The file waits in quick entry again.")


def below(path: str) -> list[str]:
    """The paths of something that belongs to one file, on both sides."""
    return [one + path for one in ONE]


# ── handing in ───────────────────────────────────────────────────────────────────────────────────────────────────


@get(LIST, guards=[own_side])
async def quick_entry_page(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    dossier_id: FromPath[UUID | None] = None,
    status: FromQuery[str] = "to_process",
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """The drop zone, and what waits."""
    place = await documents.place_for(session, actor, dossier_id)
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    chosen = SHOWN.get(status, IntakeState.TO_PROCESS)
    query = IntakeQuery(states=frozenset({chosen}), search=q.strip()[:100], cursor=after or before)
    return render(
        request,
        "pages/intake/list.html",
        block="rows",
        fragment=is_fragment(request),
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        page=await service.listed(session, actor, place.company_id, query),
        counts=await service.counts(session, actor, place.company_id, query),
        state=chosen.value,
        find=query.search,
        kind_names=_kind_names(),
    )


@post(LIST, guards=[own_side], status_code=200, opt={LARGE_BODY: True})
async def hand_in(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Take files; the answer shows what becomes of each, while it becomes it."""
    form = await Form.of(request)
    incoming: list[Incoming] = []
    for upload in form.files("files"):
        size = upload.file.seek(0, 2)
        upload.file.seek(0)
        incoming.append(Incoming(upload.filename, size, upload.file))  # pyright: ignore[reportArgumentType] - a spooled file reads like any other
    try:
        upload_id = await service.hand_in(tools, actor, incoming, dossier_id=dossier_id)
    except Invalid as none_chosen:
        base = f"/dossiers/{dossier_id}/quick-entry" if dossier_id is not None else "/hand-in"
        return go(request, base, Toast("warning", none_chosen.text()))
    async with tools.database.transaction(scope_of(actor)) as session:
        place = await documents.place_for(session, actor, dossier_id)
        if not is_fragment(request):
            return go(request, f"{place.intake}/uploads/{upload_id}")
        return await _results(request, session, actor, place, upload_id)


@get(UPLOAD, guards=[own_side])
async def upload_page(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    upload_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template:
    """What became of the files of one upload; asks again by itself until all were looked at."""
    place = await documents.place_for(session, actor, dossier_id)
    return await _results(request, session, actor, place, upload_id)


async def _results(
    request: HTMXRequest, session: WriteSession, actor: Actor, place: Place, upload_id: UUID
) -> Template:
    upload = await service.upload(session, actor, place.company_id, upload_id)
    answer = render(
        request,
        "pages/intake/upload.html",
        block="results",
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        upload=upload,
        kind_names=_kind_names(),
    )
    if upload.settled and is_fragment(request):  # the list below shows what waits now
        answer.headers["HX-Trigger"] = READ
    return answer


def _kind_names() -> dict[Any, str]:
    return {kind: gettext(name) for kind, name in KIND_NAMES.items()}


# ── quick entry ──────────────────────────────────────────────────────────────────────────────────────────────────


async def _open(
    session: WriteSession, actor: Actor, dossier_id: UUID | None, file_id: UUID
) -> tuple[Place, IntakeFile]:
    place = await documents.place_for(session, actor, dossier_id)
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    return place, await service.file(session, actor, place.company_id, file_id)


async def _looked_up(
    tools: Tools, actor: Actor, dossier_id: UUID | None, file_id: UUID
) -> tuple[Place, Outcome]:
    """The same, with what became of it, in a short transaction of its own: while files are read, a request holds no connection."""
    async with tools.database.transaction(scope_of(actor)) as session:
        place, row = await _open(session, actor, dossier_id, file_id)
        return place, await service.outcome(session, row)


@get(ONE, guards=[own_side])
async def file_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template:
    """One file beside the fields that make a document of it."""
    place, outcome = await _looked_up(tools, actor, dossier_id, file_id)
    return await _shown(request, tools, place, outcome, {})


async def _shown(
    request: HTMXRequest,
    tools: Tools,
    place: Place,
    outcome: Outcome,
    values: dict[str, str],
    faults: dict[str, str] | None = None,
    duplicate: Duplicate | None = None,
) -> Template:
    row = outcome.file
    hints = None
    sha256, media_type = row.sha256, row.media_type
    if row.media_type == FileKind.XML and row.state is IntakeState.TO_PROCESS:
        hints = msgspec.convert(row.hints, InvoiceHints)
        sha256, media_type = hints.pdf_sha256 or "", "application/pdf"
    try:
        pages = await documents.page_count(tools, row.company_id, sha256 or None, media_type)
    except PortalError:  # the bytes are gone: the page says so by having no picture
        pages = 0
    return render(
        request,
        "pages/intake/file.html",
        status=422 if faults or duplicate else 200,
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        row=row,
        outcome=outcome,
        hints=hints,
        pages=pages,
        is_paper=service.is_paper(row),
        duplicate=duplicate.document if duplicate else None,
        kind_names=_kind_names(),
        **documents.entry_context(values, faults or {}),
    )


@post(ONE, guards=[own_side], status_code=200)
async def process(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Make a document of a paper, decide about a UBL, or take a CODA file all the same; then the next file."""
    form = await Form.of(request)
    place, outcome = await _looked_up(tools, actor, dossier_id, file_id)
    row = outcome.file
    read = await service.read_again(tools, row)
    entry, faults = parse_entry(form.values)
    if read is None and entry is None:
        return await _shown(request, tools, place, outcome, form.values, faults)
    async with tools.database.transaction(scope_of(actor)) as session:
        place = await documents.place_for(session, actor, dossier_id)  # in sight again, in this transaction
        try:
            handled = await _processed(session, actor, place, row, form, read, entry)
            return await _next(request, session, actor, place, row, handled)
        except (
            Duplicate
        ) as there:  # nothing was written; what is there can be shown only while the transaction stands
            duplicate = there
    return await _shown(request, tools, place, outcome, form.values, duplicate=duplicate)


async def _processed(
    session: WriteSession,
    actor: Actor,
    place: Place,
    row: IntakeFile,
    form: Form,
    read: Invoice | CodaFile | None,
    entry: Entry | None,
) -> Handled:
    if isinstance(read, CodaFile):
        return await service.take_statements(session, actor, row, read, dossier_id=place.dossier_id)
    if read is not None:
        direction = form.text("direction")
        if direction not in ("sold", "bought"):
            raise Invalid
        sold = direction == "sold"
        return await service.decide_direction(
            session, actor, row, read, supplier_is_us=sold, dossier_id=place.dossier_id
        )
    assert entry is not None
    return await service.enter(session, actor, row, entry, dossier_id=place.dossier_id)


async def _next(
    request: HTMXRequest, session: WriteSession, actor: Actor, place: Place, row: IntakeFile, handled: Handled
) -> Response[Any]:
    waiting = await service.next_waiting(session, actor, place.company_id, row.id)
    text = gettext(PROCESSED if waiting else LAST) if handled.new else gettext(THERE_ALREADY)
    href = f"{place.base}/documents/{handled.document.id}" if handled.document else f"{place.base}/bank"
    toast = Toast(
        "success" if handled.new else "info",
        text,
        href,
        gettext(N_("Show document")) if handled.document else gettext(N_("Show statements")),
    )
    return go(request, f"{place.intake}/{waiting}" if waiting else place.intake, toast)


@post(below("/reject"), guards=[own_side], status_code=200)
async def reject(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """Nothing for the books, with a reason."""
    place, row = await _open(session, actor, dossier_id, file_id)
    form = await Form.of(request)
    try:
        await service.reject(session, actor, row, form.text("reason"), dossier_id=place.dossier_id)
    except Invalid as missing:
        return go(request, f"{place.intake}/{row.id}", Toast("warning", missing.text()))
    waiting = await service.next_waiting(session, actor, place.company_id, row.id)
    path = f"{place.intake}/{waiting}" if waiting else place.intake
    return go(request, path, Toast("success", gettext(REJECTED)))


@post(below("/undo"), guards=[own_side], status_code=200)
async def undo(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """A rejected file waits again."""
    place, row = await _open(session, actor, dossier_id, file_id)
    await service.undo_reject(session, actor, row, dossier_id=place.dossier_id)
    return go(request, f"{place.intake}/{row.id}", Toast("success", gettext(TAKEN_BACK)))


@get(below("/pages/{page:int}"), guards=[own_side])
async def page_image(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    page: FromPath[int],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """One page of a waiting file as a picture."""
    _place, outcome = await _looked_up(tools, actor, dossier_id, file_id)
    row = outcome.file
    sha256, media_type = row.sha256, row.media_type
    if media_type == FileKind.XML:
        sha256, media_type = str(row.hints.get("pdf_sha256") or ""), "application/pdf"
    if not sha256:
        raise NotFound
    return picture(await documents.original_page(tools, row.company_id, sha256, media_type, page))


@get(below("/file"), guards=[own_side])
async def file_download(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[bytes]:
    """A handed-in file, as a download."""
    _place, outcome = await _looked_up(tools, actor, dossier_id, file_id)
    row = outcome.file
    if not row.sha256:
        raise NotFound
    data = await tools.store.get(row.company_id, row.sha256)
    safe = row.media_type if row.media_type in documents.SAFE_TYPES else "application/octet-stream"
    return attachment(row.name, safe, data)


ROUTES: list[Any] = [
    quick_entry_page,
    hand_in,
    upload_page,
    file_page,
    process,
    reject,
    undo,
    page_image,
    file_download,
]
