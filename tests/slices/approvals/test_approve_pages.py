"""Approving through HTTP: one by one, as a list, as fragments, and who does not get in."""

import json
import re
from datetime import date
from typing import Any

import pytest

from portal.features.approvals.domain import Decision
from portal.features.dossiers.domain.dossiers import Access
from portal.features.items.domain import ApprovalState
from portal.kernel.actor import Role
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_ubl, hand_in
from tests.support.world import World

HTMX = {"hx-request": "true"}


async def test_the_most_urgent_document_comes_first_beside_its_page(scene: Any) -> None:
    late = await scene.paper("LATE", due_date=date(2026, 12, 30))
    soon = await scene.paper("SOON", due_date=date(2026, 11, 25))
    async with sign_in(scene.world, scene.bert) as client:
        page = await client.get("/approve")
        assert page.status_code == 200
        assert "1 of 2" in page.text
        assert "SOON" in page.text
        assert "€121.00" in page.text
        assert f"/documents/{soon.id}/pages/1" in page.text
        assert 'data-key="a"' in page.text
        assert 'data-key="r"' in page.text
        assert f'href="/approve/{late.id}"' in page.text  # decide later
        second = await client.get(f"/approve/{late.id}")
        assert "2 of 2" in second.text


async def test_approving_goes_to_the_next_and_ends_with_thanks(scene: Any) -> None:
    first = await scene.paper("1", due_date=date(2026, 11, 1))
    second = await scene.paper("2", due_date=date(2026, 11, 2))
    form = {"version": "1", "decision": "approved"}
    async with sign_in(scene.world, scene.bert) as client:
        answer = await client.post(f"/approve/{first.id}", data=form)
        assert answer.status_code == 303
        assert answer.headers["location"] == f"/approve/{second.id}"
        answer = await client.post(f"/approve/{second.id}", data=form)
        assert answer.headers["location"] == "/approve"
        page = await client.get("/approve")
        assert "Nothing waits for you" in page.text
    assert (await scene.item(first.id)).approval is ApprovalState.APPROVED


async def test_htmx_gets_the_next_document_as_a_fragment_with_a_toast(scene: Any) -> None:
    first = await scene.paper("1", due_date=date(2026, 11, 1))
    second = await scene.paper("2", due_date=date(2026, 11, 2))
    form = {"version": "1", "decision": "approved"}
    async with sign_in(scene.world, scene.bert) as client:
        answer = await client.post(f"/approve/{first.id}", data=form, headers=HTMX)
        assert answer.status_code == 200
        # the title of the tab goes along: it names the document
        assert re.match(r'\s*<title>Approve · [^<]+</title><div id="case"', answer.text)
        assert f'action="/approve/{second.id}"' in answer.text
        assert answer.headers["hx-push-url"] == f"/approve/{second.id}"
        toast = json.loads(answer.headers["hx-trigger"])["toast"]
        assert toast["text"] == "Telecom NV 1 is approved."
        assert toast["href"] == f"/approve/{first.id}"
        last = await client.post(f"/approve/{second.id}", data=form, headers=HTMX)
        assert "Nothing waits for you" in last.text
        assert last.headers["hx-push-url"] == "/approve"


async def test_rejecting_without_a_reason_asks_for_it_and_keeps_what_was_chosen(scene: Any) -> None:
    document = await scene.paper("1")
    async with sign_in(scene.world, scene.bert) as client:
        page = await client.get(f"/approve/{document.id}/reject")
        assert "Why do you reject it?" in page.text
        wrong = await client.post(
            f"/approve/{document.id}", data={"version": "1", "decision": "not_ours", "reason": " "}
        )
        assert wrong.status_code == 422
        assert "Say why" in wrong.text
        assert 'value="not_ours" checked' in wrong.text
        fragment = await client.post(
            f"/approve/{document.id}", data={"version": "1", "decision": "disputed"}, headers=HTMX
        )
        assert fragment.status_code == 422
        assert re.match(r'\s*<title>Approve · [^<]+</title><div id="case"', fragment.text)
        done = await client.post(
            f"/approve/{document.id}", data={"version": "1", "decision": "disputed", "reason": "Twice"}
        )
        assert done.status_code == 303
        page = await client.get(f"/approve/{document.id}")
        assert "Twice" in page.text
        assert "Take back" in page.text
    assert (await scene.item(document.id)).approval_reason == "Twice"


