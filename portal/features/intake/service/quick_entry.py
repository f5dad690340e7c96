"""Quick entry: a person turns a file into a document, or rejects it."""

import enum
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import msgspec

from exports.model import Document as Invoice
from portal.db.session import WriteSession
from portal.features.audit import service as audit
from portal.features.banking.service import statements as banking
from portal.features.documents.domain.documents import PdfOrigin
from portal.features.documents.domain.identity import own_key
from portal.features.documents.domain.judgement import NotBookable
from portal.features.documents.domain.patch import EntryPatch
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals, duplicates, lookups
from portal.features.documents.service.duplicates import Met
from portal.features.intake.domain.contents import CodaContent
from portal.features.intake.domain.events import FileAnswered
from portal.features.intake.domain.files import PICTURES, STATEMENTS, FileChange, FileKind, IntakeState
from portal.features.intake.domain.hints import InvoiceHints, hints_of
from portal.features.intake.domain.reasons import QUESTIONS
from portal.features.intake.models import IntakeFile
from portal.features.intake.repository import files as files_repository
from portal.features.intake.service.contents import (
    Refused,
    read_statements,
    receive,
    receive_from_pdf,
    stored_file,
)
from portal.features.intake.service.outcomes import told_statements
from portal.features.retention.service import aside
from portal.jobs.contract import Tools, clock_of
from portal.jobs.ledger import publish
from portal.kernel.actor import Actor, Right
from portal.kernel.errors import Conflict, Forbidden, Invalid
from portal.kernel.language import N_, gettext

HANDLED = N_("Somebody has handled this file meanwhile.")
REASON_NEEDED = N_("Say why, in a few words.")
REPLACED = N_("Replaced by another file of the same number.")
NOT_BY_HAND = N_("Only a file that a person rejected can be taken back.")


class Decision(enum.StrEnum):
    """What a person decides about a document that differs from the one that is there."""

    KEEP = "keep"  # both stand
    REPLACE = "replace"  # the new one takes the place of the one that is there


class Duplicate(Conflict):
    """What was entered is there already, or something else under its number; `met` is the one that is there."""

    code = "duplicate"
    message = N_("A document of this supplier, number and date is there already.")

    def __init__(self, met: Met) -> None:
        super().__init__()
        self.met = met


@dataclass(frozen=True, slots=True)
class Handled:
    """What became of a file: a document, or so many statements."""

    document: Document | None
    statements: int
    new: bool


def _check(actor: Actor) -> None:
    if not actor.may(Right.UPLOAD):
        raise Forbidden


async def _claim(session: WriteSession, row: IntakeFile, to: IntakeState, change: FileChange) -> IntakeFile:
    if row.state is not IntakeState.TO_PROCESS and to is not IntakeState.TO_PROCESS:
        raise Conflict(HANDLED, code="handled")
    moved = await files_repository.move(session, row.id, to, change)
    if moved is None:
        raise Conflict(HANDLED, code="handled")
    return moved


async def _decided(
    session: WriteSession,
    actor: Actor,
    met: Met | None,
    decision: Decision | None,
    dossier_id: UUID | None,
) -> UUID | None:
    """Carry out what a person decided about the document that is there; gives the one that was replaced, which is put aside.

    Raises:
        Forbidden: the one that is there is none of this contributor's.
        Duplicate: nothing was decided, or there is nothing to decide: it is the same.
        Conflict: the one that is there cannot go any more.
    """
    if met is None:
        return None
    if decision is None or not met.differences:
        raise Duplicate(met)
    if decision is Decision.KEEP:
        return None
    if not lookups.is_visible(actor, met.document):
        raise Forbidden
    paper = aside.of_document(met.document)
    await aside.put_aside(session, actor, paper, gettext(REPLACED), dossier_id=dossier_id)
    return met.document_id


