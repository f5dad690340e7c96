"""Pages on which one person of the office proposes to erase a paper, a second one answers, and everybody reads what became of it."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.documents.domain.retention import kept_until
from portal.features.dossiers.service.places import Place
from portal.features.retention.domain import KIND_WORDS
from portal.features.retention.pages.aside import DOCUMENT, PAPERS, STATEMENT, below, which
from portal.features.retention.service import aside, erasures
from portal.features.retention.service.aside import Paper
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Invalid
from portal.kernel.language import N_, gettext
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires, staff
from portal.web.sides import own_side

OF_OFFICE = [DOCUMENT[0], STATEMENT[0]]
PROPOSED = N_("Proposed. A second person of your office has to confirm it.")
WITHDRAWN = N_("Withdrawn. It stays put aside.")
REFUSED = N_("Refused. It stays put aside, and who proposed it is told why.")
ERASED = N_("Erased. Its stored files are destroyed within minutes.")
STAFF_WITH_PAPERS = [staff, requires(Right.UPLOAD)]


async def _look(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    place: Place,
    table: str,
    paper_id: UUID,
) -> Template | Response[Any]:
    """What is left of an erased paper; of one that is put aside how erasing it stands; else back to its page."""
    paper = await aside.paper_of(session, actor, place, table, paper_id, erased=True)
    stone = await erasures.tombstone(session, table, paper_id)
    erasing = await erasures.status_of(session, actor, place, paper)
    if stone is None and erasing is None:
        return go(request, f"{place.base}{paper.path}")
    return render(
        request,
        "pages/retention/erasure.html",
        block="erasing",
        place=place,
        dossier=place.dossier,
        tab=_tab(paper),
        paper=paper,
        stone=stone,
        erasing=erasing,
        kinds=_kinds(),
        kept_until=kept_until(aside.day_of(paper)),
        may_settle=actor.may(Right.FIRM_SETTINGS),
    )


def _tab(paper: Paper) -> str:
    return "documents" if paper.table == "document" else "bank"


def _kinds() -> dict[str, str]:
    return {kind.value: gettext(word) for kind, word in KIND_WORDS.items()}


async def _ask(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    place: Place,
    paper: Paper,
    form: Form | None = None,
    fault: Invalid | None = None,
) -> Template:
    erasing = await erasures.status_of(session, actor, place, paper)
    return render(
        request,
        "pages/retention/erase.html",
        status=422 if fault else 200,
        place=place,
        dossier=place.dossier,
        tab=_tab(paper),
        paper=paper,
        kinds=list(_kinds().items()),
        kind=form.values.get("kind", "") if form else "",
        reason=form.values.get("reason", "") if form else "",
        faults=fault.field_texts() if fault else {},
        others=erasing.others if erasing else [],
        may_settle=actor.may(Right.FIRM_SETTINGS),
        beside=await erasures.beside(session, paper),
    )


async def _propose_form(
    request: HTMXRequest, session: ReadSession, actor: Actor, place: Place, table: str, paper_id: UUID
) -> Template:
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    await erasures.check_erasable(session, actor, paper)
    return await _ask(request, session, actor, place, paper)


async def _propose(
    request: HTMXRequest, session: WriteSession, actor: Actor, place: Place, table: str, paper_id: UUID
) -> Template | Response[Any]:
    form = await Form.of(request)
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    try:
        await erasures.propose(
            session, actor, place, paper, form.values.get("kind", ""), form.values.get("reason", "")
        )
    except Invalid as wrong:
        return await _ask(request, session, actor, place, paper, form, wrong)
    return go(request, f"{place.base}{paper.path}", Toast("success", gettext(PROPOSED)))


async def _withdraw(
    request: HTMXRequest, session: WriteSession, actor: Actor, place: Place, table: str, paper_id: UUID
) -> Response[Any]:
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    await erasures.withdraw(session, actor, paper)
    return go(request, f"{place.base}{paper.path}", Toast("success", gettext(WITHDRAWN)))


async def _question(
    request: HTMXRequest,
    session: ReadSession,
    actor: Actor,
    place: Place,
    paper: Paper,
    form: Form | None = None,
    fault: str | None = None,
) -> Template:
    return render(
        request,
        "pages/retention/answer.html",
        status=422 if fault else 200,
        place=place,
        dossier=place.dossier,
        tab=_tab(paper),
        paper=paper,
        proposal=await erasures.proposal_to_answer(session, actor, paper),
        kinds=_kinds(),
        reason=form.values.get("reason", "") if form else "",
        fault=fault,
        beside=await erasures.beside(session, paper),
    )


async def _answer_form(
    request: HTMXRequest, session: ReadSession, actor: Actor, place: Place, table: str, paper_id: UUID
) -> Template:
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    return await _question(request, session, actor, place, paper)


async def _answer(
    request: HTMXRequest, session: WriteSession, actor: Actor, place: Place, table: str, paper_id: UUID
) -> Template | Response[Any]:
    form = await Form.of(request)
    paper = await aside.paper_of(session, actor, place, table, paper_id)
    here = f"{place.base}{paper.path}"
    if form.values.get("answer") == "erase":
        await erasures.confirm(session, actor, paper)
        return go(request, f"{here}/erasure", Toast("success", gettext(ERASED)))
    try:
        await erasures.refuse(session, actor, paper, form.values.get("reason", ""))
    except Invalid as missing:
        return await _question(request, session, actor, place, paper, form, missing.text())
    return go(request, here, Toast("success", gettext(REFUSED)))


@get(below(PAPERS, "/erasure"), guards=[own_side])
async def erasure(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """What is left of an erased document or statement, or how erasing it stands."""
    return await _look(request, session, actor, place, *which(document_id, statement_id))


@get(below(OF_OFFICE, "/erase"), guards=STAFF_WITH_PAPERS)
async def ask(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Template:
    """Ask why it should be erased."""
    return await _propose_form(request, session, actor, place, *which(document_id, statement_id))


@post(below(OF_OFFICE, "/erase"), guards=STAFF_WITH_PAPERS, status_code=200)
async def propose(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """Propose to erase a document or statement that is put aside."""
    return await _propose(request, session, actor, place, *which(document_id, statement_id))


@post(below(OF_OFFICE, "/erase/withdraw"), guards=STAFF_WITH_PAPERS, status_code=200)
async def withdraw(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Response[Any]:
    """Who proposed it thinks better of it."""
    return await _withdraw(request, session, actor, place, *which(document_id, statement_id))


@get(below(OF_OFFICE, "/erase/answer"), guards=STAFF_WITH_PAPERS)
async def question(
    request: HTMXRequest,
    session: NamedDependency[ReadSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Template:
    """The page on which the second person confirms or refuses."""
    return await _answer_form(request, session, actor, place, *which(document_id, statement_id))


@post(below(OF_OFFICE, "/erase/answer"), guards=STAFF_WITH_PAPERS, status_code=200)
async def answer(
    request: HTMXRequest,
    session: NamedDependency[WriteSession],
    actor: NamedDependency[Actor],
    place: NamedDependency[Place],
    document_id: FromPath[UUID | None] = None,
    statement_id: FromPath[UUID | None] = None,
) -> Template | Response[Any]:
    """The second person erases it, or refuses with a reason."""
    return await _answer(request, session, actor, place, *which(document_id, statement_id))


ROUTES: list[Any] = [
    erasure,
    ask,
    propose,
    withdraw,
    question,
    answer,
]
