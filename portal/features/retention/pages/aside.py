"""Pages that put received originals aside and bring them back. The same for both sides, for documents and statements."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.service.places import Place
from portal.features.retention.service import aside
from portal.features.retention.service.aside import Paper
from portal.kernel.actor import Actor
from portal.kernel.errors import Invalid
from portal.kernel.language import N_, gettext
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.sides import own_side

PLACES = ("/dossiers/{dossier_id:uuid}", "")
DOCUMENT = [f"{place}/documents/{{document_id:uuid}}" for place in PLACES]
STATEMENT = [f"{place}/bank/{{statement_id:uuid}}" for place in PLACES]
PAPERS = [*DOCUMENT, *STATEMENT]
PUT_ASIDE = N_("Put aside. Both sides are told, with your reason.")
BROUGHT_BACK = N_("Brought back. Both sides are told.")


def below(papers: list[str], path: str) -> list[str]:
    """The paths of something that belongs to one paper, on both sides."""
    return [one + path for one in papers]


def which(document_id: UUID | None, statement_id: UUID | None) -> tuple[str, UUID]:
    """The table and the id of the paper that a path names: it has one of them."""
    if document_id is not None:
        return "document", document_id
    assert statement_id is not None
    return "statement", statement_id


def _asked(
    request: HTMXRequest, place: Place, paper: Paper, form: Form | None = None, fault: str | None = None
) -> Template:
    return render(
        request,
        "pages/retention/put_aside.html",
        status=422 if fault else 200,
        place=place,
        dossier=place.dossier,
        tab="documents" if paper.table == "document" else "bank",
        paper=paper,
        reason=form.values.get("reason", "") if form else "",
        fault=fault,
    )


async def _ask(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    place: Place,
    table: str,
    paper_id: UUID,
) -> Template:
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    await aside.check_aside(session, actor, paper)
    return _asked(request, place, paper)


async def _put(
    request: HTMXRequest,
    session: WriteSession,
    actor: Actor,
    place: Place,
    table: str,
    paper_id: UUID,
) -> Template | Response[Any]:
    form = await Form.of(request)
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    try:
        await aside.put_aside(session, actor, paper, form.text("reason"), dossier_id=place.dossier_id)
    except Invalid as missing:
        return _asked(request, place, paper, form, missing.text())
    return go(request, f"{place.base}{paper.path}", Toast("success", gettext(PUT_ASIDE)))


async def _back(
    request: HTMXRequest,
    session: WriteSession,
    actor: Actor,
    place: Place,
    table: str,
    paper_id: UUID,
) -> Response[Any]:
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    await aside.bring_back(session, actor, paper, dossier_id=place.dossier_id)
    return go(request, f"{place.base}{paper.path}", Toast("success", gettext(BROUGHT_BACK)))


@get(below(PAPERS, "/put-aside"), guards=[own_side])
async def ask(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Template:
    """The page that asks why a paper is put aside."""
    return await _ask(request, session, actor, place, *which(document_id, statement_id))


@post(below(PAPERS, "/put-aside"), guards=[own_side], status_code=200)
async def put_aside(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Put a document or statement aside, with a reason that both sides read."""
    return await _put(request, session, actor, place, *which(document_id, statement_id))


@post(below(PAPERS, "/bring-back"), guards=[own_side], status_code=200)
async def bring_back(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """Bring a paper back: it counts again, in every office."""
    return await _back(request, session, actor, place, *which(document_id, statement_id))


ROUTES: list[Any] = [
    ask,
    put_aside,
    bring_back,
]
