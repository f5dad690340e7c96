"""What the application takes from this slice."""

from portal.features.accounts import jobs, pages
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice

SLICE = Slice(
    name="accounts",
    pages=pages.ROUTES,
    jobs=jobs,
    sentences={
        "accounts.signed_in": (N_("Signed in"), "person"),
        "accounts.signed_out": (N_("Signed out"), "person"),
        "accounts.switched": (N_("Went on in another role"), "person"),
        "accounts.session_ended": (N_("Signed another browser out"), "person"),
        "accounts.profile_changed": (N_("Own profile changed"), "edit"),
        "accounts.password_changed": (N_("Own password changed"), "key"),
        "accounts.password_reset": (N_("New password chosen by a link"), "key"),
    },
    menu=[
        MenuEntry(Side.STAFF, 60, N_("Settings"), "/settings", "settings", Right.FIRM_SETTINGS),
    ],
)
