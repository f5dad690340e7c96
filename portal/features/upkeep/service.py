"""Throwing away what nobody needs any more: rows whose time is over, and stored objects that no row names."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.intake.service import inbox
from portal.features.intake.service.scans import RemoveRefused
from portal.features.retention.service import erasures
from portal.features.retention.service.erasures import RemoveErased
from portal.features.upkeep import repository
from portal.features.upkeep.domain import (
    ASIDE,
    BATCH,
    FINISHED_JOBS,
    LOOKED_UP,
    QUIET,
    ROUND,
    UNUSED_OBJECTS,
)
from portal.jobs import ledger
from portal.jobs.contract import Job, Later, Priority, registry_of
from portal.jobs.runner import Task
from portal.jobs.upkeep import Owner
from portal.kernel.actor import Actor, Door, system_actor
from portal.kernel.errors import Unavailable
from portal.kernel.ids import CompanyId, FirmId
from portal.storage import Aside

RETRY_AFTER_SECONDS = 60.0
"""Seconds after which a store that was away is asked again."""


class SweepObjects(Job, frozen=True, kw_only=True):
    """Look at everything that is stored for one firm or company."""

    name: ClassVar[str] = "upkeep.sweep_objects"
    priority: ClassVar[Priority] = Priority.UPKEEP
    kind: Owner
    owner: UUID


class DropOldRows(Job, frozen=True, kw_only=True):
    """Delete one batch of rows whose time is over, and ask for the next where that was a full one."""

    name: ClassVar[str] = "upkeep.drop_old_rows"
    priority: ClassVar[Priority] = Priority.UPKEEP


async def ask_for_upkeep(session: WriteSession, now: datetime) -> None:
    """Jobs for old rows, and for every firm and company whose objects were not looked at in a round. Runs in the system scope."""
    sweeper = system_actor("sweeper")
    await ledger.enqueue(session, sweeper, DropOldRows(), unique_key=DropOldRows.name)
    prefix = f"{SweepObjects.name}:"
    for firm_id in await repository.owners_not_asked(session, "firm", prefix, now - ROUND):
        actor = Actor(door=Door.JOB, name="sweeper", firm_id=FirmId(firm_id))
        job = SweepObjects(kind="firm", owner=firm_id)
        await ledger.enqueue(session, actor, job, unique_key=f"{prefix}{firm_id}")
    for company_id in await repository.owners_not_asked(session, "company", prefix, now - ROUND):
        actor = Actor(door=Door.JOB, name="sweeper", company_id=CompanyId(company_id))
        job = SweepObjects(kind="company", owner=company_id)
        await ledger.enqueue(session, actor, job, unique_key=f"{prefix}{company_id}")


async def drop_old_rows(session: WriteSession, now: datetime) -> None:
    """Finished jobs, and what the slices say grows old: a batch of each, and a job for the next. Runs in the system scope."""
    dropped = [await ledger.drop_finished(session, now - FINISHED_JOBS, BATCH)]
    dropped += [await old.drop(session, now - old.after, BATCH) for old in registry_of(session).old_rows]
    if BATCH in dropped:
        await ledger.enqueue(session, system_actor("sweeper"), DropOldRows())


async def sweep_objects(task: Task, job: SweepObjects) -> None:
    """Set aside what no row names and nobody stored lately; delete what has been aside long enough.

    Nothing is lost to an upload that stores the same bytes at the same moment: what is aside comes back when it is missed, and goes for
    good only after a time in which every upload has long written its row.

    Raises:
        StorageUnavailable: the store cannot be reached; the job is tried again.
    """
    store, now = task.tools.store, task.tools.clock.now()
    gone = [one async for one in store.aside(job.owner) if one.since < now - ASIDE]
    for batch in _batches(gone):
        kept = await _named(task, job, [one.sha256 for one in batch])
        for one in batch:
            if one.sha256 in kept:
                await store.exists(one.namespace, one.sha256)  # brings it back
            await store.forget(one)
    old = [one.sha256 async for one in store.listing(job.owner) if one.modified < now - UNUSED_OBJECTS]
    for start in range(0, len(old), LOOKED_UP):
        hashes = old[start : start + LOOKED_UP]
        kept = await _named(task, job, hashes)
        for sha256 in hashes:
            if sha256 not in kept:
                await store.set_aside(job.owner, sha256, put_before=now - UNUSED_OBJECTS, now=now)
    async with task.transaction() as session:
        await task.finish(session)


async def remove_erased(task: Task, job: RemoveErased) -> None:
    """The objects of something that two people erased go: out of reach at once, for good a few minutes later.

    So do the copies that offices had in their inboxes before they handed them over. What another living row of its owner names stays, or
    comes back. It goes on wherever a run before it ended.

    Raises:
        Later: they are aside, and not long enough; or the store is away.
    """
    async with task.tools.database.system_scope() as session:
        objects = registry_of(session).objects
        copies = await inbox.copies_of_erased(session, job.erasure_id)
        kept = {
            job.company_id: await repository.named(session, "company", job.company_id, job.hashes, objects),
            **{
                firm_id: await repository.named(session, "firm", firm_id, hashes, objects)
                for firm_id, hashes in copies.items()
            },
        }
    try:
        gone = [
            await _taken_away(task, owner, hashes, kept[owner])
            for owner, hashes in {job.company_id: job.hashes, **copies}.items()
        ]
    except Unavailable as away:
        raise Later(RETRY_AFTER_SECONDS, away.code) from away
    if not all(gone):
        raise Later(QUIET.total_seconds(), "aside")
    async with task.transaction() as session:
        await erasures.objects_removed(session, job.erasure_id, task.tools.clock.now())
        await task.finish(session)


async def remove_refused(task: Task, job: RemoveRefused) -> None:
    """The objects of files that were refused a week ago go: nobody could reach them since.

    What another row of their owner names stays. It goes on wherever a run before it ended.

    Raises:
        Later: they are aside, and not long enough; or the store is away.
    """
    async with task.tools.database.system_scope() as session:
        objects = registry_of(session).objects
        kept = await repository.named(session, job.kind, job.owner, job.hashes, objects)
    try:
        gone = await _taken_away(task, job.owner, job.hashes, kept)
    except Unavailable as away:
        raise Later(RETRY_AFTER_SECONDS, away.code) from away
    if not gone:
        raise Later(QUIET.total_seconds(), "aside")
    async with task.transaction() as session:
        await task.finish(session)


async def _taken_away(task: Task, owner: UUID, hashes: Sequence[str], kept: set[str]) -> bool:
    """Set aside what is not kept, and delete what has been aside long enough; whether nothing is left."""
    store, now = task.tools.store, task.tools.clock.now()
    for sha256 in hashes:
        if sha256 in kept:
            await store.exists(owner, sha256)  # brings it back
        else:
            await store.set_aside(owner, sha256, put_before=datetime.max.replace(tzinfo=UTC), now=now)
    gone = [one async for one in store.aside(owner) if one.sha256 in set(hashes) - kept]
    for one in gone:
        if one.since <= now - QUIET:
            await store.forget(one)
    return all(one.since <= now - QUIET for one in gone)


async def _named(task: Task, job: SweepObjects, hashes: Sequence[str]) -> set[str]:
    async with task.tools.database.system_scope() as session:
        return await repository.named(session, job.kind, job.owner, hashes, registry_of(session).objects)


def _batches(found: Sequence[Aside]) -> list[Sequence[Aside]]:
    return [found[start : start + LOOKED_UP] for start in range(0, len(found), LOOKED_UP)]
