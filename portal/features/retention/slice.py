"""What the application takes from this slice."""

from portal.features.retention import api, jobs, pages
from portal.features.retention.domain import ErasureState
from portal.kernel.language import N_
from portal.web.slices import Slice
from themes.states import State, Tone

SLICE = Slice(
    name="retention",
    pages=pages.ROUTES,
    api=api.ROUTES,
    jobs=jobs,
    states={
        "erasure": {
            ErasureState.CONFIRMED: State(N_("erased"), Tone.NEUTRAL, "delete"),
        },
    },
    sentences={
        "documents.put_aside": (N_("Document put aside"), "state-held"),
        "documents.brought_back": (N_("Document brought back"), "undo"),
        "documents.erasure_proposed": (N_("Erasing a document proposed"), "delete"),
        "documents.erasure_withdrawn": (N_("Proposal to erase withdrawn"), "undo"),
        "documents.erasure_refused": (N_("Erasing a document refused"), "close"),
        "documents.erased": (N_("Document erased by a second person, as %(proposed_by)s proposed"), "delete"),
        "banking.put_aside": (N_("Bank statement put aside"), "state-held"),
        "banking.brought_back": (N_("Bank statement brought back"), "undo"),
        "banking.erasure_proposed": (N_("Erasing a bank statement proposed"), "delete"),
        "banking.erasure_withdrawn": (N_("Proposal to erase withdrawn"), "undo"),
        "banking.erasure_refused": (N_("Erasing a bank statement refused"), "close"),
        "banking.erased": (
            N_("Bank statement erased by a second person, as %(proposed_by)s proposed"),
            "delete",
        ),
    },
)
