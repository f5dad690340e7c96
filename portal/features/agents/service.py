"""Agents: pairing, keys, heartbeats."""

from portal.jobs.contract import Tools
from portal.kernel.actor import Actor
from portal.kernel.ids import FirmId


class Keys:
    """The KeyDirectory of the web."""

    def __init__(self, tools: Tools) -> None:
        self._tools = tools

    async def find(self, key: str, firm_id: FirmId) -> Actor | None:
        """The agent a bearer key belongs to."""
        return None
