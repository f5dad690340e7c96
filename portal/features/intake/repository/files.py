"""SQL of handed-in files."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import holding
from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.models import belongs_to
from portal.features.intake.domain.files import (
    INTAKE,
    FileChange,
    IntakeQuery,
    IntakeState,
    NewFile,
    Reception,
    clean_name,
)
from portal.features.intake.models import IntakeFile
from portal.features.retention.domain import ArchivesWith
from portal.kernel.ids import new_id


async def add_all(
    session: WriteSession, reception: Reception, files: Sequence[NewFile], *, parent_id: UUID | None = None
) -> None:
    """Write down files that came in together; those that are not taken are settled with their reason at once."""
    if not files:
        return
    how = msgspec.structs.asdict(reception)
    rows = [
        {
            **how,
            "id": one.id or new_id(),
            "parent_id": parent_id,
            "name": clean_name(one.name),
            "folder": one.folder,
            "media_type": one.media_type.value,
            "size": one.size,
            "sha256": one.sha256,
            "state": IntakeState.RECEIVED if one.refusal is None else IntakeState.REJECTED,
            "reason": one.refusal.code if one.refusal else None,
            "reason_params": one.refusal.params if one.refusal else {},
            "handled_at": reception.received_at if one.refusal else None,
            "scanned_at": one.scanned_at,
        }
        for one in files
    ]
    await session.execute(insert(IntakeFile).values(rows))


async def one(session: ReadSession, file_id: UUID, received_by: UUID | None = None) -> IntakeFile | None:
    """One file the session may see, as it is now."""
    statement = sa.select(IntakeFile).where(IntakeFile.id == file_id)
    if received_by is not None:
        statement = statement.where(IntakeFile.received_by == received_by)
    return await session.scalar(statement.execution_options(populate_existing=True))


async def waiting_with_bytes(
    session: ReadSession, company_id: UUID, sha256: str, exclude: UUID
) -> IntakeFile | None:
    """Another file of the same bytes that waits in quick entry."""
    return await session.scalar(
        sa.select(IntakeFile)
        .where(
            IntakeFile.company_id == company_id,
            IntakeFile.sha256 == sha256,
            IntakeFile.state == IntakeState.TO_PROCESS,
            IntakeFile.id != exclude,
        )
        .limit(1)
    )


async def move(
    session: WriteSession, file_id: UUID, to: IntakeState, change: FileChange
) -> IntakeFile | None:
    """One move of the intake machine; None when the file was not where it may come from: somebody was there first."""
    return await _moved(session, file_id, IntakeFile.state.in_(INTAKE.sources(to)), to, change)


async def move_received(
    session: WriteSession, file_id: UUID, to: IntakeState, change: FileChange
) -> IntakeFile | None:
    """A move of a file that nobody has looked at yet; None for any other: the reading job's guard against doing things twice."""
    return await _moved(session, file_id, IntakeFile.state == IntakeState.RECEIVED, to, change)


async def _moved(
    session: WriteSession,
    file_id: UUID,
    where: sa.ColumnElement[bool],
    to: IntakeState,
    change: FileChange,
) -> IntakeFile | None:
    return await session.scalar(
        sa.update(IntakeFile)
        .where(IntakeFile.id == file_id, where)
        .values(state=to, **change.columns())
        .returning(IntakeFile)
        .execution_options(populate_existing=True)
    )


async def ask_otherwise(session: WriteSession, file_id: UUID, reason: str, hints: dict[str, Any]) -> bool:
    """A file that waits gets another question; False when it waits no more."""
    asked = await session.scalar(
        sa.update(IntakeFile)
        .where(IntakeFile.id == file_id, IntakeFile.state == IntakeState.TO_PROCESS)
        .values(reason=reason, hints=hints)
        .returning(IntakeFile.id)
    )
    return asked is not None


async def note(session: WriteSession, file_id: UUID, change: FileChange) -> None:
    """Write what became of a file that this transaction has moved."""
    await session.execute(sa.update(IntakeFile).where(IntakeFile.id == file_id).values(**change.columns()))


def _filtered(company_id: UUID, query: IntakeQuery) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = [IntakeFile.company_id == company_id]
    if query.dossier_id is not None:
        where.append(belongs_to(IntakeFile.dossier_id, query.dossier_id))
    if query.states:
        where.append(IntakeFile.state.in_(query.states))
    if query.received_by is not None:
        where.append(IntakeFile.received_by == query.received_by)
    if query.search:
        where.append(holding(IntakeFile.name, query.search))
    return where


async def page(
    session: ReadSession, company_id: UUID, query: IntakeQuery, size: int = PAGE_SIZE
) -> Page[IntakeFile]:
    """One page of files: what waits oldest first, what is done newest first."""
    newest_first = IntakeState.TO_PROCESS not in query.states
    statement, backwards = keyset(
        sa.select(IntakeFile).where(*_filtered(company_id, query)),
        sort=IntakeFile.received_at,
        tie=IntakeFile.id,
        kind=datetime,
        descending=newest_first,
        cursor=query.cursor,
        size=size,
    )
    rows = (await session.scalars(statement)).all()
    return cut(
        rows,
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda row: row.received_at,
        row_id=lambda row: row.id,
        size=size,
    )


async def counts(session: ReadSession, company_id: UUID, query: IntakeQuery) -> dict[IntakeState, int]:
    """How many files are in each state, whatever states the list is filtered by."""
    everywhere = msgspec.structs.replace(query, states=frozenset())
    found: Any = await session.execute(
        sa.select(IntakeFile.state, sa.func.count())
        .where(*_filtered(company_id, everywhere))
        .group_by(IntakeFile.state)
    )
    return {row[0]: row[1] for row in found}


async def next_waiting(
    session: ReadSession, company_id: UUID, dossier_id: UUID | None, received_by: UUID | None, exclude: UUID
) -> UUID | None:
    """The oldest file that waits in quick entry (of a dossier, or of the company), other than this one."""
    statement = sa.select(IntakeFile.id).where(
        IntakeFile.company_id == company_id,
        IntakeFile.state == IntakeState.TO_PROCESS,
        IntakeFile.id != exclude,
    )
    if dossier_id is not None:
        statement = statement.where(belongs_to(IntakeFile.dossier_id, dossier_id))
    if received_by is not None:
        statement = statement.where(IntakeFile.received_by == received_by)
    return await session.scalar(statement.order_by(IntakeFile.received_at, IntakeFile.id).limit(1))


async def waiting_by_dossier(session: ReadSession, firm_id: UUID, company_id: UUID) -> dict[UUID, int]:
    """How many files of a company wait in quick entry of each of a firm's dossiers; needs the system scope."""
    waiting = (
        sa.select(sa.func.dossier_for(firm_id, company_id, IntakeFile.dossier_id).label("place"))
        .where(IntakeFile.company_id == company_id, IntakeFile.state == IntakeState.TO_PROCESS)
        .subquery()
    )
    found = await session.execute(
        sa.select(waiting.c.place, sa.func.count().label("files")).group_by(waiting.c.place)
    )
    return {row.place: row.files for row in found}


async def archives_with(session: ReadSession, question: ArchivesWith) -> int:
    """In how many archives a document or statement was handed in."""
    made = (
        IntakeFile.document_id == question.paper_id
        if question.paper == "document"
        else IntakeFile.statement_ids["ids"].contains([str(question.paper_id)])
    )
    found = await session.scalar(
        sa.select(sa.func.count(sa.distinct(IntakeFile.parent_id))).where(
            made, IntakeFile.parent_id.is_not(None)
        )
    )
    return found or 0
