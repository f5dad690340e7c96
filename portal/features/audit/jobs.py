"""The sweep that seals audit events into their chains."""

from portal.db.session import WriteSession
from portal.features.audit import service
from portal.jobs.contract import Tools, sweeps


@sweeps("audit.seal_events", every=5)
async def seal_events(session: WriteSession, _tools: Tools) -> None:
    """Chain the latest events of every firm and company."""
    await service.seal(session)
