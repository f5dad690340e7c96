"""A document or statement stands in one of a firm's dossiers: where it was handed in, else the first; and may be moved."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from portal.features.audit.models import AuditEvent
from portal.features.bundles.models import BundleItem
from portal.features.dossiers.domain.dossiers import Access, DossierOpened, place_of, titled
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import ApprovalState, ItemState, after_move, stays
from portal.features.items.models import DossierItem
from portal.features.policies.models import ExportPolicy
from portal.jobs.ledger import publish
from portal.kernel.actor import Role
from portal.kernel.ids import new_id
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_exports import Office, a_statement, again, an_invoice, an_office, press_export
from tests.support.builders_papers import a_coda, a_pdf, a_ubl, hand_in
from tests.support.world import World

US = "0999888767"


async def two(world: World) -> tuple[Office, Dossier]:
    """A firm with two dossiers on one company."""
    firm = await a_firm(world)
    company = await a_company(world, firm, number=US, claimed=True)
    first = await a_dossier(world, firm, company, access=Access.GRANTED)
    office = Office(firm, await a_staff_member(world, firm, Role.OWNER), first)
    return office, await a_second(world, office)


async def a_second(world: World, office: Office) -> Dossier:
    """Another dossier on the company of an office, opened as the form opens one."""
    async with world.as_system() as session:
        first = await session.get(Dossier, office.dossier.id)
        assert first is not None
        values = {column.key: getattr(first, column.key) for column in Dossier.__table__.columns}
        made = Dossier(
            **values
            | {
                "id": new_id(),
                "code": "01205",
                "code_key": "01205",
                "activity": "Transport",
                "quick_entry_count": 0,
                "ready_count": 0,
                "waiting_count": 0,
                "item_count": 0,
            }
        )
        session.add(made)
        await session.flush()
        await publish(
            session, office.owner, DossierOpened(dossier_id=made.id, company_id=office.dossier.company_id)
        )
    await world.run_jobs()
    return made


async def standing(world: World) -> dict[UUID, list[ItemState]]:
    """The states of all items, by dossier."""
    found: dict[UUID, list[ItemState]] = {}
    async with world.as_system() as session:
        for item in await session.scalars(sa.select(DossierItem).order_by(DossierItem.id)):
            found.setdefault(item.dossier_id, []).append(item.state)
    return found


def test_a_paper_belongs_where_it_was_handed_in_else_to_the_first_dossier() -> None:
    early, late = new_id(), new_id()
    day = datetime(2026, 1, 1, tzinfo=UTC)
    mine = {late: day + timedelta(days=1), early: day}
    assert place_of(mine, None) == early
    assert place_of(mine, late) == late
    assert place_of(mine, new_id()) == early, "handed in at another firm's dossier"


def test_what_left_or_is_leaving_is_not_moved_and_what_was_decided_stays() -> None:
    asks = (ItemState.WAITING, ApprovalState.WAITING)
    free = (ItemState.READY, ApprovalState.NOT_NEEDED)
    assert all(stays(state, None) for state in (ItemState.RESERVED, ItemState.BUNDLED, ItemState.DELIVERED))
    assert stays(ItemState.READY, 3), "corrected after it left"
    assert stays(ItemState.READY, None) is None
    assert after_move(ItemState.READY, ApprovalState.NOT_NEEDED, asks) == asks
    assert after_move(ItemState.WAITING, ApprovalState.WAITING, free) == free
    for said in (ApprovalState.APPROVED, ApprovalState.DISPUTED, ApprovalState.NOT_OURS):
        assert after_move(ItemState.HELD, said, free) == (ItemState.HELD, said)
    assert titled("Bakkerij", "Transport") == "Bakkerij · Transport"


async def test_papers_stand_in_one_dossier_where_they_were_handed_in_a_members_in_the_first(
    world: World,
) -> None:
    office, second = await two(world)
    member = await a_member(world, office.firm, second.company_id)
    await hand_in(world, office.owner, {"1.xml": a_ubl(customer=US, number="1")}, second.id)
    await hand_in(world, office.owner, {"b.cod": a_coda()}, second.id)
    await hand_in(world, member, {"2.xml": a_ubl(customer=US, number="2")})
    assert {place: len(states) for place, states in (await standing(world)).items()} == {
        second.id: 2,
        office.dossier.id: 1,
    }
    counts = {
        row.id: row.item_count for row in [await again(world, office.dossier), await again(world, second)]
    }
    assert counts == {office.dossier.id: 1, second.id: 2}


async def test_a_paper_of_quick_entry_waits_in_one_dossier_and_becomes_a_document_there(world: World) -> None:
    office, second = await two(world)
    member = await a_member(world, office.firm, second.company_id)
    await hand_in(world, office.owner, {"a.pdf": a_pdf("a")}, second.id)
    await hand_in(world, member, {"b.pdf": a_pdf("b")})
    waiting = [(await again(world, one)).quick_entry_count for one in (office.dossier, second)]
    assert waiting == [1, 1]
    async with sign_in(world, office.owner) as client:
        here, there = [
            (await client.get(f"/dossiers/{one.id}/quick-entry")).text for one in (office.dossier, second)
        ]
    assert ("b.pdf" in here, "a.pdf" in here) == (True, False)
    assert ("b.pdf" in there, "a.pdf" in there) == (False, True)


async def test_a_new_second_dossier_takes_nothing_and_nothing_leaves_again(world: World) -> None:
    office = await an_office(world)
    left = await an_invoice(world, office, "F-1")
    async with sign_in(world, office.owner) as client:
        await press_export(client, office)
        await world.run_jobs()
        await an_invoice(world, office, "F-2")
        await a_statement(world, office)
        second = await a_second(world, office)
        assert set(await standing(world)) == {office.dossier.id}
        answer = await client.post(f"/dossiers/{second.id}/export", data={"include_exported": "yes"})
        await world.run_jobs()
        assert "nothing new" in (await client.get(answer.headers.get("location", "/"))).text.lower()
        page = await client.get(f"/dossiers/{second.id}/documents")
        assert "F-1" not in page.text
    async with world.as_system() as session:
        rows = list(await session.scalars(sa.select(BundleItem)))
    assert [(row.item_id, row.reexport) for row in rows] == [(left.id, False)]


async def test_two_items_of_one_firm_on_one_document_are_refused_by_the_database(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    second = await a_second(world, office)
    values = {column.key: getattr(item, column.key) for column in DossierItem.__table__.columns}
    async with world.as_system() as session:
        session.add(DossierItem(**values | {"id": new_id(), "dossier_id": second.id}))
        with pytest.raises(IntegrityError, match="uq_dossier_item_document"):
            await session.flush()
        await session.rollback()


async def test_moving_tells_both_histories_counts_anew_and_asks_whom_the_other_policy_asks(
    world: World,
) -> None:
    office, second = await two(world)
    await a_member(world, office.firm, second.company_id)  # somebody who can answer
    async with world.as_system() as session:
        firms_own = (await session.scalars(sa.select(ExportPolicy))).one()
        values = {
            column.key: getattr(firms_own, column.key)
            for column in ExportPolicy.__table__.columns
            if column.key != "id"
        }
        session.add(
            ExportPolicy(
                **values
                | {
                    "dossier_id": second.id,
                    "needs_approval": True,
                    "approval_kinds": ["purchase_invoice"],
                }
            )
        )
    upload = await hand_in(world, office.owner, {"1.xml": a_ubl(customer=US, number="1")}, office.dossier.id)
    document = upload.outcomes[0].document
    assert document is not None
    async with sign_in(world, office.owner) as client:
        page = await client.get(f"/dossiers/{office.dossier.id}/documents/{document.id}")
        assert f"/move?selected={document.id}" in page.text
        listed = await client.get(f"/dossiers/{office.dossier.id}/documents")
        assert f'value="{document.id}"' in listed.text
        path = f"/dossiers/{office.dossier.id}/move"
        ask = await client.post(path, data={"selected": str(document.id)})
        assert ask.status_code == 200
        assert "Transport" in ask.text
        answer = await client.post(path, data={"selected": str(document.id), "to": str(second.id)})
        assert answer.status_code in (200, 303), answer.text
        for one, words in ((office.dossier, "Moved to the dossier"), (second, "Moved here from")):
            assert words in (await client.get(f"/dossiers/{one.id}/history")).text
        away = await client.get(f"/dossiers/{office.dossier.id}/documents/{document.id}")
        assert "belongs to another dossier" in away.text
        assert f"/dossiers/{second.id}/documents/{document.id}" in away.text
    assert await standing(world) == {second.id: [ItemState.WAITING]}
    first, other = await again(world, office.dossier), await again(world, second)
    assert (first.item_count, first.ready_count) == (0, 0)
    assert (other.item_count, other.waiting_count) == (1, 1)
    async with world.as_system() as session:
        told = await session.execute(
            sa.select(AuditEvent.action, AuditEvent.dossier_id).where(AuditEvent.action.like("items.moved%"))
        )
        assert {tuple(row) for row in told} == {
            ("items.moved_out", office.dossier.id),
            ("items.moved_in", second.id),
        }


async def test_what_left_stays_where_it_left_and_strangers_move_nothing(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    second = await a_second(world, office)
    elsewhere = await a_dossier(world, office.firm, code="8")
    theirs = await an_office(world, "ardennes", code="9")
    path = f"/dossiers/{office.dossier.id}/move"
    async with sign_in(world, office.owner) as client:
        for target, status in ((elsewhere.id, 422), (theirs.dossier.id, 404), (new_id(), 404)):
            form = {"selected": str(item.document_id), "to": str(target)}
            assert (await client.post(path, data=form)).status_code == status
        await press_export(client, office)
        await world.run_jobs()
        form = {"selected": str(item.document_id), "to": str(second.id)}
        answer = await client.post(path, data=form)
        assert answer.status_code == 422
        assert "what left stays" in answer.text
        assert (await client.get(f"{path}?selected={new_id()}")).status_code == 404
    assert await standing(world) == {office.dossier.id: [ItemState.BUNDLED]}
    assistant = await a_staff_member(world, office.firm, Role.ASSISTANT)
    async with sign_in(world, assistant) as client:
        assert (await client.post(path, data=form)).status_code in (403, 404)


async def test_a_move_and_an_export_at_once_agree(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    second = await a_second(world, office)
    async with sign_in(world, office.owner) as client, sign_in(world, office.owner) as other:
        form = {"selected": str(item.document_id), "to": str(second.id)}
        await asyncio.gather(
            press_export(client, office), other.post(f"/dossiers/{office.dossier.id}/move", data=form)
        )
        await world.run_jobs()
        await client.post(f"/dossiers/{second.id}/export", data={})
        await world.run_jobs()
    async with world.as_system() as session:
        rows = list(await session.scalars(sa.select(BundleItem)))
    assert [row.reexport for row in rows] == [False], "it left once, from one of the two"
