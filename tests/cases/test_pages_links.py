"""One-time links as mail brings them: fetched by guards, with a sign too many, opened in somebody else's browser."""

from datetime import timedelta

import httpx
import pytest
import sqlalchemy as sa

from portal.features.onboarding.domain import InvitationState
from portal.features.onboarding.models import Invitation
from portal.kernel.actor import Actor, Role
from portal.kernel.language import Language
from tests.support.builders import PASSWORD, a_dossier, a_firm, a_staff_member, sign_in
from tests.support.builders_dossiers import activate, an_invitation, token_in
from tests.support.cases import of_kind
from tests.support.forms import web_forms
from tests.support.world import World

pytestmark = pytest.mark.corpus
BROWSER = {"sec-fetch-site": "same-origin"}
GUARDS = (
    {"user-agent": ""},
    {"user-agent": "Mozilla/5.0 (compatible; SafeLinks)"},
    {"purpose": "prefetch"},
    {"sec-purpose": "prefetch;prerender"},
    {"user-agent": "Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36"},
)
"""What fetches a link before the person does; the last one says it is a browser."""


async def invited(world: World) -> tuple[Actor, str, str]:
    """Sofie of the office, the page of a dossier, and the path of the link that its client got."""
    firm = await a_firm(world)
    sofie = await a_staff_member(
        world, firm, Role.ACCOUNTANT, email="sofie@noordzee.example", name="Sofie Maes"
    )
    dossier = await a_dossier(world, firm, name="Bakkerij Peeters", manager_id=sofie.person_id)
    return sofie, f"/dossiers/{dossier.id}", await an_invitation(world, sofie, dossier)


async def state(world: World) -> InvitationState | None:
    async with world.as_system() as session:
        return await session.scalar(sa.select(Invitation.state))


async def told(world: World, sofie: Actor, page: str) -> str:
    async with sign_in(world, sofie) as office:
        return (await office.get(page)).text


async def fetched_by_guards(world: World, path: str) -> None:
    for headers in GUARDS:
        async with world.client() as guard:
            assert (await guard.head(path, headers=headers)).status_code == 200
            assert (await guard.get(path, headers=headers)).status_code == 200
            assert (await guard.post(path, headers=headers)).status_code >= 400
            assert (await guard.post(path + "/opened", headers=headers)).status_code >= 400


async def test_a_link_works_after_guards_have_fetched_it(world: World) -> None:
    assert "link scanner" in of_kind("K64")[0].read().decode()
    _sofie, _page, path = await invited(world)
    await fetched_by_guards(world, path)
    world.clock.at += timedelta(minutes=11)
    async with world.client() as person:
        assert (await activate(person, path)).status_code == 303
        assert (await person.get(path)).status_code == 410, "it works once"


async def test_what_guards_fetch_is_not_told_as_the_clients_act(world: World) -> None:
    assert "empty User-Agent" in of_kind("K65")[0].read().decode()
    sofie, page, path = await invited(world)
    await fetched_by_guards(world, path)
    assert await state(world) is InvitationState.SENT
    assert "opened the link" not in await told(world, sofie, page)


async def test_a_person_who_does_something_at_the_page_has_opened_it(world: World) -> None:
    sofie, page, path = await invited(world)
    async with world.client() as person:
        shown = await person.get(path)
        assert f'data-opened="{path}/opened"' in shown.text
        said = await person.post(path + "/opened", headers={"x-csrf-token": token_in(shown), **BROWSER})
        assert said.status_code == 204
    assert await state(world) is InvitationState.OPENED
    assert "opened the link" in await told(world, sofie, page)


async def test_without_script_the_first_form_that_is_sent_says_it(world: World) -> None:
    sofie, page, path = await invited(world)
    async with world.client() as person:
        assert (await activate(person, path, password="kort")).status_code == 422
    assert await state(world) is InvitationState.OPENED
    assert "opened the link" in await told(world, sofie, page)


