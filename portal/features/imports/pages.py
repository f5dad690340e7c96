"""The Excel import: template, upload, preview, acceptance, error workbook."""

import asyncio
import re
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession, scope_of
from portal.features.imports import models
from portal.features.imports.domain.binding import COLUMN_OF
from portal.features.imports.domain.columns import COLUMNS
from portal.features.imports.domain.rows import FAULTY, GOOD, LOOK_AGAIN, NEW, SKIP, Outcome, RowStatus
from portal.features.imports.domain.state import ImportState
from portal.features.imports.service import acceptance, overtaken, previews, workbooks
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid, PortalError
from portal.kernel.language import N_, gettext, ngettext
from portal.web.files import attachment, safe_name
from portal.web.forms import Form
from portal.web.render import Toast, go, is_fragment, render
from portal.web.security import LARGE_BODY, requires

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NO_FILE = N_("Choose the Excel file first.")
TOO_LARGE = N_("%(name)s is larger than %(limit)s MB, too large for a list of dossiers.")
LARGEST = 8 * 1024 * 1024
SHOWN = 300
STATUS_WORDS = {
    RowStatus.CREATE: N_("new"),
    RowStatus.UPDATE: N_("changes"),
    RowStatus.UNCHANGED: N_("unchanged"),
    RowStatus.REQUEST: N_("access request"),
    RowStatus.ASK: N_("to answer"),
    RowStatus.DUPLICATE: N_("twice in this list"),
    RowStatus.ERROR: N_("to correct"),
}

OUTCOME_WORDS = {
    Outcome.CREATED: N_("made"),
    Outcome.REQUESTED: N_("access requested"),
    Outcome.UPDATED: N_("changed"),
    Outcome.UNCHANGED: N_("unchanged"),
    Outcome.LEFT_OUT: N_("left out"),
    Outcome.UNANSWERED: N_("not answered"),
    Outcome.OVERTAKEN: N_("changed since you looked"),
    Outcome.REFUSED: N_("not carried out"),
}
WORDS: dict[RowStatus | Outcome, str] = {**STATUS_WORDS, **OUTCOME_WORDS}
ALWAYS = (RowStatus.CREATE, RowStatus.UPDATE, RowStatus.UNCHANGED)
"""What a preview counts, also when there is none."""
LOOKS = {
    RowStatus.CREATE.value: "positive",
    RowStatus.UPDATE.value: "info",
    RowStatus.UNCHANGED.value: "neutral",
    RowStatus.REQUEST.value: "attention",
    RowStatus.ASK.value: "attention",
    RowStatus.DUPLICATE.value: "negative",
    RowStatus.ERROR.value: "negative",
    Outcome.CREATED.value: "positive",
    Outcome.REQUESTED.value: "attention",
    Outcome.UPDATED.value: "info",
    Outcome.LEFT_OUT.value: "neutral",
    Outcome.UNANSWERED.value: "attention",
    Outcome.OVERTAKEN.value: "attention",
    Outcome.REFUSED.value: "negative",
}
ANSWER, SAME = "answer_", "same"
_LINE = re.compile(r"[0-9]{1,9}")


def told_result(result: Mapping[str, Any]) -> str:
    """What accepting a list did, as a sentence with numbers; what did not happen is left out."""
    made, changed, asked = (int(result.get(name, 0)) for name in ("created", "updated", "requested"))
    same, out = int(result.get("unchanged", 0)), int(result.get("left_out", 0))
    parts = [
        (made, ngettext("%(count)s dossier made", "%(count)s dossiers made", made)),
        (changed, ngettext("%(count)s dossier changed", "%(count)s dossiers changed", changed)),
        (asked, ngettext("%(count)s access request sent", "%(count)s access requests sent", asked)),
        (same, ngettext("%(count)s unchanged", "%(count)s unchanged", same)),
        (out, ngettext("%(count)s left out", "%(count)s left out", out)),
    ]
    told = ", ".join(text % {"count": count} for count, text in parts if count)
    return f"{told}." if made or changed or asked or out else gettext("Nothing was changed.")


