"""Handing in: the drop zone, what waits, and what becomes of an upload."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession
from portal.features.dossiers.service import opening
from portal.features.dossiers.service.places import Place
from portal.features.intake.domain.files import CHANNEL_WORDS, IntakeQuery, IntakeState
from portal.features.intake.service import lookups, reception
from portal.features.intake.service.reception import Incoming
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Forbidden, Invalid
from portal.kernel.kinds import KIND_NAMES
from portal.kernel.language import gettext
from portal.web.forms import Form
from portal.web.render import Toast, go, is_fragment, render
from portal.web.security import LARGE_BODY
from portal.web.sides import own_side

LIST = ["/dossiers/{dossier_id:uuid}/quick-entry", "/hand-in"]
UPLOAD = [one + "/uploads/{upload_id:uuid}" for one in LIST]
SHOWN = {
    "to_process": IntakeState.TO_PROCESS,
    "rejected": IntakeState.REJECTED,
    "processed": IntakeState.PROCESSED,
}
READ = "papers-read"
"""The event of a page whose upload was read."""


@get(LIST, guards=[own_side])
async def quick_entry_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    status: FromQuery[str] = "to_process",
    q: FromQuery[str] = "",
    after: FromQuery[str | None] = None,
    before: FromQuery[str | None] = None,
) -> Template:
    """The drop zone, and what waits."""
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    chosen = SHOWN.get(status, IntakeState.TO_PROCESS)
    query = IntakeQuery(
        dossier_id=place.dossier_id,
        states=frozenset({chosen}),
        search=q.strip()[:100],
        cursor=after or before,
    )
    return render(
        request,
        "pages/intake/list.html",
        block="rows",
        fragment=is_fragment(request),
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        page=await lookups.listed(session, actor, place.company_id, query),
        counts=await lookups.counts(session, actor, place.company_id, query),
        state=chosen.value,
        find=query.search,
        kind_names=kind_names(),
        channels={channel: gettext(word) for channel, word in CHANNEL_WORDS.items()},
    )


@post(LIST, guards=[own_side], status_code=200, opt={LARGE_BODY: True})
async def hand_in(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Take files; the answer shows what becomes of each, while it becomes it."""
    incoming = incoming_of(await Form.of(request))
    try:
        upload_id = await reception.hand_in(tools, actor, incoming, dossier_id=dossier_id)
    except Invalid as none_chosen:
        base = f"/dossiers/{dossier_id}/quick-entry" if dossier_id is not None else "/hand-in"
        return go(request, base, Toast("warning", none_chosen.text()))
    async with opening.place(tools.database, actor, dossier_id) as (session, place):
        if not is_fragment(request):
            return go(request, f"{place.intake}/uploads/{upload_id}")
        return await _results(request, session, actor, place, upload_id)


def incoming_of(form: Form) -> list[Incoming]:
    """The files that a form brought."""
    incoming: list[Incoming] = []
    for upload in form.files("files"):
        size = upload.file.seek(0, 2)
        upload.file.seek(0)
        incoming.append(Incoming(upload.filename, size, upload.file))  # pyright: ignore[reportArgumentType] - a spooled file reads like any other
    return incoming


@get(UPLOAD, guards=[own_side])
async def upload_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    upload_id: FromPath[UUID],
) -> Template:
    """What became of the files of one upload; asks again by itself until all were looked at."""
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    return await _results(request, session, actor, place, upload_id)


async def _results(
    request: HTMXRequest, session: ReadSession, actor: Actor, place: Place, upload_id: UUID
) -> Template:
    upload = await lookups.upload(session, actor, place.company_id, upload_id)
    answer = render(
        request,
        "pages/intake/upload.html",
        block="results",
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        upload=upload,
        kind_names=kind_names(),
    )
    if upload.settled and is_fragment(request):  # the list below shows what waits now
        answer.headers["HX-Trigger"] = READ
    return answer


def kind_names() -> dict[Any, str]:
    """What kinds of documents are called."""
    return {kind: gettext(name) for kind, name in KIND_NAMES.items()}


ROUTES: list[Any] = [quick_entry_page, hand_in, upload_page]
