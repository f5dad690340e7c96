"""What the application takes from this slice."""

from datetime import timedelta

from portal.features.imports import jobs, models, repository
from portal.features.imports.domain.state import ImportState
from portal.features.imports.pages import columns, lists, rows
from portal.jobs.upkeep import NamesObjects, OldRows
from portal.kernel.language import N_
from portal.web.slices import Slice
from themes.states import State, Tone

KEPT = timedelta(days=90)
"""So long the rows of an Excel list are kept; what was accepted is in the dossiers."""

SLICE = Slice(
    name="imports",
    pages=[*lists.ROUTES, *columns.ROUTES, *rows.ROUTES],
    jobs=jobs,
    old_rows=[OldRows(after=KEPT, drop=repository.drop_old)],
    objects=[NamesObjects(model=models.DossierImport, columns=("object_sha256",))],
    states={
        "import": {
            ImportState.MAPPING: State(N_("columns to be said"), Tone.ATTENTION, "state-waiting"),
            ImportState.PREVIEWED: State(N_("to be checked"), Tone.ATTENTION, "state-waiting"),
            ImportState.ACCEPTING: State(N_("being carried out"), Tone.INFO, "state-running"),
            ImportState.ACCEPTED: State(N_("accepted"), Tone.POSITIVE, "state-approved"),
        },
    },
    sentences={
        "dossiers.imported": (N_("Excel list accepted"), "spreadsheet"),
    },
)
