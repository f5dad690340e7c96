"""An export does with one statement what it does with all of its items, and reads each file once."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy import event

from portal.features.bundles.domain import ExportOptions, ExportState, WhyNot, why_not
from portal.features.bundles.models import BundleItem
from portal.features.bundles.service import selection
from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.service import locks, lookups
from portal.features.dossiers.models import Dossier
from portal.features.dossiers.service import opening
from portal.features.items.domain import ApprovalState, ItemState
from portal.features.items.models import DossierItem
from portal.features.items.service import moves
from portal.features.policies.models import ExportPolicy
from portal.kernel.kinds import SALES, Kind
from tests.support.builders_exports import Office, a_statement, an_invoice, an_office, exports_of, rehearsed
from tests.support.world import World

MANY = 40_000
"""More than a statement has parameters."""


@contextmanager
def listening(world: World) -> Iterator[Counter[str]]:
    """The statements of the application's role, each with how often it was sent; how many values one has is left out."""
    sent: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        sent[statement.partition(" VALUES ")[0]] += 1

    engine = world.tools.database.app_engine.sync_engine
    event.listen(engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(engine, "before_cursor_execute", note)


async def export(world: World, office: Office) -> None:
    async with opening.dossier(world.tools.database, office.owner, office.dossier.id) as (session, dossier):
        await selection.request_export(session, office.owner, dossier, ExportOptions())
    await world.run_jobs()


async def test_five_items_take_no_more_statements_than_one(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office, "F-1")
    with listening(world) as of_one:
        await export(world, office)
    for number in range(2, 7):
        await an_invoice(world, office, f"F-{number}")
    with listening(world) as of_five:
        await export(world, office)
    assert [run.counts["items"] for run in await exports_of(world, office.dossier)] == [1, 5]
    assert of_five == of_one


async def test_each_file_is_opened_once_and_hashed_by_the_bundle_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await an_office(world)
    for number in range(3):
        await an_invoice(world, office, f"F-{number}", pdf=True)
    opened: list[tuple[str, bool]] = []
    read = world.tools.store.open

    def noted(namespace: UUID, sha256: str, *, verified: bool = True) -> Any:
        opened.append((sha256, verified))
        return read(namespace, sha256, verified=verified)

    async def unexpected(*_: object) -> bytes:
        raise AssertionError("an export reads files as streams")

    monkeypatch.setattr(world.tools.store, "open", noted)
    monkeypatch.setattr(world.tools.store, "get", unexpected)
    await export(world, office)
    (run,) = await exports_of(world, office.dossier)
    assert run.state is ExportState.FINISHED
    assert len(opened) == len(set(opened)) == run.counts["files"] == 6
    assert not any(verified for _sha256, verified in opened)


async def test_more_items_than_a_statement_has_parameters_are_one_parameter(world: World) -> None:
    office = await an_office(world)
    ids = [uuid4() for _ in range(MANY)]
    async with opening.dossier(world.tools.database, office.owner, office.dossier.id) as (session, _dossier):
        await locks.keep_export_locks(session, ids)
        await locks.release_export_locks(session, ids)
        assert await lookups.files_of(session, ids) == {}
        assert await lookups.by_ids(session, ids) == {}
        assert await moves.deliver(session, dict.fromkeys(ids, 1)) == []
        assert await moves.release(session, uuid4(), ids) == 0
        await moves.set_locked(session, ids, locked=False)


async def test_a_lock_that_is_there_stays_and_the_rest_is_locked(world: World) -> None:
    office = await an_office(world)
    for number in range(3):
        await an_invoice(world, office, f"F-{number}")
    async with opening.dossier(world.tools.database, office.owner, office.dossier.id) as (session, dossier):
        found = await moves.candidates(session, dossier.id)
        await locks.lock_for_export(session, office.owner, found[1:2], 1)
        await locks.keep_export_locks(session, [found[1].id])
        await locks.lock_for_export(session, office.owner, found, 2)
        kept = await session.execute(
            sa.select(DocumentLock.item_id, DocumentLock.bundle, DocumentLock.reason)
        )
    expected = [
        (found[0].id, 2, locks.EXPORTING),
        (found[1].id, 1, locks.EXPORTED),
        (found[2].id, 2, locks.EXPORTING),
    ]
    assert sorted(map(tuple, kept)) == sorted(expected)


async def test_what_is_noted_of_an_item_is_what_the_manifest_tells_of_it(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office, "F-é")
    await export(world, office)
    async with world.as_system() as session:
        row = (await session.scalars(sa.select(BundleItem))).one()
    assert (row.item_id, row.position, row.version, row.reexport) == (item.id, 1, 1, False)
    assert (row.entry["id"], row.entry["number"], row.entry["gross"]) == (str(item.id), "F-é", "106.00")
    assert [file["role"] for file in row.entry["files"]] == ["ubl"]


OUT = frozenset({ItemState.BUNDLED, ItemState.DELIVERED})
OPTIONS = [
    ExportOptions(),
    ExportOptions(include_exported=True),
    ExportOptions(include_unapproved=True),
    ExportOptions(until=date(2026, 10, 4)),
    ExportOptions(since=date(2026, 10, 3), include_exported=True, include_unapproved=True),
    ExportOptions(kinds=frozenset(SALES)),
    ExportOptions(kinds=frozenset({Kind.STATEMENT})),
]


async def test_a_rehearsal_counts_what_the_rule_says_of_each_item(world: World) -> None:
    office = await an_office(world)
    places: list[dict[str, Any]] = [
        {},
        {},
        {"state": ItemState.WAITING, "approval": ApprovalState.WAITING},
        {"state": ItemState.HELD, "approval": ApprovalState.DISPUTED, "state_reason": "no"},
        {"state": ItemState.HELD, "approval": ApprovalState.APPROVED, "state_reason": "damaged"},
        {"state": ItemState.BUNDLED, "bundled_version": 1, "bundle_number": 1},
        {"state": ItemState.DELIVERED, "bundled_version": 1, "bundle_number": 1, "state_reason": "damaged"},
        {"state": ItemState.READY, "version": 2, "bundled_version": 1, "bundle_number": 1},
        {"state": ItemState.ASIDE, "state_before": "ready"},
        {"state": ItemState.READY, "approval": ApprovalState.APPROVED},
    ]
    for index, values in enumerate(places):
        item = await an_invoice(world, office, f"F-{index}", date(2026, 10, 1 + index % 6), sale=index == 1)
        if values:
            async with world.as_system() as session:
                await session.execute(
                    sa.update(DossierItem).where(DossierItem.id == item.id).values(**values)
                )
    await a_statement(world, office)
    async with world.as_system() as session:
        await session.execute(sa.update(ExportPolicy).values(export_from=date(2026, 10, 2)))
        # of two that leave, one with a finding, and one that only breaks a rule of form
        for number, code in (("F-7", "sum"), ("F-9", "formal")):
            await session.execute(
                sa.update(Document)
                .where(Document.number == number)
                .values(findings=[{"code": code, "params": {"rules": "BR-1", "count": "1"}}])
            )
    for options in OPTIONS:
        async with opening.dossier(world.tools.database, office.owner, office.dossier.id) as (
            session,
            dossier,
        ):
            told = await rehearsed(session, dossier, options)
            leaving, staying = await by_the_rule(session, dossier, options)
        assert (told.documents, told.statements) == (
            sum(1 for item in leaving if item.document_id),
            sum(1 for item in leaving if item.statement_id),
        ), options
        assert told.reexports == sum(1 for item in leaving if item.bundled_version == item.version), options
        assert told.reasons == Counter(reason for _item, reason in staying), options
        named = [(item.number, reason) for item, reason in told.staying]
        assert named == [
            (item.number, reason)
            for item, reason in staying
            if options.include_exported or item.state not in OUT
        ], options
        remarked = [paper.number for paper, _texts in told.remarks]
        assert remarked == ["F-7" for item in leaving if item.number == "F-7"], options
        assert told.remarked == len(remarked), options


async def by_the_rule(
    session: Any, dossier: Dossier, options: ExportOptions
) -> tuple[list[DossierItem], list[tuple[DossierItem, WhyNot]]]:
    """Who leaves and who stays, asked of each item by itself; what left before is told so, whatever else would keep it."""
    found = await session.scalars(
        sa.select(DossierItem)
        .where(DossierItem.dossier_id == dossier.id, DossierItem.state != ItemState.ASIDE)
        .order_by(DossierItem.item_date, DossierItem.id)
    )
    leaving: list[DossierItem] = []
    staying: list[tuple[DossierItem, WhyNot]] = []
    for item in found:
        reason = why_not(item, options, date(2026, 10, 2))
        if item.state in OUT and not options.include_exported:
            reason = WhyNot.EXPORTED
        if reason is None:
            leaving.append(item)
        else:
            staying.append((item, reason))
    return leaving, staying
