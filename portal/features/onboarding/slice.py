"""What the application takes from this slice."""

from portal.features.onboarding import jobs, pages
from portal.features.onboarding.domain import InvitationState
from portal.kernel.language import N_
from portal.web.slices import Slice
from themes.states import State, Tone

SLICE = Slice(
    name="onboarding",
    pages=pages.ROUTES,
    jobs=jobs,
    states={
        "invitation": {
            InvitationState.NONE: State(N_("not invited"), Tone.NEUTRAL, "state-off"),
            InvitationState.SENT: State(N_("invited"), Tone.INFO, "mail"),
            InvitationState.OPENED: State(N_("invitation opened"), Tone.INFO, "view"),
            InvitationState.USED: State(N_("activated"), Tone.POSITIVE, "state-on"),
            InvitationState.EXPIRED: State(N_("expired"), Tone.ATTENTION, "state-held"),
        },
    },
    sentences={
        "dossiers.invited": (N_("Login details sent"), "mail"),
        "dossiers.activated": (N_("The client activated and claimed the company"), "person-add"),
    },
)
