"""Whose turn it is: the fairest job among all that are due.

Owners (a firm; a company, for what its members ask) share the places of the workers. The next job is one of the owner of whom fewest
are being carried out; among equals the one whose work is most awaited (`Priority`), then the one who was served longest ago. Inside
an owner its companies take turns, and inside a company the older job comes first.

The ledger itself is the queue, so that a hundred thousand jobs of one firm cost another one nothing: two partial indexes give the
first job of each owner, and of each company, without looking at the rest. Claims are made one after the other, under an advisory lock:
only so are the counts those of this moment. All of it is one function of the database (`claim_job`, migration 0040): a claim is one
statement, however many it takes there.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import sqlalchemy as sa

from portal.db.session import ReadSession, WriteSession
from portal.jobs.contract import Priority
from portal.jobs.models import WAITING, JobRow, JobTurn

CLAIM = sa.text("select * from claim_job(:now, :lease, :least_urgent, cast(:full as uuid[]))").bindparams(
    sa.bindparam("lease", type_=sa.Interval()), sa.bindparam("now", type_=sa.DateTime(timezone=True))
)
NEXT_MOMENT = sa.text(f"""
with recursive head (owner, priority, due_at) as (
    (select owner, priority, due_at from job where {WAITING} order by owner, priority, due_at limit 1)
  union all
    (select following.owner, following.priority, following.due_at
     from head cross join lateral (
        select owner, priority, due_at from job
        where {WAITING} and (owner, priority) > (head.owner, head.priority)
        order by owner, priority, due_at limit 1
     ) following)
)
select least(
    (select min(due_at) from head),
    (select min(lease_until) from job where lease_until is not null and done_at is null and dead_at is null)
)
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
    asked = {"now": now, "lease": lease, "least_urgent": int(room.least_urgent), "full": list(room.full)}
    return await session.scalar(
        sa.select(JobRow).from_statement(CLAIM).execution_options(populate_existing=True), asked
    )


async def next_moment(session: ReadSession) -> datetime | None:
    """When the next job is due, or the lease of one ends; None when nothing waits. In the system scope."""
    return await session.scalar(NEXT_MOMENT)


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


async def forget_turns(session: WriteSession, before: datetime) -> None:
    """Forget when owners were served that have asked for nothing since that moment; in the system scope."""
    await session.execute(sa.delete(JobTurn).where(JobTurn.served_at < before))
