"""The Excel import: template, upload, the earlier lists, throwing one away."""

import asyncio
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession, scope_of
from portal.features.imports.pages.shown import place_of
from portal.features.imports.service import files as reading
from portal.features.imports.service import previews, workbooks
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid, PortalError
from portal.kernel.language import N_, gettext
from portal.web.files import attachment, safe_name
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import LARGE_BODY, requires

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
NO_FILE = N_("Choose the Excel file first.")
TOO_LARGE = N_("%(name)s is larger than %(limit)s MB, too large for a list of dossiers.")
NOT_A_LIST = N_("%(name)s cannot be read as a list")
LARGEST = 8 * 1024 * 1024


@get("/dossiers/import", guards=[requires(Right.DOSSIERS_EDIT)])
async def import_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """The template to download, the upload, and the earlier lists."""
    imports = await previews.imports(session, actor)
    return render(request, "pages/imports/import.html", problem=None, refused="", imports=imports)


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
    name = safe_name(files[0].filename) if files else ""
    try:
        if not files:
            raise Invalid(NO_FILE, code="no_file")
        data = await files[0].read(LARGEST + 1)
        if len(data) > LARGEST:
            raise Invalid(TOO_LARGE, code="too_large", name=name, limit=LARGEST // 1024 // 1024)
        parsed = await reading.read(data)
        async with session.begin_nested():
            kept = await reading.preview(session, tools, actor, file_name=name, data=data, parsed=parsed)
    except PortalError as wrong:
        if wrong.status >= 500:
            raise
        return render(
            request,
            "pages/imports/import.html",
            status=422,
            problem=wrong.text(),
            refused=gettext(NOT_A_LIST) % {"name": name} if name else "",
            imports=await previews.imports(session, actor),
        )
    return go(request, place_of(kept))


@get("/dossiers/import/{import_id:uuid}/discard", guards=[requires(Right.DOSSIERS_EDIT)])
async def discard_page(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[ReadSession],
) -> Template:
    """Ask before a list is thrown away, where no script can."""
    kept = await previews.import_of(session, actor, import_id)
    return render(request, "pages/imports/discard.html", kept=kept, back=place_of(kept))


@post("/dossiers/import/{import_id:uuid}/discard", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def discard(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """Throw a list away that was not accepted."""
    kept = await previews.import_of(session, actor, import_id)
    name, here = kept.file_name, place_of(kept)
    try:
        await reading.discard(session, actor, import_id)
    except Conflict as conflict:
        return go(request, here, Toast("info", conflict.text()))
    thrown = gettext(N_("%(name)s was thrown away.")) % {"name": name}
    return go(request, "/dossiers/import", Toast("success", thrown))


ROUTES: list[Any] = [import_page, template_workbook, present_workbook, upload, discard_page, discard]
