"""Writing down what becomes of a file that was read, in one transaction with the document or the statements that it becomes."""

from collections.abc import Sequence
from datetime import datetime

from portal.db.session import WriteSession
from portal.features.banking.service import statements as banking
from portal.features.documents.service import arrivals
from portal.features.intake.domain.contents import CodaContent, Content, InvoiceContent
from portal.features.intake.domain.files import FileChange, IntakeState, Reception
from portal.features.intake.domain.reasons import Reason
from portal.features.intake.domain.verdicts import Asked, Rejected, Taken, Unpacked, Verdict
from portal.features.intake.models import IntakeFile
from portal.features.intake.repository import files as files_repository
from portal.features.intake.service.contents import stored_file
from portal.features.intake.service.order import Next
from portal.jobs.contract import clock_of
from portal.kernel.actor import Actor


async def write(
    session: WriteSession,
    actor: Actor,
    one: Next[IntakeFile],
    content: Content | None,
    verdict: Verdict,
    *,
    is_new: bool = False,
) -> None:
    """Carry out what was decided about a file that nobody has looked at yet; nothing when somebody has meanwhile.

    The move out of *received* is the guard against doing things twice. A partner goes the way of its UBL.

    Args:
        content: what it holds, where that is taken.
        is_new: this transaction has looked already, and there is nothing like it.
    """
    row, now = one.file, clock_of(session).now()
    beside: FileChange | None = None
    match verdict:
        case Asked():
            beside = await _ask(session, row, verdict, now)
        case Rejected():
            await _move(session, row, IntakeState.REJECTED, now, verdict.reason)
        case Unpacked():
            if await _move(session, row, IntakeState.SPLIT, now, verdict.said):
                await files_repository.add_all(session, _reception(row, now), verdict.files, parent_id=row.id)
        case Taken():
            if not await _move(session, row, IntakeState.PROCESSED, now):
                return
            if isinstance(content, InvoiceContent):
                beside = await _ingest_invoice(session, actor, row, content, now, is_new=is_new)
            elif isinstance(content, CodaContent):
                await _ingest_statements(session, actor, row, content)
    if one.partner is not None and beside is not None:
        await files_repository.move_received(session, one.partner.id, IntakeState.PROCESSED, beside)


async def _ask(session: WriteSession, row: IntakeFile, asked: Asked, now: datetime) -> FileChange | None:
    """Nobody is asked about bytes that are a document, or wait in quick entry, already. Gives what becomes of a PDF beside it."""
    document = await arrivals.known_bytes(session, row.company_id, row.sha256)
    if document is not None:
        change = FileChange(reason="already", document_id=document.id, handled_at=now)
        await files_repository.move_received(session, row.id, IntakeState.PROCESSED, change)
        return None
    waiting = await files_repository.waiting_with_bytes(session, row.company_id, row.sha256, row.id)
    if waiting is not None:
        change = FileChange(reason="waits_already", hints={"file": str(waiting.id)}, handled_at=now)
        await files_repository.move_received(session, row.id, IntakeState.PROCESSED, change)
        return None
    change = FileChange(hints=asked.hints, handled_at=None)
    if asked.reason is not None:
        change = FileChange(
            hints=asked.hints,
            handled_at=None,
            reason=asked.reason.code,
            reason_params=asked.reason.params,
        )
    if await files_repository.move_received(session, row.id, IntakeState.TO_PROCESS, change) is None:
        return None
    return FileChange(reason="joined_waiting", hints={"file": str(row.id)}, handled_at=now)


async def _move(
    session: WriteSession, row: IntakeFile, to: IntakeState, now: datetime, reason: Reason | None = None
) -> bool:
    change = FileChange(handled_at=now)
    if reason is not None:
        change = FileChange(handled_at=now, reason=reason.code, reason_params=reason.params)
    return await files_repository.move_received(session, row.id, to, change) is not None


def _reception(row: IntakeFile, now: datetime) -> Reception:
    """The files of an archive come as it came."""
    return Reception(
        company_id=row.company_id,
        upload_id=row.upload_id,
        dossier_id=row.dossier_id,
        received_at=now,
        received_by=row.received_by,
        channel=row.channel,
        sender=row.sender,
    )


async def _ingest_invoice(
    session: WriteSession,
    actor: Actor,
    row: IntakeFile,
    content: InvoiceContent,
    now: datetime,
    *,
    is_new: bool,
) -> FileChange:
    """Make the document. Gives what becomes of a PDF beside it."""
    taken = await arrivals.ingest_invoice(
        session,
        actor,
        row.company_id,
        content.invoice,
        stored_file(row),
        supplier_is_us=bool(content.sold),
        pdf=content.pdf,
        unwrapped=content.unwrapped,
        pdf_origin=content.pdf_origin,
        dossier_id=row.dossier_id,
        is_new=is_new,
    )
    document = taken.document
    await files_repository.note(
        session, row.id, FileChange(document_id=document.id, reason=None if taken.new else "already")
    )
    attached = taken.new and document.pdf_sha256 is not None
    if not taken.new and content.beside is not None:
        attached = await arrivals.attach_pdf(session, document, content.beside)
    return FileChange(reason="joined" if attached else "already", document_id=document.id, handled_at=now)


async def _ingest_statements(
    session: WriteSession, actor: Actor, row: IntakeFile, content: CodaContent
) -> None:
    taken = await banking.ingest(
        session,
        actor,
        row.company_id,
        content.statements,
        original_sha256=row.sha256,
        original_name=row.name,
        dossier_id=row.dossier_id,
    )
    await files_repository.note(session, row.id, told_statements(taken))


def told_statements(taken: Sequence[banking.TakenStatement]) -> FileChange:
    """What to write on a file of statements that was taken: its statements, and which of them were there already.

    That an account has CODA now is told first: other forms of it do not leave any more, and some may have.
    """
    known = sum(1 for one in taken if not one.new)
    ids = {"ids": [str(one.statement.id) for one in taken]}
    for one in taken:
        if one.first_coda is not None:
            until = one.first_coda.derived_until
            params = {"left": one.first_coda.derived, "until": f"{until:%d/%m/%Y}" if until else "–"}
            code = "statement.first_coda_left" if one.first_coda.derived else "statement.first_coda"
            return FileChange(statement_ids=ids, reason=code, reason_params=params)
    if known == len(taken):
        same = any(one.same_as for one in taken)
        return FileChange(statement_ids=ids, reason="statement.same" if same else "already")
    if known:
        params = {"known": known, "count": len(taken)}
        return FileChange(statement_ids=ids, reason="partly", reason_params=params)
    return FileChange(statement_ids=ids)
