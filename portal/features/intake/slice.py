"""What the application takes from this slice."""

from portal.features.intake import jobs, pages
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.service import lookups
from portal.features.retention.domain import ArchivesWith
from portal.jobs.upkeep import NamesObjects
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice
from themes.states import State, Tone

SLICE = Slice(
    name="intake",
    pages=pages.ROUTES,
    jobs=jobs,
    answers={ArchivesWith: lookups.archives_with},
    objects=[
        NamesObjects(
            table="intake_file", owner="company", columns=("sha256", "hints.pdf_sha256"), erasable=True
        )
    ],
    states={
        "intake": {
            IntakeState.RECEIVED: State(N_("received"), Tone.INFO, "quick-entry"),
            IntakeState.TO_PROCESS: State(N_("to process"), Tone.ATTENTION, "quick-entry"),
            IntakeState.PROCESSED: State(N_("processed"), Tone.POSITIVE, "state-approved"),
            IntakeState.SPLIT: State(N_("split"), Tone.NEUTRAL, "state-split"),
            IntakeState.REJECTED: State(N_("rejected"), Tone.NEGATIVE, "state-rejected"),
        },
    },
    sentences={
        "intake.handed_in": (N_("Files handed in"), "upload"),
        "intake.processed": (N_("File processed"), "check"),
        "intake.rejected": (N_("File rejected"), "close"),
        "intake.rejection_undone": (N_("Rejection of a file undone"), "undo"),
    },
    menu=[
        MenuEntry(Side.MEMBERS, 40, N_("Hand in"), "/hand-in", "upload", Right.UPLOAD),
    ],
)
