"""What a browser without script does when its session has ended: it sends the form, signs in, and comes back."""

from collections import deque
from urllib.parse import urlencode

import httpx

from portal.features.accounts.models import Person
from portal.kernel.actor import Actor
from tests.support.builders import PASSWORD, a_dossier
from tests.support.builders_papers import a_pdf
from tests.support.builders_scene import Office, an_office
from tests.support.forms import LINES, WebForm, the_form, web_forms
from tests.support.pages import kind_of, local_paths
from tests.support.world import World

HOST = "http://noordzee.localhost:8000"
BROWSER = {"sec-fetch-site": "same-origin"}
OF_NOBODY = {"/sign-out", "/language"}


async def send(
    client: httpx.AsyncClient, form: WebForm, fields: list[tuple[str, str]] | None = None, **more: str
) -> httpx.Response:
    """As a browser without script sends a form of the page it shows."""
    client.headers.pop("x-csrf-token", None)
    return await client.post(
        form.action,
        content=urlencode(form.sent() if fields is None else fields),
        headers={
            "content-type": "application/x-www-form-urlencoded",
            "referer": HOST + form.page,
            **BROWSER,
            **more,
        },
    )


async def email_of(world: World, actor: Actor) -> str:
    async with world.as_system() as session:
        person = await session.get(Person, actor.person_id)
        assert person is not None
        return person.email


async def enter_on(client: httpx.AsyncClient, page: httpx.Response, email: str) -> httpx.Response:
    """Sign in with the form of the page that was shown."""
    form = the_form(page.text, "/sign-in", "/sign-in")
    form.set("email", email)
    form.set("password", PASSWORD)
    return await send(client, form)


def end(client: httpx.AsyncClient) -> None:
    """The session is over: its cookie is gone, as after signing out in another tab."""
    client.cookies.delete("session")


async def a_note(client: httpx.AsyncClient, office: Office, text: str = LINES) -> WebForm:
    """The account form of whoever is signed in, with something typed."""
    page = await client.get(f"{office.base}/edit")
    form = the_form(page.text, f"{office.base}/edit")
    form.set("contact_name", text)
    return form


async def all_forms(client: httpx.AsyncClient) -> list[WebForm]:
    """Every form of every page that somebody reaches, one of each kind."""
    waiting, seen, found = deque(["/", "/account"]), {"/?"}, {}
    while waiting:
        path = waiting.popleft()
        page = await client.get(path)
        if not page.headers.get("content-type", "").startswith("text/html"):
            continue
        for form in web_forms(page.text, path):
            names = tuple(sorted({one.get("name") for one in form.controls}))
            if form.action not in OF_NOBODY:
                found.setdefault((kind_of(form.action), names), form)
        for link in local_paths(page.text, path):
            if kind_of(link) not in seen and not link.startswith("/static/"):
                seen.add(kind_of(link))
                waiting.append(link)
    return list(found.values())


async def a_full_office(world: World) -> Office:
    """With something on every page."""
    office = await an_office(world)
    await office.purchase()
    await office.hand_in({"kasticket.pdf": a_pdf()})
    await a_dossier(world, office.firm, name="Slagerij Maes", code="9", contact_email="maes@slagerij.example")
    return office
