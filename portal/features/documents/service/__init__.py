"""Documents: arriving, being looked at, amended, locked, deleted."""

from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.repository import ListedDocument, Proof, Way
from portal.features.documents.service.arriving import (
    Taken,
    attach_pdf,
    enter,
    identity_of,
    known_bytes,
    take_invoice,
    too_large_amounts,
)
from portal.features.documents.service.changing import Annotation, amend, annotate, delete, delete_hindrance
from portal.features.documents.service.locking import (
    keep_export_locks,
    lift_locks,
    lock_for_export,
    release_export_locks,
)
from portal.features.documents.service.reading import (
    Detail,
    Download,
    batch_of_company,
    by_id,
    by_ids,
    detail,
    document,
    download,
    listed,
    original_page,
    page_count,
    state_counts,
)

__all__ = [
    "Annotation",
    "Detail",
    "Document",
    "DocumentLock",
    "Download",
    "ListedDocument",
    "Proof",
    "Taken",
    "Way",
    "amend",
    "annotate",
    "attach_pdf",
    "batch_of_company",
    "by_id",
    "by_ids",
    "delete",
    "delete_hindrance",
    "detail",
    "document",
    "download",
    "enter",
    "identity_of",
    "keep_export_locks",
    "known_bytes",
    "lift_locks",
    "listed",
    "lock_for_export",
    "original_page",
    "page_count",
    "release_export_locks",
    "state_counts",
    "take_invoice",
    "too_large_amounts",
]
