"""A form that comes after the session's end is its writer's alone: who signs in next, in which browser, and what others learn."""

import pytest
import sqlalchemy as sa

from portal.features.accounts.models import KeptForm
from portal.features.accounts.service.forms import KEPT_PER_NETWORK, MOST_KEPT
from portal.features.dossiers.domain.dossiers import Access
from portal.kernel.actor import Role
from tests.support.builders import PASSWORD, a_company, a_dossier, a_staff_member, sign_in
from tests.support.builders_scene import an_office
from tests.support.ended import BROWSER, a_note, email_of, end, enter_on, send
from tests.support.forms import the_form, web_forms
from tests.support.world import World


async def test_somebody_else_at_that_browser_sees_nothing_of_it(world: World) -> None:
    office = await an_office(world)
    other = await a_staff_member(world, office.firm, Role.OWNER, email="pol@noordzee.example")
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Een geheim van An")
        end(client)
        over = await send(client, form)
        assert "Een geheim" not in over.text
        entered = await enter_on(client, over, "pol@noordzee.example")
        assert entered.status_code == 303
        assert "Een geheim" not in (await client.get(entered.headers["location"])).text
        async with world.as_system() as session:
            key = await session.scalar(sa.select(KeptForm.id))
        assert "Een geheim" not in (await client.get(f"{office.base}/edit?kept={key}")).text
    async with sign_in(world, other) as elsewhere:
        assert "Een geheim" not in (await elsewhere.get(f"{office.base}/edit?kept={key}")).text
    async with sign_in(world, office.accountant) as mine:
        assert "Een geheim van An" in (await mine.get(f"{office.base}/edit?kept={key}")).text


async def test_signed_in_as_somebody_else_meanwhile_is_said_and_asked(world: World) -> None:
    office = await an_office(world)
    await a_staff_member(world, office.firm, Role.OWNER, email="pol@noordzee.example")
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Een geheim van An")
        end(client)
        page = await client.get("/sign-in")
        assert (await enter_on(client, page, "pol@noordzee.example")).status_code == 303
        said = await send(client, form)
        assert said.status_code == 409
        assert "You are signed in as" in said.text
        assert "Een geheim" not in said.text
        out = the_form(said.text, form.page, "/sign-out")
        leave = next(
            one
            for one in web_forms(said.text, form.page)
            if one.action == "/sign-out" and "next" in dict(one.sent())
        )
        assert out is not None
        left = await send(client, leave)
        page = await client.get(left.headers["location"])
        entered = await enter_on(client, page, await email_of(world, office.accountant))
        assert "Een geheim van An" in (await client.get(entered.headers["location"])).text


async def test_the_same_person_for_another_company_goes_back_to_that_one(world: World) -> None:
    office = await an_office(world)
    second = await a_company(world, office.firm, name="Tweede Zaak", claimed=True)
    await a_dossier(world, office.firm, second, code="77", access=Access.GRANTED)
    async with world.as_system() as session:
        from portal.features.accounts.service import people

        assert office.entrepreneur.person_id is not None
        await people.add_member(session, second.id, office.entrepreneur.person_id, Role.ENTREPRENEUR)
    async with sign_in(world, office.entrepreneur) as client:
        page = await client.get("/account")
        form = the_form(page.text, "/account")
        form.set("name", "Els Peeters-De Smet")
        switch = next(
            one for one in web_forms((await client.get("/switch")).text, "/switch") if one.action == "/switch"
        )
        assert (await send(client, switch)).status_code == 303
        said = await send(client, form)
        assert said.status_code == 409
        back = next(one for one in web_forms(said.text, "/account") if one.action == "/switch")
        gone = await send(client, back)
        page = await client.get(gone.headers["location"])
        assert dict(the_form(page.text, "/account").sent())["name"] == "Els Peeters-De Smet"


@pytest.mark.parametrize(
    "headers",
    [
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"sec-fetch-site": "none"},
        {"sec-fetch-site": "", "origin": "https://evil.example"},
    ],
)
async def test_nothing_that_another_site_sends_is_kept(world: World, headers: dict[str, str]) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Gestolen")
        for signed_in in (True, False):
            if not signed_in:
                end(client)
            sent = [(name, value) for name, value in form.sent() if name != "csrf_token" or not signed_in]
            answer = await send(client, form, sent, **headers)
            assert answer.status_code == 403
    assert await office.count(KeptForm) == 0


async def test_a_form_of_a_token_that_nobody_was_given_is_kept_for_nobody(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office)
        end(client)
        made_up = [(name, "x" * 43 if name == "csrf_token" else value) for name, value in form.sent()]
        over = await send(client, form, made_up)
        assert over.status_code == 401
        assert "could not be kept" in over.text
    assert await office.count(KeptForm) == 0


