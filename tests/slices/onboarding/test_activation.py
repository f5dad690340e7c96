"""From "Send login details" to a claimed company."""

from datetime import timedelta

import sqlalchemy as sa

from portal.features.accounts.models import LoginSession, Person
from portal.features.audit.models import AuditEvent
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.mail.models import MailMessage
from portal.features.onboarding.domain import InvitationState
from portal.features.onboarding.models import Invitation
from portal.features.parties.models import Company
from portal.jobs.models import JobRow
from portal.kernel.actor import Role
from tests.support.builders import (
    PASSWORD,
    a_company,
    a_dossier,
    a_firm,
    a_member,
    a_person,
    a_staff_member,
    sign_in,
)
from tests.support.builders_dossiers import activate, an_invitation, link_in, mails, text_of, token_in
from tests.support.world import World


async def test_the_entrepreneur_activates_and_claims_the_company(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm, name="Bakkerij Peeters")
    path = await an_invitation(world, owner, dossier)
    async with world.client() as client:
        page = await client.get(path)
        assert page.headers["referrer-policy"] == "no-referrer"
        assert "Bakkerij Peeters" in page.text
        assert "At least 10 characters" in page.text
        answer = await activate(client, path)
        assert answer.status_code == 303, answer.text
        assert answer.headers["location"] == "/"
        home = await client.get("/")
        assert home.status_code == 200
    async with world.as_system() as session:
        invitation = await session.scalar(sa.select(Invitation))
        company = await session.get(Company, dossier.company_id)
        stored = await session.get(Dossier, dossier.id)
        person = await session.scalar(sa.select(Person).where(Person.email == "bert@claes.example"))
        actions = list(await session.scalars(sa.select(AuditEvent.action)))
        assert invitation is not None
        assert company is not None
        assert stored is not None
        assert person is not None
        assert invitation.state is InvitationState.USED
        assert invitation.used_by == person.id
        assert invitation.token_hash is None
        assert company.claimed_at == world.clock.now()
        assert stored.access is Access.GRANTED
        assert {"dossiers.invited", "dossiers.activated"} <= set(actions)
    await world.run_jobs()
    told = mails(world)[-1]
    assert told["Subject"] == "Bakkerij Peeters has activated"
    assert "info@noordzee.example" in told["To"]