async def test_who_comes_second_gets_a_409_with_the_present_state(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document, Decision.DISPUTED, "Wrong price", actor=scene.approver)
    form = {"version": "1", "decision": "approved"}
    async with sign_in(scene.world, scene.bert) as client:
        answer = await client.post(f"/approve/{document.id}", data=form)
        assert answer.status_code == 409
        assert "has rejected this document already" in answer.text
        assert "Wrong price" in answer.text
        fragment = await client.post(f"/approve/{document.id}", data=form, headers=HTMX)
        assert fragment.status_code == 422  # so that the page shows it
        assert "has rejected this document already" in fragment.text


async def test_an_older_version_on_the_page_is_refused_and_the_new_one_shown(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.amend(document, counterparty_name="Telecom BV")
    async with sign_in(scene.world, scene.bert) as client:
        answer = await client.post(f"/approve/{document.id}", data={"version": "1", "decision": "approved"})
        assert answer.status_code == 409
        assert "changed meanwhile" in answer.text
        assert "Telecom BV" in answer.text
        assert 'name="version" value="2"' in answer.text


@pytest.mark.parametrize(
    "form",
    [
        {"version": "1", "decision": "paid"},
        {"version": "1", "decision": ""},
        {"version": "one", "decision": "approved"},
        {"version": "", "decision": "approved"},
        {"decision": "approved"},
        {"version": "1"},
        {},
    ],
)
async def test_a_broken_form_is_refused_without_a_decision(scene: Any, form: dict[str, str]) -> None:
    document = await scene.paper("1")
    async with sign_in(scene.world, scene.bert) as client:
        answer = await client.post(f"/approve/{document.id}", data=form)
    assert answer.status_code in (409, 422)
    assert (await scene.item(document.id)).approval is ApprovalState.WAITING


async def test_taking_back_on_the_page(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    async with sign_in(scene.world, scene.bert) as client:
        answer = await client.post(f"/approve/{document.id}/withdraw", data={"version": "1"})
        assert answer.status_code == 303
        assert (await scene.item(document.id)).approval is ApprovalState.WAITING
        again = await client.post(f"/approve/{document.id}/withdraw", data={"version": "1"})
        assert again.status_code == 409
        assert "no decision to take back" in again.text


async def test_a_document_without_a_picture_shows_its_data(scene: Any) -> None:
    await hand_in(scene.world, scene.accountant, {"1.xml": a_ubl(customer="0999888767")}, scene.dossier.id)
    async with sign_in(scene.world, scene.bert) as client:
        page = await client.get("/approve")
    assert page.status_code == 200
    assert "7205519" in page.text
    assert "/pages/1" in page.text or 'class="ui-read"' in page.text


async def test_the_list_is_searched_and_approved_in_bulk(scene: Any) -> None:
    papers = [await scene.paper(number) for number in ("Number A1", "Number A2", "Number B1")]
    async with sign_in(scene.world, scene.bert) as client:
        page = await client.get("/approve/list")
        assert all(f"{paper.id}:1" in page.text for paper in papers)
        found = await client.get("/approve/list?q=b1", headers=HTMX)
        assert "Number B1" in found.text
        assert "Number A1" not in found.text
        assert "<html" not in found.text
        answer = await client.post(
            "/approve/list",
            data={"selected": [f"{papers[0].id}:1", f"{papers[1].id}:1"], "decision": "approved"},
        )
        assert answer.status_code == 303
        page = await client.get("/approve/list")
        assert "2 documents are approved." in page.text
        assert str(papers[0].id) not in page.text
        assert str(papers[2].id) in page.text


async def test_bulk_tells_what_was_decided_meanwhile(scene: Any) -> None:
    one, other = await scene.paper("1"), await scene.paper("2")
    await scene.decide(other, actor=scene.approver)
    async with sign_in(scene.world, scene.bert) as client:
        await client.post(
            "/approve/list",
            data={"selected": [f"{one.id}:1", f"{other.id}:1"], "decision": "approved"},
        )
        page = await client.get("/approve/list")
    assert "1 document is approved. 1 is not: Bert Claes has approved this document already." in page.text


async def test_bulk_rejection_asks_for_one_reason(scene: Any) -> None:
    papers = [await scene.paper(number) for number in "12"]
    selected = [f"{paper.id}:1" for paper in papers]
    async with sign_in(scene.world, scene.bert) as client:
        page = await client.post("/approve/list", data={"selected": selected, "decision": "reject"})
        assert page.status_code == 200
        assert "Reject 2 documents" in page.text
        wrong = await client.post("/approve/list", data={"selected": selected, "decision": "not_ours"})
        assert wrong.status_code == 422
        assert "Say why" in wrong.text
        done = await client.post(
            "/approve/list", data={"selected": selected, "decision": "not_ours", "reason": "Other company"}
        )
        assert done.status_code == 303
    assert (await scene.item(papers[1].id)).approval is ApprovalState.NOT_OURS


async def test_nothing_or_nonsense_selected_changes_nothing(scene: Any) -> None:
    document = await scene.paper("1")
    async with sign_in(scene.world, scene.bert) as client:
        for selected in ([], ["x"], ["x:1"], [f"{document.id}"], [f"{document.id}:-1"]):
            answer = await client.post("/approve/list", data={"selected": selected, "decision": "approved"})
            assert answer.status_code == 303
    assert (await scene.item(document.id)).approval is ApprovalState.WAITING


async def test_an_empty_list_is_a_friendly_word(scene: Any) -> None:
    async with sign_in(scene.world, scene.bert) as client:
        for path in ("/approve", "/approve/list"):
            page = await client.get(path)
            assert page.status_code == 200
            assert "Nothing waits for you" in page.text


async def test_who_may_not_approve_does_not_get_in(scene: Any) -> None:
    document = await scene.paper("1")
    paths = ["/approve", "/approve/list", f"/approve/{document.id}", f"/approve/{document.id}/reject"]
    posts = [f"/approve/{document.id}", f"/approve/{document.id}/withdraw", "/approve/list"]
    async with scene.world.client() as client:
        for path in paths:
            assert (await client.get(path)).headers["location"].startswith("/sign-in")
    for role in (Role.CONTRIBUTOR, Role.READER):
        actor = await a_member(scene.world, scene.firm, scene.company.id, role)
        async with sign_in(scene.world, actor) as client:
            for path in paths:
                assert (await client.get(path)).status_code == 403
            for path in posts:
                assert (
                    await client.post(path, data={"version": "1", "decision": "approved"})
                ).status_code == 403
    owner = await a_staff_member(scene.world, scene.firm)
    async with sign_in(scene.world, owner) as client:
        for path in paths:
            assert (await client.get(path)).status_code == 404
    assert (await scene.item(document.id)).approval is ApprovalState.WAITING


async def test_another_companys_member_finds_nothing(scene: Any) -> None:
    document = await scene.paper("1")
    other = await a_company(scene.world, scene.firm, "Claes Dakwerken", claimed=True)
    await a_dossier(scene.world, scene.firm, other, code="9", access=Access.GRANTED)
    stranger = await a_member(scene.world, scene.firm, other.id)
    async with sign_in(scene.world, stranger) as client:
        assert "Nothing waits for you" in (await client.get("/approve")).text
        assert (await client.get(f"/approve/{document.id}")).status_code == 404
        assert (await client.get(f"/documents/{document.id}/decisions")).status_code == 404
        answer = await client.post(f"/approve/{document.id}", data={"version": "1", "decision": "approved"})
        assert answer.status_code == 404
        bulk = await client.post(
            "/approve/list", data={"selected": [f"{document.id}:1"], "decision": "approved"}
        )
        assert bulk.status_code == 303
    assert (await scene.item(document.id)).approval is ApprovalState.WAITING


async def test_the_story_is_shown_to_both_sides_and_the_office_asks_again(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document, Decision.NOT_OURS, "Other company")
    theirs = f"/dossiers/{scene.dossier.id}/documents/{document.id}"
    async with sign_in(scene.world, scene.bert) as client:
        page = await client.get(f"/documents/{document.id}/decisions")
        assert "Rejected as not theirs: Other company" in page.text
        assert "Ask the client again" not in page.text
        assert (await client.get(f"{theirs}/decisions")).status_code == 404
    async with sign_in(scene.world, scene.accountant) as client:
        fragment = await client.get(f"{theirs}/decisions", headers=HTMX)
        assert "Rejected as not theirs: Other company" in fragment.text
        assert "<html" not in fragment.text
        assert "Ask the client again" in fragment.text
        answer = await client.post(f"{theirs}/ask-again")
        assert answer.status_code == 303
        assert "Ask the client again" not in (await client.get(f"{theirs}/decisions")).text
        assert (await client.post(f"{theirs}/ask-again")).status_code == 409
    assert (await scene.item(document.id)).approval is ApprovalState.WAITING


async def test_another_firm_sees_no_story_and_asks_nothing(scene: Any, world: World) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    theirs = await a_dossier(world, other)
    owner = await a_staff_member(world, other)
    async with sign_in(world, owner, "ardennes.localhost") as client:
        for dossier_id in (scene.dossier.id, theirs.id):
            path = f"/dossiers/{dossier_id}/documents/{document.id}"
            assert (await client.get(f"{path}/decisions")).status_code == 404
            assert (await client.post(f"{path}/ask-again")).status_code == 404
