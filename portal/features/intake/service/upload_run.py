"""The job that looks at what was handed in.

Every file is settled in one transaction of its own, together with what it became; the move out of *received* is the guard, so a job
that runs again after a crash does nothing twice and goes on where it stopped. That is also how it lets others go first: it settles a
few files a turn.
"""

import time
from abc import ABC, abstractmethod
from dataclasses import replace
from typing import Generic, TypeVar
from uuid import UUID

import structlog

from portal.features.documents.domain.identity import Identity
from portal.features.documents.service import arrivals
from portal.features.intake.domain.files import CONTAINERS, STATEMENTS, FileKind
from portal.features.intake.domain.reasons import Reason
from portal.features.intake.domain.verdicts import Rejected, Unpacked, decide
from portal.features.intake.models import InboxFile, IntakeFile
from portal.features.intake.repository import walks
from portal.features.intake.service import contents, facts, outcomes, scans
from portal.features.intake.service.comparison import compare
from portal.features.intake.service.contents import Refused
from portal.features.intake.service.order import Next, archives, in_order
from portal.features.intake.service.reception import ReadUpload
from portal.features.intake.service.scans import Infected
from portal.jobs.contract import GiveWay, Later
from portal.jobs.runner import LostClaim, Task
from portal.kernel.errors import Invalid, Unavailable
from portal.sandbox import SandboxUnavailable, readers_work
from portal.scanning import ScannerUnavailable
from portal.storage import BrokenFile, StorageUnavailable

log = structlog.get_logger()
MAX_BEGUN = 3
"""So often is a file begun that makes its reader stumble, or its run end without a word (after a first one that did): then it is set
aside. Until then it comes last, so that the others are not held up."""
TURN_FILES = 8
TURN_SECONDS = 1.0
"""A turn settles so many files, or takes so long; the rest comes when others have had theirs."""
RETRY_AFTER_SECONDS = 10.0
"""Seconds after which a store or readers that were away are asked again."""


class Stumbled(Exception):
    """A file could not be read for a reason nobody foresaw; it is tried again."""


async def read_upload(task: Task, job: ReadUpload) -> None:
    """Settle every file of an upload.

    Raises:
        GiveWay, Later, Stumbled: see `carry_out`.
    """
    await carry_out(UploadRun(task), job.upload_id)


F = TypeVar("F", IntakeFile, InboxFile)


async def carry_out(run: "Run[F]", upload_id: UUID) -> None:
    """One turn over an upload; what is left comes in the next.

    Raises:
        GiveWay: some files are settled, and the turn is over.
        Later: the store or the readers are away; what does not need them is settled.
        Stumbled: some file is to be tried again.
    """
    try:
        await run.go(upload_id)
    except Unavailable as away:
        raise Later(RETRY_AFTER_SECONDS, away.code) from away
    if run.is_over and (run.stumbled is None or run.others_wait):
        raise GiveWay
    if run.stumbled is not None:
        raise Stumbled from run.stumbled
    if run.away is not None:
        raise Later(RETRY_AFTER_SECONDS, run.away.code) from run.away
    async with run.task.transaction() as session:
        await run.task.finish(session)


