"""A list under way is cut where its next turn begins, and comes back in one piece."""

import json
import secrets

import anyio.to_thread
from alembic import command
from alembic.script import ScriptDirectory

from portal.features.dossiers.domain.names import name_key
from portal.kernel.ids import new_id
from tests.migrations.test_dossier_columns import a_dossier, a_firm, database_at
from tests.support.servers import ROOT, Servers

BEFORE = "0036"


async def test_a_list_under_way_is_cut_where_its_next_turn_begins(servers: Servers) -> None:
    async with database_at(servers, BEFORE) as (connection, config):
        firm = await a_firm(connection, "noordzee")
        rows = [{"line": n, "values": {"name": f"Company {n}"}, "status": "create"} for n in range(2, 452)]
        made = str(new_id())
        answers = {"3": "new", "450": "skip"}
        outcomes = {"2": {"outcome": "created", "dossier_id": made}, "4": {"outcome": "refused"}}
        await connection.execute(
            "insert into dossier_import (firm_id, id, file_name, sha256, sheet, mapping, rows, counts, state, created_at,"
            " position, answers, outcomes)"
            " values ($1, $2, 'a', 'a', 'a', '{}', $3, '{}', 'accepting', now(), 50, $4, $5)",
            firm,
            new_id(),
            *map(json.dumps, (rows, answers, outcomes)),
        )
        kept = await connection.fetchrow("select rows, answers, outcomes from dossier_import")
        await anyio.to_thread.run_sync(command.upgrade, config, "head")
        parts = await connection.fetch(
            "select position, convert_from(rows, 'UTF8') as rows, answers, convert_from(outcomes, 'UTF8') as outcomes, made"
            " from dossier_import_part order by position"
        )
        assert [one["position"] for one in parts] == [0, 50, 250]
        assert [row for one in parts for row in json.loads(one["rows"])] == rows
        assert [json.loads(one["answers"]) for one in parts] == [{"3": "new"}, {}, {"450": "skip"}]
        assert [json.loads(one["outcomes"]) for one in parts] == [outcomes, {}, {}]
        assert [list(map(str, one["made"])) for one in parts] == [[made], [], []]
        await anyio.to_thread.run_sync(command.downgrade, config, BEFORE)
        assert await connection.fetchrow("select rows, answers, outcomes from dossier_import") == kept


async def test_a_list_is_read_once_however_long_it_is(servers: Servers) -> None:
    """Looked up row by row, ten times the rows are a hundred times the reading."""
    cut = ScriptDirectory(str(ROOT / "migrations")).get_revision("0039").module.CUT
    async with database_at(servers, "0039") as (connection, _config):
        firm = await a_firm(connection, "noordzee")
        for column in ("rows", "answers", "outcomes"):
            await connection.execute(f"alter table dossier_import add column {column} jsonb")

        async def read(count: int) -> int:
            rows = [{"line": n, "values": {"name": secrets.token_hex(20)}} for n in range(count)]
            said = {str(n): {"outcome": "refused", "remarks": [secrets.token_hex(20)]} for n in range(count)}
            await connection.execute("delete from dossier_import")
            await connection.execute(
                "insert into dossier_import (firm_id, id, file_name, sha256, sheet, mapping, rows, counts, state, created_at,"
                " position, answers, outcomes)"
                " values ($1, $2, 'a', 'a', 'a', '{}', $3, '{}', 'accepting', now(), 50, $4, $4)",
                firm,
                new_id(),
                *map(json.dumps, (rows, said)),
            )
            found = await connection.fetchval(f"explain (analyze, buffers, format json) {cut}")
            select = json.loads(str(found))[0]["Plan"]["Plans"][-1]
            return select["Shared Hit Blocks"] + select["Shared Read Blocks"]

        few = await read(200)
        assert await read(2000) < 10 * few


async def test_dossiers_get_the_key_of_their_name(servers: Servers) -> None:
    async with database_at(servers, BEFORE) as (connection, config):
        firm = await a_firm(connection, "noordzee")
        for name in ("De Smet B.V.", "École"):
            await a_dossier(connection, firm, name)
        await anyio.to_thread.run_sync(command.upgrade, config, "head")
        found = await connection.fetch("select name, name_key from dossier order by name")
    assert (
        [tuple(row) for row in found]
        == [(name, name_key(name)) for name in ("De Smet B.V.", "École")]
        == [("De Smet B.V.", "de smet"), ("École", "ecole")]
    )
