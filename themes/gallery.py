"""Sample pages, to look at the design without a portal: ``python -m themes.gallery FOLDER``.

Every page is written for two brands; serve the folder (``python -m http.server``) and look. The templates in
``templates/gallery`` also show page writers how the components are used.
"""

from __future__ import annotations

import gettext
import shutil
import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from jinja2 import Environment

from themes.assets import DEMO, DIST, Assets, load
from themes.css import stylesheet
from themes.environment import create_environment
from themes.states import State, States, Tone
from themes.tokens import Brand

NOW = datetime(2026, 11, 23, 9, 40, tzinfo=UTC)
BRANDS = {
    "noordzee": Brand(
        name="Kantoor Noordzee",
        main="#0B5394",
        navigation="#0B3954",
        button="#E69138",
        login_title="Welkom aan boord",
        logo_url="/demo/noordzee.svg",
        favicon_url="/demo/noordzee-icon.png",
    ),
    "ardennes": Brand(
        name="Fiduciaire des Ardennes",
        main="#2E5339",
        navigation="#1F3A28",
        button="#B5541C",
        login_title="Bienvenue",
        logo_url="/demo/ardennes.svg",
        favicon_url="/demo/ardennes-icon.png",
    ),
}
PAGE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="840" height="1188">'
    '<rect width="840" height="1188" fill="#fff"/>'
    '<g fill="#d5dae2"><rect x="80" y="90" width="180" height="28"/>'
    '<rect x="80" y="260" width="260" height="12"/>'
    '<rect x="80" y="284" width="220" height="12"/><rect x="80" y="420" width="680" height="2"/>'
    '<rect x="80" y="450" width="420" height="12"/><rect x="680" y="450" width="80" height="12"/>'
    '<rect x="80" y="490" width="360" height="12"/><rect x="680" y="490" width="80" height="12"/>'
    '<rect x="80" y="530" width="680" height="2"/><rect x="620" y="560" width="140" height="20"/></g></svg>'
)
"""The picture of an invoice page."""
NAMES = (
    "Bakkerij Peeters", "Claes Dakwerken", "De Smet & Zonen", "Garage Lambrecht", "Kapsalon Nora",
    "Lindenhof Tuinen", "Maes Transport", "Optiek Vermeulen", "Schrijnwerkerij Haeck", "Taverne Het Anker",
)  # fmt: skip
STATES: States = {
    "access": {"managed": State("managed by you", Tone.NEUTRAL, "accountant")},
    "approval": {
        "waiting": State("waiting for approval", Tone.ATTENTION, "state-waiting"),
        "approved": State("approved", Tone.POSITIVE, "state-approved"),
        "disputed": State("disputed", Tone.NEGATIVE, "state-rejected"),
    },
    "item": {
        "bundled": State("in a bundle", Tone.SETTLED, "state-bundle"),
        "held": State("held back", Tone.ATTENTION, "state-held"),
    },
    "delivery": {
        "written": State("written", Tone.POSITIVE, "state-written"),
        "confirmed": State("confirmed", Tone.POSITIVE, "state-confirmed"),
    },
    "document": {"draft": State("draft", Tone.NEUTRAL, "state-draft")},
}
"""One of each tone and a few more."""


def sample_environment(assets: Assets) -> Environment:
    """An environment that speaks English and stands still in time."""
    return create_environment(
        assets=assets,
        translations=gettext.NullTranslations(),
        language=lambda: "en",
        now=lambda: NOW,
        states=STATES,
    )


