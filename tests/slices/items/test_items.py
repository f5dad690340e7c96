"""Dossier items: made by events, moved by decisions, held by exports."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from portal.db.session import Scope
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.patch import EntryPatch
from portal.features.documents.domain.totals import Rate
from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.service import arrivals, changes, locks, lookups
from portal.features.dossiers.domain.dossiers import Access, AccessEnded, DossierOpened
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import (
    ApprovalState,
    ItemState,
    after_change,
    first_states,
)
from portal.features.items.models import DossierItem
from portal.features.items.service import lists, moves, sync
from portal.features.policies.models import ExportPolicy
from portal.jobs.ledger import publish
from portal.kernel.actor import Role, system_actor
from portal.kernel.errors import Conflict
from portal.kernel.kinds import Kind
from portal.kernel.money import Decimal
from portal.kernel.searching import sought
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, opened
from tests.support.builders_papers import a_coda, a_pdf, a_ubl, hand_in
from tests.support.entries import patch_of
from tests.support.world import World

US = "0999888767"


class Scene:
    """A firm whose policy asks for approval of purchases, its dossier, its accountant and the entrepreneur."""

    def __init__(self, world: World) -> None:
        self.world = world

    async def set(self) -> "Scene":
        world = self.world
        self.firm = await a_firm(world)
        async with world.as_system() as session:
            await session.execute(
                sa.update(ExportPolicy).values(
                    needs_approval=True, approval_kinds=["purchase_invoice", "purchase_credit_note"]
                )
            )
        self.company = await a_company(world, self.firm, number=US, claimed=True)
        self.dossier = await a_dossier(world, self.firm, self.company, access=Access.GRANTED)
        self.accountant = await a_staff_member(world, self.firm, Role.ACCOUNTANT)
        self.entrepreneur = await a_member(world, self.firm, self.company.id)
        return self

    @property
    def opened(self) -> Scope:
        return opened(self.firm, self.dossier)

    async def purchase(self, number: str = "1") -> Document:
        upload = await hand_in(
            self.world, self.accountant, {f"{number}.xml": a_ubl(customer=US, number=number)}, self.dossier.id
        )
        document = upload.outcomes[0].document
        assert document is not None
        return document

    async def items(self) -> list[DossierItem]:
        async with self.world.as_system() as session:
            return list(await session.scalars(sa.select(DossierItem).order_by(DossierItem.id)))

    async def dossier_now(self) -> Dossier:
        async with self.world.as_system() as session:
            found = await session.get(Dossier, self.dossier.id)
        assert found is not None
        return found

    async def decide(
        self, document: Document, state: ApprovalState, reason: str = "", version: int = 1
    ) -> None:
        async with self.world.tools.database.transaction(
            Scope(company_id=self.company.id, person_id=self.entrepreneur.person_id)
        ) as session:
            await moves.set_approval(session, document.id, version, state, reason, self.entrepreneur)

    async def typed(self, number: str = "P1") -> Document:
        """A purchase typed from a PDF: may be amended."""
        async with self.world.tools.database.transaction(self.opened) as session:
            from portal.features.documents.domain.documents import StoredFile

            stored = await self.world.tools.store.put(
                self.company.id, a_pdf(number), media_type="application/pdf"
            )
            taken = await arrivals.enter(
                session,
                self.accountant,
                self.company.id,
                an_entry(number),
                StoredFile(
                    sha256=stored.sha256, size=stored.size, name=f"{number}.pdf", media_type="application/pdf"
                ),
                us=f"BE:{US}",
            )
        await self.world.run_jobs()
        return taken.document

    async def amend(self, document: Document, number: str) -> Document:
        async with self.world.tools.database.transaction(self.opened) as session:
            now = await lookups.document(session, self.accountant, self.company.id, document.id)
            new = await changes.amend(session, self.accountant, now, an_entry(number), us=f"BE:{US}")
        await self.world.run_jobs()
        return new


def an_entry(number: str) -> EntryPatch:
    from datetime import date

    return patch_of(
        Entry(
            kind=Kind.PURCHASE_INVOICE,
            number=number,
            issue_date=date(2026, 10, 12),
            counterparty_name="Slagerij De Smet",
            rates=(Rate(percent=Decimal(21), taxable=Decimal(200), tax=Decimal(42)),),
        )
    )


@pytest.fixture
async def scene(world: World) -> Scene:
    return await Scene(world).set()


async def test_a_purchase_waits_where_the_policy_asks_a_sale_and_a_statement_do_not(scene: Scene) -> None:
    await hand_in(
        scene.world,
        scene.accountant,
        {"p.xml": a_ubl(customer=US), "s.xml": a_ubl(supplier=US), "b.cod": a_coda()},
        scene.dossier.id,
    )
    found = {item.kind.value: (item.state.value, item.approval.value) for item in await scene.items()}
    assert found == {
        "purchase_invoice": ("waiting", "waiting"),
        "sales_invoice": ("ready", "not_needed"),
        "statement": ("ready", "not_needed"),
    }
    dossier = await scene.dossier_now()
    assert (dossier.waiting_count, dossier.ready_count, dossier.item_count) == (1, 2, 3)


async def test_every_firm_with_open_access_gets_one_item_and_no_other(scene: Scene) -> None:
    world = scene.world
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    granted = await a_dossier(world, other, scene.company, code="9", access=Access.GRANTED)
    await a_dossier(
        world, await a_firm(world, "third", "Third"), scene.company, code=None, access=Access.ENDED
    )
    await a_dossier(
        world, scene.firm, scene.company, code="01205", activity="Transport", access=Access.GRANTED
    )
    await scene.purchase()
    assert {item.dossier_id for item in await scene.items()} == {scene.dossier.id, granted.id}
    by_dossier = {item.dossier_id: item.state for item in await scene.items()}
    assert by_dossier[granted.id] is ItemState.READY, "the other firm's policy does not ask"


async def test_approving_makes_ready_and_counts_and_is_refused_twice(scene: Scene) -> None:
    document = await scene.purchase()
    await scene.decide(document, ApprovalState.APPROVED)
    [item] = await scene.items()
    assert (item.state, item.approval, item.decided_by_name) == (
        ItemState.READY,
        ApprovalState.APPROVED,
        "Bert Claes",
    )
    assert (await scene.dossier_now()).ready_count == 1
    with pytest.raises(Conflict) as refused:
        await scene.decide(document, ApprovalState.APPROVED)
    assert refused.value.code == "already_decided"


async def test_disputing_puts_aside_with_the_reason_and_taking_it_back_waits_again(scene: Scene) -> None:
    document = await scene.purchase()
    await scene.decide(document, ApprovalState.DISPUTED, "never ordered")
    [item] = await scene.items()
    assert (item.state, item.state_reason, item.approval_reason) == (
        ItemState.HELD,
        "never ordered",
        "never ordered",
    )
    await scene.decide(document, ApprovalState.WAITING)
    [item] = await scene.items()
    assert (item.state, item.approval, item.decided_at, item.state_reason) == (
        ItemState.WAITING,
        ApprovalState.WAITING,
        None,
        None,
    )


async def test_another_companys_member_decides_nothing(scene: Scene) -> None:
    document = await scene.purchase()
    elsewhere = await a_company(scene.world, scene.firm, "Garage Lambrecht", claimed=True)
    async with scene.world.tools.database.transaction(Scope(company_id=elsewhere.id)) as session:
        with pytest.raises(Conflict):
            await moves.set_approval(session, document.id, 1, ApprovalState.APPROVED, "", scene.entrepreneur)
    [item] = await scene.items()
    assert item.approval is ApprovalState.WAITING


async def test_an_edit_after_approval_waits_again_with_the_new_values(scene: Scene) -> None:
    document = await scene.typed()
    await scene.decide(document, ApprovalState.APPROVED)
    await scene.amend(document, "P1-corrected")
    [item] = await scene.items()
    assert (item.state, item.approval, item.version, item.number) == (
        ItemState.WAITING,
        ApprovalState.WAITING,
        2,
        "P1-corrected",
    )
    with pytest.raises(Conflict):
        await scene.decide(document, ApprovalState.APPROVED, version=1)
    await scene.decide(document, ApprovalState.APPROVED, version=2)


async def test_an_edit_of_what_has_left_and_was_unlocked_is_due_again(scene: Scene) -> None:
    async with scene.world.as_system() as session:
        await session.execute(sa.update(ExportPolicy).values(needs_approval=False))
    document = await scene.typed()
    await export(scene, 1, locked=False)
    await scene.amend(document, "P1-corrected")
    [item] = await scene.items()
    assert (item.state, item.version, item.bundled_version, item.bundle_number) == (ItemState.READY, 2, 1, 1)


async def export(scene: Scene, number: int, *, locked: bool, **options: Any) -> UUID:
    """What an export does to items and locks, without the bundle."""
    export_id = uuid4()
    async with scene.world.tools.database.transaction(scene.opened) as session:
        found = await moves.candidates(session, scene.dossier.id, lock=True, **options)
        chosen = [item for item in found if item.state is not ItemState.RESERVED]
        await moves.reserve(session, [item.id for item in chosen], export_id)
        await locks.lock_for_export(session, scene.accountant, chosen, number)
    async with scene.world.tools.database.transaction(scene.opened) as session:
        held = await moves.lock_reserved(session, export_id)
        await moves.bundle(session, export_id, number, locked=locked)
        await (locks.keep_export_locks if locked else locks.release_export_locks)(session, held)
    return export_id


async def test_a_reserved_item_returns_to_where_it_was_when_released(scene: Scene) -> None:
    await scene.purchase("1")
    second = await scene.purchase("2")
    await scene.decide(second, ApprovalState.APPROVED)
    export_id = uuid4()
    async with scene.world.tools.database.transaction(scene.opened) as session:
        found = await moves.candidates(session, scene.dossier.id, lock=True)
        await moves.reserve(session, [item.id for item in found], export_id)
    assert [item.state for item in await scene.items()] == [ItemState.RESERVED, ItemState.RESERVED]
    assert ((await scene.dossier_now()).waiting_count, (await scene.dossier_now()).ready_count) == (0, 0)
    async with scene.world.tools.database.transaction(scene.opened) as session:
        assert await moves.release(session, export_id) == 2
    assert [item.state for item in await scene.items()] == [ItemState.WAITING, ItemState.READY]
    assert ((await scene.dossier_now()).waiting_count, (await scene.dossier_now()).ready_count) == (1, 1)


async def test_a_decision_on_a_reserved_item_counts_when_the_export_is_abandoned(scene: Scene) -> None:
    document = await scene.purchase()
    export_id = uuid4()
    async with scene.world.tools.database.transaction(scene.opened) as session:
        found = await moves.candidates(session, scene.dossier.id, lock=True)
        await moves.reserve(session, [item.id for item in found], export_id)
    await scene.decide(document, ApprovalState.DISPUTED, "never ordered")
    async with scene.world.tools.database.transaction(scene.opened) as session:
        await moves.release(session, export_id)
    [item] = await scene.items()
    assert (item.state, item.approval) == (ItemState.HELD, ApprovalState.DISPUTED)


async def test_reserving_what_somebody_else_holds_is_a_conflict(scene: Scene) -> None:
    await scene.purchase()
    async with scene.world.tools.database.transaction(scene.opened) as session:
        [item] = await moves.candidates(session, scene.dossier.id, lock=True)
        await moves.reserve(session, [item.id], uuid4())
        with pytest.raises(Conflict):
            await moves.reserve(session, [item.id], uuid4())


async def test_a_locked_bundle_locks_the_document_and_a_second_one_keeps_the_first_number(
    scene: Scene,
) -> None:
    await scene.purchase()
    await export(scene, 1, locked=True)
    await export(scene, 2, locked=True)
    [item] = await scene.items()
    assert (item.state, item.bundle_number, item.bundled_version, item.locked) == (
        ItemState.BUNDLED,
        1,
        1,
        True,
    )
    async with scene.world.as_system() as session:
        [lock] = await session.scalars(sa.select(DocumentLock))
    assert (lock.bundle, lock.reason) == (1, "exported")


async def test_an_export_does_not_take_a_document_whose_item_has_not_heard_of_a_change(scene: Scene) -> None:
    document = await scene.typed()
    async with scene.world.tools.database.transaction(scene.opened) as session:
        now = await lookups.document(session, scene.accountant, scene.company.id, document.id)
        await changes.amend(session, scene.accountant, now, an_entry("P2"), us=f"BE:{US}")
    with pytest.raises(Conflict) as refused:
        await export(scene, 1, locked=True)
    assert refused.value.code == "busy"


async def test_only_the_version_that_left_last_is_delivered_and_once(scene: Scene) -> None:
    await scene.purchase()
    await export(scene, 1, locked=False)
    [item] = await scene.items()
    async with scene.world.tools.database.transaction(scene.opened) as session:
        assert list(await moves.deliver(session, {item.id: 2})) == []
        assert list(await moves.deliver(session, {item.id: 1})) == [item.id]
        assert list(await moves.deliver(session, {item.id: 1})) == []


async def test_a_dossier_that_opens_gets_everything_the_company_has(scene: Scene) -> None:
    world = scene.world
    await hand_in(
        world, scene.accountant, {"p.xml": a_ubl(customer=US), "b.cod": a_coda(days=2)}, scene.dossier.id
    )
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    new = await a_dossier(world, other, scene.company, code=None, access=Access.GRANTED)
    async with world.as_system() as session:
        event = DossierOpened(dossier_id=new.id, company_id=scene.company.id)
        await publish(session, system_actor("test"), event)
        await publish(session, system_actor("test"), event)
    await world.run_jobs()
    assert sorted(item.kind for item in await scene.items() if item.dossier_id == new.id) == [
        "purchase_invoice",
        "statement",
        "statement",
    ]


async def test_access_that_ends_takes_what_never_left_and_blanks_the_rest(scene: Scene) -> None:
    world = scene.world
    await scene.purchase("1")
    await export(scene, 1, locked=False)
    await scene.purchase("2")
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(access=Access.ENDED))
        ended = AccessEnded(dossier_id=scene.dossier.id, company_id=scene.company.id)
        await publish(session, system_actor("test"), ended)
    await world.run_jobs()
    [item] = await scene.items()
    assert (item.number, item.counterparty, item.gross, item.bundle_number) == ("", "", 0, 1)
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(access=Access.GRANTED))
        again = DossierOpened(dossier_id=scene.dossier.id, company_id=scene.company.id)
        await publish(session, system_actor("test"), again)
    await world.run_jobs()
    assert sorted((item.number, item.counterparty) for item in await scene.items()) == [
        ("1", "Telecom NV"),
        ("2", "Telecom NV"),
    ]


async def test_the_other_firm_sees_no_item_and_a_member_sees_the_own_companys(scene: Scene) -> None:
    await scene.purchase()
    other = await a_firm(scene.world, "ardennes", "Bureau Ardennes")
    for scope, expected in (
        (Scope(firm_id=scene.firm.id), 1),
        (Scope(firm_id=other.id), 0),
        (Scope(company_id=scene.company.id), 1),
        (Scope(company_id=uuid4()), 0),
        (Scope(), 0),
    ):
        async with scene.world.tools.database.transaction(scope) as session:
            assert len(await lists.find(session, sought("telecom"), manager_id=None, limit=9)) == (
                expected if scope.firm_id else 0
            )
            assert len((await session.scalars(sa.select(DossierItem))).all()) == expected


async def test_a_changed_policy_reassesses_what_is_still_here(scene: Scene) -> None:
    decided = await scene.purchase("1")
    await scene.purchase("2")
    await scene.decide(decided, ApprovalState.APPROVED)
    async with scene.world.as_system() as session:
        await session.execute(sa.update(ExportPolicy).values(needs_approval=False))
    async with scene.world.tools.database.transaction(scene.opened) as session:
        assert (await sync.reassess(session, scene.firm.id, scene.dossier.id)).moved == 1
    assert [(item.state.value, item.approval.value) for item in await scene.items()] == [
        ("ready", "approved"),
        ("ready", "not_needed"),
    ]


def test_where_items_begin_and_go_after_a_change() -> None:
    waits = (ItemState.WAITING, ApprovalState.WAITING)
    ready = (ItemState.READY, ApprovalState.NOT_NEEDED)
    kinds = ["purchase_invoice"]
    assert (
        first_states(Kind.PURCHASE_INVOICE, needs_approval=True, approval_kinds=kinds, can_answer=True)
        == waits
    )
    assert (
        first_states(Kind.PURCHASE_INVOICE, needs_approval=False, approval_kinds=kinds, can_answer=True)
        == ready
    )
    assert (
        first_states(Kind.STATEMENT, needs_approval=True, approval_kinds=["statement"], can_answer=True)
        == ready
    )
    assert after_change(ItemState.HELD, ApprovalState.DISPUTED, ready, can_answer=True) == waits
    assert after_change(ItemState.HELD, ApprovalState.NOT_NEEDED, ready, can_answer=True) == (
        ItemState.HELD,
        ApprovalState.NOT_NEEDED,
    )
    assert after_change(ItemState.DELIVERED, ApprovalState.NOT_NEEDED, ready, can_answer=True) == ready
    assert after_change(ItemState.RESERVED, ApprovalState.APPROVED, waits, can_answer=True) == (
        ItemState.RESERVED,
        ApprovalState.APPROVED,
    )
