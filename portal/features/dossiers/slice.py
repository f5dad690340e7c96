"""What the application takes from this slice."""

from portal.features.accounts.domain import CompaniesServed
from portal.features.dossiers import jobs, pages
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.pages import given
from portal.features.dossiers.repository import companies
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice
from themes.states import State, Tone

SLICE = Slice(
    name="dossiers",
    pages=pages.ROUTES,
    jobs=jobs,
    given=given.GIVEN,
    answers={CompaniesServed: companies.companies_served},
    states={
        "access": {
            Access.MANAGED: State(N_("managed by you"), Tone.NEUTRAL, "accountant"),
            Access.REQUESTED: State(N_("access requested"), Tone.ATTENTION, "state-waiting"),
            Access.GRANTED: State(N_("access granted"), Tone.POSITIVE, "state-on"),
            Access.DECLINED: State(N_("declined"), Tone.NEGATIVE, "state-rejected"),
            Access.ENDED: State(N_("ended"), Tone.NEUTRAL, "state-ended"),
        },
    },
    sentences={
        "dossiers.created": (N_("Dossier made"), "add"),
        "dossiers.updated": (N_("Dossier changed"), "edit"),
        "dossiers.access_granted": (N_("Access granted by the owner"), "check"),
        "dossiers.access_declined": (N_("Access declined by the owner"), "close"),
        "dossiers.access_ended": (N_("Access ended"), "close"),
        "dossiers.access_requested": (N_("Access asked for"), "key"),
    },
    menu=[
        MenuEntry(Side.MEMBERS, 60, N_("My accountant"), "/my-accountant", "accountant", Right.DOCUMENTS_SEE),
    ],
)
