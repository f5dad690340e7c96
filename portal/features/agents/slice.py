"""What the application takes from this slice."""

from datetime import timedelta

from portal.features.agents import api, jobs, pages, repository, service
from portal.features.agents.domain import AgentState
from portal.features.bundles.domain import HasAgent
from portal.jobs.upkeep import OldRows
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice
from themes.states import State, Tone

CODES_KEPT = timedelta(days=1)
"""After their ten minutes: the audit log keeps who made one."""

SLICE = Slice(
    name="agents",
    pages=pages.ROUTES,
    api=api.ROUTES,
    jobs=jobs,
    answers={HasAgent: service.has_agent},
    old_rows=[OldRows(after=CODES_KEPT, drop=repository.drop_codes)],
    states={
        "agent": {
            AgentState.PAIRED: State(N_("paired"), Tone.INFO, "integrations"),
            AgentState.ONLINE: State(N_("online"), Tone.POSITIVE, "state-on"),
            AgentState.SILENT: State(N_("silent"), Tone.ATTENTION, "state-off"),
            AgentState.REVOKED: State(N_("revoked"), Tone.NEGATIVE, "state-ended"),
        },
    },
    sentences={
        "agents.code_made": (N_("Pairing code made"), "key"),
        "agents.paired": (N_("Agent paired"), "computer"),
        "agents.revoked": (N_("Agent revoked"), "close"),
        "agents.key_made": (N_("Key for programs made"), "key"),
        "agents.key_revoked": (N_("Key for programs revoked"), "close"),
    },
    menu=[
        MenuEntry(Side.STAFF, 40, N_("Agents"), "/agents", "agents", Right.AGENTS),
    ],
)
