"""SQL of the audit log."""

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, array

from portal.db.paging import PAGE_SIZE, Page, cut, keyset
from portal.db.search import called, containing
from portal.db.session import ReadSession, WriteSession
from portal.features.audit.domain import HistoryQuery, Whose, earlier
from portal.features.audit.models import AuditEvent, AuditSeal

# Items are a slice above this one: only what they call a document is known here.
_ITEM = sa.table(
    "dossier_item",
    sa.column("document_id", sa.Uuid()),
    sa.column("number", sa.Text()),
    sa.column("counterparty", sa.Text()),
    sa.column("fold", sa.Text()),
)
# Erasures too: what was erased is not found by what it was called.
_ERASURE = sa.table("erasure", sa.column("state", sa.Text()), sa.column("subjects", ARRAY(sa.Uuid())))
LOOK_BACK = timedelta(hours=1)


def add(session: WriteSession, event: AuditEvent) -> None:
    """Append one event."""
    session.add(event)


async def of_subject(session: ReadSession, subject_id: UUID) -> Sequence[AuditEvent]:
    """Everything that happened to one thing, oldest first."""
    found = await session.scalars(
        sa.select(AuditEvent).where(AuditEvent.subject_id == subject_id).order_by(AuditEvent.id)
    )
    return found.all()


async def of_subjects(
    session: ReadSession, subject_ids: Collection[UUID], actions: Collection[str]
) -> Sequence[AuditEvent]:
    """What happened of some kinds to some things, oldest first."""
    found = await session.scalars(
        sa.select(AuditEvent)
        .where(AuditEvent.subject_id.in_(subject_ids), AuditEvent.action.in_(actions))
        .order_by(AuditEvent.id)
    )
    return found.all()


def chain_of() -> sa.ColumnElement[UUID]:
    """The chain an event belongs to: the firm's, else the company's, else the platform's."""
    nobody = sa.literal(UUID(int=0), sa.Uuid())
    return sa.func.coalesce(AuditEvent.firm_id, AuditEvent.company_id, nobody)


async def lock_sealing(session: WriteSession) -> bool:
    """Whether this transaction is the one sealer."""
    return bool(
        await session.scalar(sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext("audit-seal"))))
    )


async def unsealed(session: ReadSession, limit: int) -> Sequence[tuple[AuditEvent, UUID]]:
    """Committed events without a seal, in the order of their making.

    Looks back from the newest sealed event by more than any transaction may last, not over the whole log each time.
    """
    newest = await session.scalar(sa.select(AuditSeal.event_id).order_by(AuditSeal.event_id.desc()).limit(1))
    statement = (
        sa.select(AuditEvent, chain_of())
        .outerjoin(AuditSeal, AuditSeal.event_id == AuditEvent.id)
        .where(AuditSeal.event_id.is_(None))
        .order_by(AuditEvent.id)
        .limit(limit)
    )
    if newest is not None:
        statement = statement.where(AuditEvent.id > earlier(newest, LOOK_BACK))
    return [(row[0], row[1]) for row in await session.execute(statement)]


async def count_unsealed(session: ReadSession) -> int:
    """How many events wait for the sealer."""
    found = await session.scalar(
        sa.select(sa.func.count())
        .select_from(AuditEvent)
        .outerjoin(AuditSeal, AuditSeal.event_id == AuditEvent.id)
        .where(AuditSeal.event_id.is_(None))
    )
    return found or 0


async def heads(session: ReadSession, chains: set[UUID]) -> dict[UUID, tuple[int, bytes]]:
    """The last seal of each chain: sequence and hash."""
    wanted = (
        sa.func.unnest(sa.cast(list(chains), ARRAY(sa.Uuid())))
        .table_valued(sa.column("chain", sa.Uuid()), name="wanted")
        .render_derived()
    )
    last = (
        sa.select(AuditSeal.sequence, AuditSeal.hash)
        .where(AuditSeal.chain == wanted.c.chain)
        .order_by(AuditSeal.sequence.desc())
        .limit(1)
        .lateral("last")
    )
    found = await session.execute(
        sa.select(wanted.c.chain, last.c.sequence, last.c.hash).select_from(wanted).join(last, sa.true())
    )
    return {row.chain: (row.sequence, row.hash) for row in found}


def seal(
    session: WriteSession,
    *,
    event_id: UUID,
    chain: UUID,
    sequence: int,
    previous: bytes,
    digest: bytes,
    at: datetime,
) -> None:
    """Write one seal."""
    session.add(
        AuditSeal(
            event_id=event_id, chain=chain, sequence=sequence, previous=previous, hash=digest, sealed_at=at
        )
    )


