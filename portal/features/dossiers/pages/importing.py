"""The Excel import: template, upload, preview, acceptance, error workbook."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import WriteSession
from portal.features.dossiers import service
from portal.features.dossiers.domain.columns import COLUMNS
from portal.features.dossiers.domain.importing import GOOD, RowStatus, counts
from portal.features.dossiers.service import workbooks
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid, PortalError
from portal.kernel.language import N_, gettext, ngettext
from portal.web.files import attachment, safe_name
from portal.web.forms import Form
from portal.web.render import Toast, go, render
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
    RowStatus.DUPLICATE: N_("twice in this list"),
    RowStatus.ERROR: N_("to correct"),
}


def told_result(result: Mapping[str, Any]) -> str:
    """What accepting a list did, as a sentence with numbers; what did not happen is left out."""
    made, changed, asked = (int(result.get(name, 0)) for name in ("created", "updated", "requested"))
    parts = [
        (made, ngettext("%(count)s dossier made", "%(count)s dossiers made", made)),
        (changed, ngettext("%(count)s dossier changed", "%(count)s dossiers changed", changed)),
        (asked, ngettext("%(count)s access request sent", "%(count)s access requests sent", asked)),
    ]
    told = ", ".join(text % {"count": count} for count, text in parts if count)
    return f"{told}." if told else gettext("Nothing was changed.")


@get("/dossiers/import", guards=[requires(Right.DOSSIERS_EDIT)])
async def import_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Template:
    """Template, upload, earlier imports."""
    imports = await service.imports(session, actor)
    return render(request, "pages/dossiers/import.html", problem=None, imports=imports)


@get("/dossiers/import/template", guards=[requires(Right.DOSSIERS_EDIT)])
async def template_workbook() -> Response[bytes]:
    """The empty list, in the reader's language."""
    data = workbooks.template()
    return attachment(gettext(N_("dossiers")) + ".xlsx", XLSX, data)


@get("/dossiers/import/present", guards=[requires(Right.DOSSIERS_EDIT)])
async def present_workbook(
    actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Response[bytes]:
    """The present dossiers in the template's form."""
    rows = [service.values_of(dossier) for dossier in await service.all_of(session, actor)]
    data = workbooks.of_dossiers(rows)
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
        parsed = await service.read(data)
        async with session.begin_nested():
            kept = await service.preview(session, tools, actor, file_name=name, data=data, parsed=parsed)
    except PortalError as wrong:
        if wrong.status >= 500:
            raise
        return render(
            request,
            "pages/dossiers/import.html",
            status=422,
            problem=wrong.text(),
            imports=await service.imports(session, actor),
        )
    return go(request, f"/dossiers/import/{kept.id}")


@get("/dossiers/import/{import_id:uuid}", guards=[requires(Right.DOSSIERS_EDIT)])
async def preview_page(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    show: FromQuery[str] = "",
) -> Template:
    """Every row with what accepting it would do, and why not."""
    kept = await service.import_of(session, actor, import_id)
    rows = service.rows_of(kept)
    shown = [row for row in rows if not show or row.status.value == show]
    return render(
        request,
        "pages/dossiers/preview.html",
        block="rows",
        kept=kept,
        rows=shown[:SHOWN],
        hidden=max(0, len(shown) - SHOWN),
        total=len(rows),
        counts=counts(rows),
        good=sum(1 for row in rows if row.status in GOOD),
        faults=sum(1 for row in rows if row.status in (RowStatus.ERROR, RowStatus.DUPLICATE)),
        words={status.value: gettext(word) for status, word in STATUS_WORDS.items()},
        columns={column.value: gettext(text.title) for column, text in COLUMNS.items()},
        told=lambda message, params: gettext(message) % params if params else gettext(message),
        only=show,
        done=told_result(kept.result or {}),
    )


@post("/dossiers/import/{import_id:uuid}/accept", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def accept(
    request: HTMXRequest,
    import_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Response[Any]:
    """Carry the good rows out."""
    try:
        kept = await service.accept(session, tools, actor, import_id)
    except Conflict as conflict:
        if conflict.code != "accepted":
            raise
        return go(request, f"/dossiers/import/{import_id}", Toast("info", conflict.text()))
    text = told_result(kept.result or {})
    return go(
        request,
        f"/dossiers/import/{kept.id}",
        Toast("success", text, "/dossiers", gettext(N_("To the dossiers"))),
    )


@get("/dossiers/import/{import_id:uuid}/errors", guards=[requires(Right.DOSSIERS_EDIT)])
async def error_workbook(
    import_id: FromPath[UUID], actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Response[bytes]:
    """The rows that cannot be taken, with what to correct; importable as it is."""
    kept = await service.import_of(session, actor, import_id)
    rows = [row for row in service.rows_of(kept) if row.status in (RowStatus.ERROR, RowStatus.DUPLICATE)]
    data = workbooks.of_faults(rows)
    name = gettext(N_("to correct")) + " " + kept.file_name.rpartition(".")[0] + ".xlsx"
    return attachment(name, XLSX, data)


ROUTES: list[Any] = [
    import_page,
    template_workbook,
    present_workbook,
    upload,
    preview_page,
    accept,
    error_workbook,
]
