"""What was misfiled is erased by two people of the office; hash and reason stay, and nothing else anywhere."""

import asyncio

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from portal.features.agents import service as agents
from portal.features.agents.domain import KeyScope
from portal.features.banking.models import Statement
from portal.features.documents.models import Document
from portal.features.dossiers.domain.dossiers import Access
from portal.features.intake.models import IntakeFile
from portal.features.items.models import DossierItem
from portal.features.mail.models import MailMessage as Mail
from portal.features.retention.domain import is_second
from portal.kernel.actor import Role
from portal.kernel.ids import new_id
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, give_to, sign_in
from tests.support.builders_papers import a_coda, a_ubl
from tests.support.builders_scene import US, Office
from tests.support.erasing import (
    ASIDE,
    PROPOSAL,
    SECRET,
    a_private_paper,
    erase,
    erasures,
    everything_written,
    finish,
    propose,
    put_aside,
    second,
    stored,
)
from tests.support.servers import ROOT
from tests.support.world import World


def test_the_second_person_is_another_one() -> None:
    one, two = new_id(), new_id()
    assert is_second(one, two)
    assert not is_second(one, one)
    assert not is_second(one, None)


async def test_two_people_erase_a_document_and_nothing_of_it_is_left_but_hash_size_and_why(
    office: Office,
) -> None:
    world = office.world
    document = await a_private_paper(office)
    await office.hand_in({"other.xml": a_ubl(customer=US, number="other-9")})
    path = f"{office.base}/documents/{document.id}"
    async with sign_in(world, office.accountant) as client:
        await client.post(f"{path}/annotate", data={"note": SECRET, "tags": SECRET, "payment_state": "open"})
        assert f"{path}/erase" not in (await client.get(path)).text
        assert (await client.get(f"{path}/erase")).status_code == 409  # put it aside first
    await put_aside(office, path)
    other = await second(office)
    async with sign_in(world, office.accountant) as client:
        assert f"{path}/erase" in (await client.get(f"{path}/erasure")).text
        form = await client.get(f"{path}/erase")
        assert other.name in form.text
        wrong = await client.post(f"{path}/erase", data={"kind": "", "reason": ""})
        assert wrong.status_code == 422
        assert (await client.post(f"{path}/erase", data=PROPOSAL)).status_code == 303
        assert (await client.post(f"{path}/erase", data=PROPOSAL)).status_code == 409
        assert "erase/answer" not in (await client.get("/")).text
        own = await client.post(f"{path}/erase/answer", data={"answer": "erase"})
        assert own.status_code == 403
        assert "second person" in own.text
    await world.run_jobs()
    async with sign_in(world, office.entrepreneur) as client:
        seen = await client.get(f"/documents/{document.id}/erasure")
        assert PROPOSAL["reason"] in seen.text
        assert office.accountant.name in seen.text
    async with sign_in(world, other) as client:
        assert f"{path}/erase/answer" in (await client.get("/")).text
        question = await client.get(f"{path}/erase/answer")
        assert PROPOSAL["reason"] in question.text
        done = await client.post(f"{path}/erase/answer", data={"answer": "erase"})
        assert (done.status_code, done.headers["location"]) == (303, f"{path}/erasure")
    await finish(world)
    assert SECRET not in await everything_written(world)
    async with world.as_system() as session:
        stone = await session.get_one(Document, document.id)
        item = await session.scalar(sa.select(DossierItem).where(DossierItem.document_id == document.id))
        mails = set(await session.scalars(sa.select(Mail.message)))
        kept = await session.scalar(
            sa.select(Document.original_sha256).where(
                Document.number == "other-9", Document.erased_at.is_(None)
            )
        )
    assert (stone.original_sha256, stone.original_size) == (document.original_sha256, document.original_size)
    assert (stone.received_by, stone.received_at) == (document.received_by, document.received_at)
    assert (stone.issue_date.month, stone.issue_date.day, stone.gross) == (12, 31, 0)
    assert stone.aside_reason == ASIDE["reason"]
    assert item is not None
    assert (item.state.value, item.number, item.gross) == ("aside", "", 0)
    assert kept in await stored(office)
    assert not {document.original_sha256, document.pdf_sha256} & await stored(office)
    (erasure,) = await erasures(world)
    assert (erasure.state.value, erasure.what, erasure.answered_by) == ("confirmed", "", other.person_id)
    assert erasure.removed_at is not None
    assert {"erase_proposed", "erased"} <= mails


