"""Whose turn it is: the fairest job among all that are due.

Owners (a firm; a company, for what its members ask) share the places of the workers. The next job is one of the owner of whom fewest
are being carried out; among equals the one whose work is most awaited (`Priority`), then the one who was served longest ago. Inside
an owner its companies take turns, and inside a company the older job comes first.

The ledger itself is the queue, so that a hundred thousand jobs of one firm cost another one nothing: two partial indexes give the
first job of each owner, and of each company, without looking at the rest. Claims are made one after the other, under an advisory lock:
only so are the counts those of this moment.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert

from portal.db.session import WriteSession
from portal.jobs.contract import Priority
from portal.jobs.models import WAITING, JobRow, JobTurn

_CANDIDATES = 20
"""Owners that are looked at for one claim; more than one only where another transaction holds the first one's row."""
_ONE_AFTER_THE_OTHER = sa.text("select pg_advisory_xact_lock(hashtext('jobs.claim'))")
NEXT = sa.text(f"""
with recursive head (owner, priority, due_at) as (
    (select owner, priority, due_at from job where {WAITING} order by owner, priority, due_at limit 1)
  union all
    (select following.owner, following.priority, following.due_at
     from head cross join lateral (
        select owner, priority, due_at from job
        where {WAITING} and (owner, priority) > (head.owner, head.priority)
        order by owner, priority, due_at limit 1
     ) following)
), busy as (
    select owner, count(*) as many from job
    where lease_until is not null and done_at is null and dead_at is null group by owner
)
select head.owner, head.priority, job_turn.lane
from head left join busy using (owner) left join job_turn using (owner)
where head.due_at <= :now and head.priority <= :least_urgent and head.owner <> all (cast(:full as uuid[]))
order by coalesce(busy.many, 0), head.priority, job_turn.served_at nulls first, head.due_at, head.owner
limit {_CANDIDATES}
""")  # noqa: S608 - constants of this house


@dataclass(frozen=True, slots=True)
class Room:
    """What a worker may take besides what it carries out already."""

    least_urgent: Priority = Priority.UPKEEP
    full: frozenset[UUID] = frozenset()
    """Owners who have all the places here that one may have."""


def room_of(places: int, running: Iterable[JobRow]) -> Room | None:
    """The room of a worker with so many places; None when all are taken.

    One place stays free for whoever else comes: no owner has them all, and neither has work that nobody waits for. Drawing, which
    uses a processor for a second or two a piece, has half of them, upkeep one.
    """
    rows = list(running)
    if len(rows) >= places:
        return None
    most = {
        Priority.NOW: places,
        Priority.NEXT: max(1, places - 1),
        Priority.DRAWING: max(1, places // 2),
        Priority.UPKEEP: 1,
    }
    allowed = Priority.NOW
    for priority in Priority:
        if sum(row.priority >= priority for row in rows) >= most[priority]:
            break
        allowed = priority
    owners = Counter(row.owner for row in rows)
    full = frozenset(owner for owner, many in owners.items() if many >= max(1, places - 1))
    return Room(allowed, full)


async def claim_next(
    session: WriteSession, now: datetime, lease: timedelta, room: Room | None = None
) -> JobRow | None:
    """Claim the fairest job that is due, in the system scope; None when there is none for this room."""
    room = room or Room()
    await session.execute(_ONE_AFTER_THE_OTHER)
    await _free_orphaned(session, now)
    found: Any = await session.execute(
        NEXT, {"now": now, "least_urgent": int(room.least_urgent), "full": list(room.full)}
    )
    for owner, priority, lane in found.all():
        job_id = await _first_of(session, owner, priority, lane, now)
        if job_id is not None:
            row = await claim_one(session, job_id, now, lease)
            if row is not None:
                await _served(session, row)
                return row
    return None


async def claim_one(session: WriteSession, job_id: UUID, now: datetime, lease: timedelta) -> JobRow | None:
    """Claim this job, if it is due and nobody's; in the system scope."""
    return await session.scalar(
        sa.update(JobRow)
        .where(
            JobRow.id == job_id,
            JobRow.done_at.is_(None),
            JobRow.dead_at.is_(None),
            JobRow.due_at <= now,
            sa.or_(JobRow.lease_until.is_(None), JobRow.lease_until < now),
        )
        .values(attempts=JobRow.attempts + 1, token=uuid4(), lease_until=now + lease)
        .returning(JobRow)
        .execution_options(populate_existing=True)
    )


async def _free_orphaned(session: WriteSession, now: datetime) -> None:
    """Jobs whose worker did not extend its lease wait again. Their token stays: a worker that only seemed dead may still finish."""
    await session.execute(
        sa.update(JobRow)
        .where(JobRow.lease_until < now, JobRow.done_at.is_(None), JobRow.dead_at.is_(None))
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )


async def _first_of(
    session: WriteSession, owner: UUID, priority: int, last: UUID | None, now: datetime
) -> UUID | None:
    """The oldest job that is due of the company after the one that was served last; None when others hold them all."""
    waiting = (
        sa.select(JobRow.id)
        .where(sa.text(WAITING), JobRow.owner == owner, JobRow.priority == priority, JobRow.due_at <= now)
        .order_by(JobRow.lane, JobRow.due_at, JobRow.id)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    if last is not None:
        after = await session.scalar(waiting.where(JobRow.lane > last))
        if after is not None:
            return after
    return await session.scalar(waiting)


async def _served(session: WriteSession, row: JobRow) -> None:
    values = {"lane": row.lane, "served_at": sa.func.clock_timestamp()}
    await session.execute(
        insert(JobTurn)
        .values(owner=row.owner, **values)
        .on_conflict_do_update(index_elements=[JobTurn.owner], set_=values)
    )


async def forget_turns(session: WriteSession, before: datetime) -> None:
    """Forget when owners were served that have asked for nothing since that moment; in the system scope."""
    await session.execute(sa.delete(JobTurn).where(JobTurn.served_at < before))
