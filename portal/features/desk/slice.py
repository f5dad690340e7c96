"""What the application takes from this slice."""

from portal.features.desk import pages
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice

SLICE = Slice(
    name="desk",
    pages=pages.ROUTES,
    menu=[
        MenuEntry(Side.STAFF, 10, N_("Work list"), "/", "work-list"),
        MenuEntry(Side.STAFF, 20, N_("Dossiers"), "/dossiers", "dossiers", Right.DOSSIERS_SEE),
        MenuEntry(Side.MEMBERS, 10, N_("Home"), "/", "home"),
    ],
)
