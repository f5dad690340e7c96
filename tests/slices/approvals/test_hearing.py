"""What clients say stands where the accountant works, until somebody has handled it."""

import re
from datetime import timedelta
from html import unescape

import sqlalchemy as sa

from portal.features.approvals.domain import Decision, Said
from portal.features.approvals.models import ClientNotice
from portal.features.approvals.service import decisions, handovers
from portal.features.approvals.service.notices import GATHERED
from portal.features.dossiers.domain.dossiers import Access, AccessEnded
from portal.features.intake.models import IntakeFile
from portal.features.intake.service import quick_entry
from portal.features.policies.models import ExportPolicy
from portal.jobs.ledger import publish
from portal.kernel.actor import Role
from tests.slices.approvals.conftest import Scene
from tests.support.builders import a_dossier, a_firm, a_staff_member, give_to, sign_in
from tests.support.builders_dossiers import mails, text_of
from tests.support.builders_papers import a_pdf, a_ubl, hand_in


async def notices(scene: Scene) -> list[ClientNotice]:
    async with scene.world.as_scope(firm_id=scene.firm.id) as session:
        return list(await session.scalars(sa.select(ClientNotice).order_by(ClientNotice.id)))


async def test_a_rejection_stands_on_work_list_and_dossier_and_is_marked_as_handled_once(
    scene: Scene,
) -> None:
    document = await scene.paper("R-1")
    await scene.decide(document, Decision.DISPUTED, "Nooit geleverd <b>")
    await scene.world.run_jobs()
    base = f"/dossiers/{scene.dossier.id}"
    async with sign_in(scene.world, scene.accountant) as client:
        for path in ("/", f"{base}/messages"):
            page = (await client.get(path)).text
            assert "Rejected as disputed" in page, path
            assert "Nooit geleverd &lt;b&gt;" in page
            assert f'href="{base}/documents/{document.id}">R-1 · Telecom NV' in page
        assert f'hx-get="{base}/messages"' in (await client.get(base)).text
        (row,) = await notices(scene)
        form = {"notice": str(row.id), "back": "/", "csrf_token": client.headers["x-csrf-token"]}
        assert (await client.post(f"{base}/messages/handled", data=form)).headers["location"] == "/"
        assert "Nooit geleverd" not in (await client.get("/")).text
        done = (await client.get(f"{base}/messages")).text
        assert "handled by Els Accountant" in done
        await client.post(f"{base}/messages/handled", data=form)
        await client.post(f"{base}/messages/handled", data={**form, "notice": "nonsense", "back": "//evil"})
        told = (await client.get(f"{base}/history?what=approvals")).text
    assert len(re.findall("Message of the client handled", told)) == 1


async def test_what_a_client_says_in_one_go_is_one_mail_to_the_file_manager(scene: Scene) -> None:
    for number in range(3):
        await scene.decide(await scene.paper(f"M-{number}"), Decision.NOT_OURS, f"Reden {number}")
    await scene.world.run_jobs()
    assert mails(scene.world, scene.firm.id) == []
    scene.world.clock.at += GATHERED + timedelta(seconds=1)
    await scene.world.run_jobs()
    (letter,) = mails(scene.world, scene.firm.id)
    assert "3 answers for you" in letter["Subject"]
    text = text_of(letter)
    assert all(f"M-{number}" in text and f"Reden {number}" in text for number in range(3))
    assert f"http://noordzee.localhost:8000/dossiers/{scene.dossier.id}/messages" in text
    await scene.world.run_jobs()
    assert len(mails(scene.world, scene.firm.id)) == 1
    await scene.decide(await scene.paper("M-9"), Decision.DISPUTED, "Later")
    await scene.world.run_jobs()
    scene.world.clock.at += GATHERED + timedelta(seconds=1)
    await scene.world.run_jobs()
    assert len(mails(scene.world, scene.firm.id)) == 2


async def test_without_a_file_manager_the_owners_are_written_to(scene: Scene) -> None:
    owner = await a_staff_member(scene.world, scene.firm, Role.OWNER, email="baas@noordzee.example")
    async with scene.world.as_system() as session:
        await give_to(session, None, scene.world.clock.now())
    await scene.decide(await scene.paper("O-1"), Decision.DISPUTED, "Fout")
    await scene.world.run_jobs()
    scene.world.clock.at += GATHERED + timedelta(seconds=1)
    await scene.world.run_jobs()
    (letter,) = mails(scene.world, scene.firm.id)
    assert "baas@noordzee.example" in letter["To"]
    assert owner.name in letter["To"]


async def test_the_note_of_send_to_my_accountant_is_open_until_handled_and_mailed_once(scene: Scene) -> None:
    async with scene.member() as session:
        await handovers.hand_over(session, scene.bert, "De autokosten volgen nog.")
    await scene.world.run_jobs()
    scene.world.clock.at += GATHERED * 2
    await scene.world.run_jobs()
    (row,) = await notices(scene)
    assert (row.kind, row.text, row.said_by_name) == (Said.NOTE, "De autokosten volgen nog.", "Bert Claes")
    assert len(mails(scene.world, scene.firm.id)) == 1
    async with sign_in(scene.world, scene.accountant) as client:
        assert "De autokosten volgen nog." in (await client.get("/")).text
        history = (await client.get(f"/dossiers/{scene.dossier.id}/history")).text
    assert "Note: De autokosten volgen nog." in unescape(history)


