"""The migration that makes the packages, on a filled database: whoever wrote for something goes on writing for it; and back."""

import asyncio
from typing import Any

import asyncpg
from alembic import command
from alembic.config import Config

from portal.features.targets.domain import DeliveryMethod
from tests.slices.items.test_doubles_migrated import Old
from tests.slices.targets.test_packages import a_package, move, packages
from tests.support.builders import a_dossier
from tests.support.builders_agents import Waiting, bundled, paired
from tests.support.builders_exports import Office, an_office, exports_of, set_policy
from tests.support.servers import ROOT
from tests.support.world import World

BEFORE = "0029-1"
"""The release before the packages."""
FEED = "/api/v1/agent/deliveries"


async def alembic(world: World, what: str, revision: str) -> None:
    made = Config(str(ROOT / "alembic.ini"))
    made.set_main_option("sqlalchemy.url", world.urls.owner.replace("%", "%%"))
    await asyncio.to_thread(getattr(command, what), made, revision)


async def test_policies_become_packages_and_what_happened_is_left_as_it_was(world: World) -> None:
    office = await an_office(world)
    async with paired(world, office) as agent:
        await bundled(world, office)
        (delivery,) = (await agent.get(FEED)).json()["deliveries"]
        waiting = Waiting(office, delivery)
        assert (await agent.get(f"{waiting.path}/bundle")).status_code == 200
        assert (
            await agent.post(f"{waiting.path}/confirm", json={"files": waiting.proofs(world)})
        ).status_code == 200
    other = await a_dossier(world, office.firm, code="B1")
    await alembic(world, "downgrade", BEFORE)
    connection = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    try:
        old = Old(connection)
        await connection.execute("update export_policy set layout = 'winbooks'")
        default = await connection.fetchval("select id from export_policy where dossier_id is null")
        await old.copy("export_policy", default, dossier_id=other.id, layout="yuki")
        proofs = await connection.fetch("select * from delivery_proof order by id")
        await alembic(world, "upgrade", "head")
        after = await connection.fetch("select * from delivery_proof order by id")
        assert [{**row, "channel": "agent"} for row in map(dict, proofs)] == [dict(row) for row in after]
        delivered = await connection.fetch(
            "select target_id from delivery union select target_id from export"
        )
    finally:
        await connection.close()
    first, second = await packages(world, office)
    assert [(one.name, one.layout, one.delivery_method) for one in (first, second)] == [
        ("WinBooks", "winbooks", DeliveryMethod.AGENT),
        ("Yuki", "yuki", DeliveryMethod.AGENT),
    ]
    assert await _places(world, office) == {"01204": first.id, "B1": second.id}
    # Its bundle was written for BOB, which is none of the packages any more: it belongs where its dossier is.
    assert [row["target_id"] for row in delivered] == [first.id]
    [run] = await exports_of(world, office.dossier)
    assert run.layout == "sage-bob-demat"
    async with paired(world, office):
        await bundled(world, Office(office.firm, office.owner, other))
    [theirs] = await exports_of(world, other)
    assert (theirs.layout, theirs.target_id) == ("yuki", second.id)


async def _places(world: World, office: Office) -> dict[str, Any]:
    connection = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    try:
        found = await connection.fetch(
            "select code, target_id from dossier where firm_id = $1", office.firm.id
        )
    finally:
        await connection.close()
    return {row["code"]: row["target_id"] for row in found}


async def test_the_way_back_keeps_what_a_dossier_was_written_for_and_one_code_in_a_firm(world: World) -> None:
    office = await an_office(world, code="A12")
    await set_policy(world, office, delay_seconds=90)
    target = await a_package(world, office, method=DeliveryMethod.DOWNLOAD)
    world.clock.at = world.clock.now().replace(hour=23)
    other = await a_dossier(world, office.firm, code="B1")
    await move(world, office, other, target, code="a12")
    await alembic(world, "downgrade", BEFORE)
    connection = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    try:
        codes = await connection.fetch("select code, code_key from dossier order by created_at")
        assert [tuple(row) for row in codes] == [("A12", "a12"), ("a12", None)]
        said = await connection.fetch(
            "select dossier_id, layout, delay_seconds from export_policy order by dossier_id nulls first"
        )
        assert [tuple(row) for row in said] == [(None, "sage-bob-demat", 90), (other.id, "yuki", 90)]
        assert await connection.fetchval("select to_regclass('target')") is None
    finally:
        await connection.close()
    await alembic(world, "upgrade", "head")
    assert [one.layout for one in await packages(world, office)] == ["sage-bob-demat", "yuki"]
