"""A dossier is filled, and a policy followed, in batches: a worker that dies between or within two loses and doubles nothing."""

from collections import Counter
from datetime import timedelta
from typing import Any
from uuid import UUID

import anyio
import pytest
import sqlalchemy as sa

from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access, DossierOpened
from portal.features.dossiers.models import Dossier
from portal.features.items import jobs
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.repository import items as items_repository
from portal.features.items.service import sync
from portal.features.policies.domain import PolicyChanged
from portal.features.policies.models import ExportPolicy
from portal.jobs.ledger import publish
from portal.jobs.models import JobRow
from portal.kernel.actor import system_actor
from tests.support.builders import a_dossier, a_firm
from tests.support.builders_papers import a_coda, a_ubl
from tests.support.builders_scene import US, Office, an_office
from tests.support.locks import somebody_waits
from tests.support.world import World

DOCUMENTS, STATEMENTS = 5, 3


class Killed(BaseException):
    """Stands for a worker that is gone from one moment to the next."""


@pytest.fixture
async def office(world: World, monkeypatch: pytest.MonkeyPatch) -> Office:
    """An office whose company has five documents and three statements; batches of two."""
    made = await an_office(world)
    files = {f"{number}.xml": a_ubl(customer=US, number=f"N{number}") for number in range(DOCUMENTS)}
    await made.hand_in({**files, "b.cod": a_coda(days=STATEMENTS)})
    monkeypatch.setattr(sync, "BATCH", 2)
    return made


async def opened_dossier(office: Office) -> Dossier:
    """Another firm's dossier on the company, which is being opened."""
    other = await a_firm(office.world, "ardennes", "Bureau Ardennes")
    dossier = await a_dossier(office.world, other, office.company, code=None, access=Access.GRANTED)
    await opens(office, dossier)
    return dossier


async def opens(office: Office, dossier: Dossier) -> None:
    async with office.world.as_system() as session:
        event = DossierOpened(dossier_id=dossier.id, company_id=office.company.id)
        await publish(session, system_actor("test"), event)


async def work(world: World) -> None:
    """Workers that are started again whenever they die."""
    for _life in range(5):
        try:
            await world.run_jobs()
        except Killed:
            world.clock.at += timedelta(minutes=1)


async def items_of(world: World, dossier_id: UUID) -> list[DossierItem]:
    async with world.as_system() as session:
        found = sa.select(DossierItem).where(DossierItem.dossier_id == dossier_id).order_by(DossierItem.id)
        return list(await session.scalars(found))


async def jobs_named(world: World, name: str) -> list[JobRow]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(JobRow).where(JobRow.name == name)))


async def the_dossier(world: World, dossier_id: UUID) -> Dossier:
    async with world.as_system() as session:
        found = await session.get(Dossier, dossier_id)
    assert found is not None
    return found


def killing(monkeypatch: pytest.MonkeyPatch, name: str, call: int) -> None:
    """End the worker after its so-manieth call of a repository's function, before the commit."""
    real: Any = getattr(items_repository, name)
    calls = 0

    async def then_die(*args: Any, **more: Any) -> Any:
        nonlocal calls
        calls += 1
        found = await real(*args, **more)
        if calls == call:
            raise Killed
        return found

    monkeypatch.setattr(items_repository, name, then_die)


