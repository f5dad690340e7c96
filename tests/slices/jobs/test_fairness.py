"""Whose turn it is: told by the order of claims, never by a clock."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.db.session import ReadSession
from portal.jobs import ledger
from portal.jobs.claims import NEXT_MOMENT, Room, claim_next, room_of
from portal.jobs.contract import GiveWay, Handler, Priority, Tools
from portal.jobs.models import WAITING, JobRow, JobTurn
from portal.jobs.pool import WorkerPool
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import CompanyId, FirmId, new_id
from tests.support.builders_jobs import Bench, Note
from tests.support.world import World


class Draw(Note, frozen=True, kw_only=True):
    name = "test.draw"
    priority = Priority.DRAWING


class Read(Note, frozen=True, kw_only=True):
    name = "test.read"
    priority = Priority.NOW


class Tidy(Note, frozen=True, kw_only=True):
    name = "test.tidy"
    priority = Priority.UPKEEP


BIG, SMALL, THIRD = (UUID(int=number) for number in (1, 2, 3))


async def asked(
    world: World, firm: UUID | None, *jobs: Note, company: UUID | None = None, member: UUID | None = None
) -> None:
    """Jobs of a firm (for one of its companies), or of a member of a company."""
    actor = Actor(
        door=Door.JOB,
        name="bench",
        firm_id=FirmId(firm) if firm else None,
        company_id=CompanyId(member) if member else None,
    )
    async with world.as_scope(firm_id=firm, opened_company_id=company, company_id=member) as session:
        for job in jobs:
            await ledger.enqueue(session, actor, job)


async def claimed(bench: Bench, times: int) -> list[JobRow]:
    """What is claimed one after the other, while everything that was claimed is still being carried out."""
    rows = [await bench.runner().claim() for _ in range(times)]
    return [row for row in rows if row is not None]


def owners(rows: list[JobRow]) -> list[UUID]:
    return [row.owner for row in rows]


async def test_the_one_file_of_another_firm_goes_before_the_backlog_of_the_first(
    bench: Bench, world: World
) -> None:
    await asked(world, BIG, *[Read()] * 50)
    assert owners(await claimed(bench, 2)) == [BIG, BIG]
    await asked(world, SMALL, Read())
    assert owners(await claimed(bench, 2)) == [SMALL, BIG]


async def test_owners_share_the_places_whoever_came_first(bench: Bench, world: World) -> None:
    await asked(world, BIG, *[Read()] * 9)
    await asked(world, SMALL, *[Read()] * 3)
    await asked(world, None, *[Read()] * 3, member=THIRD)
    taken = owners(await claimed(bench, 9))
    assert [taken.count(owner) for owner in (BIG, SMALL, THIRD)] == [3, 3, 3]
    assert [set(taken[start : start + 3]) for start in (0, 3, 6)] == [{BIG, SMALL, THIRD}] * 3


async def test_who_was_served_longest_ago_is_next_when_nothing_runs(bench: Bench, world: World) -> None:
    await asked(world, BIG, *[Read()] * 6)
    await asked(world, SMALL, *[Read()] * 3)
    order: list[UUID] = []
    while row := await bench.runner().claim():
        order.append(row.owner)
        await bench.runner()._settle(row, {"done_at": world.clock.now(), "lease_until": None})
    assert order == [BIG, SMALL, BIG, SMALL, BIG, SMALL, BIG, BIG, BIG]


async def test_what_was_handed_in_is_read_before_pdfs_are_drawn_and_both_before_upkeep(
    bench: Bench, world: World
) -> None:
    await asked(world, BIG, Tidy(), Draw(), Note(), Read(), Draw(), Read())
    names = [row.name for row in await claimed(bench, 6)]
    assert names == ["test.read", "test.read", "test.note", "test.draw", "test.draw", "test.tidy"]


async def test_the_drawings_of_one_firm_do_not_wait_for_all_the_reading_of_another(
    bench: Bench, world: World
) -> None:
    await asked(world, BIG, *[Read()] * 20)
    await asked(world, SMALL, Draw())
    assert owners(await claimed(bench, 2)) == [BIG, SMALL]


async def test_inside_a_firm_the_companies_take_turns_and_the_older_job_is_first(
    bench: Bench, world: World
) -> None:
    one, two, three = sorted(new_id() for _ in range(3))
    for company, many in ((one, 4), (two, 1), (three, 2)):
        await asked(world, BIG, *[Read()] * many, company=company)
    rows = await claimed(bench, 7)
    assert [row.company_id for row in rows] == [one, two, three, one, three, one, one]
    ids = [row.id for row in rows if row.company_id == one]
    assert ids == sorted(ids)


async def test_no_owner_has_all_places_of_a_worker_and_neither_has_work_nobody_waits_for(
    world: World, bench: Bench
) -> None:
    def running(*kinds: tuple[UUID, Priority]) -> list[JobRow]:
        return [JobRow(owner=owner, priority=int(priority)) for owner, priority in kinds]

    now, drawing, upkeep = Priority.NOW, Priority.DRAWING, Priority.UPKEEP
    assert room_of(4, []) == Room(upkeep, frozenset())
    assert room_of(4, running(*[(BIG, now)] * 3)) == Room(upkeep, frozenset({BIG}))
    assert room_of(4, running(*[(BIG, now)] * 2, (SMALL, now))) == Room(upkeep, frozenset())
    assert room_of(4, running(*[(BIG, now)] * 4)) is None
    assert room_of(4, running((BIG, drawing), (SMALL, drawing))) == Room(Priority.NEXT, frozenset())
    assert room_of(4, running((BIG, upkeep))) == Room(drawing, frozenset())
    three = running((BIG, Priority.NEXT), (SMALL, drawing), (THIRD, drawing))
    assert room_of(4, three) == Room(now, frozenset())
    assert room_of(1, []) == Room(upkeep, frozenset())


async def test_what_there_is_no_room_for_stays_for_others(bench: Bench, world: World) -> None:
    await asked(world, BIG, Read(), Draw())
    runner = bench.runner()
    assert await runner.claim(Room(full=frozenset({BIG}))) is None
    row = await runner.claim(Room(Priority.NEXT))
    assert row is not None
    assert row.name == "test.read"
    assert await runner.claim(Room(Priority.NEXT)) is None
    assert await runner.claim() is not None


async def test_a_pool_leaves_a_place_free_while_one_owner_asks_for_them_all(
    bench: Bench, world: World
) -> None:
    async def wait(_task: object, _job: object) -> None:
        begun.release()
        await asyncio.Event().wait()  # until cancelled

    begun = asyncio.Semaphore(0)
    pool = WorkerPool(bench.runner(), 4)
    bench.registry.handlers["test.read"] = Handler("test.read", Read, None, wait, False, 3)
    await asked(world, BIG, *[Read()] * 9)
    assert [await pool.start_next() for _ in range(5)] == [True, True, True, False, False]
    await asked(world, SMALL, Read())
    assert await pool.start_next()
    for _ in range(4):
        await begun.acquire()
    pool.stop()
    for task in list(pool._running):
        task.cancel()
    await pool.work()
    async with world.as_system() as session:  # given back, and not counted as tries
        left = (await session.scalars(sa.select(JobRow))).all()
    assert [(row.attempts, row.lease_until) for row in left] == [(0, None)] * 10


async def test_a_turn_that_is_over_is_no_failure_and_goes_behind_its_peers(
    bench: Bench, world: World
) -> None:
    done: list[str] = []

    async def a_page(_session: object, _actor: Actor, job: Read, _tools: Tools) -> None:
        done.append(job.then)
        if job.then == "long" and done.count("long") < 3:
            raise GiveWay

    bench.registry.handlers["test.read"] = Handler("test.read", Read, a_page, None, False, 1)
    await asked(world, BIG, Read(then="long"))
    world.clock.at += timedelta(seconds=1)
    await asked(world, BIG, Read(then="one"), Read(then="two"))
    world.clock.at += timedelta(seconds=1)
    assert await bench.runner().run_all() == 5
    assert done == ["long", "one", "two", "long", "long"]
    async with world.as_system() as session:
        rows = (await session.scalars(sa.select(JobRow).where(JobRow.done_at.is_not(None)))).all()
    assert {(row.attempts, row.last_error) for row in rows} == {(1, None)}


async def test_a_claim_is_found_through_the_heads_of_the_owners_however_much_waits(
    bench: Bench, world: World
) -> None:
    """Not by time: by the rows that are touched."""
    async with world.as_system() as session:
        await session.execute(
            sa.text(
                "insert into job (id, firm_id, company_id, name, payload, actor, language, enqueued_at, due_at, priority)"
                " select gen_random_uuid(), ('00000000-0000-0000-0000-00000000000' || n % 4)::uuid, null, 'test.note', '{}',"
                " '{}', 'nl', :now, :now, n % 3 from generate_series(1, 20000) n"
            ),
            {"now": world.clock.now()},
        )
    await asked(world, SMALL, Read())
    async with world.as_system() as session:
        await session.execute(sa.text("set local enable_seqscan = off"))
        before = await touched(session)
        assert await claim_next(session, world.clock.now(), timedelta(seconds=30)) is not None
        assert await touched(session) - before <= 100
    async with world.as_system() as session:
        await session.execute(sa.text("set local enable_seqscan = off"))
        plan = await session.execute(sa.text(f"explain (analyze, format json) {NEXT_MOMENT.text}"))
        [[top]] = plan.scalars().all()
    assert most_rows(top["Plan"]) <= 100


async def test_a_claim_looks_for_the_same_heads_as_the_clock(world: World) -> None:
    """The function that claims and the statement that says when there is something to claim are written in two places."""

    def plain(sql: str) -> str:
        return " ".join(sql.split()).replace("job j ", "job ").replace(" j.", " ").replace("(j.", "(")

    heads = plain(str(NEXT_MOMENT)).partition("with recursive ")[2].partition(" select least")[0]
    assert heads.startswith("head (owner, priority, due_at) as (")
    assert heads.count(WAITING) == 2
    async with world.as_system() as session:
        claim = await session.scalar(sa.text("select pg_get_functiondef('claim_job'::regproc)"))
    assert f"with recursive {heads}, busy as (" in plain(claim)
    assert plain(claim).count("from job where done_at is null") == plain(claim).count(
        f"from job where {WAITING}"
    )


async def touched(session: ReadSession) -> int:
    """Rows of the ledger that this transaction has looked at."""
    found = await session.scalar(
        sa.text(
            "select coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) from pg_stat_xact_user_tables"
            " where relname = 'job'"
        )
    )
    return found or 0


def most_rows(node: dict[str, object]) -> float:
    """The most rows that any step of a plan handled in all its rounds."""
    own = float(str(node["Actual Rows"])) * float(str(node["Actual Loops"]))
    own += float(str(node.get("Rows Removed by Filter", 0))) * float(str(node["Actual Loops"]))
    inner = node.get("Plans", [])
    assert isinstance(inner, list)
    return max([own, *(most_rows(one) for one in inner)])


async def test_turns_of_long_ago_are_forgotten(bench: Bench, world: World) -> None:
    await asked(world, BIG, Read())
    await claimed(bench, 1)
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(JobTurn)) == 1
        moment = await session.scalar(sa.select(JobTurn.served_at))
        assert moment is not None
        await ledger.drop_finished(session, moment, 10)
        assert await session.scalar(sa.select(sa.func.count()).select_from(JobTurn)) == 1
        await ledger.drop_finished(session, moment + timedelta(seconds=1), 10)
        assert await session.scalar(sa.select(sa.func.count()).select_from(JobTurn)) == 0


@pytest.mark.parametrize("at_once", [1, 3])
async def test_two_workers_claim_each_job_once(bench: Bench, world: World, at_once: int) -> None:
    await asked(world, BIG, *[Read()] * 6)
    rows = await asyncio.gather(*(bench.runner().claim() for _ in range(6 * at_once)))
    ids = [row.id for row in rows if row is not None]
    assert len(ids) == len(set(ids)) == 6
