"""Correcting what was typed from a paper."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import lock_row
from portal.features.audit import service as audit
from portal.features.documents.domain.entry_form import read_form
from portal.features.documents.domain.identity import own_key
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals, changes, entry_forms, lookups, readable
from portal.features.dossiers.service import opening
from portal.features.dossiers.service.places import Place
from portal.features.records.pages.documents import SAVED, below, looked_up
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.kernel.errors import Conflict
from portal.kernel.language import N_, gettext
from portal.web.edits import Clash, Edit, clashes_in_words, merge_edit
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.sides import own_side

AMENDED = N_("Corrected. Whoever had approved the document is asked again.")


@get(below("/edit"), guards=[own_side])
async def edit_page(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template:
    """Correct what was typed from a paper."""
    async with opening.reading_place(tools.database, actor, dossier_id) as (session, place):
        document = await lookups.document(session, actor, place.company_id, document_id)
        await changes.check_amendable(session, actor, document)
    values = entry_forms.entry_fields(document)
    return await _edit(request, tools, place, document, values, values)


async def _edit(
    request: HTMXRequest,
    tools: Tools,
    place: Place,
    document: Document,
    values: dict[str, str],
    seen: dict[str, str],
    *,
    faults: dict[str, str] | None = None,
    problem: str | None = None,
    overtaken: Sequence[Clash] = (),
) -> Template:
    pages, read = await readable.looked_at(tools, document)
    return render(
        request,
        "pages/records/edit.html",
        status=409 if overtaken else 422 if faults or problem else 200,
        seen=seen,
        overtaken=overtaken,
        place=place,
        dossier=place.dossier,
        tab="documents",
        document=document,
        pages=pages,
        readable=read,
        problem=problem,
        **entry_forms.entry_context(values, faults or {}, f"{place.intake}/amounts"),
    )


@post(below("/edit"), guards=[own_side], status_code=200)
async def edit(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    tools: NamedDependency[Tools],
    document_id: FromPath[UUID],
    dossier_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Save the correction as a new version. What somebody else corrected meanwhile stays, or is asked where both did."""
    form = await Form.of(request)
    edit, before = Edit(frozenset(), (), {}), 0
    try:
        async with opening.place(tools.database, actor, dossier_id) as (session, place):
            document = await lookups.document(session, actor, place.company_id, document_id)
            await lock_row(session, document)
            await changes.check_amendable(session, actor, document)
            present = entry_forms.entry_fields(document)
            edit = merge_edit(form, present, entry_forms.ENTRY_GROUPS)
            overtaken: list[Clash] = []
            if edit.clashes:
                events = await audit.history_of(session, document.id)
                words = entry_forms.entry_words()
                overtaken = clashes_in_words(edit, form, present, words, events, entry_forms.ENTRY_COLUMNS)
            patch, faults = read_form(form.values)
            new = None
            if patch is not None and not overtaken:
                us = own_key(await arrivals.identity_of(session, document.company_id))
                before = document.version
                new = await changes.amend(session, actor, document, patch, us=us, dossier_id=place.dossier_id)
    except Conflict as refused:
        if refused.code != "duplicate":
            raise
        place, document = await looked_up(tools, actor, dossier_id, document_id)
        return await _edit(request, tools, place, document, form.values, edit.seen, problem=refused.text())
    if new is None:
        faults = {} if overtaken else faults
        return await _edit(
            request, tools, place, document, form.values, edit.seen, faults=faults, overtaken=overtaken
        )
    text = gettext(AMENDED if new.version > before else SAVED)
    return go(request, f"{place.base}/documents/{document.id}", Toast("success", text))


ROUTES: list[Any] = [edit_page, edit]
