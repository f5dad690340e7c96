"""In which order the files of an upload are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from portal.features.intake.domain.files import FileKind, IntakeState
from portal.features.intake.domain.pairs import partners
from portal.features.intake.models import IntakeFile


@dataclass(frozen=True, slots=True)
class Next:
    """A file to be read.

    Attributes:
        file: itself.
        partner: the PDF that goes the way of this UBL.
        waits_for: the UBL of this upload that may take this PDF along.
    """

    file: IntakeFile
    partner: IntakeFile | None = None
    waits_for: UUID | None = None


def troubled_last(files: Sequence[IntakeFile]) -> list[IntakeFile]:
    """Files that made a run stumble or end come after the others."""
    return sorted(files, key=lambda one: one.begun > 0)


def archives(files: Sequence[IntakeFile]) -> list[Next]:
    """The archives that nobody has opened: they come first, since a PDF in one may belong to a UBL outside."""
    closed = [one for one in files if one.state is IntakeState.RECEIVED and one.media_type == FileKind.ZIP]
    return [Next(one) for one in troubled_last(closed)]


def in_order(files: Sequence[IntakeFile]) -> list[Next]:
    """UBL with the PDFs beside them, then all the rest; what went wrong before comes last in both.

    Args:
        files: the whole upload, also what earlier turns have settled: which PDF belongs to which UBL is the same in every turn.
    """
    invoices = [one for one in files if one.media_type == FileKind.XML]
    papers = [one for one in files if one.media_type == FileKind.PDF]
    beside = partners(_names(invoices), _names(papers))
    belongs = {paper: invoice for invoice, paper in beside.items()}
    by_id = {one.id: one for one in files}
    unread = troubled_last([one for one in files if one.state is IntakeState.RECEIVED])
    first: list[Next] = []
    rest: list[Next] = []
    waiting = {one.id for one in unread if one.media_type == FileKind.XML}
    for one in unread:
        if one.id in waiting:
            partner = by_id.get(beside[one.id]) if one.id in beside else None
            if partner is not None and partner.state is not IntakeState.RECEIVED:
                partner = None
            first.append(Next(one, partner=partner))
        else:
            invoice_id = belongs.get(one.id)
            rest.append(Next(one, waits_for=invoice_id if invoice_id in waiting else None))
    return [*first, *rest]


def _names(files: Sequence[IntakeFile]) -> list[tuple[UUID, UUID | None, str]]:
    return [(one.id, one.parent_id, one.name) for one in files]
