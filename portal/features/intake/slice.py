"""What the application takes from this slice."""

from datetime import timedelta

from portal.features.intake import jobs, pages
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.domain.inbox import InboxState
from portal.features.intake.models import InboxFile, IntakeFile
from portal.features.intake.service import inbox, lookups, scans
from portal.features.retention.domain import ArchivesWith
from portal.jobs.upkeep import NamesObjects, OldRows
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice
from themes.states import State, Tone

KEPT = timedelta(days=90)
"""So long a file of the inbox is kept that was discarded or handed over: by then it is in its dossier, or nobody's."""

OUT_OF_REACH = timedelta(days=7)
"""So long the bytes of a file that carries malware are kept, out of everybody's reach: the operators may look what it was."""

SLICE = Slice(
    name="intake",
    pages=pages.ROUTES,
    jobs=jobs,
    answers={ArchivesWith: lookups.archives_with},
    old_rows=[
        OldRows(after=KEPT, drop=inbox.drop_old),
        OldRows(after=OUT_OF_REACH, drop=scans.remove_old),
    ],
    objects=[
        NamesObjects(
            model=IntakeFile,
            columns=("sha256", "hints.pdf_sha256", "hints.ubl_sha256", "reason_params.sha256"),
            erasable=True,
        ),
        NamesObjects(model=InboxFile, columns=("object_sha256", "reason_params.sha256"), erasable=True),
    ],
    states={
        "intake": {
            IntakeState.RECEIVED: State(N_("received"), Tone.INFO, "quick-entry"),
            IntakeState.TO_PROCESS: State(N_("to process"), Tone.ATTENTION, "quick-entry"),
            IntakeState.PROCESSED: State(N_("processed"), Tone.POSITIVE, "state-approved"),
            IntakeState.SPLIT: State(N_("split"), Tone.NEUTRAL, "state-split"),
            IntakeState.REJECTED: State(N_("rejected"), Tone.NEGATIVE, "state-rejected"),
            IntakeState.MERGED: State(N_("put together"), Tone.NEUTRAL, "copy"),
        },
        "inbox": {
            InboxState.RECEIVED: State(N_("being read"), Tone.INFO, "state-running"),
            InboxState.WAITING: State(N_("waits"), Tone.ATTENTION, "quick-entry"),
            InboxState.ROUTED: State(N_("handed over"), Tone.POSITIVE, "check"),
            InboxState.SPLIT: State(N_("opened"), Tone.NEUTRAL, "archive"),
            InboxState.DISCARDED: State(N_("discarded"), Tone.NEGATIVE, "state-rejected"),
        },
    },
    sentences={
        "intake.handed_in": (N_("Files handed in"), "upload"),
        "intake.processed": (N_("File processed"), "check"),
        "intake.rejected": (N_("File rejected"), "close"),
        "intake.rejection_undone": (N_("Rejection of a file undone"), "undo"),
        "intake.cut": (N_("Paper split into several documents"), "state-split"),
        "intake.cut_undone": (N_("Parts of a paper put together again"), "undo"),
        "intake.joined": (N_("Papers put together into one"), "copy"),
        "intake.joined_undone": (N_("Papers that were put together taken apart"), "undo"),
        "intake.inbox_received": (N_("Files handed in to the office's inbox"), "quick-entry"),
        "intake.routed": (
            N_("Came through the inbox from %(sender)s, by its number"),
            "forward",
        ),
        "intake.assigned": (N_("Came through the inbox from %(sender)s, assigned by hand"), "forward"),
        "intake.discarded": (N_("File of the inbox discarded"), "close"),
        "intake.discard_undone": (N_("File of the inbox taken back"), "undo"),
    },
    menu=[
        MenuEntry(
            Side.STAFF,
            15,
            N_("Inbox"),
            "/inbox",
            "quick-entry",
            Right.UPLOAD,
            count=inbox.waiting_count,
        ),
        MenuEntry(Side.MEMBERS, 40, N_("Hand in"), "/hand-in", "upload", Right.UPLOAD),
    ],
)
