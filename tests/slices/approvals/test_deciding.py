"""The company's word: who may give it, that the first one counts, and what it does."""

import asyncio
from typing import Any
from uuid import uuid4

import pytest

from portal.features.approvals import repository
from portal.features.approvals.domain import Decision
from portal.features.approvals.service import cases, decisions
from portal.features.approvals.service.decisions import Decided
from portal.features.dossiers.domain.dossiers import Access
from portal.features.items.domain import ApprovalState, ItemState
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from portal.kernel.ids import FirmId
from tests.support.builders import a_company, a_dossier, a_firm, a_member, opened


async def test_approving_makes_an_item_ready_and_is_history(scene: Any) -> None:
    document = await scene.paper("7205519")
    assert (await scene.item(document.id)).state is ItemState.WAITING
    await scene.decide(document)
    item = await scene.item(document.id)
    assert (item.state, item.approval) == (ItemState.READY, ApprovalState.APPROVED)
    assert item.decided_by_name == "Bert Claes"
    async with scene.member() as session:
        (step,) = await cases.history(session, document.id)
    assert (step.text, step.who) == ("Approved", "Bert Claes")
    (event,) = await scene.audited()
    assert event.action == "approvals.approved"
    assert event.company_id == scene.company.id
    assert event.firm_id is None
    assert event.dossier_id == scene.dossier.id
    assert event.data["number"] == "7205519"


@pytest.mark.parametrize("decision", [Decision.DISPUTED, Decision.NOT_OURS])
async def test_a_rejection_puts_the_item_aside_with_its_reason(scene: Any, decision: Decision) -> None:
    document = await scene.paper("1")
    await scene.decide(document, decision, "  The amount is wrong.  ")
    item = await scene.item(document.id)
    assert item.state is ItemState.HELD
    assert item.approval == decision.value
    assert item.approval_reason == "The amount is wrong."
    assert [event.action for event in await scene.audited()] == [f"approvals.{decision}"]


async def test_a_rejection_needs_a_reason_of_sensible_length(scene: Any) -> None:
    document = await scene.paper("1")
    with pytest.raises(Invalid) as missing:
        await scene.decide(document, Decision.DISPUTED, "   ")
    assert "reason" in missing.value.fields
    with pytest.raises(Invalid):
        await scene.decide(document, Decision.DISPUTED, "x" * 501)
    assert (await scene.item(document.id)).approval is ApprovalState.WAITING


async def test_of_two_people_at_once_one_wins_and_the_other_is_told_the_present_state(scene: Any) -> None:
    document = await scene.paper("1")
    outcomes = await asyncio.gather(
        scene.decide(document),
        scene.decide(document, Decision.NOT_OURS, "Never ordered", actor=scene.approver),
        return_exceptions=True,
    )
    (lost,) = [one for one in outcomes if isinstance(one, Conflict)]
    (won,) = [one for one in outcomes if isinstance(one, Decided)]
    assert lost.code == "already_decided"
    assert "Bert Claes has" in lost.text()
    assert (await scene.item(document.id)).approval == won.decision.value
    async with scene.member() as session:
        assert len(await cases.history(session, document.id)) == 1


async def test_ten_at_once_leave_one_decision(scene: Any) -> None:
    document = await scene.paper("1")
    people = [scene.bert, scene.approver] * 5
    words = [Decision.APPROVED, Decision.DISPUTED]
    outcomes = await asyncio.gather(
        *(scene.decide(document, words[n % 2], "why", actor=who) for n, who in enumerate(people)),
        return_exceptions=True,
    )
    assert all(isinstance(one, Decided | Conflict) for one in outcomes)
    counted = [one for one in outcomes if isinstance(one, Decided) and not one.repeated]
    assert len(counted) == 1
    async with scene.member() as session:
        assert len(await cases.history(session, document.id)) == 1


