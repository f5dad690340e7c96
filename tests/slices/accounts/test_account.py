"""One's own account, a forgotten password, and the settings of the firm."""

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from portal.features.accounts.models import LoginSession, PasswordReset, Person
from portal.features.accounts.service import people
from portal.features.audit.models import AuditEvent
from portal.features.mail.models import MailMessage
from portal.features.parties.models import Firm
from portal.jobs.models import JobRow
from portal.kernel.actor import Role
from portal.kernel.errors import Unavailable
from portal.kernel.language import Language
from tests.support.builders import (
    PASSWORD,
    a_dossier,
    a_firm,
    a_member,
    a_person,
    a_staff_member,
    sign_in,
)
from tests.support.builders_dossiers import link_in, mails, token_in
from tests.support.world import World

NEW = "een nieuwe lange zin"


async def wish(client: httpx.AsyncClient, email: str) -> httpx.Response:
    page = await client.get("/forgot")
    return await client.post("/forgot", data={"email": email, "csrf_token": token_in(page)})


async def test_name_and_language_are_ones_own(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        assert "An Peeters" in (await client.get("/account")).text
        assert (await client.post("/account", data={"name": "Anna", "language": "fr"})).status_code == 303
        page = await client.get("/account")
        assert '<html lang="fr">' in page.text
        assert 'value="Anna"' in page.text
        wrong = await client.post("/account", data={"name": "", "language": "xx"})
        assert wrong.status_code == 422
    async with world.as_system() as session:
        person = await session.get(Person, owner.person_id)
        assert person is not None
        assert (person.name, person.language) == ("Anna", Language.FR)
        assert "accounts.profile_changed" in set(await session.scalars(sa.select(AuditEvent.action)))


async def test_a_new_password_signs_other_browsers_out_and_tells_the_person(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, email="an@noordzee.example")
    async with sign_in(world, owner) as here, sign_in(world, owner) as there:
        wrong = await here.post("/account/password", data={"current": "not mine at all", "password": NEW})
        weak = await here.post("/account/password", data={"current": PASSWORD, "password": "aaaaaaaaaaaa"})
        assert (wrong.status_code, weak.status_code) == (422, 422)
        assert "not your password" in wrong.text
        assert "too easy to guess" in weak.text
        assert (await there.get("/account")).status_code == 200
        done = await here.post("/account/password", data={"current": PASSWORD, "password": NEW})
        assert done.status_code == 303
        assert (await here.get("/account")).status_code == 200
        assert (await there.get("/account")).status_code == 303
    await world.run_jobs()
    assert mails(world)[-1]["Subject"] == "Your password was changed"


async def test_a_new_password_ends_the_open_links_for_another(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, email="an@noordzee.example")
    async with sign_in(world, owner) as signed_in, world.client() as client:
        await wish(client, "an@noordzee.example")
        await world.run_jobs()
        path = link_in(mails(world)[-1], "/reset/")
        assert (await client.get(path)).status_code == 200
        done = await signed_in.post("/account/password", data={"current": PASSWORD, "password": NEW})
        assert done.status_code == 303
        page = await client.get(path)
        assert page.status_code == 410
        late = await client.post(path, data={"password": PASSWORD, "csrf_token": client.cookies["visitor"]})
        assert late.status_code == 410


async def test_a_password_that_could_not_be_changed_signs_nobody_out(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_args: object) -> None:
        raise Unavailable

    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as here, sign_in(world, owner) as there:
        monkeypatch.setattr(people, "publish", away)
        answer = await here.post("/account/password", data={"current": PASSWORD, "password": NEW})
        assert answer.status_code == 503
        assert (await there.get("/account")).status_code == 200
        monkeypatch.undo()
        again = await here.post("/account/password", data={"current": PASSWORD, "password": NEW})
        assert again.status_code == 303
        assert (await there.get("/account")).status_code == 303


async def test_tries_at_ones_own_password_are_limited(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    async with sign_in(world, owner) as client:
        answers = [
            (await client.post("/account/password", data={"current": "wrong", "password": NEW})).status_code
            for _ in range(9)
        ]
    assert answers == [422] * 8 + [429]


async def test_a_browser_somewhere_else_is_signed_out_by_its_owner_alone(world: World) -> None:
    firm = await a_firm(world)
    owner, second = await a_staff_member(world, firm), await a_staff_member(world, firm, Role.MANAGER)
    async with sign_in(world, owner) as here, sign_in(world, owner) as there, sign_in(world, second) as other:
        page = await here.get("/account")
        name = page.text.partition("/account/sessions/")[2].partition("/")[0]
        assert len(name) == 32
        assert (await other.post(f"/account/sessions/{name}/end")).status_code == 404
        assert (await there.get("/account")).status_code == 200
        assert (await here.post(f"/account/sessions/{name}/end")).status_code == 303
        assert (await there.get("/account")).status_code == 303
        async with world.as_system() as session:
            hashes = list(await session.scalars(sa.select(LoginSession.token_hash)))
        assert not any(digest.hex() in page.text for digest in hashes)


async def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, email="an@noordzee.example")
    async with sign_in(world, owner) as signed_in, world.client() as client:
        assert (await wish(client, "An@Noordzee.example")).status_code == 200
        await world.run_jobs()
        path = link_in(mails(world)[-1], "/reset/")
        page = await client.get(path)
        assert page.headers["referrer-policy"] == "no-referrer"
        weak = await client.post(path, data={"password": "kort", "csrf_token": token_in(page)})
        assert weak.status_code == 422
        done = await client.post(path, data={"password": NEW, "csrf_token": token_in(page)})
        assert (done.status_code, done.headers["location"]) == (303, "/sign-in")
        assert (await client.get(path)).status_code == 410
        again = await client.post(path, data={"password": PASSWORD, "csrf_token": token_in(page)})
        assert again.status_code == 410
        assert (await signed_in.get("/account")).status_code == 303
        for password, status in ((PASSWORD, 422), (NEW, 303)):
            page = await client.get("/sign-in")
            entered = await client.post(
                "/sign-in",
                data={"email": "an@noordzee.example", "password": password, "csrf_token": token_in(page)},
            )
            assert entered.status_code == status
    token = path.rsplit("/", 1)[1]
    async with world.as_system() as session:
        for table in (JobRow, MailMessage, PasswordReset, AuditEvent):
            rows = await session.execute(sa.text(f"select row_to_json(t)::text from {table.__tablename__} t"))
            assert all(token not in row[0] for row in rows)


async def test_forgetting_says_the_same_for_an_address_that_nobody_has(world: World) -> None:
    firm = await a_firm(world)
    await a_staff_member(world, firm, email="an@noordzee.example")
    await a_person(world, "stranger@elsewhere.example")
    async with world.client() as client:
        answers = {
            email: await wish(client, email)
            for email in ("an@noordzee.example", "nobody@noordzee.example", "stranger@elsewhere.example")
        }
    assert {answer.status_code for answer in answers.values()} == {200}
    assert len({answer.text.replace(email, "E") for email, answer in answers.items()}) == 1
    async with world.as_system() as session:
        assert await session.scalar(sa.select(sa.func.count()).select_from(PasswordReset)) == 3
    await world.run_jobs()
    assert [letter["To"] for letter in mails(world)] == ["An Peeters <an@noordzee.example>"]


async def test_a_link_for_a_new_password_grows_old_and_is_nothing_on_another_host(world: World) -> None:
    firm = await a_firm(world)
    await a_firm(world, "ardennes", "Bureau Ardennes")
    await a_staff_member(world, firm, email="an@noordzee.example")
    async with world.client() as client, world.client("ardennes.localhost") as other:
        await wish(client, "an@noordzee.example")
        await world.run_jobs()
        path = link_in(mails(world)[-1], "/reset/")
        assert (await other.get(path)).status_code == 410
        assert (await client.get(path)).status_code == 200
        world.clock.at += timedelta(hours=1)
        old = await client.get(path)
        unknown = await client.get("/reset/" + "x" * 43)
        assert (old.status_code, unknown.status_code) == (410, 410)


async def test_wishes_for_one_address_are_limited(world: World) -> None:
    await a_firm(world)
    async with world.client() as client:
        answers = [(await wish(client, "an@noordzee.example")).status_code for _ in range(4)]
        empty = await wish(client, "")
    assert answers == [200, 200, 200, 429]
    assert empty.status_code == 422


async def test_the_owner_changes_the_profile_that_stands_under_every_mail(world: World) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm)
    await a_staff_member(world, firm, Role.ASSISTANT, name="Tom Aerts")
    form = {
        "name": "Kantoor Noordzee BV",
        "number": "0403.170.701",
        "email": "Post@Noordzee.example",
        "phone": "059 12 34 56",
        "street": "Zeedijk 1",
        "postcode": "8400",
        "city": "Oostende",
        "language": "nl",
    }
    async with sign_in(world, owner) as client:
        assert (await client.get("/settings")).status_code == 200
        team = (await client.get("/settings/team")).text
        assert "Tom Aerts" in team
        assert "Assistant" in team
        wrong = await client.post(
            "/settings", data={**form, "number": "0403.170.702", "email": "x", "name": ""}
        )
        assert wrong.status_code == 422
        assert 'value="0403.170.702"' in wrong.text
        assert (await client.post("/settings", data=form)).status_code == 303
    async with world.as_system() as session:
        changed = await session.get(Firm, firm.id)
        assert changed is not None
        assert (changed.name, changed.number, changed.email, changed.city) == (
            "Kantoor Noordzee BV",
            "0403170701",
            "post@noordzee.example",
            "Oostende",
        )
        assert "parties.firm_changed" in set(await session.scalars(sa.select(AuditEvent.action)))


