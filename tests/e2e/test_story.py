"""The whole way through, as a user goes it: from an Excel list of dossiers to files in the bookkeeping folder.

One story in nine steps, in a real browser against the portal as `python -m portal run` starts it; the agent is the real program. The
tests of this file build on each other and run in order. Pictures of every station are kept.
"""

import asyncio
import io
import os
import re
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from exports import bundle
from portal.demo.companies import FILES, FRITUUR, KAPSALON
from portal.demo.seed import PASSWORDS
from portal.kernel.clock import BRUSSELS
from tests.e2e.conftest import Person, Running
from tests.e2e.locked import locked_in_sql, locked_in_the_interface, locked_in_the_page
from tests.support.servers import ROOT

pytestmark = pytest.mark.browser

SOFIE, ELS = "sofie@noordzee.example", "els@bakkerij-peeters.example"
ELS_PASSWORD = "brood en boterkoeken"
TOP_FILES = sorted(path for path in FILES.iterdir() if path.is_file() and path.suffix != ".xlsx")
FRITUURS_INVOICE = FILES / "frituur" / "aankoop-koeltechniek-F-901.xml"
REFUSED = sorted((FILES / "refused").iterdir())
LEAVES = 7  # three approved purchases, an invoice and a credit note of our own, two statements


@pytest.fixture(scope="module")
def sofie(browser: Browser, portal: Running, shots: Path) -> Iterator[Person]:
    """The accountant."""
    person = Person(browser, portal, shots)
    yield person
    person.close()


@pytest.fixture(scope="module")
def els(browser: Browser, portal: Running, shots: Path) -> Iterator[Person]:
    """The entrepreneur, on a phone."""
    person = Person(browser, portal, shots, phone=True)
    yield person
    person.close()


@pytest.fixture(scope="module")
def facts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What one step leaves for the next."""
    return {"folder": tmp_path_factory.mktemp("bookkeeping")}


def agent(facts: dict[str, Any], *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the agent program."""
    program = Path(sys.executable).parent / "fidero-agent"
    command = [str(program)] if program.exists() else [sys.executable, "-m", "portal.syncagent"]
    return subprocess.run(
        [*command, *arguments, "--config", str(facts["folder"] / "config")],
        capture_output=True,
        text=True,
        timeout=120,
        env={**os.environ, **environment},
        cwd=ROOT,
        check=False,
    )


def test_1_two_brands_and_a_neutral_page(portal: Running, browser: Browser, shots: Path) -> None:
    """Each host shows its own firm; a host of nobody shows nobody's brand."""
    visitor = Person(browser, portal, shots)
    page = visitor.go("/sign-in")
    expect(page).to_have_title(re.compile("Kantoor Noordzee"))
    visitor.shoot_all("01-sign-in-noordzee")
    page = visitor.go("/sign-in", "ardennes.localhost")
    expect(page).to_have_title(re.compile("Bureau Ardennes"))
    visitor.shoot("01-sign-in-ardennes")
    answer = page.goto(portal.url("/", "elsewhere.localhost"))
    assert answer is not None
    assert answer.status == 404
    text = page.inner_text("body")
    assert "Noordzee" not in text
    assert "Ardennes" not in text
    assert "Fidero" not in page.content()
    visitor.shoot("01-nobody")
    visitor.close()


def test_2_the_accountant_signs_in(sofie: Person) -> None:
    """A wrong password is refused with a sentence; the right one opens the work list."""
    page = sofie.go("/sign-in")
    page.fill("[name=email]", SOFIE)
    page.fill("[name=password]", "not the password")
    page.press("[name=password]", "Enter")
    expect(page.get_by_role("alert")).to_contain_text("wrong")
    sofie.sign_in(SOFIE, PASSWORDS[SOFIE])
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sofie")


