"""Writing jobs, and carrying them out: claims, leases, tokens, retries, dead letters."""

from datetime import datetime, timedelta
from uuid import UUID, uuid4

import anyio
import pytest
import sqlalchemy as sa

from portal.db.session import Scope, WriteSession
from portal.features.audit import service as audit
from portal.features.audit.models import AuditEvent
from portal.jobs import ledger
from portal.jobs import runner as runner_of
from portal.jobs.contract import Handler, Sweep, Tools
from portal.jobs.models import JobRow
from portal.jobs.runner import LostClaim, Task
from portal.kernel.actor import Actor
from portal.kernel.errors import Unavailable
from portal.kernel.language import Language, current_language, use_language
from tests.support.builders_exports import jobs
from tests.support.builders_jobs import Bench, Happened, Note
from tests.support.world import World

NOBODY = UUID(int=0)


async def enqueue(
    bench: Bench, then: str = "end", *, unique_key: str | None = None, due_at: datetime | None = None
) -> UUID:
    """The id of a new job; the nil UUID when its key was taken."""
    async with bench.world.as_scope(firm_id=bench.firm_id) as session:
        job = Note(then=then)
        made = await ledger.enqueue(session, bench.actor, job, unique_key=unique_key, due_at=due_at)
    return made or NOBODY


async def enqueue_and_fail(bench: Bench) -> None:
    async with bench.world.as_scope(firm_id=bench.firm_id) as session:
        await ledger.enqueue(session, bench.actor, Note())
        raise RuntimeError("the cause is rolled back")


async def finish_late(bench: Bench, task: Task) -> None:
    async with task.transaction() as session:
        await audit.record(session, bench.actor, "test.noted", "test", None)
        await task.finish(session)


async def noted(world: World) -> int:
    async with world.as_system() as session:
        return (
            await session.scalar(
                sa.select(sa.func.count()).select_from(AuditEvent).where(AuditEvent.action == "test.noted")
            )
            or 0
        )


async def row_of(world: World, job_id: UUID | None) -> JobRow:
    async with world.as_system() as session:
        found = await session.get(JobRow, job_id)
    assert found is not None
    return found


async def test_a_job_exists_exactly_when_its_cause_does(bench: Bench, world: World) -> None:
    with pytest.raises(RuntimeError):
        await enqueue_and_fail(bench)
    assert await jobs(world) == []
    assert await enqueue(bench) != NOBODY
    assert len(await jobs(world)) == 1


async def test_the_bell_rings_after_the_commit_and_never_for_a_rollback(bench: Bench, world: World) -> None:
    rung: list[int] = []
    world.tools.database.ring = lambda: rung.append(1)
    with pytest.raises(RuntimeError):
        await enqueue_and_fail(bench)
    async with world.as_scope(firm_id=bench.firm_id) as session:
        await ledger.enqueue(session, bench.actor, Note())
        later = world.clock.now() + timedelta(hours=1)
        await ledger.enqueue(session, bench.actor, Note(), due_at=later)
        assert rung == []
    assert rung == [1]


async def test_while_an_unfinished_job_has_a_key_no_other_is_written(bench: Bench, world: World) -> None:
    first = await enqueue(bench, unique_key="one")
    assert await enqueue(bench, unique_key="one") == NOBODY
    assert await enqueue(bench, unique_key="two") != NOBODY
    await bench.runner().run(first)
    assert await enqueue(bench, unique_key="one") != NOBODY


async def test_an_event_becomes_one_job_for_each_listener(bench: Bench, world: World) -> None:
    async with world.as_scope(firm_id=bench.firm_id) as session:
        await ledger.publish(session, bench.actor, Happened(what="rain"))
    assert sorted(row.name for row in await jobs(world)) == ["test.one", "test.two"]
    await bench.runner().run_all()
    assert bench.heard == ["rain", "rain"]


async def test_effects_and_the_end_of_a_job_are_one_transaction(bench: Bench, world: World) -> None:
    job_id = await enqueue(bench)
    assert await bench.runner().run(job_id)
    row = await row_of(world, job_id)
    assert row.done_at is not None
    assert row.attempts == 1
    assert await noted(world) == 1
    assert not await bench.runner().run(job_id)  # done is done
    assert await noted(world) == 1


async def test_a_claimed_job_is_nobody_elses_while_its_lease_lasts(bench: Bench, world: World) -> None:
    job_id = await enqueue(bench)
    first, second = bench.runner(), bench.runner()
    claimed = await first._claim(job_id)
    assert claimed is not None
    assert not await second.run(job_id)
    assert await second.run_all() == 0
    assert await second.claim() is None
    world.clock.at += timedelta(seconds=31)
    assert await second.run(job_id)
    assert (await row_of(world, job_id)).attempts == 2
    assert await noted(world) == 1


async def test_the_effects_of_a_robbed_worker_are_rolled_back(bench: Bench, world: World) -> None:
    job_id = await enqueue(bench)
    slow = await bench.runner()._claim(job_id)
    assert slow is not None
    assert slow.token is not None
    world.clock.at += timedelta(seconds=31)
    assert await bench.runner().run(job_id)
    task = Task(slow.id, slow.token, slow.attempts, bench.actor, None, world.tools)
    with pytest.raises(LostClaim):
        await finish_late(bench, task)
    assert await noted(world) == 1


