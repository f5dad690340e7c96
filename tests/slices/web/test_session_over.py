"""A form that is sent when the session has ended: its writer signs in and finds it filled in; nobody else ever sees it."""

from datetime import timedelta
from pathlib import Path

import lxml.html
import pytest
import sqlalchemy as sa

from portal.features.accounts.models import KeptForm, PageToken
from portal.features.accounts.service.forms import MOST_KEPT
from portal.kernel.actor import Role
from portal.web.forms import SECRETS
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_scene import an_office
from tests.support.ended import BROWSER, a_full_office, a_note, all_forms, email_of, end, enter_on, send
from tests.support.forms import WebForm, the_form, web_forms
from tests.support.servers import ROOT
from tests.support.world import World


@pytest.mark.parametrize("role", [Role.OWNER, Role.ENTREPRENEUR])
async def test_every_form_comes_back_filled_in(world: World, role: Role) -> None:
    office = await a_full_office(world)
    person = await a_staff_member(world, office.firm, role) if role is Role.OWNER else office.entrepreneur
    email = await email_of(world, person)
    async with sign_in(world, person) as client:
        forms = await all_forms(client)
        assert len(forms) > (15 if role is Role.OWNER else 4), [form.action for form in forms]
        for known in forms:
            world.clock.at += timedelta(minutes=11)
            # The page as it is now, filled in by a person.
            page = await client.get(known.page)
            names = [one.get("name") for one in known.controls]
            form = next(
                one
                for one in web_forms(page.text, known.page)
                if one.action == known.action and [two.get("name") for two in one.controls] == names
            ).fill()
            typed = form.typed()
            end(client)
            over = await send(client, form)
            assert over.status_code == 401, (form.action, over.status_code)
            assert "Your session has ended" in over.text
            assert "copy it" not in over.text, form.action
            entered = await enter_on(client, over, email)
            assert entered.status_code == 303, (form.action, entered.text)
            where = entered.headers["location"]
            assert where.startswith(form.page), (form.action, where)
            again = await client.get(where)
            assert again.status_code == 200, (where, again.status_code)
            assert "Not sent yet" in again.text, form.action
            back = [
                one
                for one in web_forms(again.text, form.page)
                if one.element.xpath(".//*[@data-kept-notice]")
            ]
            assert [one.action for one in back] == [form.action]
            assert back[0].typed() == typed, form.action
            token = dict(back[0].sent())["csrf_token"]
            assert token == again.text.partition('name="csrf-token" content="')[2].partition('"')[0]
    async with world.as_system() as session:
        fields = [name for row in await session.scalars(sa.select(KeptForm.fields)) for name, _ in row]
    assert not SECRETS & set(fields)


async def test_it_is_sent_once_after_that_and_nothing_is_left(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Els De Smet")
        end(client)
        over = await send(client, form)
        where = (await enter_on(client, over, await email_of(world, office.accountant))).headers["location"]
        page = await client.get(where)
        saved = await send(client, WebForm(the_form(page.text, form.page).element, where))
        assert saved.status_code == 303
        assert "Els De Smet" in (await client.get(office.base)).text
        assert "Not sent yet" not in (await client.get(where)).text
    assert await office.count(KeptForm) == 0


async def test_signed_in_again_in_another_tab_asks_for_no_password(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Els De Smet")
        end(client)
        page = await client.get("/sign-in")
        await enter_on(client, page, await email_of(world, office.accountant))
        back = await send(client, form)
        assert back.status_code == 303
        page = await client.get(back.headers["location"])
        assert "Not sent yet" in page.text
        assert dict(the_form(page.text, form.page).sent())["contact_name"] == "Els De Smet"


async def test_what_is_kept_is_bounded_and_goes_after_a_day(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office)
        end(client)
        long = [*form.sent(), ("more", "x" * 70_000)]
        assert (await send(client, form, long)).status_code == 401
        assert await office.count(KeptForm) == 0
        for _ in range(MOST_KEPT + 3):
            assert (await send(client, form)).status_code == 401
        assert await office.count(KeptForm) == MOST_KEPT
        for _ in range(60):
            last = await send(client, form)
        assert last.status_code == 401
        assert "could not be kept" in last.text
    world.clock.at += timedelta(days=1, minutes=1)
    await world.sweep()
    assert await office.count(KeptForm) == 0
    assert await office.count(PageToken) > 0
    world.clock.at += timedelta(days=41)
    await world.sweep()
    assert await office.count(PageToken) == 0


async def test_scripts_are_told_so_that_they_can_ask(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        end(client)
        for answer in (
            await client.post(f"{office.base}/edit", headers={"hx-request": "true", **BROWSER}),
            await client.get("/dossiers", headers={"hx-request": "true", **BROWSER}),
        ):
            assert answer.status_code == 401
            assert answer.headers["x-session"] == "over"


async def test_a_page_opened_without_a_session_comes_after_signing_in_with_its_query(world: World) -> None:
    office = await an_office(world)
    async with world.client() as client:
        asked = await client.get("/dossiers?q=brood&sort=-name")
        assert asked.status_code == 303
        page = await client.get(asked.headers["location"])
        entered = await enter_on(client, page, await email_of(world, office.accountant))
        assert entered.headers["location"] == "/dossiers?q=brood&sort=-name"
        for elsewhere in ("//evil.example", "https://evil.example", "/\\evil.example"):
            end(client)
            page = await client.get("/sign-in", params={"next": elsewhere})
            entered = await enter_on(client, page, await email_of(world, office.accountant))
            assert entered.headers["location"] == "/"


async def test_the_back_button_after_it_leads_to_what_was_typed_too(world: World) -> None:
    office = await an_office(world)
    async with sign_in(world, office.accountant) as client:
        form = await a_note(client, office, "Els De Smet")
        end(client)
        await send(client, form)
        back = await client.get(form.page)
        page = await client.get(back.headers["location"])
        entered = await enter_on(client, page, await email_of(world, office.accountant))
        page = await client.get(entered.headers["location"])
        assert dict(the_form(page.text, form.page).sent())["contact_name"] == "Els De Smet"


def test_every_password_field_is_known_as_a_secret() -> None:
    import re

    texts = [path.read_text() for path in Path(ROOT / "themes" / "templates").rglob("*.html")]
    names = {name for text in texts for name in re.findall(r"ui\.password\(\"(\w+)\"", text)}
    assert names == SECRETS
    typed = [text for text in texts if re.search(r"<input[^>]*type=\"password\"", text)]
    assert len(typed) == 1, "the one component"


def test_a_page_that_has_the_form_no_more_shows_what_was_typed() -> None:
    from portal.web.directories import KeptForm as Kept
    from portal.web.filled_pages import fill

    kept = Kept("1", "/gone", "/page", (("reason", "<b>Waarom</b>"),))
    page = "<!doctype html><html><body><main><p>Weg</p></main></body></html>"
    shown = fill(page, kept, lambda found, left, _files: f"<div>{found} {len(left)}</div>")
    assert lxml.html.document_fromstring(shown).xpath("//main/div")[0].text == "False 1"
