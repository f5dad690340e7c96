"""What grows old is looked for every hour; whoever was away then is not forgotten, only later."""

from portal.db.session import WriteSession
from portal.features.intake.service.scans import RemoveRefused
from portal.features.retention.service.erasures import RemoveErased
from portal.features.upkeep import service
from portal.features.upkeep.service import DropOldRows, SweepObjects
from portal.jobs.contract import Tools, handles, handles_long, sweeps
from portal.jobs.runner import Task
from portal.kernel.actor import Actor


@sweeps("upkeep.ask_for_upkeep", every=3600)
async def ask_for_upkeep(session: WriteSession, tools: Tools) -> None:
    """Once an hour: enqueue what is thrown away and swept."""
    await service.ask_for_upkeep(session, tools.clock.now())


@handles(DropOldRows, as_system=True)
async def drop_old_rows(session: WriteSession, _actor: Actor, _job: DropOldRows, tools: Tools) -> None:
    """Rows whose time is over."""
    await service.drop_old_rows(session, tools.clock.now())


@handles_long(SweepObjects)
async def sweep_objects(task: Task, job: SweepObjects) -> None:
    """The objects of one owner."""
    await service.sweep_objects(task, job)


@handles_long(RemoveErased)
async def remove_erased(task: Task, job: RemoveErased) -> None:
    """The objects of something erased."""
    await service.remove_erased(task, job)


@handles_long(RemoveRefused)
async def remove_refused(task: Task, job: RemoveRefused) -> None:
    """The objects of files that were refused."""
    await service.remove_refused(task, job)
