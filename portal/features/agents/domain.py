"""Programs: agents, which write bundles where the bookkeeping package reads them, and keys for scripts and integrations."""

import enum

from portal.kernel.actor import Right
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


class KeyScope(enum.StrEnum):
    """What a key opens, in every dossier of the firm."""

    DOCUMENTS_READ = "documents:read"
    DOCUMENTS_WRITE = "documents:write"


SCOPES: dict[KeyScope, tuple[Right, ...]] = {
    KeyScope.DOCUMENTS_READ: (Right.DOSSIERS_SEE, Right.DOCUMENTS_SEE),
    KeyScope.DOCUMENTS_WRITE: (Right.DOSSIERS_SEE, Right.DOCUMENTS_SEE, Right.UPLOAD),
}