@get("/dossiers/import", guards=[requires(Right.DOSSIERS_EDIT)])
async def import_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """The template to download, the upload, and the earlier lists."""
    imports = await previews.imports(session, actor)
    return render(request, "pages/imports/import.html", problem=None, imports=imports)


@get("/dossiers/import/template", guards=[requires(Right.DOSSIERS_EDIT)])
async def template_workbook() -> Response[bytes]:
    """The empty list, in the reader's language."""
    return attachment(gettext(N_("dossiers")) + ".xlsx", XLSX, await asyncio.to_thread(workbooks.template))


@get("/dossiers/import/present", guards=[requires(Right.DOSSIERS_EDIT)])
async def present_workbook(actor: NamedDependency[Actor], tools: NamedDependency[Tools]) -> Response[bytes]:
    """The present dossiers in the template's form; no connection is held while the workbook is written."""
    async with tools.database.reading(scope_of(actor)) as session:
        rows = await previews.workbook_rows(session, actor)
    data = await asyncio.to_thread(workbooks.of_dossiers, rows)
    return attachment(gettext(N_("present dossiers")) + ".xlsx", XLSX, data)


@post("/dossiers/import", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200, opt={LARGE_BODY: True})
async def upload(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Read the list and show what accepting it would do."""
    form = await Form.of(request)
    files = form.files("files")
    try:
        if not files:
            raise Invalid(NO_FILE, code="no_file")
        name = safe_name(files[0].filename)
        data = await files[0].read(LARGEST + 1)
        if len(data) > LARGEST:
            raise Invalid(TOO_LARGE, code="too_large", name=name, limit=LARGEST // 1024 // 1024)
        parsed = await previews.read(data)
        async with session.begin_nested():
            kept = await previews.preview(session, tools, actor, file_name=name, data=data, parsed=parsed)
    except PortalError as wrong:
        if wrong.status >= 500:
            raise
        return render(
            request,
            "pages/imports/import.html",
            status=422,
            problem=wrong.text(),
            imports=await previews.imports(session, actor),
        )
    return go(request, f"/dossiers/import/{kept.id}")


@get("/dossiers/import/{import_id:uuid}", guards=[requires(Right.DOSSIERS_EDIT)])
async def preview_page(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
    show: FromQuery[str] = "",
) -> Template:
    """Every row with what accepting it would do, and why not; while it is carried out, how far it is."""
    kept = await previews.import_of(session, actor, import_id)
    context = _context(await previews.whole(session, kept), show)
    return render(request, "pages/imports/preview.html", block="rows", **context)


def _context(whole: previews.Whole, show: str, problem: str | None = None) -> dict[str, Any]:
    kept, rows, outcomes, answers = whole.kept, whole.rows, whole.outcomes, whole.answers
    labels = {
        row.line: outcomes[row.line].outcome.value if row.line in outcomes else row.status.value
        for row in rows
    }
    shown = [row for row in rows if not show or labels[row.line] == show]
    if (
        show == RowStatus.ASK.value
    ):  # what is not answered yet comes first, so that the next ones come when these are done
        shown.sort(key=lambda row: (row.line in answers, row.line))
    asked = [row for row in rows if row.status is RowStatus.ASK]
    good = sum(1 for row in rows if row.status in GOOD)
    good += sum(1 for row in asked if answers.get(row.line, SKIP) != SKIP)
    return {
        "kept": kept,
        "rows": shown[:SHOWN],
        "hidden": max(0, len(shown) - SHOWN),
        "total": len(rows),
        "labels": labels,
        "tiles": _tiles(kept, labels, show),
        "asks": len(asked),
        "good": good,
        "open": sum(1 for row in asked if row.line not in answers),
        "left": sum(1 for told in outcomes.values() if told.outcome in LOOK_AGAIN),
        "answers": answers,
        "faults": sum(1 for row in rows if row.status in FAULTY)
        + sum(1 for row in asked if row.line not in answers),
        "words": {key.value: gettext(word) for key, word in WORDS.items()},
        "looks": LOOKS,
        "fields": {name: gettext(COLUMNS[column].title) for name, column in COLUMN_OF.items()},
        "columns": {column.value: gettext(text.title) for column, text in COLUMNS.items()},
        "told": lambda message, params: gettext(message) % params if params else gettext(message),
        "only": show,
        "done": told_result(kept.result or {}),
        "problem": problem,
    }


def _tiles(
    kept: models.DossierImport, labels: Mapping[int, str], show: str
) -> list[tuple[int, str, str, bool, str | None]]:
    """What the rows are counted by, as links that show these alone."""
    counted = Counter(labels.values())
    always = ALWAYS if kept.state is ImportState.PREVIEWED else ()
    return [
        (
            counted[key.value],
            gettext(word),
            f"/dossiers/import/{kept.id}?show={key.value}",
            key.value == show,
            "negative" if LOOKS[key.value] == "negative" else None,
        )
        for key, word in WORDS.items()
        if counted[key.value] or key in always
    ]


async def _answers(request: HTMXRequest, session: ReadSession, kept: models.DossierImport) -> dict[int, str]:
    """What the form says to the rows that ask; one answer for the others goes where it fits and nothing was said."""
    form = await Form.of(request)
    said = {
        int(name.removeprefix(ANSWER)): value
        for name, value in form.values.items()
        if name.startswith(ANSWER) and _LINE.fullmatch(name.removeprefix(ANSWER))
    }
    rest = form.text("rest")
    if not rest:
        return said
    whole = await previews.whole(session, kept)
    for row in whole.rows:
        if row.status is not RowStatus.ASK or said.get(row.line) or row.line in whole.answers:
            continue
        if rest == SKIP or (rest == NEW and row.may_be_new):
            said[row.line] = rest
        elif rest == SAME and len(row.candidates) == 1:
            said[row.line] = row.candidates[0].id
    return said


async def _said(
    request: HTMXRequest,
    session: WriteSession,
    actor: Actor,
    import_id: UUID,
    say: Callable[[WriteSession, Actor, UUID, Mapping[int, str]], Awaitable[Any]],
) -> Template | Response[Any] | None:
    """Do something with the answers of the form; the page again where it cannot be done."""
    kept = await previews.import_of(session, actor, import_id)
    try:
        await say(session, actor, import_id, await _answers(request, session, kept))
    except Invalid as wrong:
        context = _context(await previews.whole(session, kept), RowStatus.ASK.value, wrong.text())
        return render(request, "pages/imports/preview.html", status=422, **context)
    except Conflict as conflict:
        if conflict.code != "accepted":
            raise
        return go(request, f"/dossiers/import/{import_id}", Toast("info", conflict.text()))
    return None


@post("/dossiers/import/{import_id:uuid}/answers", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def answer(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Keep what was said to the rows that ask."""
    refused = await _said(request, session, actor, import_id, acceptance.answer_rows)
    saved = Toast("success", gettext(N_("Saved.")))
    return refused or go(request, f"/dossiers/import/{import_id}?show=ask", saved)


@post("/dossiers/import/{import_id:uuid}/accept", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def accept(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Have the good rows carried out; a worker does it, and the page shows how far it is."""
    refused = await _said(request, session, actor, import_id, acceptance.accept)
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
        if row.status in FAULTY or (row.status is RowStatus.ASK and row.line not in whole.answers)
    ]
    data = await asyncio.to_thread(workbooks.of_faults, rows)
    name = gettext(N_("to correct")) + " " + kept.file_name.rpartition(".")[0] + ".xlsx"
    return attachment(name, XLSX, data)


ROUTES: list[Any] = [
    import_page,
    template_workbook,
    present_workbook,
    upload,
    preview_page,
    answer,
    accept,
    look_again,
    progress,
    error_workbook,
]
