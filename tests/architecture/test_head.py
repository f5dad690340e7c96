"""HEAD never has an effect: every route is asked by HEAD, by everybody, and no row and no stored object is another one after it."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from typing import Any

import httpx
import sqlalchemy as sa

from portal.features.agents import service as agents
from portal.features.agents.domain import KeyScope
from portal.features.audit.models import AuditEvent
from portal.features.intake.models import IntakeFile
from portal.features.intake.service.lookups import Upload
from portal.kernel.actor import Role
from portal.metadata import metadata
from tests.architecture.test_routes import handlers
from tests.support.builders import a_member, sign_in
from tests.support.builders_agents import Waiting, with_waiting
from tests.support.builders_exports import exports_of
from tests.support.builders_papers import a_pdf, hand_in
from tests.support.world import World


async def contents(world: World) -> dict[str, str]:
    """Every row of every table, and every object in the store, in short."""
    found: dict[str, str] = {}
    async with world.as_system() as session:
        for table in sorted(metadata.tables):
            digest = await session.scalar(
                sa.text(f"select md5(coalesce(string_agg(t::text, '|' order by t::text), '')) from {table} t")
            )
            found[table] = str(digest)
    store = world.folder / "store"
    found["store"] = ",".join(
        sorted(str(path.relative_to(store)) for path in store.rglob("*") if path.is_file())
    )
    return found


async def filled(world: World, waiting: Waiting, upload: Upload, path: str) -> str:
    """A route's path with the ids of something that is there."""
    office = waiting.office
    export = (await exports_of(world, office.dossier))[-1]
    async with world.as_system() as session:
        item = (await session.execute(sa.text("select document_id, statement_id from dossier_item"))).all()
        waits = await session.scalar(sa.select(IntakeFile.id).where(IntakeFile.state == "to_process"))
    documents = [one.document_id for one in item if one.document_id is not None]
    statements = [one.statement_id for one in item if one.statement_id is not None]
    ids: dict[str, Any] = {
        "dossier_id": office.dossier.id,
        "export_id": export.id,
        "document_id": documents[0],
        "statement_id": statements[0],
        "delivery_id": waiting.delivery["id"],
        "upload_id": upload.id,
        "file_id": waits,
        "firm_id": office.firm.id,
        "page": 1,
        "role": "original",
        "version": 1,
        "picture": "logo.png",
        "said": "yes",
    }
    return re.sub(r"{(\w+)}", lambda place: str(ids.get(place[1], "1")), path)


@asynccontextmanager
async def everybody(
    world: World, waiting: Waiting, agent: httpx.AsyncClient
) -> AsyncIterator[list[httpx.AsyncClient]]:
    """The owner, an entrepreneur, a reader, a program with a key, the agent, and nobody."""
    office = waiting.office
    async with world.as_scope(firm_id=office.firm.id) as session:
        token = await agents.new_key(session, office.owner, "script", KeyScope.DOCUMENTS_WRITE)
    async with AsyncExitStack() as stack:
        people = [office.owner, await a_member(world, office.firm, office.dossier.company_id)]
        people.append(await a_member(world, office.firm, office.dossier.company_id, Role.READER))
        clients = [await stack.enter_async_context(sign_in(world, one, office.host)) for one in people]
        program = await stack.enter_async_context(world.client(office.host))
        program.headers["authorization"] = f"Bearer {token}"
        nobody = await stack.enter_async_context(world.client(office.host))
        yield [*clients, program, agent, nobody]


async def test_no_route_leaves_anything_behind_after_head(world: World) -> None:
    async with with_waiting(world) as (agent, waiting):
        office = waiting.office
        upload = await hand_in(world, office.owner, {"ticket.pdf": a_pdf()}, office.dossier.id)
        async with everybody(world, waiting, agent) as clients:
            paths = sorted({path for method, path, _ in handlers(world.app) if method == "GET"})
            whole = [await filled(world, waiting, upload, path) for path in paths]
            assert len(whole) > 50
            world.clock.at += timedelta(minutes=5)  # a session is touched when it was not for a while
            before = await contents(world)
            said = {
                (number, path): (await client.head(path)).status_code
                for number, client in enumerate(clients)
                for path in whole
            }
            after = await contents(world)
            assert {table for table in before if before[table] != after[table]} == set()
            assert sum(status == 200 for status in said.values()) > 60
            async with world.as_system() as session:
                events = await session.scalar(sa.select(sa.func.count()).select_from(AuditEvent))
            # The same by GET: the same statuses, and this time it is in the tables.
            for number, client in enumerate(clients):
                for path in whole:
                    answer = await client.get(path)
                    assert answer.status_code == said[number, path], (number, path)
            async with world.as_system() as session:
                assert await session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) != events


async def test_head_of_a_bundle_claims_no_delivery_and_records_no_download(world: World) -> None:
    async with with_waiting(world) as (agent, waiting):
        office = waiting.office
        export = (await exports_of(world, office.dossier))[-1]
        before = await contents(world)
        assert (await agent.head(f"{waiting.path}/bundle")).status_code == 200
        async with sign_in(world, office.owner, office.host) as client:
            signed_in = await contents(world)
            answer = await client.head(f"{office.export_path}/{export.id}/download")
            assert answer.status_code == 200
            assert int(answer.headers["content-length"]) > 1000
            assert answer.content == b""
        assert await contents(world) == signed_in
        for table in ("delivery", "export", "agent", "job"):
            assert signed_in[table] == before[table], table


async def test_head_sets_and_takes_no_cookie(world: World) -> None:
    async with with_waiting(world) as (_agent, waiting), sign_in(world, waiting.office.owner) as client:
        await client.post("/account", data={"name": "An", "language": "en"})
        assert client.cookies.get("toast")
        assert "set-cookie" not in (await client.head("/account")).headers
        assert "ui-toast" in (await client.get("/account")).text
