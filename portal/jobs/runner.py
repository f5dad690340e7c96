"""Carrying jobs out: claim, work, finish.

Claiming commits the attempt, a lease and a fencing token first; finishing is `WHERE token = …` in the transaction of the effects.
So a worker that died is noticed when its lease ends, one that only seemed dead cannot write twice, and a job that kills its worker
every time ends as a dead letter instead of looping. Which job is next is said in `jobs/claims.py`.

A part that is away (database, store, readers, room on a disk) is no fault of the job: that try is given back, however long it takes,
and the job comes back by itself. When it is the database that is away, what became of a job is written as soon as it is there again,
before anything else is claimed.
"""

import asyncio
import errno
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
import sqlalchemy as sa
import structlog

from portal.db.session import Scope, WriteSession, is_outage, scope_of
from portal.jobs.claims import Room, claim_next, claim_one, next_moment
from portal.jobs.contract import GiveWay, Handler, Later, Registry, Tools
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor
from portal.kernel.errors import PortalError, TooMany, Unavailable
from portal.kernel.language import Language, use_language

log = structlog.get_logger()
LONGEST = 3600.0
"""Seconds after which a job is ended and tried again, as if it had failed."""
_PAUSES = (1, 5, 30, 120, 600)
_AWAY = (5, 120)
"""Seconds after which a job is tried again that met a part that was away: at first, and at most when it has waited long."""
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE})
_NEWER = (30, 600)
"""Seconds after which a job of a newer release is looked at again: at first, and at most when it has waited long."""
_NO_NEWER = timedelta(days=7)
"""After so long no newer worker is coming: it was an older release that wrote it, and a person must see it."""


class FromNewer(Exception):
    """A newer release wrote this job: this one does not understand it, and leaves it to a newer worker."""


def _is_away(error: Exception) -> bool:
    """Whether a part that the job needs is away, rather than that something is wrong with the job."""
    if isinstance(error, OSError) and error.errno in _NO_ROOM:
        return True
    return isinstance(error, Unavailable) or is_outage(error)


class LostClaim(Exception):
    """Another worker has taken this job over: our effects are rolled back."""


@dataclass(frozen=True, slots=True)
class Task:
    """One claimed run of a long job."""

    id: UUID
    token: UUID
    attempt: int
    actor: Actor
    company_id: UUID | None
    tools: Tools

    @property
    def scope(self) -> Scope:
        """The scope of whoever asked for the job."""
        opened = self.company_id if self.actor.firm_id is not None else None
        return scope_of(self.actor, opened)

    @asynccontextmanager
    async def transaction(self) -> AsyncGenerator[WriteSession]:
        """A transaction in the scope of whoever asked for the job."""
        async with self.tools.database.transaction(self.scope) as session:
            yield session

    async def finish(self, session: WriteSession) -> None:
        """Done: commits together with the effects of this session, or not at all.

        Raises:
            LostClaim: when the job is not ours any more.
        """
        await _finish(session, self.id, self.token, self.tools)


async def _finish(session: WriteSession, job_id: UUID, token: UUID, tools: Tools) -> None:
    now = tools.clock.now()
    done = await session.scalar(
        sa.update(JobRow)
        .where(JobRow.id == job_id, JobRow.token == token, JobRow.done_at.is_(None))
        .values(done_at=now, lease_until=None, last_error=None)
        .returning(JobRow.id)
    )
    if done is None:
        raise LostClaim(str(job_id))


@dataclass(frozen=True, slots=True, eq=False)
class _Outcome:
    """What became of a claimed job that is not done."""

    id: UUID
    token: UUID
    values: dict[str, Any]
    given_back: bool
    """Whether this was no try."""

    async def write(self, session: WriteSession, *, late: bool = False) -> None:
        """Into its row, unless somebody else has the job by now: then a try that was none is given back all the same, when it is late."""
        unfinished = (JobRow.id == self.id, JobRow.done_at.is_(None), JobRow.dead_at.is_(None))
        fewer = {"attempts": sa.func.greatest(JobRow.attempts - 1, 0)} if self.given_back else {}
        written = await session.scalar(
            sa.update(JobRow)
            .where(*unfinished, JobRow.token == self.token)
            .values(**self.values, **fewer)
            .returning(JobRow.id)
        )
        if written is None and late and fewer:
            await session.execute(sa.update(JobRow).where(*unfinished).values(**fewer))


