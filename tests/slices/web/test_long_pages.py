"""A short page is made where its request is, a long one in a thread; both in the language of who asks."""

import threading
from dataclasses import dataclass
from typing import Any

import pytest

from portal.db.paging import Page as PageOfRows
from portal.kernel.actor import Role
from portal.web import render
from portal.web.render import LONG, Page
from tests.support.builders import a_dossier, a_firm, a_staff_member, sign_in
from tests.support.world import World


def page_of(world: World, **context: Any) -> Page:
    return Page(world.tools.templates, template_name="base/neutral.html", context=context)


async def test_long_is_told_by_the_longest_list_of_what_is_shown(world: World) -> None:
    @dataclass
    class Held:
        name: str
        rows: list[int]

    rows = list(range(LONG))
    assert not page_of(world, rows=rows, name="x" * 10_000, none=None, number=3).is_long
    assert not page_of(world, page=PageOfRows(rows, None, None), held=Held("x" * 10_000, rows)).is_long
    more = [*rows, LONG]
    assert page_of(world, rows=more).is_long
    assert page_of(world, rows=dict.fromkeys(more)).is_long
    assert page_of(world, page=PageOfRows(more, None, None)).is_long
    assert page_of(world, held=Held("", more)).is_long


async def test_a_short_page_is_made_in_the_thread_of_its_request_and_a_long_one_is_not(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    await a_dossier(world, firm)
    made_in: set[int] = set()
    said: set[str] = set()
    real = world.tools.templates.filters["when"]

    def noted(value: Any) -> Any:
        made_in.add(threading.get_ident())
        said.add(world.tools.templates.word("Start page"))  # type: ignore[attr-defined] - ours
        return real(value)

    monkeypatch.setitem(world.tools.templates.filters, "when", noted)
    async with sign_in(world, owner) as client:
        await client.post("/language", data={"language": "nl", "next": "/"})
        short = await client.get("/dossiers")
        assert made_in == {threading.get_ident()}
        made_in.clear()
        monkeypatch.setattr(render, "LONG", 0)
        long = await client.get("/dossiers")
        assert len(made_in) == 1
        assert threading.get_ident() not in made_in
        fragment = await client.get("/dossiers", headers={"hx-request": "true"})
    assert short.status_code == long.status_code == fragment.status_code == 200
    assert short.text == long.text
    assert short.headers["content-type"] == long.headers["content-type"] == "text/html; charset=utf-8"
    assert "<html" not in fragment.text
    assert "ui-row-title" in fragment.text
    assert said == {"Startpagina"}


async def test_a_fault_of_a_long_page_is_answered_like_any_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    firm = await a_firm(world)
    owner = await a_staff_member(world, firm, Role.OWNER)
    await a_dossier(world, firm)

    def broken(_value: Any) -> str:
        raise LookupError("broken")

    monkeypatch.setitem(world.tools.templates.filters, "when", broken)
    monkeypatch.setattr(render, "LONG", 0)
    async with sign_in(world, owner) as client:
        answer = await client.get("/dossiers")
    assert answer.status_code == 500
    assert "ui-error-status" in answer.text
