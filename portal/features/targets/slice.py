"""What the application takes from this slice."""

from portal.features.targets import pages
from portal.kernel.language import N_
from portal.web.slices import Slice

SLICE = Slice(
    name="targets",
    pages=pages.ROUTES,
    sentences={
        "targets.added": (N_("Bookkeeping package added"), "add"),
        "targets.changed": (N_("Bookkeeping package changed"), "settings"),
    },
)
