"""One bad item never keeps the others back: whatever is noted of it, it is put aside by name and the rest leaves."""

import io
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from exports import bundle, coda
from portal.demo.samples import statement
from portal.features.banking.domain import codas
from portal.features.banking.models import BankAccount, Statement
from portal.features.banking.service import statements as banking
from portal.features.bundles.domain import ExportState
from portal.features.bundles.models import BundleItem, Export
from portal.features.bundles.service import builder, exclusions
from portal.features.documents.domain.documents import DocumentFiles, StoredFile
from portal.features.documents.models import Document, DocumentLock
from portal.features.documents.service import arrivals, lookups
from portal.features.dossiers.models import Dossier
from portal.features.items.domain import ItemState
from portal.features.items.models import DossierItem
from portal.features.policies.domain import Cadence
from portal.storage import StorageUnavailable
from tests.support.builders import opened, sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    again,
    an_entry,
    an_invoice,
    an_office,
    exports_of,
    item_of,
    jobs,
    press_export,
    set_policy,
)
from tests.support.world import World

TAX: dict[str, Any] = {"category": "S", "percent": "21", "taxable": "100.00", "tax": "21.00"}
TEXTS = (
    "",
    "../../../etc",
    "-rf",
    "~",
    "con",
    "a" * 5000,
    "\u202egpj.exe",
    "\x07\x1b[2J",
    "é" * 300,
    '"onx=1',
    "🧾\u200d",
)
ODD: list[tuple[type[Any], str, Any]] = [
    *((Document, "tax_subtotals", [TAX | {name: value}]) for name in TAX for value in (
        "100.000000000000000001", "NaN", "Infinity", "1E999999999", "1e-30", "-0", "", None, True, [], {}, "x", 10**30, "٣"
    )),
    *((Document, "tax_subtotals", value) for value in (["x"], [None], [[]], [{}], {"a": 1}, "x", 7, None)),
    *((table, "currency", value) for table in (Document, DossierItem) for value in ('"onx=1', "", "eur", "EURO", "€", "ÉUR", "A\nB")),
    *((DossierItem, name, value) for name in ("net", "tax", "gross") for value in (Decimal("NaN"), Decimal(-(10**11)), Decimal("999999999999.99"))),
    *((DossierItem, "item_date", value) for value in (date.min, date.max, date(999, 1, 1))),
    *((DossierItem, name, value) for name in ("number", "counterparty") for value in TEXTS),
    *((DossierItem, "bundle_number", value) for value in (0, -1, 2**31 - 1)),
    *((DossierItem, "bundled_version", value) for value in (0, -1, 7)),
    *((Document, "pdf_origin", value) for value in ("", "embedded", "strange")),
    *((Document, "pdf_size", value) for value in (-1, 0, 2**31 - 1)),
    *((Document, "pdf_sha256", value) for value in ("", "x", "0" * 64, "A" * 64)),
    *((Document, "pdf_name", value) for value in TEXTS),
]  # fmt: skip
"""Values that a database may hold, whatever judged them when they came in."""


async def change(world: World, table: type[Any], row_id: UUID, **values: Any) -> None:
    async with world.as_system() as session:
        await session.execute(sa.update(table).where(table.id == row_id).values(**values))


async def exported(world: World, office: Office, **form: str) -> Export:
    """Press the button and let a worker build; gives the newest run."""
    async with sign_in(world, office.owner, office.host) as client:
        assert (await press_export(client, office, **form)).status_code == 303
    await world.run_jobs()
    return (await exports_of(world, office.dossier))[-1]


async def contents(world: World, export: Export) -> set[UUID]:
    """The items of a bundle, whose archive is whole and says the same."""
    assert export.sha256 is not None
    data = await world.tools.store.get(export.firm_id, export.sha256)
    assert bundle.verify(io.BytesIO(data)) == []
    async with world.as_system() as session:
        rows = await session.scalars(sa.select(BundleItem.item_id).where(BundleItem.export_id == export.id))
        return set(rows)