async def enter(
    session: WriteSession,
    actor: Actor,
    row: IntakeFile,
    patch: EntryPatch,
    *,
    dossier_id: UUID | None,
    decision: Decision | None = None,
) -> Handled:
    """Make a document of a PDF, a photo, or a UBL whose values cannot be booked, from what a person read off it.

    Raises:
        Forbidden: the actor may not process files.
        Invalid: something is not said or wrong, by its field.
        Conflict: somebody was faster (`handled`).
        Duplicate: the document is there already, or another one of its number; the file stays in quick entry.
    """
    _check(actor)
    us = own_key(await arrivals.identity_of(session, row.company_id))
    met = await duplicates.known_entry(session, row.company_id, patch, us=us)
    replaced = await _decided(session, actor, met, decision, dossier_id)
    asked = row.reason
    moved = await _claim(
        session, row, IntakeState.PROCESSED, FileChange(reason=None, handled_at=clock_of(session).now())
    )
    hints = invoice_hints(moved)
    taken = await arrivals.enter(
        session,
        actor,
        moved.company_id,
        patch,
        stored_file(moved),
        us=us,
        pdf=hints.pdf if hints else None,
        pdf_origin=hints.origin if hints else PdfOrigin.EMBEDDED,
        beside=decision is Decision.KEEP,
        dossier_id=moved.dossier_id,
    )
    if not taken.new:  # somebody entered it between our two looks: all of this is rolled back
        raise Conflict(HANDLED, code="handled")
    await files_repository.note(session, moved.id, FileChange(document_id=taken.document.id))
    await _tell(
        session, actor, moved, "intake.processed", dossier_id, document=taken.document.id, replaced=replaced
    )
    await _answered(session, actor, moved, asked, taken.document.id)
    return Handled(taken.document, 0, new=True)


def invoice_hints(row: IntakeFile) -> InvoiceHints | None:
    """What an invoice brought along for the person who decides, whatever it is inside of; None for other files."""
    return msgspec.convert(row.hints, InvoiceHints) if "customer_number" in row.hints else None


async def read_again(tools: Tools, row: IntakeFile) -> Invoice | CodaContent | None:
    """What a waiting invoice or file of bank statements says; None for a paper. Without a session: the store may be slow, a file long.

    Raises:
        Invalid: it cannot be read any more.
    """
    inside_pdf = row.media_type == FileKind.PDF and invoice_hints(row) is not None
    if row.media_type != FileKind.XML and row.media_type not in STATEMENTS and not inside_pdf:
        return None
    data = await tools.store.get(row.company_id, row.sha256)
    try:
        if row.media_type == FileKind.XML:
            return (await receive(data)).invoice
        if inside_pdf:
            return (await receive_from_pdf(data)).invoice
        return await read_statements(tools, row, data)
    except Refused as why:
        raise Invalid(code=why.reason.code) from why


async def ingest_invoice(
    session: WriteSession,
    actor: Actor,
    row: IntakeFile,
    invoice: Invoice,
    *,
    supplier_is_us: bool,
    met: Met | None,
    decision: Decision | None,
    dossier_id: UUID | None,
) -> Handled:
    """Make a document of a UBL about which a person was asked: whose it is, or what becomes of the other one of its number.

    Args:
        met: the document of its number that it met, as `meet` found it.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: somebody was faster (`handled`).
        Duplicate: it differs from the one that is there, and nothing was decided about that.
    """
    _check(actor)
    hints = msgspec.convert(row.hints, InvoiceHints)
    same = met is not None and not met.differences
    replaced = None if same else await _decided(session, actor, met, decision, dossier_id)
    asked = row.reason
    moved = await _claim(session, row, IntakeState.PROCESSED, FileChange(handled_at=clock_of(session).now()))
    taken = await arrivals.ingest_invoice(
        session,
        actor,
        moved.company_id,
        invoice,
        stored_file(moved),
        supplier_is_us=supplier_is_us,
        pdf=hints.pdf,
        pdf_origin=hints.origin,
        unwrapped=hints.unwrapped,
        beside=decision is Decision.KEEP,
        dossier_id=moved.dossier_id,
    )
    change = FileChange(document_id=taken.document.id, reason=None if taken.new else "already")
    await files_repository.note(session, moved.id, change)
    await _tell(
        session, actor, moved, "intake.processed", dossier_id, document=taken.document.id, replaced=replaced
    )
    await _answered(session, actor, moved, asked, taken.document.id)
    return Handled(taken.document, 0, new=taken.new)


