"""What the application takes from this slice."""

from portal.features.onboarding import jobs, pages
from portal.kernel.language import N_
from portal.web.slices import Slice

SLICE = Slice(
    name="onboarding",
    pages=pages.ROUTES,
    jobs=jobs,
    sentences={
        "dossiers.invited": (N_("Login details sent"), "mail"),
        "dossiers.activated": (N_("The client activated and claimed the company"), "person-add"),
    },
)