async def shown(world: World, office: Office, *paths: str) -> list[str]:
    """Pages as the owner sees them; none of them breaks."""
    async with sign_in(world, office.owner, office.host) as client:
        pages = [await client.get(path) for path in paths]
    assert [page.status_code for page in pages] == [200] * len(pages)
    return [page.text for page in pages]


async def test_whatever_a_column_of_an_item_holds_the_rest_leaves_in_the_same_export(world: World) -> None:
    office = await an_office(world)
    good = [await an_invoice(world, office, "GOOD-1"), await a_statement(world, office, 45)]
    odd: list[DossierItem] = []
    for number, (table, column, value) in enumerate(ODD):
        item = await an_invoice(world, office, f"ODD-{number}", pdf=True)
        odd.append(item)
        row_id = item.id if table is DossierItem else item.document_id
        assert row_id is not None
        await change(world, table, row_id, **{column: value})
    export = await exported(world, office)
    assert (export.state, export.number) == (ExportState.FINISHED, 1)
    left = await contents(world, export)
    assert {item.id for item in good} <= left
    aside = {UUID(one["item_id"]): one["reason"] for one in export.aside}
    assert left | set(aside) == {item.id for item in (*good, *odd)}
    assert not left & set(aside)
    assert export.total == len(left)
    for item in odd:
        now = await again(world, item)
        if item.id in aside:
            assert now.state_reason == aside[item.id]
            assert now.export_id is None or now.state is not ItemState.RESERVED
        else:
            assert now.state is ItemState.BUNDLED
    async with world.as_system() as session:
        locked = {lock.item_id for lock in await session.scalars(sa.select(DocumentLock))}
    assert locked == left
    by_value = {number: aside.get(item.id) for number, item in enumerate(odd)}
    for number, (_table, column, value) in enumerate(ODD):
        if value in ('"onx=1', "eur") and column == "currency" and _table is DossierItem:
            assert by_value[number] == exclusions.CURRENCY
        if value == [TAX | {"taxable": "100.000000000000000001"}]:
            assert by_value[number] == exclusions.AMOUNT
    page, work_list, _dossier = await shown(
        world, office, office.export_path, "/", f"/dossiers/{office.dossier.id}"
    )
    for text in (page, work_list):
        assert f"{len(aside)} items could not leave" in text
    await shown(world, office, f"{office.export_path}/{export.id}", "/exports")


@pytest.mark.parametrize(
    ("name", "size", "media_type"),
    [
        ("", None, "application/xml"),
        ("../../x.xml", None, "application/xml"),
        ("a\u202eb\x1b[2J.xml", None, "text/\x07"),
        ("b.xml", 0, "application/xml"),
        ("b.xml", 2**31 - 1, ""),
        ("b.xml", -1, "x" * 300),
    ],
)
async def test_whatever_is_noted_of_a_file_the_rest_leaves(
    world: World, name: str, size: int | None, media_type: str
) -> None:
    office = await an_office(world)
    good = await an_invoice(world, office, "GOOD")
    data = b"a paper with figures"
    kept = await world.tools.store.put(office.dossier.company_id, data, media_type="text/plain")
    file = StoredFile(
        sha256=kept.sha256, size=kept.size if size is None else size, name=name, media_type=media_type
    )
    async with world.tools.database.transaction(opened(office.firm, office.dossier)) as session:
        await arrivals.enter(
            session,
            office.owner,
            office.dossier.company_id,
            an_entry(),
            file,
            us=f"BE:{office.dossier.number}",
        )
    await world.run_jobs()
    export = await exported(world, office)
    assert export.state is ExportState.FINISHED
    assert good.id in await contents(world, export)
    assert export.total + len(export.aside) == 2
    assert (size is None) == (export.aside == [])


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        (BankAccount, "iban", "../../x"),
        (BankAccount, "iban", "CON"),
        (BankAccount, "iban", "é" * 60),
        (Statement, "coda_number", -1),
        (Statement, "original_name", "\x1b[2J"),
        (Statement, "file_size", 1),
        (DossierItem, "currency", "€"),
    ],
)
async def test_whatever_is_noted_of_a_statement_the_rest_leaves(
    world: World, table: type[Any], column: str, value: Any
) -> None:
    office = await an_office(world)
    good = await an_invoice(world, office, "GOOD")
    extract = await a_statement(world, office)
    async with world.as_system() as session:
        row = await session.get(Statement, extract.statement_id)
        assert row is not None
        row_id = {Statement: row.id, BankAccount: row.account_id, DossierItem: extract.id}[table]
    try:
        await change(world, table, row_id, **{column: value})
    except DBAPIError:
        pytest.skip("the database itself refuses this value")
    export = await exported(world, office)
    assert export.state is ExportState.FINISHED
    assert good.id in await contents(world, export)
    assert export.total + len(export.aside) == 2


