"""*Send to my accountant*."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.features.approvals import repository
from portal.features.approvals.models import HandOver
from portal.features.approvals.service import handovers
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict, Forbidden, Invalid
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, give_to, sign_in
from tests.support.builders_dossiers import mails, text_of


async def send(scene: Any, note: str = "", actor: Any = None) -> Any:
    who = actor or scene.bert
    async with scene.member(who) as session:
        return await handovers.hand_over(session, who, note)


async def rows(scene: Any) -> list[HandOver]:
    async with scene.world.as_system() as session:
        return list(await session.scalars(sa.select(HandOver).order_by(HandOver.id)))


async def test_what_is_ready_is_counted_and_what_waits_is_told(scene: Any) -> None:
    approved = await scene.paper("1")
    await scene.paper("2")
    await scene.decide(approved)
    async with scene.member() as session:
        ready = await handovers.ready(session, scene.bert)
    assert (ready.documents, ready.statements, ready.waiting) == (1, 0, 1)
    assert ready.last is None


async def test_sending_writes_notes_and_mails_the_file_manager(scene: Any) -> None:
    await scene.decide(await scene.paper("1"))
    await send(scene, "  Everything of October is in.  ")
    (row,) = await rows(scene)
    assert (row.documents, row.note, row.sent_by_name) == (1, "Everything of October is in.", "Bert Claes")
    assert (row.firm_id, row.dossier_id) == (scene.firm.id, scene.dossier.id)
    (event,) = [one for one in await scene.audited() if one.action == "approvals.handed_over"]
    assert event.dossier_id == scene.dossier.id
    await scene.world.run_jobs()
    assert (await scene.dossier_now()).handed_over_at == row.sent_at
    (mail,) = mails(scene.world, scene.firm.id)
    assert "Els Accountant" in mail["To"]
    assert mail["Subject"] == "Bakkerij Peeters has sent documents to you"
    text = text_of(mail)
    assert "1 item is ready" in text
    assert "Everything of October is in." in text
    assert f"noordzee.localhost:8000/dossiers/{scene.dossier.id}/export" in text


async def test_without_a_file_manager_the_office_gets_the_mail(scene: Any) -> None:
    async with scene.world.as_system() as session:
        await give_to(session, None, scene.world.clock.now())
    await send(scene, "Hello")
    await scene.world.run_jobs()
    (mail,) = mails(scene.world, scene.firm.id)
    assert "info@noordzee.example" in mail["To"]
    assert mail["Subject"] == "Bakkerij Peeters has a message for you"


async def test_a_file_manager_who_left_the_office_gets_none(scene: Any) -> None:
    from portal.features.accounts.models import FirmMember

    async with scene.world.as_system() as session:
        await session.execute(sa.update(FirmMember).values(ended_at=scene.world.clock.now()))
    await send(scene, "Hello")
    await scene.world.run_jobs()
    (mail,) = mails(scene.world, scene.firm.id)
    assert "info@noordzee.example" in mail["To"]


async def test_an_office_without_a_usable_address_still_sees_it(scene: Any) -> None:
    from portal.features.parties.models import Firm

    async with scene.world.as_system() as session:
        await give_to(session, None, scene.world.clock.now())
        await session.execute(sa.update(Firm).values(email="nowhere"))
    await send(scene, "Hello")
    await scene.world.run_jobs()
    assert mails(scene.world) == []
    assert (await scene.dossier_now()).handed_over_at is not None


async def test_a_double_click_sends_once_and_a_later_one_again(scene: Any) -> None:
    await scene.decide(await scene.paper("1"))
    await asyncio.gather(send(scene), send(scene), send(scene))
    assert len(await rows(scene)) == 1
    scene.world.clock.at += timedelta(minutes=2)
    await send(scene)
    assert len(await rows(scene)) == 2


async def test_with_nothing_ready_and_no_note_there_is_nothing_to_send(scene: Any) -> None:
    await scene.paper("1")
    with pytest.raises(Conflict, match="nothing_ready"):
        await send(scene)
    assert await rows(scene) == []
    with pytest.raises(Invalid) as refused:
        await send(scene, "x" * 1001)
    assert "note" in refused.value.fields


async def test_a_firm_whose_access_ended_is_told_nothing(scene: Any) -> None:
    async with scene.world.as_system() as session:
        await session.execute(sa.update(Dossier).values(access=Access.ENDED))
    with pytest.raises(Conflict, match="no_accountant"):
        await send(scene, "Hello")


async def test_only_the_firm_of_this_host_is_told(scene: Any) -> None:
    other = await a_firm(scene.world, "ardennes", "Bureau Ardennes")
    await a_dossier(scene.world, other, scene.company, access=Access.GRANTED)
    await send(scene, "Hello")
    await scene.world.run_jobs()
    assert [row.firm_id for row in await rows(scene)] == [scene.firm.id]
    assert mails(scene.world, other.id) == []
    async with scene.world.as_scope(firm_id=other.id) as session:
        assert list(await repository.hand_overs(session, scene.firm.id, 10)) == []


@pytest.mark.parametrize("role", [Role.CONTRIBUTOR, Role.READER])
async def test_contributors_and_readers_do_not_send(scene: Any, role: Role) -> None:
    actor = await a_member(scene.world, scene.firm, scene.company.id, role)
    with pytest.raises(Forbidden):
        await send(scene, "Hello", actor)
    async with sign_in(scene.world, actor) as client:
        assert (await client.get("/send")).status_code == 403
        assert (await client.post("/send", data={"note": "x"})).status_code == 403


async def test_sending_on_the_page(scene: Any) -> None:
    await scene.decide(await scene.paper("1"))
    await scene.paper("2")
    async with sign_in(scene.world, scene.bert) as client:
        page = await client.get("/send")
        assert "<strong>1</strong> document" in page.text
        assert "1 document still waits for your approval" in page.text
        wrong = await client.post("/send", data={"note": "x" * 1001})
        assert wrong.status_code == 422
        assert "1000 characters" in wrong.text
        done = await client.post("/send", data={"note": "All in"})
        assert done.status_code == 303
        assert done.headers["location"] == "/"
        page = await client.get("/send")
        assert "You last sent a message today" in page.text
    assert len(await rows(scene)) == 1


async def test_the_page_says_so_when_nothing_is_ready(scene: Any) -> None:
    async with sign_in(scene.world, scene.bert) as client:
        assert "Nothing new is ready" in (await client.get("/send")).text
        refused = await client.post("/send", data={"note": ""})
    assert refused.status_code == 409
    assert "Nothing is ready for your accountant yet" in refused.text


async def test_the_page_without_any_accountant(scene: Any) -> None:
    async with scene.world.as_system() as session:
        await session.execute(sa.update(Dossier).values(access=Access.ENDED))
    async with scene.member() as session:
        assert (await handovers.ready(session, scene.bert)).dossiers == []


async def test_staff_and_visitors_do_not_reach_it(scene: Any) -> None:
    async with scene.world.client() as client:
        assert (await client.get("/send")).status_code == 303
    owner = await a_staff_member(scene.world, scene.firm)
    async with sign_in(scene.world, owner) as client:
        assert (await client.get("/send")).status_code == 404


async def test_history_calls_a_note_a_note(scene: Any) -> None:
    document = await scene.paper("1")
    await scene.decide(document)
    await send(scene, "The rest comes on Monday.")
    async with sign_in(scene.world, scene.bert) as client:
        page = (await client.get("/history")).text
    assert "Note: The rest comes on Monday." in page
    assert "Reason: The rest" not in page
