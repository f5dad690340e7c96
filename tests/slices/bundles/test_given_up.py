"""Exports that could not be made: each is let go of by itself, and what a policy wanted comes back."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.features.audit.models import AuditEvent
from portal.features.bundles.domain import ExportState
from portal.features.bundles.models import Export
from portal.features.bundles.service import due_exports, selection
from portal.features.documents.models import Document
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.service import moves
from portal.features.policies.domain import Cadence
from portal.jobs.ledger import revive
from portal.jobs.models import JobRow
from portal.kernel.actor import Role
from tests.support.builders import a_member, a_staff_member, give_to, sign_in
from tests.support.builders_exports import (
    Office,
    again,
    an_invoice,
    an_office,
    exports_of,
    jobs,
    press_export,
    set_policy,
)
from tests.support.world import World


async def step(world: World, **time: float) -> None:
    """Let some time pass, and look at everything."""
    world.clock.at += timedelta(**time)
    await world.sweep()


async def a_dead_build(world: World, office: Office) -> Export:
    """An export whose build is a dead letter."""
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    (export,) = await exports_of(world, office.dossier)
    async with world.as_system() as session:
        await session.execute(
            sa.update(JobRow)
            .where(JobRow.unique_key == selection.build_key(export.id))
            .values(dead_at=world.clock.now(), last_error="broken")
        )
    return export


async def the_build_breaks(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the export of the moment is abandoned."""

    async def breaks(*_: Any, **__: Any) -> None:
        raise RuntimeError

    with monkeypatch.context() as broken:
        broken.setattr(world.tools.store, "put", breaks)
        for _minute in range(30):
            await step(world, minutes=1)


@pytest.mark.parametrize(
    "policy",
    [
        {"cadence": Cadence.LAST_FULL_MONTH, "run_day": 3, "run_hour": 2},
        {"cadence": Cadence.AFTER_DELAY, "delay_seconds": 20},
    ],
)
async def test_what_a_policy_could_not_export_comes_back_after_a_while_and_not_at_once(
    world: World, monkeypatch: pytest.MonkeyPatch, policy: dict[str, Any]
) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office, day=date(2026, 10, 6))
    await set_policy(world, office, **policy)
    await the_build_breaks(world, monkeypatch)
    assert [one.state for one in await exports_of(world, office.dossier)] == [ExportState.ABANDONED]
    assert (await again(world, item)).state is ItemState.READY
    await step(world, minutes=65)
    states = [one.state for one in await exports_of(world, office.dossier)]
    assert states == [ExportState.ABANDONED, ExportState.FINISHED]
    assert (await again(world, item)).state is ItemState.BUNDLED


