"""Colleagues: invited on Settings → Team, come in by the link, and what they may then."""

import asyncio
from datetime import timedelta

import pytest
import sqlalchemy as sa

from portal.features.accounts.models import FirmMember, Person
from portal.features.audit.models import AuditEvent
from portal.features.mail.models import MailMessage
from portal.features.onboarding.domain import InvitationKind, InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.onboarding.service import admissions
from portal.kernel.actor import Role
from portal.kernel.errors import Forbidden
from portal.kernel.language import Language
from tests.support.builders import PASSWORD, a_firm, a_person, a_staff_member, sign_in
from tests.support.builders_dossiers import activate, link_in, mails, text_of, token_in
from tests.support.builders_joining import a_link, invited
from tests.support.world import World

TEAM = "/settings/team"
FORM = {"email": "Nele@Wouters.example", "name": "Nele Wouters", "role": "accountant", "language": "en"}


async def states(world: World) -> list[InvitationState]:
    async with world.as_system() as session:
        return list(await session.scalars(sa.select(Invitation.state).order_by(Invitation.id)))


async def staff(world: World) -> dict[str, tuple[str, bool]]:
    """Address → role, and whether they work there now."""
    async with world.as_system() as session:
        rows = await session.execute(
            sa.select(Person.email, FirmMember.role, FirmMember.ended_at).join(
                FirmMember, FirmMember.person_id == Person.id
            )
        )
        return {email: (str(role), ended is None) for email, role, ended in rows}


async def test_a_colleague_is_invited_comes_in_and_works_with_the_role(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, name="Sofie Maes")
    async with sign_in(world, owner) as client:
        sent = await client.post(TEAM, data=FORM)
        assert (sent.status_code, sent.headers["location"]) == (303, TEAM)
        assert "on its way" in (await client.get(TEAM)).text
        await world.run_jobs()
        page = (await client.get(TEAM)).text
        assert "nele@wouters.example" in page
        assert "invited by Sofie Maes" in page
        (letter,) = mails(world, firm.id)
        assert letter["Subject"] == "You are invited to work at Kantoor Noordzee"
        assert "Sofie Maes invites you to the portal of Kantoor Noordzee, as Accountant" in text_of(letter)
    path = link_in(letter, "/activate/")
    async with world.client() as visitor:
        opened = await visitor.get(path)
        assert opened.headers["referrer-policy"] == "no-referrer"
        assert "You are invited to work at Kantoor Noordzee as Accountant" in opened.text
        done = await activate(visitor, path, name="Nele Wouters")
        assert (done.status_code, done.headers["location"]) == (303, "/")
        assert "You work at Kantoor Noordzee as Accountant now" in (await visitor.get("/")).text
        assert (await visitor.get("/dossiers")).status_code == 200
        assert (await visitor.get(TEAM)).status_code == 403
    assert (await staff(world))["nele@wouters.example"] == ("accountant", True)
    assert await states(world) == [InvitationState.USED]
    async with sign_in(world, owner) as client:
        page = (await client.get(TEAM)).text
        assert "Nele Wouters" in page
        assert "Send again" not in page
        told = (await client.get("/history")).text
        for sentence in ("Colleague invited", "A colleague joined the office"):
            assert sentence in told
        assert f'href="{TEAM}"' in told


