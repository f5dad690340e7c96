"""One dossier: what it is, and what happened."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import WriteSession
from portal.features.accounts import service as accounts
from portal.features.audit import service as audit
from portal.features.dossiers import service
from portal.features.dossiers.domain import is_own
from portal.features.dossiers.pages.lists import VAT_NAMES, form_choices, read_dossier
from portal.features.dossiers.service import Dossier
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid
from portal.kernel.language import LANGUAGE_NAMES, N_, gettext
from portal.web.forms import Form
from portal.web.history import told
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff

DAYS = ("books_from", "books_until", "closed_until")
SEEN = "seen_"
"""Before the name of each field: what stood there when the form was opened."""


@get("/dossiers/{dossier_id:uuid}", guards=[staff])
async def detail_page(
    request: HTMXRequest,
    dossier_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template:
    """Name, number, contact, access, and the next step."""
    dossier = await service.open_dossier(session, actor, dossier_id)
    manager = await accounts.person(session, dossier.manager_id) if dossier.manager_id else None
    return render(
        request,
        "pages/dossiers/detail.html",
        dossier=dossier,
        tab="detail",
        company=await service.company_of(session, dossier),
        manager=manager,
        members=await accounts.members(session, dossier.company_id),
        regime=gettext(VAT_NAMES[dossier.vat_regime]),
        language_name=LANGUAGE_NAMES[dossier.language],
        may_edit=actor.may(Right.DOSSIERS_EDIT),
        **await service.invitation_context(session, dossier),
    )


@get("/dossiers/{dossier_id:uuid}/edit", guards=[requires(Right.DOSSIERS_EDIT)])
async def edit_page(
    request: HTMXRequest,
    dossier_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template:
    """The form for changing it."""
    dossier = await service.open_dossier(session, actor, dossier_id)
    values = {
        "name": dossier.name,
        "code": dossier.code or "",
        "language": dossier.language.value,
        "contact_name": dossier.contact_name or "",
        "contact_email": dossier.contact_email or "",
        "contact_phone": dossier.contact_phone or "",
        "activity": dossier.activity or "",
        "vat_regime": dossier.vat_regime.value,
        "manager_id": str(dossier.manager_id or ""),
        **{name: day.isoformat() if (day := getattr(dossier, name)) else "" for name in DAYS},
    }
    return render(
        request,
        "pages/dossiers/edit.html",
        values=values | {f"{SEEN}{name}": value for name, value in values.items()},
        errors={},
        **await _edit_context(session, actor, dossier),
    )


async def _edit_context(session: WriteSession, actor: Actor, dossier: Dossier) -> dict[str, Any]:
    return {
        "dossier": dossier,
        "tab": "detail",
        "may_close": is_own(actor, dossier.manager_id),
        **await form_choices(session, actor, dossier),
    }


@post("/dossiers/{dossier_id:uuid}/edit", guards=[requires(Right.DOSSIERS_EDIT)], status_code=200)
async def edit(
    request: HTMXRequest,
    dossier_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template | Response[Any]:
    """Change it."""
    dossier = await service.open_dossier(session, actor, dossier_id)
    form = await Form.of(request)
    try:
        values = read_dossier(form) | {name: form.day(name) for name in DAYS if name in form.values}
        form.check()
        # What the writer left as it was stays as it is now: somebody else may have closed the books meanwhile.
        values = {name: value for name, value in values.items() if _touched(form, name)}
        async with session.begin_nested():
            await service.change(session, actor, dossier, values)
    except (Invalid, Conflict) as wrong:
        return render(
            request,
            "pages/dossiers/edit.html",
            status=422,
            values=form.values,
            errors=wrong.field_texts() or {"code": wrong.text()},
            **await _edit_context(session, actor, dossier),
        )
    return go(request, f"/dossiers/{dossier.id}", Toast("success", gettext(N_("Saved."))))


def _touched(form: Form, name: str) -> bool:
    return form.values.get(f"{SEEN}{name}") != form.values.get(name, "")


@get("/dossiers/{dossier_id:uuid}/history", guards=[staff])
async def history_page(
    request: HTMXRequest,
    dossier_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Template:
    """What happened in this dossier, newest first."""
    dossier = await service.open_dossier(session, actor, dossier_id)
    found = await audit.history_of_dossier(session, dossier.id, dossier.company_id)
    events = [told(event) for event in found]
    return render(request, "pages/dossiers/history.html", dossier=dossier, tab="history", events=events)


ROUTES: list[Any] = [detail_page, edit_page, edit, history_page]
