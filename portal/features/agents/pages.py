"""The Agents page: pairing, status, ending."""

from typing import Any
from uuid import UUID

from litestar import Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.plugins.htmx import HTMXRequest
from litestar.response import Template

from portal.db.session import WriteSession
from portal.features.agents import service
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor, Right
from portal.kernel.language import N_, gettext
from portal.web.directories import HostFirm
from portal.web.forms import Form
from portal.web.render import Toast, go, render
from portal.web.security import requires


@get("/agents", guards=[requires(Right.AGENTS)])
async def agents_page(request: HTMXRequest, session: NamedDependency[WriteSession]) -> Template:
    """The firm's agents and how they are."""
    agents = await service.listed(session)
    return render(
        request, "pages/agents/list.html", block="agents", agents=agents, code=None, ends=None, command=""
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
    code, ends = await service.new_code(session, actor, form.text("name", longest=80))
    address = tools.settings.origin(firm.host).partition("://")[2]
    return render(
        request,
        "pages/agents/list.html",
        agents=await service.listed(session),
        code=code,
        ends=ends,
        command=f"fidero-agent pair {address} {code}",
    )


@get("/agents/code", guards=[requires(Right.AGENTS)])
async def code_is_shown_once(request: HTMXRequest) -> Response[Any]:
    """The address after making a code, opened again: the code is not there any more."""
    return go(request, "/agents")


@post("/agents/{agent_id:uuid}/revoke", guards=[requires(Right.AGENTS)], status_code=200)
async def revoke(
    request: HTMXRequest,
    agent_id: FromPath[UUID],
    actor: NamedDependency[Actor],
    session: NamedDependency[WriteSession],
) -> Response[Any]:
    """End an agent."""
    ended = await service.revoke(session, actor, agent_id)
    text = gettext(N_("%(name)s can fetch nothing any more.")) % {"name": ended.name}
    return go(request, "/agents", Toast("success", text))


ROUTES: list[Any] = [agents_page, new_code, code_is_shown_once, revoke]