async def test_a_former_colleague_comes_back_with_the_new_role_and_the_old_password(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    former = await a_staff_member(world, firm, Role.MANAGER, email="nele@wouters.example")
    async with world.as_system() as session:
        await session.execute(
            sa.update(FirmMember)
            .where(FirmMember.person_id == former.person_id)
            .values(ended_at=world.clock.now())
        )
    path = await a_link(world, owner, Role.ASSISTANT)
    async with world.client() as visitor:
        assert "has an account already" in (await visitor.get(path)).text
        assert (await activate(visitor, path, password="een andere lange zin")).status_code == 422
        assert (await activate(visitor, path)).status_code == 303
        assert (await visitor.get("/agents")).status_code == 403, "not the manager they were"
    assert (await staff(world))["nele@wouters.example"] == ("assistant", True)


async def test_whoever_works_there_is_not_invited_and_a_link_changes_no_role(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    path = await a_link(world, owner, Role.MANAGER)
    there = await a_staff_member(world, firm, Role.ASSISTANT, email="nele@wouters.example")
    async with sign_in(world, owner) as client:
        refused = await client.post(TEAM, data=FORM)
        assert refused.status_code == 422
        assert "works at your office already" in refused.text
    async with sign_in(world, there) as client:
        answer = await activate(client, path)
        assert answer.status_code == 409
        assert "You work at this office already" in answer.text
        assert (await client.get("/")).status_code == 200, "their session goes on"
    assert (await staff(world))["nele@wouters.example"] == ("assistant", True)


async def test_used_twice_withdrawn_expired_and_replaced_links_answer_alike(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    used = await a_link(world, owner, Role.ASSISTANT, "used@wouters.example")
    old = await a_link(world, owner, Role.ASSISTANT, "old@wouters.example")
    async with world.client() as client:
        assert (await activate(client, used)).status_code == 303
    world.clock.at += timedelta(days=15)
    withdrawn = await a_link(world, owner, Role.ASSISTANT, "withdrawn@wouters.example")
    first = await a_link(world, owner, Role.ASSISTANT, "twice@wouters.example")
    second = await a_link(world, owner, Role.MANAGER, "twice@wouters.example")
    async with sign_in(world, owner) as client:
        async with world.as_system() as session:
            rows = await session.execute(sa.select(Invitation.email, Invitation.id))
            ids = {row.email: row.id for row in rows}
        page = (await client.get(TEAM)).text
        assert page.count("expired") >= 1, "the old one stands there, to be sent again"
        gone = await client.post(f"{TEAM}/{ids['withdrawn@wouters.example']}/withdraw")
        assert gone.status_code == 303
        assert (await client.post(f"{TEAM}/{ids['withdrawn@wouters.example']}/withdraw")).status_code == 409
        assert (await client.post(f"{TEAM}/{ids['withdrawn@wouters.example']}/again")).status_code == 409
        assert (await client.post(f"{TEAM}/{ids['used@wouters.example']}/again")).status_code == 409
        assert "withdrawn@wouters.example" not in (await client.get(TEAM)).text
        again = await client.post(f"{TEAM}/{ids['old@wouters.example']}/again")
        assert again.status_code == 303
    await world.run_jobs()
    newer = link_in(mails(world, firm.id)[-1], "/activate/")
    async with world.client() as visitor:
        answers = [await visitor.get(one) for one in (used, old, withdrawn, first)]
        assert [one.status_code for one in answers] == [410] * 4
        assert (
            len(
                {
                    one.text.replace(path, "")
                    for one, path in zip(answers, (used, old, withdrawn, first), strict=True)
                }
            )
            == 1
        )
        assert (await visitor.get(newer)).status_code == 200
        assert (await activate(visitor, second)).status_code == 303
    assert (await staff(world))["twice@wouters.example"] == ("manager", True)


async def test_an_invitation_withdrawn_before_its_letter_left_sends_none(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    made = await invited(world, owner, Role.ASSISTANT)
    async with sign_in(world, owner) as client:
        assert (await client.post(f"{TEAM}/{made.id}/withdraw")).status_code == 303
    await world.run_jobs()
    assert mails(world, firm.id) == []
    assert await states(world) == [InvitationState.WITHDRAWN]


async def test_whoever_else_is_signed_in_is_asked_first(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, name="Sofie Maes")
    path = await a_link(world, owner, Role.ASSISTANT)
    async with sign_in(world, owner) as client:
        page = await client.get(path)
        assert "You are signed in as Sofie Maes" in page.text
        assert "works at Kantoor Noordzee as Assistant" in page.text
        assert 'name="password"' not in page.text
        assert (await activate(client, path)).status_code == 409
    assert await states(world) == [InvitationState.SENT]


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ACCOUNTANT, Role.ASSISTANT])
async def test_only_an_owner_opens_the_page_and_invites(world: World, role: Role) -> None:
    firm = await a_firm(world)
    other = await a_staff_member(world, firm, role)
    async with sign_in(world, other) as client:
        assert (await client.get(TEAM)).status_code == 403
        assert (await client.post(TEAM, data={**FORM, "role": "owner"})).status_code == 403
    with pytest.raises(Forbidden):
        await invited(world, other, Role.OWNER)
    assert await states(world) == []


async def test_a_manager_who_came_to_the_settings_makes_no_owner(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    from portal.kernel.actor import RIGHTS, Right

    monkeypatch.setitem(RIGHTS, Role.MANAGER, RIGHTS[Role.MANAGER] | {Right.FIRM_SETTINGS})
    firm = await a_firm(world)
    manager = await a_staff_member(world, firm, Role.MANAGER)
    async with sign_in(world, manager) as client:
        assert 'value="owner"' not in (await client.get(TEAM)).text
        assert (await client.post(TEAM, data={**FORM, "role": "owner"})).status_code == 403
        assert (await client.post(TEAM, data=FORM)).status_code == 303


async def test_a_link_of_an_owner_who_is_none_any_more_gives_nothing(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    path = await a_link(world, owner, Role.OWNER)
    await invited(world, owner, Role.MANAGER, "later@wouters.example")
    async with world.as_system() as session:
        await session.execute(sa.update(FirmMember).values(role=Role.MANAGER))
    await world.run_jobs()
    assert len(mails(world, firm.id)) == 1, "nor does a letter leave"
    async with world.client() as visitor:
        assert (await visitor.get(path)).status_code == 410
    assert await states(world) == [InvitationState.SENT, InvitationState.EXPIRED]


async def test_another_offices_invitation_does_not_exist(world: World) -> None:
    firm, ardennes = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    owner, stranger = await a_staff_member(world, firm), await a_staff_member(world, ardennes)
    path = await a_link(world, owner, Role.ASSISTANT)
    async with world.as_system() as session:
        (id_,) = await session.scalars(sa.select(Invitation.id))
    async with sign_in(world, stranger, "ardennes.localhost") as client:
        assert "nele@wouters.example" not in (await client.get(TEAM)).text
        for act in ("again", "withdraw"):
            assert (await client.post(f"{TEAM}/{id_}/{act}")).status_code == 404
    async with world.client("ardennes.localhost") as visitor:
        assert (await visitor.get(path)).status_code == 410
    assert await states(world) == [InvitationState.SENT]


async def test_two_who_invite_one_address_at_once_make_one_open_invitation(world: World) -> None:
    firm = await a_firm(world)
    owners = [await a_staff_member(world, firm) for _ in range(2)]
    async with sign_in(world, owners[0]) as one, sign_in(world, owners[1]) as two:
        answers = await asyncio.gather(
            *(client.post(TEAM, data=FORM) for client in (one, two, one, two)),
            two.post(TEAM, data={**FORM, "role": "manager"}),
        )
    assert [answer.status_code for answer in answers] == [303] * 5
    await world.run_jobs()
    assert sorted(await states(world))[:-1] == [InvitationState.EXPIRED] * (len(await states(world)) - 1)
    assert (await states(world)).count(InvitationState.SENT) == 1


async def test_two_who_use_one_link_at_once_make_one_colleague(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    path = await a_link(world, owner, Role.ASSISTANT)
    async with world.client() as one, world.client() as two:
        pages = [await client.get(path) for client in (one, two)]
        answers = await asyncio.gather(
            *(
                client.post(
                    path,
                    data={
                        "name": "Nele",
                        "language": "en",
                        "password": PASSWORD,
                        "csrf_token": token_in(page),
                    },
                )
                for client, page in zip((one, two), pages, strict=True)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [303, 410]
    assert (await staff(world))["nele@wouters.example"] == ("assistant", True)


async def test_hostile_fields_are_told_and_never_break_anything(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        for field, value in (
            ("name", "N" * 10_000),
            ("name", " \u200b "),
            ("email", "x" * 10_000 + "@y.example"),
            ("email", "not an address"),
            ("email", "a@b.example\r\nBcc: c@d.example"),
            ("role", "reader"),
            ("role", "emperor"),
            ("language", "xx"),
        ):
            answer = await client.post(TEAM, data={**FORM, field: value})
            assert answer.status_code == 422, (field, value[:20])
        fine = await client.post(TEAM, data={**FORM, "name": "<script>alert(1)</script>\r\nBcc: x@y.example"})
        assert fine.status_code == 303
        page = (await client.get(TEAM)).text
        assert "<script>alert" not in page
        assert "&lt;script&gt;" in page
    await world.run_jobs()
    (letter,) = mails(world, firm.id)
    assert letter["Bcc"] is None
    assert "<script>alert" not in letter.get_body(("html",)).get_content()


async def test_an_office_sends_so_many_a_day(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(admissions.PER_DAY, InvitationKind.STAFF, 2)
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        answers = [
            await client.post(TEAM, data={**FORM, "email": f"n{number}@wouters.example"})
            for number in range(3)
        ]
        assert [one.status_code for one in answers] == [303, 303, 429]
        assert "too many invitations for one day" in answers[-1].text
    world.clock.at += timedelta(days=1)
    async with sign_in(world, owner) as client:
        assert (await client.post(TEAM, data=FORM)).status_code == 303


async def test_a_letter_that_nobody_takes_is_told(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    await invited(world, owner, Role.ASSISTANT)
    async with world.as_system() as session:
        await session.execute(
            sa.update(Invitation).values(failure="The mail server was away for a whole day.")
        )
    async with sign_in(world, owner) as client:
        page = (await client.get(TEAM)).text
        assert "could not be delivered" in page
        assert "away for a whole day" in page


async def test_the_link_is_in_no_table_and_the_letter_speaks_the_language_of_its_reader(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    path = await a_link(world, owner, Role.ACCOUNTANT, language=Language.NL)
    assert "nodigt u uit op het portaal van Kantoor Noordzee, als Accountant" in text_of(
        mails(world, firm.id)[-1]
    )
    token = path.rsplit("/", 1)[1]
    async with world.as_system() as session:
        for table in (MailMessage, Invitation, AuditEvent):
            rows = await session.execute(sa.text(f"select row_to_json(t)::text from {table.__tablename__} t"))
            assert all(token not in row[0] for row in rows)


async def test_somebody_known_from_elsewhere_proves_who_they_are(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    person = await a_person(world, "nele@wouters.example", "Nele")
    path = await a_link(world, owner, Role.ASSISTANT)
    async with world.client() as visitor:
        assert (await activate(visitor, path, password="een andere lange zin")).status_code == 422
    assert "nele@wouters.example" not in await staff(world)
    async with world.client() as visitor:
        assert (await activate(visitor, path)).status_code == 303
    async with world.as_system() as session:
        kept = await session.get(Person, person.id)
        assert kept is not None
        assert kept.password_hash == person.password_hash


async def test_whoever_may_not_sign_in_any_more_comes_in_by_no_link(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    person = await a_person(world, "nele@wouters.example", "Nele")
    path = await a_link(world, owner, Role.ASSISTANT)
    async with world.as_system() as session:
        await session.execute(
            sa.update(Person)
            .where(Person.id == person.id)
            .values(disabled_at=world.clock.now(), password_hash=None)
        )
    async with world.client() as visitor:
        assert (await activate(visitor, path)).status_code == 410
    assert "nele@wouters.example" not in await staff(world)
    assert await states(world) == [InvitationState.SENT], "nor is the link used up"
