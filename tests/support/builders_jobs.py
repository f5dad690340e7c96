"""A registry of small jobs instead of the portal's own, and runners around it."""

import errno
from dataclasses import dataclass, field
from datetime import timedelta
from typing import ClassVar
from uuid import UUID

from portal.db.session import WriteSession
from portal.features.audit import service as audit
from portal.jobs.contract import Handler, Job, Later, Registry, Tools
from portal.jobs.runner import Runner
from portal.kernel.actor import Actor, Door
from portal.kernel.errors import Conflict, Unavailable
from portal.kernel.events import Event
from portal.kernel.ids import FirmId
from tests.support.builders import a_firm
from tests.support.world import World


class Note(Job, frozen=True, kw_only=True):
    """Writes one line into the audit log, then does what it is told."""

    name: ClassVar[str] = "test.note"
    then: str = "end"


class Happened(Event, frozen=True, kw_only=True):
    name: ClassVar[str] = "test.happened"
    what: str


@dataclass
class Bench:
    """What tests of jobs use."""

    world: World
    registry: Registry
    firm_id: UUID
    heard: list[str] = field(default_factory=list)

    @property
    def actor(self) -> Actor:
        return Actor(door=Door.JOB, name="bench", firm_id=FirmId(self.firm_id))

    def runner(self, **changes: float) -> Runner:
        lease = timedelta(seconds=changes.get("lease", 30))
        return Runner(self.world.tools, self.registry, lease=lease)


async def make_bench(world: World) -> Bench:
    """A bench in this world, whose sessions and runner know its registry."""
    firm = await a_firm(world)
    registry = Registry()
    made = Bench(world, registry, firm.id)

    async def note(session: WriteSession, actor: Actor, job: Note, tools: Tools) -> None:
        await audit.record(session, actor, "test.noted", "test", None, then=job.then)
        if job.then == "later":
            raise Later(60, "not yet")
        if job.then == "refuse":
            raise Conflict(code="taken")
        if job.then == "away":
            raise Unavailable(code="store_away")
        if job.then == "full":
            raise OSError(errno.ENOSPC, "no room")
        if job.then == "gone":
            raise ConnectionResetError
        if job.then == "break":
            raise RuntimeError("broken")

    async def listener(session: WriteSession, actor: Actor, event: Happened, tools: Tools) -> None:
        made.heard.append(event.what)

    registry.handlers["test.note"] = Handler("test.note", Note, note, None, False, 3)
    for name in ("test.one", "test.two"):
        heard = Handler(name, Happened, listener, None, False, 3, event="test.happened")
        registry.handlers[name] = heard
        registry.listeners.setdefault("test.happened", []).append(heard)
    world.tools.database.registry = registry
    world.runner = Runner(world.tools, registry)
    return made
