"""Requests for access, and the owner's answers."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import creation, dossiers
from portal.features.items.models import DossierItem
from portal.features.mail.models import MailMessage
from portal.features.parties.models import Company, Firm
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Conflict, TooMany
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_dossiers import mails, text_of
from tests.support.world import World


async def a_claimed_company(world: World) -> tuple[Firm, Firm, Company, Actor]:
    """Noordzee has access; Ardennes has nothing yet; the owner comes in on Noordzee's host."""
    noordzee, ardennes = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    company = await a_company(world, None, claimed=True)
    await a_dossier(world, noordzee, company, access=Access.GRANTED)
    owner = await a_member(world, noordzee, company.id, email="owner@peeters.example")
    return noordzee, ardennes, company, owner


async def ask(world: World, firm: Firm, company: Company, **changes: Any) -> Dossier:
    """The firm makes a dossier on the claimed company's number."""
    staff = await a_staff_member(world, firm)
    async with world.as_scope(firm_id=firm.id, host_firm_id=firm.id) as session:
        made = await creation.create(
            session, world.tools, staff, name=company.name, number=company.number, **changes
        )
    await world.run_jobs()
    return made


async def access_of(world: World, dossier: Dossier) -> Access:
    async with world.as_system() as session:
        found = await session.get(Dossier, dossier.id)
    assert found is not None
    return found.access


async def test_the_owner_is_asked_by_mail_and_the_firm_learns_nothing_of_the_owner(world: World) -> None:
    _noordzee, ardennes, company, _owner = await a_claimed_company(world)
    dossier = await ask(world, ardennes, company)
    assert dossier.access is Access.REQUESTED
    letter = mails(world, ardennes.id)[-1]
    assert "owner@peeters.example" in letter["To"]
    assert letter["Subject"] == f"Bureau Ardennes asks for access to {company.name}"
    assert "http://ardennes.localhost:8000/my-accountant" in text_of(letter)
    async with world.as_scope(firm_id=ardennes.id, host_firm_id=ardennes.id) as session:
        seen = [
            str(row[0])
            for table in (MailMessage, JobRow, AuditEvent)
            for row in await session.execute(
                sa.text(f"select row_to_json(t)::text from {table.__tablename__} t")
            )
        ]
        assert seen
        assert not any("owner@peeters.example" in text or "Bert Claes" in text for text in seen)
        assert await session.get(Company, company.id) is None


async def test_the_owner_accepts_and_the_firm_sees_the_company(world: World) -> None:
    _noordzee, ardennes, company, owner = await a_claimed_company(world)
    dossier = await ask(world, ardennes, company)
    async with sign_in(world, owner) as client:
        page = await client.get("/my-accountant")
        assert "Bureau Ardennes" in page.text
        assert "Kantoor Noordzee" in page.text
        question = await client.get(f"/my-accountant/{ardennes.id}/accept")
        assert "sees all documents, statements and files" in question.text
        answer = await client.post(f"/my-accountant/{ardennes.id}/accept")
        assert (answer.status_code, answer.headers["location"]) == (303, "/my-accountant")
        again = await client.post(f"/my-accountant/{ardennes.id}/accept")
        assert again.status_code == 409
    assert await access_of(world, dossier) is Access.GRANTED
    await world.run_jobs()
    told = mails(world, ardennes.id)[-1]
    assert told["Subject"] == f"{company.name} gives you access"
    async with world.as_system() as session:
        events = [
            (row.firm_id, row.company_id, row.action) for row in await session.scalars(sa.select(AuditEvent))
        ]
        assert (ardennes.id, None, "dossiers.access_granted") in events
        assert (None, company.id, "dossiers.access_granted") in events
        names = list(await session.scalars(sa.select(JobRow.name)))
        assert "items.dossier_opened" in names


async def test_the_owner_declines_and_the_firm_may_ask_again_after_a_week(world: World) -> None:
    _noordzee, ardennes, company, owner = await a_claimed_company(world)
    dossier = await ask(world, ardennes, company)
    staff = await a_staff_member(world, ardennes)
    async with sign_in(world, owner) as client:
        assert (await client.post(f"/my-accountant/{ardennes.id}/decline")).status_code == 303
    assert await access_of(world, dossier) is Access.DECLINED
    await world.run_jobs()
    letter = mails(world, ardennes.id)[-1]
    assert letter["Subject"] == f"{company.name} declined your request"
    assert "Bert Claes" not in text_of(letter)
    async with sign_in(world, staff, "ardennes.localhost") as client:
        soon = await client.post(f"/dossiers/{dossier.id}/request-access")
        assert soon.status_code == 409
    world.clock.at += timedelta(days=8)
    async with sign_in(world, staff, "ardennes.localhost") as client:
        page = await client.get(f"/dossiers/{dossier.id}")
        assert "The owner declined" in page.text
        later = await client.post(f"/dossiers/{dossier.id}/request-access")
        assert later.status_code == 303
    assert await access_of(world, dossier) is Access.REQUESTED


