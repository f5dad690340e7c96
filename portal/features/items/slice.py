"""What the application takes from this slice."""

from portal.features.items import jobs, pages
from portal.features.items.domain import ApprovalState, ItemState
from portal.kernel.language import N_
from portal.web.slices import Slice
from themes.states import State, Tone

SLICE = Slice(
    name="items",
    pages=pages.ROUTES,
    jobs=jobs,
    states={
        "item": {
            ItemState.NEW: State(N_("new"), Tone.INFO, "state-new"),
            ItemState.WAITING: State(N_("waiting for approval"), Tone.ATTENTION, "state-waiting"),
            ItemState.HELD: State(N_("held back"), Tone.ATTENTION, "state-held"),
            ItemState.READY: State(N_("ready to export"), Tone.INFO, "state-ready"),
            ItemState.RESERVED: State(N_("being exported"), Tone.INFO, "state-running"),
            ItemState.BUNDLED: State(N_("in a bundle"), Tone.SETTLED, "state-bundle"),
            ItemState.DELIVERED: State(N_("delivered"), Tone.POSITIVE, "state-delivered"),
            ItemState.ASIDE: State(N_("put aside"), Tone.NEUTRAL, "state-held"),
            ItemState.SUPERSEDED: State(N_("counts in another dossier"), Tone.NEUTRAL, "state-held"),
        },
        "approval": {
            ApprovalState.NOT_NEEDED: State(N_("no approval needed"), Tone.NEUTRAL, "state-approved"),
            ApprovalState.WAITING: State(N_("waiting for approval"), Tone.ATTENTION, "state-waiting"),
            ApprovalState.APPROVED: State(N_("approved"), Tone.POSITIVE, "state-approved"),
            ApprovalState.DISPUTED: State(N_("disputed"), Tone.NEGATIVE, "state-rejected"),
            ApprovalState.NOT_OURS: State(N_("not ours"), Tone.NEGATIVE, "state-rejected"),
        },
    },
    sentences={
        "documents.deleted": (N_("Document deleted"), "delete"),
        "items.held": (N_("Items held back"), "note"),
        "items.resumed": (N_("Held items go on"), "check"),
        "items.let_go": (N_("Document may leave with its attachments"), "check"),
        "items.moved_out": (N_("Moved to the dossier %(dossier)s"), "forward"),
        "items.moved_in": (N_("Moved here from the dossier %(dossier)s"), "forward"),
        "items.double_noted": (N_("Stood in two dossiers: noted"), "check"),
    },
)
