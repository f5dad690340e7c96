"""Sweeps of what grows old: every hour a little, so that a worker that was away catches up."""

from portal.db.session import WriteSession
from portal.features.upkeep import service
from portal.features.upkeep.service import SweepObjects
from portal.jobs.contract import Tools, handles_long, sweeps
from portal.jobs.runner import Task


@sweeps(every=3600)
async def drop_old_rows(session: WriteSession, tools: Tools) -> None:
    """Rows whose time is over."""
    await service.drop_old_rows(session, tools.clock.now())


@sweeps(every=3600)
async def look_for_unused_objects(session: WriteSession, tools: Tools) -> None:
    """Every firm and company has its hour once a week."""
    await service.ask_for_sweeps(session, tools.clock.now())


@handles_long(SweepObjects)
async def sweep_objects(task: Task, job: SweepObjects) -> None:
    """The objects of one owner."""
    await service.sweep_objects(task, job)
