"""Quick entry: a paper of several documents is split, and pages that came one by one are put together."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import WriteSession
from portal.features.dossiers.service import opening
from portal.features.dossiers.service.places import Place
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.models import IntakeFile
from portal.features.intake.pages.quick_entry import below, open_file
from portal.features.intake.service import lookups, papers, quick_entry
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.language import N_, gettext, ngettext
from portal.web.files import picture
from portal.web.forms import Form, uuid_or_none
from portal.web.menu_counts import page_figures
from portal.web.render import Toast, go, render
from portal.web.sides import own_side

WHOLE_AGAIN = N_("Put together again: the file waits as it came.")
JOINED = N_("Put together. It waits as one document.")
APART_AGAIN = N_("Taken apart: each file waits by itself again.")
SHOW_FILE = N_("Show the file as it came")


async def _paper(
    tools: Tools, actor: Actor, dossier_id: UUID | None, file_id: UUID
) -> tuple[Place, IntakeFile]:
    """A paper, in a short transaction: while it is read, the request holds no connection."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row = await open_file(session, actor, place, file_id)
    if not quick_entry.is_paper(row):
        raise NotFound
    return place, row


@get(below("/split"), guards=[own_side])
async def split_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """All pages of a paper, small, to tick where a new document begins."""
    return await _split(request, tools, actor, dossier_id, file_id)


async def _split(
    request: HTMXRequest,
    tools: Tools,
    actor: Actor,
    dossier_id: UUID | None,
    file_id: UUID,
    problem: str | None = None,
) -> Template | Response[Any]:
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row = await open_file(session, actor, place, file_id)
        await page_figures(request, session)
    if not quick_entry.is_paper(row) or row.state is not IntakeState.TO_PROCESS:
        return go(request, f"{place.intake}/{row.id}")
    count = await papers.page_count(tools, row)
    return render(
        request,
        "pages/intake/split.html",
        status=422 if problem else 200,
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        row=row,
        count=count,
        most=papers.MOST_PAGES,
        problem=problem,
    )


@post(below("/split"), guards=[own_side], status_code=200)
async def split(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Cut the paper where the form says; then its first part."""
    form = await Form.of(request)
    place, row = await _paper(tools, actor, dossier_id, file_id)
    begins = {int(one) for one in form.all("begins") if one.isascii() and one.isdigit() and len(one) < 6}
    if form.text("each"):
        begins = set(range(1, papers.MOST_PAGES + 1))
    intake = place.intake
    whole = f"{intake}/{row.id}"
    try:
        parts = await papers.cut(tools, actor, row, begins)
        async with opening.place(tools.database, actor, dossier_id) as (session, opened):
            first = await papers.write_cut(session, actor, row, parts, opened.dossier_id)
    except Conflict as done:
        return go(request, whole, Toast("info", done.text()))
    except Invalid as wrong:
        return await _split(request, tools, actor, dossier_id, file_id, wrong.text())
    text = ngettext("Split into %(n)s document.", "Split into %(n)s documents.", len(parts)) % {
        "n": len(parts)
    }
    toast = Toast("success", text, whole, gettext(SHOW_FILE))
    return go(request, f"{intake}/{first}" if first else whole, toast)


@post(below("/split/undo"), guards=[own_side], status_code=200)
async def undo_split(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    file_id: FromPath[UUID],
) -> Response[Any]:
    """Put the parts together again."""
    row = await open_file(session, actor, place, file_id)
    await papers.undo_cut(session, actor, row, place.dossier_id)
    return go(request, f"{place.intake}/{row.id}", Toast("success", gettext(WHOLE_AGAIN)))


@get(below("/split/pages/{page:int}"), guards=[own_side])
async def thumbnail(
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    page: FromPath[int],
    dossier_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """One page of a paper as a small picture."""
    _place, row = await _paper(tools, actor, dossier_id, file_id)
    return picture(await papers.thumbnail(tools, row, page))


@get(below("/join"), guards=[own_side])
async def join_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """The waiting papers that may belong to this one, to tick."""
    return await _join(request, tools, actor, dossier_id, file_id)


async def _join(
    request: HTMXRequest,
    tools: Tools,
    actor: Actor,
    dossier_id: UUID | None,
    file_id: UUID,
    problem: str | None = None,
) -> Template | Response[Any]:
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row = await open_file(session, actor, place, file_id)
        if not quick_entry.is_paper(row) or row.state is not IntakeState.TO_PROCESS:
            return go(request, f"{place.intake}/{row.id}")
        others = await papers.offered(session, actor, row, place.dossier_id)
        await page_figures(request, session)
    return render(
        request,
        "pages/intake/join.html",
        status=422 if problem else 200,
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        row=row,
        others=others,
        problem=problem,
    )


@post(below("/join"), guards=[own_side], status_code=200)
async def join(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Put the ticked papers and this one together, in the order in which they came in; then the new one."""
    form = await Form.of(request)
    chosen = {file_id, *(one for text in form.all("with") if (one := uuid_or_none(text)))}
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        rows = [
            await open_file(session, actor, place, one) for one in sorted(chosen)[: papers.MOST_JOINED + 1]
        ]
    rows.sort(key=lambda row: (row.received_at, row.first_page or 0, row.id))
    intake = place.intake
    try:
        made = await papers.join(tools, actor, rows)
        async with opening.place(tools.database, actor, dossier_id) as (session, opened):
            new_id = await papers.write_join(session, actor, rows, made, opened.dossier_id)
    except Conflict as done:
        return go(request, f"{intake}/{file_id}", Toast("info", done.text()))
    except Invalid as wrong:
        return await _join(request, tools, actor, dossier_id, file_id, wrong.text())
    return go(request, f"{intake}/{new_id}", Toast("success", gettext(JOINED)))


@post(below("/join/undo"), guards=[own_side], status_code=200)
async def undo_join(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    file_id: FromPath[UUID],
) -> Response[Any]:
    """Take papers apart that were put together."""
    row = await open_file(session, actor, place, file_id)
    await papers.undo_join(session, actor, row, place.dossier_id)
    waiting = await lookups.next_waiting(session, actor, place.company_id, place.dossier_id, row.id)
    path = f"{place.intake}/{waiting}" if waiting else place.intake
    return go(request, path, Toast("success", gettext(APART_AGAIN)))


ROUTES: list[Any] = [split_page, split, undo_split, thumbnail, join_page, join, undo_join]
