"""A session that ends while a form is filled in: sign in, then go on with what was typed."""

import pytest

from tests.support.builders import sign_in
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.builders_scene import an_office
from tests.support.cases import of_kind
from tests.support.ended import email_of, end, enter_on, send
from tests.support.forms import the_form
from tests.support.world import World

pytestmark = pytest.mark.corpus
TYPED = {
    "counterparty_name": "Bäckerei “Müller”",
    "number": "2026/00451",
    "issue_date": "9/10/2026",
    "total": "1.234,50",
}


async def test_what_was_typed_in_quick_entry_comes_back_after_signing_in(world: World) -> None:
    assert "press Save; then Back" in of_kind("K63")[0].read().decode()
    office = await an_office(world)
    upload = await hand_in(world, office.accountant, {"ticket.pdf": a_pdf()}, office.dossier.id)
    path = f"{office.base}/quick-entry/{upload.outcomes[0].file.id}"
    async with sign_in(world, office.accountant) as client:
        form = the_form((await client.get(path)).text, path, path)
        for name, value in TYPED.items():
            form.set(name, value)
        end(client)
        over = await send(client, form)
        assert over.status_code == 401
        assert 'action="/sign-in"' in over.text
        entered = await enter_on(client, over, await email_of(world, office.accountant))
        page = await client.get(entered.headers["location"])
        back = dict(the_form(page.text, path, path).sent())
    assert {name: back[name] for name in TYPED} == TYPED


async def test_files_are_asked_for_again_by_name(world: World) -> None:
    """Nobody keeps files of somebody who is not signed in: their names come back, and what was typed beside them."""
    assert of_kind("K63")
    office = await an_office(world)
    path = f"{office.base}/quick-entry"
    async with sign_in(world, office.accountant) as client:
        page = await client.get(path)
        token = dict(the_form(page.text, path, path).sent())["csrf_token"]
        end(client)
        client.headers.pop("x-csrf-token", None)
        over = await client.post(
            path,
            data={"csrf_token": token},
            files={"files": ("ticket van 9 oktober.pdf", a_pdf(), "application/pdf")},
            headers={"sec-fetch-site": "same-origin", "referer": f"http://noordzee.localhost:8000{path}"},
        )
        assert over.status_code == 401
        assert 'action="/sign-in"' in over.text
        entered = await enter_on(client, over, await email_of(world, office.accountant))
        back = await client.get(entered.headers["location"])
    assert "ticket van 9 oktober.pdf" in back.text