async def test_what_is_left_says_so_on_every_page_and_interface_of_both_sides(office: Office) -> None:
    world = office.world
    document = await a_private_paper(office)
    path = f"{office.base}/documents/{document.id}"
    await erase(office, path)
    await finish(world)
    for who, base in ((office.accountant, office.base), (office.entrepreneur, "")):
        here = f"{base}/documents/{document.id}"
        async with sign_in(world, who) as client:
            page = await client.get(here)
            assert (page.status_code, page.headers["location"]) == (303, f"{here}/erasure")
            stone = await client.get(f"{here}/erasure")
            for said in (PROPOSAL["reason"], office.accountant.name, document.original_sha256):
                assert said in stone.text, said
            assert SECRET not in stone.text
            for below in ("/files/original", "/files/pdf", "/files/ubl", "/pages/1", "/edit", "/delete"):
                answer = await client.get(here + below)
                assert answer.status_code == 404, below
                assert "erased" in answer.text
            for below in ("/annotate", "/put-aside", "/bring-back", "/delete"):
                assert (await client.post(here + below, data=ASIDE)).status_code == 404, below
            listed = await client.get(f"{base}/documents")
            assert str(document.id) not in listed.text
            aside = await client.get(f"{base}/documents?status=erased")
            assert str(document.id) in aside.text
            for place in (f"{base}/history", f"{base}/history?document={document.id}"):
                history = await client.get(place)
                assert "an erased document" in history.text
                assert SECRET not in history.text
                assert PROPOSAL["reason"] in history.text
            assert str(document.id) not in (await client.get(f"{base}/history?q={SECRET}")).text
            intake = f"{base}/quick-entry" if base else "/hand-in"
            files = await client.get(f"{intake}?status=processed")
            assert SECRET not in files.text
            async with world.as_system() as session:
                file = await session.scalar(
                    sa.select(IntakeFile).where(IntakeFile.document_id == document.id)
                )
            assert file is not None
            assert (await client.get(f"{intake}/{file.id}")).status_code == 200
            for below in ("/file", "/pages/1"):
                assert (await client.get(f"{intake}/{file.id}{below}")).status_code == 404
            assert (await client.post(f"{intake}/{file.id}", data={})).status_code in (404, 409)
            assert (await client.get(f"{intake}/uploads/{file.upload_id}")).status_code == 200


async def test_a_program_gets_what_is_left_and_no_more(office: Office) -> None:
    document = await a_private_paper(office)
    await erase(office, f"{office.base}/documents/{document.id}")
    owner = await a_staff_member(office.world, office.firm, Role.OWNER)
    async with office.world.as_scope(firm_id=office.firm.id) as session:
        key = await agents.new_key(session, owner, "Webshop", KeyScope.DOCUMENTS_WRITE)
    path = f"/api/v1{office.base}/documents/{document.id}"
    async with office.world.client() as client:
        client.headers["authorization"] = f"Bearer {key}"
        left = await client.get(path)
        assert SECRET not in left.text
        assert left.json()["erased_at"] is not None
        assert left.json()["issue_date"] is None
        assert left.json()["original_sha256"] == document.original_sha256
        why = (await client.get(f"{path}/erasure")).json()
        assert (why["kind"], why["reason"]) == ("private", PROPOSAL["reason"])
        assert why["proposed_by"] == office.accountant.name
        assert str(document.id) not in (await client.get(f"/api/v1{office.base}/documents")).text
        for method, below in (("PATCH", ""), ("DELETE", ""), ("POST", "/put-aside"), ("POST", "/bring-back")):
            answer = await client.request(
                method, path + below, json={"note": "x"} if method == "PATCH" else ASIDE
            )
            assert (answer.status_code, answer.json()["code"]) == (404, "erased"), below


async def alembic(world: World, what: str, revision: str) -> None:
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("sqlalchemy.url", world.urls.owner.replace("%", "%%"))
    await asyncio.to_thread(getattr(command, what), made, revision)


