"""The job that looks at what was handed in.

Every file is settled in one transaction of its own, together with what it became; the move out of *received* is the guard, so a job
that runs again after a crash does nothing twice and goes on where it stopped.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import msgspec
import structlog

from exports.model import Document as Invoice
from portal.db.session import WriteSession
from portal.features.banking import service as banking
from portal.features.documents import service as documents
from portal.features.documents.domain import Direction, Identity, PdfOrigin, StoredFile, direction_of
from portal.features.documents.service import Document
from portal.features.intake import repository
from portal.features.intake.domain import (
    HEAD,
    PICTURES,
    FileKind,
    IntakeState,
    InvoiceHints,
    partners,
    sniff,
)
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.papers import (
    CodaFile,
    Refused,
    pdf_name,
    read_coda,
    read_invoice,
    store_embedded_pdf,
)
from portal.features.intake.service.receiving import ReadUpload, fresh_row, refused
from portal.jobs.contract import Later
from portal.jobs.runner import LostClaim, Task
from portal.kernel.errors import Invalid, Unavailable
from portal.sandbox import SandboxUnavailable, read_image, read_pdf_page, read_zip, readers_work
from portal.storage import BrokenFile

log = structlog.get_logger()
PATIENCE = 3
"""After so many attempts a file that makes the reader stumble is set aside, so that the others are not held up."""
DEATHS = 2
"""So often may a run end without a word while it reads a file, after a first one that did; then that file is set aside."""
AWAY = 10.0
"""Seconds after which a store or readers that were away are asked again."""


class Stumbled(Exception):
    """A file could not be read for a reason nobody foresaw; it is tried again."""


async def read_upload(task: Task, job: ReadUpload) -> None:
    """Settle every file of an upload.

    Raises:
        Later: the store or the readers are away; what does not need them is settled.
        Stumbled: some file is to be tried again.
    """
    reader = Reader(task)
    try:
        await reader.read(job.upload_id)
    except Unavailable as away:
        raise Later(AWAY, away.code) from away
    if reader.stumbled is not None:
        raise Stumbled from reader.stumbled
    if reader.away is not None:
        raise Later(AWAY, reader.away.code) from reader.away
    async with task.transaction() as session:
        await task.finish(session)


class Reader:
    """One run over one upload."""

    def __init__(self, task: Task) -> None:
        assert task.company_id is not None
        self.task = task
        self.tools = task.tools
        self.actor = task.actor
        self.company_id: UUID = task.company_id
        self.us = Identity(numbers=frozenset(), texts=frozenset())
        self.stumbled: Exception | None = None
        self.away: Unavailable | None = None

    async def read(self, upload_id: UUID) -> None:
        """Archives first, then UBL with the PDFs beside them, then all the rest."""
        for row in await self._received(upload_id):
            if row.media_type == FileKind.ZIP:
                await self._guarded(row, self._unpack)
        rows = await self._received(upload_id)
        invoices = [row for row in rows if row.media_type == FileKind.XML]
        papers = [row for row in rows if row.media_type == FileKind.PDF]
        beside = partners(_names(invoices), _names(papers))
        by_id = {row.id: row for row in rows}
        joined = set(beside.values())
        for row in invoices:
            partner = by_id[beside[row.id]] if row.id in beside else None
            await self._guarded(row, lambda one, other=partner: self._invoice(one, other))
        for row in rows:
            if row.media_type == FileKind.XML:
                continue
            if row.id in joined and not await self._still_received(row):
                continue
            await self._guarded(row, self._other)

    async def _received(self, upload_id: UUID) -> Sequence[IntakeFile]:
        async with self.task.transaction() as session:
            self.us = await documents.identity_of(session, self.company_id)
            return await repository.of_upload(session, upload_id, IntakeState.RECEIVED)

    async def _still_received(self, row: IntakeFile) -> bool:
        async with self.task.transaction() as session:
            now = await repository.one(session, row.id)
            return now is not None and now.state is IntakeState.RECEIVED

    async def _guarded(self, row: IntakeFile, handle: Any) -> None:
        """One file; whatever is wrong with it, the others go on."""
        counted = self.task.attempt > 1
        if counted and not await self._begun(row):
            return
        try:
            await handle(row)
        except Refused as why:
            await self._settle(row, IntakeState.REJECTED, why.reason, why.params)
        except BrokenFile:
            await self._settle(row, IntakeState.REJECTED, "file_broken")
        except Invalid as why:
            params = {key: str(value) for key, value in why.params.items()}
            await self._settle(row, IntakeState.REJECTED, why.code, params)
        except LostClaim:
            raise
        except SandboxUnavailable as error:
            if await readers_work():  # this file ends its reader, every time
                await self._stumble(row, error)
            else:
                self.away = error
                await self._not_begun(row, counted=counted)
        except Unavailable:
            await self._not_begun(row, counted=counted)
            raise
        except Exception as error:  # noqa: BLE001 - told to the log, with everything, by the next line
            await self._stumble(row, error)

    async def _stumble(self, row: IntakeFile, error: Exception) -> None:
        log.error("intake.stumbled", file=str(row.id), attempt=self.task.attempt, exc_info=error)
        if self.task.attempt >= PATIENCE:
            await self._settle(row, IntakeState.REJECTED, "unexpected")
        else:
            self.stumbled = error

    async def _begun(self, row: IntakeFile) -> bool:
        """Whether to read a file after a run that ended badly: written down first, since a run that is killed tells nothing."""
        async with self.task.transaction() as session:
            times = await repository.begin(session, row.id)
        if times <= DEATHS:
            return True
        log.error("intake.deadly", file=str(row.id), attempt=self.task.attempt)
        await self._settle(row, IntakeState.REJECTED, "unexpected")
        return False

    async def _not_begun(self, row: IntakeFile, *, counted: bool) -> None:
        """A part we need is away: that is no death of this file's making."""
        if counted:
            async with self.task.transaction() as session:
                await repository.not_begun(session, row.id)

    async def _settle(
        self, row: IntakeFile, to: IntakeState, reason: str | None = None, params: Any = None, **values: Any
    ) -> None:
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

    async def _unpack(self, row: IntakeFile) -> None:
        data = await self.tools.store.get(self.company_id, row.sha256)
        members = await read_zip(data, max_member=self.tools.settings.max_upload_bytes)
        rows: list[dict[str, Any]] = []
        for member in members:
            fresh = fresh_row(
                self.tools, self.actor, self.company_id, row.upload_id, member.name, parent_id=row.id
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

    async def _invoice(self, row: IntakeFile, partner: IntakeFile | None) -> None:
        data = await self.tools.store.get(self.company_id, row.sha256)
        invoice = await read_invoice(data)
        direction = direction_of(invoice, self.us)
        pdf = await store_embedded_pdf(self.tools, self.company_id, invoice, row.name)
        origin = PdfOrigin.EMBEDDED
        if pdf is None and partner is not None:
            pdf, origin = stored_file(partner), PdfOrigin.RECEIVED
        async with self.task.transaction() as session:
            if direction in (Direction.SUPPLIER, Direction.CUSTOMER):
                await self._take(session, row, invoice, direction is Direction.SUPPLIER, pdf, origin, partner)
            else:
                await self._ask(session, row, invoice, direction, pdf, origin, partner)

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
        invoice: Invoice,
        direction: Direction,
        pdf: StoredFile | None,
        origin: PdfOrigin,
        partner: IntakeFile | None,
    ) -> None:
        if await self._there_already(session, row):
            return
        supplier, customer = invoice.supplier, invoice.customer
        hints = InvoiceHints(
            number=invoice.number,
            issue_date=invoice.issue_date,
            credit_note=invoice.kind == "credit_note",
            currency=invoice.currency,
            gross=str(invoice.tax_inclusive),
            supplier=supplier.display_name,
            supplier_number=" ".join(supplier.company_numbers[0]) if supplier.company_numbers else "",
            customer=customer.display_name,
            customer_number=" ".join(customer.company_numbers[0]) if customer.company_numbers else "",
            pdf_sha256=pdf.sha256 if pdf else None,
            pdf_name=pdf.name if pdf else None,
            pdf_size=pdf.size if pdf else None,
            pdf_origin=origin.value if pdf else None,
        )
        params = {
            "supplier": supplier.display_name[:100] or "–",
            "customer": customer.display_name[:100] or "–",
        }
        moved = await self._move(
            session,
            row,
            IntakeState.TO_PROCESS,
            f"ubl.{direction.value}",
            params,
            hints=msgspec.to_builtins(hints),
        )
        if moved and partner is not None:
            await self._move(
                session, partner, IntakeState.PROCESSED, "joined_waiting", hints={"file": str(row.id)}
            )

    # ── everything else ──────────────────────────────────────────────────────────────────────────────────────────

    async def _other(self, row: IntakeFile) -> None:
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
            question = await self._coda_question(session, file)
            if question is not None:
                if not await self._there_already(session, row):
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
            )
            await repository.note(session, row.id, **told_statements(taken))

    async def _coda_question(
        self, session: WriteSession, file: CodaFile
    ) -> tuple[str, dict[str, str]] | None:
        known = [await banking.knows_account(session, self.company_id, one) for one in file.statements]
        ours = {number for country, number in self.us.numbers if country == "BE"}
        strange = file.company_numbers - ours
        if strange and not all(known):
            number = min(strange)
            return "coda.other_company", {"number": f"{number[:4]}.{number[4:7]}.{number[7:]}"}
        for clash in await banking.clashes(session, self.company_id, file.statements):
            return "coda.conflict", {
                "number": str(clash.new.coda_number),
                "account": clash.new.iban or clash.new.account_number,
                "statement": str(clash.known.id),
            }
        return None

    async def _paper(self, row: IntakeFile) -> None:
        data = await self.tools.store.get(self.company_id, row.sha256)
        if row.media_type == FileKind.PDF:
            pages = (await read_pdf_page(data)).count
        else:
            await read_image(data, fit=200)
            pages = 1
        async with self.task.transaction() as session:
            if not await self._there_already(session, row):
                await self._move(session, row, IntakeState.TO_PROCESS, hints={"pages": pages})

    async def _there_already(self, session: WriteSession, row: IntakeFile) -> bool:
        """Flag a file whose bytes are a document, or wait in quick entry, already."""
        known: Document | None = await documents.known_bytes(session, self.company_id, row.sha256)
        if known is not None:
            await self._move(session, row, IntakeState.PROCESSED, "already", document_id=known.id)
            return True
        waiting = await repository.waiting_with_bytes(session, self.company_id, row.sha256, row.id)
        if waiting is not None:
            await self._move(
                session, row, IntakeState.PROCESSED, "waits_already", hints={"file": str(waiting.id)}
            )
            return True
        return False


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


def _names(rows: Sequence[IntakeFile]) -> list[tuple[UUID, UUID | None, str]]:
    return [(row.id, row.parent_id, row.name) for row in rows]
