"""Pages of items: moving papers to another dossier of the same company, and what stood in two dossiers."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath, FromQuery
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.figures import figures
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import dossiers
from portal.features.items.service import holding, places
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Invalid, NotFound
from portal.kernel.language import N_, gettext, ngettext
from portal.web.forms import Form, uuid_or_none
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff

MOVE = "/dossiers/{dossier_id:uuid}/move"
CHOOSE = N_("Choose the dossier to move to.")
LET_GO = N_("It may leave with its attachments as they are.")
NONE_CHOSEN = N_("Choose at least one document first.")


@get(MOVE, guards=[staff, requires(Right.EXPORT)])
async def move_page(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    dossier: NamedDependency[Dossier],
    selected: FromQuery[list[UUID] | None] = None,
) -> Template:
    """The page that asks to which dossier of the company items are moved."""
    return await _ask(request, session, actor, dossier, selected or [])


async def _ask(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    dossier: Dossier,
    ids: Sequence[UUID],
    problem: str | None = None,
    chosen: str = "",
) -> Template:
    found = await places.to_move(session, dossier, ids)
    others = await dossiers.others_on_company(session, actor, dossier)
    if not found or not others:
        raise NotFound
    return render(
        request,
        "pages/items/move.html",
        status=422 if problem else 200,
        dossier=dossier,
        tab="documents",
        rows=[(item, gettext(why) if why else None) for item, why in found],
        others=[(str(one.id), one.title, one.code) for one in others],
        free=[str(item.document_id or item.statement_id) for item, why in found if why is None],
        problem=problem,
        chosen=chosen or (str(others[0].id) if len(others) == 1 else ""),
    )


@post(MOVE, guards=[staff, requires(Right.EXPORT)], status_code=200)
async def move(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    dossier: NamedDependency[Dossier],
) -> Template | Response[Any]:
    """Move the chosen papers; a list's selection comes without a dossier yet, and is asked for one."""
    form = await Form.of(request)
    ids = [one for text in form.all("selected") if (one := uuid_or_none(text)) is not None]
    if not ids:
        return go(request, f"/dossiers/{dossier.id}/documents", Toast("warning", gettext(NONE_CHOSEN)))
    asked = form.text("to")
    if not asked:
        problem = gettext(CHOOSE) if "asked" in form.values else None
        return await _ask(request, session, actor, dossier, ids, problem)
    to = uuid_or_none(asked)
    if to is None:
        raise NotFound
    target = await dossiers.look_up(session, actor, to)
    try:
        done = await places.move_to(session, actor, dossier, target, ids)
    except (Conflict, Invalid) as wrong:
        return await _ask(request, session, actor, dossier, ids, wrong.text())
    if not done.moved:
        return await _ask(request, session, actor, dossier, ids, gettext(done.stayed[0][1]), asked)
    text = ngettext("Moved to %(dossier)s.", "%(num)s moved to %(dossier)s.", len(done.moved))
    parts = [text % {"num": len(done.moved), "dossier": target.title}]
    if done.stayed:
        stay = ngettext("One stays here: %(why)s", "%(num)s stay here: %(why)s", len(done.stayed))
        parts.append(stay % {"num": len(done.stayed), "why": gettext(done.stayed[0][1])})
    part = "documents" if any(item.document_id for item in done.moved) else "bank"
    toast = Toast(
        "success",
        " ".join(parts),
        f"/dossiers/{target.id}/{part}",
        gettext(N_("To the other dossier")),
    )
    return go(request, f"/dossiers/{dossier.id}/{part}", toast)


@get("/doubles", guards=[staff])
async def doubles_page(
    request: HTMXRequest, session: NamedDependency[ReadSession], actor: NamedDependency[Actor]
) -> Template:
    """What stood in two dossiers: which of the two counts."""
    rows = await places.doubles(session, actor)
    ids = {one.item.dossier_id for one in rows} | {one.counts.dossier_id for one in rows if one.counts}
    return render(
        request,
        "pages/items/doubles.html",
        rows=rows,
        total=(await figures(session, total=places.doubles_count(actor))).total,
        names={one: name for one, (name, _code) in (await dossiers.names(session, actor, ids)).items()},
        may_note=actor.may(Right.EXPORT),
    )


@post("/doubles", guards=[staff, requires(Right.EXPORT)], status_code=200)
async def note_doubles(
    request: HTMXRequest, session: NamedDependency[WriteSession], actor: NamedDependency[Actor]
) -> Response[Any]:
    """Take note of the chosen ones: they leave the list."""
    form = await Form.of(request)
    ids = [one for text in form.all("selected") if (one := uuid_or_none(text)) is not None]
    seen = await places.note_doubles(session, actor, ids)
    text = ngettext("%(num)s noted.", "%(num)s noted.", seen) % {"num": seen}
    return go(request, "/doubles", Toast("success", text) if seen else Toast("warning", gettext(NONE_CHOSEN)))


@post(
    "/dossiers/{dossier_id:uuid}/documents/{document_id:uuid}/let-go",
    guards=[staff, requires(Right.EXPORT)],
    status_code=200,
)
async def let_go(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    dossier: NamedDependency[Dossier],
    document_id: FromPath[UUID],
) -> Response[Any]:
    """A document held for its attachments goes on: somebody has looked at them."""
    here = f"/dossiers/{dossier.id}/documents/{document_id}"
    try:
        await holding.let_go(session, actor, dossier, document_id)
    except Conflict as gone:
        return go(request, here, Toast("warning", gone.text()))
    return go(request, here, Toast("success", gettext(LET_GO)))


ROUTES: list[Any] = [move_page, move, doubles_page, note_doubles, let_go]
