"""Jobs of imports: accepted lists, batch by batch."""

from datetime import timedelta

from portal.db.session import WriteSession
from portal.features.imports.service import acceptance
from portal.features.imports.service.acceptance import AcceptRows
from portal.jobs.contract import Tools, handles, sweeps
from portal.kernel.actor import Actor

STOPPED_AFTER = timedelta(minutes=2)


@handles(AcceptRows)
async def accept_rows(session: WriteSession, actor: Actor, job: AcceptRows, tools: Tools) -> None:
    """One batch of an accepted list."""
    await acceptance.accept_rows(session, tools, actor, job)


@sweeps("dossiers.end_stopped_imports", every=60)
async def end_stopped_imports(session: WriteSession, tools: Tools) -> None:
    """Lists whose batch was given up must not look as if somebody still worked on them."""
    await acceptance.go_on(session, tools.clock.now() - STOPPED_AFTER)
