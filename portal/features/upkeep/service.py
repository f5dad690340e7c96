"""Throwing away what nobody needs any more: rows whose time is over, and stored objects that no row names."""

from collections.abc import Sequence
from datetime import datetime
from typing import ClassVar, Literal
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.upkeep import repository
from portal.features.upkeep.domain import (
    ASIDE,
    BATCH,
    FINISHED_JOBS,
    IMPORTED_LISTS,
    LOOKED_UP,
    PAIRING_CODES,
    UNUSED_OBJECTS,
)
from portal.jobs import ledger
from portal.jobs.contract import Job
from portal.jobs.runner import Task
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import CompanyId, FirmId
from portal.storage import Aside


class SweepObjects(Job, frozen=True, kw_only=True):
    """Look at everything that is stored for one firm or company."""

    name: ClassVar[str] = "upkeep.sweep_objects"
    kind: Literal["firm", "company"]
    owner: UUID


async def drop_old_rows(session: WriteSession, now: datetime) -> None:
    """Finished jobs, old lists, used-up codes; a batch at a time. Runs in the system scope."""
    await ledger.drop_finished(session, now - FINISHED_JOBS, BATCH)
    await repository.drop_lists(session, now - IMPORTED_LISTS)
    await repository.drop_codes(session, now - PAIRING_CODES)


async def ask_for_sweeps(session: WriteSession, now: datetime) -> None:
    """A job for every firm and company whose turn it is in this hour. Runs in the system scope."""
    hour = int(now.timestamp()) // 3600
    for firm_id in await repository.owners_of_hour(session, "firm", hour):
        actor = Actor(door=Door.JOB, name="sweeper", firm_id=FirmId(firm_id))
        await _ask(session, actor, SweepObjects(kind="firm", owner=firm_id))
    for company_id in await repository.owners_of_hour(session, "company", hour):
        actor = Actor(door=Door.JOB, name="sweeper", company_id=CompanyId(company_id))
        await _ask(session, actor, SweepObjects(kind="company", owner=company_id))


async def _ask(session: WriteSession, actor: Actor, job: SweepObjects) -> None:
    await ledger.enqueue(session, actor, job, unique_key=f"{SweepObjects.name}:{job.owner}")


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


async def _named(task: Task, job: SweepObjects, hashes: Sequence[str]) -> set[str]:
    async with task.tools.database.system_scope() as session:
        return await repository.named(session, job.kind, job.owner, hashes)


def _batches(found: Sequence[Aside]) -> list[Sequence[Aside]]:
    return [found[start : start + LOOKED_UP] for start in range(0, len(found), LOOKED_UP)]
