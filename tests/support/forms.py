"""Forms as a browser sends them: every control, in order, and what a person types into each."""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

import lxml.html
from lxml.html import HtmlElement

OURS = {"csrf_token", "form_page"}
TYPED = {
    "date": "09/10/2026",
    "email": "iemand@elders.example",
    "number": "7",
    "password": "geheim geheim geheim",
    "tel": "+32 3 555 66 77",
}
TEXT = "Geüpdatet “<b>&amp;” 'één'"
LINES = "\nRegel één <i>\n\n  Regel twee & drie"


@dataclass(slots=True)
class WebForm:
    """One form of a page."""

    element: HtmlElement
    page: str

    @property
    def action(self) -> str:
        """Where it goes, without a place in the page."""
        return urlsplit(self.element.get("action") or self.page).path

    @property
    def controls(self) -> list[HtmlElement]:
        """Its named controls, also those elsewhere that name it."""
        root = self.element.getroottree().getroot()
        inside = [
            one
            for one in self.element.iter("input", "select", "textarea", "button")
            if one.get("form") in (None, self.element.get("id"))
        ]
        outside = [
            one
            for one in root.iter("input", "select", "textarea", "button")
            if self.element.get("id") and one.get("form") == self.element.get("id") and one not in inside
        ]
        return [one for one in (*inside, *outside) if one.get("name")]

    def fill(self) -> "WebForm":
        """As a person who fills everything in: each text is another one, each box is turned, the last choice is taken."""
        radios: set[str] = set()
        for one in reversed(self.controls):
            name, kind = str(one.get("name")), one.get("type", "text")
            if one.tag == "textarea":
                one.text = "\n" + LINES
            elif one.tag == "select":
                options = list(one.iter("option"))
                for option in options:
                    option.attrib.pop("selected", None)
                if options:
                    options[-1].set("selected", "selected")
            elif one.tag == "button" or kind in ("hidden", "file", "submit"):
                continue
            elif kind == "radio":
                one.attrib.pop("checked", None)
                if name not in radios:
                    one.set("checked", "checked")
                radios.add(name)
            elif kind == "checkbox":
                if "checked" in one.attrib:
                    del one.attrib["checked"]
                else:
                    one.set("checked", "checked")
            else:
                one.set("value", TYPED.get("date" if one.get("data-day") is not None else kind, TEXT))
        return self

    def set(self, name: str, value: str) -> None:
        """Type something into one field."""
        for one in self.controls:
            if one.get("name") == name and one.get("type") != "hidden":
                if one.tag == "textarea":
                    one.text = value
                elif one.tag == "select":
                    for option in one.iter("option"):
                        option.attrib.pop("selected", None)
                        if option.get("value", "") == value:
                            option.set("selected", "selected")
                elif one.get("type") in ("checkbox", "radio"):
                    one.attrib.pop("checked", None)
                    if one.get("value") == value:
                        one.set("checked", "checked")
                else:
                    one.set("value", value)

    def sent(self, submitter: HtmlElement | None = None) -> list[tuple[str, str]]:
        """What a browser sends."""
        return [
            *self._fields(),
            *([(submitter.get("name"), submitter.get("value", ""))] if submitter is not None else []),
        ]

    def _fields(self) -> Iterator[tuple[str, str]]:
        for one in self.controls:
            name, kind = str(one.get("name")), one.get("type", "text")
            if "disabled" in one.attrib or one.tag == "button" or kind in ("submit", "file", "button"):
                continue
            if one.tag == "textarea":
                text = one.text or ""
                yield name, text.removeprefix("\n")
            elif one.tag == "select":
                options = list(one.iter("option"))
                chosen = [option for option in options if "selected" in option.attrib] or options[:1]
                for option in chosen:
                    yield name, option.get("value", option.text_content())
            elif kind in ("checkbox", "radio"):
                if "checked" in one.attrib:
                    yield name, one.get("value", "on")
            else:
                yield name, one.get("value", "")

    def typed(self) -> list[tuple[str, str]]:
        """What it holds, but for what belongs to the page and for secrets."""
        secret = {one.get("name") for one in self.controls if one.get("type") == "password"}
        return [(name, value) for name, value in self.sent() if name not in OURS | secret]


def web_forms(html: str, page: str) -> list[WebForm]:
    """Every form of a page that sends something."""
    root = lxml.html.document_fromstring(html)
    return [WebForm(form, page) for form in root.iter("form") if form.get("method", "get").lower() == "post"]


def the_form(html: str, page: str, action: str | None = None) -> WebForm:
    """The form of a page that goes to an address (the page's own when none is given)."""
    wanted = action or page.partition("?")[0]
    return next(form for form in web_forms(html, page) if form.action == wanted)
