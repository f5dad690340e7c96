"""The job that looks at what came to the office as a whole: each file is opened, handed to the dossier it names, or waits for a person.

It goes the way of every upload (`upload_run`): a few files a turn, each settled in one transaction whose move is the guard.
"""

import msgspec

from portal.db.session import ReadSession
from portal.features.dossiers.service import opening
from portal.features.intake.domain.contents import ArchiveContent
from portal.features.intake.domain.files import CONTAINERS
from portal.features.intake.domain.inbox import InboxChange, InboxReception, InboxState, why_waiting
from portal.features.intake.domain.reasons import Reason
from portal.features.intake.models import InboxFile
from portal.features.intake.repository import inbox as inbox_repository
from portal.features.intake.service import matching, transfer
from portal.features.intake.service.contents import Refused, Several, read_archive, unpacked
from portal.features.intake.service.order import Next, pairs
from portal.features.intake.service.reception import ReadInbox
from portal.features.intake.service.upload_run import Run, carry_out
from portal.jobs.runner import Task
from portal.kernel.actor import Door


async def read_inbox(task: Task, job: ReadInbox) -> None:
    """Settle every file of an upload of the inbox.

    Raises:
        GiveWay, Later, Stumbled: see `carry_out`.
    """
    await carry_out(InboxRun(task), job.upload_id)


class InboxRun(Run[InboxFile]):
    """One turn over what came to the office as a whole."""

    table = InboxFile

    def __init__(self, task: Task) -> None:
        super().__init__(task)
        # Files go by their numbers to whichever dossier of the firm they name, not only to those the sender sees.
        self._firm = msgspec.structs.replace(task.actor, role=None, door=Door.JOB)

    async def settle(self, one: Next[InboxFile]) -> None:
        """Open it, hand it to the one dossier that it names, or let it wait.

        Raises:
            Refused: it cannot be read.
        """
        row = one.file
        if row.media_type in CONTAINERS:
            await self._open(row)
            return
        try:
            marks = await matching.marks_of(self.tools, row)
        except Several as several:
            await self._split(row, await unpacked(self.tools, row.firm_id, row.name, several.documents))
            return
        fitting = await matching.fitting(self.tools, row.firm_id, marks) if marks is not None else ()
        if len(fitting) != 1:
            await self.set_aside(row, why_waiting(marks, fitting))
            return
        [only] = fitting
        rows = [row, *([one.partner] if one.partner is not None else [])]
        await transfer.copy(self.tools, rows, only.company_id)
        async with opening.place(self.tools.database, self._firm, only.dossier_id) as (session, place):
            await transfer.write(
                session,
                self._firm,
                rows,
                place,
                only.company_id,
                source=InboxState.RECEIVED,
            )

    async def set_aside(self, row: InboxFile, reason: Reason) -> None:
        """It waits for a person, with the reason; unless the same file does so already, where its sender sees that.

        The PDF beside a UBL that waits is no such file: whoever says whose the UBL is hands both over.
        """
        async with self.task.transaction() as session:
            await inbox_repository.lock_bytes(session, row.firm_id, row.sha256)
            to, change = InboxState.WAITING, InboxChange(reason=reason.code, reason_params=reason.params)
            same = await inbox_repository.waiting_with_bytes(session, self.task.actor, row.sha256, row.id)
            if same is not None and not await self._goes_along(session, row):
                to = InboxState.DISCARDED
                change = InboxChange(
                    reason="inbox.waits_already",
                    reason_params={},
                    object_sha256=None,
                    handled_at=self.tools.clock.now(),
                )
            await inbox_repository.move(session, row.id, to, change, only_from=InboxState.RECEIVED)

    async def _goes_along(self, session: ReadSession, paper: InboxFile) -> bool:
        """Whether a file is the PDF beside a UBL that waits."""
        there = await inbox_repository.of_upload(session, self.task.actor, paper.upload_id)
        beside = {pdf: invoice for invoice, pdf in pairs(there).items()}
        return any(one.id == beside.get(paper.id) and one.state is InboxState.WAITING for one in there)

    async def _open(self, row: InboxFile) -> None:
        """An archive or a mail becomes the files in it.

        Raises:
            Refused: it was in another one.
        """
        if row.parent_id is not None:
            raise Refused("zip.nested")
        data = await self.tools.store.get(row.firm_id, row.sha256)
        await self._split(row, await read_archive(self.tools, row.firm_id, data))

    async def _split(self, row: InboxFile, content: ArchiveContent) -> None:
        """It becomes the files in it; those of an envelope come when this turn is over."""
        reception = InboxReception(
            firm_id=row.firm_id,
            upload_id=row.upload_id,
            received_at=row.received_at,
            received_by=row.received_by,
            channel=row.channel,
            sender=row.sender,
        )
        async with self.task.transaction() as session:
            change = InboxChange(handled_at=self.tools.clock.now())
            if content.said is not None:
                change = InboxChange(
                    handled_at=self.tools.clock.now(),
                    reason=content.said.code,
                    reason_params=content.said.params,
                )
            if await inbox_repository.move(session, row.id, InboxState.SPLIT, change) is not None:
                await inbox_repository.add_all(session, reception, content.files, parent_id=row.id)
        if row.media_type not in CONTAINERS:
            self.come_again()
