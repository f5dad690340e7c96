"""SQL of papers that are put aside, and of what two people erase. The papers are other slices'; only these columns are known here."""

from collections.abc import Collection, Sequence
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.exc import IntegrityError

from portal.db.session import ReadSession, WriteSession
from portal.features.dossiers.domain import OPEN_ACCESS
from portal.features.dossiers.service import managed_by
from portal.features.keeping.domain import ERASURE, ErasureState
from portal.features.keeping.models import Erasure

TABLES = {
    name: sa.table(
        name,
        sa.column("id", sa.Uuid()),
        sa.column("aside_at", sa.DateTime(timezone=True)),
        sa.column("aside_reason", sa.Text()),
        sa.column("aside_by", sa.Text()),
    )
    for name in ("document", "statement")
}
_STATEMENT = sa.table(
    "statement",
    sa.column("id", sa.Uuid()),
    sa.column("content_hash", sa.Text()),
    sa.column("original_sha256", sa.Text()),
    sa.column("erased_at", sa.DateTime(timezone=True)),
)
_FILE = sa.table(
    "intake_file",
    sa.column("parent_id", sa.Uuid()),
    sa.column("document_id", sa.Uuid()),
    sa.column("statement_ids", JSONB()),
)
_DOSSIER = sa.table(
    "dossier",
    sa.column("id", sa.Uuid()),
    sa.column("firm_id", sa.Uuid()),
    sa.column("access", sa.Text()),
)


async def put_aside(
    session: WriteSession, paper: str, paper_id: UUID, *, at: datetime, reason: str, by: str
) -> bool:
    """Mark a paper; False when it is put aside already, or gone."""
    table = TABLES[paper]
    done = await session.scalar(
        sa.update(table)
        .where(table.c.id == paper_id, table.c.aside_at.is_(None))
        .values(aside_at=at, aside_reason=reason, aside_by=by)
        .returning(table.c.id)
    )
    return done is not None


async def bring_back(session: WriteSession, paper: str, paper_id: UUID) -> bool | None:
    """Take the mark away; False when it has none, None when another one has its place by now."""
    table = TABLES[paper]
    statement = (
        sa.update(table)
        .where(table.c.id == paper_id, table.c.aside_at.is_not(None))
        .values(aside_at=None, aside_reason=None, aside_by=None)
        .returning(table.c.id)
    )
    try:
        async with session.begin_nested():
            return await session.scalar(statement) is not None
    except IntegrityError:
        return None


async def is_aside(session: WriteSession, paper: str, paper_id: UUID) -> bool | None:
    """Whether a paper is put aside at this moment, its row taken; None when it is gone."""
    table = TABLES[paper]
    found = await session.execute(
        sa.select(table.c.aside_at).where(table.c.id == paper_id).with_for_update(key_share=True)
    )
    row = found.first()
    return None if row is None else row.aside_at is not None


# ── erasing ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def take_turn(session: WriteSession, paper_id: UUID) -> None:
    """Proposing, answering and bringing back one paper go one after the other, across all offices: before any row is taken."""
    key = sa.func.hashtextextended(sa.literal(f"erasure:{paper_id}"), 0)
    await session.execute(sa.select(sa.func.pg_advisory_xact_lock(key)))


def add(session: WriteSession, erasure: Erasure) -> None:
    """A proposal."""
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
    seen = sa.select(_DOSSIER.c.id).where(
        _DOSSIER.c.firm_id == Erasure.firm_id, _DOSSIER.c.access.in_(OPEN_ACCESS)
    )
    if manager_id is not None:
        seen = seen.where(_DOSSIER.c.id.in_(managed_by(manager_id)))
    where = (
        Erasure.state == ErasureState.PROPOSED,
        Erasure.proposed_by != person_id,
        Erasure.firm_id == sa.func.current_firm(),
        Erasure.dossier_id.in_(seen),
    )
    found = await session.scalars(sa.select(Erasure).where(*where).order_by(Erasure.id).limit(limit))
    rows = found.all()
    if len(rows) < limit:
        return rows, len(rows)
    return rows, await session.scalar(sa.select(sa.func.count()).select_from(Erasure).where(*where)) or 0


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
        .join(_STATEMENT, _STATEMENT.c.id == Erasure.statement_id)
        .where(
            Erasure.company_id == company_id,
            Erasure.state == ErasureState.CONFIRMED,
            _STATEMENT.c.content_hash.in_(content_hashes),
        )
        .order_by(Erasure.id.desc())
        .limit(1)
    )


async def erased_subjects(session: ReadSession, ids: Collection[UUID]) -> set[UUID]:
    """Which of these rows held something that was erased."""
    if not ids:
        return set()
    found = await session.scalars(
        sa.select(sa.func.unnest(Erasure.subjects)).where(
            Erasure.state == ErasureState.CONFIRMED, Erasure.subjects.overlap(list(ids))
        )
    )
    return set(found) & set(ids)


async def beside(session: ReadSession, paper: str, paper_id: UUID) -> tuple[int, int]:
    """Of a statement: how many others came in the same file; of any paper: how many archives it came in."""
    others = 0
    if paper == "statement":
        file = sa.select(_STATEMENT.c.original_sha256).where(_STATEMENT.c.id == paper_id).scalar_subquery()
        others = (
            await session.scalar(
                sa.select(sa.func.count())
                .select_from(_STATEMENT)
                .where(
                    _STATEMENT.c.original_sha256 == file,
                    _STATEMENT.c.id != paper_id,
                    _STATEMENT.c.erased_at.is_(None),
                )
            )
            or 0
        )
        made = _FILE.c.statement_ids["ids"].contains([str(paper_id)])
    else:
        made = _FILE.c.document_id == paper_id
    archives = await session.scalar(
        sa.select(sa.func.count(sa.distinct(_FILE.c.parent_id))).where(made, _FILE.c.parent_id.is_not(None))
    )
    return others, archives or 0
