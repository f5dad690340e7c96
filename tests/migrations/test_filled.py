"""The filled database of the last release becomes today's, and the application goes on with it.

`tests/data/release_0040.sql` and the files beside it were made by `tests/migrations/filling.py` with the code of that release. Every
migration after it is walked by these tests, forwards and back, with rows in all tables.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import anyio.to_thread
import asyncpg
import httpx
import pytest
import sqlalchemy as sa
from alembic import command
from alembic.config import Config

from portal.features.accounts.models import Person
from portal.features.audit import service as audit
from portal.kernel.actor import Actor, Door
from portal.kernel.ids import PersonId
from tests.migrations.filling import AGENT, AGENT_TOKEN, PROGRAM_TOKEN, fill, invited
from tests.migrations.released import DOSSIER, MEMBER, OFFICE, Released, all_answer, released
from tests.support.builders import sign_in
from tests.support.builders_dossiers import activate, mails
from tests.support.names import wrong_keys
from tests.support.servers import ROOT, Servers
from tests.support.world import World, world_on

RELEASE = "0040"
OLDER = "0026"
"""Filled likewise; between the two, the model changed most."""
NEXT_DAY = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
NOT_BROUGHT_BACK: dict[str, str] = {}
"""Columns that going back does not restore to the letter, each with its reason."""


@pytest.fixture
async def before(servers: Servers, tmp_path: Path) -> AsyncIterator[Released]:
    """The database of the release as it was, and its files."""
    async with released(servers, RELEASE, "portal_filled", tmp_path) as made:
        yield made


@pytest.fixture
async def older(servers: Servers, tmp_path: Path) -> AsyncIterator[Released]:
    """The same before the model's round."""
    async with released(servers, OLDER, "portal_filled", tmp_path) as made:
        yield made


@pytest.fixture
async def migrated(before: Released, servers: Servers) -> AsyncIterator[World]:
    """A world on it, with today's schema."""
    await before.to("head")
    async with world_on(servers, before.urls, before.folder) as world:
        world.clock.at = NEXT_DAY
        yield world


@asynccontextmanager
async def entered(
    world: World, email: str, host: str = "noordzee.localhost"
) -> AsyncIterator[httpx.AsyncClient]:
    """The browser of somebody who had an account."""
    async with world.as_system() as session:
        person = (await session.scalars(sa.select(Person).where(Person.email == email))).one()
    actor = Actor(door=Door.PAGE, name=person.name, person_id=PersonId(person.id))
    async with sign_in(world, actor, host) as client:
        yield client


async def ids(world: World, query: str) -> list[str]:
    async with world.as_system() as session:
        return ["/".join(str(one) for one in row) for row in await session.execute(sa.text(query))]


async def test_a_filled_portal_has_something_of_everything_and_goes_back_to_the_release(
    world: World, servers: Servers
) -> None:
    await fill(world)
    async with world.as_system() as session:
        tables = await session.scalars(
            sa.text(
                "select tablename from pg_tables where schemaname = 'public' and tablename <> 'alembic_version'"
            )
        )
        empty = {
            table
            for table in tables
            if not await session.scalar(sa.text(f"select exists (select from {table})"))
        }
    assert empty == set(), "the next release's dump would prove nothing about these"
    await _goes_back_and_forth(world, servers)


