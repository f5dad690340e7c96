"""What the application takes from this slice."""

from portal.kernel.language import N_
from portal.web.slices import Slice

SLICE = Slice(
    name="parties",
    sentences={
        "parties.company_changed": (N_("Company data changed"), "edit"),
        "parties.identifier_added": (N_("Identifier of the company added"), "add"),
        "parties.identifier_ended": (N_("Identifier of the company ended"), "close"),
        "parties.firm_changed": (N_("Profile of the office changed"), "settings"),
    },
)