async def test_ending_the_access_stops_the_sight_on_every_dossier_of_the_firm(world: World) -> None:
    _noordzee, ardennes, company, owner = await a_claimed_company(world)
    first = await a_dossier(world, ardennes, company, access=Access.GRANTED)
    second = await a_dossier(world, ardennes, company, code="2", activity="Shop", access=Access.GRANTED)
    third = await a_dossier(world, ardennes, company, code="3", activity="Rental", access=Access.REQUESTED)
    async with sign_in(world, owner) as client:
        page = await client.get(f"/my-accountant/{ardennes.id}/end")
        assert "sees nothing of your company any more, at once" in page.text
        assert "signed out here" not in page.text
        assert (await client.post(f"/my-accountant/{ardennes.id}/end")).status_code == 303
        assert (await client.get("/my-accountant")).status_code == 200
    assert [await access_of(world, one) for one in (first, second, third)] == [
        Access.ENDED,
        Access.ENDED,
        Access.DECLINED,
    ]
    await world.run_jobs()
    async with world.as_scope(firm_id=ardennes.id, opened_company_id=company.id) as session:
        assert await session.get(Company, company.id) is None
        assert (await session.scalars(sa.select(DossierItem))).all() == []


async def test_ending_the_access_of_the_firm_whose_address_this_is_signs_out_and_says_where_to_go(
    world: World,
) -> None:
    noordzee, ardennes, company, owner = await a_claimed_company(world)
    await a_dossier(world, ardennes, company, access=Access.GRANTED)
    async with sign_in(world, owner) as client:
        page = await client.get(f"/my-accountant/{noordzee.id}/end")
        assert "signed out here" in page.text
        done = await client.post(f"/my-accountant/{noordzee.id}/end")
        assert done.status_code == 200
        assert "http://ardennes.localhost:8000/sign-in" in done.text
        assert (await client.get("/my-accountant")).status_code == 303
    async with sign_in(world, owner, "ardennes.localhost") as client:
        assert (await client.get("/my-accountant")).status_code == 200


async def test_only_the_owner_decides(world: World) -> None:
    noordzee, ardennes, company, _owner = await a_claimed_company(world)
    dossier = await ask(world, ardennes, company)
    reader = await a_member(world, noordzee, company.id, Role.APPROVER)
    async with sign_in(world, reader) as client:
        page = await client.get("/my-accountant")
        assert "The owner of the company decides" in page.text
        assert (await client.get(f"/my-accountant/{ardennes.id}/accept")).status_code == 403
        assert (await client.post(f"/my-accountant/{ardennes.id}/accept")).status_code == 403
    assert await access_of(world, dossier) is Access.REQUESTED


async def test_another_companys_owner_and_the_staff_cannot_answer(world: World) -> None:
    noordzee, ardennes, company, _owner = await a_claimed_company(world)
    dossier = await ask(world, ardennes, company)
    other = await a_company(world, None, "Claes Dakwerken", claimed=True)
    await a_dossier(world, noordzee, other, code="9", access=Access.GRANTED)
    stranger = await a_member(world, noordzee, other.id)
    staff = await a_staff_member(world, noordzee)
    async with sign_in(world, stranger) as client:
        assert "Bureau Ardennes" not in (await client.get("/my-accountant")).text
        foreign = await client.post(f"/my-accountant/{ardennes.id}/accept")
        unknown = await client.post(f"/my-accountant/{dossier.id}/accept")
        assert (foreign.status_code, unknown.status_code) == (404, 404)
        assert (await client.post(f"/my-accountant/{ardennes.id}/burn")).status_code == 404
    async with sign_in(world, staff) as client:
        assert (await client.get("/my-accountant")).status_code == 404
        assert (await client.post(f"/my-accountant/{ardennes.id}/accept")).status_code == 404
    assert await access_of(world, dossier) is Access.REQUESTED


async def test_one_firm_mails_an_owner_once_while_its_request_waits(world: World) -> None:
    _noordzee, ardennes, company, _owner = await a_claimed_company(world)
    await ask(world, ardennes, company, code="1")
    await ask(world, ardennes, company, code="2", activity="Rental", second=True)
    assert len(mails(world, ardennes.id)) == 1


async def test_a_firm_may_not_try_all_numbers_there_are(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dossiers, "REQUESTS_PER_DAY", 2)
    _noordzee, ardennes, company, _owner = await a_claimed_company(world)
    await ask(world, ardennes, company, code="1")
    await ask(world, ardennes, company, code="2", activity="Rental", second=True)
    with pytest.raises(TooMany):
        await ask(world, ardennes, company, code="3", activity="Shop", second=True)


async def test_an_owner_who_declined_is_not_asked_again_through_another_dossier(world: World) -> None:
    _noordzee, ardennes, company, owner = await a_claimed_company(world)
    first = await ask(world, ardennes, company)
    staff = await a_staff_member(world, ardennes)
    async with sign_in(world, owner) as client:
        assert (await client.post(f"/my-accountant/{ardennes.id}/decline")).status_code == 303
    with pytest.raises(Conflict) as refused:
        await ask(world, ardennes, company, activity="Rental", code="2", second=True)
    assert refused.value.code == "too_soon"
    world.clock.at += timedelta(days=8)
    second = await ask(world, ardennes, company, activity="Rental", code="2", second=True)
    async with sign_in(world, owner) as client:
        assert (await client.post(f"/my-accountant/{ardennes.id}/decline")).status_code == 303
    assert [await access_of(world, one) for one in (first, second)] == [Access.DECLINED] * 2
    async with sign_in(world, staff, "ardennes.localhost") as client:  # the older answer does not count
        assert (await client.post(f"/dossiers/{first.id}/request-access")).status_code == 409
