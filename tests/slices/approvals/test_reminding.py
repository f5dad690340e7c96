"""Who can approve gets one mail a day with what waits, where it is new and they have not looked."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from portal.features.approvals.domain import WaitingDocument, needs_reminder
from portal.features.approvals.service.reminders import RemindApprover, remind
from portal.features.dossiers.domain.dossiers import Access
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.mail.models import MailMessage
from portal.kernel.actor import Role, policy_actor
from portal.kernel.ids import FirmId, new_id
from portal.kernel.language import Language
from tests.slices.approvals.conftest import Scene
from tests.slices.mail.test_mail import free_port, smtp_server
from tests.support.builders import a_company, a_dossier, sign_in
from tests.support.builders_dossiers import mails, text_of
from tests.support.servers import Servers
from tests.support.world import World, new_world

MORNING = datetime(2026, 11, 23, 7, 5, tzinfo=UTC)
"""Five past eight in Brussels."""
DAY = timedelta(days=1)


def letters(scene: Scene) -> list[object]:
    return [
        one
        for one in mails(scene.world, scene.firm.id)
        if "waits for your" in one["Subject"] or "wait for your" in one["Subject"]
    ]


async def sent_to(scene: Scene) -> list[str]:
    async with scene.world.as_system() as session:
        found = await session.scalars(
            sa.select(MailMessage.to_email)
            .where(MailMessage.message == "approvals_wait")
            .order_by(MailMessage.id)
        )
        return list(found)


async def only_bert(scene: Scene) -> None:
    async with scene.world.as_system() as session:
        await session.execute(
            sa.text("update company_member set ended_at = now() where person_id = :id"),
            {"id": scene.approver.person_id},
        )


def test_when_it_is_worth_a_mail() -> None:
    now, before = MORNING, MORNING - DAY
    assert not needs_reminder([], None, now)
    assert needs_reminder([WaitingDocument(before, None)], None, now)
    assert not needs_reminder([WaitingDocument(before, before + DAY / 2)], None, now)  # they have looked
    assert not needs_reminder([WaitingDocument(before, None)], before + DAY / 2, now)  # told, and nothing new
    assert needs_reminder([WaitingDocument(before, None)], now - 7 * DAY, now)
    assert needs_reminder([WaitingDocument(before, before - DAY)], before - DAY, now)
    assert needs_reminder(
        [WaitingDocument(before, None)], before, now
    )  # a mail tells of what was there before it


async def test_one_mail_in_the_morning_with_what_waits(scene: Scene) -> None:
    await only_bert(scene)
    for number in range(7):
        await scene.paper(f"F-{number}", due_date=date(2026, 11, 30))
    scene.world.clock.at = MORNING - timedelta(minutes=10)
    await scene.world.sweep()
    assert letters(scene) == []
    scene.world.clock.at = MORNING
    await scene.world.sweep()
    await scene.world.sweep()
    (letter,) = mails(scene.world, scene.firm.id)
    text = text_of(letter)
    assert letter["Subject"] == "7 documents wait for your approval"
    assert "Bakkerij Peeters: 7 purchase invoices; the oldest of 12 Oct 2026" in text
    assert "Telecom NV · F-0: €121.00, due 30 Nov 2026" in text
    assert "and 2 more" in text
    assert "http://noordzee.localhost:8000/approve" in text
    assert "http://noordzee.localhost:8000/account" in text


async def test_not_again_for_the_same_pile_but_for_something_new_and_after_a_week(scene: Scene) -> None:
    await only_bert(scene)
    await scene.paper("N-1")
    for day in range(3):
        scene.world.clock.at = MORNING + day * DAY
        await scene.world.sweep()
    assert len(await sent_to(scene)) == 1
    await scene.paper("N-2")
    scene.world.clock.at = MORNING + 3 * DAY
    await scene.world.sweep()
    assert len(await sent_to(scene)) == 2
    for day in range(4, 11):
        scene.world.clock.at = MORNING + day * DAY
        await scene.world.sweep()
    assert len(await sent_to(scene)) == 3


async def test_who_looked_already_gets_none_and_what_comes_later_is_for_tomorrow(scene: Scene) -> None:
    await only_bert(scene)
    await scene.paper("L-1")
    async with sign_in(scene.world, scene.bert) as client:
        await client.get("/approve")
    scene.world.clock.at = MORNING
    await scene.world.sweep()
    scene.world.clock.at = MORNING + timedelta(hours=2)
    await scene.paper("L-2")
    await scene.world.sweep()
    assert await sent_to(scene) == []
    scene.world.clock.at = MORNING + DAY
    await scene.world.sweep()
    assert len(await sent_to(scene)) == 1


async def test_what_comes_between_eight_and_the_mail_is_told_tomorrow(scene: Scene) -> None:
    await only_bert(scene)
    await scene.paper("B-1")
    scene.world.clock.at = MORNING
    await scene.paper("B-2")
    scene.world.clock.at = MORNING + timedelta(minutes=20)
    await scene.world.sweep()
    (letter,) = mails(scene.world, scene.firm.id)
    assert "B-2" not in text_of(letter)
    scene.world.clock.at = MORNING + DAY
    await scene.world.sweep()
    assert len(await sent_to(scene)) == 2


async def test_the_switch_on_the_account_page(scene: Scene) -> None:
    await only_bert(scene)
    await scene.paper("S-1")
    async with sign_in(scene.world, scene.bert) as client:
        page = (await client.get("/account")).text
        assert "Once a day, tell me what waits for my approval" in page
        form = {"csrf_token": client.headers["x-csrf-token"]}
        assert (await client.post("/account/mails", data=form)).status_code == 303
    scene.world.clock.at = MORNING
    await scene.world.sweep()
    assert await sent_to(scene) == []
    async with sign_in(scene.world, scene.bert) as client:
        form = {"csrf_token": client.headers["x-csrf-token"], "approval_mails": "yes"}
        await client.post("/account/mails", data=form)
    await scene.world.sweep()
    assert len(await sent_to(scene)) == 1


async def test_several_companies_of_one_firm_are_one_mail_and_another_firm_writes_its_own(
    scene: Scene,
) -> None:
    world = scene.world
    await only_bert(scene)
    await scene.paper("C-1")
    other = await a_company(world, scene.firm, "Zagerij Claes", claimed=True)
    await a_dossier(world, scene.firm, other, code="02", access=Access.GRANTED)
    async with world.as_system() as session:
        await session.execute(
            sa.text(
                "insert into company_member (company_id, id, person_id, role, since)"
                " values (:company, :id, :person, 'approver', now())"
            ),
            {"company": other.id, "id": new_id(), "person": scene.bert.person_id},
        )
        await session.execute(sa.text("update dossier_item set state = 'waiting', approval = 'waiting'"))
        item = await session.scalar(sa.select(DossierItem))
        assert item is not None
        dossier_id = await session.scalar(sa.text("select id from dossier where code = '02'"))
        document = await session.scalar(sa.text("select id from document"))
        columns = "kind, origin, issuer, state, version, number, issue_date, currency, net, tax, gross, payable, tax_subtotals, counterparty_name, original_name, original_type, original_size, payment_state, received_at, changed_at, sort_key, fold"
        new = new_id()
        await session.execute(
            sa.text(
                f"insert into document (company_id, id, original_sha256, {columns})"
                f" select :company, :new, md5('x'), {columns} from document where id = :old"
            ),
            {"company": other.id, "new": new, "old": document},
        )
        values = {column.name: getattr(item, column.name) for column in DossierItem.__table__.columns}
        values |= {"id": new_id(), "dossier_id": dossier_id, "company_id": other.id, "document_id": new}
        values |= {"state": ItemState.WAITING, "approval": ApprovalState.WAITING}
        await session.execute(sa.insert(DossierItem).values(**values))
    world.clock.at = MORNING
    await world.sweep()
    (letter,) = mails(world, scene.firm.id)
    text = text_of(letter)
    assert "Bakkerij Peeters: 1 purchase invoice" in text
    assert "Zagerij Claes: 1 purchase invoice" in text
    assert "http://noordzee.localhost:8000/switch" in text


async def test_only_who_can_approve_and_in_their_language(scene: Scene) -> None:
    await scene.paper("P-1")
    async with scene.world.as_system() as session:
        await session.execute(
            sa.text("update person set language = :code where id = :id"),
            {"code": Language.NL.value, "id": scene.bert.person_id},
        )
        await session.execute(
            sa.text("update company_member set role = :role where person_id = :id"),
            {"role": Role.READER.value, "id": scene.approver.person_id},
        )
    scene.world.clock.at = MORNING
    await scene.world.sweep()
    (letter,) = mails(scene.world, scene.firm.id)
    assert letter["Subject"] == "Eén document wacht op uw goedkeuring"


async def test_two_workers_decide_once(scene: Scene) -> None:
    await only_bert(scene)
    await scene.paper("W-1")
    scene.world.clock.at = MORNING
    assert scene.bert.person_id is not None
    job = RemindApprover(firm_id=scene.firm.id, person_id=scene.bert.person_id, day=MORNING.date())
    actor = policy_actor(FirmId(scene.firm.id), "system")

    async def one() -> None:
        async with scene.world.as_system() as session:
            await remind(session, actor, job)

    await asyncio.gather(*(one() for _ in range(4)))
    assert len(await sent_to(scene)) == 1


@pytest.fixture
async def smtp_scene(servers: Servers, tmp_path: Path) -> AsyncIterator[tuple[Scene, int]]:
    port = free_port()
    async with new_world(
        servers, tmp_path, mail_url=f"smtp://127.0.0.1:{port}?from=post@mail.example"
    ) as made:
        yield await Scene(made).set(), port


async def test_by_smtp_with_the_firms_name(smtp_scene: tuple[Scene, int]) -> None:
    scene, port = smtp_scene
    await only_bert(scene)
    await scene.paper("E-1")
    scene.world.clock.at = MORNING
    with smtp_server(port) as server:
        await scene.world.sweep()
    [(sender, _to, letter)] = server.received
    assert sender == "post@mail.example"
    assert letter["From"] == "Kantoor Noordzee <post@mail.example>"
    assert "fidero" not in letter.as_string().lower()


async def test_nobody_is_written_to_at_night(world: World) -> None:
    scene = await Scene(world).set()
    await scene.paper("Z-1")
    for hour in (0, 5, 21, 23):
        scene.world.clock.at = datetime(2026, 11, 24, hour, 30, tzinfo=UTC)
        await scene.world.sweep()
    assert await sent_to(scene) == []
