"""A GET reads: its transaction is READ ONLY, but for a few that are listed here with what they write."""

import inspect
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db.session import NOBODY, WriteSession
from portal.features.parties.models import Firm
from portal.web.session import EFFECT
from tests.architecture.test_head import contents, everybody, filled
from tests.architecture.test_routes import handlers
from tests.support.builders_agents import with_waiting
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.world import World

EFFECTS = {
    "/api/v1/agent/deliveries": "when the agent was last heard of, which pages show",
    "/api/v1/agent/deliveries/{delivery_id}/bundle": "that the delivery was fetched, or that its archive is damaged",
    "/approve": "that the approver saw what waits today: no reminder is sent about it",
    "/approve/list": "that the approver saw what waits today: no reminder is sent about it",
    "/approve/{document_id}": "that the approver saw what waits today: no reminder is sent about it",
    "/approve/{document_id}/reject": "that the approver saw what waits today: no reminder is sent about it",
    "/dossiers/{dossier_id}/export/{export_id}/download": "that the bundle was downloaded, or that its archive is damaged",
}
BESIDE_THE_HANDLER = {
    "api_key": "when a key was last used",
    "login_session": "when a session was last used: after so long it ends by itself",
    "rate_count": "how often somebody tried what is limited",
}


async def test_the_reads_that_write_are_few_and_each_says_what(world: World) -> None:
    found = {
        path: handler.opt[EFFECT]
        for method, path, handler in handlers(world.app)
        if method == "GET" and EFFECT in handler.opt
    }
    assert found == EFFECTS


async def test_a_read_takes_no_session_that_can_write(world: World) -> None:
    writers = set()
    for method, path, handler in handlers(world.app):
        given = inspect.signature(handler.fn).parameters.get("session")
        if method == "GET" and given is not None and WriteSession.__name__ in str(given.annotation):
            writers.add(path)
    assert writers <= set(EFFECTS)


async def test_reading_every_page_as_everybody_leaves_the_database_as_it_was(world: World) -> None:
    async with with_waiting(world) as (agent, waiting):
        office = waiting.office
        upload = await hand_in(world, office.owner, {"ticket.pdf": a_pdf()}, office.dossier.id)
        async with everybody(world, waiting, agent) as clients:
            paths = {path for method, path, _ in handlers(world.app) if method == "GET"} - set(EFFECTS)
            whole = [await filled(world, waiting, upload, path) for path in sorted(paths)]
            world.clock.at += timedelta(minutes=5)
            before = await contents(world)
            said = [(await client.get(path)).status_code for client in clients for path in whole]
            after = await contents(world)
            changed = {table for table in before if before[table] != after[table]}
            assert changed <= set(BESIDE_THE_HANDLER)
            assert said.count(200) > 50
            assert not [status for status in said if status >= 500]


async def test_the_database_refuses_to_write_in_a_read(world: World) -> None:
    for begin in (world.tools.database.reading(NOBODY), world.tools.database.system_read()):
        with pytest.raises(DBAPIError) as refused:
            async with begin as session:
                await session.execute(sa.update(Firm).values(name="x"))
        assert getattr(refused.value.orig, "sqlstate", "") == "25006"
    async with world.tools.database.system_scope() as session:  # the same connection writes again
        await session.execute(sa.update(Firm).values(name="x"))
