"""Jobs of agents."""

from portal.db.session import WriteSession
from portal.features.agents import service
from portal.jobs.contract import Tools, sweeps


@sweeps("agents.mark_silent_agents", every=30)
async def mark_silent_agents(session: WriteSession, _tools: Tools) -> None:
    """An agent that has not called for some minutes is shown as silent."""
    await service.mark_silent(session)
