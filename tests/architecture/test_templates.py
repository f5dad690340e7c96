"""Templates: all of them compile, and none of them (nor a mail) names anybody but the firm."""

import re
from pathlib import Path

import jinja2
import pytest

from tests.support.servers import ROOT
from tests.support.world import World

FOLDER = ROOT / "themes" / "templates"
FILES = sorted(path for path in FOLDER.rglob("*") if path.is_file())
VENDOR = re.compile("fidero", re.IGNORECASE)
THE_PROGRAM = re.compile(r"fidero-agent")
"""The command that somebody at the firm types; the program on their own machine has a name of its own."""


def names() -> list[str]:
    return [path.relative_to(FOLDER).as_posix() for path in FILES]


async def test_every_template_compiles(world: World) -> None:
    environment = world.tools.templates
    for name in names():
        environment.get_template(name)


@pytest.mark.parametrize("path", FILES, ids=names())
def test_no_template_names_the_vendor(path: Path) -> None:
    assert not VENDOR.search(THE_PROGRAM.sub("", path.read_text()))


def test_no_text_that_people_read_names_the_vendor() -> None:
    catalogues = sorted((ROOT / "portal" / "locale").rglob("*.po"))
    assert catalogues
    for catalogue in catalogues:
        said = [
            line
            for line in catalogue.read_text().splitlines()
            if line.startswith(("msg", '"')) and VENDOR.search(THE_PROGRAM.sub("", line))
        ]
        assert [line for line in said if not line.startswith('"Project-Id-Version')] == [], catalogue


def test_no_template_holds_a_script_or_a_style_that_the_content_policy_would_refuse() -> None:
    inline = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\son(?!ly)\w+=|\sstyle=|javascript:", re.IGNORECASE)
    pages = [path for path in FILES if "mail" not in path.parts and "print" not in path.parts]
    found = [
        f"{path.relative_to(FOLDER)}: {match[0]}"
        for path in pages
        if (match := inline.search(re.sub(r"{#.*?#}", "", path.read_text(), flags=re.DOTALL)))
    ]
    assert found == []


def test_nothing_is_marked_safe_without_being_listed() -> None:
    found = {
        path.relative_to(FOLDER).as_posix()
        for path in FILES
        if re.search(r"\|\s*safe\b|autoescape\s+false", path.read_text())
    }
    assert found == set()


async def test_a_hostile_name_is_text_in_every_template_by_default(world: World) -> None:
    environment = world.tools.templates
    assert environment.from_string("{{ name }}").render(name="<b>") == "&lt;b&gt;"
    with pytest.raises(jinja2.UndefinedError):
        environment.from_string("{{ forgotten.name }}").render()
