"""SQL of what two people erase."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from portal.db.figures import Figure, constant, ids_of
from portal.db.session import ReadSession, WriteSession
from portal.features.banking.models import Statement
from portal.features.dossiers.domain.dossiers import OPEN_ACCESS
from portal.features.dossiers.models import Dossier, managed_by
from portal.features.retention.domain import ERASURE, ErasureState
from portal.features.retention.models import Erasure


async def lock_paper_decisions(session: WriteSession, paper_id: UUID) -> None:
    """Proposing, answering and bringing back one paper go one after the other, across all offices: before any row is taken."""
    key = sa.func.hashtextextended(sa.literal(f"erasure:{paper_id}"), 0)
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def add(session: WriteSession, erasure: Erasure) -> None:
    """Insert a proposal to erase."""
    session.add(erasure)


def _of(paper: str, paper_id: UUID) -> sa.ColumnElement[bool]:
    return (Erasure.document_id if paper == "document" else Erasure.statement_id) == paper_id


async def one(session: ReadSession, erasure_id: UUID) -> Erasure | None:
    """One erasure that the session may see."""
    return await session.scalar(
        sa.select(Erasure).where(Erasure.id == erasure_id).execution_options(populate_existing=True)
    )


async def open_on(session: ReadSession, paper: str, paper_id: UUID) -> Sequence[Erasure]:
    """What is proposed about a paper, by whichever office, the oldest first."""
    found = await session.scalars(
        sa.select(Erasure)
        .where(_of(paper, paper_id), Erasure.state == ErasureState.PROPOSED)
        .order_by(Erasure.id)
        .execution_options(populate_existing=True)
    )
    return found.all()


async def last_refused(session: ReadSession, paper: str, paper_id: UUID) -> Erasure | None:
    """The last time that a second person refused to erase a paper."""
    return await session.scalar(
        sa.select(Erasure)
        .where(_of(paper, paper_id), Erasure.state == ErasureState.REFUSED)
        .order_by(Erasure.id.desc())
        .limit(1)
    )


async def confirmed(session: ReadSession, paper: str, paper_id: UUID) -> Erasure | None:
    """Why and by whom a paper was erased."""
    return await session.scalar(
        sa.select(Erasure)
        .where(_of(paper, paper_id), Erasure.state == ErasureState.CONFIRMED)
        .execution_options(populate_existing=True)
    )


async def answer(
    session: WriteSession, erasure_id: UUID, to: ErasureState, *, by: UUID, name: str, at: datetime, text: str
) -> Erasure | None:
    """One move of a proposal; None when somebody was faster. Confirming it erases the paper: the database's trigger does."""
    return await session.scalar(
        sa.update(Erasure)
        .where(Erasure.id == erasure_id, Erasure.state.in_(ERASURE.sources(to)))
        .values(state=to, answered_by=by, answered_by_name=name, answered_at=at, answer=text)
        .returning(Erasure)
        .execution_options(populate_existing=True)
    )


async def removed(session: WriteSession, erasure_id: UUID, at: datetime) -> None:
    """Its objects are gone; the first time counts."""
    await session.execute(
        sa.update(Erasure).where(Erasure.id == erasure_id, Erasure.removed_at.is_(None)).values(removed_at=at)
    )


async def waiting_for(
    session: ReadSession, person_id: UUID, manager_id: UUID | None, limit: int
) -> tuple[Sequence[Erasure], int]:
    """What a person of the office may answer, the oldest first, in dossiers that are open; and how many there are. In a firm's scope."""
    seen = sa.select(Dossier.id).where(Dossier.firm_id == Erasure.firm_id, Dossier.access.in_(OPEN_ACCESS))
    if manager_id is not None:
        seen = seen.where(Dossier.id.in_(managed_by(manager_id)))
    where = (
        Erasure.state == ErasureState.PROPOSED,
        Erasure.proposed_by != person_id,
        Erasure.firm_id == sa.func.current_firm(),
        Erasure.dossier_id.in_(seen),
    )
    found = await session.execute(
        sa.select(Erasure, sa.func.count().over()).where(*where).order_by(Erasure.id).limit(limit)
    )
    rows = found.all()
    return [row[0] for row in rows], rows[0][1] if rows else 0


async def known_as_erased(session: ReadSession, company_id: UUID, sha256: str) -> Erasure | None:
    """The last erasure of something that had these bytes."""
    return await session.scalar(
        sa.select(Erasure)
        .where(
            Erasure.company_id == company_id,
            Erasure.state == ErasureState.CONFIRMED,
            Erasure.known.contains([sha256]),
        )
        .order_by(Erasure.id.desc())
        .limit(1)
    )


async def erased_content(
    session: ReadSession, company_id: UUID, content_hashes: Sequence[str]
) -> Erasure | None:
    """The last erasure of a statement of one of these contents, in whichever file it comes."""
    return await session.scalar(
        sa.select(Erasure)
        .join(Statement, Statement.id == Erasure.statement_id)
        .where(
            Erasure.company_id == company_id,
            Erasure.state == ErasureState.CONFIRMED,
            Statement.content_hash.in_(content_hashes),
        )
        .order_by(Erasure.id.desc())
        .limit(1)
    )


def erased_subjects(ids: Collection[UUID]) -> Figure[set[UUID]]:
    """Which of these rows held something that was erased."""
    if not ids:
        return constant(set())
    found = sa.select(sa.func.unnest(Erasure.subjects)).where(
        Erasure.state == ErasureState.CONFIRMED, Erasure.subjects.overlap(list(ids))
    )
    return ids_of(found).mapped(lambda erased: erased & set(ids))


async def others_in_file(session: ReadSession, statement_id: UUID) -> int:
    """How many other statements came in the same file and are not erased."""
    file = sa.select(Statement.original_sha256).where(Statement.id == statement_id).scalar_subquery()
    found = await session.scalar(
        sa.select(sa.func.count())
        .select_from(Statement)
        .where(Statement.original_sha256 == file, Statement.id != statement_id, Statement.erased_at.is_(None))
    )
    return found or 0
