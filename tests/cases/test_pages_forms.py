"""What browsers fill in by themselves, on every form of every page: one's own name on forms about oneself, nothing on those about others."""

import re

import lxml.html
import pytest
from lxml.html import HtmlElement

from portal.web.forms import DAYS
from tests.support.cases import of_kind
from tests.support.every_page import every_page
from tests.support.servers import ROOT
from tests.support.world import World

pytestmark = pytest.mark.corpus
OWN = {
    "/sign-in": {"email": "username", "password": "current-password"},
    "/forgot": {"email": "username"},
    "/account": {"name": "name", "language": "language"},
    "/account/password": {"username": "username", "current": "current-password", "password": "new-password"},
    "/settings": {
        "name": "organization",
        "email": "work email",
        "phone": "tel",
        "street": "street-address",
        "postcode": "postal-code",
        "city": "address-level2",
    },
}
"""Forms about whoever fills them in: field and what a browser puts there. Everything else is off."""
UNASKED = {"hidden", "checkbox", "radio", "file", "submit", "color", "button"}


def wrong_fields(html: str) -> list[str]:
    """The fields of a page that a browser would fill in otherwise than it should."""
    found: list[str] = []
    page = lxml.html.document_fromstring(html)
    for one in page.iter("input", "select", "textarea"):
        if one.get("type", "text") in UNASKED or not one.get("name"):
            continue
        action = _action(page, one)
        wanted = OWN.get(action, {}).get(str(one.get("name")), "off")
        if one.get("autocomplete") != wanted:
            found.append(f"{action} {one.get('name')}: {one.get('autocomplete')} instead of {wanted}")
    return found


def _action(page: HtmlElement, field: HtmlElement) -> str:
    if field.get("form"):
        return page.get_element_by_id(field.get("form")).get("action", "")
    form = next(field.iterancestors("form"), None)
    return form.get("action", "") if form is not None else ""


async def test_browsers_fill_in_what_is_about_oneself_and_nothing_else(world: World) -> None:
    assert "contact_name, contact_email, contact_phone" in of_kind("K81")[0].read().decode()
    async with every_page(world) as pages:
        said = {line for one in pages.seen for line in wrong_fields(one.html)}
        asked = {name for one in pages.seen for name in re.findall(r' name="(contact_\w+)"', one.html)}
    assert not said
    assert {"contact_name", "contact_email", "contact_phone"} <= asked


def test_every_day_of_a_form_is_read_as_people_write_it() -> None:
    """A field that shows 31/10/2026 is known to be a day where the form is read."""
    shown: set[str] = set()
    for template in (ROOT / "themes" / "templates" / "pages").rglob("*.html"):
        shown |= set(re.findall(r'ui\.field\("(\w+)"[^\n]*?type="date"', template.read_text()))
    assert shown | {"since", "until"} == DAYS
