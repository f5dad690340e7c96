"""A handed-in file as other slices take it, and what to write on it when they have."""

from collections.abc import Sequence
from typing import Any

from portal.features.banking import service as banking
from portal.features.documents.domain import StoredFile
from portal.features.intake.domain import FileKind
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.papers import pdf_name


def stored_file(row: IntakeFile) -> StoredFile:
    """A handed-in file as the documents slice takes it."""
    media_type = row.media_type
    name = (
        pdf_name(row.name)
        if media_type == FileKind.PDF and not row.name.lower().endswith(".pdf")
        else row.name
    )
    return StoredFile(sha256=row.sha256, size=row.size, name=name, media_type=media_type)


def told_statements(taken: Sequence[banking.TakenStatement]) -> dict[str, Any]:
    """What to write on a CODA file that was taken: its statements, and which of them were there already."""
    known = sum(1 for one in taken if not one.new)
    values: dict[str, Any] = {"statement_ids": {"ids": [str(one.statement.id) for one in taken]}}
    if known == len(taken):
        values["reason"] = "already"
    elif known:
        values |= {"reason": "partly", "reason_params": {"known": known, "count": len(taken)}}
    return values