def test_3_an_excel_list_becomes_dossiers(sofie: Person) -> None:
    """Template, preview with a reason per row, acceptance once; the claimed company gets a request, not a twin."""
    page = sofie.go("/dossiers/import")
    with page.expect_download() as template:
        page.get_by_role("link", name="Download the template").click()
    assert zipfile.is_zipfile(template.value.path())
    page.set_input_files("input[type=file]", str(FILES / "dossiers-noordzee.xlsx"))
    page.locator("[data-drop-submit]").click()
    page.wait_for_url(re.compile(r"/dossiers/import/[0-9a-f-]{36}$"))
    rows = page.locator("table tbody tr")
    assert rows.count() == 9
    statuses = rows.evaluate_all("rows => rows.map(row => row.dataset.status)")
    assert sorted(statuses) == sorted(["create"] * 5 + ["request", "duplicate", "error", "error"])
    expect(page.locator("tr[data-status=error]").first).to_contain_text("check digits")
    expect(page.locator("tr[data-status=duplicate]")).to_contain_text("row 4")
    sofie.shoot_all("03-import-preview")
    with page.expect_download() as errors:
        page.get_by_role("link", name="Error workbook").click()
    assert zipfile.is_zipfile(errors.value.path())
    page.locator("#accept-import").click()
    page.get_by_text("This list was accepted").wait_for()
    page = sofie.go("/dossiers")
    expect(page.locator("tbody tr", has_text="Bakkerij Peeters")).to_contain_text("managed by you")
    expect(page.locator("tbody tr", has_text="Brouwerij De Kade")).to_contain_text("access requested")
    assert page.locator("tbody tr", has_text="Claes Dakwerken").count() == 1
    sofie.shoot_all("03-dossiers")


def test_4_files_find_their_place(sofie: Person, facts: dict[str, Any]) -> None:
    """UBL becomes documents by company number, CODA statements, the PDF waits; what is refused says why."""
    page = sofie.go("/dossiers")
    page.get_by_role("link", name="Bakkerij Peeters").click()
    page.wait_for_url(re.compile(r"/dossiers/[0-9a-f-]{36}$"))
    facts["dossier"] = page.url.rpartition("/")[2]
    sofie.shoot_all("04-dossier")
    page = sofie.go(f"/dossiers/{facts['dossier']}/quick-entry")
    page.set_input_files("#drop-files", [str(path) for path in (*TOP_FILES, *REFUSED)])
    page.locator("[data-drop-submit]").click()
    page.get_by_text("All were looked at").wait_for(timeout=90_000)
    sofie.shoot_all("04-handed-in")
    outcome = lambda name: page.locator(".ui-outcome", has_text=name).first  # noqa: E731 - one line for one selector
    expect(outcome("aankoop-molens-2026-1042.xml")).to_contain_text("Purchase invoice")
    expect(outcome("verkoop-hotel-V2026-031.xml")).to_contain_text("Sales invoice")
    expect(outcome("creditnota-molens-CN-77.xml")).to_contain_text("credit note")
    expect(outcome("aankoop-koeltechniek-F-889.pdf")).to_contain_text("laid beside its UBL")
    expect(outcome("CODA-2026-10-30.cod")).to_contain_text("bank statement")
    expect(outcome("kasticket-tankstation.pdf")).to_contain_text("quick entry")
    expect(outcome("november.zip")).to_contain_text("3 files")
    expect(outcome("dtd.xml")).to_contain_text("refused")
    expect(outcome("CODA-wrong-total.cod")).to_contain_text("3,780.35")
    expect(outcome("outside.xml")).to_contain_text("outside")
    # the same files again are flagged, not doubled
    page.set_input_files("#drop-files", [str(FILES / "aankoop-molens-2026-1042.xml")])
    page.locator("[data-drop-submit]").click()
    page.locator(".ui-outcome", has_text="already there").wait_for(timeout=60_000)
    page = sofie.go(f"/dossiers/{facts['dossier']}/documents")
    assert page.locator("tbody tr").count() == 6
    sofie.shoot_all("04-documents")
    page.locator("tbody tr", has_text="2026/1042").get_by_role("link").first.click()
    page.locator("img.ui-sheet, .ui-sheet img").first.wait_for()
    sofie.shoot_all("04-document")
    page = sofie.go(f"/dossiers/{facts['dossier']}/bank")
    sofie.shoot("04-bank")


