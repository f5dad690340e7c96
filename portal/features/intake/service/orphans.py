"""Files whose reading was given up: found by the clock, and told to whoever handed them in."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from portal.db.session import ReadSession, WriteSession
from portal.features.intake import repository
from portal.features.intake.domain.files import FileChange, IntakeState
from portal.features.intake.service.reception import READING, GiveUp


async def find_orphaned(session: ReadSession) -> Sequence[tuple[UUID, UUID]]:
    """Companies and uploads with files that no job will look at any more: it was given up. In the system scope."""
    return await repository.orphaned(session, READING)


async def give_up(session: WriteSession, job: GiveUp, now: datetime) -> None:
    """Set aside what nobody will read any more, with a reason; whoever handed it in may do so again."""
    for row in await repository.of_upload(session, job.upload_id, IntakeState.RECEIVED):
        change = FileChange(reason="unexpected", reason_params={}, handled_at=now)
        await repository.move_received(session, row.id, IntakeState.REJECTED, change)
