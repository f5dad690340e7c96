"""What the application takes from this slice."""

from portal.features.mail import jobs, pages
from portal.web.slices import Slice

SLICE = Slice(name="mail", pages=pages.ROUTES, jobs=jobs)
