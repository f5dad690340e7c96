"""What the application takes from this slice."""

from portal.features.branding import pages
from portal.web.slices import Slice

SLICE = Slice(
    name="branding",
    pages=pages.ROUTES,
)