async def test_an_export_by_hand_that_is_given_up_stays_so(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    await a_dead_build(world, office)
    await step(world, minutes=3)
    await step(world, hours=3)
    assert [one.state for one in await exports_of(world, office.dossier)] == [ExportState.ABANDONED]
    assert await jobs(world, "bundles.by_policy") == []


async def test_history_says_for_whom_the_portal_gave_an_export_up(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    await a_dead_build(world, office)
    await step(world, minutes=3)
    other = await a_staff_member(world, office.firm, Role.ACCOUNTANT, name="Tom Aerts")
    where = f"/dossiers/{office.dossier.id}/history"
    async with sign_in(world, other, office.host) as client:
        assert f"the portal on behalf of {office.owner.name}" in (await client.get(where)).text
        theirs = await client.get(where, params={"person": str(office.owner.person_id)})
        assert "on behalf of" in theirs.text
        assert "on behalf of" not in (await client.get(where, params={"person": str(other.person_id)})).text


async def test_an_export_that_comes_back_late_carries_the_month_that_fell_due_meanwhile(
    world: World,
) -> None:
    office = await an_office(world)
    await an_invoice(world, office, "OCT", date(2026, 10, 6))
    await an_invoice(world, office, "NOV", date(2026, 11, 6))
    await set_policy(world, office, cadence=Cadence.LAST_FULL_MONTH, run_day=3, run_hour=2)
    await world.runner.sweep(0)
    (waiting,) = await jobs(world, "bundles.by_policy")
    assert waiting.payload["until"] == "2026-10-31"
    await step(world, days=20)
    (export,) = await exports_of(world, office.dossier)
    assert (export.state, export.total) == (ExportState.FINISHED, 2)


async def test_one_that_cannot_be_given_up_holds_no_other_back(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    offices = [await an_office(world, "noordzee"), await an_office(world, "ardennes")]
    for office in offices:
        await an_invoice(world, office)
        await a_dead_build(world, office)
    broken, fine = offices
    abandon = due_exports.abandon

    async def odd(session: Any, actor: Any, export: Export, problem: str) -> bool:
        if export.dossier_id == broken.dossier.id:
            raise RuntimeError("an odd one")
        return await abandon(session, actor, export, problem)

    monkeypatch.setattr(due_exports, "abandon", odd)
    await step(world, minutes=3)
    assert [one.state for one in await exports_of(world, fine.dossier)] == [ExportState.ABANDONED]
    assert [one.state for one in await exports_of(world, broken.dossier)] == [ExportState.BUILDING]
    assert len([row for row in await jobs(world, "bundles.give_up") if row.done_at is None]) == 1


async def test_a_build_that_was_revived_meanwhile_is_not_given_up(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    export = await a_dead_build(world, office)
    world.clock.at += timedelta(minutes=3)
    await world.runner.sweep(0)
    (give_up,) = await jobs(world, "bundles.give_up")
    (build,) = await jobs(world, "bundles.build")
    async with world.as_system() as session:
        assert await revive(session, build.id)
    await world.runner.run(give_up.id)
    assert (await again(world, export)).state is ExportState.BUILDING
    await world.run_jobs()
    assert (await again(world, export)).state is ExportState.FINISHED


# ── put aside, and tried again ───────────────────────────────────────────────────────────────────────────────────


async def damage(world: World, item: DossierItem) -> Callable[[], None]:
    """Take the file of an item away; gives what puts it back."""
    async with world.as_system() as session:
        document = await session.get(Document, item.document_id)
    assert document is not None
    (file,) = [
        path
        for path in (world.folder / "store").rglob("*")
        if document.original_sha256 in path.as_posix() and path.is_file()
    ]
    away = file.with_name(f"{file.name}.away")
    file.rename(away)

    def mend() -> None:
        away.rename(file)

    return mend


async def test_what_was_put_aside_for_its_damaged_file_is_shown_and_leaves_when_it_is_tried_again(
    world: World,
) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office, "F-2")
    mend = await damage(world, item)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        await world.run_jobs()
        assert (await again(world, item)).state is ItemState.HELD
        page = await client.get(office.export_path)
        assert "1 item could not leave" in page.text
        assert "Its file is missing or damaged in the store." in page.text
        mend()
        answer = await client.post(f"{office.export_path}/try-again")
        assert answer.status_code == 303
        now = await again(world, item)
        assert (now.state, now.state_reason) == (ItemState.READY, None)
        page = await client.get(office.export_path)
        assert "1 item goes on." in page.text
        assert "could not leave" not in page.text
        await press_export(client, office)
        await world.run_jobs()
        assert (await client.post(f"{office.export_path}/try-again")).status_code == 303
    assert (await again(world, item)).state is ItemState.BUNDLED
    async with world.as_system() as session:
        told = list(
            await session.scalars(sa.select(AuditEvent.action).where(AuditEvent.action.like("items.%")))
        )
    assert sorted(told) == ["items.held", "items.resumed"]


async def test_a_damaged_file_that_had_left_holds_up_no_re_export_of_the_others(world: World) -> None:
    office = await an_office(world)
    broken = await an_invoice(world, office, "F-1")
    await an_invoice(world, office, "F-2")
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
        await world.run_jobs()
        mend = await damage(world, broken)
        await press_export(client, office, include_exported="yes")
        await world.run_jobs()
        first, second = await exports_of(world, office.dossier)
        assert [one.number for one in (first, second)] == [1, 2]
        assert (second.total, (await again(world, broken)).state) == (1, ItemState.BUNDLED)
        assert "Its file is missing or damaged" in (await client.get(office.export_path)).text
        mend()
        await client.post(f"{office.export_path}/try-again")
        assert (await again(world, broken)).state_reason is None
        await press_export(client, office, include_exported="yes")
        await world.run_jobs()
    assert (await exports_of(world, office.dossier))[-1].total == 2


async def test_one_that_is_still_damaged_is_put_aside_again(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    await damage(world, item)
    async with sign_in(world, office.owner, office.host) as client:
        for _ in range(2):
            await press_export(client, office)
            await world.run_jobs()
            assert (await again(world, item)).state is ItemState.HELD
            await client.post(f"{office.export_path}/try-again")
            assert (await again(world, item)).state is ItemState.READY


async def put_aside(world: World, office: Office, item: DossierItem) -> None:
    """As a build does that meets a damaged file."""
    async with world.as_scope(firm_id=office.firm.id) as session:
        reason = "Its file is missing or damaged in the store."
        await moves.put_aside(session, office.owner, office.dossier.id, [item.id], reason)


async def test_what_still_waits_for_approval_goes_back_to_waiting_and_what_was_rejected_stays(
    world: World,
) -> None:
    office = await an_office(world)
    await set_policy(world, office, needs_approval=True, approval_kinds=["purchase_invoice"])
    asked, disputed, approved, rejected = [
        await an_invoice(world, office, number) for number in ("F-1", "F-2", "F-3", "F-4")
    ]
    member = await a_member(world, office.firm, office.dossier.company_id)

    async def decide(item: DossierItem, word: ApprovalState) -> None:
        async with world.as_scope(company_id=member.company_id, host_firm_id=office.firm.id) as session:
            assert item.document_id is not None
            await moves.set_approval(session, item.document_id, 1, word, "because", member)

    await decide(approved, ApprovalState.APPROVED)
    await decide(rejected, ApprovalState.NOT_OURS)
    for item in (asked, disputed, approved):
        await put_aside(world, office, item)
    await decide(disputed, ApprovalState.DISPUTED)  # while it was aside
    async with sign_in(world, office.owner, office.host) as client:
        assert "2 items could not leave" in (await client.get(office.export_path)).text
        await client.post(f"{office.export_path}/try-again")
    states = [(await again(world, item)).state for item in (asked, disputed, approved, rejected)]
    assert states == [ItemState.WAITING, ItemState.HELD, ItemState.READY, ItemState.HELD]
    assert (await again(world, disputed)).state_reason == "because"


async def test_a_policy_that_asks_since_is_heard_when_it_is_tried_again(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    await put_aside(world, office, item)
    await set_policy(world, office, needs_approval=True, approval_kinds=["purchase_invoice"])
    async with sign_in(world, office.owner, office.host) as client:
        await client.post(f"{office.export_path}/try-again")
    now = await again(world, item)
    assert (now.state, now.approval) == (ItemState.WAITING, ApprovalState.WAITING)


async def test_only_who_may_export_tries_again_and_only_in_the_firms_own_dossier(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    await put_aside(world, office, item)
    assistant = await a_staff_member(world, office.firm, Role.ASSISTANT)
    async with world.as_system() as session:
        await give_to(session, assistant.person_id, world.clock.now())
    async with sign_in(world, assistant, office.host) as client:
        page = await client.get(office.export_path)
        assert "1 item could not leave" in page.text
        assert "try-again" not in page.text
        assert (await client.post(f"{office.export_path}/try-again")).status_code == 403
    other = await an_office(world, "ardennes")
    async with sign_in(world, other.owner, other.host) as client:
        assert (await client.post(f"{office.export_path}/try-again")).status_code == 404
        assert (await client.post(f"{other.export_path}/try-again")).status_code == 303
    assert (await again(world, item)).state is ItemState.HELD
