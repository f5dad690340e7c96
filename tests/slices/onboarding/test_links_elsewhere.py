"""One-time links as they are really opened: by somebody else's browser, and with a sign too many behind them."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
import sqlalchemy as sa

from portal.features.accounts.models import LoginSession
from portal.features.onboarding.models import Invitation
from portal.features.parties.models import Company, Firm
from portal.kernel.actor import Actor, Role
from portal.kernel.ids import link_token, new_token
from tests.support.builders import PASSWORD, a_dossier, a_firm, a_staff_member, sign_in
from tests.support.builders_dossiers import activate, an_invitation, link_in, mails
from tests.support.forms import web_forms
from tests.support.world import World

BROWSER = {"sec-fetch-site": "same-origin"}


async def arranged(world: World) -> tuple[Actor, str]:
    """Sofie of the office, and the path of an invitation that Bert got."""
    firm = await a_firm(world)
    sofie = await a_staff_member(
        world, firm, Role.ACCOUNTANT, email="sofie@noordzee.example", name="Sofie Maes"
    )
    dossier = await a_dossier(world, firm, name="Bakkerij Peeters", manager_id=sofie.person_id)
    return sofie, await an_invitation(world, sofie, dossier)


async def claimed(world: World) -> bool:
    async with world.as_system() as session:
        return bool(await session.scalar(sa.select(sa.func.count()).where(Company.claimed_at.is_not(None))))


async def sessions(world: World) -> list[str]:
    async with world.as_system() as session:
        return [str(one) for one in await session.scalars(sa.select(LoginSession.person_id))]


async def press(client: httpx.AsyncClient, page: httpx.Response, path: str, action: str) -> httpx.Response:
    """Send the last form of a page that goes somewhere (the first may be of the menu)."""
    form = [one for one in web_forms(page.text, path) if one.action == action][-1]
    return await client.post(form.action, data=dict(form.sent()), headers=BROWSER)


async def test_an_invitation_opened_by_somebody_else_says_so_and_asks(world: World, corpus: Path) -> None:
    assert "Sign in as the accountant" in (corpus / "cases" / "98-invitation-signed-in.txt").read_text()
    sofie, path = await arranged(world)
    async with sign_in(world, sofie) as client:
        page = await client.get(path)
        assert page.status_code == 200
        assert "You are signed in as Sofie Maes" in page.text
        assert "bert@claes.example" in page.text
        assert 'name="password"' not in page.text
        assert page.headers["referrer-policy"] == "no-referrer"
        # Looking is not the client's act.
        async with world.as_system() as session:
            assert (await session.scalar(sa.select(Invitation.opened_at))) is None
        gone = await press(client, page, path, "/sign-out")
        assert gone.headers["location"] == path
        client.headers.pop("x-csrf-token")
        done = await activate(client, path)
        assert done.status_code == 303
    assert await claimed(world)
    assert str(sofie.person_id) not in await sessions(world)


async def test_activating_never_ends_a_session_without_a_yes(world: World) -> None:
    """The form was opened before Sofie signed in, in another tab."""
    sofie, path = await arranged(world)
    async with sign_in(world, sofie) as client:
        token = client.headers["x-csrf-token"]
        form = {"name": "Pia", "language": "en", "password": PASSWORD, "csrf_token": token}
        asked = await client.post(path, data=form)
        assert asked.status_code == 409
        assert "You are signed in as Sofie Maes" in asked.text
        assert 'value="Pia"' in asked.text
        assert PASSWORD not in asked.text
        assert not await claimed(world)
        assert (await client.get("/dossiers")).status_code == 200
        wrong = await client.post(path, data=form | {"leave": "x"})
        assert wrong.status_code == 409
        again = next(one for one in web_forms(asked.text, path) if one.action == path)
        again.set("password", PASSWORD)
        done = await client.post(path, data=dict(again.sent()), headers=BROWSER)
        assert done.status_code == 303
    assert await claimed(world)
    assert str(sofie.person_id) not in await sessions(world)


async def test_ones_own_invitation_needs_no_question(world: World) -> None:
    _sofie, path = await arranged(world)
    async with world.client() as client:
        await activate(client, path)
        assert (await client.get("/")).status_code == 200
    await world.run_jobs()
    world.clock.at += timedelta(minutes=1)
    firm_dossier = await a_second_invitation(world)
    async with world.client() as client:
        page = await client.get("/sign-in")
        form = web_forms(page.text, "/sign-in")[-1]
        form.set("email", "bert@claes.example")
        form.set("password", PASSWORD)
        await client.post("/sign-in", data=dict(form.sent()), headers=BROWSER)
        page = await client.get(firm_dossier)
        assert "You are signed in as" not in page.text
        assert 'name="password"' in page.text


async def a_second_invitation(world: World) -> str:
    firm = await firm_of(world)
    owner = await a_staff_member(world, firm, Role.OWNER, email="baas@noordzee.example")
    dossier = await a_dossier(world, firm, name="Tweede Zaak", code="2")
    return await an_invitation(world, owner, dossier)


async def test_a_link_for_a_new_password_asks_too(world: World) -> None:
    sofie, _path = await arranged(world)
    async with world.client() as visitor:
        page = await visitor.get("/forgot")
        form = web_forms(page.text, "/forgot")[-1]
        await a_staff_member(world, await firm_of(world), Role.OWNER, email="pol@noordzee.example")
        form.set("email", "pol@noordzee.example")
        await visitor.post("/forgot", data=dict(form.sent()), headers=BROWSER)
    await world.run_jobs()
    path = link_in(mails(world)[-1], "/reset/")
    async with sign_in(world, sofie) as client:
        page = await client.get(path)
        assert "You are signed in as Sofie Maes" in page.text
        asked = await client.post(path, data={"password": "een heel ander wachtwoord"})
        assert asked.status_code == 409
        assert (await client.get("/dossiers")).status_code == 200
        gone = await press(client, asked, path, "/sign-out")
        page = await client.get(gone.headers["location"])
        form = web_forms(page.text, path)[-1]
        form.set("password", "een heel ander wachtwoord")
        assert (await client.post(path, data=dict(form.sent()), headers=BROWSER)).status_code == 303


async def firm_of(world: World) -> Firm:
    async with world.as_system() as session:
        firm = await session.scalar(sa.select(Firm))
    assert firm is not None
    return firm


async def test_signing_in_as_another_asks_before_it_ends_a_session(world: World) -> None:
    sofie, _path = await arranged(world)
    await a_staff_member(world, await firm_of(world), Role.OWNER, email="pol@noordzee.example")
    async with world.client() as client:
        old = web_forms((await client.get("/sign-in")).text, "/sign-in")[-1]
        for email in ("sofie@noordzee.example", "pol@noordzee.example"):
            old.set("email", email)
            old.set("password", PASSWORD)
            answer = await client.post("/sign-in", data=dict(old.sent()), headers=BROWSER)
        assert answer.status_code == 409
        assert "You are signed in as Sofie Maes" in answer.text
        assert PASSWORD not in answer.text
        assert str(sofie.person_id) in await sessions(world)
        yes = [one for one in web_forms(answer.text, "/sign-in") if one.action == "/sign-in"][-1]
        yes.set("password", PASSWORD)
        assert (await client.post("/sign-in", data=dict(yes.sent()), headers=BROWSER)).status_code == 303
        assert str(sofie.person_id) not in await sessions(world)


def signs(corpus: Path) -> list[str]:
    line = (corpus / "cases" / "97-link-suffix.txt").read_text()
    return line.rpartition(":")[2].split()


async def test_a_sign_too_many_behind_a_link_is_not_of_it(world: World, corpus: Path) -> None:
    _sofie, path = await arranged(world)
    given = signs(corpus)
    assert len(given) >= 5
    more = [
        ").",
        "%3E",
        "%22",
        "%E2%80%9D",
        "%E2%80%8B",
        "%C2%A0",
        "*",
        "_",
        "-",
        "=",
        "&gt;",
        "%0A",
        "…",
        "/",
        ";",
        "!",
        "]",
    ]
    async with world.client() as client:
        for sign in [*given, *more]:
            world.clock.at = world.clock.at.replace(minute=(world.clock.at.minute + 11) % 60)
            page = await client.get(path + sign)
            assert page.status_code == 200, sign
            assert "Activate your access" in page.text, sign
        done = await activate(client, path + ".")
        assert done.status_code == 303
    assert await claimed(world)


@pytest.mark.parametrize("sign", [".", ")", ">", ",", " ", "”", "\u200b", "!).", "'"])
async def test_any_other_link_of_a_mail_works_with_a_sign_behind_it_too(world: World, sign: str) -> None:
    sofie, _path = await arranged(world)
    async with sign_in(world, sofie) as client:
        page = await client.get(f"/dossiers{quote(sign)}")
        assert page.status_code == 303
        assert page.headers["location"] == "/dossiers"
        assert (await client.get(f"/nowhere{quote(sign)}")).headers["location"] == "/nowhere"
        assert (await client.get("/nowhere")).status_code == 404
        assert (await client.get("/%E2%80%8B//evil.example.")).status_code in (303, 404)


def test_letters_are_never_cut_off_a_token() -> None:
    token = new_token()
    for text in (token + "a", token + ".a", "a" + token, token[:-1], "", token[:-1] + "é"):
        assert link_token(text) == text
    assert link_token(f"<{token}>") == token
