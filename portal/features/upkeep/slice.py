"""What the application takes from this slice."""

from portal.features.upkeep import jobs
from portal.web.slices import Slice

SLICE = Slice(name="upkeep", jobs=jobs)
