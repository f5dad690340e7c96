"""What the application takes from this slice."""

from portal.features.bundles import jobs, pages
from portal.features.bundles.domain import DeliveryState, ExportState
from portal.features.bundles.models import Export
from portal.features.bundles.service import runs
from portal.features.dossiers.domain.queries import WrittenFor
from portal.jobs.upkeep import NamesObjects
from portal.kernel.actor import Right
from portal.kernel.language import N_
from portal.web.navigation import MenuEntry, Side
from portal.web.slices import Slice
from themes.states import State, Tone

SLICE = Slice(
    name="bundles",
    pages=pages.ROUTES,
    jobs=jobs,
    answers={WrittenFor: runs.written_for},
    objects=[NamesObjects(model=Export, columns=("sha256", "manifest_sha256"))],
    states={
        "export": {
            ExportState.CHOOSING: State(N_("choosing"), Tone.INFO, "state-running"),
            ExportState.BUILDING: State(N_("building"), Tone.INFO, "state-running"),
            ExportState.FINISHED: State(N_("finished"), Tone.POSITIVE, "state-approved"),
            ExportState.ABANDONED: State(N_("abandoned"), Tone.NEUTRAL, "state-ended"),
        },
        "delivery": {
            DeliveryState.BY_HAND: State(N_("to download"), Tone.NEUTRAL, "download"),
            DeliveryState.PENDING: State(N_("on its way"), Tone.INFO, "state-queued"),
            DeliveryState.DOWNLOADED: State(N_("downloaded"), Tone.SETTLED, "download"),
            DeliveryState.WRITTEN: State(N_("written"), Tone.POSITIVE, "state-written"),
            DeliveryState.CONFIRMED: State(N_("confirmed"), Tone.POSITIVE, "state-confirmed"),
            DeliveryState.REFUSED: State(N_("refused"), Tone.NEGATIVE, "state-rejected"),
        },
    },
    sentences={
        "documents.unlocked": (N_("Document unlocked"), "key"),
        "bundles.requested": (N_("Export started (items: %(items)s)"), "exports"),
        "bundles.exported": (N_("Bundle %(number)s made (items: %(items)s)"), "bundle"),
        "bundles.abandoned": (N_("Export given up"), "warning"),
        "bundles.downloaded": (N_("Bundle %(number)s downloaded"), "download"),
        "bundles.delivered_again": (N_("Bundle %(number)s is delivered again"), "send"),
        "bundles.written": (N_("Bundle %(number)s written in part"), "computer"),
        "bundles.confirmed": (N_("Bundle %(number)s written and confirmed"), "check"),
        "bundles.archive_damaged": (N_("The archive of bundle %(number)s was found damaged"), "warning"),
        "bundles.archive_mended": (N_("The archive of bundle %(number)s was made again"), "bundle"),
        "bundles.archive_lost": (N_("The archive of bundle %(number)s cannot be made again"), "warning"),
        "bundles.refused": (N_("Bundle %(number)s could not be written"), "warning"),
    },
    menu=[
        MenuEntry(Side.STAFF, 30, N_("Exports"), "/exports", "exports", Right.DOSSIERS_SEE),
    ],
)