class Run(ABC, Generic[F]):
    """One turn over one upload, whatever becomes of its files.

    Attributes:
        table: where its files stand.
    """

    table: type[F]

    def __init__(self, task: Task) -> None:
        self.task = task
        self.tools = task.tools
        self.stumbled: Exception | None = None
        self.away: Unavailable | None = None
        self.is_over = False
        """Whether the turn ended before everything had been looked at."""
        self.others_wait = False
        """Whether something is left that has never gone wrong."""
        self._left = TURN_FILES
        self._until = time.monotonic() + TURN_SECONDS

    @abstractmethod
    async def settle(self, one: Next[F]) -> None:
        """Read what a file holds, decide what becomes of it, write it down.

        Raises:
            Refused: it is not taken.
        """

    @abstractmethod
    async def set_aside(self, row: F, reason: Reason) -> None:
        """Write down that a file cannot be read, and why."""

    async def go(self, upload_id: UUID) -> None:
        """Archives first, then what there is (`service.order`)."""
        async with self.task.transaction() as session:
            files = await walks.of_upload(session, self.table, upload_id)
        closed = archives(files)
        for one in closed:
            await self._turn(one)
        if self.is_over:  # a PDF in an archive that is still closed may belong to a UBL outside
            return
        if closed:
            async with self.task.transaction() as session:
                files = await walks.of_upload(session, self.table, upload_id)
        for one in in_order(files):
            await self._turn(one)

    def come_again(self) -> None:
        """An envelope became several files: they are read in the next turn, as those of an archive are after it."""
        self.is_over = self.others_wait = True

    async def _turn(self, one: Next[F]) -> None:
        """One file, if the turn is not over; what needs readers that are away is left for later."""
        row = one.file
        if self._left <= 0 or (time.monotonic() > self._until and self._left < TURN_FILES):
            self.is_over = True
            self.others_wait = self.others_wait or row.begun == 0
            return
        if self.away is not None and row.media_type != FileKind.XML and row.media_type not in STATEMENTS:
            return
        if one.waits_for is not None and not await self._stands_alone(row, one.waits_for):
            return
        await self._guarded(one)

    async def _stands_alone(self, paper: F, invoice_id: UUID) -> bool:
        """Whether a PDF whose UBL was read in this turn is still there to be read by itself."""
        async with self.task.transaction() as session:
            unread = await walks.unread(session, self.table, [paper.id, invoice_id])
        return unread == {paper.id}

    async def _guarded(self, one: Next[F]) -> None:
        """One file; whatever is wrong with it, the others go on."""
        row = one.file
        counted = self.task.attempt > 1
        if counted and await self._count(row, +1) > MAX_BEGUN:
            # Written down before it is read, since a run that is killed tells nothing.
            log.error("intake.deadly", file=str(row.id), attempt=self.task.attempt)
            await self.set_aside(row, Reason(code="unexpected"))
            return
        self._left -= 1
        try:
            await self._scan(row)
            await self.settle(await self._with_a_clean_partner(one))
        except Infected as found:
            await self._refuse(row, found)
        except Refused as why:
            await self.set_aside(row, why.reason)
        except BrokenFile:
            await self.set_aside(row, Reason(code="file_broken"))
        except Invalid as why:
            params = {key: str(value) for key, value in why.params.items()}
            await self.set_aside(row, Reason(code=why.code, params=params))
        except LostClaim:
            raise
        except SandboxUnavailable as error:
            if await readers_work():  # this file ends its reader, every time
                await self._stumble(row, error, counted=counted)
            else:  # that is no death of this file's making
                self.away = error
                if counted:
                    await self._count(row, -1)
        except Unavailable as error:
            if await self._is_the_files(error):
                await self._stumble(row, error, counted=counted)
            else:
                if counted:
                    await self._count(row, -1)
                raise
        except Exception as error:  # noqa: BLE001 - told to the log, with everything, by the next line
            await self._stumble(row, error, counted=counted)

    async def _is_the_files(self, error: Unavailable) -> bool:
        """Whether what is said to be away is there, but for this file."""
        if isinstance(error, StorageUnavailable):
            return await self.tools.store.healthy()
        return isinstance(error, ScannerUnavailable) and await self.tools.scanner.answers()

    async def _scan(self, row: F) -> None:
        """Before anything reads it."""
        clean = await scans.scan(self.tools, row)
        if clean is not None and row.scanned_at is None:
            async with self.task.transaction() as session:
                await scans.note_clean(session, row, clean)
            row.scanned_at = clean

    async def _with_a_clean_partner(self, one: Next[F]) -> Next[F]:
        """A PDF goes the way of its UBL unread: it is scanned with it."""
        if one.partner is None:
            return one
        try:
            await self._scan(one.partner)
        except Infected as found:
            await self._refuse(one.partner, found)
            return replace(one, partner=None)
        return one

    async def _refuse(self, row: F, found: Infected) -> None:
        log.warning("intake.malware", file=str(row.id), signature=found.signature)
        async with self.task.transaction() as session:
            await scans.refuse(session, row, found.signature, self.tools.clock.now())

    async def _count(self, row: F, by: int) -> int:
        """Add to how often reading a file began after a run that ended badly; gives how often it has."""
        async with self.task.transaction() as session:
            return await walks.count_begun(session, self.table, row.id, by)

    async def _stumble(self, row: F, error: Exception, *, counted: bool) -> None:
        times = await self._count(row, 0 if counted else +1)
        log.error("intake.stumbled", file=str(row.id), times=times, exc_info=error)
        if times >= MAX_BEGUN:
            await self.set_aside(row, Reason(code="unexpected"))
        else:
            self.stumbled = error


class UploadRun(Run[IntakeFile]):
    """One turn over what was handed in for a dossier or by a member."""

    table = IntakeFile

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        self._us = Identity(numbers=frozenset(), texts=frozenset())

    async def go(self, upload_id: UUID) -> None:
        """For invoices it is known by what the company is called."""
        if self.task.company_id is not None:
            async with self.task.transaction() as session:
                self._us = await arrivals.identity_of(session, self.task.company_id)
        await super().go(upload_id)

    async def settle(self, one: Next[IntakeFile]) -> None:
        """Make a document or statements of it, ask a person, or open it.

        Raises:
            Refused: it is not taken.
        """
        row = one.file
        content = await contents.read(self.tools, row, one.partner, self._us)
        compared, same_number = False, None
        while True:
            async with self.task.transaction() as session:
                known, rivals = await facts.known(session, row, content, same_number)
                if compared or not rivals:
                    verdict = decide(content, known, self._us)
                    await outcomes.write(session, self.task.actor, one, content, verdict, is_new=known.is_new)
                    if isinstance(verdict, Unpacked) and row.media_type not in CONTAINERS:
                        self.come_again()
                    return
            # Outside of any transaction, since their files are fetched.
            compared, same_number = True, await compare(self.tools, content, rivals)

    async def set_aside(self, row: IntakeFile, reason: Reason) -> None:
        """It is rejected."""
        async with self.task.transaction() as session:
            await outcomes.write(session, self.task.actor, Next(row), None, Rejected(reason=reason))