def test_5_the_entrepreneur_claims_and_decides(sofie: Person, els: Person, facts: dict[str, Any]) -> None:
    """The one-time link claims the company; she sees what waits with its page, approves three, rejects one, and sends."""
    page = sofie.go(f"/dossiers/{facts['dossier']}")
    page.locator("#login-details").get_by_role("button", name="Send").click()
    link = re.search(r"http://noordzee\.localhost:\d+/activate/\S+", a_mail(sofie, ELS, ""))
    assert link is not None
    phone = els.page
    phone.goto(link[0])
    phone.select_option("select[name=language]", "en")
    phone.fill("[name=password]", "kort")
    phone.press("[name=password]", "Enter")
    expect(phone.locator("body")).to_contain_text("at least 10 characters")
    phone.fill("[name=password]", ELS_PASSWORD)
    els.shoot("05-activate")
    phone.press("[name=password]", "Enter")
    phone.wait_for_url(re.compile(r"/$"))
    els.shoot("05-home")
    # the link was for one time
    used = phone.goto(link[0])
    assert used is not None
    assert used.status in (404, 410)
    phone.goto(els.portal.url("/approve/list"))
    for _ in range(60):  # a job asks her, now that there is somebody to ask
        if phone.locator("tbody tr").count() == 4:
            break
        phone.wait_for_timeout(500)
        phone.reload()
    assert phone.locator("tbody tr").count() == 4
    els.shoot("05-waiting")
    phone.goto(els.portal.url("/approve"))
    phone.locator("img.ui-sheet, .ui-sheet img").first.wait_for()
    els.shoot("05-approve")
    for _ in range(3):
        number = phone.locator("#case h1").inner_text() + phone.locator("#case .ui-subtitle").inner_text()
        phone.get_by_role("button", name=re.compile("^Approve")).click()
        phone.wait_for_function(
            "before => { const now = document.querySelector('#case'); return !now ||"
            " now.querySelector('h1').innerText + (now.querySelector('.ui-subtitle') || {innerText: ''}).innerText !== before }",
            arg=number,
        )
    phone.get_by_role("link", name="Reject…").click()
    dialog = phone.locator("dialog[open]")
    dialog.get_by_label("Reason").fill("This was never delivered.")
    els.shoot("05-reject")
    dialog.get_by_role("button", name="Reject").click()
    phone.get_by_text("never delivered").or_(phone.get_by_text("Nothing waits")).first.wait_for()
    phone.goto(els.portal.url("/send"))
    phone.locator("main").get_by_role("button", name=re.compile("Send")).first.click()
    phone.wait_for_load_state()
    told = a_mail(sofie, SOFIE, "Bakkerij Peeters has sent documents to you")
    assert f"/dossiers/{facts['dossier']}/export" in told
    sofie.shoot("05-mail-to-the-accountant")
    page = sofie.go("/")
    expect(page.locator("tbody tr", has_text="Bakkerij Peeters")).to_contain_text("sent by the client")
    sofie.shoot_all("05-work-list")


def a_mail(person: Person, to: str, subject: str) -> str:
    """The text of a mail that has arrived, or arrives in a moment."""
    mailbox = person.go("/_mail")
    row = mailbox.locator("tbody tr", has_text=to).filter(has_text=subject)
    for _ in range(60):
        if row.count():
            break
        mailbox.wait_for_timeout(500)
        mailbox.reload()
    row.first.get_by_role("link").click()
    return mailbox.inner_text("pre")


def export(person: Person, dossier: str, *, again: bool = False) -> None:
    """Press Export and wait for the bundle."""
    page = person.go(f"/dossiers/{dossier}/export")
    if again:
        page.get_by_text("Show options").click()
        page.get_by_label("Include already exported").check()
        expect(page.locator("#export-button")).to_contain_text(f"Export {LEAVES} items")
    page.locator("#export-button").click()
    page.get_by_text("is ready").wait_for(timeout=60_000)


