"""Received originals in the wrong place: kept, put aside with a reason, brought back."""

import asyncio
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db.session import Scope
from portal.features.agents import service as agents
from portal.features.agents.domain import KeyScope
from portal.features.approvals.models import ApprovalDecision
from portal.features.audit.models import AuditEvent
from portal.features.banking.models import Statement
from portal.features.documents.domain.retention import kept_until, must_be_kept, reason_fault
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import ApprovalState, ItemState, after_return
from portal.features.items.models import DossierItem
from portal.features.items.service import moves
from portal.features.mail.models import MailMessage as Mail
from portal.features.policies.models import ExportPolicy
from portal.kernel.actor import Role
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, give_to, sign_in
from tests.support.builders_papers import a_coda, a_ubl
from tests.support.builders_scene import US, Office

REASON = {"reason": "belongs to the neighbour"}


async def states(office: Office) -> list[str]:
    async with office.world.as_system() as session:
        found = await session.scalars(sa.select(DossierItem.state).order_by(DossierItem.id))
        return [one.value for one in found]


async def counters(office: Office) -> tuple[int, int, int]:
    async with office.world.as_system() as session:
        row = await session.get(Dossier, office.dossier.id)
        assert row is not None
        return row.item_count, row.ready_count, row.waiting_count


async def test_years_are_counted_from_the_january_after() -> None:
    assert kept_until(date(2016, 1, 1)) == kept_until(date(2016, 12, 31)) == date(2026, 12, 31)
    assert must_be_kept(date(2016, 5, 4), date(2026, 12, 31), draft=False)
    assert not must_be_kept(date(2016, 5, 4), date(2027, 1, 1), draft=False)
    assert not must_be_kept(date(2026, 5, 4), date(2026, 5, 4), draft=True)
    assert kept_until(date(9999, 1, 1)) == date(9999, 12, 31)
    assert reason_fault("") is not None
    assert reason_fault("x" * 501) is not None
    assert reason_fault("x" * 500) is None


async def test_what_was_decided_stays_decided_when_a_paper_comes_back() -> None:
    says = (ItemState.WAITING, ApprovalState.WAITING)
    assert after_return(ItemState.READY, ApprovalState.NOT_NEEDED, says) == says
    for state, word in ((ItemState.READY, ApprovalState.APPROVED), (ItemState.HELD, ApprovalState.NOT_OURS)):
        assert after_return(state, word, says) == (state, word)


async def test_nobody_deletes_a_received_original_in_its_years_not_even_by_sql(office: Office) -> None:
    document = await office.purchase()
    await office.hand_in({"a.cod": a_coda(), "photo.txt": b"what is this"})
    async with sign_in(office.world, office.entrepreneur) as client:
        page = await client.get(f"/documents/{document.id}")
        assert f"/documents/{document.id}/delete" not in page.text
        for answer in (
            await client.get(f"/documents/{document.id}/delete"),
            await client.post(f"/documents/{document.id}/delete"),
        ):
            assert answer.status_code == 409
            assert "31/12/2036" in answer.text
    for table in ("document", "statement", "intake_file"):
        for scope in (office.opened, Scope(company_id=office.company.id)):
            with pytest.raises(DBAPIError) as refused:
                async with office.world.tools.database.transaction(scope) as session:
                    await session.execute(sa.text(f"delete from {table}"))
            assert getattr(refused.value.orig, "sqlstate", "") == "FL004", table


