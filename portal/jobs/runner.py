"""Carrying jobs out: claim, work, finish.

Claiming commits the attempt, a lease and a fencing token first; finishing is `WHERE token = …` in the transaction of the effects.
So a worker that died is noticed when its lease ends, one that only seemed dead cannot write twice, and a job that kills its worker
every time ends as a dead letter instead of looping.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

import msgspec
import sqlalchemy as sa
import structlog

from portal.db.session import Scope, WriteSession, scope_of
from portal.jobs.contract import Handler, Later, Registry, Tools
from portal.jobs.doorbell import Doorbell
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor
from portal.kernel.errors import PortalError, TooMany, Unavailable
from portal.kernel.language import Language, speaking

log = structlog.get_logger()
RERING = timedelta(seconds=5)
RENAMED = 60
"""Seconds after which a bell has a new name: arq keeps a name whose worker died before it claimed for over an hour."""
_PAUSES = (1, 5, 30, 120, 600)
_NEWER = (30, 600)
"""Seconds after which a job of a newer release is looked at again: at first, and at most when it has waited long."""
_NO_NEWER = timedelta(days=7)
"""After so long no newer worker is coming: it was an older release that wrote it, and a person must see it."""


class FromNewer(Exception):
    """A newer release wrote this job: this one does not understand it, and leaves it to a newer worker."""


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


class Runner:
    """Runs jobs by id; one per worker process (tests drive it directly)."""

    def __init__(self, tools: Tools, registry: Registry, *, lease: timedelta | None = None) -> None:
        self.tools = tools
        self.registry = registry
        self.lease = lease or timedelta(seconds=tools.settings.job_lease_seconds)

    async def run(self, job_id: UUID) -> bool:
        """Claim and carry out one job; False when there was nothing to claim."""
        row = await self._claim(job_id)
        if row is None:
            return False
        assert row.token is not None
        try:
            handler, language, actor, payload = self._understand(row)
        except FromNewer as newer:
            await self._leave(row, str(newer))
            return True
        if row.attempts > handler.max_attempts:
            await self._bury(row, row.last_error or "its worker died every time")
            return True
        beat = asyncio.create_task(self._keep(row.id, row.token))
        try:
            with speaking(language):
                await self._carry_out(handler, row, actor, payload)
        except LostClaim:
            log.warning("jobs.lost_claim", job=str(row.id), name=row.name)
        except Later as later:
            await self._later(row, later.seconds, str(later), failed=False)
        except (Unavailable, TooMany) as error:  # a part we need is away: it will be back
            await self._failed(handler, row, f"{type(error).__name__}: {error.code}")
        except PortalError as error:
            await self._bury(row, f"{type(error).__name__}: {error.code}")
        except Exception as error:
            log.exception("jobs.failed", job=str(row.id), name=row.name, attempt=row.attempts)
            await self._failed(handler, row, type(error).__name__)
        finally:
            beat.cancel()
            with suppress(asyncio.CancelledError):
                await beat
        return True

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

    async def _carry_out(self, handler: Handler, row: JobRow, actor: Actor, payload: msgspec.Struct) -> None:
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
        now = self.tools.clock.now()
        async with self.tools.database.system_scope() as session:
            return await session.scalar(
                sa.update(JobRow)
                .where(
                    JobRow.id == job_id,
                    JobRow.done_at.is_(None),
                    JobRow.dead_at.is_(None),
                    JobRow.due_at <= now,
                    sa.or_(JobRow.lease_until.is_(None), JobRow.lease_until < now),
                )
                .values(attempts=JobRow.attempts + 1, token=uuid4(), lease_until=now + self.lease)
                .returning(JobRow)
            )

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
            except Exception as error:  # noqa: BLE001 - the next beat tries again; the token decides who finishes
                log.warning("jobs.beat_missed", job=str(job_id), error=type(error).__name__)

    async def _later(self, row: JobRow, seconds: float, why: str, *, failed: bool) -> None:
        values: dict[str, Any] = {
            "due_at": self.tools.clock.now() + timedelta(seconds=seconds),
            "rung_at": None,
            "lease_until": None,
            "token": None,
            "last_error": why[:500],
        }
        if not failed:
            values["attempts"] = JobRow.attempts - 1
        await self._settle(row, values)

    async def _bury(self, row: JobRow, why: str) -> None:
        log.error("jobs.dead", job=str(row.id), name=row.name, why=why)
        await self._settle(
            row, {"dead_at": self.tools.clock.now(), "lease_until": None, "last_error": why[:500]}
        )

    async def _settle(self, row: JobRow, values: dict[str, Any]) -> None:
        async with self.tools.database.system_scope() as session:
            await session.execute(
                sa.update(JobRow)
                .where(JobRow.id == row.id, JobRow.token == row.token, JobRow.done_at.is_(None))
                .values(**values)
            )

    async def due(self, limit: int = 200) -> list[tuple[UUID, int]]:
        """Jobs that wait for a worker and were not rung for lately; stamps them as rung."""
        now = self.tools.clock.now()
        async with self.tools.database.system_scope() as session:
            waiting = (
                sa.select(JobRow.id)
                .where(
                    JobRow.done_at.is_(None),
                    JobRow.dead_at.is_(None),
                    JobRow.due_at <= now,
                    sa.or_(JobRow.lease_until.is_(None), JobRow.lease_until < now),
                    sa.or_(JobRow.rung_at.is_(None), JobRow.rung_at < now - RERING),
                )
                .order_by(JobRow.due_at)
                .limit(limit)
                .with_for_update(skip_locked=True)
            )
            rows = await session.execute(
                sa.update(JobRow)
                .where(JobRow.id.in_(waiting))
                .values(rung_at=now)
                .returning(JobRow.id, JobRow.attempts)
            )
            return [(row.id, row.attempts) for row in rows]

    async def reconcile(self, doorbell: Doorbell) -> int:
        """Ring for everything that is due: what a flushed Valkey, a dead worker or a lost bell left behind."""
        due = await self.due()
        for job_id, attempt in due:
            await doorbell.send(job_id, attempt, again=int(self.tools.clock.now().timestamp()) // RENAMED)
        return len(due)

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
            except Exception:
                log.exception("jobs.sweep_failed", sweep=sweep.name)

    async def run_all(self, limit: int = 1000) -> int:
        """Carry out everything that is due, here and now, until nothing is left; for the command line and the tests."""
        count = 0
        while count < limit:
            now = self.tools.clock.now()
            async with self.tools.database.system_scope() as session:
                ids = await session.scalars(
                    sa.select(JobRow.id)
                    .where(
                        JobRow.done_at.is_(None),
                        JobRow.dead_at.is_(None),
                        JobRow.due_at <= now,
                        sa.or_(JobRow.lease_until.is_(None), JobRow.lease_until < now),
                    )
                    .order_by(JobRow.due_at, JobRow.id)
                    .limit(50)
                )
                batch = list(ids)
            if not batch:
                return count
            for job_id in batch:
                count += await self.run(job_id)
        return count
