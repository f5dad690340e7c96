"""What the application takes from this slice."""

from portal.features.history import pages
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice

SLICE = Slice(
    name="history",
    pages=pages.ROUTES,
    menu=[
        MenuEntry(Side.STAFF, 50, N_("History"), "/history", "history", Right.DOSSIERS_SEE),
        MenuEntry(Side.MEMBERS, 70, N_("History"), "/history", "history", Right.DOCUMENTS_SEE),
    ],
)
