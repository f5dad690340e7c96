"""What the application takes from this slice."""

from datetime import timedelta

from portal.features.approvals import jobs, pages, repository
from portal.jobs.upkeep import OldRows
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice

NOTICES_KEPT = timedelta(days=90)
"""So long what a client said can be looked up after it was handled; the audit log has it too."""

SLICE = Slice(
    name="approvals",
    pages=pages.ROUTES,
    jobs=jobs,
    old_rows=[OldRows(after=NOTICES_KEPT, drop=repository.drop_notices)],
    sentences={
        "approvals.approved": (N_("Approved"), "approve"),
        "approvals.disputed": (N_("Rejected as disputed"), "close"),
        "approvals.not_ours": (N_("Rejected as not theirs"), "close"),
        "approvals.withdrawn": (N_("Decision taken back"), "undo"),
        "approvals.asked_again": (N_("Asked again by the accountant"), "mail"),
        "approvals.message_handled": (N_("Message of the client handled"), "check"),
        "approvals.handed_over": (N_("Sent to the accountant"), "send"),
    },
    menu=[
        MenuEntry(Side.MEMBERS, 20, N_("Approve"), "/approve", "approve", Right.APPROVE),
    ],
)
