"""SQL of papers that were cut into several, or put together into one."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.arrays import among
from portal.db.figures import Figure, few_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.documents.models import Document
from portal.features.intake.domain.files import IntakeState
from portal.features.intake.domain.papers import Relative
from portal.features.intake.models import IntakeFile

JOINABLE = sa.or_(IntakeFile.media_type == "application/pdf", IntakeFile.media_type.startswith("image/"))
"""Papers: files that have pages."""


async def move_from(
    session: WriteSession, file_id: UUID, before: IntakeState, to: IntakeState, values: Mapping[str, Any]
) -> IntakeFile | None:
    """One move of one file from where it must be; None when somebody was there first."""
    return await session.scalar(
        sa.update(IntakeFile)
        .where(IntakeFile.id == file_id, IntakeFile.state == before)
        .values(state=to, **values)
        .returning(IntakeFile)
        .execution_options(populate_existing=True)
    )


async def add(session: WriteSession, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write new files down, as they are given."""
    await session.execute(insert(IntakeFile).values(list(rows)))


async def parts_of(session: ReadSession, file_id: UUID, *, lock: bool = False) -> Sequence[IntakeFile]:
    """The parts that a paper stands cut into, in the order of its pages."""
    statement = (
        sa.select(IntakeFile)
        .where(
            IntakeFile.parent_id == file_id,
            IntakeFile.first_page.is_not(None),
            # those that were put together again are no parts any more; one that is in another paper still is
            sa.or_(IntakeFile.state != IntakeState.MERGED, IntakeFile.merged_into != file_id),
        )
        .order_by(IntakeFile.first_page)
        .execution_options(populate_existing=True)
    )
    return (await session.scalars(statement.with_for_update() if lock else statement)).all()


async def merge(session: WriteSession, ids: Sequence[UUID], into: UUID, now: datetime) -> int:
    """Files that wait become part of another one; how many did."""
    moved = await session.scalars(
        sa.update(IntakeFile)
        .where(among(IntakeFile.id, ids), IntakeFile.state == IntakeState.TO_PROCESS)
        .values(state=IntakeState.MERGED, merged_into=into, handled_at=now)
        .returning(IntakeFile.id)
    )
    return len(moved.all())


async def release(session: WriteSession, file_id: UUID) -> int:
    """What was put together into a file waits by itself again; how many did."""
    moved = await session.scalars(
        sa.update(IntakeFile)
        .where(IntakeFile.merged_into == file_id, IntakeFile.state == IntakeState.MERGED)
        .values(state=IntakeState.TO_PROCESS, merged_into=None, handled_at=None)
        .returning(IntakeFile.id)
    )
    return len(moved.all())


async def known(session: ReadSession, company_id: UUID, hashes: Sequence[str]) -> dict[str, UUID]:
    """Documents that are there already, by the hash of what they came as."""
    found = await session.execute(
        sa.select(Document.original_sha256, Document.id).where(
            Document.company_id == company_id,
            among(Document.original_sha256, hashes),
            Document.erased_at.is_(None),
        )
    )
    return {row[0]: row[1] for row in found}


async def waiting_papers(
    session: ReadSession,
    company_id: UUID,
    received_by: UUID | None,
    where: sa.ColumnElement[bool] | None,
    limit: int,
) -> Sequence[IntakeFile]:
    """Papers that wait in quick entry, newest first."""
    statement = sa.select(IntakeFile).where(
        IntakeFile.company_id == company_id, IntakeFile.state == IntakeState.TO_PROCESS, JOINABLE
    )
    if where is not None:
        statement = statement.where(where)
    if received_by is not None:
        statement = statement.where(IntakeFile.received_by == received_by)
    return (
        await session.scalars(
            statement.order_by(IntakeFile.received_at.desc(), IntakeFile.id.desc()).limit(limit)
        )
    ).all()


def relatives(row: IntakeFile) -> Figure[list[Relative]]:
    """Of one file: the paper it is a part of, the one it was put together into, its own parts, and what it was put together from."""
    around = [one for one in (row.parent_id, row.merged_into) if one is not None]
    return few_rows(
        sa.select(
            IntakeFile.id,
            IntakeFile.name,
            IntakeFile.state,
            IntakeFile.first_page,
            IntakeFile.last_page,
            IntakeFile.parent_id,
            IntakeFile.merged_into,
            IntakeFile.erased_at.is_not(None).label("erased"),
        )
        .where(
            sa.or_(
                sa.and_(IntakeFile.parent_id == row.id, IntakeFile.first_page.is_not(None)),
                IntakeFile.merged_into == row.id,
                among(IntakeFile.id, around),
            )
        )
        .order_by(IntakeFile.first_page.nulls_last(), IntakeFile.received_at, IntakeFile.id),
        Relative,
    )
