"""SQL of the audit log."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from portal.db.arrays import among, insert_rows
from portal.db.session import ReadSession, WriteSession
from portal.features.audit.domain import earlier
from portal.features.audit.models import AuditEvent, AuditSeal

LOOK_BACK = timedelta(hours=1)


def add(session: WriteSession, event: AuditEvent) -> None:
    """Append one event to the log."""
    session.add(event)


async def add_all(session: WriteSession, rows: Sequence[Mapping[str, Any]], same: Mapping[str, Any]) -> None:
    """Append many events to the log; `same` is what all of them have in common."""
    await insert_rows(session, AuditEvent, rows, same)


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
        .where(among(AuditEvent.subject_id, subject_ids), AuditEvent.action.in_(actions))
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
    """Write one seal of a chain."""
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
