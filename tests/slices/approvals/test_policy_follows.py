"""A changed policy is heard by what is still open: it waits, or does not wait any more, as the policy now says."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from portal.features.approvals.domain import Decision
from portal.features.dossiers.domain.dossiers import Access
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.policies import service as policies
from portal.features.policies.domain import Cadence, PolicyValues
from portal.kernel.actor import Role
from portal.kernel.kinds import Kind
from tests.support.builders import a_company, a_dossier, a_staff_member
from tests.support.world import World

FREE = PolicyValues(cadence=Cadence.NEVER, needs_approval=False)
ASKED = PolicyValues(cadence=Cadence.NEVER, needs_approval=True, approval_kinds=(Kind.PURCHASE_INVOICE,))


async def set_policy(scene: Any, values: PolicyValues, *, own: bool) -> None:
    owner = await a_staff_member(scene.world, scene.firm, Role.OWNER)
    async with scene.office() as session:
        await policies.change(session, owner, scene.dossier if own else None, values)
    await scene.world.run_jobs()


async def test_without_approval_what_waited_is_ready_and_the_counters_follow(scene: Any) -> None:
    document = await scene.paper("1")
    assert (await scene.dossier_now()).waiting_count == 1
    await set_policy(scene, FREE, own=True)
    item = await scene.item(document.id)
    assert (item.state, item.approval) == (ItemState.READY, ApprovalState.NOT_NEEDED)
    dossier = await scene.dossier_now()
    assert (dossier.waiting_count, dossier.ready_count) == (0, 1)


async def test_with_approval_what_was_ready_waits_and_what_was_decided_stays(scene: Any) -> None:
    disputed = await scene.paper("1")
    await scene.decide(disputed, Decision.DISPUTED, "Too much")
    approved = await scene.paper("2")
    await scene.decide(approved)
    await set_policy(scene, FREE, own=True)
    fresh = await scene.paper("3")
    assert (await scene.item(fresh.id)).state is ItemState.READY
    await set_policy(scene, ASKED, own=True)
    assert (await scene.item(fresh.id)).state is ItemState.WAITING
    assert (await scene.item(approved.id)).state is ItemState.READY
    assert (await scene.item(disputed.id)).state is ItemState.HELD


async def test_the_offices_default_reaches_every_dossier_that_follows_it(scene: Any) -> None:
    document = await scene.paper("1")
    await set_policy(scene, FREE, own=False)
    assert (await scene.item(document.id)).state is ItemState.READY


async def test_a_dossier_with_its_own_policy_does_not_follow_the_default(scene: Any) -> None:
    document = await scene.paper("1")
    await set_policy(scene, ASKED, own=True)
    await set_policy(scene, FREE, own=False)
    assert (await scene.item(document.id)).state is ItemState.WAITING


async def test_back_to_the_default_is_heard_too(scene: Any) -> None:
    document = await scene.paper("1")
    await set_policy(scene, FREE, own=True)
    owner = await a_staff_member(scene.world, scene.firm, Role.OWNER)
    async with scene.office() as session:
        assert await policies.back_to_default(session, owner, scene.dossier)
    await scene.world.run_jobs()
    assert (await scene.item(document.id)).state is ItemState.WAITING


async def test_another_company_of_the_office_follows_in_a_job_of_its_own(scene: Any, world: World) -> None:
    company = await a_company(world, scene.firm, "Claes Dakwerken", claimed=True)
    await a_dossier(world, scene.firm, company, code="9", access=Access.GRANTED)
    document = await scene.paper("1")
    owner = await a_staff_member(world, scene.firm, Role.OWNER)
    async with world.as_scope(firm_id=scene.firm.id) as session:
        await policies.change(session, owner, None, FREE)
    ran = await world.run_jobs()
    assert ran == 2  # the news, and the one dossier that has something open
    assert (await scene.item(document.id)).state is ItemState.READY


async def test_after_some_seconds_what_was_approved_leaves_by_itself_and_what_waits_stays(scene: Any) -> None:
    approved, waiting = await scene.paper("1"), await scene.paper("2")
    seconds = PolicyValues(
        cadence=Cadence.AFTER_DELAY,
        delay_seconds=20,
        needs_approval=True,
        approval_kinds=(Kind.PURCHASE_INVOICE,),
    )
    await set_policy(scene, seconds, own=True)
    await scene.decide(approved)
    await scene.world.sweep()
    assert (await scene.item(approved.id)).state is ItemState.READY
    scene.world.clock.at += timedelta(seconds=21)
    await scene.world.sweep()
    item = await scene.item(approved.id)
    assert (item.state, item.bundle_number, item.locked) == (ItemState.BUNDLED, 1, True)
    assert (await scene.item(waiting.id)).state is ItemState.WAITING


async def test_the_last_full_month_leaves_on_its_day_and_what_is_dated_later_stays(scene: Any) -> None:
    old = await scene.paper("1", issue_date=date(2026, 11, 30))
    new = await scene.paper("2", issue_date=date(2026, 12, 1))
    await set_policy(scene, PolicyValues(cadence=Cadence.LAST_FULL_MONTH), own=True)
    await scene.world.sweep()
    assert (await scene.item(old.id)).state is ItemState.READY
    scene.world.clock.at = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)  # 2:00 in Brussels
    await scene.world.sweep()
    assert (await scene.item(old.id)).state is ItemState.BUNDLED
    assert (await scene.item(new.id)).state is ItemState.READY
