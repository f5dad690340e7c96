"""Exports: choosing, building, delivering, and what people look up about them."""

from portal.features.bundles.service.building import build
from portal.features.bundles.service.choosing import (
    BuildBundle,
    Rehearsal,
    abandon,
    build_key,
    is_reexport,
    rehearse,
    request_export,
)
from portal.features.bundles.service.delivering import (
    WaitingDelivery,
    WaitingFile,
    WrittenFile,
    confirm,
    deliver_again,
    delivery,
    fetched,
    finished,
    note_download,
    refuse,
    waiting,
)
from portal.features.bundles.service.reading import (
    Run,
    count_refused,
    export_of,
    page,
    recent,
    run_of,
)

__all__ = [
    "BuildBundle",
    "Rehearsal",
    "Run",
    "WaitingDelivery",
    "WaitingFile",
    "WrittenFile",
    "abandon",
    "build",
    "build_key",
    "confirm",
    "count_refused",
    "deliver_again",
    "delivery",
    "export_of",
    "fetched",
    "finished",
    "is_reexport",
    "note_download",
    "page",
    "recent",
    "refuse",
    "rehearse",
    "request_export",
    "run_of",
    "waiting",
]
