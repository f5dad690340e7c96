"""Pages as their readers find them: their links, and their forms with every field."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit


@dataclass(slots=True)
class PageForm:
    """One form: where it goes, and what its fields hold. `kinds` are the types of its inputs, by name."""

    action: str
    method: str
    values: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[PageForm] = []
        self._open: PageForm | None = None
        self._select: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Links of `a`, fields of the form that is open."""
        given = {name: value or "" for name, value in attrs}
        name = given.get("name", "")
        if tag == "a" and "href" in given:
            self.links.append(given["href"])
        elif tag == "form":
            self._open = PageForm(given.get("action", ""), given.get("method", "get").lower())
            self.forms.append(self._open)
        elif self._open is None:
            return
        elif tag in ("input", "textarea", "button") and name:
            kind = given.get("type", "text" if tag != "button" else "submit")
            if kind in ("checkbox", "radio") and "checked" not in given and name in self._open.values:
                return
            self._open.values[name] = given.get("value", "")
            self._open.kinds[name] = kind
        elif tag == "select" and name:
            self._select = name
            self._open.values[name] = ""
            self._open.kinds[name] = "select"
        elif (
            tag == "option" and self._select and ("selected" in given or not self._open.values[self._select])
        ):
            self._open.values[self._select] = given.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """A form or a select ends."""
        if tag == "form":
            self._open = None
        elif tag == "select":
            self._select = None


def links_and_forms(html: str) -> tuple[list[str], list[PageForm]]:
    """Every link and every form of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.links, reader.forms


def local_paths(html: str, path: str) -> Iterator[str]:
    """The addresses on this host that a page's links and reading forms lead to."""
    links, forms = links_and_forms(html)
    reading = [f"{form.action or path}?q=x" for form in forms if form.method == "get"]
    for target in (*links, *reading):
        whole = urlsplit(urljoin(f"http://here{path}", target))
        if whole.scheme == "http" and whole.netloc == "here":
            yield whole.path + (f"?{whole.query}" if whole.query else "")


def kind_of(path: str) -> str:
    """Pages that differ by an id or by the order of a list are of one kind."""
    plain, _, query = path.partition("?")
    names = sorted(part.partition("=")[0] for part in query.split("&"))
    return re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}", "*", plain) + "?" + "&".join(names)
