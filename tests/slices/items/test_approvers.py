"""Approval is asked only where somebody can answer."""

import asyncio

import pytest
import sqlalchemy as sa

from portal.features.approvals.domain import Decision
from portal.features.approvals.service import decisions
from portal.features.bundles.domain import ExportOptions
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import ApprovalState, ItemState, after_change, first_states
from portal.features.items.service import places, sync
from portal.features.policies.models import ExportPolicy
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict
from portal.kernel.kinds import Kind
from tests.slices.approvals.conftest import Scene
from tests.support.builders import a_dossier, a_member, sign_in
from tests.support.builders_exports import rehearsed
from tests.support.locks import somebody_waits
from tests.support.world import World

READY = (ItemState.READY, ApprovalState.NOT_NEEDED)
WAITS = (ItemState.WAITING, ApprovalState.WAITING)


@pytest.fixture
async def scene(world: World) -> Scene:
    return await Scene(world).set()


async def leave(scene: Scene, **values: object) -> None:
    """Nobody of the company can approve any more."""
    async with scene.world.as_system() as session:
        for column, value in (values or {"ended_at": scene.world.clock.now()}).items():
            table = "person" if column == "disabled_at" else "company_member"
            await session.execute(sa.text(f"update {table} set {column} = :value").bindparams(value=value))


async def state(scene: Scene, document_id: object) -> tuple[ItemState, ApprovalState]:
    item = await scene.item(document_id)  # type: ignore[arg-type] - the document is there
    return item.state, item.approval


def test_nobody_to_ask_counts_as_not_needed() -> None:
    kinds = ["purchase_invoice"]
    assert (
        first_states(Kind.PURCHASE_INVOICE, needs_approval=True, approval_kinds=kinds, can_answer=False)
        == READY
    )
    for approval in ApprovalState:
        assert after_change(ItemState.WAITING, approval, READY, can_answer=False) == READY
    held = (ItemState.HELD, ApprovalState.NOT_NEEDED)
    assert after_change(ItemState.HELD, ApprovalState.WAITING, READY, can_answer=False) == held
    assert after_change(ItemState.HELD, ApprovalState.DISPUTED, READY, can_answer=False) == READY


@pytest.mark.parametrize(
    "left", [{}, {"role": Role.READER.value}, {"disabled_at": None}], ids=["ended", "role", "disabled"]
)
async def test_what_waits_goes_on_when_the_last_one_who_can_answer_leaves(
    scene: Scene, left: dict[str, object]
) -> None:
    if "disabled_at" in left:
        left = {"disabled_at": scene.world.clock.now()}
    document = await scene.paper("A-1")
    assert await state(scene, document.id) == WAITS
    await leave(scene, **left)
    await scene.world.sweep()
    assert await state(scene, document.id) == READY
    assert (await scene.dossier_now()).waiting_count == 0
    assert await state(scene, (await scene.paper("A-2")).id) == READY


async def test_who_activates_is_asked_about_what_is_here_and_what_has_left_stays(scene: Scene) -> None:
    await leave(scene)
    await scene.world.sweep()
    gone, here = await scene.paper("B-1"), await scene.paper("B-2")
    await scene.set_item(gone.id, state=ItemState.BUNDLED, bundle_number=1, bundled_version=1)
    await a_member(scene.world, scene.firm, scene.company.id, Role.APPROVER)
    await scene.world.sweep()
    assert await state(scene, here.id) == WAITS
    assert await state(scene, gone.id) == (ItemState.BUNDLED, ApprovalState.NOT_NEEDED)


async def test_a_contributor_is_nobody_to_ask(scene: Scene) -> None:
    await leave(scene)
    await a_member(scene.world, scene.firm, scene.company.id, Role.CONTRIBUTOR)
    assert (await scene.dossier_now()).approvers == 0
    assert await state(scene, (await scene.paper("C-1")).id) == READY