async def break_item(world: World, item: DossierItem) -> None:
    await change(world, DossierItem, item.id, currency='"onx=1')


async def test_statements_in_one_coda_file_stay_or_leave_together(world: World) -> None:
    """Left without the one that is at fault, its movements would leave all the same, and once more when it is tried again."""
    office = await an_office(world)
    good = await an_invoice(world, office, "GOOD")
    made = [
        statement(45, "1000.00", date(2026, 10, 1), date(2026, 10, 2), []),
        statement(46, "1000.00", date(2026, 10, 2), date(2026, 10, 3), []),
    ]
    data = coda.write(coda.File(statements=tuple(made)))
    kept = await world.tools.store.put(office.dossier.company_id, data, media_type="text/plain")
    async with world.tools.database.transaction(opened(office.firm, office.dossier)) as session:
        taken = await banking.ingest(
            session,
            office.owner,
            office.dossier.company_id,
            codas(coda.read(data), [(kept.sha256, kept.size)] * 2, "both.cod"),
            original_sha256=kept.sha256,
            original_name="both.cod",
        )
    await world.run_jobs()
    pair = [await item_of(world, office.dossier, statement_id=each.statement.id) for each in taken]
    await break_item(world, pair[1])
    export = await exported(world, office)
    assert export.state is ExportState.FINISHED
    assert await contents(world, export) == {good.id}
    reasons = {UUID(one["item_id"]): one["reason"] for one in export.aside}
    assert reasons == {pair[0].id: exclusions.TOGETHER, pair[1].id: exclusions.CURRENCY}


async def test_an_export_of_which_nothing_can_leave_is_given_up_with_words(world: World) -> None:
    office = await an_office(world)
    await set_policy(world, office, cadence=Cadence.AFTER_DELAY, delay_seconds=20)
    item = await an_invoice(world, office, "F-1")
    await break_item(world, item)
    export = await exported(world, office)
    assert (export.state, export.number) == (ExportState.ABANDONED, None)
    assert (await again(world, item)).state is ItemState.HELD
    page, work_list = await shown(world, office, f"{office.export_path}/{export.id}", "/")
    assert "Not one of the items could leave (1)" in page
    assert "Its currency is not a code of three capital letters" in page
    assert "F-1" in work_list
    async with world.as_system() as session:
        assert list(await session.scalars(sa.select(DocumentLock))) == []
    world.clock.at = world.clock.at.replace(year=world.clock.at.year + 1)
    await world.sweep()
    assert len(await exports_of(world, office.dossier)) == 1  # nobody meets it again until a person has tried


async def test_what_was_corrected_leaves_when_it_is_tried_again(world: World) -> None:
    office = await an_office(world)
    good, bad = await an_invoice(world, office, "F-1"), await an_invoice(world, office, "F-2")
    await break_item(world, bad)
    first = await exported(world, office)
    assert await contents(world, first) == {good.id}
    await change(world, DossierItem, bad.id, currency="EUR")
    async with sign_in(world, office.owner, office.host) as client:
        await client.post(f"{office.export_path}/try-again")
    second = await exported(world, office)
    assert (second.number, second.aside) == (2, [])
    assert await contents(world, second) == {bad.id}