async def _goes_back_and_forth(world: World, servers: Servers) -> None:
    """What the release had no word for gets its nearest, also where it is locked; the rest comes through."""
    config = Config(str(ROOT / "alembic.ini"))
    config.set_main_option("sqlalchemy.url", world.urls.owner.replace("%", "%%"))
    database = world.urls.app.rpartition("/")[2]
    admin = await asyncpg.connect(f"{servers.admin_url.rpartition('/')[0]}/{database}")
    locked = "select count(*) from document d join document_lock l on l.document_id = d.id where d.kind = $1"
    items = "select count(*) from dossier_item where kind = $1"
    managed = "select dossier_id, person_id from dossier_staff where until is null order by 1"
    invitations = "select kind, state, count(*) from invitation group by 1, 2 order by 1, 2"
    counters = "select id, quick_entry_count, waiting_count, ready_count from dossier order by id"
    try:
        await admin.execute("set session_replication_role = replica")
        for table in ("document", "dossier_item"):
            await admin.execute(f"update {table} set kind = 'payroll' where kind = 'sales_invoice'")
        kinds = "{sales_invoice,other,contract,tax_letter}"
        await admin.execute("update export_policy set approval_kinds = $1::text::text[]", kinds)
        await admin.execute("update dossier_vat_regime set regime = 'unit_member'")
        await admin.execute("set session_replication_role = origin")
        assert await admin.fetchval(locked, "payroll") > 0
        papers = await admin.fetchval(items, "payroll") + await admin.fetchval(items, "other")
        counted, managers = await admin.fetch(counters), await admin.fetch(managed)
        assert managers
        await admin.execute(
            "update invitation set state = 'withdrawn' where kind = 'claim' and state = 'sent'"
        )
        asked = {tuple(row)[:2]: row["count"] for row in await admin.fetch(invitations)}
        assert {kind for kind, _state in asked} == {"claim", "staff", "member"}
        claims = sum(count for (kind, _state), count in asked.items() if kind == "claim")
        ended = asked[("claim", "withdrawn")] + asked[("claim", "expired")]
        await anyio.to_thread.run_sync(command.downgrade, config, OLDER)
        assert await admin.fetchval(locked, "other") > 0
        assert await admin.fetchval(items, "other") == papers
        approvals = await admin.fetchval("select approval_kinds from export_policy limit 1")
        assert sorted(approvals) == ["other", "sales_invoice"]
        regimes = await admin.fetch("select distinct vat_regime from dossier")
        assert [row["vat_regime"] for row in regimes] == ["none"]
        assert await admin.fetchval("select count(*) from invitation") == claims
        assert await admin.fetchval("select count(*) from invitation where state = 'expired'") == ended
        await anyio.to_thread.run_sync(command.upgrade, config, "head")
        assert {row["kind"] for row in await admin.fetch(invitations)} == {"claim"}
        assert await admin.fetch(counters) == counted
        assert await admin.fetch(managed) == managers
    finally:
        await admin.close()


async def test_rows_survive_the_way_there_and_back_and_there_again(before: Released) -> None:
    await _there_and_back(before, RELEASE)


async def test_rows_of_the_older_release_survive_it_too(older: Released) -> None:
    await _there_and_back(older, OLDER)


async def _there_and_back(was: Released, release: str) -> None:
    rows = await was.rows(exclude=NOT_BROUGHT_BACK)
    assert all(rows.values())
    await was.to("head")
    await was.to(release)
    back = await was.rows(exclude=NOT_BROUGHT_BACK)
    assert {table: back[table] for table in rows if back[table] != rows[table]} == {}
    await was.to("head")
    counted = await was.count(tuple(rows))
    assert counted == {table: len(said) for table, said in rows.items()}


async def test_files_that_were_there_say_by_whom_they_came(migrated: World) -> None:
    handed_in = (
        "select distinct f.channel, m.person_id is not null, f.sender <> '' from intake_file f"
        " left join company_member m on m.company_id = f.company_id and m.person_id = f.received_by"
    )
    assert {"office/False/True", "member/True/True"} >= set(await ids(migrated, handed_in)) != set()
    assert (
        await ids(migrated, "select id from intake_file where dossier_id is not null and channel <> 'office'")
        == []
    )


async def test_names_have_the_keys_that_the_function_gives(migrated: World) -> None:
    async with migrated.as_system() as session:
        assert await wrong_keys(session) == []


async def test_other_numbers_become_identifiers_and_come_back(older: Released) -> None:
    numbers = ["5412345000013", "HRB 12345"]
    given = "update company set other_numbers = $1 where id = (select id from company order by id limit 1)"
    await older.admin.execute(given, numbers)
    await older.to("head")
    found = await older.admin.fetch(
        "select value, scheme, source, valid_from from company_identifier order by value"
    )
    assert [tuple(row) for row in found] == [(one, "foreign", "import", None) for one in numbers]
    await older.to(OLDER)
    back = await older.admin.fetch("select other_numbers from company where other_numbers <> '{}'")
    assert [row["other_numbers"] for row in back] == [numbers]