async def test_a_change_does_not_ask_again_where_nobody_answers(scene: Scene) -> None:
    document = await scene.paper("D-1")
    await scene.decide(document, Decision.DISPUTED, "Fout bedrag")
    await leave(scene)
    await scene.world.sweep()
    assert await state(scene, document.id) == (ItemState.HELD, ApprovalState.DISPUTED)  # what was said stays
    async with scene.office() as session:
        with pytest.raises(Conflict) as refused:
            await decisions.ask_again(session, scene.accountant, scene.dossier, document.id)
    assert refused.value.code == "nobody_to_ask"
    await scene.amend(document, counterparty_name="Telenet")
    assert await state(scene, document.id) == READY


async def test_landed_items_that_wait_for_nobody_are_found(scene: Scene) -> None:
    """As the migration marks them."""
    document = await scene.paper("E-1")
    await leave(scene)
    async with scene.world.as_system() as session:
        await session.execute(sa.update(Dossier).values(approvers_changed=False))
    await scene.set_item(document.id, state=ItemState.WAITING, approval=ApprovalState.WAITING)
    async with scene.world.as_system() as session:
        await session.execute(
            sa.text("update dossier set approvers_changed = true where approvers = 0 and waiting_count > 0")
        )
    await scene.world.sweep()
    assert await state(scene, document.id) == READY


async def test_somebody_activates_while_a_document_comes_in(scene: Scene) -> None:
    """The one who gets the right waits for the item that is being made, and the sweep then finds it."""
    await leave(scene)
    await scene.world.sweep()
    document = await scene.paper("F-1")
    async with scene.world.as_system() as session:
        await session.execute(sa.text("delete from dossier_item"))
        await session.flush()
        made = await sync.make_for_document(session, document.id)
        joining = asyncio.create_task(a_member(scene.world, scene.firm, scene.company.id, Role.APPROVER))
        await somebody_waits(scene.world)
        assert made == 1
    await joining
    await scene.world.sweep()
    assert await state(scene, document.id) == WAITS


async def test_who_can_answer_is_asked_of_the_other_dossier_as_it_is_when_a_document_is_moved(
    scene: Scene,
) -> None:
    await leave(scene)
    await scene.world.sweep()
    document = await scene.paper("M-1")
    target = await a_dossier(
        scene.world, scene.firm, scene.company, code="02", activity="Transport", access=Access.GRANTED
    )
    await a_member(scene.world, scene.firm, scene.company.id, Role.APPROVER)
    async with scene.office() as session:  # the page had opened the other dossier before
        await places.move_to(session, scene.accountant, scene.dossier, target, [document.id])
    assert await state(scene, document.id) == WAITS


async def test_pages_say_that_there_is_nobody_to_ask(scene: Scene) -> None:
    await leave(scene)
    await scene.world.sweep()
    await scene.paper("G-1")
    base = f"/dossiers/{scene.dossier.id}"
    async with sign_in(scene.world, scene.accountant) as client:
        for path in (base, f"{base}/export", f"{base}/policy"):
            assert "nobody of this company can give it yet" in (await client.get(path)).text, path
        for path in ("/dossiers", "/"):
            assert "nobody to ask" in (await client.get(path)).text, path
        assert "One of them would wait for approval" in (await client.get(f"{base}/export")).text
        await a_member(scene.world, scene.firm, scene.company.id)
        assert "Nobody to ask" not in (await client.get(base)).text
        async with scene.world.as_system() as session:
            await session.execute(sa.update(ExportPolicy).values(needs_approval=False))
            await session.execute(sa.text("update company_member set ended_at = now()"))
        assert "Nobody to ask" not in (await client.get(base)).text


async def test_what_would_have_waited_leaves(scene: Scene) -> None:
    await leave(scene)
    await scene.world.sweep()
    await scene.paper("H-1")
    async with scene.office() as session:
        dossier = await scene.dossier_now()
        rehearsal = await rehearsed(session, dossier, ExportOptions())
    assert (rehearsal.leaving, rehearsal.unasked) == (1, 1)
