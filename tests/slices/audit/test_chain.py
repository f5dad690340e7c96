"""The audit log: appended in the transaction it tells of, sealed afterwards, proved by `verify`."""

import os
import subprocess
import sys
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import asyncpg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.features.audit import service as audit
from portal.features.audit.domain import GENESIS, ChainReport, link
from portal.features.audit.models import AuditEvent, AuditSeal
from portal.features.parties.models import Firm
from portal.kernel.actor import Actor, Principal, Role, policy_actor
from portal.kernel.ids import FirmId
from tests.support.builders import a_firm, a_staff_member
from tests.support.servers import ROOT, Servers
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> tuple[Firm, Actor]:
    firm = await a_firm(world)
    return firm, await a_staff_member(world, firm, Role.OWNER)


@pytest.fixture
async def intruder(world: World, servers: Servers) -> AsyncIterator[asyncpg.Connection]:
    """Somebody with the database's superuser, who switches the triggers off."""
    address = f"{servers.admin_url.rpartition('/')[0]}/{world.urls.app.rpartition('/')[2]}"
    connection = await asyncpg.connect(address.replace("+asyncpg", ""))
    await connection.execute("set session_replication_role = replica")
    yield connection
    await connection.close()


async def note(world: World, firm: Firm, actor: Actor, count: int = 1) -> None:
    async with world.as_scope(firm_id=firm.id) as session:
        for number in range(count):
            await audit.record(session, actor, "test.noted", "test", uuid4(), number=number)


async def seal(world: World, limit: int = 2000) -> int:
    async with world.as_system() as session:
        return await audit.seal(session, limit)


async def verify(world: World) -> ChainReport:
    async with world.as_system() as session:
        return await audit.verify(session)


async def test_an_event_tells_who_what_and_when(world: World, office: tuple[Firm, Actor]) -> None:
    firm, owner = office
    subject = uuid4()
    async with world.as_scope(firm_id=firm.id) as session:
        await audit.record(session, owner, "test.noted", "thing", subject, number=7)
    async with world.as_scope(firm_id=firm.id) as session:
        (event,) = await audit.history_of(session, subject)
    assert (event.action, event.subject_type, event.at) == ("test.noted", "thing", world.clock.now())
    assert event.actor["name"] == owner.name
    assert event.data == {"number": 7}


async def test_an_event_goes_with_the_transaction_it_tells_of(
    world: World, office: tuple[Firm, Actor]
) -> None:
    firm, owner = office

    async def fail() -> None:
        async with world.as_scope(firm_id=firm.id) as session:
            await audit.record(session, owner, "test.noted", "test", None)
            raise RuntimeError

    with pytest.raises(RuntimeError):
        await fail()
    async with world.as_scope(firm_id=firm.id) as session:
        assert list(await session.scalars(sa.select(AuditEvent))) == []


@pytest.mark.parametrize("table", ["audit_event", "audit_seal"])
@pytest.mark.parametrize("what", ["update {} set id_ = id_", "delete from {}", "truncate {}"])
async def test_neither_role_changes_or_deletes_history(
    world: World, office: tuple[Firm, Actor], table: str, what: str
) -> None:
    firm, owner = office
    await note(world, firm, owner)
    await seal(world)
    column = "id" if table == "audit_event" else "event_id"
    statement = sa.text(what.format(table).replace("id_", column))
    for scope in (world.as_scope(firm_id=firm.id), world.as_system()):
        with pytest.raises(DBAPIError) as refused:
            async with scope as session:
                await session.execute(statement)
        assert getattr(refused.value.orig, "sqlstate", "") == "42501"


async def test_even_the_owner_of_the_tables_meets_a_trigger(world: World, office: tuple[Firm, Actor]) -> None:
    firm, owner = office
    await note(world, firm, owner)
    connection = await asyncpg.connect(world.urls.owner.replace("+asyncpg", ""))
    try:
        for statement in (
            "update audit_event set action = 'x'",
            "delete from audit_event",
            "truncate audit_event cascade",
        ):
            with pytest.raises(asyncpg.PostgresError, match="history"):
                await connection.execute(statement)
    finally:
        await connection.close()


async def test_the_application_cannot_write_events_of_others_nor_seals(
    world: World, office: tuple[Firm, Actor]
) -> None:
    firm, owner = office
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    with pytest.raises(DBAPIError):
        await note(world, other, owner)  # the actor is the first firm's, the session the other's
    with pytest.raises(DBAPIError):
        async with world.as_scope(firm_id=firm.id) as session:
            await session.execute(
                sa.text(
                    "insert into audit_seal values (gen_random_uuid(), gen_random_uuid(), 1, '', '', now())"
                )
            )


async def test_sealing_chains_each_owners_events_in_their_order(
    world: World, office: tuple[Firm, Actor]
) -> None:
    firm, owner = office
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    await note(world, firm, owner, 3)
    await note(world, other, await a_staff_member(world, other), 2)
    assert (await verify(world)).unsealed == 5
    assert await seal(world, limit=2) == 2
    assert await seal(world) == 3
    assert await seal(world) == 0
    report = await verify(world)
    assert (report.events, report.chains, report.unsealed, report.holds) == (5, 2, 0, True)
    async with world.as_system() as session:
        seals = list(
            await session.scalars(
                sa.select(AuditSeal).where(AuditSeal.chain == firm.id).order_by(AuditSeal.sequence)
            )
        )
    assert [row.sequence for row in seals] == [1, 2, 3]
    assert seals[0].previous == GENESIS
    assert [row.previous for row in seals[1:]] == [row.hash for row in seals[:-1]]