async def test_an_item_that_the_database_refuses_to_note_stays_alone(world: World) -> None:
    office = await an_office(world)
    good, twin = await an_invoice(world, office, "F-1"), await an_invoice(world, office, "F-2")
    first = await exported(world, office)
    # As if the item had forgotten that this version of it is in a bundle already.
    await change(world, DossierItem, twin.id, state=ItemState.READY, bundled_version=None, bundle_number=None)
    third = await an_invoice(world, office, "F-3")
    second = await exported(world, office)
    assert (first.number, second.number, second.state) == (1, 2, ExportState.FINISHED)
    assert await contents(world, second) == {third.id}
    assert [one["reason"] for one in second.aside] == [exclusions.WRITTEN_DOWN]
    assert (await again(world, good)).state is ItemState.BUNDLED


async def tries(world: World, office: Office, count: int) -> Sequence[Export]:
    """Let a build be tried so often."""
    for _ in range(count):
        (build,) = await jobs(world, "bundles.build")
        world.clock.at = max(world.clock.at, build.due_at)
        await world.run_jobs()
    return await exports_of(world, office.dossier)


async def test_a_file_that_cannot_be_read_while_others_can_is_put_aside_after_some_tries(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await an_office(world)
    good, bad = await an_invoice(world, office, "F-1"), await an_invoice(world, office, "F-2")
    async with world.as_system() as session:
        document = await session.get(Document, bad.document_id)
    assert document is not None
    read = world.tools.store.open

    def refuse(namespace: UUID, sha256: str, **options: Any) -> Any:
        if sha256 == document.original_sha256:
            raise StorageUnavailable
        return read(namespace, sha256, **options)

    monkeypatch.setattr(world.tools.store, "open", refuse)
    assert (await exported(world, office)).state is ExportState.BUILDING  # it may be the store: tried again
    (export,) = await tries(world, office, builder.PATIENT_TRIES - 1)
    assert export.state is ExportState.FINISHED
    assert await contents(world, export) == {good.id}
    assert [one["reason"] for one in export.aside] == [exclusions.UNREADABLE]


async def test_a_store_that_is_away_blames_no_item_however_often_it_is_tried(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)

    def refuse(*_: object, **_options: object) -> None:
        raise StorageUnavailable

    with monkeypatch.context() as away:
        away.setattr(world.tools.store, "open", refuse)
        assert (await exported(world, office)).state is ExportState.BUILDING
        (export,) = await tries(world, office, 4)
        assert export.state is ExportState.BUILDING
    (export,) = await tries(world, office, 1)
    assert export.state is ExportState.FINISHED
    assert await contents(world, export) == {item.id}


@pytest.mark.parametrize("values", [{"folders": {"statement": "../x"}}, {"folders": {"what": "x"}}])
async def test_a_dossier_that_is_at_fault_itself_is_told_at_once_and_blames_no_item(
    world: World, values: dict[str, Any]
) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    await change(world, Dossier, office.dossier.id, **values)
    export = await exported(world, office)
    assert export.state is ExportState.ABANDONED
    assert (await again(world, item)).state is ItemState.READY
    (page,) = await shown(world, office, f"{office.export_path}/{export.id}")
    assert "The layout or a folder of this dossier cannot be used" in page


async def test_an_item_whose_document_is_not_to_be_found_stays_alone(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    office = await an_office(world)
    good, bad = await an_invoice(world, office, "F-1"), await an_invoice(world, office, "F-2")
    found = lookups.files_of

    async def without(session: Any, ids: Sequence[UUID]) -> dict[UUID, DocumentFiles]:
        return await found(session, [each for each in ids if each != bad.document_id])

    monkeypatch.setattr(lookups, "files_of", without)
    export = await exported(world, office)
    assert await contents(world, export) == {good.id}
