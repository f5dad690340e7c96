"""Quick entry: one file beside what makes a document of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from exports.model import Document as Invoice
from portal.db.session import ReadSession, WriteSession
from portal.features.documents.domain.comparison import Difference
from portal.features.documents.domain.entry_form import read_form
from portal.features.documents.domain.judgement import NotBookable
from portal.features.documents.domain.patch import EntryPatch
from portal.features.documents.models import Document
from portal.features.documents.service import duplicates, entry_forms, files, readable, remarks
from portal.features.documents.service import lookups as documents_lookups
from portal.features.documents.service.duplicates import Met
from portal.features.dossiers.service import opening
from portal.features.dossiers.service.places import Place
from portal.features.intake.domain.contents import CodaContent
from portal.features.intake.domain.files import CHANNEL_WORDS, FileKind, IntakeState
from portal.features.intake.domain.reasons import OUT_OF_REACH, REASONS
from portal.features.intake.models import IntakeFile
from portal.features.intake.pages.reception import LIST, kind_names
from portal.features.intake.service import comparison, lookups, papers, quick_entry
from portal.features.intake.service.lookups import Outcome
from portal.features.intake.service.quick_entry import Decision, Duplicate, Handled
from portal.features.items.service import deletion
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound, PortalError
from portal.kernel.language import N_, gettext
from portal.web.files import attachment, picture
from portal.web.forms import Form
from portal.web.menu_counts import page_figures
from portal.web.render import Toast, go, render
from portal.web.sides import own_side

ONE = [one + "/{file_id:uuid}" for one in LIST]
PROCESSED = N_("Processed. The next file is here.")
LAST = N_("Processed. Nothing waits any more.")
THERE_ALREADY = N_("That document was there already; nothing was added.")
REJECTED = N_("Rejected. You can take it back under “Rejected”.")
TAKEN_BACK = N_("The file waits in quick entry again.")


def below(path: str) -> list[str]:
    """The paths of something that belongs to one file, on both sides."""
    return [one + path for one in ONE]


async def open_file(
    session: ReadSession, actor: Actor, place: Place, file_id: UUID, *, erased: bool = False
) -> IntakeFile:
    """One handed-in file of the place a request looks at.

    Raises:
        Forbidden: the actor hands nothing in.
        NotFound: unknown, another company's, not this contributor's, or erased (`erased`).
    """
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    row = await lookups.file(session, actor, place.company_id, file_id)
    if row.erased_at is not None and not erased:
        raise NotFound(REASONS[row.reason or "erased"], code="erased")
    return row


async def _looked_up(
    tools: Tools, actor: Actor, dossier_id: UUID | None, file_id: UUID
) -> tuple[Place, Outcome]:
    """A file with what became of it, looked up in a short transaction of its own: while files are read, a request holds no connection."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row = await open_file(session, actor, place, file_id)
        return place, await lookups.outcome(session, row)


@dataclass(frozen=True, slots=True)
class Clash:
    """The document that is there under the number of a file, beside what the file says."""

    document: Document
    rows: Sequence[remarks.Compared]
    may_replace: bool
    why_not: str


async def _clash(
    session: ReadSession, document: Document, differences: Sequence[Difference], currency: str
) -> Clash:
    hindrance = await deletion.aside_hindrance(session, document)
    rows = remarks.compared(differences, document.currency, currency)
    return Clash(document, rows, hindrance is None, hindrance.text() if hindrance else "")


async def _clash_of(session: ReadSession, actor: Actor, row: IntakeFile) -> Clash | None:
    """What a waiting UBL was found to differ from; None when it differs from nothing, or the other one is gone."""
    hints = quick_entry.invoice_hints(row) if row.state is IntakeState.TO_PROCESS else None
    there = await documents_lookups.by_id(session, hints.there) if hints and hints.there else None
    if hints is None or there is None or not documents_lookups.is_visible(actor, there):
        return None
    return await _clash(session, there, hints.differences, hints.currency)