async def test_a_double_click_is_no_conflict_and_no_second_decision(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    again = await scene.decide(document)
    assert again.repeated
    assert len(await scene.audited()) == 1


async def test_the_same_person_changes_their_mind_only_by_taking_back(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    with pytest.raises(Conflict, match="already_decided"):
        await scene.decide(document, Decision.DISPUTED, "no")


async def test_a_decision_about_an_older_version_is_refused(scene: Any) -> None:
    document = await scene.paper("1")
    new = await scene.amend(document, counterparty_name="Telecom BV")
    assert new.version == 2
    with pytest.raises(Conflict) as refused:
        await scene.decide(document, version=1)
    assert refused.value.code == "changed"
    assert "changed" in refused.value.text()
    await scene.decide(new)
    assert (await scene.item(document.id)).state is ItemState.READY


async def test_a_changed_document_waits_again(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    scene.world.clock.at = scene.world.clock.at.replace(hour=12)
    await scene.amend(document, counterparty_name="Telecom BV")
    item = await scene.item(document.id)
    assert (item.state, item.approval, item.version) == (ItemState.WAITING, ApprovalState.WAITING, 2)
    async with scene.member() as session:
        assert await repository.count_waiting(session) == 1
        told = [step.text for step in await cases.history(session, document.id)]
    assert told == ["Approved", "Document changed: version 2"]


async def test_a_change_whose_item_has_not_followed_yet_is_told_as_a_change(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.set_item(document.id, version=0)
    with pytest.raises(Conflict) as refused:
        await scene.decide(document)
    assert refused.value.code == "changed"


async def test_what_nobody_asks_about_cannot_be_decided(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.set_item(document.id, approval="not_needed", state="ready")
    with pytest.raises(Conflict) as refused:
        await scene.decide(document)
    assert refused.value.code == "not_asked"


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.READER])
async def test_contributors_and_readers_decide_nothing(scene: Any, role: Role) -> None:
    document = await scene.paper("1")
    actor = await a_member(scene.world, scene.firm, scene.company.id, role)
    with pytest.raises(Forbidden):
        await scene.decide(document, actor=actor)
    async with scene.member(actor) as session:
        with pytest.raises(Forbidden):
            await decisions.decide_many(session, actor, [(document.id, 1)], Decision.APPROVED)
        with pytest.raises(Forbidden):
            await decisions.withdraw(session, actor, document.id, 1)


async def test_staff_decide_nothing_for_the_client(scene: Any) -> None:
    document = await scene.paper("1")
    async with scene.office() as session:
        with pytest.raises(Forbidden):
            await decisions.decide(session, scene.accountant, document.id, 1, Decision.APPROVED)


async def test_another_companys_member_finds_no_such_document(scene: Any) -> None:
    document = await scene.paper("1")
    other = await a_company(scene.world, scene.firm, "Claes Dakwerken", claimed=True)
    await a_dossier(scene.world, scene.firm, other, code="9", access=Access.GRANTED)
    stranger = await a_member(scene.world, scene.firm, other.id)
    for document_id in (document.id, uuid4()):
        async with scene.member(stranger) as session:
            with pytest.raises(NotFound):
                await decisions.decide(session, stranger, document_id, 1, Decision.APPROVED)
            with pytest.raises(NotFound):
                await decisions.withdraw(session, stranger, document_id, 1)
            assert await cases.history(session, document_id) == []
            assert await repository.count_waiting(session) == 0


async def test_one_decision_counts_in_every_dossier_on_the_company(scene: Any) -> None:
    import sqlalchemy as sa

    from portal.features.items.models import DossierItem
    from portal.features.policies.models import ExportPolicy

    second = await a_firm(scene.world, "ardennes", "Bureau Ardennes")
    async with scene.world.as_system() as session:
        await session.execute(
            sa.update(ExportPolicy).values(needs_approval=True, approval_kinds=["purchase_invoice"])
        )
    await a_dossier(scene.world, second, scene.company, access=Access.GRANTED)
    document = await scene.paper("1")
    await scene.decide(document)
    async with scene.world.as_system() as session:
        states = list(await session.scalars(sa.select(DossierItem.approval)))
    assert states == [ApprovalState.APPROVED, ApprovalState.APPROVED]
    assert len(await scene.audited()) == 2
    async with scene.member() as session:
        assert len(await cases.history(session, document.id)) == 1


async def test_several_at_once_leave_out_what_is_not_open_any_more(scene: Any) -> None:
    first, second, third = [await scene.paper(number) for number in "123"]
    await scene.decide(second, actor=scene.approver)
    chosen = [(first.id, 1), (second.id, 1), (third.id, 7), (uuid4(), 1)]
    async with scene.member() as session:
        result = await decisions.decide_many(session, scene.bert, chosen, Decision.APPROVED)
    assert [one.document.number for one in result.decided] == ["1"]
    assert [document_id for document_id, _why in result.refused[:2]] == [second.id, third.id]
    assert len(result.refused) == 3
    assert (await scene.item(third.id)).approval is ApprovalState.WAITING


async def test_several_are_rejected_with_one_reason(scene: Any) -> None:
    papers = [await scene.paper(number) for number in "12"]
    chosen = [(paper.id, 1) for paper in papers]
    async with scene.member() as session:
        with pytest.raises(Invalid):
            await decisions.decide_many(session, scene.bert, chosen, Decision.NOT_OURS, "")
        await decisions.decide_many(session, scene.bert, chosen, Decision.NOT_OURS, "Other company")
    assert [(await scene.item(paper.id)).approval_reason for paper in papers] == ["Other company"] * 2


async def test_more_than_the_limit_at_once_is_refused(scene: Any) -> None:
    async with scene.member() as session:
        with pytest.raises(Invalid, match="too_many"):
            await decisions.decide_many(
                session, scene.bert, [(uuid4(), 1) for _ in range(501)], Decision.APPROVED
            )


async def test_two_lists_approved_at_once_in_opposite_order_do_not_block_each_other(scene: Any) -> None:
    papers = [await scene.paper(str(number)) for number in range(6)]

    async def approve(actor: Actor, order: list[Any]) -> decisions.BulkResult:
        async with scene.member(actor) as session:
            chosen = [(paper.id, 1) for paper in order]
            return await decisions.decide_many(session, actor, chosen, Decision.APPROVED)

    one, other = await asyncio.gather(
        approve(scene.bert, papers), approve(scene.approver, list(reversed(papers)))
    )
    assert len(one.decided) + len(other.decided) == 6
    assert len(one.refused) + len(other.refused) == 6


async def test_a_decision_is_taken_back_while_the_document_is_here(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document, Decision.DISPUTED, "Too much")
    async with scene.member() as session:
        await decisions.withdraw(session, scene.bert, document.id, 1)
    item = await scene.item(document.id)
    assert (item.state, item.approval, item.approval_reason) == (
        ItemState.WAITING,
        ApprovalState.WAITING,
        None,
    )
    scene.world.clock.at = scene.world.clock.at.replace(hour=13)
    await scene.decide(document)
    async with scene.member() as session:
        told = [step.text for step in await cases.history(session, document.id)]
    assert told == ["Rejected as disputed: Too much", "Decision taken back", "Approved"]


@pytest.mark.parametrize("state", ["reserved", "bundled", "delivered"])
async def test_what_is_on_its_way_keeps_its_decision(scene: Any, state: str) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    await scene.set_item(document.id, state=state)
    async with scene.member() as session:
        with pytest.raises(Conflict) as refused:
            await decisions.withdraw(session, scene.bert, document.id, 1)
    assert refused.value.code == "gone"
    async with scene.office() as session:
        with pytest.raises(Conflict, match="gone"):
            await decisions.ask_again(session, scene.accountant, scene.dossier, document.id)


async def test_without_a_decision_there_is_nothing_to_take_back(scene: Any) -> None:
    document = await scene.paper("1")
    async with scene.member() as session:
        with pytest.raises(Conflict, match="not_decided"):
            await decisions.withdraw(session, scene.bert, document.id, 1)


async def test_the_accountant_asks_again(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document, Decision.NOT_OURS, "Wrong company")
    scene.world.clock.at = scene.world.clock.at.replace(hour=14)
    async with scene.office() as session:
        await decisions.ask_again(session, scene.accountant, scene.dossier, document.id)
    assert (await scene.item(document.id)).approval is ApprovalState.WAITING
    async with scene.office() as session:
        told = [(step.text, step.who) for step in await cases.history(session, document.id)]
    assert told[-1] == ("Asked again by the accountant", "Els Accountant")
    async with scene.member() as session:
        assert len(await cases.history(session, document.id)) == 2


async def test_an_assistant_does_not_ask_again_and_another_firm_finds_nothing(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    assistant = Actor(
        door=scene.accountant.door, name="A", firm_id=scene.accountant.firm_id, role=Role.ASSISTANT
    )
    async with scene.office() as session:
        with pytest.raises(Forbidden):
            await decisions.ask_again(session, assistant, scene.dossier, document.id)
    other = await a_firm(scene.world, "ardennes", "Bureau Ardennes")
    theirs = await a_dossier(scene.world, other)
    owner = Actor(door=scene.accountant.door, name="B", firm_id=FirmId(other.id), role=Role.OWNER)
    async with scene.world.tools.database.transaction(opened(other, theirs)) as session:
        with pytest.raises(NotFound):
            await decisions.ask_again(session, owner, theirs, document.id)


async def test_a_document_that_left_unapproved_only_notes_the_decision(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.set_item(document.id, state="bundled")
    async with scene.member() as session:
        case = await cases.case(session, scene.bert, document.id)
    assert case.left
    assert case.place is not None
    await scene.decide(document)
    item = await scene.item(document.id)
    assert (item.state, item.approval) == (ItemState.BUNDLED, ApprovalState.APPROVED)
