"""The job that looks at what was handed in.

Every file is settled in one transaction of its own, together with what it became; the move out of *received* is the guard, so a job
that runs again after a crash does nothing twice and goes on where it stopped. That is also how it lets others go first: it settles a
few files a turn.
"""

import time
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog

from portal.features.documents import service as documents
from portal.features.intake import repository
from portal.features.intake.domain import (
    FileKind,
    IntakeState,
    partners,
)
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.papers import (
    Refused,
)
from portal.features.intake.service.receiving import ReadUpload
from portal.features.intake.service.settling import Settler
from portal.jobs.contract import GiveWay, Later
from portal.jobs.runner import LostClaim, Task
from portal.kernel.errors import Invalid, Unavailable
from portal.sandbox import SandboxUnavailable, readers_work
from portal.storage import BrokenFile, StorageUnavailable

log = structlog.get_logger()
PATIENCE = 3
"""So often is a file begun that makes its reader stumble, or its run end without a word (after a first one that did): then it is set
aside. Until then it comes last, so that the others are not held up."""
TURN_FILES = 8
TURN_SECONDS = 1.0
"""A turn settles so many files, or takes so long; the rest comes when others have had theirs."""
AWAY = 10.0
"""Seconds after which a store or readers that were away are asked again."""


class Stumbled(Exception):
    """A file could not be read for a reason nobody foresaw; it is tried again."""


async def read_upload(task: Task, job: ReadUpload) -> None:
    """Settle every file of an upload.

    Raises:
        GiveWay: some are, and the turn is over.
        Later: the store or the readers are away; what does not need them is settled.
        Stumbled: some file is to be tried again.
    """
    reader = Reader(task)
    try:
        await reader.read(job.upload_id)
    except Unavailable as away:
        raise Later(AWAY, away.code) from away
    if reader.is_over and (reader.stumbled is None or reader.others_wait):
        raise GiveWay
    if reader.stumbled is not None:
        raise Stumbled from reader.stumbled
    if reader.away is not None:
        raise Later(AWAY, reader.away.code) from reader.away
    async with task.transaction() as session:
        await task.finish(session)