class Runner:
    """Runs jobs by id; one per worker process (tests drive it directly)."""

    def __init__(self, tools: Tools, registry: Registry, *, lease: timedelta | None = None) -> None:
        self.tools = tools
        self.registry = registry
        self.lease = lease or timedelta(seconds=tools.settings.job_lease_seconds)
        self._owed: list[_Outcome] = []
        """What could not be written while the database was away."""

    async def run(self, job_id: UUID) -> bool:
        """Claim and carry out one job; False when there was nothing to claim."""
        row = await self._claim(job_id)
        if row is None:
            return False
        await self.carry_out(row)
        return True

    async def claim(self, room: Room | None = None) -> JobRow | None:
        """Claim the job whose turn it is; None when nothing is due for which there is room."""
        await self._write_owed()
        async with self.tools.database.system_scope() as session:
            return await claim_next(session, self.tools.clock.now(), self.lease, room)

    async def next_moment(self) -> datetime | None:
        """When there is something to do next, as far as the ledger knows now; None when nothing waits."""
        if self._owed:
            return self.tools.clock.now()
        async with self.tools.database.system_read() as session:
            return await next_moment(session)

    def next_sweep(self, after: int) -> int:
        """The next second after this one (since the epoch) at which something falls due by the clock."""
        return min((after // sweep.every + 1) * sweep.every for sweep in self.registry.sweeps)

    async def carry_out(self, row: JobRow) -> None:
        """Carry out a job that was claimed here. Whatever goes wrong is written into its row, not raised."""
        assert row.token is not None
        try:
            handler, language, actor, payload = self._understand(row)
        except FromNewer as newer:
            await self._leave(row, str(newer))
            return
        if row.attempts > handler.max_attempts:
            await self._bury(row, row.last_error or "its worker died every time")
            return
        beat = asyncio.create_task(self._keep(row.id, row.token))
        try:
            with use_language(language):
                async with asyncio.timeout(LONGEST):
                    await self._handle(handler, row, actor, payload)
        except LostClaim:
            log.warning("jobs.lost_claim", job=str(row.id), name=row.name)
        except GiveWay:
            await self._later(row, 0, None, failed=False)
        except asyncio.CancelledError:  # the worker is told to end: another one goes on at once
            await asyncio.shield(self._later(row, 0, "its worker was stopped", failed=False))
            raise
        except Later as later:
            await self._later(row, later.seconds, str(later), failed=False)
        except TooMany as error:
            await self._failed(handler, row, f"{type(error).__name__}: {error.code}")
        except Exception as error:
            told = f"{type(error).__name__}: {error.code}" if isinstance(error, PortalError) else None
            if _is_away(error):
                await self._wait(row, told or type(error).__name__)
            elif told is not None:
                await self._bury(row, told)
            else:
                log.exception("jobs.failed", job=str(row.id), name=row.name, attempt=row.attempts)
                await self._failed(handler, row, type(error).__name__)
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat

    async def _wait(self, row: JobRow, why: str) -> None:
        """Until what is away is back; that is told once, by who met it first (`kernel/parts.py`)."""
        waited = self.tools.clock.now() - row.enqueued_at
        await self._later(row, min(max(waited.total_seconds() / 10, _AWAY[0]), _AWAY[1]), why, failed=False)

    async def _failed(self, handler: Handler, row: JobRow, why: str) -> None:
        if row.attempts >= handler.max_attempts:
            await self._bury(row, why)
        else:
            await self._later(row, _PAUSES[min(row.attempts, len(_PAUSES)) - 1], why, failed=True)

    def _understand(self, row: JobRow) -> tuple[Handler, Language, Actor, msgspec.Struct]:
        """What this release makes of a row.

        Raises:
            FromNewer: a name, field or value that it does not know.
        """
        handler = self.registry.handlers.get(row.name)
        if handler is None:
            raise FromNewer(f"no handler for {row.name}")
        try:
            return (
                handler,
                Language(row.language),
                msgspec.convert(row.actor, Actor),
                msgspec.convert(row.payload, handler.payload),
            )
        except ValueError as error:  # msgspec's own is one
            raise FromNewer(f"not understood: {error}") from error

    async def _leave(self, row: JobRow, why: str) -> None:
        """To a newer worker, without counting a try: while a release is rolled out, old workers meet new jobs."""
        waited = self.tools.clock.now() - row.enqueued_at
        if waited > _NO_NEWER:
            await self._bury(row, why)
            return
        log.warning("jobs.from_newer", job=str(row.id), name=row.name, why=why)
        pause = min(max(waited.total_seconds() / 10, _NEWER[0]), _NEWER[1])
        await self._later(row, pause, why, failed=False)

    async def _handle(self, handler: Handler, row: JobRow, actor: Actor, payload: msgspec.Struct) -> None:
        assert row.token is not None
        task = Task(row.id, row.token, row.attempts, actor, row.company_id, self.tools)
        if handler.long is not None:
            await handler.long(task, payload)
            return
        assert handler.short is not None
        opened = self.tools.database.system_scope() if handler.as_system else task.transaction()
        async with opened as session:
            await handler.short(session, actor, payload, self.tools)
            await _finish(session, row.id, row.token, self.tools)

    async def _claim(self, job_id: UUID) -> JobRow | None:
        await self._write_owed()
        async with self.tools.database.system_scope() as session:
            return await claim_one(session, job_id, self.tools.clock.now(), self.lease)

    async def _keep(self, job_id: UUID, token: UUID) -> None:
        """Extend the lease while the handler works: a live worker is never robbed, however long the work takes."""
        while True:
            await asyncio.sleep(self.lease.total_seconds() / 3)
            try:
                async with self.tools.database.system_scope() as session:
                    await session.execute(
                        sa.update(JobRow)
                        .where(JobRow.id == job_id, JobRow.token == token, JobRow.done_at.is_(None))
                        .values(lease_until=self.tools.clock.now() + self.lease)
                    )
            except Unavailable:  # told by who met it first; the next beat tries again
                continue
            except Exception as error:  # noqa: BLE001 - the next beat tries again; the token decides who finishes
                log.warning("jobs.beat_missed", job=str(job_id), error=type(error).__name__)

    async def _later(self, row: JobRow, seconds: float, why: str | None, *, failed: bool) -> None:
        values: dict[str, Any] = {
            "due_at": self.tools.clock.now() + timedelta(seconds=seconds),
            "lease_until": None,
            "token": None,
            "last_error": why[:500] if why else None,
        }
        await self._settle(row, values, given_back=not failed)

    async def _bury(self, row: JobRow, why: str) -> None:
        log.error("jobs.dead", job=str(row.id), name=row.name, why=why)
        await self._settle(
            row, {"dead_at": self.tools.clock.now(), "lease_until": None, "last_error": why[:500]}
        )

    async def _settle(self, row: JobRow, values: dict[str, Any], *, given_back: bool = False) -> None:
        assert row.token is not None
        outcome = _Outcome(row.id, row.token, values, given_back)
        try:
            async with self.tools.database.system_scope() as session:
                await outcome.write(session)
        except Unavailable:
            self._owed.append(outcome)

    async def _write_owed(self) -> None:
        """Write what is owed, in a transaction of its own: a crash of the server may forget a claim, and nothing of this."""
        if not self._owed:
            return
        owed = list(self._owed)
        async with self.tools.database.system_scope() as session:
            for outcome in owed:
                await outcome.write(session, late=True)
        self._owed = [outcome for outcome in self._owed if outcome not in owed]

    async def sweep(self, second: int, since: int | None = None) -> None:
        """Run what fell due after `since` (the second before, when None), each under an advisory lock: two workers do not both."""
        for sweep in self.registry.sweeps:
            if second // sweep.every == (second - 1 if since is None else since) // sweep.every:
                continue
            try:
                async with self.tools.database.system_scope() as session:
                    mine = await session.scalar(
                        sa.select(sa.func.pg_try_advisory_xact_lock(sa.func.hashtext(sweep.name)))
                    )
                    if mine:
                        await sweep.run(session, self.tools)
            except Unavailable:  # told by who met it first; what was due is looked for again
                continue
            except Exception:
                log.exception("jobs.sweep_failed", sweep=sweep.name)

    async def run_all(self, limit: int = 1000) -> int:
        """Carry out everything that is due, here and now, until nothing is left; for the command line and the tests."""
        for count in range(limit):
            row = await self.claim()
            if row is None:
                return count
            await self.carry_out(row)
        return limit