async def test_taking_back_asking_again_and_a_new_version_leave_nothing_to_handle(scene: Scene) -> None:
    first, second, third = [await scene.paper(f"T-{number}") for number in range(3)]
    for document in (first, second, third):
        await scene.decide(document, Decision.DISPUTED, "Hm")
    await scene.world.run_jobs()
    async with scene.member() as session:
        await decisions.withdraw(session, scene.bert, first.id, first.version)
    async with scene.office() as session:
        await decisions.ask_again(session, scene.accountant, scene.dossier, second.id)
    await scene.amend(third, counterparty_name="Telenet")
    await scene.world.run_jobs()
    assert all(one.handled_at for one in await notices(scene))
    scene.world.clock.at += GATHERED + timedelta(seconds=1)
    await scene.world.run_jobs()
    assert mails(scene.world, scene.firm.id) == []


async def test_an_answer_to_asking_again_is_told_and_a_plain_approval_is_not(scene: Scene) -> None:
    asked, plain = await scene.paper("Q-1"), await scene.paper("Q-2")
    await scene.decide(asked, Decision.DISPUTED, "Wat is dit?")
    async with scene.office() as session:
        await decisions.ask_again(session, scene.accountant, scene.dossier, asked.id)
    await scene.decide(asked)
    await scene.decide(plain)
    await scene.world.run_jobs()
    waiting = [one for one in await notices(scene) if one.handled_at is None]
    assert [(one.kind, one.decision, one.about) for one in waiting] == [
        (Said.ANSWERED, "approved", "Q-1 · Telecom NV")
    ]


async def test_a_question_of_quick_entry_that_the_client_answers_is_told(scene: Scene) -> None:
    odd = a_ubl(supplier="0417497106", customer="0403170701")
    upload = await hand_in(
        scene.world,
        scene.accountant,
        {"odd.xml": odd, "odder.xml": a_ubl(supplier="0417497106", customer="0403170701", number="2")},
        scene.dossier.id,
    )
    assert len(upload.outcomes) == 2
    async with scene.member() as session:
        first, second = await session.scalars(sa.select(IntakeFile).order_by(IntakeFile.name))
    invoice = await quick_entry.read_again(scene.world.tools, first)
    async with scene.member() as session:
        await quick_entry.ingest_invoice(
            session,
            scene.bert,
            first,
            invoice,  # type: ignore[arg-type] - it is a UBL
            supplier_is_us=False,
            met=None,
            decision=None,
            dossier_id=None,
        )
        await quick_entry.reject(session, scene.bert, second, "Privé", dossier_id=None)
    await scene.world.run_jobs()
    assert {(one.kind, one.about, one.text) for one in await notices(scene)} == {
        (Said.ANSWERED, first.name, ""),
        (Said.REJECTED, second.name, "Privé"),
    }
    async with sign_in(scene.world, scene.accountant) as client:
        page = (await client.get("/")).text
    assert "Question in quick entry answered" in page
    assert "Privé" in page


async def test_an_assistant_sees_their_own_dossiers_and_an_ended_access_leaves_nothing(scene: Scene) -> None:
    await scene.decide(await scene.paper("A-1"), Decision.DISPUTED, "Geheim")
    await scene.world.run_jobs()
    helper = await a_staff_member(scene.world, scene.firm, Role.ASSISTANT)
    async with sign_in(scene.world, helper) as client:
        assert "Geheim" not in (await client.get("/")).text
        assert (await client.get(f"/dossiers/{scene.dossier.id}/messages")).status_code == 404
    async with scene.world.as_system() as session:
        ended = AccessEnded(dossier_id=scene.dossier.id, company_id=scene.company.id)
        await publish(session, scene.bert, ended)
    await scene.world.run_jobs()
    assert await notices(scene) == []


async def test_each_of_two_firms_hears_a_rejection_and_settles_its_own(scene: Scene) -> None:
    second = await a_firm(scene.world, "ardennes", "Bureau Ardennes")
    async with scene.world.as_system() as session:
        await session.execute(
            sa.update(ExportPolicy).values(needs_approval=True, approval_kinds=["purchase_invoice"])
        )
    await a_dossier(scene.world, second, scene.company, access=Access.GRANTED)
    await scene.decide(await scene.paper("W-1"), Decision.DISPUTED, "Nooit geleverd")
    await scene.world.run_jobs()
    async with scene.world.as_system() as session:
        open_at = await session.scalars(
            sa.select(ClientNotice.firm_id).where(ClientNotice.handled_at.is_(None))
        )
        assert set(open_at) == {scene.firm.id, second.id}


async def test_what_is_said_of_a_file_is_told_in_the_dossier_it_belongs_to(scene: Scene) -> None:
    second = await a_dossier(
        scene.world, scene.firm, scene.company, code="02", activity="Transport", access=Access.GRANTED
    )
    await hand_in(scene.world, scene.accountant, {"eerste.pdf": a_pdf("1")}, scene.dossier.id)
    await hand_in(scene.world, scene.accountant, {"tweede.pdf": a_pdf("2")}, second.id)
    await hand_in(scene.world, scene.bert, {"van-bert.pdf": a_pdf("3")})
    async with scene.member() as session:
        for row in await session.scalars(sa.select(IntakeFile)):
            await quick_entry.reject(session, scene.bert, row, "Privé", dossier_id=None)
    await scene.world.run_jobs()
    assert {(one.about, one.dossier_id) for one in await notices(scene)} == {
        ("eerste.pdf", scene.dossier.id),
        ("tweede.pdf", second.id),
        ("van-bert.pdf", scene.dossier.id),
    }
