"""A company's people: invited by its owner, come in by the link; the firm of the host sends the letter and sees nothing of it."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
import sqlalchemy as sa

from portal.features.accounts.models import CompanyMember, Person
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.mail.domain import Refused
from portal.features.mail.models import MailMessage
from portal.features.mail.service import transport
from portal.features.onboarding.domain import InvitationKind, InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.onboarding.service import admissions
from portal.features.parties.models import Firm
from portal.jobs.models import JobRow
from portal.kernel.actor import Actor, Role
from portal.kernel.errors import Forbidden
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_dossiers import activate, an_invitation, link_in, mails, text_of, touch
from tests.support.builders_joining import a_link, invited
from tests.support.world import World

PEOPLE = "/people"
NELE = "nele@wouters.example"
FORM = {"email": "Nele@Wouters.example", "name": "Nele Wouters", "role": "approver", "language": "en"}


async def arranged(world: World) -> tuple[Firm, Dossier, Actor]:
    """A firm, its dossier on a claimed company, and the owner of that company."""
    firm = await a_firm(world)
    company = await a_company(world, None, claimed=True)
    dossier = await a_dossier(world, firm, company, access=Access.GRANTED)
    return firm, dossier, await a_member(world, firm, company.id)


async def states(world: World) -> list[InvitationState]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(Invitation.state).order_by(Invitation.id)))


async def members(world: World, company_id: UUID) -> dict[str, tuple[str, bool]]:
    """Address → role, and whether they belong to it now."""
    async with world.as_system() as session:
        rows = await session.execute(
            sa.select(Person.email, CompanyMember.role, CompanyMember.ended_at)
            .join(CompanyMember, CompanyMember.person_id == Person.id)
            .where(CompanyMember.company_id == company_id)
        )
        return {email: (str(role), ended is None) for email, role, ended in rows}


async def test_somebody_is_invited_comes_in_and_belongs_to_the_company_with_the_role(world: World) -> None:
    firm, dossier, owner = await arranged(world)
    async with sign_in(world, owner) as client:
        home = await client.get("/")
        assert 'href="/people"' in home.text
        sent = await client.post(PEOPLE, data=FORM)
        assert (sent.status_code, sent.headers["location"]) == (303, PEOPLE)
        assert "on its way" in (await client.get(PEOPLE)).text
        await world.run_jobs()
        assert NELE in (await client.get(PEOPLE)).text
    (letter,) = mails(world, firm.id)
    assert letter["Subject"] == "You are invited to Bakkerij Peeters"
    assert letter["To"] == f"Nele Wouters <{NELE}>"
    assert "invites you to the account of Bakkerij Peeters at Kantoor Noordzee, as Approver" in text_of(
        letter
    )
    path = link_in(letter, "/activate/")
    async with world.client() as visitor:
        assert "You are invited to Bakkerij Peeters as Approver" in (await visitor.get(path)).text
        done = await activate(visitor, path, name="Nele Wouters")
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert "You belong to Bakkerij Peeters as Approver now" in (await visitor.get("/")).text
        assert (await visitor.get("/approve")).status_code in (200, 303)
        assert (await visitor.get(PEOPLE)).status_code == 403
        assert (await visitor.get(path)).status_code == 410
    assert (await members(world, dossier.company_id))[NELE] == ("approver", True)
    async with sign_in(world, owner) as client:
        page = (await client.get(PEOPLE)).text
        assert "Nele Wouters" in page
        assert "Send again" not in page
        told = (await client.get("/history")).text
        for sentence in ("Invited to the company", "Joined the company"):
            assert sentence in told
        assert f'href="{PEOPLE}"' in told


async def test_the_firm_of_the_host_sees_nothing_of_it(world: World) -> None:
    firm, dossier, owner = await arranged(world)
    sofie = await a_staff_member(world, firm)
    path = await a_link(world, owner, Role.READER)
    made = await invited(world, owner, Role.APPROVER, "later@wouters.example")
    async with world.as_scope(
        firm_id=firm.id, opened_company_id=dossier.company_id, host_firm_id=firm.id
    ) as session:
        assert list(await session.scalars(sa.select(Invitation))) == []
        mails_of_firm = list(await session.scalars(sa.select(MailMessage)))
        assert [(one.to_email, one.to_name) for one in mails_of_firm] == [("", "")]
        jobs = await session.execute(
            sa.select(sa.cast(JobRow.payload, sa.Text)).where(JobRow.firm_id == firm.id)
        )
        assert not any("wouters" in row[0].lower() for row in jobs)
    async with sign_in(world, sofie) as client:
        for page in (
            "/history",
            f"/dossiers/{dossier.id}/history",
            f"/dossiers/{dossier.id}",
            "/settings/team",
        ):
            assert "wouters" not in (await client.get(page)).text.lower(), page
        assert (await client.get(PEOPLE)).status_code == 403
        for act in ("again", "withdraw"):
            assert (await client.post(f"/settings/team/{made.id}/{act}")).status_code == 404
    async with world.client() as visitor:
        assert (await visitor.get(path)).status_code == 200


async def test_another_company_sees_nothing_of_it(world: World) -> None:
    firm, _dossier, owner = await arranged(world)
    other = await a_company(world, None, "Brouwerij Maes", claimed=True)
    await a_dossier(world, firm, other, access=Access.GRANTED, code=None)
    stranger = await a_member(world, firm, other.id)
    made = await invited(world, owner, Role.READER)
    async with sign_in(world, stranger) as client:
        assert NELE not in (await client.get(PEOPLE)).text
        for act in ("again", "withdraw"):
            assert (await client.post(f"{PEOPLE}/{made.id}/{act}")).status_code == 404
        assert (await client.post(PEOPLE, data=FORM)).status_code == 303, "each company its own"
    assert await states(world) == [InvitationState.NONE, InvitationState.NONE]


@pytest.mark.parametrize("role", [Role.APPROVER, Role.CONTRIBUTOR, Role.READER])
async def test_only_an_entrepreneur_decides_about_people(world: World, role: Role) -> None:
    firm, dossier, _owner = await arranged(world)
    other = await a_member(world, firm, dossier.company_id, role)
    async with sign_in(world, other) as client:
        assert 'href="/people"' not in (await client.get("/")).text
        assert (await client.get(PEOPLE)).status_code == 403
        assert (await client.post(PEOPLE, data=FORM)).status_code == 403
    with pytest.raises(Forbidden):
        await invited(world, other, Role.READER)
    assert await states(world) == []


async def test_whoever_left_comes_back_and_whoever_belongs_to_it_stays_what_they_are(world: World) -> None:
    firm, dossier, owner = await arranged(world)
    former = await a_member(world, firm, dossier.company_id, Role.APPROVER, NELE)
    async with sign_in(world, owner) as client:
        refused = await client.post(PEOPLE, data=FORM)
        assert refused.status_code == 422
        assert "belongs to your company already" in refused.text
    async with world.as_system() as session:
        left = sa.update(CompanyMember).where(CompanyMember.person_id == former.person_id)
        await session.execute(left.values(ended_at=world.clock.now()))
    path = await a_link(world, owner, Role.READER)
    async with world.as_system() as session:
        await session.execute(left.values(ended_at=None))
    async with world.client() as visitor:
        answer = await activate(visitor, path)
        assert answer.status_code == 409
        assert "You belong to this company already" in answer.text
    async with world.as_system() as session:
        await session.execute(left.values(ended_at=world.clock.now()))
    async with world.client() as visitor:
        assert (await activate(visitor, path)).status_code == 303
    assert (await members(world, dossier.company_id))[NELE] == ("reader", True)


async def test_a_link_works_only_while_the_host_serves_the_company_and_its_giver_may_give(
    world: World,
) -> None:
    firm, dossier, owner = await arranged(world)
    path = await a_link(world, owner, Role.READER)
    async with world.client() as visitor:
        for statement, back in (
            (
                sa.update(Dossier).values(access=Access.ENDED),
                sa.update(Dossier).values(access=Access.GRANTED),
            ),
            (
                sa.update(CompanyMember).values(role=Role.READER),
                sa.update(CompanyMember).values(role=Role.ENTREPRENEUR),
            ),
            (
                sa.update(CompanyMember).values(ended_at=world.clock.now()),
                sa.update(CompanyMember).values(ended_at=None),
            ),
            (
                sa.update(Person).values(disabled_at=world.clock.now()),
                sa.update(Person).values(disabled_at=None),
            ),
        ):
            async with world.as_system() as session:
                await session.execute(statement)
            assert (await visitor.get(path)).status_code == 410
            async with world.as_system() as session:
                await session.execute(back)
        assert (await activate(visitor, path)).status_code == 303
    assert firm.id
    assert (await members(world, dossier.company_id))[NELE] == ("reader", True)


async def test_no_letter_leaves_when_the_firm_does_not_serve_the_company_any_more(world: World) -> None:
    firm, _dossier, owner = await arranged(world)
    await invited(world, owner, Role.READER)
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(access=Access.ENDED))
    await world.run_jobs()
    assert mails(world, firm.id) == []
    assert await states(world) == [InvitationState.EXPIRED]


async def test_withdrawn_and_expired_links_end_and_may_be_sent_again_while_they_are_open(
    world: World,
) -> None:
    firm, _dossier, owner = await arranged(world)
    path = await a_link(world, owner, Role.READER)
    async with world.as_system() as session:
        (id_,) = await session.scalars(sa.select(Invitation.id))
    async with sign_in(world, owner) as client, world.client() as visitor:
        assert (await client.post(f"{PEOPLE}/{id_}/again")).status_code == 303
        await world.run_jobs()
        newer = link_in(mails(world, firm.id)[-1], "/activate/")
        assert [(await visitor.get(one)).status_code for one in (path, newer)] == [410, 200]
        await touch(visitor, newer)
        async with world.as_system() as session:
            latest = await session.scalar(sa.select(Invitation.id).order_by(Invitation.id.desc()).limit(1))
        assert "invitation opened" in (await client.get(PEOPLE)).text
        assert (await client.post(f"{PEOPLE}/{latest}/withdraw")).status_code == 303
        assert (await visitor.get(newer)).status_code == 410
        assert "does not work any more" in (await client.get(PEOPLE)).text
        assert NELE not in (await client.get(PEOPLE)).text
        assert "Invitation to the company withdrawn" in (await client.get("/history")).text
    old = await a_link(world, owner, Role.READER)
    world.clock.at += timedelta(days=15)
    async with world.client() as visitor:
        assert (await visitor.get(old)).status_code == 410
    await world.sweep()
    assert await states(world) == [
        InvitationState.EXPIRED,
        InvitationState.WITHDRAWN,
        InvitationState.EXPIRED,
    ]


async def test_two_who_invite_one_address_at_once_make_one_open_invitation(world: World) -> None:
    firm, dossier, owner = await arranged(world)
    second = await a_member(world, firm, dossier.company_id)
    async with sign_in(world, owner) as one, sign_in(world, second) as two:
        answers = await asyncio.gather(*(client.post(PEOPLE, data=FORM) for client in (one, two, one)))
    assert [answer.status_code for answer in answers] == [303] * 3
    await world.run_jobs()
    assert await states(world) == [InvitationState.SENT]
    assert len(mails(world, firm.id)) == 1


async def test_hostile_fields_are_told(world: World) -> None:
    firm, _dossier, owner = await arranged(world)
    async with sign_in(world, owner) as client:
        for field, value in (("name", "N" * 10_000), ("email", "x@y"), ("role", "owner"), ("role", "")):
            assert (await client.post(PEOPLE, data={**FORM, field: value})).status_code == 422, field
        html = await client.post(PEOPLE, data={**FORM, "name": "<img src=x onerror=alert(1)>"})
        assert html.status_code == 303
        assert "<img src=x" not in (await client.get(PEOPLE)).text
        assert (await client.post(f"{PEOPLE}/{firm.id}/again")).status_code == 404


async def test_a_company_sends_so_many_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(admissions.PER_DAY, InvitationKind.MEMBER, 1)
    _firm, _dossier, owner = await arranged(world)
    async with sign_in(world, owner) as client:
        assert (await client.post(PEOPLE, data=FORM)).status_code == 303
        assert (await client.post(PEOPLE, data={**FORM, "email": "b@c.example"})).status_code == 429


async def test_a_worker_that_died_after_the_letter_left_sends_a_new_link_and_the_first_one_ends(
    world: World,
) -> None:
    firm, _dossier, owner = await arranged(world)
    path = await a_link(world, owner, Role.READER)
    async with world.as_system() as session:  # as if the mail's last transaction had never been committed
        await session.execute(sa.update(MailMessage).values(state="queued", sent_at=None))
        await session.execute(
            sa.update(JobRow)
            .where(JobRow.name == "onboarding.send_to_member")
            .values(done_at=None, token=None)
        )
    await world.run_jobs()
    newer = link_in(mails(world, firm.id)[-1], "/activate/")
    async with world.client() as visitor:
        assert [(await visitor.get(one)).status_code for one in (path, newer)] == [410, 200]
        await touch(visitor, newer)


async def test_a_letter_that_is_refused_is_told_to_the_company_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_args: object) -> None:
        raise Refused("The mail server does not take this address.")

    monkeypatch.setattr(transport, "hand_over", refuse)
    _firm, _dossier, owner = await arranged(world)
    await invited(world, owner, Role.READER)
    await world.run_jobs()
    async with sign_in(world, owner) as client:
        page = (await client.get(PEOPLE)).text
        assert "could not be delivered" in page
        assert "does not take this address" in page


async def test_a_claim_ends_other_claims_of_the_company_and_no_invitation_of_its_people(world: World) -> None:
    firm = await a_firm(world)
    sofie = await a_staff_member(world, firm)
    company = await a_company(world, firm)
    dossier = await a_dossier(world, firm, company)
    owner = await a_member(world, firm, company.id)
    path = await a_link(world, owner, Role.READER)
    claim = await an_invitation(world, sofie, dossier)
    async with world.client() as visitor:
        assert (await activate(visitor, claim)).status_code == 303
        visitor.cookies.clear()
        assert (await visitor.get(path)).status_code == 200