async def ask_values(
    session: WriteSession, actor: Actor, row: IntakeFile, invoice: Invoice, sold: bool, why: NotBookable
) -> None:
    """A UBL that waits with another question turns out to say what cannot be booked: it waits with that, to be typed over.

    An earlier release asked whose it is before its values were looked at.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: somebody was faster (`handled`).
    """
    _check(actor)
    before = invoice_hints(row)
    pdf, origin = (before.pdf, before.origin) if before else (None, PdfOrigin.EMBEDDED)
    unwrapped = before.unwrapped if before else None
    hints = hints_of(invoice, pdf, origin, sold=sold, faults=why.faults, unwrapped=unwrapped)
    if not await files_repository.ask_otherwise(session, row.id, "ubl.values", hints.stored()):
        raise Conflict(HANDLED, code="handled")


async def ingest_statements(
    session: WriteSession, actor: Actor, row: IntakeFile, file: CodaContent, *, dossier_id: UUID | None
) -> Handled:
    """Take a file of bank statements although the bank names another company, or another statement claims its place.

    Raises:
        Forbidden: the actor may not process files.
        Conflict: somebody was faster (`handled`).
    """
    _check(actor)
    asked = row.reason
    moved = await _claim(
        session, row, IntakeState.PROCESSED, FileChange(reason=None, handled_at=clock_of(session).now())
    )
    taken = await banking.ingest(
        session,
        actor,
        moved.company_id,
        file.statements,
        original_sha256=moved.sha256,
        original_name=moved.name,
        dossier_id=moved.dossier_id,
    )
    await files_repository.note(session, moved.id, told_statements(taken))
    await _tell(session, actor, moved, "intake.processed", dossier_id, statements=len(taken))
    await _answered(session, actor, moved, asked)
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
        FileChange(
            reason="by_hand",
            reason_params={
                "text": reason,
                "who": actor.name,
                "asked": row.reason,
                "asked_params": row.reason_params,
            },
            handled_at=clock_of(session).now(),
        ),
    )
    await _tell(session, actor, moved, "intake.rejected", dossier_id, reason=reason)
    await _answered(session, actor, moved, None, rejected=reason)
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
        FileChange(
            reason=row.reason_params.get("asked"),
            reason_params=row.reason_params.get("asked_params") or {},
            handled_at=None,
        ),
    )
    await _tell(session, actor, moved, "intake.rejection_undone", dossier_id)
    return moved


async def _answered(
    session: WriteSession,
    actor: Actor,
    row: IntakeFile,
    question: str | None,
    document_id: UUID | None = None,
    *,
    rejected: str = "",
) -> None:
    """The office is told what a member answered to a question, and which file they rejected; its own people know."""
    if actor.company_id is None or (question not in QUESTIONS and not rejected):
        return
    await publish(
        session,
        actor,
        FileAnswered(
            company_id=row.company_id,
            dossier_id=row.dossier_id,
            file_id=row.id,
            document_id=document_id,
            file_name=row.name,
            rejected=bool(rejected),
            text=rejected,
        ),
    )


async def _tell(
    session: WriteSession,
    actor: Actor,
    row: IntakeFile,
    action: str,
    dossier_id: UUID | None,
    **data: Any,
) -> None:
    await audit.record(
        session, actor, action, "intake_file", row.id, dossier_id=dossier_id, what=row.name, **data
    )


def is_paper(row: IntakeFile) -> bool:
    """Whether a file has pages to look at: a PDF or a photo."""
    return row.media_type == FileKind.PDF or row.media_type in PICTURES


def is_typed(row: IntakeFile) -> bool:
    """Whether a person types what a file says: a paper, or an invoice whose values cannot be booked."""
    return (is_paper(row) and invoice_hints(row) is None) or row.reason == "ubl.values"