@pytest.mark.parametrize("side", ["firm", "client"])
async def test_a_document_is_put_aside_with_a_reason_and_the_other_side_brings_it_back(
    office: Office, side: str
) -> None:
    document = await office.purchase()
    async with office.world.as_system() as session:
        await give_to(session, office.accountant.person_id, office.world.clock.now())
    assert await counters(office) == (1, 1, 0)
    sides = [(office.accountant, office.base), (office.entrepreneur, "")]
    if side == "client":
        sides.reverse()
    (first, base), (second, other) = sides
    path = f"{base}/documents/{document.id}"
    async with sign_in(office.world, first) as client:
        assert f"{path}/put-aside" in (await client.get(path)).text
        assert "A few words are enough" in (await client.get(f"{path}/put-aside")).text
        refused = await client.post(f"{path}/put-aside", data={"reason": "  "})
        assert (refused.status_code, await states(office)) == (422, ["ready"])
        answer = await client.post(f"{path}/put-aside", data=REASON)
        assert (answer.status_code, answer.headers["location"]) == (303, path)
        assert (await client.post(f"{path}/put-aside", data=REASON)).status_code == 409
    assert (await states(office), await counters(office)) == (["aside"], (0, 0, 0))
    await office.world.run_jobs()
    async with office.world.tools.database.transaction(office.opened) as session:
        assert not await moves.candidates(session, office.dossier.id)
    path = f"{other}/documents/{document.id}"
    async with sign_in(office.world, second) as client:
        page = await client.get(path)
        assert REASON["reason"] in page.text
        assert first.name in page.text
        assert str(document.id) not in (await client.get(f"{other}/documents")).text
        assert str(document.id) in (await client.get(f"{other}/documents?status=aside")).text
        history = await client.get(f"{other}/history")
        assert "Document put aside" in history.text
        assert REASON["reason"] in history.text
        assert (await client.post(f"{path}/bring-back")).status_code == 303
        assert (await client.post(f"{path}/bring-back")).status_code == 409
    await office.world.run_jobs()
    assert (await states(office), await counters(office)) == (["ready"], (1, 1, 0))
    async with office.world.as_system() as session:
        mails = (await session.execute(sa.select(Mail.message, Mail.to_email).order_by(Mail.id))).all()
        actions = set(await session.scalars(sa.select(AuditEvent.action)))
    assert [row.message for row in mails] == ["put_aside", "brought_back"]
    assert len({row.to_email for row in mails}) == 2, "each side is told what the other did"
    assert {"documents.put_aside", "documents.brought_back"} <= actions


async def test_the_page_shows_a_reason_as_its_writer_typed_it(office: Office) -> None:
    """It is nobody's message: it is not looked up in a catalogue, its signs are no places to fill in and no markup."""
    document = await office.purchase()
    here = f"{office.base}/documents/{document.id}"
    async with sign_in(office.world, office.accountant) as client:
        reason = "50% private & <b>not</b> %(ours)s"
        assert (await client.post(f"{here}/put-aside", data={"reason": reason})).status_code == 303
        await office.world.run_jobs()
        page = await client.get(here)
    assert page.status_code == 200
    shown = page.text.partition('class="ui-chain"')[2].partition("</ol>")[0]
    assert "50% private &amp; &lt;b&gt;not&lt;/b&gt; %(ours)s" in shown


async def test_a_statement_is_put_aside_and_found_again(office: Office) -> None:
    await office.hand_in({"a.cod": a_coda(days=2)})
    async with office.world.as_system() as session:
        rows = (await session.scalars(sa.select(Statement).order_by(Statement.coda_number))).all()
    path = f"{office.base}/bank/{rows[-1].id}"
    async with sign_in(office.world, office.accountant) as client:
        assert (await client.post(f"{path}/put-aside", data=REASON)).status_code == 303
        assert REASON["reason"] in (await client.get(path)).text
        assert str(rows[-1].id) not in (await client.get(f"{office.base}/bank")).text
        assert str(rows[-1].id) in (await client.get(f"{office.base}/bank?aside=1")).text
    assert await states(office) == ["ready", "aside"]
    async with sign_in(office.world, office.entrepreneur) as client:
        assert (await client.post(f"/bank/{rows[-1].id}/bring-back")).status_code == 303
    await office.world.run_jobs()
    assert await states(office) == ["ready", "ready"]


async def test_every_office_follows_and_a_dossier_opened_meanwhile_gets_it_when_it_is_back(
    office: Office,
) -> None:
    other = await a_firm(office.world, "ardennes", "Bureau Ardennes")
    await a_dossier(office.world, other, office.company, access=Access.GRANTED, code=None)
    document = await office.purchase()
    path = f"{office.base}/documents/{document.id}"
    async with sign_in(office.world, office.accountant) as client:
        await client.post(f"{path}/put-aside", data=REASON)
        await office.world.run_jobs()
        assert await states(office) == ["aside", "aside"]
        third = await a_firm(office.world, "gent", "Kantoor Gent")
        await a_dossier(office.world, third, office.company, access=Access.GRANTED, code=None)
        await office.world.run_jobs()
        assert await states(office) == ["aside", "aside"]
        await client.post(f"{path}/bring-back")
    await office.world.run_jobs()
    assert await states(office) == ["ready", "ready", "ready"]


async def test_nobody_is_asked_to_approve_it_and_a_decision_outlives_it(office: Office) -> None:
    async with office.world.as_system() as session:
        await session.execute(sa.update(ExportPolicy).values(needs_approval=True))
    first, second = await office.purchase("1"), await office.purchase("2")
    waiting = await states(office)
    async with sign_in(office.world, office.entrepreneur) as client:
        if waiting == ["waiting", "waiting"]:
            decided = await client.post(
                f"/approve/{second.id}", data={"version": "1", "decision": "approved"}
            )
            assert decided.status_code in (200, 303)
        for one in (first, second):
            assert (await client.post(f"/documents/{one.id}/put-aside", data=REASON)).status_code == 303
        assert str(first.id) not in (await client.get("/approve")).text
        for one in (first, second):
            await client.post(f"/documents/{one.id}/bring-back")
    await office.world.run_jobs()
    async with office.world.as_system() as session:
        decisions = await session.scalar(sa.select(sa.func.count()).select_from(ApprovalDecision))
    expected = ["waiting", "ready"] if decisions else waiting
    assert await states(office) == expected