async def test_the_link_is_stored_nowhere_in_clear(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    path = await an_invitation(world, owner, dossier)
    token = path.rsplit("/", 1)[1]
    async with world.as_system() as session:
        for table in (JobRow, MailMessage, Invitation, AuditEvent):
            rows = await session.execute(sa.text(f"select row_to_json(t)::text from {table.__tablename__} t"))
            assert all(token not in row[0] for row in rows)


async def test_a_used_unknown_or_old_link_answers_alike_and_changes_nothing(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    path = await an_invitation(world, owner, dossier)
    async with world.client() as client:
        world.clock.at += timedelta(days=14)
        old = await client.get(path)
        unknown = await client.get("/activate/" + "x" * 43)
        sent = await client.post(path, data={"password": PASSWORD, "name": "B", "csrf_token": token_in(old)})
    assert (old.status_code, unknown.status_code, sent.status_code) == (410, 410, 410)
    assert "does not work any more" in old.text
    assert old.text.replace(path, "") == unknown.text.replace("/activate/" + "x" * 43, "")
    async with world.as_system() as session:
        company = await session.get(Company, dossier.company_id)
        assert company is not None
        assert company.claimed_at is None


async def test_a_link_works_once(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    path = await an_invitation(world, owner, dossier)
    async with world.client() as client:
        await activate(client, path)
    async with world.client() as other:
        assert (await other.get(path)).status_code == 410


async def test_a_newer_link_replaces_the_older_one(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    first = await an_invitation(world, owner, dossier)
    world.clock.at += timedelta(minutes=1)
    second = await an_invitation(world, owner, dossier)
    async with world.client() as client:
        assert (await client.get(first)).status_code == 410
        assert (await client.get(second)).status_code == 200


async def test_a_link_is_nothing_on_another_firms_host(world: World) -> None:
    firm = await a_firm(world)
    await a_firm(world, "ardennes", "Bureau Ardennes")
    owner = await a_staff_member(world, firm)
    path = await an_invitation(world, owner, await a_dossier(world, firm))
    async with world.client("ardennes.localhost") as client:
        assert (await client.get(path)).status_code == 410


async def test_a_weak_password_is_refused_and_the_link_stays(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    path = await an_invitation(world, owner, await a_dossier(world, firm))
    async with world.client() as client:
        refused = await activate(client, path, password="short")
        assert refused.status_code == 422
        assert "at least 10 characters" in refused.text
        nameless = await activate(client, path, name=" ")
        assert nameless.status_code == 422
        assert (await activate(client, path)).status_code == 303


async def test_an_existing_login_proves_its_password_and_keeps_it(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    person = await a_person(world, "bert@claes.example", "Bert Claes")
    path = await an_invitation(world, owner, await a_dossier(world, firm))
    async with world.client() as client:
        page = await client.get(path)
        assert "has an account already" in page.text
        wrong = await activate(client, path, password="een andere lange zin")
        assert wrong.status_code == 422
        right = await activate(client, path)
        assert right.status_code == 303
    async with world.as_system() as session:
        kept = await session.get(Person, person.id)
        assert kept is not None
        assert kept.password_hash == person.password_hash


async def test_guessing_the_password_of_a_known_address_is_limited(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    await a_person(world, "bert@claes.example", "Bert Claes")
    path = await an_invitation(world, owner, await a_dossier(world, firm))
    async with world.client() as client:
        page = await client.get(path)
        form = {"name": "B", "language": "en", "password": "wrong wrong wrong", "csrf_token": token_in(page)}
        answers = [(await client.post(path, data=form)).status_code for _ in range(11)]
    assert answers[:10] == [422] * 10
    assert answers[10] == 429


async def test_a_session_planted_before_activation_never_becomes_the_session(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    path = await an_invitation(world, owner, await a_dossier(world, firm))
    async with world.client() as client:
        client.cookies.set("session", "planted", domain="noordzee.localhost")
        answer = await activate(client, path)
        assert answer.status_code == 303
        given = answer.headers["set-cookie"]
        assert "session=" in given
        assert "planted" not in given
    async with world.client() as thief:
        thief.cookies.set("session", "planted", domain="noordzee.localhost")
        assert (await thief.get("/")).status_code == 303


async def test_whoever_was_signed_in_before_is_signed_out_by_an_activation_they_agreed_to(
    world: World,
) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    path = await an_invitation(world, owner, await a_dossier(world, firm))
    async with sign_in(world, owner) as client:
        asked = await activate(client, path)
        assert asked.status_code == 409
        yes = asked.text.partition('name="leave" value="')[2].partition('"')[0]
        answer = await activate(client, path, leave=yes)
        assert answer.status_code == 303, answer.text
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(LoginSession)) == 1


async def test_all_dossiers_of_the_firm_on_the_company_follow_the_claim(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    company = await a_company(world, firm)
    dossier = await a_dossier(world, firm, company)
    second = await a_dossier(world, firm, company, code="01205", activity="rent")
    other_link = await an_invitation(world, owner, second, email="other@claes.example")
    world.clock.at += timedelta(minutes=1)
    path = await an_invitation(world, owner, dossier)
    async with world.client() as client:
        assert (await activate(client, path)).status_code == 303
        assert (await client.get(other_link)).status_code == 410
    async with world.as_system() as session:
        states = set(await session.scalars(sa.select(Dossier.access)))
        assert states == {Access.GRANTED}


async def test_a_company_claimed_elsewhere_gets_a_request_and_no_twin(world: World) -> None:
    noordzee, ardennes = await a_firm(world), await a_firm(world, "ardennes", "Bureau Ardennes")
    owner = await a_staff_member(world, ardennes)
    dossier = await a_dossier(world, ardennes)
    path = await an_invitation(world, owner, dossier)
    claimed = await a_company(world, None, number=dossier.number, claimed=True)
    await a_dossier(world, noordzee, claimed, access=Access.GRANTED)
    await a_member(world, noordzee, claimed.id, email="real.owner@claes.example")
    async with world.client("ardennes.localhost") as client:
        answer = await activate(client, path)
        assert answer.status_code == 409
        assert "already has an account here" in answer.text
        assert (await client.get(path)).status_code == 410
    await world.run_jobs()
    async with world.as_system() as session:
        assert (
            await session.scalar(
                sa.select(sa.func.count()).select_from(Person).where(Person.email == "bert@claes.example")
            )
            == 0
        )
        mine = list(
            await session.scalars(
                sa.select(Dossier).where(Dossier.firm_id == ardennes.id).order_by(Dossier.id)
            )
        )
        assert [(one.company_id, one.access) for one in mine] == [
            (dossier.company_id, Access.MANAGED),
            (claimed.id, Access.REQUESTED),
        ]
        company = await session.get(Company, dossier.company_id)
        assert company is not None
        assert company.claimed_at is None
        addresses = set(
            await session.scalars(sa.select(MailMessage.to_email).where(MailMessage.firm_id == ardennes.id))
        )
        assert "real.owner@claes.example" not in addresses
    asked = mails(world, ardennes.id)[-1]
    assert asked["Subject"] == "Bureau Ardennes asks for access to Bakkerij Peeters"
    assert "real.owner@claes.example" in asked["To"]
    assert link_in(asked, "/my-accountant") == "/my-accountant"


async def test_two_who_use_the_same_link_at_once_make_one_owner(world: World) -> None:
    import asyncio

    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    path = await an_invitation(world, owner, dossier)
    async with world.client() as one, world.client() as two:
        pages = [await one.get(path), await two.get(path)]
        form = {"name": "Bert Claes", "language": "en", "password": PASSWORD}
        answers = await asyncio.gather(
            *(
                client.post(path, data={**form, "csrf_token": token_in(page)})
                for client, page in zip((one, two), pages, strict=True)
            )
        )
    assert sorted(answer.status_code for answer in answers) == [303, 410]


async def test_the_mail_is_in_the_readers_language_and_brand(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    dossier = await a_dossier(world, firm)
    await an_invitation(world, owner, dossier)
    mail = mails(world)[-1]
    whole = mail.as_string()
    assert mail["From"] == "Kantoor Noordzee <no-reply@noordzee.localhost>"
    assert mail["Reply-To"] == "Kantoor Noordzee <info@noordzee.example>"
    assert "http://noordzee.localhost:8000/activate/" in text_of(mail)
    html = mail.get_body(("html",))
    assert html is not None
    assert "#E69138" in html.get_content()
    assert "info@noordzee.example" in html.get_content()
    assert "fidero" not in whole.lower()


async def test_a_reader_of_the_firm_who_may_not_invite_is_refused_and_members_see_no_such_page(
    world: World,
) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm, access=Access.GRANTED)
    member = await a_member(world, firm, dossier.company_id, Role.ENTREPRENEUR)
    async with sign_in(world, member) as client:
        answer = await client.post(f"/dossiers/{dossier.id}/invitation", data={"email": "a@b.example"})
        assert answer.status_code in (403, 404)
    async with world.client() as visitor:
        await visitor.get("/sign-in")
        answer = await visitor.post(
            f"/dossiers/{dossier.id}/invitation", data={"csrf_token": visitor.cookies["visitor"]}
        )
        assert answer.status_code == 401
