"""The Agents page: pairing, status, ending; keys for scripts and integrations."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import ReadSession, WriteSession
from portal.features.agents import service
from portal.features.agents.domain import KeyScope
from portal.features.bundles.domain import Backlog
from portal.features.bundles.service import deliveries, runs
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Invalid
from portal.kernel.language import N_, gettext
from portal.web.directories import HostFirm
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires

SCOPE_NAMES = {
    KeyScope.DOCUMENTS_READ: N_("read documents"),
    KeyScope.DOCUMENTS_WRITE: N_("read, correct and delete documents"),
}


@get("/agents", guards=[requires(Right.AGENTS)])
async def agents_page(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[ReadSession]
) -> Template:
    """The firm's agents and how they are."""
    return await _page(request, session, actor)


async def _page(
    request: HTMXRequest, session: ReadSession, actor: Actor, *, status: int = 200, **shown: Any
) -> Template:
    unless_shown: dict[str, Any] = {"code": None, "ends": None, "command": "", "key": None, "errors": {}}
    return render(
        request,
        "pages/agents/list.html",
        block="agents",
        status=status,
        agents=await service.listed(session),
        keys=await service.keys(session),
        by_hand=await runs.by_hand(session, actor),
        failed=[
            (run, deliveries.refusal_text(run.delivery))
            for run in await runs.failed(session, actor)
            if run.delivery
        ],
        scopes=[(scope.value, gettext(text)) for scope, text in SCOPE_NAMES.items()],
        **(unless_shown | shown),
    )


@post("/agents/code", guards=[requires(Right.AGENTS)], status_code=200)
async def new_code(
    request: HTMXRequest,
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
    firm: NamedDependency[HostFirm],
    tools: NamedDependency[Tools],
) -> Template:
    """A code for one more agent; shown once."""
    form = await Form.of(request)
    backlog = form.choice("backlog", Backlog, default=Backlog.FROM_NOW)
    try:
        form.check()
    except Invalid as wrong:
        return await _page(request, session, actor, status=422, errors=wrong.field_texts())
    code, ends = await service.new_code(session, actor, form.text("name", longest=80), backlog)
    address = tools.settings.origin(firm.host).partition("://")[2]
    return await _page(
        request, session, actor, code=code, ends=ends, command=f"fidero-agent pair {address} {code}"
    )


@post("/agents/keys", guards=[requires(Right.AGENTS)], status_code=200)
async def new_key(
    request: HTMXRequest, actor: NamedDependency[Actor], session: NamedDependency[WriteSession]
) -> Template:
    """A key for a script or an integration; shown once."""
    form = await Form.of(request)
    scope = form.choice("scope", KeyScope, default=KeyScope.DOCUMENTS_READ)
    try:
        form.check()
        key = await service.new_key(session, actor, form.text("key_name", longest=80), scope)
    except Invalid as wrong:
        return await _page(request, session, actor, status=422, errors=wrong.field_texts())
    return await _page(request, session, actor, key=key)


@post("/agents/keys/{key_id:uuid}/revoke", guards=[requires(Right.AGENTS)], status_code=200)
async def revoke_key(
    request: HTMXRequest,
    key_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """Revoke the key of a program; it opens nothing from now on."""
    ended = await service.revoke_key(session, actor, key_id)
    text = gettext(N_("The key “%(name)s” opens nothing any more.")) % {"name": ended.name}
    return go(request, "/agents", Toast("success", text))


@get(["/agents/code", "/agents/keys"], guards=[requires(Right.AGENTS)])
async def shown_once(request: HTMXRequest) -> Response[Any]:
    """The address after making a code or a key, opened again: it is not there any more."""
    return go(request, "/agents")


@post("/agents/{agent_id:uuid}/revoke", guards=[requires(Right.AGENTS)], status_code=200)
async def revoke(
    request: HTMXRequest,
    agent_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """Revoke an agent: its key opens nothing from now on, and what waits for it waits for another."""
    ended = await service.revoke(session, actor, agent_id)
    text = gettext(N_("%(name)s can fetch nothing any more.")) % {"name": ended.name}
    return go(request, "/agents", Toast("success", text))


ROUTES: list[Any] = [agents_page, new_code, new_key, shown_once, revoke, revoke_key]
