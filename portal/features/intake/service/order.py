"""In which order the files of an upload are read."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from portal.features.intake.domain.files import CONTAINERS, FileKind
from portal.features.intake.domain.pairs import Named, partners
from portal.features.intake.models import InboxFile, IntakeFile

F = TypeVar("F", IntakeFile, InboxFile)


@dataclass(frozen=True, slots=True)
class Next(Generic[F]):
    """A file to be read.

    Attributes:
        file: itself.
        partner: the PDF that goes the way of this UBL.
        waits_for: the UBL of this upload that may take this PDF along.
    """

    file: F
    partner: F | None = None
    waits_for: UUID | None = None


def troubled_last(files: Sequence[F]) -> list[F]:
    """Files that made a run stumble or end come after the others."""
    return sorted(files, key=lambda one: one.begun > 0)


def archives(files: Sequence[F]) -> list[Next[F]]:
    """The archives and mails that nobody has opened: they come first, since a PDF in one may belong to a UBL outside."""
    closed = [one for one in files if one.is_unread and one.media_type in CONTAINERS]
    return [Next(one) for one in troubled_last(closed)]


def in_order(files: Sequence[F]) -> list[Next[F]]:
    """UBL with the PDFs beside them, then all the rest; what went wrong before comes last in both.

    Args:
        files: the whole upload, also what earlier turns have settled: which PDF belongs to which UBL is the same in every turn.
    """
    beside = pairs(files)
    belongs = {paper: invoice for invoice, paper in beside.items()}
    by_id = {one.id: one for one in files}
    unread = troubled_last([one for one in files if one.is_unread])
    first: list[Next[F]] = []
    rest: list[Next[F]] = []
    waiting = {one.id for one in unread if one.media_type == FileKind.XML}
    for one in unread:
        if one.id in waiting:
            partner = by_id.get(beside[one.id]) if one.id in beside else None
            if partner is not None and not partner.is_unread:
                partner = None
            first.append(Next(one, partner=partner))
        else:
            invoice_id = belongs.get(one.id)
            rest.append(Next(one, waits_for=invoice_id if invoice_id in waiting else None))
    return [*first, *rest]


def pairs(files: Sequence[F]) -> dict[UUID, UUID]:
    """Which PDF of an upload belongs to which UBL: the PDF's id by the UBL's."""
    invoices = [one for one in files if one.media_type == FileKind.XML]
    papers = [one for one in files if one.media_type == FileKind.PDF]
    return partners(_names(invoices), _names(papers))


def _names(files: Sequence[F]) -> list[Named]:
    return [Named(one.id, one.parent_id, one.folder, one.name) for one in files]
