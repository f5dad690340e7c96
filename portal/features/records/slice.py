"""What the application takes from this slice."""

from portal.features.records import api, pages
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice

SLICE = Slice(
    name="records",
    pages=pages.ROUTES,
    api=api.ROUTES,
    menu=[
        MenuEntry(Side.MEMBERS, 30, N_("Documents"), "/documents", "documents", Right.DOCUMENTS_SEE),
        MenuEntry(Side.MEMBERS, 50, N_("Bank"), "/bank", "bank", Right.DOCUMENTS_SEE),
    ],
)