async def test_two_runners_at_once_do_a_job_once(bench: Bench, world: World) -> None:
    ids = [await enqueue(bench) for _ in range(6)]
    ran: list[bool] = []

    async def run(job_id: UUID) -> None:
        ran.append(await bench.runner().run(job_id))

    async with anyio.create_task_group() as group:
        for job_id in ids * 3:
            group.start_soon(run, job_id)
    assert ran.count(True) == 6
    assert await noted(world) == 6


async def test_later_comes_back_without_counting_as_a_try(bench: Bench, world: World) -> None:
    job_id = await enqueue(bench, "later")
    for _ in range(10):
        await bench.runner().run(job_id)
        row = await row_of(world, job_id)
        assert (row.attempts, row.dead_at, row.last_error) == (0, None, "not yet")
        assert row.due_at == world.clock.now() + timedelta(seconds=60)
        world.clock.at += timedelta(seconds=60)
    assert await noted(world) == 0


async def test_a_failure_is_tried_again_with_growing_pauses_and_ends_as_a_dead_letter(
    bench: Bench, world: World
) -> None:
    job_id = await enqueue(bench, "break")
    pauses: list[float] = []
    while (row := await row_of(world, job_id)).dead_at is None:
        world.clock.at = max(world.clock.at, row.due_at)
        await bench.runner().run_all()
        row = await row_of(world, job_id)
        pauses.append((row.due_at - world.clock.now()).total_seconds())
    assert pauses[:2] == [1, 5]
    assert row.attempts == 3
    assert row.last_error == "RuntimeError"  # never the text: it may hold anything
    assert await noted(world) == 0
    assert await bench.runner().run_all() == 0


async def test_a_refusal_is_final_and_a_part_that_is_away_is_not(bench: Bench, world: World) -> None:
    refused, away = await enqueue(bench, "refuse"), await enqueue(bench, "away")
    await bench.runner().run_all()
    row = await row_of(world, refused)
    assert (row.dead_at is not None, row.attempts, row.last_error) == (True, 1, "Conflict: taken")
    row = await row_of(world, away)
    assert (row.dead_at, row.last_error) == (None, "Unavailable: store_away")


@pytest.mark.parametrize("what", ["away", "full", "gone"])
async def test_a_part_that_is_away_uses_up_no_try_however_often_it_is_met(
    bench: Bench, world: World, what: str
) -> None:
    job_id = await enqueue(bench, what)
    pauses: list[float] = []
    for _ in range(60):
        world.clock.at = max(world.clock.at, (await row_of(world, job_id)).due_at)
        await bench.runner().run(job_id)
        row = await row_of(world, job_id)
        assert (row.attempts, row.dead_at, row.lease_until) == (0, None, None)
        pauses.append((row.due_at - world.clock.now()).total_seconds())
    assert (pauses[0], pauses[-1]) == (5, 120)
    assert pauses == sorted(pauses)
    assert await noted(world) == 0