@get(ONE, guards=[own_side])
async def file_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    file_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
    lines: FromQuery[int] = 1,
) -> Template:
    """One file beside the fields that make a document of it; `lines` is the page of lines of one that came as data."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        row = await open_file(session, actor, place, file_id, erased=True)
        outcome = await lookups.outcome(session, row)
        clash = await _clash_of(session, actor, row)
        kin = (await page_figures(request, session, kin=papers.kin(row))).kin
    hints = quick_entry.invoice_hints(row)
    values = dict(hints.values) if hints else {}
    return await _shown(request, tools, place, outcome, values, clash=clash, lines=lines, kin=kin)


async def _shown(
    request: HTMXRequest,
    tools: Tools,
    place: Place,
    outcome: Outcome,
    values: dict[str, str],
    faults: dict[str, str] | None = None,
    clash: Clash | None = None,
    problem: str | None = None,
    lines: int = 1,
    kin: papers.Kin | None = None,
) -> Template:
    """The page; with `faults`, a `clash` or a `problem` something that was sent could not be saved yet."""
    row = outcome.file
    hints = None
    sha256, media_type = row.sha256 if row.erased_at is None else "", row.media_type
    if row.state is IntakeState.TO_PROCESS:
        hints = quick_entry.invoice_hints(row)
    if row.media_type == FileKind.XML and row.state is IntakeState.TO_PROCESS:
        sha256, media_type = (hints.pdf_sha256 if hints else None) or "", "application/pdf"
    try:
        pages = await files.page_count(tools, row.company_id, sha256 or None, media_type)
    except PortalError:  # the bytes are gone: the page says so by having no picture
        pages = 0
    read = None
    if pages == 0 and row.media_type == FileKind.XML and row.erased_at is None:
        read = await readable.read(tools, row.company_id, row.sha256, lines)
    return render(
        request,
        "pages/intake/file.html",
        status=422 if request.method == "POST" and (faults or problem or clash) else 200,
        place=place,
        dossier=place.dossier,
        tab="quick-entry",
        row=row,
        outcome=outcome,
        hints=hints,
        value_faults=[fault.text() for fault in hints.faults] if hints else [],
        pages=pages,
        out_of_reach=row.reason in OUT_OF_REACH,
        readable=read,
        kin=kin,
        is_paper=quick_entry.is_paper(row) and quick_entry.invoice_hints(row) is None,
        is_typed=quick_entry.is_typed(row),
        clash=clash,
        problem=problem,
        kind_names=kind_names(),
        channel=gettext(CHANNEL_WORDS[row.channel]),
        **entry_forms.entry_context(values, faults or {}, f"{place.intake}/amounts"),
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
    read = None if quick_entry.is_typed(row) else await quick_entry.read_again(tools, row)
    patch, faults = read_form(form.values)
    if read is None and patch is None:
        return await _shown(request, tools, place, outcome, form.values, faults)
    problem: str | None = None
    met = await _met(tools, actor, dossier_id, row, read, form) if isinstance(read, Invoice) else None
    try:
        async with opening.place(tools.database, actor, dossier_id) as (session, place):
            handled = await _processed(session, actor, place, row, form, read, patch, met)
            return await _next(request, session, actor, place, row, handled)
    except NotBookable as why:
        assert isinstance(read, Invoice)  # nothing else is judged
        async with opening.place(tools.database, actor, dossier_id) as (session, place):
            await quick_entry.ask_values(session, actor, row, read, _sold(row, form), why)
        return go(request, f"{place.intake}/{row.id}", Toast("warning", why.text()))
    except Duplicate as there:
        met = there.met
    except Conflict as refused:  # the one to be replaced is locked, has left, or somebody decided about it
        if form.text("decide") != Decision.REPLACE or refused.code == "handled":
            raise
        problem = refused.text()
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        currency = read.currency if isinstance(read, Invoice) else form.text("currency").upper() or "EUR"
        there = await documents_lookups.by_id(session, met.document_id) if met else None
        shown = met is not None and there is not None and documents_lookups.is_visible(actor, there)
        clash = await _clash(session, there, met.differences, currency) if met and there and shown else None
        if there is not None and not shown:
            problem = gettext(
                Duplicate.message
            )  # a contributor hears that it is there, and nothing of what it says
    return await _shown(request, tools, place, outcome, form.values, clash=clash, problem=problem)


def _sold(row: IntakeFile, form: Form) -> bool:
    """Whether the company sold what a UBL says: as the file says, or as a person answers."""
    hints = quick_entry.invoice_hints(row)
    if hints is not None and hints.sold is not None:
        return hints.sold
    direction = form.text("direction")
    if direction not in ("sold", "bought"):
        raise Invalid
    return direction == "sold"


async def _met(
    tools: Tools,
    actor: Actor,
    dossier_id: UUID | None,
    row: IntakeFile,
    read: Invoice,
    form: Form,
) -> Met | None:
    sold = _sold(row, form)
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, _place):
        there = await duplicates.of_invoice(session, row.company_id, read, supplier_is_us=sold)
    if not there:
        return None
    hints = quick_entry.invoice_hints(row)
    derived = hints is not None and hints.unwrapped is not None and hints.unwrapped.is_derived
    return await comparison.meet(tools, read, there, supplier_is_us=sold, derived=derived)


async def _processed(
    session: WriteSession,
    actor: Actor,
    place: Place,
    row: IntakeFile,
    form: Form,
    read: Invoice | CodaContent | None,
    patch: EntryPatch | None,
    met: Met | None,
) -> Handled:
    decision = next((one for one in Decision if one.value == form.text("decide")), None)
    if isinstance(read, CodaContent):
        return await quick_entry.ingest_statements(session, actor, row, read, dossier_id=place.dossier_id)
    if read is not None:
        return await quick_entry.ingest_invoice(
            session,
            actor,
            row,
            read,
            supplier_is_us=_sold(row, form),
            met=met,
            decision=decision,
            dossier_id=place.dossier_id,
        )
    assert patch is not None
    return await quick_entry.enter(session, actor, row, patch, dossier_id=place.dossier_id, decision=decision)


async def _next(
    request: HTMXRequest, session: WriteSession, actor: Actor, place: Place, row: IntakeFile, handled: Handled
) -> Response[Any]:
    waiting = await lookups.next_waiting(session, actor, place.company_id, place.dossier_id, row.id)
    text = gettext(PROCESSED if waiting else LAST) if handled.new else gettext(THERE_ALREADY)
    href = f"{place.base}/documents/{handled.document.id}" if handled.document else f"{place.base}/bank"
    toast = Toast(
        "success" if handled.new else "info",
        text,
        href,
        gettext(N_("Show document")) if handled.document else gettext(N_("Show statements")),
    )
    return go(request, f"{place.intake}/{waiting}" if waiting else place.intake, toast)


@post([one + "/amounts" for one in LIST], guards=[own_side], status_code=200)
async def amounts(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],  # noqa: ARG001 - only where somebody may type one
) -> Template:
    """What the amounts of a form come to so far, while they are typed: by the same reader that will take them."""
    if not actor.may(Right.UPLOAD):
        raise Forbidden
    form = await Form.of(request)
    return render(request, "pages/records/_worked_out.html", **entry_forms.worked_out(form.values))


@post(below("/reject"), guards=[own_side], status_code=200)
async def reject(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    file_id: FromPath[UUID],
) -> Response[Any]:
    """Nothing for the books, with a reason."""
    row = await open_file(session, actor, place, file_id)
    form = await Form.of(request)
    try:
        await quick_entry.reject(session, actor, row, form.text("reason"), dossier_id=place.dossier_id)
    except Invalid as missing:
        return go(request, f"{place.intake}/{row.id}", Toast("warning", missing.text()))
    waiting = await lookups.next_waiting(session, actor, place.company_id, place.dossier_id, row.id)
    path = f"{place.intake}/{waiting}" if waiting else place.intake
    return go(request, path, Toast("success", gettext(REJECTED)))


@post(below("/undo"), guards=[own_side], status_code=200)
async def undo(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    file_id: FromPath[UUID],
) -> Response[Any]:
    """A rejected file waits again."""
    row = await open_file(session, actor, place, file_id)
    await quick_entry.undo_reject(session, actor, row, dossier_id=place.dossier_id)
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
    return picture(await files.original_page(tools, row.company_id, sha256, media_type, page))


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
    safe = row.media_type if row.media_type in files.SAFE_TYPES else "application/octet-stream"
    return attachment(row.name, safe, data)


ROUTES: list[Any] = [file_page, process, amounts, reject, undo, page_image, file_download]
