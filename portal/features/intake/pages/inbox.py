"""The office's inbox: the drop zone, what waits, and a person's word about whose a file is."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession, scope_of
from portal.features.documents.service import files
from portal.features.intake.domain.inbox import BY_HAND, InboxQuery, InboxState
from portal.features.intake.domain.reasons import reason_text
from portal.features.intake.models import InboxFile
from portal.features.intake.pages.reception import READ, incoming_of
from portal.features.intake.service import inbox
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, Invalid, NotFound, PortalError
from portal.kernel.language import N_, gettext
from portal.storage import BrokenFile
from portal.web.files import attachment, picture
from portal.web.forms import Form, uuid_or_none
from portal.web.render import Toast, go, is_fragment, render
from portal.web.security import LARGE_BODY, staff

INBOX = "/inbox"
ONE = "/inbox/{file_id:uuid}"
SHOWN = {
    "waiting": InboxState.WAITING,
    "routed": InboxState.ROUTED,
    "discarded": InboxState.DISCARDED,
}
ASSIGNED = N_("Handed to the dossier. The next file is here.")
ASSIGNED_LAST = N_("Handed to the dossier. Nothing waits any more.")
DISCARDED = N_("Discarded. You can take it back under “Discarded”, for three months.")
TAKEN_BACK = N_("The file waits in the inbox again.")
CHOOSE = N_("Choose a dossier.")


@get(INBOX, guards=[staff])
async def inbox_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    status: FromQuery[str] = "waiting",
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """The drop zone, and what waits."""
    chosen = SHOWN.get(status, InboxState.WAITING)
    query = InboxQuery(state=chosen, search=q.strip()[:100], cursor=after or before)
    return render(
        request,
        "pages/intake/inbox.html",
        block="rows",
        fragment=is_fragment(request),
        page=await inbox.listed(session, actor, query),
        counts=await inbox.counts(session, actor, query),
        state=chosen.value,
        find=query.search,
    )


@post(INBOX, guards=[staff], status_code=200, opt={LARGE_BODY: True})
async def inbox_hand_in(
    request: HTMXRequest, actor: NamedDependency[Actor], tools: NamedDependency[Tools]
) -> Template | Response[Any]:
    """Take files; the answer shows what becomes of each, while it becomes it."""
    incoming = incoming_of(await Form.of(request))
    try:
        upload_id = await inbox.hand_in(tools, actor, incoming)
    except Invalid as none_chosen:
        return go(request, INBOX, Toast("warning", none_chosen.text()))
    if not is_fragment(request):
        return go(request, f"{INBOX}/uploads/{upload_id}")
    async with tools.database.reading(scope_of(actor)) as session:
        return await _results(request, session, actor, upload_id)


@get("/inbox/uploads/{upload_id:uuid}", guards=[staff])
async def inbox_upload_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    upload_id: FromPath[UUID],
) -> Template:
    """What became of the files of one upload; asks again by itself until all were looked at."""
    return await _results(request, session, actor, upload_id)


async def _results(request: HTMXRequest, session: ReadSession, actor: Actor, upload_id: UUID) -> Template:
    upload = await inbox.upload(session, actor, upload_id)
    answer = render(request, "pages/intake/inbox_upload.html", block="results", upload=upload)
    if upload.settled and is_fragment(request):  # the list below shows what waits now
        answer.headers["HX-Trigger"] = READ
    return answer


async def _looked_up(tools: Tools, actor: Actor, file_id: UUID) -> InboxFile:
    """A file whose bytes are there, in a short transaction of its own: while files are read, a request holds no connection."""
    async with tools.database.reading(scope_of(actor)) as session:
        row = await inbox.file(session, actor, file_id)
    if row.object_sha256 is None:
        raise NotFound
    return row


@get(ONE, guards=[staff])
async def inbox_file_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    q: FromQuery[str] = "",
) -> Template:
    """One file beside the dossiers it may belong to."""
    return await _file_page(request, actor, tools, file_id, search=q.strip()[:100])


async def _file_page(
    request: HTMXRequest,
    actor: Actor,
    tools: Tools,
    file_id: UUID,
    *,
    search: str = "",
    problem: str | None = None,
) -> Template:
    async with tools.database.reading(scope_of(actor)) as session:
        row = await inbox.file(session, actor, file_id)
        one = await inbox.shown(session, actor, row)
        waits = row.state is InboxState.WAITING
        choices = await inbox.choices(session, actor, row, search) if waits else []
    try:
        pages = await files.page_count(tools, row.firm_id, row.object_sha256, row.media_type)
    except PortalError:  # the bytes are gone: the page says so by having no picture
        pages = 0
    return render(
        request,
        "pages/intake/inbox_file.html",
        block="choices",
        status=422 if problem else 200,
        row=row,
        one=one,
        choices=choices,
        find=search,
        pages=pages,
        problem=problem,
        by_hand=row.state is InboxState.DISCARDED and row.reason == BY_HAND,
    )


@post(ONE + "/assign", guards=[staff], status_code=200)
async def inbox_assign(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
) -> Template | Response[Any]:
    """It is this dossier's; then the next file."""
    form = await Form.of(request)
    dossier_id = uuid_or_none(form.text("dossier_id"))
    if dossier_id is None:
        return await _file_page(request, actor, tools, file_id, problem=gettext(CHOOSE))
    try:
        upload_id = await inbox.assign(tools, actor, file_id, dossier_id)
    except Conflict as refused:
        return go(request, f"{INBOX}/{file_id}", Toast("warning", refused.text()))
    except BrokenFile:
        return go(request, f"{INBOX}/{file_id}", Toast("danger", reason_text("file_broken", {})))
    async with tools.database.reading(scope_of(actor)) as session:
        waiting = await inbox.next_waiting(session, actor, file_id)
    toast = Toast(
        "success",
        gettext(ASSIGNED if waiting else ASSIGNED_LAST),
        f"/dossiers/{dossier_id}/quick-entry/uploads/{upload_id}",
        gettext(N_("See what becomes of it")),
    )
    return go(request, f"{INBOX}/{waiting}" if waiting else INBOX, toast)


