"""Pages under a thumb: the paper first, the decision in reach, the camera before files; and what floats lies on nothing."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Page as Tab

from tests.support.builders import a_member, sign_in
from tests.support.builders_exports import an_invoice, an_office, set_policy
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.every_page import Pages, a_browser_at
from tests.support.world import World

pytestmark = pytest.mark.browser
SHOTS = os.environ.get("PORTAL_SCREENSHOTS")


@asynccontextmanager
async def clients_phone(world: World, width: int) -> AsyncIterator[tuple[Tab, str]]:
    """A tab on the phone of a client who has two papers to approve; and the path of the first."""
    office = await an_office(world)
    approver = await a_member(world, office.firm, office.dossier.company_id)
    await set_policy(world, office, needs_approval=True, approval_kinds=["purchase_invoice"])
    first = await an_invoice(world, office, "F-1", pdf=True)
    await an_invoice(world, office, "F-2", pdf=True)
    async with sign_in(world, approver, office.host) as client:
        pages = Pages(world, client, [], [])
        async with a_browser_at(pages, lambda _path: None, width=width, touch=True) as context:
            yield await context.new_page(), f"/approve/{first.document_id}"


async def top(tab: Tab, selector: str) -> tuple[float, float, float, float]:
    box = await tab.locator(selector).first.bounding_box()
    assert box is not None, selector
    return box["y"], box["y"] + box["height"], box["x"], box["x"] + box["width"]


@pytest.mark.parametrize("width", [390, 375, 320])
async def test_a_client_approves_with_a_thumb(world: World, width: int) -> None:
    async with clients_phone(world, width) as (tab, path):
        await tab.goto(path)
        paper = await top(tab, ".ui-beside-pages")
        card = await top(tab, ".ui-beside-data .ui-card")
        bar = await top(tab, ".ui-action-bar")
        assert paper[0] < card[0], "the paper comes first"
        assert paper[3] - paper[2] >= 0.95 * width, "as wide as the screen"
        assert bar[0] > 400, "in reach of a thumb"
        assert await tab.locator(".ui-action-bar .btn").count() == 2
        said = await tab.locator(".ui-bar-sum").inner_text()
        assert "€106.00" in said
        assert "Molens van Deinze" in said
        assert await tab.evaluate("document.documentElement.scrollWidth") <= width
        if SHOTS:
            await tab.screenshot(path=str(Path(SHOTS) / f"approve-{width}.png"))


async def test_the_camera_comes_before_files_and_nothing_is_dropped_with_a_finger(world: World) -> None:
    async with clients_phone(world, 375) as (tab, _path):
        for page in ("/hand-in", "/"):
            await tab.goto(page)
            assert "drop" not in (await tab.locator("main").inner_text()).lower()
        await tab.goto("/hand-in")
        camera = await top(tab, ".ui-drop-camera")
        files = await top(tab, ".ui-drop-actions label[for=drop-files]")
        assert camera[0] < files[0]
        inputs = tab.locator(".ui-drop input[type=file]")
        assert await inputs.first.get_attribute("capture") == "environment"
        if SHOTS:
            await tab.screenshot(path=str(Path(SHOTS) / "hand-in-375.png"))


async def test_a_list_on_a_phone_is_a_search_and_one_button_for_filters(world: World) -> None:
    async with clients_phone(world, 375) as (tab, _path):
        await tab.goto("/documents")
        assert not await tab.locator(".ui-filters").first.is_visible()
        await tab.locator(".ui-filter-button").click()
        assert await tab.locator(".ui-filters").first.is_visible()
        row = tab.locator("tbody tr").first
        name = await row.locator("th").bounding_box()
        amount = await row.locator("td.ui-number").bounding_box()
        assert name is not None
        assert amount is not None
        assert amount["x"] > name["x"]
        assert abs(amount["y"] - name["y"]) < 12, "supplier and amount on one line"
        if SHOTS:
            await tab.screenshot(path=str(Path(SHOTS) / "documents-375.png"))


LIES_ON = """() => {
  const shown = (one) => one.getClientRects().length && getComputedStyle(one).visibility !== "hidden";
  const toasts = Array.from(document.querySelectorAll("#toasts [data-toast]")).map((one) => one.getBoundingClientRect());
  return Array.from(document.querySelectorAll("main a, main button, main input, main select, .ui-tabbar a")).filter(shown)
    .filter((one) => !one.closest("th") || one.closest("th").getBoundingClientRect().width > 2)
    .filter((one) => { const b = one.getBoundingClientRect(); return toasts.some((t) =>
      b.left < t.right && t.left < b.right && b.top < t.bottom && t.top < b.bottom); })
    .map((one) => one.outerHTML.slice(0, 80));
}"""
A_TOAST = """document.dispatchEvent(new CustomEvent("toast", {detail: {kind: "warning", href: "/", link_text: "Show document",
  text: "Processed. The next one is here: a message that is as long as the longest of them are, with a link."}}))"""


@pytest.mark.parametrize(("width", "touch"), [(1280, False), (390, True), (320, True)])
async def test_a_message_lies_on_nothing_that_is_pressed_next(world: World, width: int, touch: bool) -> None:
    office = await an_office(world)
    upload = await hand_in(world, office.owner, {"ticket.pdf": a_pdf()}, office.dossier.id)
    item = await an_invoice(world, office, "F-1")
    base = f"/dossiers/{office.dossier.id}"
    paths = ("/", "/dossiers", f"{base}/export", f"{base}/documents", f"{base}/documents/{item.document_id}")
    async with sign_in(world, office.owner, office.host) as client:
        pages = Pages(world, client, [], [])
        async with a_browser_at(pages, lambda _path: None, width=width, touch=touch) as context:
            tab = await context.new_page()
            for path in (
                *paths,
                f"{base}/quick-entry/{upload.outcomes[0].file.id}",
                "/sign-out",
                f"{base}/edit",
            ):
                if path == "/sign-out":
                    continue
                await tab.goto(path)
                await tab.evaluate(A_TOAST)
                assert await tab.locator("#toasts [data-toast]").count() == 1
                assert await tab.evaluate(LIES_ON) == [], path
                assert await tab.evaluate("document.documentElement.scrollWidth") <= width
                if SHOTS:
                    name = path.replace("/", "-")[-30:]
                    await tab.screenshot(path=str(Path(SHOTS) / f"toast-{width}{name}.png"))


async def test_focus_lands_on_the_first_field_to_fill_in(world: World) -> None:
    office = await an_office(world)
    upload = await hand_in(world, office.owner, {"ticket.pdf": a_pdf()}, office.dossier.id)
    path = f"/dossiers/{office.dossier.id}/quick-entry/{upload.outcomes[0].file.id}"
    async with sign_in(world, office.owner, office.host) as client:
        async with a_browser_at(Pages(world, client, [], []), lambda _path: None, width=1280) as context:
            tab = await context.new_page()
            await tab.goto(path)
            assert await tab.evaluate("document.activeElement.id") == "kind"
        page = await client.post(
            path, data={"counterparty_name": "Els", "total": "12,345", "issue_date": "31/02/2026"}
        )
    assert page.status_code == 422
    assert '<a href="#issue_date"><strong>Date</strong>' in page.text
    assert 'value="31/02/2026"' in page.text, "what was typed stays"
    assert 'value="12,345"' in page.text
    assert 'aria-describedby="issue_date-error"' in page.text
