"""The one generator dependency: one transaction per request, committed after the answer is rendered and before it is sent.

Returning commits, raising rolls back. Everything else a handler gets is a plain dependency: with two generators Litestar cleans up
concurrently, and an error would match no handler.

What a handler asks for by name and what decides the scope of its transaction (`Given`: the dossier of its path) is looked up as the
transaction begins, inside this generator: Litestar ends no generator when another dependency raises.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

from litestar import Request
from litestar.datastructures import State
from litestar.di import NamedDependency, Provide

from portal.db.session import ReadSession, scope_of
from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.web.directories import HostFirm, SignedIn

EFFECT = "effect"
"""The option of a GET that writes something: what, and why it must. Without it a GET gets a READ ONLY transaction."""


Given = Callable[[ReadSession, Actor, Mapping[str, Any]], Awaitable[object]]
"""Looks something up at the beginning of a request's transaction, by the parameters of its path; may raise what the request answers."""


async def provide_session(request: Request[Any, Any, Any], state: State) -> AsyncIterator[ReadSession]:
    """The unit of work, in the scope of whoever is asking; one of a GET reads."""
    tools: Tools = state.tools
    database = tools.database
    reads = request.method == "GET" and EFFECT not in request.route_handler.opt
    begin = database.reading if reads else database.transaction
    asked = request.route_handler.parsed_fn_signature.parameters
    given: Mapping[str, Given] = state.given
    async with begin(scope_of(request.state.actor)) as session:
        request.state.given = {
            name: await look_up(session, request.state.actor, request.path_params)
            for name, look_up in given.items()
            if name in asked
        }
        request.state.session = session
        try:
            yield session
        finally:  # a page of an error comes after the transaction: what it counts is asked in another
            request.state.session = None


def provide_given(name: str) -> Provide:
    """One of those that the session was begun with."""

    async def provide(
        request: Request[Any, Any, Any],
        session: NamedDependency[ReadSession],  # noqa: ARG001 - it is begun first
    ) -> Any:
        return request.state.given[name]

    return Provide(provide)


async def provide_actor(request: Request[Any, Any, Any]) -> Actor:
    """Who is asking; a visitor when nobody is signed in."""
    return request.state.actor


async def provide_tools(state: State) -> Tools:
    """Dependency: the tools of the application."""
    return state.tools


async def provide_firm(request: Request[Any, Any, Any]) -> HostFirm:
    """The firm whose host was asked."""
    return request.state.firm


async def provide_signed_in(request: Request[Any, Any, Any]) -> SignedIn | None:
    """The live session, if there is one."""
    return request.state.signed_in
