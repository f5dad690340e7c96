"""Data of a dossier's company: its name and address, and what else it is known by."""

from datetime import date
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession, lock_row
from portal.features.audit import service as audit
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.parties import service as parties
from portal.features.parties.domain import SCHEME_NAMES, SOURCE_NAMES, Scheme, Source, read_identifier
from portal.features.parties.models import Company
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.clock import local_date
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.language import N_, gettext
from portal.kernel.numbers import NotANumber
from portal.web.edits import Clash, clashes_in_words, merge_edit
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires

LABELS = {
    "name": N_("Name of the company"),
    "street": N_("Street and number"),
    "postcode": N_("Postcode"),
    "city": N_("City"),
}
LONGEST = {"name": 200, "street": 200, "postcode": 20, "city": 100}
LONGEST_EVIDENCE = 500


async def _company_of(session: ReadSession, dossier: Dossier) -> Company:
    """The company of a dossier.

    Raises:
        NotFound: its access does not stand.
    """
    company = await dossiers.company_of(session, dossier)
    if company is None:
        raise NotFound
    return company


def _values(company: Company) -> dict[str, str]:
    return {name: getattr(company, name) or "" for name in LABELS}


async def _page(
    request: HTMXRequest,
    session: ReadSession,
    dossier: Dossier,
    company: Company,
    *,
    status: int = 200,
    values: dict[str, str] | None = None,
    seen: dict[str, str] | None = None,
    errors: dict[str, str] | None = None,
    overtaken: list[Clash] | None = None,
    new: dict[str, str] | None = None,
    new_errors: dict[str, str] | None = None,
    end_fault: str = "",
) -> Template:
    """The page, with what was typed into one of its forms and what is wrong with it."""
    present = _values(company)
    return render(
        request,
        "pages/dossiers/company.html",
        status=status,
        dossier=dossier,
        tab="detail",
        company=company,
        values=present if values is None else values,
        seen=present if seen is None else seen,
        errors=errors or {},
        overtaken=overtaken or [],
        new=new or {},
        new_errors=new_errors or {},
        end_fault=end_fault,
        identifiers=await parties.identifiers(session, company.id),
        schemes=[(scheme.value, gettext(name)) for scheme, name in SCHEME_NAMES.items()],
        sources=[(source.value, gettext(name)) for source, name in SOURCE_NAMES.items()],
    )


@get("/dossiers/{dossier_id:uuid}/edit/company", guards=[requires(Right.DOSSIERS_EDIT)])
async def company_page(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    session: NamedDependency[ReadSession],
) -> Template:
    """The forms for changing it."""
    return await _page(request, session, dossier, await _company_of(session, dossier))


@post("/dossiers/{dossier_id:uuid}/edit/company", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def change_company(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Change the company's name and address."""
    company = await _company_of(session, dossier)
    await lock_row(session, company)
    form = await Form.of(request)
    present = _values(company)
    edit = merge_edit(form, present, always_sent=True)
    if edit.clashes:
        words: dict[str, tuple[str, dict[str, str]]] = {
            name: (gettext(label), {}) for name, label in LABELS.items()
        }
        overtaken = clashes_in_words(edit, form, present, words, await audit.history_of(session, company.id))
        return await _page(
            request,
            session,
            dossier,
            company,
            status=409,
            values=form.values,
            seen=edit.seen,
            overtaken=overtaken,
        )
    values = {
        name: form.text(name, required=name == "name", longest=longest) or None
        for name, longest in LONGEST.items()
    }
    try:
        form.check()
    except Invalid as wrong:
        return await _page(
            request,
            session,
            dossier,
            company,
            status=422,
            values=form.values,
            seen=edit.seen,
            errors=wrong.field_texts(),
        )
    await parties.change_company(session, actor, company, dossier.id, values)
    return _saved(request, dossier)


@post(
    "/dossiers/{dossier_id:uuid}/edit/company/identifiers",
    guards=[requires(Right.DOSSIERS_EDIT)],
    status_code=200,
)
async def add_identifier(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Add an identifier; a number that is none is said beside its field."""
    company = await _company_of(session, dossier)
    form = await Form.of(request)
    try:
        scheme = form.choice("scheme", Scheme)
        text = form.text("value", required=True, longest=60)
        source = form.choice("source", Source, default=Source.TYPED)
        since: date | None = form.day("valid_from")
        evidence = form.text("evidence", longest=LONGEST_EVIDENCE)
        value = _read(form, scheme, text)
        form.check()
        await parties.add_identifier(
            session,
            actor,
            company,
            dossier.id,
            scheme=scheme,
            value=value,
            source=source,
            valid_from=since,
            evidence=evidence,
        )
    except (Invalid, Conflict) as wrong:
        faults = wrong.field_texts() or {"value": wrong.text()}
        return await _page(request, session, dossier, company, status=422, new=form.values, new_errors=faults)
    return _saved(request, dossier)


def _read(form: Form, scheme: Scheme | None, text: str) -> str:
    if scheme is not None and text:
        try:
            return read_identifier(scheme, text)
        except NotANumber as wrong:
            form.fault("value", wrong.reason)
    return ""


@post(
    "/dossiers/{dossier_id:uuid}/edit/company/identifiers/{identifier_id:uuid}/end",
    guards=[requires(Right.DOSSIERS_EDIT)],
    status_code=200,
)
async def end_identifier(
    request: HTMXRequest,
    dossier: NamedDependency[Dossier],
    identifier_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    tools: NamedDependency[Tools],
) -> Template | Response[Any]:
    """It is the company's no longer: its last day is the one that was given, else today."""
    company = await _company_of(session, dossier)
    form = await Form.of(request)
    try:
        until = form.day("valid_until") or local_date(tools.clock.now())
        form.check()
        await parties.end_identifier(session, actor, company, dossier.id, identifier_id, until)
    except Invalid as wrong:
        fault = next(iter(wrong.field_texts().values()))
        return await _page(request, session, dossier, company, status=422, end_fault=fault)
    return _saved(request, dossier)


def _saved(request: HTMXRequest, dossier: Dossier) -> Response[Any]:
    return go(request, f"/dossiers/{dossier.id}/edit/company", Toast("success", gettext(N_("Saved."))))


ROUTES: list[Any] = [company_page, change_company, add_identifier, end_identifier]