class Reader(Settler):
    """One run over one upload."""

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self.stumbled: Exception | None = None
        self.away: Unavailable | None = None
        self.is_over = False
        """Whether the turn ended before everything had been looked at."""
        self.others_wait = False
        """Whether something is left that has never gone wrong."""
        self._left = TURN_FILES
        self._until = time.monotonic() + TURN_SECONDS

    async def read(self, upload_id: UUID) -> None:
        """Archives first, then UBL with the PDFs beside them, then all the rest; what went wrong before comes last.

        Which PDF belongs to which UBL is asked of the whole upload, also of what earlier turns have settled: the answer is the same in
        every turn. A PDF waits for its UBL.
        """
        archives = [row for row in await self._received(upload_id) if row.media_type == FileKind.ZIP]
        for row in _trouble_last(archives):
            await self._turn(row, self.unpack)
        if self.is_over:  # a PDF in an archive that is still closed may belong to a UBL outside
            return
        everything = await self._files(upload_id)
        invoices = [row for row in everything if row.media_type == FileKind.XML]
        papers = [row for row in everything if row.media_type == FileKind.PDF]
        beside = partners(_names(invoices), _names(papers))
        by_id = {row.id: row for row in everything}
        rows = _trouble_last([row for row in everything if row.state is IntakeState.RECEIVED])
        unread = {row.id for row in rows if row.media_type == FileKind.XML}
        for row in rows:
            if row.id in unread:
                partner = by_id.get(beside[row.id]) if row.id in beside else None
                if partner is not None and partner.state is not IntakeState.RECEIVED:
                    partner = None
                await self._turn(row, lambda one, other=partner: self.invoice(one, other))
        waits_for = {paper: invoice for invoice, paper in beside.items()}
        for row in rows:
            if row.id in unread:
                continue
            invoice_id = waits_for.get(row.id)
            if not self.is_over and invoice_id in unread and not await self._leads_alone(row, invoice_id):
                continue
            await self._turn(row, self.other)

    async def _turn(self, row: IntakeFile, handle: Any) -> None:
        """One file, if the turn is not over; what needs readers that are away is left for later."""
        if self._left <= 0 or (time.monotonic() > self._until and self._left < TURN_FILES):
            self.is_over = True
            self.others_wait = self.others_wait or row.begun == 0
        elif self.away is None or row.media_type in (FileKind.XML, FileKind.CODA):
            await self._guarded(row, handle)

    async def _leads_alone(self, paper: IntakeFile, invoice_id: UUID | None) -> bool:
        """Whether a PDF whose UBL was read in this turn is still there to be read by itself."""
        async with self.task.transaction() as session:
            now = await repository.one(session, paper.id)
            invoice = await repository.one(session, invoice_id) if invoice_id is not None else None
        if invoice is not None and invoice.state is IntakeState.RECEIVED:
            return False
        return now is not None and now.state is IntakeState.RECEIVED

    async def _received(self, upload_id: UUID) -> Sequence[IntakeFile]:
        async with self.task.transaction() as session:
            self.us = await documents.identity_of(session, self.company_id)
            return await repository.of_upload(session, upload_id, IntakeState.RECEIVED)

    async def _files(self, upload_id: UUID) -> Sequence[IntakeFile]:
        async with self.task.transaction() as session:
            return await repository.of_upload(session, upload_id)

    async def _guarded(self, row: IntakeFile, handle: Any) -> None:
        """One file; whatever is wrong with it, the others go on."""
        counted = self.task.attempt > 1
        if counted and not await self._begun(row):
            return
        self._left -= 1
        try:
            await handle(row)
        except Refused as why:
            await self.settle(row, IntakeState.REJECTED, why.reason, why.params)
        except BrokenFile:
            await self.settle(row, IntakeState.REJECTED, "file_broken")
        except Invalid as why:
            params = {key: str(value) for key, value in why.params.items()}
            await self.settle(row, IntakeState.REJECTED, why.code, params)
        except LostClaim:
            raise
        except SandboxUnavailable as error:
            if await readers_work():  # this file ends its reader, every time
                await self._stumble(row, error, counted=counted)
            else:
                self.away = error
                await self._not_begun(row, counted=counted)
        except Unavailable as error:
            if isinstance(error, StorageUnavailable) and await self.tools.store.healthy():
                await self._stumble(row, error, counted=counted)  # the store is there, but for this file
            else:
                await self._not_begun(row, counted=counted)
                raise
        except Exception as error:  # noqa: BLE001 - told to the log, with everything, by the next line
            await self._stumble(row, error, counted=counted)

    async def _stumble(self, row: IntakeFile, error: Exception, *, counted: bool) -> None:
        async with self.task.transaction() as session:
            times = await (repository.begun if counted else repository.begin)(session, row.id)
        log.error("intake.stumbled", file=str(row.id), times=times, exc_info=error)
        if times >= PATIENCE:
            await self.settle(row, IntakeState.REJECTED, "unexpected")
        else:
            self.stumbled = error

    async def _begun(self, row: IntakeFile) -> bool:
        """Whether to read a file after a run that ended badly: written down first, since a run that is killed tells nothing."""
        async with self.task.transaction() as session:
            times = await repository.begin(session, row.id)
        if times <= PATIENCE:
            return True
        log.error("intake.deadly", file=str(row.id), attempt=self.task.attempt)
        await self.settle(row, IntakeState.REJECTED, "unexpected")
        return False

    async def _not_begun(self, row: IntakeFile, *, counted: bool) -> None:
        """A part we need is away: that is no death of this file's making."""
        if counted:
            async with self.task.transaction() as session:
                await repository.not_begun(session, row.id)


def _trouble_last(rows: Sequence[IntakeFile]) -> list[IntakeFile]:
    """Files that made a run stumble or end come after the others."""
    return sorted(rows, key=lambda row: row.begun > 0)


def _names(rows: Sequence[IntakeFile]) -> list[tuple[UUID, UUID | None, str]]:
    return [(row.id, row.parent_id, row.name) for row in rows]
