"""A page, with one of its forms as somebody had filled it in: any form of any page, by the names of its fields."""

from collections.abc import Callable, Iterator

import lxml.html
from lxml.html import HtmlElement

from portal.web.directories import KeptForm

NEVER_FILLED = frozenset({"password", "file", "submit", "button", "reset", "image"})
OURS = frozenset({"csrf_token", "form_page"})
"""Fields that belong to a page and not to what somebody typed."""


Notice = Callable[[bool, list[tuple[str, str]], list[str]], str]
"""The notice as HTML: whether the form was found, what found no place in it, and the names of files to be chosen again."""


def fill(html: str, kept: KeptForm, notice: Notice) -> str:
    """The page with the kept form filled in, and a notice at its head; where the form is no longer, the notice shows what was typed."""
    page = lxml.html.document_fromstring(html)
    form = _best(page, kept)
    left = list(kept.fields) if form is None else _fill(form, kept)
    files = [] if form is None else _files(form, kept)
    said = lxml.html.fragment_fromstring(notice(form is not None, left, files))
    if form is not None:
        form.insert(0, said)
        for dialog in form.iterancestors("dialog"):
            dialog.set("open", "")
            dialog.set("data-kept", "")
    else:
        places = page.xpath("//main") or page.xpath("//body")
        places[0].insert(0, said)
    return "<!doctype html>\n" + lxml.html.tostring(page, encoding="unicode")


def controls(form: HtmlElement) -> Iterator[HtmlElement]:
    """Every named control of a form, also those that stand elsewhere on the page and name it."""
    for element in form.iter("input", "select", "textarea", "button"):
        if element.get("form") in (None, form.get("id")) and element.get("name"):
            yield element
    name = form.get("id")
    if not name:
        return
    for element in form.getroottree().getroot().iter("input", "select", "textarea", "button"):
        if element.get("form") == name and element.get("name") and form not in element.iterancestors():
            yield element


def _best(page: HtmlElement, kept: KeptForm) -> HtmlElement | None:
    """The form that was sent: several of a page may go to the same address, so the one whose fields fit best."""
    names = {name for name, _value in kept.fields} - OURS
    best: HtmlElement | None = None
    most = -1
    for form in page.iter("form"):
        if (form.get("method") or "get").lower() != "post":
            continue
        mine = list(controls(form))
        targets = {form.get("action") or kept.page, *(one.get("formaction") for one in mine)}
        # Places and queries after a path are for the browser.
        if kept.action not in {target.partition("#")[0].partition("?")[0] for target in targets if target}:
            continue
        there = {one.get("name") for one in mine} - OURS
        fits = 1000 * len(names & there) - len(names ^ there) + _same_hidden(mine, kept)
        if best is None or fits > most:
            best, most = form, fits
    return best


def _same_hidden(mine: list[HtmlElement], kept: KeptForm) -> int:
    """How many fields that nobody types are as they were sent: rows of a list differ by these alone."""
    sent = set(kept.fields)
    fixed = [one for one in mine if one.tag == "button" or one.get("type") == "hidden"]
    return sum((one.get("name"), one.get("value") or "") in sent for one in fixed)


def _fill(form: HtmlElement, kept: KeptForm) -> list[tuple[str, str]]:
    """Fill a form in; what found no place comes back."""
    values: dict[str, list[str]] = {}
    for name, value in kept.fields:
        if name not in OURS:
            values.setdefault(name, []).append(value)
    known: set[str] = set()
    for one in controls(form):
        name, kind = str(one.get("name")), (one.get("type") or "text").lower()
        known.add(name)
        if name in OURS or one.tag == "button" or (one.tag == "input" and kind in NEVER_FILLED):
            continue
        given = values.get(name, [])
        if one.tag == "input" and kind in ("checkbox", "radio"):
            _switch(one, "checked", (one.get("value") or "on") in given)
        elif one.tag == "select":
            options = [option.get("value", option.text_content()) for option in one.iter("option")]
            if set(given) & set(options):
                for option, value in zip(one.iter("option"), options, strict=True):
                    _switch(option, "selected", value in given)
        elif given:
            value = given[0] if len(given) == 1 else given.pop(0)
            if one.tag == "textarea":
                # A browser drops the first line end after the tag.
                one.text = "\n" + value if value.startswith(("\n", "\r")) else value
            else:
                one.set("value", value)
    return [(name, value) for name, value in kept.fields if name not in known and name not in OURS]


def _files(form: HtmlElement, kept: KeptForm) -> list[str]:
    """The names of the files that the form was sent with."""
    choosers = {one.get("name") for one in controls(form) if one.get("type") == "file"}
    return [value for name, value in kept.fields if name in choosers and value]


def _switch(element: HtmlElement, attribute: str, on: bool) -> None:
    if on:
        element.set(attribute, attribute)
    elif attribute in element.attrib:
        del element.attrib[attribute]
