"""Agents: programs that fetch bundles and write their files where the bookkeeping package reads them."""

import enum

from portal.kernel.machine import machine


class AgentState(enum.StrEnum):
    """Online and silent follow from when it was last heard."""

    PAIRED = "paired"
    ONLINE = "online"
    SILENT = "silent"
    REVOKED = "revoked"


AGENT = machine(
    AgentState.PAIRED,
    {
        AgentState.PAIRED: {AgentState.ONLINE, AgentState.SILENT, AgentState.REVOKED},
        # online stays online each time it is heard; revoked goes nowhere
        AgentState.ONLINE: {AgentState.ONLINE, AgentState.SILENT, AgentState.REVOKED},
        AgentState.SILENT: {AgentState.ONLINE, AgentState.REVOKED},
    },
)
