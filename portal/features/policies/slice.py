"""What the application takes from this slice."""

from portal.features.policies import pages
from portal.kernel.language import N_
from portal.web.slices import Slice

SLICE = Slice(
    name="policies",
    pages=pages.ROUTES,
    sentences={
        "policies.changed": (N_("Export policy changed"), "settings"),
        "policies.defaulted": (N_("Follows the office's export policy again"), "undo"),
    },
)