async def test_the_sealer_runs_by_the_clock_and_by_itself(world: World, office: tuple[Firm, Actor]) -> None:
    firm, owner = office
    await note(world, firm, owner, 2)
    await world.sweep()
    assert (await verify(world)).unsealed == 0


async def test_two_sealers_at_once_make_one_chain(world: World, office: tuple[Firm, Actor]) -> None:
    firm, owner = office
    await note(world, firm, owner, 3)
    async with world.as_system() as first:
        assert await audit.seal(first) == 3
        assert await seal(world) == 0  # the other one holds the place
    assert (await verify(world)).holds


@pytest.mark.parametrize(
    ("tampering", "told"),
    [
        ("update audit_event set data = '{\"number\": 9}' where id = $1", "its event was changed"),
        ("update audit_event set action = 'test.other' where id = $1", "its event was changed"),
        ("update audit_event set at = at - interval '1 day' where id = $1", "its event was changed"),
        ("delete from audit_event where id = $1", "its event was deleted"),
        ("delete from audit_seal where event_id = $1", "number 2 is missing"),
        ("update audit_seal set sequence = 40 where event_id = $1", "number 2 is missing"),
        ("update audit_seal set hash = sha256('x') where event_id = $1", "its event was changed"),
    ],
)
async def test_verify_finds_what_was_tampered_with(
    world: World, office: tuple[Firm, Actor], intruder: asyncpg.Connection, tampering: str, told: str
) -> None:
    firm, owner = office
    await note(world, firm, owner, 4)
    await seal(world)
    second = await event_in_place(world, firm, 2)
    assert (await verify(world)).holds
    await intruder.execute(tampering, second)
    report = await verify(world)
    assert not report.holds
    assert told in [fault.what for fault in report.faults]


async def test_for_whom_somebody_acted_is_sealed_with_the_event(
    world: World, office: tuple[Firm, Actor], intruder: asyncpg.Connection
) -> None:
    firm, owner = office
    assert owner.person_id is not None
    for_owner = Principal(person_id=owner.person_id, name=owner.name)
    await note(world, firm, policy_actor(FirmId(firm.id), "system", for_owner))
    await seal(world)
    assert (await verify(world)).holds
    await intruder.execute("update audit_event set actor = actor - 'on_behalf_of'")
    assert [fault.what for fault in (await verify(world)).faults] == ["its event was changed"]


async def test_verify_finds_a_chain_that_was_cut_and_recomputed_from_the_middle(
    world: World, office: tuple[Firm, Actor], intruder: asyncpg.Connection
) -> None:
    """Changing an event and its own hash is not enough: the next one refers to the old hash."""
    firm, owner = office
    await note(world, firm, owner, 3)
    await seal(world)
    second = await event_in_place(world, firm, 2)
    await intruder.execute("update audit_event set action = 'test.other' where id = $1", second)
    async with world.as_system() as session:
        event = await session.get(AuditEvent, second)
        row = await session.get(AuditSeal, second)
    assert event is not None
    assert row is not None
    await intruder.execute(
        "update audit_seal set hash = $2 where event_id = $1", second, link(row.previous, audit._told(event))
    )
    report = await verify(world)
    assert [(fault.sequence, fault.what) for fault in report.faults] == [
        (3, "does not follow the event before it")
    ]


async def event_in_place(world: World, firm: Firm, sequence: int) -> UUID:
    async with world.as_system() as session:
        found = await session.scalar(
            sa.select(AuditSeal.event_id).where(AuditSeal.chain == firm.id, AuditSeal.sequence == sequence)
        )
    assert found is not None
    return found


def command(world: World, action: str) -> subprocess.CompletedProcess[str]:
    settings = world.settings
    given = {
        **{name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")},
        "PORTAL_DATABASE_URL": settings.database_url,
        "PORTAL_DATABASE_SYSTEM_URL": settings.database_system_url,
        "PORTAL_REDIS_URL": settings.redis_url,
        "PORTAL_STORAGE_URL": settings.storage_url,
        "PORTAL_MAIL_URL": settings.mail_url,
    }
    return subprocess.run(
        [sys.executable, "-m", "portal", "audit", action],
        env=given,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


async def test_the_command_line_says_whether_the_log_holds(
    world: World, office: tuple[Firm, Actor], intruder: asyncpg.Connection
) -> None:
    firm, owner = office
    await note(world, firm, owner, 3)
    sealed = command(world, "seal")
    assert (sealed.returncode, sealed.stdout) == (0, "3 events sealed\n"), sealed.stderr
    fine = command(world, "verify")
    assert fine.returncode == 0
    assert "3 sealed events in 1 chains, 0 not sealed yet" in fine.stdout
    await intruder.execute("delete from audit_event where id = $1", await event_in_place(world, firm, 3))
    bad = command(world, "verify")
    assert bad.returncode == 1
    assert "number 3: its event was deleted" in bad.stdout
    assert "tampered" in bad.stdout