async def test_signing_in_over_the_page_is_for_its_reader_alone(world: World) -> None:
    office = await an_office(world)
    await a_staff_member(world, office.firm, Role.OWNER, email="pol@noordzee.example")
    async with sign_in(world, office.accountant) as client:
        token = client.headers.pop("x-csrf-token")
        page = await client.get("/")
        key = page.text.partition('data-page-key="')[2].partition('"')[0]
        assert (await client.get("/session")).json() == {"page_key": key, "csrf_token": token}
        end(client)
        now = (await client.get("/session")).json()
        assert now["page_key"] == ""
        asked = await client.get("/sign-in/again")
        assert "Your session has ended" in asked.text
        wrong = {"email": "pol@noordzee.example", "password": PASSWORD, "page_token": token}
        refused = await client.post("/sign-in/again", data=wrong, headers=BROWSER)
        assert refused.status_code == 422
        assert "opened by" in refused.text
        assert "session" not in client.cookies
        right = {"email": await email_of(world, office.accountant), "password": PASSWORD, "page_token": token}
        entered = await client.post("/sign-in/again", data=right, headers=BROWSER)
        assert entered.json()["page_key"] == key
        assert entered.json()["csrf_token"] != token
        assert "session" in client.cookies


async def test_whoever_has_only_the_token_of_a_page_learns_nobodys_name(world: World) -> None:
    """A page that was saved or forwarded has the token; the name is for the browser that had the session."""
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Woorden van een vreemde")
        end(client)
        mine = await send(client, form)
        assert office.accountant.name in mine.text
    email = await email_of(world, office.accountant)
    token = dict(form.sent())["csrf_token"]
    async with world.client() as stranger:
        over = await send(stranger, form)
        assert over.status_code == 401
        assert "Your session has ended" in over.text
        assert "nothing is lost" in over.text
        for secret in (office.accountant.name, email):
            assert secret not in over.text
        await a_staff_member(world, office.firm, Role.OWNER, email="pol@noordzee.example", name="Pol Claes")
        wrong = {"email": "pol@noordzee.example", "password": PASSWORD, "page_token": token}
        refused = await stranger.post("/sign-in/again", data=wrong, headers=BROWSER)
        assert refused.status_code == 422
        assert "by somebody else" in refused.text
        assert office.accountant.name not in refused.text
    async with sign_in(
        world, office.accountant
    ) as client:  # the right person, wherever they are, gets it back
        where = (await enter_on(client, over, email)).headers["location"]
        assert "Woorden van een vreemde" in (await client.get(where)).text
    async with world.client() as other:
        pol = await other.get("/sign-in")
        assert (await enter_on(other, pol, "pol@noordzee.example")).status_code == 303
        said = await send(other, form)
        assert said.status_code == 409
        assert office.accountant.name not in said.text


async def test_nobody_lays_words_into_the_forms_of_another_browser_nor_pushes_out_what_is_kept(
    world: World,
) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Mijn eigen woorden")
        end(client)
        kept = (await send(client, form)).text
        foreign = [
            (name, "Woorden van een vreemde" if name == "contact_name" else value)
            for name, value in form.sent()
        ]
        async with world.client() as stranger:
            for _ in range(MOST_KEPT + 5):
                assert (await send(stranger, form, foreign)).status_code == 401
        assert await office.count(KeptForm) == MOST_KEPT
        page = await client.get("/sign-in", params={"next": form.page})
        where = (await enter_on(client, page, await email_of(world, office.accountant))).headers["location"]
        assert dict(the_form((await client.get(where)).text, form.page).sent())["contact_name"] == (
            "Mijn eigen woorden"
        )
        assert where.partition("kept=")[2] in kept


async def test_what_finds_no_room_beside_the_own_browsers_forms_is_not_said_to_be_kept(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Mijn eigen woorden")
        end(client)
        for _ in range(MOST_KEPT):
            assert "nothing is lost" in (await send(client, form)).text
    async with world.client() as elsewhere:
        assert "could not be kept" in (await send(elsewhere, form)).text
    assert await office.count(KeptForm) == MOST_KEPT


@pytest.mark.parametrize("kept", [True, False])
async def test_somebody_else_who_signs_in_there_comes_to_their_own_start(world: World, *, kept: bool) -> None:
    """The page of the form may be none of theirs: no bare *not found*, but what became of the words."""
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Een geheim van An")
        end(client)
        for _ in range(1 if kept else KEPT_PER_NETWORK + 1):
            over = await send(client, form)
        assert ("could not be kept" in over.text) is not kept
        tried = the_form(over.text, "/sign-in", "/sign-in")
        tried.set("email", await email_of(world, office.entrepreneur))
        tried.set("password", "wrong")
        wrong = await send(client, tried)
        assert wrong.status_code == 422
        entered = await enter_on(client, wrong, await email_of(world, office.entrepreneur))
        assert entered.headers["location"] == "/"
        start = await client.get("/")
        assert start.status_code == 200
        said = "belongs to somebody else, and is kept for them alone" if kept else "is not yours"
        assert said in start.text
        assert "Een geheim" not in start.text
