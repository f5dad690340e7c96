"""Writing to the ledger: in the caller's transaction, so that a job exists exactly when its cause does."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.arrays import insert_rows
from portal.db.session import ReadSession, WriteSession, on_commit
from portal.jobs.claims import forget_turns
from portal.jobs.contract import Job, Priority, clock_of, registry_of
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor
from portal.kernel.events import Event
from portal.kernel.ids import first_id, new_id
from portal.kernel.language import current_language


async def enqueue(
    session: WriteSession,
    actor: Actor,
    job: Job,
    *,
    due_at: datetime | None = None,
    unique_key: str | None = None,
) -> UUID | None:
    """Write a job for later; it runs in the actor's scope (with the company the session has opened).

    Args:
        due_at: not before this moment; at once when None.
        unique_key: while an unfinished job has this key, another one is not written.

    Returns:
        The job's id, or None when `unique_key` was taken.
    """
    return await _write(session, actor, job.name, job, job.priority, due_at, unique_key)


async def publish(session: WriteSession, actor: Actor, event: Event) -> None:
    """Tell every listener: one ledger row each."""
    await publish_all(session, actor, [event])


async def publish_all(session: WriteSession, actor: Actor, events: Sequence[Event]) -> None:
    """Tell every listener of every event, by one statement."""
    listeners = registry_of(session).listeners
    rows = [
        {"id": new_id(), "name": listener.name, "payload": msgspec.to_builtins(event)}
        for event in events
        for listener in listeners.get(event.name, [])
    ]
    if rows:
        now = clock_of(session).now()
        same = {**_common(session, actor), "priority": int(Priority.NEXT), "enqueued_at": now, "due_at": now}
        await insert_rows(session, JobRow, rows, same)
        _ring(session)


async def _write(
    session: WriteSession,
    actor: Actor,
    name: str,
    payload: msgspec.Struct,
    priority: Priority,
    due_at: datetime | None,
    unique_key: str | None,
) -> UUID | None:
    now = clock_of(session).now()
    job_id = new_id()
    written = await session.scalar(
        insert(JobRow)
        .values(
            id=job_id,
            priority=int(priority),
            name=name,
            payload=msgspec.to_builtins(payload),
            **_common(session, actor),
            unique_key=unique_key,
            enqueued_at=now,
            due_at=due_at or now,
        )
        .on_conflict_do_nothing()
        .returning(JobRow.id)
    )
    if written is None:
        return None
    if due_at is None or due_at <= now:
        _ring(session)
    return job_id


def _common(session: WriteSession, actor: Actor) -> dict[str, Any]:
    """Whose a job is, and for whom it is carried out."""
    return {
        "firm_id": actor.firm_id,
        "company_id": actor.company_id or session.context.scope.opened_company_id,
        "actor": msgspec.to_builtins(actor),
        "language": current_language().value,
    }


def _ring(session: WriteSession) -> None:
    """There is work, once the transaction is committed."""
    ring = session.context.ring
    if ring is not None:
        on_commit(session, ring)


async def is_pending(session: ReadSession, unique_key: str) -> bool:
    """Whether an unfinished job has this key, as far as this session may see."""
    found = await session.scalar(
        sa.select(JobRow.id).where(
            JobRow.unique_key == unique_key, JobRow.done_at.is_(None), JobRow.dead_at.is_(None)
        )
    )
    return found is not None


async def dead_letters(session: ReadSession) -> list[JobRow]:
    """Jobs that were given up, newest first."""
    rows = await session.scalars(
        sa.select(JobRow).where(JobRow.dead_at.is_not(None)).order_by(JobRow.dead_at.desc()).limit(200)
    )
    return list(rows)


async def drop_finished(session: WriteSession, before: datetime, limit: int) -> int:
    """Delete jobs that were done before that moment, so many at most; in the system scope. Dead letters stay. Gives how many went.

    With them goes whose turn it was then. A job's id is made when it is enqueued, so that the old ones are at the beginning of the primary key.
    """
    await forget_turns(session, before)
    old = (
        sa.select(JobRow.id)
        .where(JobRow.id < first_id(before), JobRow.done_at < before)
        .order_by(JobRow.id)
        .limit(limit)
    )
    gone = await session.scalars(sa.delete(JobRow).where(JobRow.id.in_(old)).returning(JobRow.id))
    return len(gone.all())


async def drop_dead(session: WriteSession, unique_keys: Sequence[str]) -> None:
    """Delete the dead letters of these keys, which are about to be asked anew; in the system scope."""
    await session.execute(
        sa.delete(JobRow)
        .where(JobRow.dead_at.is_not(None), JobRow.unique_key.in_(unique_keys))
        .execution_options(synchronize_session=False)
    )


async def revive(session: WriteSession, job_id: UUID) -> bool:
    """Give a dead letter another round of tries."""
    now = clock_of(session).now()
    revived = await session.scalar(
        sa.update(JobRow)
        .where(JobRow.id == job_id, JobRow.dead_at.is_not(None))
        .values(dead_at=None, attempts=0, enqueued_at=now, due_at=now, lease_until=None, token=None)
        .returning(JobRow.id)
    )
    return revived is not None
