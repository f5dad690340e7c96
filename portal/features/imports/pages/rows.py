"""The rows of a list: looking at them, answering, accepting, how far it is, what could not be taken."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.imports import models
from portal.features.imports.domain.rows import (
    FAULTY,
    NEW,
    SKIP,
    TAKE,
    ImportRow,
    RowStatus,
)
from portal.features.imports.domain.state import ImportState
from portal.features.imports.pages.lists import XLSX
from portal.features.imports.pages.shown import LINE, TICKED, context_of, place_of, told_result
from portal.features.imports.service import acceptance, overtaken, previews, workbooks
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.language import N_, gettext
from portal.web.files import attachment
from portal.web.forms import Form
from portal.web.render import Toast, go, is_fragment, render
from portal.web.security import requires

ANSWER, SAME, TICKS = "answer_", "same", "ticks"


@get("/dossiers/import/{import_id:uuid}", guards=[requires(Right.DOSSIERS_EDIT)])
async def preview_page(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    show: FromQuery[str] = "",
    page: FromQuery[str] = "",
) -> Template | Response[Any]:
    """Every row with what accepting it would do, and why not; while it is carried out, how far it is."""
    kept = await previews.import_of(session, actor, import_id)
    if kept.state is ImportState.MAPPING:
        return go(request, place_of(kept))
    context = context_of(await previews.whole(session, kept), show, page)
    return render(request, "pages/imports/preview.html", block="rows", **context)


async def _answers(form: Form, session: ReadSession, kept: models.DossierImport) -> dict[int, str]:
    """What the form says to rows: answers to questions, ticks; one answer for the others goes where it fits and nothing was said."""
    said = {
        int(name.removeprefix(ANSWER)): value
        for name, value in form.values.items()
        if name.startswith(ANSWER) and LINE.fullmatch(name.removeprefix(ANSWER))
    }
    rest = form.text("rest")
    ticks = {int(line) for line in form.values.get(TICKS, "").split(",") if LINE.fullmatch(line)}
    if not rest and not ticks:
        return said
    ticked = {int(line) for line in form.all("in") if LINE.fullmatch(line)}
    whole = await previews.whole(session, kept)
    for row in whole.rows:
        if row.line in ticks and row.status in TICKED:
            said[row.line] = tick(row, row.line in ticked)
        if not rest or row.status is not RowStatus.ASK or row.apart is not None:
            continue
        if said.get(row.line) or row.line in whole.answers:
            continue
        if rest == SKIP or (rest == NEW and row.may_be_new):
            said[row.line] = rest
        elif rest == SAME and len(row.candidates) == 1:
            said[row.line] = row.candidates[0].id
    return said


def tick(row: ImportRow, taken: bool) -> str:
    """What a tick says to a row: nothing, where it is as it would be without."""
    if row.apart is not None:
        return TAKE if taken else ""
    return "" if taken else SKIP


async def _said(
    form: Form,
    request: HTMXRequest,
    session: WriteSession,
    actor: Actor,
    import_id: UUID,
    say: Callable[[WriteSession, Actor, UUID, Mapping[int, str]], Awaitable[Any]],
) -> Template | Response[Any] | None:
    """Do something with the answers of the form; the page again where it cannot be done."""
    kept = await previews.import_of(session, actor, import_id)
    try:
        await say(session, actor, import_id, await _answers(form, session, kept))
    except Invalid as wrong:
        context = context_of(
            await previews.whole(session, kept), RowStatus.ASK.value, form.text("page"), wrong.text()
        )
        return render(request, "pages/imports/preview.html", status=422, **context)
    except Conflict as conflict:
        if conflict.code not in ("accepted", "mapping"):
            raise
        return go(request, place_of(kept), Toast("info", conflict.text()))
    return None


@post("/dossiers/import/{import_id:uuid}/answers", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def answer(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Keep what was said to the rows of a page: answers to those that ask, what is left out and taken in."""
    form = await Form.of(request)
    refused = await _said(form, request, session, actor, import_id, acceptance.answer_rows)
    if refused is not None:
        return refused
    query = _query(form.text("to")) if form.text("to") else _query(f"show={form.text('show') or 'ask'}")
    saved = None if form.text("to") else Toast("success", gettext(N_("Saved.")))
    return go(request, f"/dossiers/import/{import_id}?{query}", saved)


def _query(text: str) -> str:
    """Which rows to look at next, as an address says it; whatever else it says is left out."""
    said = parse_qs(text[:200])
    return urlencode({name: said[name][0] for name in ("show", "page") if name in said})


@post("/dossiers/import/{import_id:uuid}/accept", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def accept(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Have the good rows carried out; a worker does it, and the page shows how far it is."""
    form = await Form.of(request)
    refused = await _said(form, request, session, actor, import_id, acceptance.accept)
    return refused or go(request, f"/dossiers/import/{import_id}")


@post("/dossiers/import/{import_id:uuid}/again", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def look_again(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Response[Any]:
    """A new preview of the rows that were not carried out."""
    try:
        again = await overtaken.look_again(session, tools, actor, import_id)
    except Conflict as conflict:
        return go(request, f"/dossiers/import/{import_id}", Toast("info", conflict.text()))
    return go(request, f"/dossiers/import/{again.id}")


@get("/dossiers/import/{import_id:uuid}/progress", guards=[requires(Right.DOSSIERS_EDIT)])
async def progress(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template | Response[Any]:
    """The progress bar while rows are carried out; the page again when all is done, or for a browser without script."""
    kept = await previews.import_of(session, actor, import_id)
    here = f"/dossiers/import/{kept.id}"
    if kept.state is not ImportState.ACCEPTING:
        text = told_result(kept.result or {})
        return go(request, here, Toast("success", text, "/dossiers", gettext(N_("To the dossiers"))))
    if not is_fragment(request):
        return go(request, here)
    return render(request, "pages/imports/preview.html", block="running", kept=kept, total=kept.size, only="")


@get("/dossiers/import/{import_id:uuid}/errors", guards=[requires(Right.DOSSIERS_EDIT)])
async def error_workbook(
    import_id: FromPath[UUID], actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Response[bytes]:
    """The rows that cannot be taken, with what to correct; importable as it is."""
    kept = await previews.import_of(session, actor, import_id)
    whole = await previews.whole(session, kept)
    rows = [
        row
        for row in whole.rows
        if (row.status in FAULTY or row.status is RowStatus.ASK)
        and row.line not in whole.answers
        and row.apart is None
    ]
    data = await asyncio.to_thread(workbooks.of_faults, rows)
    name = gettext(N_("to correct")) + " " + kept.file_name.rpartition(".")[0] + ".xlsx"
    return attachment(name, XLSX, data)


ROUTES: list[Any] = [preview_page, answer, accept, look_again, progress, error_workbook]