async def test_lists_papers_exports_and_settings_open_for_the_office(migrated: World) -> None:
    dossiers = await ids(
        migrated,
        "select d.id from dossier d join host h using (firm_id) where h.host like 'noordzee%'"
        " and d.access in ('managed', 'granted')",
    )
    papers = await ids(
        migrated, "select dossier_id, document_id from dossier_item where document_id is not null"
    )
    exports = await ids(migrated, "select dossier_id, id from export")
    assert dossiers
    assert papers
    assert exports
    paths = [*OFFICE, "/search?q=telecom"]
    paths += [f"/dossiers/{one}{rest}" for one in dossiers for rest in DOSSIER]
    paths += ["/dossiers/{}/export/{}".format(*one.split("/")) for one in exports]
    firms = {"noordzee.localhost": "sofie@noordzee.example", "ardennes.localhost": "luc@ardennes.example"}
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(entered(migrated, who, host)) for host, who in firms.items()
        ]
        await all_answer(clients[0], paths)
        await all_answer(clients[1], ["/", "/dossiers", "/exports", "/history"])
        for paper in papers:
            where = "/dossiers/{}/documents/{}".format(*paper.split("/"))
            statuses = [(await client.get(where, follow_redirects=True)).status_code for client in clients]
            assert sorted(statuses) == [200, 404], where


async def test_an_entrepreneur_finds_their_papers(migrated: World) -> None:
    (email,) = await ids(
        migrated,
        "select p.email from person p join company_member m on m.person_id = p.id"
        " join company c on c.id = m.company_id where m.role = 'entrepreneur' and c.number = '0999888767'",
    )
    async with entered(migrated, email) as client:
        await all_answer(client, MEMBER)


async def test_an_agent_and_a_program_go_on_with_their_keys(migrated: World) -> None:
    async with migrated.client() as client:
        client.headers["authorization"] = f"Bearer {AGENT_TOKEN}"
        (delivery,) = (await client.get(AGENT)).json()["deliveries"]
        bundle = await client.get(f"{AGENT}/{delivery['id']}/bundle")
        assert (bundle.status_code, bundle.content[:2]) == (200, b"PK")
        files = [
            {
                "item_id": file["item_id"],
                "role": file["role"],
                "path": f"C:\\BOB\\{file['path']}",
                "sha256": file["sha256"],
                "written_at": NEXT_DAY.isoformat(),
            }
            for file in delivery["files"]
        ]
        said = await client.post(f"{AGENT}/{delivery['id']}/confirm", json={"files": files})
        assert said.status_code == 200, said.text
        assert (await client.get(AGENT)).json()["deliveries"] == []
        client.headers["authorization"] = f"Bearer {PROGRAM_TOKEN}"
        (dossier,) = await ids(migrated, "select distinct dossier_id from export")
        listed = await client.get(f"/api/v1/dossiers/{dossier}/documents")
        assert (listed.status_code, bool(listed.json())) == (200, True)


async def test_what_waited_is_done_and_the_chain_of_the_log_holds(migrated: World) -> None:
    due = "done_at is null and dead_at is null and due_at <= '2026-11-24 09:00+00'"
    assert len(await ids(migrated, f"select name from job where {due}")) > 5
    await migrated.run_jobs()
    await migrated.sweep()
    assert await ids(migrated, "select name, last_error from job where dead_at is not null") == []
    assert await ids(migrated, f"select name from job where {due}") == []
    read = "select i.id from dossier_item i join document d on d.id = i.document_id where d.number = 'W-1'"
    assert len(await ids(migrated, read)) == 2, "one for each firm"
    told = "select id from client_notice where about like 'A-4%'"
    assert len(await ids(migrated, told)) == 1, "only one of them asks for approval"
    letters = mails(migrated)
    assert any("none@zaken.example" in letter["To"] for letter in letters)
    async with migrated.as_system() as session:
        assert (await audit.verify(session)).faults == ()


async def test_invitations_of_the_older_release_are_claims(older: Released) -> None:
    was = await older.admin.fetch(
        "select id, dossier_id, company_id, email, state from invitation order by id"
    )
    await older.to("head")
    now = await older.admin.fetch(
        "select id, dossier_id, company_id, email, state, kind, role, invited_by from invitation order by id"
    )
    assert was
    assert [(*row, "claim", None, None) for row in was] == [tuple(row) for row in now]


async def test_a_link_that_was_sent_still_opens_and_is_used_once(migrated: World) -> None:
    async with migrated.client() as client:
        for email, status in (("sent", 303), ("opened", 303), ("expired", 410)):
            path = f"/activate/{invited(email)}"
            if status == 410:
                assert (await client.get(path)).status_code == status
            else:
                assert (await activate(client, path)).status_code == status
                client.cookies.clear()
                assert (await client.get(path)).status_code != 200
