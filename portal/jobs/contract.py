"""What a job is, who handles it, who listens to which event, what runs by the clock.

    class BuildBundle(Job, frozen=True, kw_only=True):
        name: ClassVar = "bundles.build"
        export_id: UUID

    @handles(BuildBundle)                      # one transaction: the effects and "done" commit together
    async def build(session, actor, job, tools): ...

    @handles_long(BuildBundle)                 # claim → work outside a transaction → task.finish(session) in its last one
    async def build(task, job): ...

    @on_event(DocumentArrived, "items.document_arrived", as_system=True)    # any number of listeners
    async def make_items(session, actor, event, tools): ...

    @sweeps("policies.due", every=5)           # seconds; one process at a time, in the system scope: enqueue, don't work
    async def due_policies(session, tools): ...

Names are written out and never change with the function or module that carries one out: rows of the ledger wait under them, for up to
a week, and are read by the next release (`tests/architecture/test_names.py` keeps the lists).

`collect` gathers what the slices' jobs modules hold. Handlers raise `Later(seconds)` to come back, `GiveWay` after a few seconds of
long work to let others go first, a PortalError to give up with a reason people may read, anything else to be tried again with growing
pauses until the job is a dead letter.
"""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from enum import IntEnum
from types import ModuleType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

import jinja2
import msgspec

from portal.config import Settings
from portal.db.session import Database, ReadSession, WriteSession
from portal.jobs.upkeep import NamesObjects, OldRows
from portal.kernel.actor import Actor
from portal.kernel.clock import Clock
from portal.kernel.events import Event
from portal.kernel.questions import Question
from portal.scanning import Scanner
from portal.storage import ObjectStore

if TYPE_CHECKING:
    from portal.jobs.runner import Task


class Priority(IntEnum):
    """Which work of one owner goes first. What is due of another owner is not held up by any of it (`jobs/claims.py`)."""

    NOW = 0
    """Somebody waits for it: reading what was handed in, letters."""
    NEXT = 1
    """What follows from it: items, exports, counters."""
    DRAWING = 2
    """Pictures and PDFs of what can be looked at without."""
    UPKEEP = 3
    """What nobody would miss today."""


class Job(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Work to be done once, after the transaction that asked for it has been committed."""

    name: ClassVar[str]
    priority: ClassVar[Priority] = Priority.NEXT


class GiveWay(Exception):
    """The turn is over, the work is not: others are served, then this job goes on where it stopped. That is no failure."""


class Later(Exception):
    """Not now: try again in so many seconds, without counting it as a failure."""

    def __init__(self, seconds: float, why: str) -> None:
        super().__init__(why)
        self.seconds = seconds


@dataclass(frozen=True, slots=True)
class Tools:
    """What handlers and use cases need besides a session; made once, in the composition root."""

    settings: Settings
    database: Database
    store: ObjectStore
    clock: Clock
    templates: jinja2.Environment
    scanner: Scanner


J = TypeVar("J", bound=msgspec.Struct)
A = TypeVar("A")
ShortHandler = Callable[[WriteSession, Actor, Any, Tools], Awaitable[None]]
LongHandler = Callable[["Task", Any], Awaitable[None]]
Answerer = Callable[[ReadSession, Any], Awaitable[Any]]
"""Answers one kind of question, in the transaction of whoever asks."""
SweepHandler = Callable[[WriteSession, Tools], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Handler:
    """How one name in the ledger is carried out."""

    name: str
    payload: type[msgspec.Struct]
    short: ShortHandler | None
    long: LongHandler | None
    as_system: bool
    max_attempts: int
    event: str | None = None
    """The event it listens to; None for a job."""


@dataclass(frozen=True, slots=True)
class Sweep:
    """Something looked at by the clock."""

    name: str
    every: int
    run: SweepHandler


@dataclass(frozen=True, slots=True)
class Registry:
    """All handlers by name, all listeners by event name, all sweeps."""

    handlers: dict[str, Handler] = field(default_factory=dict)
    listeners: dict[str, list[Handler]] = field(default_factory=dict)
    sweeps: list[Sweep] = field(default_factory=list)
    answers: dict[type[Question[Any]], Answerer] = field(default_factory=dict)
    old_rows: list[OldRows] = field(default_factory=list)
    objects: list[NamesObjects] = field(default_factory=list)
    sentences: dict[str, tuple[str, str]] = field(default_factory=dict)


def _mark(function: Any, mark: Handler | Sweep) -> None:
    function.portal_marks = (*getattr(function, "portal_marks", ()), mark)


def handles(
    job: type[Job], *, as_system: bool = False, max_attempts: int = 6
) -> Callable[[ShortHandler], ShortHandler]:
    """This function carries out that job inside one transaction."""

    def decorate(function: ShortHandler) -> ShortHandler:
        _mark(function, Handler(job.name, job, function, None, as_system, max_attempts))
        return function

    return decorate


def handles_long(job: type[Job], *, max_attempts: int = 6) -> Callable[[LongHandler], LongHandler]:
    """This function carries out that job in several transactions of its own and calls `task.finish` in the last."""

    def decorate(function: LongHandler) -> LongHandler:
        _mark(function, Handler(job.name, job, None, function, as_system=False, max_attempts=max_attempts))
        return function

    return decorate


def on_event(
    event: type[Event], name: str, *, as_system: bool = False, max_attempts: int = 6
) -> Callable[[ShortHandler], ShortHandler]:
    """This function is told of every such event, in a transaction of its own, as the job of that name (`slice.what`)."""

    def decorate(function: ShortHandler) -> ShortHandler:
        _mark(function, Handler(name, event, function, None, as_system, max_attempts, event=event.name))
        return function

    return decorate


def sweeps(name: str, *, every: int) -> Callable[[SweepHandler], SweepHandler]:
    """This function is run every so many seconds, by one worker at a time (the lock bears the name), in the system scope."""

    def decorate(function: SweepHandler) -> SweepHandler:
        _mark(function, Sweep(name, every, function))
        return function

    return decorate


def collect(modules: Iterable[ModuleType]) -> Registry:
    """Everything the jobs modules declare.

    Raises:
        ValueError: when two handlers, or two sweeps, claim one name.
    """
    registry = Registry()
    for module in modules:
        for value in vars(module).values():
            for mark in getattr(value, "portal_marks", ()):
                if isinstance(mark, Sweep):
                    if any(mark.name == sweep.name for sweep in registry.sweeps):
                        raise ValueError(f"two sweeps named {mark.name}")
                    registry.sweeps.append(mark)
                    continue
                if mark.name in registry.handlers:
                    raise ValueError(f"two handlers for {mark.name}")
                registry.handlers[mark.name] = mark
                if mark.event is not None:
                    registry.listeners.setdefault(mark.event, []).append(mark)
    return registry


async def ask(session: ReadSession, question: Question[A]) -> A:
    """The answer of the slice above that knows it, in this transaction and scope."""
    answer: A = await registry_of(session).answers[type(question)](session, question)
    return answer


def registry_of(holder: Database | ReadSession) -> Registry:
    """The registry the composition root gave to the database and so to all sessions."""
    registry = holder.registry if isinstance(holder, Database) else holder.context.registry
    assert isinstance(registry, Registry)
    return registry


def clock_of(session: ReadSession) -> Clock:
    """The clock the composition root gave to all sessions."""
    return session.context.clock
