"""Files whose reading was given up: found by the clock, and told to whoever handed them in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.intake.domain.files import FileChange, IntakeState
from portal.features.intake.domain.inbox import InboxChange, InboxState
from portal.features.intake.models import InboxFile, IntakeFile
from portal.features.intake.repository import files as files_repository
from portal.features.intake.repository import inbox as inbox_repository
from portal.features.intake.repository import walks
from portal.features.intake.service.reception import READING, READING_INBOX, GiveUp, GiveUpInbox


async def find_orphaned(session: ReadSession) -> Sequence[tuple[UUID, UUID]]:
    """Companies and uploads with files that no job will look at any more: it was given up. In the system scope."""
    return await walks.orphaned(session, IntakeFile, READING)


async def find_orphaned_in_inbox(session: ReadSession) -> Sequence[tuple[UUID, UUID]]:
    """Firms and uploads of the inbox with files that no job will look at any more. In the system scope."""
    return await walks.orphaned(session, InboxFile, READING_INBOX)


async def give_up(session: WriteSession, job: GiveUp, now: datetime) -> None:
    """Set aside what nobody will read any more, with a reason; whoever handed it in may do so again."""
    for row in await walks.of_upload(session, IntakeFile, job.upload_id):
        change = FileChange(reason="unexpected", reason_params={}, handled_at=now)
        await files_repository.move_received(session, row.id, IntakeState.REJECTED, change)


async def give_up_inbox(session: WriteSession, job: GiveUpInbox) -> None:
    """What nobody will read any more waits for a person, who says whose it is."""
    change = InboxChange(reason="inbox.not_read", reason_params={})
    for row in await walks.of_upload(session, InboxFile, job.upload_id):
        await inbox_repository.move(
            session, row.id, InboxState.WAITING, change, only_from=InboxState.RECEIVED
        )