async def test_the_schema_goes_back_with_something_erased_and_forward_again(office: Office) -> None:
    """What was erased stays empty, and the file that came again keeps its hash."""
    world = office.world
    data = a_ubl(customer=US, number=f"{SECRET}-1")
    first = (await office.hand_in({"a.xml": data})).outcomes[0].document
    assert first is not None
    await erase(office, f"{office.base}/documents/{first.id}")
    file = (await office.hand_in({"b.xml": data})).outcomes[0].file
    async with sign_in(world, office.accountant) as client:
        await client.post(f"{office.base}/quick-entry/{file.id}", data={"decide": "keep"})
    await alembic(world, "downgrade", "0024")
    async with world.as_system() as session:
        found = await session.execute(sa.text("select number, original_sha256 from document order by id"))
        rows = found.all()
    assert [row.number for row in rows] == ["", f"{SECRET}-1"]
    assert rows[0].original_sha256 != rows[1].original_sha256 == first.original_sha256
    await alembic(world, "upgrade", "head")


async def test_one_person_alone_is_told_that_a_second_one_is_needed(office: Office) -> None:
    document = await a_private_paper(office)
    path = f"{office.base}/documents/{document.id}"
    await a_staff_member(office.world, office.firm, Role.ASSISTANT)  # sees only what is assigned to them
    await put_aside(office, path)
    async with sign_in(office.world, office.accountant) as client:
        assert "nobody else" in (await client.get(f"{path}/erase")).text
        assert (await client.post(f"{path}/erase", data=PROPOSAL)).status_code == 303
        assert "nobody else" in (await client.get(f"{path}/erasure")).text
    await office.world.run_jobs()
    async with office.world.as_system() as session:
        assert "erase_proposed" not in set(await session.scalars(sa.select(Mail.message)))


async def test_it_is_withdrawn_by_who_proposed_it_refused_by_another_and_ends_when_it_comes_back(
    office: Office,
) -> None:
    world = office.world
    document = await a_private_paper(office)
    path = f"{office.base}/documents/{document.id}"
    other = await second(office)
    await put_aside(office, path)
    async with sign_in(world, office.accountant) as one, sign_in(world, other) as two:
        await one.post(f"{path}/erase", data=PROPOSAL)
        assert (await two.post(f"{path}/erase/withdraw")).status_code == 403
        assert (await one.post(f"{path}/erase/withdraw")).status_code == 303
        assert (await two.post(f"{path}/erase/answer", data={"answer": "erase"})).status_code == 409
        await one.post(f"{path}/erase", data=PROPOSAL)
        assert (await two.post(f"{path}/erase/answer", data={"answer": "refuse"})).status_code == 422
        no = {"answer": "refuse", "reason": "it is a business dinner"}
        assert (await two.post(f"{path}/erase/answer", data=no)).status_code == 303
        assert no["reason"] in (await one.get(f"{path}/erasure")).text
        await one.post(f"{path}/erase", data=PROPOSAL)
        async with sign_in(world, office.entrepreneur) as client:
            assert (await client.post(f"/documents/{document.id}/bring-back")).status_code == 303
        assert (await two.post(f"{path}/erase/answer", data={"answer": "erase"})).status_code == 409
        assert f"{path}/erase/answer" not in (await two.get("/")).text
    await world.run_jobs()
    assert [one.state.value for one in await erasures(world)] == ["withdrawn", "refused", "ended"]
    async with world.as_system() as session:
        present = await session.get_one(Document, document.id)
        messages = list(await session.scalars(sa.select(Mail.message)))
    assert (present.erased_at, present.aside_at, present.number) == (None, None, f"{SECRET}-1")
    assert messages.count("erase_refused") == 1