def test_6_the_bundle_and_its_locks(sofie: Person, facts: dict[str, Any]) -> None:
    """A progress bar, a bundle that proves itself, and documents that nobody can change: page, interface, raw SQL."""
    page = sofie.go(f"/dossiers/{facts['dossier']}/export")
    expect(page.locator("#export-button")).to_contain_text(f"Export {LEAVES} items")
    sofie.shoot_all("06-export")
    export(sofie, facts["dossier"])
    with page.expect_download() as got:
        page.locator("table").get_by_role("link", name="Download").first.click()
    data = Path(got.value.path()).read_bytes()
    assert bundle.verify(io.BytesIO(data)) == []
    names = zipfile.ZipFile(io.BytesIO(data)).namelist()
    facts["names"] = [name for name in names if name != "manifest.json"]
    assert sum(name.startswith("Demat/Aankopen/") and name.endswith(".xml") for name in names) == 3
    assert sum(name.startswith("Demat/Verkopen/") and name.endswith(".xml") for name in names) == 2
    assert sum(name.startswith("CODA/") for name in names) == 2
    # the UBL as received, its loose PDF beside it under the same base name
    loose = [name for name in names if name.endswith(".pdf")]
    assert len(loose) <= 1
    assert all(name.replace(".pdf", ".xml") in names for name in loose)
    original = (FILES / "verkoop-hotel-V2026-031.xml").read_bytes()
    assert any(zipfile.ZipFile(io.BytesIO(data)).read(name) == original for name in names)
    page.locator("table").get_by_role("link", name="#1").click()
    page.get_by_text("SHA-256 of the archive").wait_for()
    sofie.shoot_all("06-bundle")
    document = locked_in_the_page(sofie, facts)
    locked_in_the_interface(sofie, facts, document)
    # Playwright keeps an event loop in this thread: the look into the database has one of its own.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, locked_in_sql(sofie.portal)).result(60)


def test_7_again_only_when_asked(sofie: Person, facts: dict[str, Any]) -> None:
    """There is nothing new; with *Include already exported* it makes bundle 2 of the same documents, marked."""
    page = sofie.go(f"/dossiers/{facts['dossier']}/export")
    expect(page.locator("#rehearsal")).to_contain_text("nothing new")
    expect(page.locator("#export-button")).to_be_disabled()
    export(sofie, facts["dossier"], again=True)
    expect(page.locator("tbody tr", has_text="#2")).to_contain_text(f"re-exported: {LEAVES}")
    sofie.shoot("07-bundle-2")


def test_8_the_agent_writes_and_proves(sofie: Person, facts: dict[str, Any]) -> None:
    """Paired by a code, killed between write and confirm, run again: one file, one proof, shown per item."""
    root = facts["folder"] / "BOB50DATA"
    root.mkdir()
    page = sofie.go("/agents")
    page.fill("[name=name]", "SRV01")
    page.check("[name=backlog][value=all]")
    page.get_by_role("button", name="Make a pairing code").click()
    code = re.search(r"[A-Z2-9]{4}-[A-Z2-9]{4}", page.locator(".ui-alert").first.inner_text())
    assert code is not None
    sofie.shoot_all("08-pairing")
    host = f"noordzee.localhost:{sofie.portal.port}"
    wrong = agent(facts, "pair", host, "AAAA-AAAA", "--root", str(root))
    assert wrong.returncode != 0
    paired = agent(facts, "pair", host, code[0], "--root", str(root))
    assert paired.returncode == 0, paired.stdout + paired.stderr
    killed = agent(facts, "run", "--once", FIDERO_AGENT_FAIL_AT="before_confirm")
    assert killed.returncode not in (0, 1), killed.stdout + killed.stderr
    again = agent(facts, "run", "--once")
    assert again.returncode == 0, again.stdout + again.stderr
    folder = root / "01204"
    written = sorted(
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and not path.name.startswith(".")
    )
    first = [name for name in written if "_0001-" in name]
    second = [name for name in written if "_0002-" in name]
    assert len(first) == len(facts["names"]), written
    assert len(second) == len(facts["names"]), written
    page = sofie.go(f"/dossiers/{facts['dossier']}/export")
    row = page.locator("tbody tr", has_text="#1").first
    expect(row).to_contain_text("confirmed")
    expect(row).to_contain_text(f"{len(facts['names'])}/{len(facts['names'])}")
    row.get_by_role("link", name="#1").click()
    expect(page.locator("tbody tr").first).to_contain_text(str(folder))
    sofie.shoot_all("08-proofs")
    page = sofie.go(f"/dossiers/{facts['dossier']}/documents")
    page.locator("tbody tr", has_text="V2026-031").get_by_role("link").first.click()
    chain = page.locator(".ui-chain")
    expect(chain).to_contain_text("undle")
    expect(chain).to_contain_text("onfirmed")
    sofie.shoot_all("08-chain")
    _closed_to_the_agent(sofie, facts, page.url.rpartition("/")[2])


