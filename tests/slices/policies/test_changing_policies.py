"""Changing policies: who may, what is kept, what follows."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from portal.features.dossiers.models import Dossier
from portal.features.parties.models import Firm
from portal.features.policies import service
from portal.features.policies.domain import Cadence, PolicyValues
from portal.features.policies.models import ExportPolicy
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Forbidden, Invalid
from portal.kernel.kinds import Kind
from tests.support.builders import a_dossier, a_firm, a_staff_member, opened
from tests.support.history import history
from tests.support.world import World

MONTHLY = PolicyValues(cadence=Cadence.LAST_FULL_MONTH)
MINUTES = PolicyValues(cadence=Cadence.AFTER_DELAY, delay_seconds=20, needs_approval=True)


async def change(
    world: World,
    firm: Firm,
    actor: Actor,
    dossier: Dossier | None,
    values: PolicyValues,
    *,
    catch_up: bool = False,
) -> ExportPolicy:
    scope = opened(firm, dossier) if dossier else None
    async with (
        world.tools.database.transaction(scope) if scope else world.as_scope(firm_id=firm.id) as session
    ):
        return await service.change(session, actor, dossier, values, catch_up=catch_up)


async def in_force(world: World, dossier: Dossier) -> ExportPolicy:
    async with world.as_scope(firm_id=dossier.firm_id) as session:
        return await service.policy_for(session, dossier.firm_id, dossier.id)


async def names_of_jobs(world: World) -> list[str]:
    import sqlalchemy as sa

    async with world.as_system() as session:
        return list(await session.scalars(sa.select(JobRow.name).order_by(JobRow.id)))


async def test_a_dossier_gets_a_policy_of_its_own_and_the_others_keep_the_default(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier, other = await a_dossier(world, firm), await a_dossier(world, firm, code="01205")
    await change(world, firm, owner, dossier, MINUTES)
    policy = await in_force(world, dossier)
    assert (policy.cadence, policy.delay_seconds, policy.needs_approval) == (Cadence.AFTER_DELAY, 20, True)
    assert policy.approval_kinds == ["purchase_invoice", "purchase_credit_note", "expense_receipt"]
    assert (await in_force(world, other)).cadence is Cadence.NEVER


async def test_every_change_is_in_the_audit_log_with_what_was_before(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await change(world, firm, owner, dossier, MINUTES)
    async with world.as_scope(firm_id=firm.id) as session:
        (event,) = await history(session, dossier.id)
    assert event.action == "policies.changed"
    assert event.data["fields"]["cadence"] == ["never", "after_delay"]
    assert event.data["fields"]["needs_approval"] == [False, True]
    assert event.actor["name"] == owner.name
    assert await names_of_jobs(world) == ["items.policy_changed"]


async def test_saving_the_same_again_is_no_change(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await change(world, firm, owner, dossier, MINUTES)
    await change(world, firm, owner, dossier, MINUTES)
    async with world.as_scope(firm_id=firm.id) as session:
        assert len(await history(session, dossier.id)) == 1
    assert await names_of_jobs(world) == ["items.policy_changed"]


async def test_back_to_the_default_once(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await change(world, firm, owner, dossier, MINUTES)
    async with world.as_scope(firm_id=firm.id) as session:
        assert await service.back_to_default(session, owner, dossier)
    async with world.as_scope(firm_id=firm.id) as session:
        assert not await service.back_to_default(session, owner, dossier)
        actions = [event.action for event in await history(session, dossier.id)]
    assert actions == ["policies.defaulted", "policies.changed"]
    assert (await in_force(world, dossier)).cadence is Cadence.NEVER


@pytest.mark.parametrize("role", [Role.ASSISTANT, Role.ENTREPRENEUR, Role.APPROVER])
async def test_without_the_right_nothing_changes(world: World, role: Role) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    owner = await a_staff_member(world, firm)
    actor = Actor(door=owner.door, name="x", firm_id=owner.firm_id, person_id=owner.person_id, role=role)
    with pytest.raises(Forbidden):
        await change(world, firm, actor, dossier, MINUTES)
    async with world.as_scope(firm_id=firm.id) as session:
        with pytest.raises(Forbidden):
            await service.back_to_default(session, actor, dossier)


async def test_an_accountant_changes_own_dossiers_and_those_of_nobody(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    accountant = await a_staff_member(world, firm, Role.ACCOUNTANT)
    free = await a_dossier(world, firm)
    mine = await a_dossier(world, firm, code="2", manager_id=accountant.person_id)
    theirs = await a_dossier(world, firm, code="3", manager_id=owner.person_id)
    await change(world, firm, accountant, free, MINUTES)
    await change(world, firm, accountant, mine, MINUTES)
    with pytest.raises(Forbidden, match="forbidden"):
        await change(world, firm, accountant, theirs, MINUTES)
    manager = await a_staff_member(world, firm, Role.MANAGER)
    await change(world, firm, manager, theirs, MINUTES)


async def test_only_the_owner_changes_the_default(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    manager = await a_staff_member(world, firm, Role.MANAGER)
    with pytest.raises(Forbidden):
        await change(world, firm, manager, None, MONTHLY)
    await change(world, firm, owner, None, MONTHLY)
    dossier = await a_dossier(world, firm)
    assert (await in_force(world, dossier)).cadence is Cadence.LAST_FULL_MONTH


async def test_faults_are_refused_and_nothing_is_written(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    wrong = PolicyValues(cadence=Cadence.AFTER_DELAY, delay_seconds=1)
    with pytest.raises(Invalid) as refused:
        await change(world, firm, owner, dossier, wrong)
    assert set(refused.value.fields) == {"delay"}
    assert (await in_force(world, dossier)).dossier_id is None


async def test_a_policy_that_becomes_monthly_waits_for_its_next_day(world: World) -> None:
    """It is 22 November: the run of 3 November has passed, the next one is that of 3 December."""
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    policy = await change(world, firm, owner, dossier, MONTHLY)
    assert policy.last_month_run == date(2026, 10, 31)


async def test_catching_up_takes_the_months_before_at_once(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    assert (await change(world, firm, owner, dossier, MONTHLY, catch_up=True)).last_month_run is None


async def test_a_month_whose_run_was_still_to_come_stays_due_when_the_day_changes(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    late = PolicyValues(cadence=Cadence.LAST_FULL_MONTH, run_day=28)
    assert (await change(world, firm, owner, dossier, late)).last_month_run == date(2026, 9, 30)
    assert (await change(world, firm, owner, dossier, MONTHLY)).last_month_run == date(2026, 9, 30)


async def test_a_dossiers_own_monthly_policy_goes_on_where_the_default_was(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await change(world, firm, owner, None, MONTHLY)
    world.clock.at = datetime(2026, 12, 10, 9, tzinfo=UTC)  # the run of December has not been made yet
    own = PolicyValues(cadence=Cadence.LAST_FULL_MONTH, lock_exported=False)
    assert (await change(world, firm, owner, dossier, own)).last_month_run == date(2026, 10, 31)


async def test_two_people_saving_at_once_make_one_policy(world: World) -> None:
    import asyncio

    import sqlalchemy as sa

    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await asyncio.gather(
        change(world, firm, owner, dossier, MINUTES), change(world, firm, owner, dossier, MONTHLY)
    )
    async with world.as_system() as session:
        found = await session.scalars(sa.select(ExportPolicy).where(ExportPolicy.dossier_id == dossier.id))
        assert len(found.all()) == 1
    async with world.as_scope(firm_id=firm.id) as session:
        assert len(await history(session, dossier.id)) == 2


async def test_another_firm_sees_no_policy_of_ours(world: World) -> None:
    firm = await a_firm(world)
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await change(world, firm, owner, dossier, MINUTES)
    async with world.as_scope(firm_id=other.id) as session:
        assert await service.own_policy(session, firm.id, dossier.id) is None
        assert await service.own_policy(session, firm.id, None) is None


async def test_kinds_nobody_knows_any_more_are_left_out(world: World) -> None:
    firm = await a_firm(world)
    async with world.as_scope(firm_id=firm.id) as session:
        policy = await service.own_policy(session, firm.id, None)
        assert policy is not None
        policy.approval_kinds = ["telex", "purchase_invoice"]
        values: Any = service.values_of(policy)
    assert values.approval_kinds == (Kind.PURCHASE_INVOICE,)
