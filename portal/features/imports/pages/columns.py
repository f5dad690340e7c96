"""Which column of a list is what: the guess, filled in, and what somebody says instead."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.imports import models
from portal.features.imports.domain.columns import COLUMNS, Column, letter
from portal.features.imports.domain.table import NO_HEADING, Choice
from portal.features.imports.pages.shown import place_of
from portal.features.imports.service import files, previews
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid, PortalError
from portal.kernel.language import N_, gettext
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires

MOST_COLUMNS = 400
ENCODINGS = {
    "utf-8": "Unicode (UTF-8)",
    "utf-8-sig": "Unicode (UTF-8)",
    "utf-16": "Unicode (UTF-16)",
    "utf-16-le": "Unicode (UTF-16)",
    "utf-16-be": "Unicode (UTF-16, big endian)",
    "cp1252": "Windows (1252)",
    "latin-1": "ISO 8859-1",
    "iso-8859-1": "ISO 8859-1",
    "iso-8859-15": "ISO 8859-15",
    "mac-roman": "Mac (Roman)",
    "mac_roman": "Mac (Roman)",
    "cp850": "DOS (850)",
    "cp437": "DOS (437)",
    "cp1250": "Windows (1250)",
}
DELIMITERS = {
    ";": N_("semicolon (;)"),
    ",": N_("comma (,)"),
    "\t": N_("tab"),
    "|": N_("vertical bar (|)"),
    ":": N_("colon (:)"),
}
TAB = "tab"
TWICE = N_("%(column)s was chosen for column %(first)s and for column %(second)s. Choose one of the two.")
FORGOTTEN = N_("Forgotten: lists with these headings are read as they seem to be.")


@get("/dossiers/import/{import_id:uuid}/columns", guards=[requires(Right.DOSSIERS_EDIT)])
async def columns_page(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template | Response[Any]:
    """Every column of the file with what is in it and what it is read as; the sheet, the headings, the letters."""
    kept = await previews.import_of(session, actor, import_id)
    if kept.object_sha256 is None or kept.accepted_at is not None:
        return go(request, f"/dossiers/import/{kept.id}")
    return _page(request, kept)


def _page(
    request: HTMXRequest,
    kept: models.DossierImport,
    problem: str | None = None,
    chosen: dict[int, str] | None = None,
) -> Template:
    reading = kept.read_reading()
    return render(
        request,
        "pages/imports/columns.html",
        status=422 if problem else 200,
        kept=kept,
        reading=reading,
        problem=problem,
        ours=[(column.value, gettext(text.title)) for column, text in COLUMNS.items()],
        required={column.value for column, text in COLUMNS.items() if text.required},
        chosen=chosen
        if chosen is not None
        else {one.position: "" if one.column == Column.ID else one.column for one in reading.columns},
        own_id=Column.ID.value,
        sheets=[(index, _sheet(one.name, one.rows, one.hidden)) for index, one in enumerate(reading.sheets)],
        heads=[
            (NO_HEADING, gettext(N_("none: the list begins with its first row"))),
            *(
                (index, gettext(N_("row %(row)s: %(text)s")) % {"row": index + 1, "text": text})
                for index, text in enumerate(reading.heads)
                if text
            ),
        ],
        encodings=[(code, ENCODINGS.get(code, code)) for code in reading.encodings],
        delimiters=[
            (TAB if code == "\t" else code, gettext(DELIMITERS.get(code, code)))
            for code in reading.delimiters
        ],
        delimiter=TAB if reading.delimiter == "\t" else reading.delimiter,
        missing=[
            gettext(COLUMNS[column].title)
            for column in (Column.NAME, Column.NUMBER)
            if column.value not in {one.column for one in reading.columns}
        ],
    )


def _sheet(name: str, rows: int, hidden: bool) -> str:
    said = gettext(N_("%(sheet)s (%(rows)s rows)")) % {"sheet": name, "rows": rows}
    return f"{said} · {gettext(N_('hidden in the file'))}" if hidden else said


@post("/dossiers/import/{import_id:uuid}/reading", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def read_otherwise(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Read the file anew: another sheet, other headings, other letters, other cells."""
    form = await Form.of(request)
    kept = await previews.import_of(session, actor, import_id)
    before, now = kept.read_reading(), files.choice_of(kept)
    sheet = form.number("sheet", lowest=0, highest=max(0, len(before.sheets) - 1), default=now.sheet or 0)
    row = form.values.get("heading", "")
    told = int(row) if row == str(NO_HEADING) or (row.isascii() and row.isdigit() and len(row) < 3) else None
    encoding, delimiter = form.values.get("encoding", ""), _delimiter(form)
    encoding = encoding if encoding in before.encodings else now.encoding
    delimiter = delimiter if delimiter in before.delimiters else now.delimiter
    # Another sheet, other letters or other cells have other headings: these are looked for anew unless somebody said which.
    same = (sheet, encoding, delimiter) == (now.sheet, now.encoding, now.delimiter)
    heading = told if same or told != now.heading else None
    choice = Choice(sheet=sheet, heading=heading, encoding=encoding, delimiter=delimiter)
    try:
        async with session.begin_nested():
            kept = await files.read_again(session, tools, actor, import_id, choice)
    except PortalError as wrong:
        return await _refused(request, session, actor, import_id, wrong)
    return go(request, f"/dossiers/import/{kept.id}/columns", Toast("success", gettext(N_("Read anew."))))


