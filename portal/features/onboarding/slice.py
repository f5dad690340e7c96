"""What the application takes from this slice."""

from datetime import timedelta

from portal.features.onboarding import jobs, pages, repository
from portal.features.onboarding.domain import InvitationState
from portal.jobs.upkeep import OldRows
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice
from themes.states import State, Tone

KEPT = timedelta(days=90)
"""So long an invitation that led to nothing is kept after its link has ended; the audit log keeps that somebody was invited."""

SLICE = Slice(
    name="onboarding",
    pages=pages.ROUTES,
    jobs=jobs,
    old_rows=[OldRows(after=KEPT, drop=repository.drop_old)],
    states={
        "invitation": {
            InvitationState.NONE: State(N_("not invited"), Tone.NEUTRAL, "state-off"),
            InvitationState.SENT: State(N_("invited"), Tone.INFO, "mail"),
            InvitationState.OPENED: State(N_("invitation opened"), Tone.INFO, "view"),
            InvitationState.USED: State(N_("activated"), Tone.POSITIVE, "state-on"),
            InvitationState.EXPIRED: State(N_("expired"), Tone.ATTENTION, "state-held"),
            InvitationState.WITHDRAWN: State(N_("withdrawn"), Tone.NEUTRAL, "state-ended"),
        },
    },
    sentences={
        "dossiers.invited": (N_("Login details sent"), "mail"),
        "dossiers.invitation_withdrawn": (N_("Login details withdrawn"), "close"),
        "dossiers.activated": (N_("The client activated and claimed the company"), "person-add"),
        "onboarding.staff_invited": (N_("Colleague invited"), "mail"),
        "onboarding.staff_withdrawn": (N_("Invitation of a colleague withdrawn"), "close"),
        "onboarding.staff_joined": (N_("A colleague joined the office"), "person-add"),
        "onboarding.member_invited": (N_("Invited to the company"), "mail"),
        "onboarding.member_withdrawn": (N_("Invitation to the company withdrawn"), "close"),
        "onboarding.member_joined": (N_("Joined the company"), "person-add"),
    },
    menu=[MenuEntry(Side.MEMBERS, 65, N_("People"), "/people", "team", Right.MEMBERS)],
)
