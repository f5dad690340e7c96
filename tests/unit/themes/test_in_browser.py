"""The sample pages in a real browser, under the strict content security policy: readable, quiet and usable."""

from __future__ import annotations

import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jinja2 import Environment
from playwright.sync_api import Browser, Page, sync_playwright

from themes.assets import Assets
from themes.css import stylesheet
from themes.gallery import BRANDS, context, write
from themes.tokens import Brand

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
AXE = Path(__file__).parents[3] / "node_modules/axe-core/axe.min.js"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'"
)
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
STATUS = ("Failed to load resource", "Response Status Error")  # a page that is not there, as some tests want
# A firm that chooses badly: the pages must still read.
LOUD = Brand("Geel & Wit", "#ffff00", "#ffffff", "#f0f0f0", login_title="Hallo")
NAMES = ("work-list", "dossier", "approve", "form", "login", "error", "error-anonymous", "neutral")

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="Debian's chromium is not installed"),
]


class Site(http.server.SimpleHTTPRequestHandler):
    """Files of a folder under the policy, one job that is done, and an echo of the CSRF header."""

    received = b""

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name the base class gives it
        """Say nothing."""

    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def _answer(self, text: str, status: int = 200, **headers: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        self.wfile.write(text.encode())

    def do_GET(self) -> None:
        if self.path == "/jobs/1":
            trigger = '{"toast": {"kind": "success", "text": "Ready <b>now</b>", "href": "//evil.example"}}'
            self._answer('<p id="done">All 33 items</p>', HX_Trigger=trigger)
        else:
            super().do_GET()

    def do_POST(self) -> None:
        Site.received = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path == "/fails":
            self._answer("no", status=500)
        else:
            self._answer(f'<p id="token">{self.headers.get("X-CSRF-Token")}</p>')


@pytest.fixture(scope="module")
def folder(assets: Assets, environment: Environment, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("gallery")
    write(folder, {**BRANDS, "loud": LOUD})
    page = environment.from_string(
        '{% extends "base/layout.html" %}{% block title %}Live{% endblock %}{% block content %}<h1>Live</h1>'
        '{{ ui.progress("job", "Building", 24, 33, url="/jobs/1") }}'
        '<button class="btn" id="post" hx-post="/echo" hx-target="#answer">Post</button>'
        '<button class="btn" id="fail" hx-post="/fails" hx-target="#answer">Fail</button><div id="answer"></div>'
        "{% endblock %}"
    )
    sheet = stylesheet(BRANDS["noordzee"])
    (folder / "live.html").write_text(page.render(context(BRANDS["noordzee"], f"/{sheet.name}")), "utf-8")
    return folder


@pytest.fixture(scope="module")
def site(folder: Path) -> Iterator[str]:
    with http.server.ThreadingHTTPServer(
        ("127.0.0.1", 0), functools.partial(Site, directory=folder)
    ) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    arguments = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
                 "--disable-component-update", "--disable-sync"]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    opened = browser.new_page(viewport={"width": 1360, "height": 850})
    complaints: list[str] = []
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    yield opened
    opened.close()
    assert [one for one in complaints if not one.startswith(STATUS)] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("key", [*BRANDS, "loud"])
def test_every_page_passes_the_accessibility_rules(page: Page, site: str, key: str, scheme: Any) -> None:
    axe = AXE.read_text("utf-8")
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    for name in NAMES if key == "noordzee" else NAMES[:5:2]:
        page.goto(f"{site}/{key}-{name}.html")
        page.evaluate(axe)
        found = page.evaluate("rules => axe.run({runOnly: rules})", RULES)
        assert [
            (name, one["id"], [node["html"][:120] for node in one["nodes"]]) for one in found["violations"]
        ] == []


def test_nothing_is_wider_than_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    for name in NAMES:
        page.goto(f"{site}/noordzee-{name}.html")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, name


def test_the_longest_words_fit_a_phone(page: Page, site: str) -> None:
    """French names of the menu are whole, and a long line that opens more of a page breaks."""
    page.set_viewport_size({"width": 375, "height": 812})
    page.goto(f"{site}/noordzee-dossier.html")
    menu = page.evaluate(
        "(() => { const items = [...document.querySelectorAll('.ui-tabbar-item')];"
        " const words = ['Liste de travail', 'Dossiers', 'Exports', 'Agents', 'Plus'];"
        " items.forEach((item, index) => { item.lastChild.textContent = words[index] });"
        " return items.map(item => [item.scrollWidth, item.clientWidth]) })()"
    )
    assert len(menu) == 5
    assert [wide <= shown for wide, shown in menu] == [True] * 5, menu
    page.evaluate(
        "document.querySelector('main').insertAdjacentHTML('beforeend', '<details class=ui-more open>"
        "<summary>Dans 4 documents qui partent, quelque chose ne concorde pas</summary></details>')"
    )
    assert page.evaluate("document.documentElement.scrollWidth") <= 375


def test_the_tab_one_is_on_is_in_sight_on_a_phone(page: Page, site: str) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/noordzee-dossier.html")
    left, right = page.evaluate(
        "(() => { const box = document.querySelector('.ui-tab[aria-current]').getBoundingClientRect();"
        " return [box.left, box.right] })()"
    )
    assert 0 <= left < right <= 390


def test_rows_are_walked_selected_and_opened_by_keyboard(page: Page, site: str) -> None:
    page.goto(f"{site}/noordzee-work-list.html")
    for key in ("j", "j", "x", "j", "x", "k"):
        page.keyboard.press(key)
    assert page.inner_text(".ui-bulk-count") == "2 selected"
    assert page.evaluate("document.activeElement.textContent") == "Claes Dakwerken"
    page.click("[data-bulk-clear]")
    assert not page.is_visible(".ui-bulk")
    page.click("[data-select-all]")
    assert page.inner_text(".ui-bulk-count") == "10 selected"
    with page.expect_request("**/dossiers/01377"):
        page.click("text=Tom Wouters >> nth=0")  # anywhere in the row


def test_keys_that_are_switched_off_do_nothing(page: Page, site: str) -> None:
    page.goto(f"{site}/noordzee-work-list.html")
    page.keyboard.press("?")
    page.uncheck("[data-shortcuts-switch]")
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.id") != "search"
    page.keyboard.press("Control+k")
    assert page.evaluate("document.activeElement.id") == "search"


def test_the_chosen_appearance_stays(page: Page, site: str) -> None:
    page.goto(f"{site}/noordzee-work-list.html")
    page.click("[data-theme-toggle]")
    page.click("[data-theme-toggle]")
    page.goto(f"{site}/noordzee-login.html")
    assert page.evaluate("document.documentElement.dataset.bsTheme") == "dark"
    assert page.get_attribute("[data-theme-toggle]", "title") == "Appearance: dark"


def test_approving_and_rejecting_by_key(page: Page, site: str) -> None:
    page.goto(f"{site}/noordzee-approve.html")
    page.keyboard.press("r")
    assert page.evaluate("document.getElementById('reject').open")
    page.keyboard.press("a")  # typed into the reason, not pressed
    assert page.input_value("#reason") == "a"
    page.keyboard.press("Escape")
    page.wait_for_selector("#reject", state="hidden")
    # the browser gives the focus back after it has hidden the dialog; until then the key is typed into the reason
    page.wait_for_function("!document.activeElement.matches('textarea, input')")
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.keyboard.press("a")
    assert sent.value.post_data == "csrf_token=sample"


def test_progress_ends_by_itself_and_a_toast_shows_text_and_not_markup(page: Page, site: str) -> None:
    page.goto(f"{site}/live.html")
    page.wait_for_selector("#done")
    assert page.inner_text("#toasts [data-toast-text]") == "Ready <b>now</b>"
    assert not page.is_visible("#toasts [data-toast-link]")  # only our own pages are linked


def test_requests_carry_the_token_and_a_failure_is_told(page: Page, site: str) -> None:
    page.goto(f"{site}/live.html")
    page.click("#post")
    page.wait_for_selector("#token")
    assert page.inner_text("#token") == "sample"
    page.click("#fail")
    page.wait_for_selector("[data-toast=danger]")
    assert page.inner_text("#token") == "sample"


def test_files_that_are_dropped_are_sent_and_named(page: Page, site: str) -> None:
    page.goto(f"{site}/noordzee-dossier.html")
    assert not page.is_visible("[data-drop-submit]")
    with page.expect_response(lambda response: response.request.method == "POST"):
        page.evaluate(
            """() => {
                const data = new DataTransfer();
                data.items.add(new File(["<Invoice/>"], "invoice.xml", {type: "text/xml"}));
                document.querySelector("h1").dispatchEvent(
                    new DragEvent("drop", {bubbles: true, cancelable: true, dataTransfer: data}));
            }"""
        )
    assert b'filename="invoice.xml"' in Site.received
    assert b'name="csrf_token"' in Site.received


def test_pages_work_without_script(browser: Browser, site: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{site}/noordzee-dossier.html")
    assert not page.is_visible("[data-theme-toggle]")
    assert page.is_visible(".ui-drop-input")
    assert page.is_visible("[data-drop-submit]")
    page.click("text=End access")  # the dialog's link leads to its page
    assert page.url.endswith("/dossiers/1/end")
    page.goto(f"{site}/noordzee-work-list.html")
    page.click("summary >> nth=0")
    assert page.is_visible("button[name=language][value=nl]")
    assert page.is_visible(".ui-bulk")
    context.close()
