"""What a page asks of the database: how many statements, in how many transactions, whatever there is to show.

A statement is whatever is executed besides BEGIN with its settings and COMMIT. Who answers under the host is remembered for a few
seconds and not counted; the look-up of the session is.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from sqlalchemy import event

from portal.db.engine import PREPARED
from tests.support.builders import sign_in
from tests.support.builders_busy import Busy, a_busy_office, one_more
from tests.support.world import World

MOST = 6
STAFF = {
    "/": 6,
    "/dossiers": 3,
    "/dossiers/{dossier}": 5,
    "/dossiers/{dossier}/documents": 5,
    "/dossiers/{dossier}/documents/{document}": 5,
    "/dossiers/{dossier}/quick-entry": 5,
    "/dossiers/{dossier}/quick-entry/{file}": 4,
    "/dossiers/{dossier}/bank": 6,
    "/dossiers/{dossier}/bank/{statement}": 5,
    "/dossiers/{dossier}/export": 6,
    "/exports": 4,
    "/history": 5,
    "/dossiers/{dossier}/history": 6,
    "/inbox": 4,
    "/search?q=ready": 5,
}
MEMBERS = {
    "/": 7,
    "/approve": 3,
    "/approve/list": 3,
    "/documents": 3,
    "/bank": 5,
    "/history": 5,
    "/hand-in": 3,
}


@dataclass(slots=True)
class Asked:
    """What both engines were asked."""

    statements: list[str] = field(default_factory=list[str])
    begun: int = 0
    """Transactions of the application role."""


@contextmanager
def listening(world: World) -> Iterator[Asked]:
    """Everything asked inside."""
    asked = Asked()
    database = world.tools.database
    engines = [database.app_engine.sync_engine, database.system_engine.sync_engine]

    def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        asked.statements.append(statement)

    def begun(_connection: Any) -> None:
        asked.begun += 1

    event.listen(engines[0], "begin", begun)
    for engine in engines:
        event.listen(engine, "before_cursor_execute", executed)
    try:
        yield asked
    finally:
        event.remove(engines[0], "begin", begun)
        for engine in engines:
            event.remove(engine, "before_cursor_execute", executed)


@dataclass(slots=True)
class Sides:
    """A busy office, looked at by its owner and by who approves for its client."""

    busy: Busy
    owner: httpx.AsyncClient
    approver: httpx.AsyncClient

    def path(self, pattern: str) -> str:
        return pattern.format(
            dossier=self.busy.office.dossier.id,
            document=self.busy.document_id,
            file=self.busy.file_id,
            statement=self.busy.statement_id,
        )

    async def counted(self) -> tuple[dict[str, int], dict[str, int], set[str], set[str]]:
        """Statements of each page of either side, all their texts, and the pages that begin more than one transaction."""
        numbers: list[dict[str, int]] = []
        texts: set[str] = set()
        several: set[str] = set()
        for client, pages in ((self.owner, STAFF), (self.approver, MEMBERS)):
            found: dict[str, int] = {}
            for pattern in pages:
                path = self.path(pattern)
                assert (await client.get(path)).status_code == 200, path
                with listening(self.busy.world) as asked:
                    await client.get(path)
                found[pattern] = len([one for one in asked.statements if "FROM firm JOIN host" not in one])
                texts |= set(asked.statements)
                if asked.begun > 1:
                    several.add(pattern)
            numbers.append(found)
        return numbers[0], numbers[1], texts, several


async def test_a_page_asks_few_questions_in_one_transaction_however_much_there_is(world: World) -> None:
    busy = await a_busy_office(world)
    async with (
        sign_in(world, busy.office.owner, busy.office.host) as owner,
        sign_in(world, busy.approver, busy.office.host) as approver,
    ):
        sides = Sides(busy, owner, approver)
        staff, members, texts, several = await sides.counted()
        assert several == set()
        assert {page: count for page, count in staff.items() if count > STAFF[page]} == {}
        assert max(STAFF.values()) <= MOST
        assert {page: count for page, count in members.items() if count > MEMBERS[page]} == {}
        for number in (2, 3):
            await one_more(world, busy.office, number)
        more_staff, more_members, more_texts, several = await sides.counted()
        assert (more_staff, more_members, several) == (staff, members, set())
        # Each connection keeps them all prepared, whichever pages it serves.
        assert 2 * len(texts | more_texts) < PREPARED


async def test_a_form_that_leads_on_counts_nothing_for_a_menu(world: World) -> None:
    busy = await a_busy_office(world)
    async with sign_in(world, busy.office.owner, busy.office.host) as client:
        page = f"{busy.base}/documents/{busy.document_id}"
        assert (await client.get(page)).status_code == 200
        with listening(world) as asked:
            answer = await client.post(f"{page}/annotate", data={"note": "seen"})
        assert answer.status_code == 303
        assert [one for one in asked.statements if "inbox_file" in one] == []
        with listening(world) as asked:
            assert (await client.get(page, headers={"hx-request": "true"})).status_code == 200
        assert [one for one in asked.statements if "inbox_file" in one] == []


async def test_a_page_that_answers_a_form_has_its_menu_with_its_counts(world: World) -> None:
    busy = await a_busy_office(world)
    async with sign_in(world, busy.office.owner, busy.office.host) as client:
        with listening(world) as asked:
            answer = await client.post("/dossiers", data={"name": ""})
        assert answer.status_code == 422
        assert len([one for one in asked.statements if "inbox_file" in one]) == 1


async def test_a_page_of_rows_is_made_without_a_thread(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    busy = await a_busy_office(world)
    loop = asyncio.get_running_loop()
    handed: list[object] = []
    run = loop.run_in_executor
    async with sign_in(world, busy.office.owner, busy.office.host) as client:
        monkeypatch.setattr(
            loop,
            "run_in_executor",
            lambda pool, call, *rest: (handed.append(call), run(pool, call, *rest))[1],
        )
        for path in ("/", "/dossiers", busy.base, f"{busy.base}/documents", "/exports", "/history"):
            assert (await client.get(path)).status_code == 200
    assert handed == []