@post(ONE + "/discard", guards=[staff], status_code=200)
async def inbox_discard(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    file_id: FromPath[UUID],
) -> Response[Any]:
    """Nobody's, with a reason; then the next file."""
    row = await inbox.file(session, actor, file_id)
    form = await Form.of(request)
    try:
        await inbox.discard(session, actor, row, form.text("reason"))
    except (Invalid, Conflict) as refused:
        return go(request, f"{INBOX}/{row.id}", Toast("warning", refused.text()))
    waiting = await inbox.next_waiting(session, actor, row.id)
    return go(request, f"{INBOX}/{waiting}" if waiting else INBOX, Toast("success", gettext(DISCARDED)))


@post(ONE + "/undo", guards=[staff], status_code=200)
async def inbox_undo(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    file_id: FromPath[UUID],
) -> Response[Any]:
    """A discarded file waits again."""
    row = await inbox.file(session, actor, file_id)
    try:
        await inbox.take_back(session, actor, row)
    except Conflict as refused:
        return go(request, f"{INBOX}/{row.id}", Toast("warning", refused.text()))
    return go(request, f"{INBOX}/{row.id}", Toast("success", gettext(TAKEN_BACK)))


@get(ONE + "/pages/{page:int}", guards=[staff])
async def inbox_page_image(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    page: FromPath[int],
) -> Response[Any]:
    """One page of a file as a picture."""
    row = await _looked_up(tools, actor, file_id)
    return picture(await files.original_page(tools, row.firm_id, row.sha256, row.media_type, page))


@get(ONE + "/file", guards=[staff])
async def inbox_download(
    actor: NamedDependency[Actor], tools: NamedDependency[Tools], file_id: FromPath[UUID]
) -> Response[bytes]:
    """A file of the inbox, as a download."""
    row = await _looked_up(tools, actor, file_id)
    data = await tools.store.get(row.firm_id, row.sha256)
    safe = row.media_type if row.media_type in files.SAFE_TYPES else "application/octet-stream"
    return attachment(row.name, safe, data)


ROUTES: list[Any] = [
    inbox_page,
    inbox_hand_in,
    inbox_upload_page,
    inbox_file_page,
    inbox_assign,
    inbox_discard,
    inbox_undo,
    inbox_page_image,
    inbox_download,
]