def _closed_to_the_agent(sofie: Person, facts: dict[str, Any], document: str) -> None:
    """The key on the accountant's computer fetches bundles; it changes no document."""
    token = next(
        match[0]
        for path in (facts["folder"] / "config").rglob("*")
        if path.is_file() and (match := re.search(r"[A-Za-z0-9_-]{43}", path.read_text("utf-8", "ignore")))
    )
    answer = httpx.delete(
        f"http://127.0.0.1:{sofie.portal.port}/api/v1/dossiers/{facts['dossier']}/documents/{document}",
        headers={"host": f"noordzee.localhost:{sofie.portal.port}", "authorization": f"Bearer {token}"},
    )
    assert answer.status_code == 401, answer.text
    assert answer.headers["content-type"].startswith("application/problem+json")


def opened_dossier(person: Person, name: str) -> str:
    """Find a dossier in the list, open it, give its id."""
    page = person.go("/dossiers")
    page.get_by_role("link", name=name).click()
    page.wait_for_url(re.compile(r"/dossiers/[0-9a-f-]{36}$"))
    return page.url.rpartition("/")[2]


def hand_in(person: Person, dossier: str, *files: Path) -> None:
    """Hand files in and wait until all were looked at."""
    page = person.go(f"/dossiers/{dossier}/quick-entry")
    page.set_input_files("#drop-files", [str(path) for path in files])
    page.locator("[data-drop-submit]").click()
    page.get_by_text("All were looked at").wait_for(timeout=60_000)


def bundle_by_policy(person: Person, dossier: str) -> None:
    """Wait for the first bundle of a dossier; nobody pressed a button. Seen from another page: that of exports renews itself."""
    page = person.go("/account")
    for _ in range(80):
        if page.evaluate(
            "async address => (await (await fetch(address)).text()).includes('>#1<')",
            f"/dossiers/{dossier}/export",
        ):
            break
        page.wait_for_timeout(1000)
    page = person.go(f"/dossiers/{dossier}/export")
    expect(page.locator("tbody tr", has_text="#1")).to_contain_text("policy")


def test_9_policies_act_by_themselves(sofie: Person) -> None:
    """*After N seconds* makes its bundle through the worker alone."""
    dossier = opened_dossier(sofie, FRITUUR.name)
    hand_in(sofie, dossier, FRITUURS_INVOICE)
    bundle_by_policy(sofie, dossier)
    sofie.shoot("09-by-policy")


def test_9_a_month_that_is_over_leaves_by_itself(sofie: Person, facts: dict[str, Any]) -> None:
    """*Last full month*, due since the first hour of this month, takes the invoice of last month and leaves this month's."""
    today = datetime.now(BRUSSELS).date()
    of_last_month, of_today = (
        _an_invoice(facts["folder"], number, day)
        for number, day in (("F-951", today.replace(day=1) - timedelta(days=1)), ("F-952", today))
    )
    dossier = opened_dossier(sofie, KAPSALON.name)
    hand_in(sofie, dossier, of_last_month, of_today)
    page = sofie.go(f"/dossiers/{dossier}/policy")
    expect(page.locator("[name=cadence][value=last_full_month]")).to_be_checked()
    page.fill("[name=run_day]", "1")
    page.select_option("[name=run_hour]", "0")
    page.check("[name=catch_up]")
    sofie.shoot("09-policy")
    page.get_by_role("button", name="Save for this dossier").click()
    page.wait_for_load_state()
    bundle_by_policy(sofie, dossier)
    sofie.shoot("09-last-full-month")
    page.locator("tbody tr", has_text="#1").get_by_role("link", name="#1").click()
    expect(page.locator("main")).to_contain_text("F-951")
    expect(page.locator("main")).not_to_contain_text("F-952")
    sofie.go("/exports")
    sofie.shoot_all("09-exports")


def _an_invoice(folder: Path, number: str, day: date) -> Path:
    """The demo's invoice to Frituur De Schelde, as one to Kapsalon Mira of some day."""
    text = FRITUURS_INVOICE.read_text("utf-8").replace(FRITUUR.number, KAPSALON.number)
    text = text.replace(FRITUUR.name, KAPSALON.name).replace("F-901", number)
    path = folder / f"{number}.xml"
    path.write_text(re.sub(r"20\d\d-\d\d-\d\d", day.isoformat(), text), "utf-8")
    return path
