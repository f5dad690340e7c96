"""SQL that reading an upload needs, whether it came for a dossier or for the office as a whole."""

from collections.abc import Sequence
from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.features.intake.models import InboxFile, IntakeFile
from portal.jobs.models import JobRow

F = TypeVar("F", IntakeFile, InboxFile)
Table = type[IntakeFile] | type[InboxFile]
RECEIVED = "received"
"""Both machines begin with it: stored, not looked at yet."""


async def of_upload(session: ReadSession, table: type[F], upload_id: UUID) -> Sequence[F]:
    """What was handed in together, archives before their files."""
    found = await session.scalars(sa.select(table).where(table.upload_id == upload_id).order_by(table.id))
    return found.all()


async def unread(session: ReadSession, table: Table, ids: Sequence[UUID]) -> set[UUID]:
    """Which of these files nobody has looked at yet."""
    found = await session.scalars(sa.select(table.id).where(table.id.in_(ids), table.state == RECEIVED))
    return set(found)


async def count_begun(session: WriteSession, table: Table, file_id: UUID, by: int) -> int:
    """Add to how often reading a file began; never below none. Gives how often it has."""
    begun = await session.scalar(
        sa.update(table)
        .where(table.id == file_id)
        .values(begun=sa.func.greatest(table.begun + by, 0))
        .returning(table.begun)
    )
    return begun or 0


async def orphaned(
    session: ReadSession, table: Table, key: str, limit: int = 200
) -> Sequence[tuple[UUID, UUID]]:
    """Owners and uploads with files nobody has looked at, and no job that still will; in the system scope.

    Args:
        key: what the unique keys of the reading jobs begin with; the upload's id follows.
    """
    owner = IntakeFile.company_id if table is IntakeFile else InboxFile.firm_id
    alive = (
        sa.select(JobRow.unique_key)
        .where(
            JobRow.unique_key == sa.literal(key) + sa.cast(table.upload_id, sa.Text()),
            JobRow.done_at.is_(None),
            JobRow.dead_at.is_(None),
        )
        .exists()
    )
    found = await session.execute(
        sa.select(owner, table.upload_id).where(table.state == RECEIVED, ~alive).distinct().limit(limit)
    )
    return [(row[0], row[1]) for row in found]
