"""What one file that was handed in becomes: a document, a statement, a question, files of its own, or refused with a reason."""

from typing import Any
from uuid import UUID

import msgspec

from exports.model import Document as Invoice
from portal.db.session import WriteSession
from portal.features.banking import service as banking
from portal.features.documents import service as documents
from portal.features.documents.domain import Direction, Identity, PdfOrigin, StoredFile, direction_of, judge
from portal.features.intake import repository
from portal.features.intake.domain import (
    HEAD,
    PICTURES,
    FileKind,
    IntakeState,
    InvoiceHints,
    sniff,
)
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.asking import hints_of, meet
from portal.features.intake.service.papers import (
    Refused,
    read_coda,
    read_invoice,
    replaces_embedded,
    store_embedded_pdf,
)
from portal.features.intake.service.questions import (
    ERASED_BEFORE,
    coda_question,
    erased_before,
    there_already,
)
from portal.features.intake.service.receiving import fresh_row, refused
from portal.features.intake.service.taken import stored_file, told_statements
from portal.jobs.runner import Task
from portal.sandbox import read_image, read_pdf_page, read_zip


class Settler:
    """Settles the files of one company, each in one transaction with what it became."""

    def __init__(self, task: Task) -> None:
        assert task.company_id is not None
        self.task = task
        self.tools = task.tools
        self.actor = task.actor
        self.company_id: UUID = task.company_id
        self.us = Identity(numbers=frozenset(), texts=frozenset())

    async def settle(
        self, row: IntakeFile, to: IntakeState, reason: str | None = None, params: Any = None, **values: Any
    ) -> None:
        """Move a file out of *received*, in a transaction of its own."""
        async with self.task.transaction() as session:
            await self._move(session, row, to, reason, params, **values)

    async def _move(
        self,
        session: WriteSession,
        row: IntakeFile,
        to: IntakeState,
        reason: str | None = None,
        params: Any = None,
        **values: Any,
    ) -> bool:
        handled = None if to is IntakeState.TO_PROCESS else self.tools.clock.now()
        moved = await repository.move_received(
            session, row.id, to, reason=reason, reason_params=params or {}, handled_at=handled, **values
        )
        return moved is not None

    # ── archives ─────────────────────────────────────────────────────────────────────────────────────────────────

    async def unpack(self, row: IntakeFile) -> None:
        """An archive becomes the files in it.

        Raises:
            Refused: it is no archive that can be read.
        """
        data = await self.tools.store.get(self.company_id, row.sha256)
        members = await read_zip(data, max_member=self.tools.settings.max_upload_bytes)
        rows: list[dict[str, Any]] = []
        for member in members:
            fresh = fresh_row(
                self.tools,
                self.actor,
                self.company_id,
                row.upload_id,
                member.name,
                parent_id=row.id,
                dossier_id=row.dossier_id,
            )
            if member.data is None:
                rows.append(refused(fresh, self.tools, member.refused or "zip.damaged", **member.params))
            elif not member.data:
                rows.append(refused(fresh, self.tools, "empty"))
            else:
                kind = sniff(member.data[:HEAD])
                stored = await self.tools.store.put(self.company_id, member.data, media_type=kind.value)
                rows.append({**fresh, "media_type": kind.value, "size": stored.size, "sha256": stored.sha256})
        async with self.task.transaction() as session:
            if await self._move(session, row, IntakeState.SPLIT):
                await repository.add_all(session, rows)

    # ── UBL ──────────────────────────────────────────────────────────────────────────────────────────────────────

    async def invoice(self, row: IntakeFile, partner: IntakeFile | None) -> None:
        """A UBL becomes a document, or a question.

        Args:
            row: the UBL.
            partner: the PDF that came beside it, if any; it goes the same way.

        Raises:
            Refused: it is no invoice that can be read.
        """
        data = await self.tools.store.get(self.company_id, row.sha256)
        invoice = await read_invoice(data)
        direction = direction_of(invoice, self.us)
        pdf = await store_embedded_pdf(self.tools, self.company_id, invoice, row.name)
        origin = PdfOrigin.EMBEDDED
        if partner is not None and await replaces_embedded(invoice):
            pdf, origin = stored_file(partner), PdfOrigin.RECEIVED
        sold = None if direction in (Direction.BOTH, Direction.NEITHER) else direction is Direction.SUPPLIER
        faults = judge(invoice, supplier_is_us=sold)
        if faults or sold is None:
            reason = "ubl.values" if faults else f"ubl.{direction.value}"
            hints = hints_of(invoice, pdf, origin, sold=sold, faults=faults)
            async with self.task.transaction() as session:
                await self._ask(session, row, hints, reason, partner)
            return
        async with self.task.transaction() as session:
            if await erased_before(session, self.company_id, row.sha256):
                hints = hints_of(invoice, pdf, origin, sold=sold)
                await self._ask(session, row, hints, ERASED_BEFORE, partner)
                return
            there = await documents.of_invoice(session, self.company_id, invoice, supplier_is_us=sold)
            if not there:
                await self._take(session, row, invoice, sold, pdf, origin, partner)
                return
        met = await meet(self.tools, invoice, there, supplier_is_us=sold)
        async with self.task.transaction() as session:
            if met is not None and met.differences:
                hints = hints_of(invoice, pdf, origin, sold=sold, met=met)
                await self._ask(session, row, hints, "ubl.differs", partner)
            else:
                await self._take(session, row, invoice, sold, pdf, origin, partner)

    async def _take(
        self,
        session: WriteSession,
        row: IntakeFile,
        invoice: Invoice,
        supplier_is_us: bool,
        pdf: StoredFile | None,
        origin: PdfOrigin,
        partner: IntakeFile | None,
    ) -> None:
        if not await self._move(session, row, IntakeState.PROCESSED):
            return
        taken = await documents.take_invoice(
            session,
            self.actor,
            self.company_id,
            invoice,
            stored_file(row),
            supplier_is_us=supplier_is_us,
            pdf=pdf,
            pdf_origin=origin,
            dossier_id=row.dossier_id,
        )
        await repository.note(
            session, row.id, document_id=taken.document.id, reason=None if taken.new else "already"
        )
        if partner is None:
            return
        attached = taken.new and taken.document.pdf_sha256 is not None
        if not taken.new:
            attached = await documents.attach_pdf(session, taken.document, stored_file(partner))
        await self._move(
            session,
            partner,
            IntakeState.PROCESSED,
            "joined" if attached else "already",
            document_id=taken.document.id,
        )

    async def _ask(
        self,
        session: WriteSession,
        row: IntakeFile,
        hints: InvoiceHints,
        reason: str,
        partner: IntakeFile | None,
    ) -> None:
        if await self._is_there(session, row):
            return
        params = {
            "supplier": hints.supplier[:100] or "–",
            "customer": hints.customer[:100] or "–",
            **await erased_before(session, self.company_id, row.sha256),
        }
        moved = await self._move(
            session, row, IntakeState.TO_PROCESS, reason, params, hints=msgspec.to_builtins(hints)
        )
        if moved and partner is not None:
            await self._move(
                session, partner, IntakeState.PROCESSED, "joined_waiting", hints={"file": str(row.id)}
            )

    # ── everything else ──────────────────────────────────────────────────────────────────────────────────────────

    async def other(self, row: IntakeFile) -> None:
        """A bank file becomes statements, a paper waits in quick entry.

        Raises:
            Refused: it is of no kind that is taken.
        """
        if row.media_type == FileKind.CODA:
            await self._coda(row)
        elif row.media_type == FileKind.PDF or row.media_type in PICTURES:
            await self._paper(row)
        elif row.media_type == FileKind.ZIP:
            raise Refused("zip.nested")
        else:
            raise Refused("office" if row.media_type == FileKind.OFFICE else "unknown")

    async def _coda(self, row: IntakeFile) -> None:
        data = await self.tools.store.get(self.company_id, row.sha256)
        file = await read_coda(self.tools, self.company_id, data, row.name)
        async with self.task.transaction() as session:
            question = await coda_question(session, self.company_id, self.us, file)
            if erased := await erased_before(session, self.company_id, row.sha256, file):
                question = (question[0], question[1] | erased) if question else (ERASED_BEFORE, erased)
            if question is not None:
                if not await self._is_there(session, row):
                    await self._move(session, row, IntakeState.TO_PROCESS, *question)
                return
            if not await self._move(session, row, IntakeState.PROCESSED):
                return
            taken = await banking.take(
                session,
                self.actor,
                self.company_id,
                file.statements,
                original_sha256=row.sha256,
                original_name=row.name,
                dossier_id=row.dossier_id,
            )
            await repository.note(session, row.id, **told_statements(taken))

    async def _is_there(self, session: WriteSession, row: IntakeFile) -> bool:
        """Flag a file whose bytes are a document, or wait in quick entry, already."""
        found = await there_already(session, self.company_id, row)
        if found is not None:
            reason, values = found
            await self._move(session, row, IntakeState.PROCESSED, reason, **values)
        return found is not None

    async def _paper(self, row: IntakeFile) -> None:
        data = await self.tools.store.get(self.company_id, row.sha256)
        if row.media_type == FileKind.PDF:
            pages = (await read_pdf_page(data)).count
        else:
            await read_image(data, fit=200)
            pages = 1
        async with self.task.transaction() as session:
            if not await self._is_there(session, row):
                erased = await erased_before(session, self.company_id, row.sha256)
                reason = ERASED_BEFORE if erased else None
                await self._move(session, row, IntakeState.TO_PROCESS, reason, erased, hints={"pages": pages})