@pytest.mark.parametrize("role", [Role.MANAGER, Role.ACCOUNTANT, Role.ASSISTANT])
async def test_settings_are_for_owners(world: World, role: Role) -> None:
    firm = await a_firm(world)
    staff = await a_staff_member(world, firm, role)
    async with sign_in(world, staff) as client:
        assert (await client.get("/settings")).status_code == 403
        assert (await client.post("/settings", data={"name": "Mine"})).status_code == 403


async def test_members_and_visitors_have_no_settings(world: World) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    member = await a_member(world, firm, dossier.company_id)
    async with sign_in(world, member) as client, world.client() as visitor:
        assert (await client.get("/settings")).status_code == 403
        assert (await visitor.get("/settings")).status_code == 303
        assert (await visitor.get("/account")).status_code == 303
        assert (await visitor.get("/switch")).status_code == 303


async def test_only_who_approves_somewhere_chooses_its_mail(world: World) -> None:
    firm = await a_firm(world)
    dossier = await a_dossier(world, firm)
    people = {
        await a_staff_member(world, firm, Role.ACCOUNTANT): False,
        await a_member(world, firm, dossier.company_id, Role.ENTREPRENEUR): True,
        await a_member(world, firm, dossier.company_id, Role.APPROVER): True,
        await a_member(world, firm, dossier.company_id, Role.READER): False,
    }
    for person, offered in people.items():
        async with sign_in(world, person) as client:
            page = await client.get("/account")
            assert page.status_code == 200
            assert ('name="approval_mails"' in page.text) is offered, person
