"""What the application takes from this slice."""

from datetime import timedelta

from portal.features.imports import jobs, pages, repository
from portal.jobs.upkeep import OldRows
from portal.kernel.language import N_
from portal.web.slices import Slice

KEPT = timedelta(days=90)
"""So long the rows of an Excel list are kept; what was accepted is in the dossiers."""

SLICE = Slice(
    name="imports",
    pages=pages.ROUTES,
    jobs=jobs,
    old_rows=[OldRows(after=KEPT, drop=repository.drop_old)],
    sentences={
        "dossiers.imported": (N_("Excel list accepted"), "spreadsheet"),
    },
)
