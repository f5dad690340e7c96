"""Quick entry: a person turns a file into a document, or rejects it."""

from dataclasses import dataclass
from uuid import UUID

import msgspec

from exports.model import Document as Invoice
from portal.db.session import WriteSession
from portal.features.audit import service as audit
from portal.features.banking import service as banking
from portal.features.documents import service as documents
from portal.features.documents.domain import Entry, PdfOrigin, StoredFile, own_key
from portal.features.documents.service import Document
from portal.features.intake import repository
from portal.features.intake.domain import FileKind, IntakeState, InvoiceHints
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.papers import CodaFile, Refused, read_coda, read_invoice
from portal.features.intake.service.reading import stored_file, told_statements
from portal.jobs.contract import Tools, clock_of
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.language import N_

HANDLED = N_("Somebody has handled this file meanwhile.")
REASON_NEEDED = N_("Say why, in a few words.")
NOT_BY_HAND = N_("Only a file that a person rejected can be taken back.")


class Duplicate(Conflict):
    """What was entered is there already; `document` is the one that is there."""

    code = "duplicate"
    message = N_("A document of this supplier, number and date is there already.")

    def __init__(self, document: Document) -> None:
        super().__init__()
        self.document = document


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a file: a document, or so many statements."""

    document: Document | None
    statements: int
    new: bool


def _check(actor: Actor) -> None:
    if not actor.may(Right.UPLOAD):
        raise Forbidden


async def _claim(session: WriteSession, row: IntakeFile, to: IntakeState, **values: object) -> IntakeFile:
    if row.state is not IntakeState.TO_PROCESS and to is not IntakeState.TO_PROCESS:
        raise Conflict(HANDLED, code="handled")
    moved = await repository.move(session, row.id, to, **values)
    if moved is None:
        raise Conflict(HANDLED, code="handled")
    return moved


async def enter(
    session: WriteSession, actor: Actor, row: IntakeFile, entry: Entry, *, dossier_id: UUID | None
) -> Handled:
    """Make a document of a PDF or photo from what a person read off it.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: somebody was faster (`handled`).
        Duplicate: the document is there already; the file stays in quick entry.
    """
    _check(actor)
    us = own_key(await documents.identity_of(session, row.company_id))
    there = await documents.known_entry(session, row.company_id, entry, us=us)
    if there is not None:
        raise Duplicate(there)
    moved = await _claim(session, row, IntakeState.PROCESSED, reason=None, handled_at=clock_of(session).now())
    taken = await documents.enter(session, actor, moved.company_id, entry, stored_file(moved), us=us)
    if not taken.new:  # somebody entered it between our two looks: all of this is rolled back
        raise Conflict(HANDLED, code="handled")
    await repository.note(session, moved.id, document_id=taken.document.id)
    await _tell(session, actor, moved, "intake.processed", dossier_id, document=taken.document.id)
    return Handled(taken.document, 0, new=True)


async def read_again(tools: Tools, row: IntakeFile) -> Invoice | CodaFile | None:
    """What a waiting UBL or CODA file says; None for a paper. Without a session: the store may be slow, a file long.

    Raises:
        Invalid: it cannot be read any more.
    """
    if row.media_type not in (FileKind.XML, FileKind.CODA):
        return None
    data = await tools.store.get(row.company_id, row.sha256)
    try:
        if row.media_type == FileKind.XML:
            return await read_invoice(data)
        return await read_coda(tools, row.company_id, data, row.name)
    except Refused as why:
        raise Invalid(code=why.reason) from why


async def decide_direction(
    session: WriteSession,
    actor: Actor,
    row: IntakeFile,
    invoice: Invoice,
    *,
    supplier_is_us: bool,
    dossier_id: UUID | None,
) -> Handled:
    """Make a document of a UBL whose parties are both or neither us, as a person says.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: somebody was faster (`handled`).
    """
    _check(actor)
    hints = msgspec.convert(row.hints, InvoiceHints)
    pdf = None
    if hints.pdf_sha256 is not None:
        pdf = StoredFile(
            sha256=hints.pdf_sha256,
            size=hints.pdf_size or 0,
            name=hints.pdf_name or "document.pdf",
            media_type="application/pdf",
        )
    moved = await _claim(session, row, IntakeState.PROCESSED, handled_at=clock_of(session).now())
    taken = await documents.take_invoice(
        session,
        actor,
        moved.company_id,
        invoice,
        stored_file(moved),
        supplier_is_us=supplier_is_us,
        pdf=pdf,
        pdf_origin=PdfOrigin(hints.pdf_origin) if hints.pdf_origin else PdfOrigin.EMBEDDED,
    )
    await repository.note(
        session, moved.id, document_id=taken.document.id, reason=None if taken.new else "already"
    )
    await _tell(session, actor, moved, "intake.processed", dossier_id, document=taken.document.id)
    return Handled(taken.document, 0, new=taken.new)


async def take_statements(
    session: WriteSession, actor: Actor, row: IntakeFile, file: CodaFile, *, dossier_id: UUID | None
) -> Handled:
    """Take a CODA file although the bank names another company, or another statement claims its place.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: somebody was faster (`handled`).
    """
    _check(actor)
    moved = await _claim(session, row, IntakeState.PROCESSED, reason=None, handled_at=clock_of(session).now())
    taken = await banking.take(
        session,
        actor,
        moved.company_id,
        file.statements,
        original_sha256=moved.sha256,
        original_name=moved.name,
    )
    await repository.note(session, moved.id, **told_statements(taken))
    await _tell(session, actor, moved, "intake.processed", dossier_id, statements=len(taken))
    return Handled(None, len(taken), new=any(one.new for one in taken))


async def reject(
    session: WriteSession, actor: Actor, row: IntakeFile, reason: str, *, dossier_id: UUID | None
) -> IntakeFile:
    """This is nothing for the books, and a person says why; can be taken back.

    Raises:
        Forbidden: the actor may not process files.
        Invalid: no reason.
        Conflict: somebody was faster (`handled`).
    """
    _check(actor)
    if not reason:
        raise Invalid(REASON_NEEDED, fields={"reason": REASON_NEEDED})
    moved = await _claim(
        session,
        row,
        IntakeState.REJECTED,
        reason="by_hand",
        reason_params={
            "text": reason,
            "who": actor.name,
            "asked": row.reason,
            "asked_params": row.reason_params,
        },
        handled_at=clock_of(session).now(),
    )
    await _tell(session, actor, moved, "intake.rejected", dossier_id, reason=reason)
    return moved


async def undo_reject(
    session: WriteSession, actor: Actor, row: IntakeFile, *, dossier_id: UUID | None
) -> IntakeFile:
    """A file that a person rejected waits in quick entry again, with the question it had.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: it was not rejected by a person (`not_by_hand`).
    """
    _check(actor)
    if row.state is not IntakeState.REJECTED or row.reason != "by_hand":
        raise Conflict(NOT_BY_HAND, code="not_by_hand")
    moved = await _claim(
        session,
        row,
        IntakeState.TO_PROCESS,
        reason=row.reason_params.get("asked"),
        reason_params=row.reason_params.get("asked_params") or {},
        handled_at=None,
    )
    await _tell(session, actor, moved, "intake.rejection_undone", dossier_id)
    return moved


async def _tell(
    session: WriteSession,
    actor: Actor,
    row: IntakeFile,
    action: str,
    dossier_id: UUID | None,
    **data: object,
) -> None:
    await audit.record(
        session, actor, action, "intake_file", row.id, dossier_id=dossier_id, name=row.name, **data
    )


def is_paper(row: IntakeFile) -> bool:
    """Whether a file has pages to look at: a PDF or a photo."""
    return row.media_type == FileKind.PDF or row.media_type.startswith("image/")
