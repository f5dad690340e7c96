"""What the application takes from this slice."""

from portal.features.items import jobs, pages
from portal.kernel.language import N_
from portal.web.slices import Slice

SLICE = Slice(
    name="items",
    pages=pages.ROUTES,
    jobs=jobs,
    sentences={
        "documents.deleted": (N_("Document deleted"), "delete"),
        "items.held": (N_("Items held back"), "note"),
        "items.resumed": (N_("Held items go on"), "check"),
        "items.moved_out": (N_("Moved to the dossier %(dossier)s"), "forward"),
        "items.moved_in": (N_("Moved here from the dossier %(dossier)s"), "forward"),
        "items.double_noted": (N_("Stood in two dossiers: noted"), "check"),
    },
)