def _delimiter(form: Form) -> str:
    """Which sign parts the cells; a tab is trimmed like any blank, so it has a name."""
    said = form.values.get("delimiter", "")
    return "\t" if said == TAB else said


@post("/dossiers/import/{import_id:uuid}/columns", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def say_columns(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Take what somebody says of the columns, and show the rows."""
    form = await Form.of(request)
    kept = await previews.import_of(session, actor, import_id)
    chosen = {
        int(name.removeprefix("column_")): value
        for name, value in form.values.items()
        if name.startswith("column_") and name.removeprefix("column_").isdecimal() and len(name) < 11
    }
    try:
        columns = _chosen(chosen)
        async with session.begin_nested():
            kept = await files.read_again(session, tools, actor, import_id, files.choice_of(kept), columns)
    except PortalError as wrong:
        return await _refused(request, session, actor, import_id, wrong, chosen)
    return go(request, place_of(kept))


def _chosen(chosen: dict[int, str]) -> dict[Column, int]:
    """The columns that were chosen.

    Raises:
        Invalid: one of ours was chosen twice.
    """
    known = {column.value: column for column in COLUMNS}
    found: dict[Column, int] = {}
    for position, name in sorted(chosen.items()):
        column = known.get(name)
        if column is None or position >= MOST_COLUMNS:
            continue
        if column in found:
            title = gettext(COLUMNS[column].title)
            raise Invalid(
                TWICE, code="twice", column=title, first=letter(found[column]), second=letter(position)
            )
        found[column] = position
    return found


async def _refused(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    import_id: UUID,
    wrong: PortalError,
    chosen: dict[int, str] | None = None,
) -> Template | Response[Any]:
    """The page again, with what is wrong; a list that was accepted meanwhile is shown."""
    if wrong.status >= 500 or not isinstance(wrong, Invalid | Conflict):
        raise wrong
    if isinstance(wrong, Conflict):
        return go(request, f"/dossiers/import/{import_id}", Toast("info", wrong.text()))
    return _page(request, await previews.import_of(session, actor, import_id), wrong.text(), chosen)


@post("/dossiers/import/{import_id:uuid}/forget", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def forget(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """Forget what was said of such lists before."""
    try:
        async with session.begin_nested():
            kept = await files.forget(session, tools, actor, import_id)
    except PortalError as wrong:
        return await _refused(request, session, actor, import_id, wrong)
    return go(request, f"/dossiers/import/{kept.id}/columns", Toast("success", gettext(FORGOTTEN)))


ROUTES: list[Any] = [columns_page, read_otherwise, say_columns, forget]
