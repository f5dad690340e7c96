"""Policies that act by themselves: after some seconds, and on the day after a month."""

from collections.abc import Sized
from datetime import UTC, date, datetime, timedelta

import sqlalchemy as sa
from sqlalchemy import event

from portal.features.bundles.domain import ExportState
from portal.features.bundles.models import BundleItem
from portal.features.bundles.service.due_exports import due_dossiers
from portal.features.documents.models import Document
from portal.features.documents.service import changes
from portal.features.dossiers.models import Dossier
from portal.features.policies.domain import SHORTEST_DELAY, Cadence
from portal.features.policies.models import ExportPolicy
from tests.support.builders import a_dossier, opened, sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    a_typed_paper,
    an_entry,
    an_invoice,
    an_office,
    exports_of,
    jobs,
    press_export,
    set_policy,
)
from tests.support.world import World


async def numbers(world: World) -> list[list[str]]:
    """The document numbers of each bundle, in the order of bundles."""
    async with world.as_system() as session:
        rows = list(await session.scalars(sa.select(BundleItem).order_by(BundleItem.id)))
    found: dict[object, list[str]] = {}
    for row in rows:
        found.setdefault(row.export_id, []).append(row.entry["number"])
    return list(found.values())


async def pass_time(world: World, seconds: float) -> None:
    world.clock.at += timedelta(seconds=seconds)
    await world.sweep()


async def after(world: World, seconds: int) -> Office:
    office = await an_office(world)
    await set_policy(world, office, cadence=Cadence.AFTER_DELAY, delay_seconds=seconds)
    return office


async def test_after_its_delay_an_item_leaves_by_itself(world: World) -> None:
    office = await after(world, 20)
    await an_invoice(world, office)
    await pass_time(world, 19)
    assert await exports_of(world, office.dossier) == []
    await pass_time(world, 1)
    (export,) = await exports_of(world, office.dossier)
    assert (export.state, export.by_policy, export.number) == (ExportState.FINISHED, True, 1)
    assert export.requested_by is None
    await pass_time(world, 60)
    assert len(await exports_of(world, office.dossier)) == 1


async def test_each_item_waits_its_own_time(world: World) -> None:
    office = await after(world, 20)
    await an_invoice(world, office, "F-1")
    world.clock.at += timedelta(seconds=15)
    await an_invoice(world, office, "F-2")
    await pass_time(world, 10)
    assert await numbers(world) == [["F-1"]]
    await pass_time(world, 10)
    assert await numbers(world) == [["F-1"], ["F-2"]]


async def test_an_edit_starts_the_time_anew(world: World) -> None:
    office = await after(world, 20)
    item = await a_typed_paper(world, office)
    world.clock.at += timedelta(seconds=15)
    async with world.tools.database.transaction(opened(office.firm, office.dossier)) as session:
        document = await session.get(Document, item.document_id)
        assert document is not None
        await changes.amend(session, office.owner, document, an_entry("B-1", "90.00"), us="BE:1")
    await world.run_jobs()
    await pass_time(world, 10)
    assert await numbers(world) == []
    await pass_time(world, 10)
    assert await numbers(world) == [["B-1"]]


async def test_the_month_leaves_on_its_day_and_hour_with_what_is_older_and_nothing_newer(
    world: World,
) -> None:
    office = await an_office(world)
    await set_policy(
        world,
        office,
        cadence=Cadence.LAST_FULL_MONTH,
        run_day=3,
        run_hour=2,
        last_month_run=date(2026, 10, 31),
    )
    await an_invoice(world, office, "OLD", date(2026, 9, 30))
    await an_invoice(world, office, "NOV", date(2026, 11, 30))
    await an_invoice(world, office, "DEC", date(2026, 12, 1))
    world.clock.at = datetime(2026, 12, 3, 0, 59, tzinfo=UTC)  # 01:59 in Brussels
    await world.sweep()
    assert await numbers(world) == []
    world.clock.at = datetime(2026, 12, 3, 1, 0, tzinfo=UTC)
    await world.sweep()
    assert await numbers(world) == [["OLD", "NOV"]]
    await an_invoice(world, office, "LATE", date(2026, 11, 15))
    await pass_time(world, 3600)
    assert await numbers(world) == [["OLD", "NOV"]]  # a late one goes with the next month
    world.clock.at = datetime(2027, 1, 3, 1, 0, tzinfo=UTC)
    await world.sweep()
    assert await numbers(world) == [["OLD", "NOV"], ["LATE", "DEC"]]


async def test_nothing_before_the_first_day_of_export(world: World) -> None:
    office = await after(world, 20)
    await set_policy(world, office, export_from=date(2026, 10, 10))
    await an_invoice(world, office, "OLD", date(2026, 10, 9))
    await pass_time(world, 30)
    assert await jobs(world, "bundles.by_policy") == []


async def test_statements_that_do_not_go_along_wake_nobody(world: World) -> None:
    office = await after(world, 20)
    await set_policy(world, office, include_statements=False)
    await a_statement(world, office)
    await pass_time(world, 30)
    assert await jobs(world, "bundles.by_policy") == []


