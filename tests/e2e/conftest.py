"""The whole portal as a user starts it, and a real browser in front of it."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, sync_playwright

from portal.embedded.process import free_port
from tests.support.servers import ROOT

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
# Without these chromium asks the world for updates, which a closed network answers with errors.
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass
class Running:
    """A portal started by its own command line, and what it printed."""

    var: Path
    port: int
    process: subprocess.Popen[str]
    said: list[str] = field(default_factory=list)
    environment: dict[str, str] = field(default_factory=dict)

    def url(self, path: str = "/", host: str = "noordzee.localhost") -> str:
        """An address on one of the demo's hosts."""
        return f"http://{host}:{self.port}{path}"


def start(var: Path, port: int) -> Running:
    """Run it and wait until it says that it is ready."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    process = subprocess.Popen(
        [sys.executable, "-m", "portal", "run", "--var", str(var), "--port", str(port)],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    running = Running(var, port, process, environment=environment)
    ready = threading.Event()

    def read() -> None:
        assert process.stdout is not None
        for line in process.stdout:
            running.said.append(line)
            if "Ready in " in line:  # another process may be in the middle of a line of its own
                ready.set()
        ready.set()

    threading.Thread(target=read, daemon=True).start()
    assert ready.wait(180), "".join(running.said)[-4000:]
    assert process.poll() is None, "".join(running.said)[-4000:]
    return running


def stop(running: Running) -> int:
    """Ctrl-C, and its exit code."""
    running.process.send_signal(signal.SIGINT)
    code = running.process.wait(60)
    if running.process.stdout is not None:
        running.process.stdout.close()
    return code


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """The demo, running."""
    var = tmp_path_factory.mktemp("var")
    for folder in (var, *var.parents):
        if folder.stat().st_uid == os.getuid() and "pytest" in folder.name:
            folder.chmod(0o755)
    running = start(var, free_port())
    yield running
    if running.process.poll() is None:
        stop(running)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's chromium."""
    if not Path(CHROMIUM).exists():
        pytest.skip("Debian's chromium is not installed")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def shots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where screenshots go: PORTAL_SCREENSHOTS, or var/screenshots under the project."""
    folder = Path(os.environ.get("PORTAL_SCREENSHOTS", ROOT / "var" / "screenshots"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


class Person:
    """Somebody at a browser of their own; every error of the page fails the test."""

    def __init__(self, browser: Browser, portal: Running, shots: Path, *, phone: bool = False) -> None:
        size = ViewportSize(width=390, height=844) if phone else ViewportSize(width=1280, height=860)
        self.portal = portal
        self.shots = shots
        self.context: BrowserContext = browser.new_context(
            viewport=size, accept_downloads=True, locale="en-GB"
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(20_000)
        self.faults: list[str] = []
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.faults.append(message.text)
                if message.type == "error"
                and "Failed to load resource" not in message.text
                and "Response Status Error" not in message.text
                else None
            ),
        )
        self.page.on(
            "response",
            lambda answer: (
                self.faults.append(f"{answer.status} {answer.url}") if answer.status >= 500 else None
            ),
        )

    def go(self, path: str, host: str = "noordzee.localhost") -> Page:
        """Open a page."""
        self.page.goto(self.portal.url(path, host))
        return self.page

    def sign_in(self, email: str, password: str, host: str = "noordzee.localhost") -> None:
        """Sign in through the form."""
        page = self.go("/sign-in", host)
        page.fill("[name=email]", email)
        page.fill("[name=password]", password)
        page.press("[name=password]", "Enter")
        page.wait_for_url(re.compile(r"/$"))

    def shoot(self, name: str, *, full: bool = True) -> None:
        """Keep a picture: light, and dark when the name says so."""
        self.page.screenshot(path=str(self.shots / f"{name}.png"), full_page=full)

    def shoot_all(self, name: str) -> None:
        """Light, dark and narrow pictures of the present page."""
        self.shoot(name)
        self.page.emulate_media(color_scheme="dark")
        self.shoot(f"{name}-dark")
        self.page.emulate_media(color_scheme="light")
        size = self.page.viewport_size
        self.page.set_viewport_size({"width": 390, "height": 844})
        self.shoot(f"{name}-narrow")
        if size is not None:
            self.page.set_viewport_size(size)

    def close(self) -> None:
        """Leave; nothing may have gone wrong on the way."""
        self.context.close()
        assert not self.faults, self.faults