async def test_what_is_locked_or_has_left_stays(office: Office) -> None:
    document = await office.purchase()
    await office.hand_in({"a.cod": a_coda()})
    async with office.world.as_system() as session:
        statement = await session.scalar(sa.select(Statement.id))
    await office.export(locked=False)
    async with sign_in(office.world, office.entrepreneur) as client:
        for path in (f"/documents/{document.id}", f"/bank/{statement}"):
            assert f"{path}/put-aside" not in (await client.get(path)).text
            answer = await client.post(f"{path}/put-aside", data=REASON)
            assert answer.status_code == 409
            assert "left in an export" in answer.text
    assert await states(office) == ["bundled", "bundled"]


async def test_the_right_paper_takes_the_place_and_the_wrong_one_does_not_come_back_over_it(
    office: Office,
) -> None:
    wrong = await office.purchase("77", net="100.00", tax="21.00")
    async with sign_in(office.world, office.accountant) as client:
        path = f"{office.base}/documents/{wrong.id}"
        await client.post(f"{path}/put-aside", data=REASON)
        upload = await office.hand_in(
            {"right.xml": a_ubl(customer=US, number="77", net="200.00", tax="42.00")}
        )
        assert upload.outcomes[0].document is not None
        assert upload.outcomes[0].document.id != wrong.id
        again = await client.post(f"{path}/bring-back")
        assert (again.status_code, "supplier, number and date" in again.text) == (409, True)
    async with office.world.as_system() as session:
        kept = await session.get(Document, wrong.id)
        assert kept is not None
        assert kept.aside_reason == REASON["reason"]


async def test_two_at_once_put_it_aside_once(office: Office) -> None:
    document = await office.purchase()
    async with (
        sign_in(office.world, office.accountant) as one,
        sign_in(office.world, office.entrepreneur) as two,
    ):
        answers = await asyncio.gather(
            one.post(f"{office.base}/documents/{document.id}/put-aside", data=REASON),
            two.post(f"/documents/{document.id}/put-aside", data=REASON),
        )
    assert sorted(one.status_code for one in answers) == [303, 409]
    assert await states(office) == ["aside"]


async def test_readers_others_and_strangers_put_nothing_aside(office: Office) -> None:
    document = await office.purchase()
    reader = await a_member(office.world, office.firm, office.company.id, Role.READER)
    contributor = await a_member(office.world, office.firm, office.company.id, Role.CONTRIBUTOR)
    foreign = await a_firm(office.world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(office.world, foreign, Role.OWNER)
    for who, base, code, host in (
        (reader, "", 403, "noordzee.localhost"),
        (contributor, "", 404, "noordzee.localhost"),
        (stranger, office.base, 404, "ardennes.localhost"),
    ):
        async with sign_in(office.world, who, host) as client:
            for path in ("put-aside", "bring-back"):
                answer = await client.post(f"{base}/documents/{document.id}/{path}", data=REASON)
                assert answer.status_code == code, (who.name, path)
    assert await states(office) == ["ready"]


async def test_a_program_puts_aside_and_brings_back_and_changes_nothing_meanwhile(office: Office) -> None:
    document = await office.purchase()
    owner = await a_staff_member(office.world, office.firm, Role.OWNER)
    async with office.world.as_scope(firm_id=office.firm.id) as session:
        key = await agents.new_key(session, owner, "Webshop", KeyScope.DOCUMENTS_WRITE)
    path = f"/api/v1{office.base}/documents/{document.id}"
    async with office.world.client() as client:
        client.headers["authorization"] = f"Bearer {key}"
        refused = await client.delete(path)
        assert (refused.status_code, refused.json()["code"]) == (409, "kept")
        assert (await client.post(f"{path}/put-aside", json={})).status_code == 400
        assert (await client.post(f"{path}/put-aside", json=REASON)).status_code == 204
        assert (await client.get(path)).json()["put_aside"] == REASON["reason"]
        assert (await client.patch(path, json={"number": "X"})).json()["code"] == "aside"
        assert (await client.post(f"{path}/bring-back")).status_code == 204
        assert (await client.get(path)).json()["put_aside"] is None