async def test_others_do_nothing_of_it(office: Office) -> None:
    """Members, readers, another office, an assistant of other dossiers: all answer as if there were nothing."""
    world = office.world
    document = await a_private_paper(office)
    path = f"{office.base}/documents/{document.id}"
    await propose(office, path)
    foreign = await a_firm(world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(world, foreign, Role.OWNER)
    assistant = await second(office, Role.ASSISTANT)
    reader = await a_member(world, office.firm, office.company.id, Role.READER)
    for who, host in (
        (office.entrepreneur, "noordzee.localhost"),
        (reader, "noordzee.localhost"),
        (assistant, "noordzee.localhost"),
        (stranger, "ardennes.localhost"),
    ):
        async with sign_in(world, who, host) as client:
            for method, below in (
                ("GET", "erase"),
                ("POST", "erase"),
                ("POST", "erase/withdraw"),
                ("GET", "erase/answer"),
                ("POST", "erase/answer"),
            ):
                answer = await client.request(method, f"{path}/{below}", data={"answer": "erase", **PROPOSAL})
                assert answer.status_code in (403, 404), (who.name, below)
            assert str(document.id) not in (await client.get("/")).text
    assert [one.state.value for one in await erasures(world)] == ["proposed"]


@pytest.mark.parametrize("access", [Access.REQUESTED, Access.ENDED])
async def test_an_office_without_access_sees_no_proposal_of_another_one(
    office: Office, access: Access
) -> None:
    """What is confirmed it sees, without names: its own history must not tell them any more."""
    world = office.world
    await propose(office, f"{office.base}/documents/{(await a_private_paper(office)).id}")
    foreign = await a_firm(world, "ardennes", "Bureau Ardennes")
    await a_dossier(world, foreign, office.company, access=access, code="7")
    async with world.as_scope(firm_id=foreign.id) as session:
        assert (
            list(await session.execute(sa.text("select what, reason, proposed_by_name from erasure"))) == []
        )


async def test_what_left_at_another_office_stays_and_what_did_not_goes_there_too(office: Office) -> None:
    world = office.world
    neighbour = await a_firm(world, "ardennes", "Bureau Ardennes")
    theirs = await a_dossier(world, neighbour, office.company, access=Access.GRANTED, code=None)
    document, gone = (
        await a_private_paper(office, f"{SECRET}-1"),
        await a_private_paper(office, f"{SECRET}-2"),
    )
    await world.run_jobs()
    async with world.as_system() as session:
        await session.execute(
            sa.update(DossierItem)
            .where(DossierItem.dossier_id == theirs.id, DossierItem.document_id == gone.id)
            .values(state="bundled", bundle_number=1)
        )
    other = await second(office)
    for paper, status in ((gone, 409), (document, 303)):
        path = f"{office.base}/documents/{paper.id}"
        await propose(office, path)
        async with sign_in(world, other) as client:
            answer = await client.post(f"{path}/erase/answer", data={"answer": "erase"})
            assert answer.status_code == status
    async with world.as_system() as session:
        items = (await session.scalars(sa.select(DossierItem).order_by(DossierItem.id))).all()
    assert {one.number for one in items if one.document_id == document.id} == {""}
    assert len([one for one in items if one.document_id == document.id]) == 2
    assert {one.number for one in items if one.document_id == gone.id} == {f"{SECRET}-2"}
    # Their history tells nothing of it either.
    owner = await a_staff_member(world, neighbour, Role.OWNER)
    async with sign_in(world, owner, "ardennes.localhost") as client:
        history = await client.get(f"/history?document={document.id}")
        assert f"{SECRET}-1" not in history.text
        assert f"{SECRET}-1" not in (await client.get(f"/dossiers/{theirs.id}/history")).text


async def test_what_a_client_put_aside_stands_with_what_they_said_until_it_comes_back(office: Office) -> None:
    world = office.world
    document = await a_private_paper(office)
    await office.hand_in({"a.cod": a_coda()})
    async with world.as_system() as session:
        statement = await session.scalar(sa.select(Statement.id))
        await give_to(session, office.accountant.person_id, world.clock.now())
    async with sign_in(world, office.entrepreneur) as client:
        await client.post(f"/documents/{document.id}/put-aside", data={"reason": "of my brother"})
        await client.post(f"/bank/{statement}/put-aside", data={"reason": "of my sister"})
    await world.run_jobs()
    async with sign_in(world, office.accountant) as client:
        for path in ("/", f"{office.base}/messages"):
            page = await client.get(path)
            assert "of my brother" in page.text
            assert "of my sister" in page.text
            assert f"{office.base}/documents/{document.id}" in page.text
            assert f"{office.base}/bank/{statement}" in page.text
        await client.post(f"{office.base}/documents/{document.id}/bring-back")
        await world.run_jobs()
        page = await client.get("/")
        assert "of my brother" not in page.text
        assert "of my sister" in page.text
