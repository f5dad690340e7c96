"""The migration that lets nothing stand twice, on a filled database of the release before: what left first stays, nothing is lost."""

import asyncio
import json
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from alembic import command
from alembic.config import Config

from portal.kernel.ids import new_id
from tests.support.builders import sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    a_typed_paper,
    an_invoice,
    an_office,
    exports_of,
    press_export,
)
from tests.support.servers import ROOT
from tests.support.world import World

BEFORE = "0011"


async def alembic(world: World, what: str, revision: str) -> None:
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("sqlalchemy.url", world.urls.owner.replace("%", "%%"))
    await asyncio.to_thread(getattr(command, what), made, revision)


class Old:
    """A database of the release before, reached as its owner."""

    def __init__(self, connection: asyncpg.Connection) -> None:
        self.connection = connection

    async def copy(self, table: str, row_id: UUID, **changes: Any) -> UUID:
        """The same row once more, with another id and some other columns."""
        new = new_id()
        values = json.dumps({"id": new, **changes}, default=str)
        await self.connection.execute(
            f"insert into {table} select (jsonb_populate_record(null::{table}, to_jsonb(t) || $2::jsonb)).* from {table} t where id = $1",
            row_id,
            values,
        )
        return new

    async def one(self, sql: str, *args: Any) -> Any:
        return await self.connection.fetchrow(sql, *args)

    async def item(self, item_id: UUID) -> Any:
        return await self.one("select * from dossier_item where id = $1", item_id)


async def test_what_left_first_stays_and_the_other_is_shown_to_the_office(world: World) -> None:
    office = await an_office(world)
    left = await an_invoice(world, office, "LEFT")
    async with sign_in(world, office.owner) as client:
        await press_export(client, office)
        await world.run_jobs()
    [export] = await exports_of(world, office.dossier)
    later = await an_invoice(world, office, "LATER")
    fresh = await a_typed_paper(world, office, "FRESH")
    bank = await a_statement(world, office)
    await alembic(world, "downgrade", BEFORE)
    connection = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    try:
        old = Old(connection)
        second = await old.copy(
            "dossier",
            office.dossier.id,
            code="01205",
            code_key="01205",
            created_at="2026-11-23T00:00:00Z",
            item_count=0,
            ready_count=0,
        )
        open_state = {
            "dossier_id": second,
            "state": "ready",
            "export_id": None,
            "bundle_number": None,
            "bundled_version": None,
            "locked": False,
        }
        again = await old.copy("dossier_item", left.id, **open_state)
        gone = await old.copy(
            "dossier_item",
            later.id,
            **open_state | {"state": "bundled", "bundle_number": 1, "bundled_version": 1},
        )
        other_export = await old.copy(
            "export", export.id, dossier_id=second, finished_at="2026-11-24T00:00:00Z"
        )
        bundled = await old.one("select id from bundle_item where item_id = $1", left.id)
        await old.copy("bundle_item", bundled["id"], export_id=other_export, item_id=gone)
        waits = await old.copy(
            "dossier_item", fresh.id, **open_state | {"state": "waiting", "approval": "waiting"}
        )
        reserved = await old.copy(
            "export", export.id, dossier_id=second, state="building", number=None, finished_at=None
        )
        held = await old.copy(
            "dossier_item",
            bank.id,
            **open_state | {"state": "reserved", "state_before": "ready", "export_id": reserved},
        )

        await alembic(world, "upgrade", "head")

        states = {
            name: (await old.item(one))["state"]
            for name, one in (
                ("left", left.id),
                ("again", again),
                ("later", later.id),
                ("gone", gone),
                ("fresh", fresh.id),
                ("waits", waits),
                ("bank", bank.id),
                ("held", held),
            )
        }
        assert states == {
            "left": "bundled",
            "again": "superseded",
            "later": "superseded",
            "gone": "bundled",
            "fresh": "ready",
            "waits": "superseded",
            "bank": "superseded",
            "held": "reserved",
        }
        assert (await old.item(waits))["approval"] == "not_needed", "nobody is asked for it any more"
        assert (await old.item(again))["state_before"] == "ready"
        kept = await old.one("select activity from dossier where id = $1", office.dossier.id)
        named = await old.one("select activity, item_count, ready_count from dossier where id = $1", second)
        assert (kept["activity"], named["activity"]) == (None, "2")
        assert (named["item_count"], named["ready_count"]) == (2, 0)
        locks = await connection.fetch(
            "select item_id from document_lock where document_id = $1", left.document_id
        )
        assert [row["item_id"] for row in locks] == [left.id]
        assert await connection.fetchval("select count(*) from bundle_item") == 2, "history stays"
        with pytest.raises(asyncpg.UniqueViolationError, match="left before"):
            await old.copy(
                "bundle_item",
                bundled["id"],
                item_id=await _winner_of_a_left_one(old, office, gone, second),
                export_id=other_export,
            )
    finally:
        await connection.close()
    await _the_office_sees_it(world, office)


async def _winner_of_a_left_one(old: Old, office: Office, gone: UUID, second: UUID) -> UUID:
    """A live item whose document left by another one that is superseded: what a mistake in choosing would take."""
    await old.connection.execute("update dossier_item set state = 'superseded' where id = $1", gone)
    return await old.copy("dossier_item", gone, state="ready", bundle_number=None, bundled_version=None)


async def _the_office_sees_it(world: World, office: Office) -> None:
    async with sign_in(world, office.owner) as client:
        assert 'href="/doubles"' in (await client.get("/")).text
        page = (await client.get("/doubles")).text
        assert "LEFT" in page
        assert "LATER" in page
        ids = [part.partition('"')[0] for part in page.split('name="selected" value="')[1:]]
        assert ids
        listed = (await client.get(f"{office.export_path.removesuffix('/export')}/documents")).text
        assert "counts in another dossier" in listed
        await client.post("/doubles", data={"selected": ids})
        assert "Nothing stands in two dossiers" in (await client.get("/doubles")).text
        assert 'href="/doubles"' not in (await client.get("/")).text


async def test_what_left_in_its_present_version_in_either_is_not_due_again(world: World) -> None:
    office = await an_office(world)
    item = await a_typed_paper(world, office, "AMENDED")
    async with sign_in(world, office.owner) as client:
        await press_export(client, office)
        await world.run_jobs()
        [export] = await exports_of(world, office.dossier)
        await alembic(world, "downgrade", BEFORE)
        connection = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
        try:
            old = Old(connection)
            second = await old.copy(
                "dossier",
                office.dossier.id,
                code="01205",
                code_key="01205",
                created_at="2026-11-23T00:00:00Z",
            )
            await connection.execute(
                "update dossier_item set version = 2, state = 'ready' where id = $1", item.id
            )
            await old.copy(
                "dossier_item", item.id, dossier_id=second, version=2, bundled_version=2, state="delivered"
            )
            await alembic(world, "upgrade", "head")
            now = await old.item(item.id)
            assert (now["state"], now["bundled_version"]) == ("bundled", 2)
        finally:
            await connection.close()
        answer = await press_export(client, office)
        assert "nothing new" in (await client.get(answer.headers.get("location", "/"))).text.lower()
    assert len(await exports_of(world, office.dossier)) == 1
    assert export.number == 1
