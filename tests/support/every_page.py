"""Every page of the portal as everybody sees it, made once, to be looked at in one way or another."""

import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import httpx
import lxml.html
import sqlalchemy as sa
from playwright.async_api import BrowserContext, Route, async_playwright

from tests.architecture.test_head import everybody, filled
from tests.architecture.test_routes import handlers
from tests.e2e.conftest import CHROMIUM, QUIET
from tests.support.builders_agents import with_waiting
from tests.support.builders_papers import a_pdf, a_ubl, hand_in
from tests.support.inbox import dropped
from tests.support.world import World

WHO = ("owner", "entrepreneur", "reader", "script", "agent", "visitor")
NAMES = {
    "dossier": ("name", "contact_name", "contact_email", "activity"),
    "company": ("name", "street", "city"),
    "person": ("name", "email"),
    "document": ("number", "counterparty_name", "note"),
    "dossier_item": ("number", "counterparty"),
    "intake_file": ("name",),
    "inbox_file": ("name",),
    "agent": ("name",),
    "target": ("name",),
    "bank_account": ("holder",),
    "firm": ("name",),
    "invitation": ("name", "email"),
}
"""What people call things, by table."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One page."""

    who: str
    path: str
    html: str


@dataclass(slots=True)
class Pages:
    """All of them, with a client of the office for what they are dressed with."""

    world: World
    client: httpx.AsyncClient
    seen: list[Seen]
    names: list[str]


@asynccontextmanager
async def every_page(world: World, language: str = "en") -> AsyncIterator[Pages]:
    """Every route that shows a page, as the owner, an entrepreneur, a reader and a visitor see it, with something in each list."""
    async with with_waiting(world) as (agent, waiting):
        office = waiting.office
        files = {
            "ticket.pdf": a_pdf("a receipt"),
            "telecom.xml": a_ubl(customer=office.dossier.number or "", number="7205519"),
        }
        upload = await hand_in(world, office.owner, files, office.dossier.id)
        await dropped(world, office.owner, {"inbox.pdf": a_pdf("inbox")})
        async with everybody(world, waiting, agent) as clients:
            if language != "en":
                async with world.as_system() as session:
                    await session.execute(sa.text("update person set language = :code"), {"code": language})
            paths = sorted({path for method, path, _ in handlers(world.app) if method == "GET"})
            whole = [await filled(world, waiting, upload, path) for path in paths]
            seen = [
                Seen(who, path, text)
                for who, client in zip(WHO, clients, strict=True)
                if who not in ("script", "agent")
                for path in whole
                if (text := await _page(client, path, language))
            ]
            yield Pages(world, clients[0], seen, await _names(world))


async def _page(client: httpx.AsyncClient, path: str, language: str) -> str:
    client.headers["accept-language"] = language
    if not path.startswith("/sign-out"):
        answer = await client.get(path)
        if answer.status_code == 200 and answer.text.startswith("<!doctype html>"):
            return answer.text
    return ""


async def _names(world: World) -> list[str]:
    found: set[str] = set()
    async with world.as_system() as session:
        for table, columns in NAMES.items():
            for column in columns:
                rows = await session.scalars(sa.text(f"select distinct {column} from {table}"))
                found |= {str(one) for one in rows if one and len(str(one)) > 3}
    return sorted(found, key=len, reverse=True)


def with_long_names(html: str, names: list[str], long: str) -> str:
    """The page with every name followed by so many signs."""
    pattern = re.compile("|".join(map(re.escape, names)))
    page = lxml.html.document_fromstring(html)
    for element in page.iter():
        if not isinstance(element.tag, str) or element.tag in ("script", "style", "title"):
            continue
        for part in ("text", "tail"):
            text = getattr(element, part)
            if text and pattern.search(text):
                setattr(element, part, pattern.sub(lambda found: found[0] + long, text))
    return "<!doctype html>\n" + lxml.html.tostring(page, encoding="unicode")


@asynccontextmanager
async def a_browser_at(
    pages: Pages, html_of: Callable[[str], str | None], *, width: int, dark: bool = False, touch: bool = False
) -> AsyncIterator[BrowserContext]:
    """A real browser in front of the application itself: pages come from `html_of`, everything else from the portal."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        context = await browser.new_context(
            viewport={"width": width, "height": 800},
            base_url="http://noordzee.localhost:8000",
            color_scheme="dark" if dark else "light",
            has_touch=touch,
            is_mobile=touch,
        )

        async def answer(route: Route) -> None:
            path = "/" + route.request.url.split("/", 3)[3]
            page = html_of(path)
            if page is not None:
                await route.fulfill(status=200, content_type="text/html; charset=utf-8", body=page)
                return
            found = await pages.client.get(path)
            await route.fulfill(
                status=found.status_code,
                content_type=found.headers.get("content-type", "text/plain"),
                body=found.content,
            )

        await context.route("**/*", answer)
        yield context
        await browser.close()