async def test_a_policy_switched_off_meanwhile_exports_nothing(world: World) -> None:
    office = await after(world, 20)
    await an_invoice(world, office)
    world.clock.at += timedelta(seconds=30)
    await world.runner.sweep(0)
    assert len(await jobs(world, "bundles.by_policy")) == 1
    await set_policy(world, office, cadence=Cadence.NEVER)
    await world.run_jobs()
    assert await exports_of(world, office.dossier) == []


async def test_a_month_that_meets_a_running_export_comes_back_for_what_that_one_left(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office, "SALE", date(2026, 10, 2), sale=True)
    await an_invoice(world, office, "BUY", date(2026, 10, 3))
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office, kinds="sales")
    await set_policy(world, office, cadence=Cadence.LAST_FULL_MONTH, last_month_run=None)
    await world.runner.sweep(0)
    (policy,) = await jobs(world, "bundles.by_policy")
    await world.runner.run(policy.id)
    assert len(await exports_of(world, office.dossier)) == 1
    await world.run_jobs()
    await pass_time(world, 10)
    assert await numbers(world) == [["SALE"], ["BUY"]]


async def test_what_falls_due_before_the_next_look_is_asked_for_at_its_moment(world: World) -> None:
    office = await after(world, 20)
    item = await an_invoice(world, office)
    world.clock.at += timedelta(seconds=20 - SHORTEST_DELAY)
    await world.sweep()
    (job,) = await jobs(world, "bundles.by_policy")
    assert job.due_at == item.final_at + timedelta(seconds=20)
    assert await exports_of(world, office.dossier) == []
    world.clock.at = job.due_at
    await world.run_jobs()  # nobody looks again
    assert await numbers(world) == [["F-1"]]


async def test_each_dossier_follows_its_own_policy_or_else_the_default(world: World) -> None:
    office = await after(world, 20)
    slow = await a_dossier(world, office.firm, code="SLOW")
    never = await a_dossier(world, office.firm, code="NEVER")
    other = await an_office(world, "ardennes")
    await own_policy(world, office, slow, Cadence.AFTER_DELAY, 60)
    await own_policy(world, office, never, Cadence.NEVER, 5)
    await own_policy(
        world, other, other.dossier, Cadence.AFTER_DELAY, 20
    )  # and the default of that office never acts
    for number, dossier in (("F-1", None), ("F-2", slow), ("F-3", never)):
        await an_invoice(world, office, number, dossier=dossier)
    await an_invoice(world, other, "G-1")
    await pass_time(world, 20)
    assert sorted(await numbers(world)) == [["F-1"], ["G-1"]]
    await pass_time(world, 40)
    assert sorted(await numbers(world)) == [["F-1"], ["F-2"], ["G-1"]]


async def test_a_look_takes_as_many_statements_and_values_however_many_policies_there_are(
    world: World,
) -> None:
    """A value for each policy fails for everybody where there are more than a statement takes."""
    office = await after(world, 20)
    await an_invoice(world, office)

    async def look() -> list[int]:
        asked: list[int] = []

        def note(_c: object, _k: object, _s: str, parameters: Sized, _x: object, _m: bool) -> None:
            asked.append(len(parameters))

        engine = world.tools.database.system_engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            async with world.as_system() as session:
                assert await due_dossiers(session, world.clock.now()) == []
        finally:
            event.remove(engine, "before_cursor_execute", note)
        return asked

    few = await look()
    for number in range(20):
        dossier = await a_dossier(world, office.firm, code=f"D-{number}")
        cadence = Cadence.LAST_FULL_MONTH if number % 2 else Cadence.AFTER_DELAY
        await own_policy(world, office, dossier, cadence, 600)
    assert await look() == few


async def own_policy(world: World, office: Office, dossier: Dossier, cadence: Cadence, seconds: int) -> None:
    async with world.as_system() as session:
        default = await session.scalar(
            sa.select(ExportPolicy).where(
                ExportPolicy.firm_id == office.firm.id, ExportPolicy.dossier_id.is_(None)
            )
        )
        assert default is not None
        session.add(
            ExportPolicy(
                firm_id=office.firm.id,
                dossier_id=dossier.id,
                cadence=cadence,
                delay_seconds=seconds,
                approval_kinds=[],
                export_from=None,
                changed_at=default.changed_at,
                last_month_run=date(2026, 10, 31),
            )
        )


async def test_what_is_ready_is_found_by_its_index(world: World) -> None:
    office = await after(world, 20)
    await an_invoice(world, office)
    async with world.as_system() as session:
        await session.execute(sa.text("set local enable_seqscan = off"))
        asked: list[tuple[str, object]] = []

        def note(_c: object, _k: object, statement: str, parameters: object, _x: object, _m: bool) -> None:
            asked.append((statement, parameters))

        engine = world.tools.database.system_engine.sync_engine
        event.listen(engine, "before_cursor_execute", note)
        try:
            await due_dossiers(session, world.clock.now())
        finally:
            event.remove(engine, "before_cursor_execute", note)
        statement, parameters = asked[-1]
        connection = await session.connection()
        found = await connection.exec_driver_sql(f"explain {statement}", parameters)  # type: ignore[arg-type] - as the driver was given them
        plan = "\n".join(row[0] for row in found)
    assert "ix_dossier_item_ready" in plan
