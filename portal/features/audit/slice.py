"""What the application takes from this slice."""

from portal.features.audit import jobs
from portal.web.slices import Slice

SLICE = Slice(name="audit", jobs=jobs)
