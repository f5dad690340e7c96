"""Sessions that end under open pages, in a real browser: with script the page stays, without it the form comes back filled in."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from portal.demo.companies import FILES
from portal.demo.seed import PASSWORDS
from tests.e2e.conftest import Person, Running

pytestmark = pytest.mark.browser

SOFIE, TOM = "sofie@noordzee.example", "tom@noordzee.example"
PAPER = min(FILES.glob("*.pdf"))


@pytest.fixture(scope="module")
def sofie(browser: Browser, portal: Running, shots: object) -> Iterator[Person]:
    """The accountant."""
    person = Person(browser, portal, shots)  # type: ignore[arg-type] - a page is all it asks of
    person.sign_in(SOFIE, PASSWORDS[SOFIE])
    yield person
    person.close()


def end(person: Person) -> None:
    """Signed out in another tab."""
    person.context.clear_cookies(name="session")


def a_dossier(person: Person) -> str:
    """The path of the first dossier of the list."""
    page = person.go("/dossiers")
    href = page.locator("tbody a[href^='/dossiers/']").first.get_attribute("href")
    assert href is not None
    return href


def again(page: Page, email: str = SOFIE) -> None:
    """Sign in over the page."""
    dialog = page.get_by_role("dialog", name=re.compile("session has ended|signed in as"))
    expect(dialog).to_be_visible()
    dialog.locator("[name=email]").fill(email)
    dialog.locator("[name=password]").fill(PASSWORDS[email])
    dialog.get_by_role("button", name="Sign in and go on").click()


def test_files_stay_on_the_page_and_are_sent_after_signing_in(sofie: Person) -> None:
    base = a_dossier(sofie)
    page = sofie.go(f"{base}/quick-entry")
    page.set_input_files("input[type=file].ui-drop-input", str(PAPER))
    end(sofie)
    page.locator("[data-drop-submit]").click()
    expect(page.get_by_role("dialog", name="Your session has ended")).to_be_visible()
    sofie.shoot_all("18-again")
    again(page)
    expect(page.locator(".ui-upload").first).to_contain_text(PAPER.name)


def test_not_now_leaves_the_page_as_it_is(sofie: Person) -> None:
    base = a_dossier(sofie)
    page = sofie.go(f"{base}/quick-entry")
    page.set_input_files("input[type=file].ui-drop-input", str(PAPER))
    end(sofie)
    page.locator("[data-drop-submit]").click()
    page.get_by_role("dialog").get_by_role("button", name="Not now").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator("[data-drop-chosen]")).to_contain_text(PAPER.name)
    # Somebody else does not go on with it.
    page.locator("[data-drop-submit]").click()
    again(page, TOM)
    expect(page.get_by_role("dialog")).to_contain_text("opened by Sofie")
    again(page)
    expect(page.locator(".ui-upload").first).to_contain_text(PAPER.name)


def test_what_htmx_sends_is_sent_again(sofie: Person) -> None:
    page = sofie.go(f"{a_dossier(sofie)}/edit")
    page.fill("[name=contact_name]", "Bert Claes")
    page.fill("[name=contact_email]", "bert@claes.example")
    page.locator("main form").get_by_role("button", name="Save").click()
    button = page.locator("#login-details form button").first
    expect(button).to_be_visible()
    end(sofie)
    button.click()
    again(page)
    expect(page.locator("#login-details")).to_contain_text("is on its way")


def test_a_session_of_another_tab_asks_for_nothing(sofie: Person) -> None:
    base = a_dossier(sofie)
    page = sofie.go(f"{base}/quick-entry")
    end(sofie)
    other = sofie.context.new_page()
    other.goto(sofie.portal.url("/sign-in"))
    other.fill("[name=email]", SOFIE)
    other.fill("[name=password]", PASSWORDS[SOFIE])
    other.press("[name=password]", "Enter")
    other.wait_for_url(re.compile(r"/$"))
    other.close()
    page.set_input_files("input[type=file].ui-drop-input", str(PAPER))
    page.locator("[data-drop-submit]").click()
    expect(page.locator(".ui-upload").first).to_contain_text(PAPER.name)
    expect(page.get_by_role("dialog")).to_have_count(0)


def test_a_plain_form_comes_back_filled_in(sofie: Person) -> None:
    base = a_dossier(sofie)
    page = sofie.go(f"{base}/edit")
    page.fill("[name=contact_name]", "Els De Smet")
    page.select_option("main select[name=language]", "fr")
    end(sofie)
    page.locator("main form").get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Your session has ended")
    sofie.shoot_all("18-session-over")
    page.fill("[name=email]", SOFIE)
    page.fill("[name=password]", PASSWORDS[SOFIE])
    page.press("[name=password]", "Enter")
    page.wait_for_url(re.compile(r"/edit\?kept="))
    expect(page.locator("[data-kept-notice]")).to_contain_text("Not sent yet")
    expect(page.locator("[name=contact_name]")).to_have_value("Els De Smet")
    expect(page.locator("main select[name=language]")).to_have_value("fr")
    sofie.shoot_all("18-filled-in")
    page.locator("main form").get_by_role("button", name="Save").click()
    page.wait_for_url(re.compile(re.escape(base) + "$"))
    expect(page.locator("main")).to_contain_text("Els De Smet")


def test_an_invitation_in_the_accountants_own_browser(sofie: Person) -> None:
    page = sofie.go("/_mail")
    while not page.get_by_role("link").filter(has_text="Bakkerij").or_(page.locator("main tbody a")).count():
        page.reload()  # the mail is on its way
    page.locator("main tbody a").first.click()
    link = re.search(r"/activate/[\w-]{43}", page.content())
    assert link is not None
    page = sofie.go(link[0] + ").")
    expect(page.get_by_role("heading", level=1)).to_contain_text("You are signed in as Sofie")
    sofie.shoot_all("18-leave")
    page.get_by_role("link", name=re.compile("Stay signed in")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sofie")
    page = sofie.go(link[0])
    page.get_by_role("button", name=re.compile("and go on")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Activate")