@pytest.mark.parametrize("call", [1, 2, 3, 4, 5])
async def test_a_worker_killed_while_a_dossier_is_filled_loses_and_doubles_nothing(
    office: Office, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    dossier = await opened_dossier(office)
    killing(monkeypatch, "add_all", call)
    await work(office.world)
    found = await items_of(office.world, dossier.id)
    assert len(found) == DOCUMENTS + STATEMENTS
    assert Counter(item.document_id or item.statement_id for item in found).most_common(1)[0][1] == 1
    assert (await the_dossier(office.world, dossier.id)).item_count == DOCUMENTS + STATEMENTS
    done = await jobs_named(office.world, "items.fill_dossier")
    assert len(done) == 5, "three batches of documents, two of statements"
    assert all(job.done_at is not None for job in done)


async def test_a_dossier_opened_twice_at_once_has_everything_once(office: Office) -> None:
    dossier = await opened_dossier(office)
    await opens(office, dossier)
    await work(office.world)
    assert len(await items_of(office.world, dossier.id)) == DOCUMENTS + STATEMENTS


async def test_what_changed_or_was_blanked_meanwhile_is_filled_again_in_one_statement(office: Office) -> None:
    world = office.world
    first, second, *_rest = await items_of(world, office.dossier.id)
    async with world.as_system() as session:
        await items_repository.blank(session, office.dossier.id)
        await session.execute(
            sa.update(Document).where(Document.id == first.document_id).values(version=2, number="new")
        )
        await session.execute(
            sa.update(DossierItem)
            .where(DossierItem.id == second.id)
            .values(state=ItemState.HELD, state_reason="later")
        )
    await opens(office, office.dossier)
    await work(world)
    found = {item.id: item for item in await items_of(world, office.dossier.id)}
    assert (found[first.id].version, found[first.id].number, found[first.id].gross) == (2, "new", 121)
    assert (found[second.id].state, found[second.id].state_reason) == (ItemState.HELD, "later")
    assert all(item.counterparty and item.number for item in found.values())


async def test_access_that_ends_during_a_batch_leaves_nothing_of_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = office.world
    dossier = await opened_dossier(office)
    real: Any = items_repository.holds_open

    async def ended_just_before(session: Any, dossier_id: UUID) -> bool:
        # the row itself is held by the counters of the batch: what matters is what the last look says
        await real(session, dossier_id)
        return False

    with monkeypatch.context() as race:
        race.setattr(items_repository, "holds_open", ended_just_before)
        await world.run_jobs()
        assert await items_of(world, dossier.id) == []
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).where(Dossier.id == dossier.id).values(access=Access.ENDED))
    world.clock.at += timedelta(minutes=1)
    await world.run_jobs()
    assert await items_of(world, dossier.id) == []
    assert all(job.done_at is not None for job in await jobs_named(world, "items.fill_dossier"))


@pytest.mark.parametrize("call", [1, 2, 3])
async def test_a_worker_killed_while_a_policy_is_followed_moves_everything_once(
    office: Office, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    world = office.world
    async with world.as_system() as session:
        await session.execute(
            sa.update(ExportPolicy).values(needs_approval=True, approval_kinds=["purchase_invoice"])
        )
        event = PolicyChanged(firm_id=office.firm.id, dossier_id=office.dossier.id)
        await publish(session, system_actor("test"), event)
    killing(monkeypatch, "move", call)
    await work(world)
    states = Counter((item.state, item.approval) for item in await items_of(world, office.dossier.id))
    assert states == {
        (ItemState.WAITING, ApprovalState.WAITING): DOCUMENTS,
        (ItemState.READY, ApprovalState.NOT_NEEDED): STATEMENTS,
    }
    dossier = await the_dossier(world, office.dossier.id)
    assert (dossier.waiting_count, dossier.ready_count) == (DOCUMENTS, STATEMENTS)
    assert len(await jobs_named(world, jobs.Reassess.name)) == 3, "batches of two"


async def test_filling_waits_for_items_that_others_hold_before_it_takes_the_dossier(
    world: World, office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Items first, the dossier behind them: whoever works on an item takes them in that order too."""
    monkeypatch.setattr(sync, "BATCH", 500)
    dossier = await opened_dossier(office)
    await work(world)
    made = await items_of(world, dossier.id)
    held, *others = made
    async with world.as_system() as session:
        await session.execute(sa.delete(DossierItem).where(DossierItem.id.in_([one.id for one in others])))

    async def fill() -> None:
        async with world.as_system() as session:
            await sync.fill_documents(session, dossier.id, office.company.id, None)
        async with world.as_system() as session:
            await sync.fill_statements(session, dossier.id, office.company.id, None)

    async with anyio.create_task_group() as group, world.as_system() as session:
        await items_repository.lock(session, [held.id])
        group.start_soon(fill)
        await somebody_waits(world)
        await items_repository.set_locked(session, [held.id], locked=True)
    assert len(await items_of(world, dossier.id)) == len(made)