async def sealed(
    session: ReadSession, after: tuple[UUID, int] | None, limit: int
) -> Sequence[tuple[AuditSeal, AuditEvent | None]]:
    """Seals in chain order with their events, a page at a time."""
    statement = (
        sa.select(AuditSeal, AuditEvent)
        .outerjoin(AuditEvent, AuditSeal.event_id == AuditEvent.id)
        .order_by(AuditSeal.chain, AuditSeal.sequence)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(sa.tuple_(AuditSeal.chain, AuditSeal.sequence) > after)
    return [(row[0], row[1]) for row in await session.execute(statement)]


# ── history ──────────────────────────────────────────────────────────────────────────────────────────────────────


async def history(
    session: ReadSession, whose: Whose, query: HistoryQuery, papers: Sequence[str], size: int = PAGE_SIZE
) -> Page[AuditEvent]:
    """One page, newest first. Each part of it (a dossier's events, its company's papers) is read by its own index."""
    found: list[AuditEvent] = []
    backwards = False
    for part in _parts(whose, papers):
        statement, backwards = keyset(
            sa.select(AuditEvent).where(part, *_filters(query)),
            sort=AuditEvent.at,
            tie=AuditEvent.id,
            kind=datetime,
            descending=True,
            cursor=query.cursor,
            size=size,
        )
        found += await session.scalars(statement)
    found.sort(key=lambda event: (event.at, event.id), reverse=not backwards)
    return cut(
        found[: size + 1],
        backwards=backwards,
        cursor=query.cursor,
        sort_value=lambda event: event.at,
        row_id=lambda event: event.id,
        size=size,
    )


def _parts(whose: Whose, papers: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    of_members = sa.and_(
        AuditEvent.firm_id.is_(None),
        # An owner's answer stands in both chains; the firm's own copy is shown.
        AuditEvent.action.not_like("dossiers.access\\_%"),
    )
    is_paper = AuditEvent.subject_type.in_(papers)
    nowhere = AuditEvent.dossier_id.is_(None)
    if whose.dossier_id is not None:
        own = sa.or_(AuditEvent.firm_id.is_not(None), of_members)
        parts = [sa.and_(AuditEvent.dossier_id == whose.dossier_id, own)]
        if whose.company_ids:
            parts.append(sa.and_(AuditEvent.company_id.in_(whose.company_ids), nowhere, is_paper))
        return parts
    mine = _by(whose.reader)
    if whose.firm_id is None:
        told = sa.or_(*(AuditEvent.action.startswith(action) for action in whose.actions))
        return [
            sa.and_(
                AuditEvent.company_id.in_(whose.company_ids),
                mine if whose.own else sa.or_(told, sa.and_(mine, AuditEvent.action.startswith("accounts."))),
            )
        ]
    seen = sa.or_(
        AuditEvent.dossier_id.in_(whose.dossier_ids),
        sa.and_(nowhere, is_paper, AuditEvent.company_id.in_(whose.company_ids)),
    )
    return [
        sa.and_(AuditEvent.firm_id == whose.firm_id, sa.true() if whose.everything else sa.or_(seen, mine)),
        sa.and_(
            AuditEvent.company_id.in_(whose.company_ids),
            of_members,
            sa.or_(nowhere & is_paper, AuditEvent.dossier_id.in_(whose.dossier_ids)),
        ),
    ]


def _by(person_id: UUID | None) -> sa.ColumnElement[bool]:
    """What a person did, and what was done on their behalf."""
    if person_id is None:
        return sa.false()
    wanted = str(person_id)
    return sa.or_(
        AuditEvent.actor["person_id"].astext == wanted,
        AuditEvent.actor["on_behalf_of", "person_id"].astext == wanted,
    )


def _filters(query: HistoryQuery) -> list[sa.ColumnElement[bool]]:
    where: list[sa.ColumnElement[bool]] = []
    if query.subject_id is not None:
        where.append(AuditEvent.subject_id == query.subject_id)
    if query.person_id is not None:
        where.append(_by(query.person_id))
    if query.actions:
        where.append(sa.or_(*(AuditEvent.action.startswith(action) for action in query.actions)))
    if query.since is not None:
        where.append(AuditEvent.at >= query.since)
    if query.until is not None:
        where.append(AuditEvent.at < query.until)
    if query.search:
        pattern = containing(query.search)
        meant = sa.select(_ITEM.c.document_id).where(
            sa.or_(
                _ITEM.c.number.ilike(pattern),
                called(query.search, fold_column=_ITEM.c.fold, name=_ITEM.c.counterparty),
            )
        )
        gone = sa.exists().where(
            _ERASURE.c.state == "confirmed",
            sa.or_(
                _ERASURE.c.subjects.contains(array([AuditEvent.subject_id])),
                AuditEvent.data["item_ids"].has_any(sa.cast(_ERASURE.c.subjects, ARRAY(sa.Text()))),
            ),
        )
        where.append(~gone)
        where.append(
            sa.or_(
                AuditEvent.data["what"].astext.ilike(pattern),
                AuditEvent.data["name"].astext.ilike(pattern),  # files, as earlier releases wrote them
                AuditEvent.data["number"].astext.ilike(pattern),
                AuditEvent.subject_id.in_(meant),
            )
        )
    return where
