"""Login details from the firm's side: the card of the Detail page, one dossier and many."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import Access
from portal.features.mail.domain import Refused
from portal.features.mail.models import MailMessage, MailState
from portal.features.mail.service import transport
from portal.features.onboarding.domain import InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.onboarding.service import invitations
from portal.jobs.models import JobRow
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.language import Language
from tests.support.builders import a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_dossiers import activate, an_invitation, link_in, mails, touch
from tests.support.world import World

FORM = {"email": "Bert@Claes.example", "name": "Bert Claes", "language": "nl"}


async def states(world: World) -> list[InvitationState]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(Invitation.state).order_by(Invitation.id)))


async def test_the_card_follows_the_invitation_from_nothing_to_used(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client, world.client() as visitor:
        where = f"/dossiers/{dossier.id}"
        assert "not invited" in (await client.get(where)).text
        sent = await client.post(f"{where}/invitation", data=FORM)
        assert (sent.status_code, sent.headers["location"]) == (303, where)
        assert "on its way" in (await client.get(where)).text
        await world.run_jobs()
        assert "Sent to Bert Claes (bert@claes.example)" in (await client.get(where)).text
        path = link_in(mails(world)[-1], "/activate/")
        await touch(visitor, path)
        assert "opened the link" in (await client.get(where)).text
        await activate(visitor, path)
        assert "owns the account of this company" in (await client.get(where)).text
    assert await states(world) == [InvitationState.USED]


async def test_htmx_gets_the_card_alone(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        card = await client.post(
            f"/dossiers/{dossier.id}/invitation", data=FORM, headers={"hx-request": "true"}
        )
        wrong = await client.post(
            f"/dossiers/{dossier.id}/invitation", data={**FORM, "email": "x"}, headers={"hx-request": "true"}
        )
    assert card.status_code == 200
    assert 'id="login-details"' in card.text
    assert "<html" not in card.text
    assert "on their way" in card.headers["hx-trigger"]
    assert wrong.status_code == 400
    assert "not an e-mail address" in wrong.headers["hx-trigger"]


async def test_a_wrong_address_is_said_beside_its_field(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        answer = await client.post(
            f"/dossiers/{dossier.id}/invitation", data={**FORM, "email": "bert@@claes", "name": ""}
        )
    assert answer.status_code == 422
    assert "Please fill this in" in answer.text
    assert "bert@@claes" in answer.text
    assert await states(world) == []


async def test_a_double_click_sends_one_mail(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        answers = await asyncio.gather(
            *(client.post(f"/dossiers/{dossier.id}/invitation", data=FORM) for _ in range(3))
        )
    assert [answer.status_code for answer in answers] == [303, 303, 303]
    await world.run_jobs()
    assert len(mails(world)) == 1
    assert await states(world) == [InvitationState.SENT]


async def test_login_details_that_could_not_be_delivered_are_sent_again_to_the_same_address(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_args: object) -> None:
        raise Refused("The mail server does not take this address.")

    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    where = f"/dossiers/{(await a_dossier(world, firm)).id}"
    async with sign_in(world, owner) as client:
        with monkeypatch.context() as patched:
            patched.setattr(transport, "hand_over", refuse)
            await client.post(f"{where}/invitation", data=FORM)
            await world.run_jobs()
        assert "could not be delivered" in (await client.get(where)).text
        await client.post(f"{where}/invitation", data=FORM)
        await world.run_jobs()
        assert "Sent to Bert Claes (bert@claes.example)" in (await client.get(where)).text
    assert len(mails(world)) == 1
    assert await states(world) == [InvitationState.EXPIRED, InvitationState.SENT]


async def test_a_newer_invitation_to_somebody_else_ends_the_one_that_has_not_left(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    async with sign_in(world, owner) as client:
        await client.post(f"/dossiers/{dossier.id}/invitation", data=FORM)
        await client.post(f"/dossiers/{dossier.id}/invitation", data={**FORM, "email": "an@claes.example"})
    await world.run_jobs()
    assert [str(letter["To"]) for letter in mails(world)] == ["Bert Claes <an@claes.example>"]
    assert await states(world) == [InvitationState.EXPIRED, InvitationState.SENT]


async def test_a_worker_that_died_before_it_finished_sends_a_new_link_and_the_first_one_ends(
    world: World,
) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    path = await an_invitation(world, owner, dossier)
    first = mails(world)[-1]["Message-ID"]
    async with world.as_system() as session:  # as if the last transaction had never been committed
        await session.execute(sa.update(Invitation).values(state=InvitationState.NONE, sent_at=None))
        await session.execute(sa.update(MailMessage).values(state=MailState.QUEUED, sent_at=None))
        await session.execute(
            sa.update(JobRow)
            .where(JobRow.name == "dossiers.send_invitation")
            .values(done_at=None, token=None)
        )
    await world.run_jobs()
    again = mails(world)[-1]
    assert again["Message-ID"] != first
    assert again["Message-ID"].partition(".")[0] == first.partition(".")[0]
    async with world.client() as client:
        assert (await client.get(path)).status_code == 410
        assert (await client.get(link_in(again, "/activate/"))).status_code == 200


async def test_links_that_grew_old_are_closed_by_the_clock(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await an_invitation(world, owner, dossier)
    world.clock.at += timedelta(days=15)
    await world.sweep()
    assert await states(world) == [InvitationState.EXPIRED]
    async with sign_in(world, owner) as client:
        assert "was not used in time" in (await client.get(f"/dossiers/{dossier.id}")).text


async def test_login_details_are_withdrawn_and_may_be_sent_anew(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    where = f"/dossiers/{dossier.id}"
    async with sign_in(world, owner) as client, world.client() as visitor:
        assert (await client.post(f"{where}/invitation/withdraw")).status_code == 409, "there is none"
        path = await an_invitation(world, owner, dossier)
        ended = await client.post(f"{where}/invitation/withdraw", headers={"hx-request": "true"})
        assert ended.status_code == 200
        assert "was withdrawn" in ended.text
        assert "<html" not in ended.text
        assert (await visitor.get(path)).status_code == 410
        assert (await client.post(f"{where}/invitation/withdraw")).status_code == 409
        assert "Login details withdrawn" in (await client.get(f"{where}/history")).text
        again = await client.post(f"{where}/invitation", data=FORM)
        assert again.status_code == 303
        waits = await client.post(f"{where}/invitation/withdraw")
        assert (waits.status_code, waits.headers["location"]) == (303, where)
    await world.run_jobs()
    assert len(mails(world)) == 1, "the second was withdrawn before it left"
    assert await states(world) == [InvitationState.WITHDRAWN, InvitationState.WITHDRAWN]


async def test_an_activated_company_is_not_invited_again(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm, access=Access.GRANTED)
    async with sign_in(world, owner) as client:
        assert (await client.get(f"/dossiers/{dossier.id}/invitation")).status_code == 409
        assert (await client.post(f"/dossiers/{dossier.id}/invitation", data=FORM)).status_code == 409


async def test_many_are_invited_at_once_and_who_is_left_out_is_said(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    good = [
        await a_dossier(world, firm, code=str(n), contact_email=f"a{n}@client.example", contact_name="An")
        for n in range(2)
    ]
    silent = await a_dossier(world, firm, code="8", name="Zonder Adres")
    active = await a_dossier(world, firm, code="9", name="Al Actief", access=Access.GRANTED)
    async with sign_in(world, owner) as client:
        listed = await client.get("/dossiers")
        assert f'name="selected" value="{good[0].id}" form="chosen"' in listed.text
        answer = await client.post(
            "/dossiers/invite", data={"selected": [str(one.id) for one in (*good, silent, active)]}
        )
        assert answer.status_code == 200
        assert "Zonder Adres" in answer.text
        assert "no e-mail address" in answer.text
        assert "has activated already" in answer.text
        nothing = await client.post("/dossiers/invite", data={})
        assert nothing.status_code == 400
        strange = await client.post("/dossiers/invite", data={"selected": "x"})
        assert strange.status_code == 400
    await world.run_jobs()
    assert len(mails(world)) == 2
    async with world.as_system() as session:
        invited = await session.scalar(
            sa.select(sa.func.count()).select_from(AuditEvent).where(AuditEvent.action == "dossiers.invited")
        )
    assert invited == 2


async def test_an_office_sends_so_many_login_details_a_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "PER_DAY", 2)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossiers = [
        await a_dossier(world, firm, code=str(n), contact_email=f"a{n}@client.example") for n in range(3)
    ]
    async with sign_in(world, owner) as client:
        many = await client.post("/dossiers/invite", data={"selected": [str(one.id) for one in dossiers]})
        assert many.status_code == 429
        assert "too many invitations for one day" in many.text
        assert (await client.post(f"/dossiers/{dossiers[0].id}/invitation", data=FORM)).status_code == 429
    assert await states(world) == []


async def test_a_choice_of_too_many_dossiers_uses_up_nothing_of_the_day(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(invitations, "PER_DAY", 2)
    monkeypatch.setattr(invitations, "MOST_AT_ONCE", 2)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    chosen = [(await a_dossier(world, firm, code=str(n))).id for n in range(3)]
    async with sign_in(world, owner) as client:
        many = await client.post("/dossiers/invite", data={"selected": [str(one) for one in chosen]})
        assert many.status_code == 400
        assert (await client.post(f"/dossiers/{chosen[0]}/invitation", data=FORM)).status_code == 303


async def test_another_firms_dossier_is_unknown_to_whoever_invites(world: World) -> None:
    firm, ardennes = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    dossier = await a_dossier(world, firm)
    stranger = await a_staff_member(world, ardennes)
    async with sign_in(world, stranger, "ardennes.localhost") as client:
        assert (await client.post(f"/dossiers/{dossier.id}/invitation", data=FORM)).status_code == 404
        assert (await client.get(f"/dossiers/{dossier.id}/invitation")).status_code == 404
        assert (await client.post(f"/dossiers/{dossier.id}/invitation/withdraw")).status_code == 404
        assert (await client.post("/dossiers/invite", data={"selected": str(dossier.id)})).status_code == 404
    async with world.as_scope(firm_id=ardennes.id) as session:
        with pytest.raises(NotFound):
            await invitations.invite_many(session, world.tools, stranger, [dossier.id])
    assert await states(world) == []


async def test_a_member_may_not_invite_and_the_service_says_so_itself(world: World) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    member = await a_member(world, firm, dossier.company_id, Role.ENTREPRENEUR)
    async with world.as_scope(firm_id=firm.id) as session:
        with pytest.raises(Forbidden):
            await invitations.invite(
                session, member, dossier, email="a@b.example", name="A", language=Language.NL
            )


async def test_no_access_no_invitation(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm, access=Access.REQUESTED)
    async with world.as_scope(firm_id=firm.id) as session:
        with pytest.raises(Conflict):
            await invitations.invite(
                session, owner, dossier, email="a@b.example", name="A", language=Language.NL
            )
