"""Names, numbers and file names of 180 signs without a blank: no page grows wider than its screen."""

import os
from pathlib import Path

import pytest

from tests.support.cases import of_kind
from tests.support.every_page import a_browser_at, every_page, with_long_names
from tests.support.world import World

pytestmark = [pytest.mark.corpus, pytest.mark.browser]
WIDTHS = (1280, 390, 375, 320)
MEASURE = """() => {
  const wide = document.documentElement.scrollWidth;
  const room = window.innerWidth;
  const out = wide <= room ? [] : Array.from(document.querySelectorAll("body *")).filter((one) => {
    const box = one.getBoundingClientRect();
    return box.right > room + 1 && box.width > 0 && getComputedStyle(one).position !== "fixed";
  }).slice(0, 6).map((one) => one.tagName + "." + one.className);
  return [wide - room, out];
}"""


async def test_a_long_name_without_a_blank_widens_no_page(world: World) -> None:
    """Every page of every role, as wide as a laptop and as telephones are."""
    assert "180 signs" in of_kind("K73")[0].read().decode()
    shots = os.environ.get("PORTAL_SCREENSHOTS")
    async with every_page(world) as pages:
        assert len(pages.seen) > 60
        made = {
            f"/seen/{number}": with_long_names(one.html, pages.names, "Nv" * 90)
            for number, one in enumerate(pages.seen)
        }
        said: list[str] = []
        for width in WIDTHS:
            async with a_browser_at(pages, made.get, width=width, touch=width < 800) as context:
                page = await context.new_page()
                for path, one in zip(made, pages.seen, strict=True):
                    await page.goto(path)
                    over, where = await page.evaluate(MEASURE)
                    if over > 0:
                        said.append(f"{width} {one.who} {one.path}: {over} px: {where}")
                    if shots:
                        name = one.path.strip("/").replace("/", "-")[:60] or "start"
                        await page.screenshot(path=str(Path(shots) / f"long-{width}-{one.who}-{name}.png"))
        assert not said, "\n".join(said)