async def test_somebody_else_who_looks_has_not_opened_it(world: World) -> None:
    sofie, _page, path = await invited(world)
    async with sign_in(world, sofie) as client:
        await client.get(path)
        await client.post(path + "/opened", headers=BROWSER)
    assert await state(world) is InvitationState.SENT


async def test_nobody_hears_from_that_address_whether_a_link_is_known(world: World) -> None:
    _sofie, _page, path = await invited(world)
    async with world.client() as person:
        token = token_in(await person.get(path))
        headers = {"x-csrf-token": token, **BROWSER}
        unknown = path[:-4] + "AAAA/opened"
        assert (await person.post(unknown, headers=headers)).status_code == 204
    assert await state(world) is InvitationState.SENT


BEHIND = """. ) > , %20 %22 ; : ! %E2%80%A6 = %E2%80%8B ' %E2%80%99 &gt; &gt ] } * _ - / /) %0A %3D %2520 &#62; ** __ ~~ ?utm_source=mail
 )%20 %C2%A0 %EF%BB%BF .%E2%80%9D | ` \\ %5C %C2%BB"""


async def test_a_sign_too_many_behind_a_link_is_not_of_it(world: World) -> None:
    given = of_kind("K66")[0].read().decode().rpartition(":")[2].split()
    _sofie, _page, path = await invited(world)
    async with world.client() as person:
        for sign in [*given, *BEHIND.split()]:
            world.clock.at += timedelta(minutes=11)
            page = await person.get(path + sign)
            if page.status_code == 303:
                page = await person.get(page.headers["location"])
            assert page.status_code == 200, sign
            assert "Activate your access" in page.text, sign


async def test_a_link_that_a_mail_program_broke_over_lines_works(world: World) -> None:
    _sofie, _page, path = await invited(world)
    async with world.client() as person:
        for gap in ("%20", "%0A", "%0D%0A", "=%0A", "%E2%80%8B"):
            world.clock.at += timedelta(minutes=11)
            page = await person.get(path[:-7] + gap + path[-7:])
            assert page.status_code == 200, gap
        other = path[:-7] + "%20" + ("A" * 7)
        assert (await person.get(other)).status_code == 410


async def test_an_invitation_opened_while_signed_in_asks_who_goes_on(world: World) -> None:
    assert "Sign in as the accountant" in of_kind("K67")[0].read().decode()
    sofie, _page, path = await invited(world)
    async with sign_in(world, sofie) as client:
        page = await client.get(path)
        assert "You are signed in as Sofie Maes" in page.text
        assert "Stay signed in as Sofie Maes" in page.text
        assert 'name="password"' not in page.text
        sent = {"name": "Pia", "language": "en", "password": PASSWORD}
        token = client.headers["x-csrf-token"]
        refused = await client.post(path, data=sent | {"csrf_token": token})
        assert refused.status_code == 409
        assert (await client.get("/dossiers")).status_code == 200, "Sofie's session goes on"
        gone = await press(client, page, path, "/sign-out")
        assert gone.headers["location"] == path
        client.headers.pop("x-csrf-token")
        assert (await activate(client, path)).status_code == 303


async def press(client: httpx.AsyncClient, page: httpx.Response, path: str, action: str) -> httpx.Response:
    """Send the last form of a page that goes somewhere (the first may be of the menu)."""
    form = [one for one in web_forms(page.text, path) if one.action == action][-1]
    return await client.post(form.action, data=dict(form.sent()), headers=BROWSER)


@pytest.mark.parametrize("language", list(Language))
async def test_the_question_is_asked_in_the_readers_language(world: World, language: Language) -> None:
    sofie, _page, path = await invited(world)
    async with sign_in(world, sofie) as client:
        token = client.headers["x-csrf-token"]
        await client.post("/language", data={"language": language.value, "csrf_token": token})
        page = await client.get(path)
    assert "Sofie Maes" in page.text
    assert ("You are signed in" in page.text) is (language is Language.EN)