def context(brand: Brand, css_url: str, side: str = "firm") -> dict[str, Any]:
    """What the shell needs, as the portal gives it for every page."""
    firm = [
        ("Work list", "/", "work-list", 37), ("Dossiers", "/dossiers", "dossiers", None),
        ("Exports", "/exports", "exports", None), ("Agents", "/agents", "agents", None),
        ("Integrations", "/integrations", "integrations", None), ("Settings", "/settings", "settings", None),
    ]  # fmt: skip
    company = [
        ("Home", "/", "home", None), ("Approve", "/approve", "approve", 9),
        ("Documents", "/documents", "documents", None), ("Quick entry", "/quick-entry", "quick-entry", 2),
        ("Bank", "/bank", "bank", None), ("Contacts", "/contacts", "contacts", None),
        ("My accountant", "/accountant", "accountant", None), ("Settings", "/settings", "settings", None),
    ]  # fmt: skip
    entries = firm if side == "firm" else company
    return {
        "brand": SimpleNamespace(
            name=brand.name,
            css_url=css_url,
            logo_url=brand.logo_url,
            favicon_url=brand.favicon_url,
            login_title=brand.login_title,
            login_image_url=brand.login_image_url,
        ),
        "user": SimpleNamespace(
            name="An Claes", email="an@kantoornoordzee.be", side=side, role_label="Accountant"
        ),
        "nav": [
            SimpleNamespace(
                label=label, href=href, icon=icon, count=count, active=label in {"Work list", "Approve"}
            )
            for label, href, icon, count in entries
        ],
        "language": "en",
        "languages": [("nl", "Nederlands"), ("fr", "Français"), ("en", "English"), ("de", "Deutsch")],
        "csrf_token": "sample",
        "page_key": "",
        "toasts": [],
        "current_path": "/",
        "query": "",
    }


def pages(environment: Environment, brand: Brand, css_url: str) -> Iterator[tuple[str, str]]:
    """Name and HTML of every sample page."""
    base = context(brand, css_url)
    rows = [
        SimpleNamespace(
            name=name,
            code=f"{1204 + 173 * number:05}",
            intake=(14, 0, 3, 0, 22, 1, 0, 9, 0, 4)[number],
            approve=(2, 0, 0, 1, 0, 0, 4, 0, 0, 2)[number],
            export=(31, 18, 12, 8, 7, 5, 3, 2, 1, 0)[number],
            activity=NOW - timedelta(hours=(0.5, 26, 29, 70, 90, 200, 400, 800, 2000, 9000)[number]),
            manager=("An Claes", "Tom Wouters")[number % 2],
        )
        for number, name in enumerate(NAMES)
    ]
    toast = SimpleNamespace(
        kind="success", text="Export 12 is ready: 29 items.", href="/exports/12", link_text="Open"
    )
    states = [
        (f"{machine}.{state}", "in bundle 12" if state == "bundled" else None)
        for machine, its in STATES.items()
        for state in its
        if machine != "access"
    ]
    details = {"amount": Decimal("121.00"), "day": date(2026, 10, 30), "moment": NOW, "states": states}
    company = context(brand, css_url, "company") | details
    anonymous = base | {"user": None, "nav": []}
    error = SimpleNamespace(
        status=404,
        title="This page is not here",
        text="It may have moved, or you may not have access to it.",
        reference="7K2M-9QXD",
        actions=[],
    )

    def page(name: str, values: dict[str, Any]) -> str:
        return environment.get_template(name).render(values)

    yield "work-list", page("gallery/work_list.html", base | {"rows": rows, "toasts": [toast]})
    yield "dossier", page("gallery/dossier.html", base | details)
    yield "approve", page("gallery/approve.html", company)
    yield "form", page("gallery/form.html", base)
    yield "login", page("gallery/login.html", anonymous)
    yield "error", page("base/error.html", base | {"error": error})
    yield "error-anonymous", page("base/error.html", anonymous | {"error": error})
    yield "neutral", page("base/neutral.html", {"language": "en"})


def write(folder: Path, brands: Mapping[str, Brand] = BRANDS) -> list[Path]:
    """Write all sample pages with their static files into a folder; returns the pages."""
    shutil.copytree(DIST, folder / "static", dirs_exist_ok=True)
    shutil.copytree(DEMO, folder / "demo", dirs_exist_ok=True)
    (folder / "demo" / "page.svg").write_text(PAGE, encoding="utf-8")
    environment = sample_environment(load())
    written: list[Path] = []
    for key, brand in brands.items():
        sheet = stylesheet(brand)
        (folder / sheet.name).write_text(sheet.text, encoding="utf-8")
        for name, html in pages(environment, brand, f"/{sheet.name}"):
            path = folder / f"{key}-{name}.html"
            path.write_text(html, encoding="utf-8")
            written.append(path)
    return written


if __name__ == "__main__":
    for one in write(Path(sys.argv[1] if len(sys.argv) > 1 else "var/gallery")):
        sys.stdout.write(f"{one}\n")
