"""What the application takes from this slice."""

from portal.features.documents import jobs
from portal.features.documents.domain.documents import DocumentState
from portal.features.documents.models import Document
from portal.jobs.upkeep import NamesObjects
from portal.kernel.language import N_
from portal.web.slices import Slice
from themes.states import State, Tone

SLICE = Slice(
    name="documents",
    jobs=jobs,
    objects=[
        NamesObjects(
            model=Document,
            columns=("original_sha256", "ubl_sha256", "pdf_sha256"),
            erasable=True,
        )
    ],
    states={
        "document": {
            DocumentState.DRAFT: State(N_("draft"), Tone.NEUTRAL, "state-draft"),
            DocumentState.FINAL: State(N_("final"), Tone.NEUTRAL, "state-approved"),
            DocumentState.CREDITED: State(N_("credited"), Tone.NEUTRAL, "credit-note"),
        },
    },
    sentences={
        "documents.arrived": (N_("Document came in"), "document"),
        "documents.amended": (N_("Document changed: version %(version)s"), "edit"),
        "documents.annotated": (N_("Note, tags or payment of a document changed"), "note"),
    },
)