@pytest.mark.parametrize("then", ["end", "away", "later"])
async def test_what_could_not_be_written_is_written_before_anything_else_is_claimed(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """The database goes while a job is carried out: nothing of that run is there, and it was no try."""
    job_id = await enqueue(bench, then)
    runner = bench.runner()
    row = await runner.claim()
    assert row is not None

    def gone(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as away:
        away.setattr(type(world.tools.database), "system_scope", gone)
        if then == "end":
            away.setattr(type(world.tools.database), "transaction", gone)
        await runner.carry_out(row)
    assert (await row_of(world, job_id)).attempts == 1
    assert await runner.claim() is None
    row = await row_of(world, job_id)
    assert (row.attempts, row.lease_until, row.dead_at) == (0, None, None)
    assert row.due_at > world.clock.now()
    assert runner._owed == []


async def test_what_is_owed_is_committed_by_itself_and_not_with_a_claim_that_may_be_forgotten(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await enqueue(bench, "refuse")
    runner = bench.runner()
    row = await runner.claim()
    assert row is not None

    def gone(*_: object, **__: object) -> None:
        raise Unavailable

    async def fails(*_: object) -> None:
        raise RuntimeError

    with monkeypatch.context() as away:
        away.setattr(type(world.tools.database), "system_scope", gone)
        await runner.carry_out(row)
    monkeypatch.setattr(runner_of, "claim_next", fails)
    with pytest.raises(RuntimeError):
        await runner.claim()
    assert (await row_of(world, job_id)).dead_at is not None
    assert runner._owed == []


async def test_a_try_that_was_none_is_given_back_though_another_worker_was_first(
    bench: Bench, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    job_id = await enqueue(bench, "away")
    first, second = bench.runner(), bench.runner()
    row = await first.claim()
    assert row is not None

    def gone(*_: object, **__: object) -> None:
        raise Unavailable

    with monkeypatch.context() as away:
        away.setattr(type(world.tools.database), "system_scope", gone)
        await first.carry_out(row)
    world.clock.at += timedelta(seconds=31)
    other = await second.claim()
    assert other is not None
    assert other.attempts == 2
    assert await first.claim() is None
    row = await row_of(world, job_id)
    assert (row.attempts, row.token, row.lease_until) == (1, other.token, other.lease_until)


async def test_a_job_that_kills_its_worker_every_time_ends_as_a_dead_letter(
    bench: Bench, world: World
) -> None:
    job_id = await enqueue(bench)
    for _ in range(3):
        assert await bench.runner()._claim(job_id) is not None  # and its process is gone
        world.clock.at += timedelta(seconds=31)
    await bench.runner().run(job_id)
    row = await row_of(world, job_id)
    assert row.dead_at is not None
    assert row.last_error == "its worker died every time"
    assert await noted(world) == 0


async def test_a_dead_letter_can_be_given_another_round(bench: Bench, world: World) -> None:
    job_id = await enqueue(bench, "refuse")
    await bench.runner().run(job_id)
    async with world.as_system() as session:
        assert [row.id for row in await ledger.dead_letters(session)] == [job_id]
        assert await ledger.revive(session, job_id)
        assert not await ledger.revive(session, uuid4())
        await session.execute(sa.update(JobRow).values(payload={"then": "end"}))
    await bench.runner().run_all()
    assert (await row_of(world, job_id)).done_at is not None


async def test_a_job_of_a_newer_release_waits_for_a_newer_worker(bench: Bench, world: World) -> None:
    job_id = await enqueue(bench)
    del bench.registry.handlers["test.note"]
    await bench.runner().run(job_id)
    row = await row_of(world, job_id)
    assert (row.done_at, row.dead_at, row.attempts) == (None, None, 0)
    assert row.due_at > world.clock.now()


async def test_a_job_runs_in_the_scope_and_language_of_whoever_asked(bench: Bench, world: World) -> None:
    seen: list[object] = []

    async def look(session: WriteSession, _actor: Actor, _job: Note, _tools: Tools) -> None:
        scope = session.context.scope
        seen.append((scope.firm_id, scope.opened_company_id, current_language()))

    bench.registry.handlers["test.note"] = Handler(
        "test.note", Note, look, None, as_system=False, max_attempts=1
    )
    company = uuid4()
    scope = Scope(firm_id=bench.firm_id, opened_company_id=company)
    with use_language(Language.FR):
        async with world.tools.database.transaction(scope) as session:
            await ledger.enqueue(session, bench.actor, Note())
    await bench.runner().run_all()
    assert seen == [(bench.firm_id, company, Language.FR)]


async def test_a_sweep_that_was_late_is_made_up_for(bench: Bench, world: World) -> None:
    seen: list[int] = []

    async def sweep(_session: WriteSession, _tools: Tools) -> None:
        seen.append(1)

    bench.registry.sweeps.append(Sweep("test.sweep", 15, sweep))
    runner = bench.runner()
    await runner.sweep(1003, since=1001)
    assert len(seen) == 0
    await runner.sweep(1006, since=1003)  # 1005 was missed
    assert len(seen) == 1
    await runner.sweep(1007, since=1006)
    assert len(seen) == 1


@pytest.mark.parametrize(
    "newer",
    [
        {"payload": {"then": "end", "more": 1}},
        {"payload": {"then": ["a", "list"]}},
        {"name": "test.unheard_of"},
        {"language": "xx"},
        {"actor": {"door": "telepathy", "name": "x"}},
    ],
    ids=lambda newer: next(iter(newer)),
)
async def test_what_a_newer_release_wrote_waits_for_a_newer_worker(
    bench: Bench, world: World, newer: dict[str, object]
) -> None:
    """While a release is rolled out an old worker meets new jobs: it must not wear out their tries."""
    job_id = await enqueue(bench)
    old = await row_of(world, job_id)
    async with world.as_system() as session:
        await session.execute(sa.update(JobRow).where(JobRow.id == job_id).values(**newer))
    for _ in range(20):
        assert await bench.runner().run(job_id)
        row = await row_of(world, job_id)
        assert (row.attempts, row.dead_at, row.done_at) == (0, None, None)
        pause = row.due_at - world.clock.now()
        assert timedelta(seconds=30) <= pause <= timedelta(minutes=10)
        world.clock.at += pause
    assert row.last_error
    async with world.as_system() as session:  # the newer worker understands it
        values = {"payload": old.payload, "name": old.name, "language": old.language, "actor": old.actor}
        await session.execute(sa.update(JobRow).where(JobRow.id == job_id).values(**values))
    assert await bench.runner().run(job_id)
    assert (await row_of(world, job_id)).done_at is not None


async def test_what_no_release_understands_is_a_dead_letter_after_a_week(bench: Bench, world: World) -> None:
    job_id = await enqueue(bench, unique_key="one")
    async with world.as_system() as session:
        await session.execute(sa.update(JobRow).values(payload={"of": "old"}))
    assert await bench.runner().run(job_id)
    world.clock.at += timedelta(days=8)
    assert await bench.runner().run(job_id)
    row = await row_of(world, job_id)
    assert row.dead_at is not None
    assert "not understood" in (row.last_error or "")
