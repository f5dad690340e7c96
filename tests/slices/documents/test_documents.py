"""Documents: amended, annotated, locked, deleted, listed, downloaded."""

import asyncio
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from exports import ubl
from portal.db.session import Scope
from portal.features.audit.models import AuditEvent
from portal.features.documents.domain.annotation import Annotation
from portal.features.documents.domain.documents import (
    UNLOCKED_COLUMNS,
    DocumentQuery,
    PaymentState,
    StoredFile,
)
from portal.features.documents.domain.entry import Entry
from portal.features.documents.domain.entry_form import read_form
from portal.features.documents.domain.identity import Direction, direction_of, duplicate_key, identity
from portal.features.documents.domain.patch import EntryPatch, completed
from portal.features.documents.domain.totals import Rate
from portal.features.documents.models import Document
from portal.features.documents.service import arrivals, changes, lookups
from portal.features.dossiers.domain.dossiers import Access
from portal.features.items.models import DossierItem
from portal.features.items.service import deletion
from portal.features.records.service import details
from portal.kernel.actor import Role
from portal.kernel.errors import Conflict, Forbidden, NotFound
from portal.kernel.kinds import Kind
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member
from tests.support.builders_papers import SUPPLIER, a_pdf, a_ubl, hand_in
from tests.support.builders_scene import US, Office, an_office
from tests.support.entries import patch_of
from tests.support.world import World

LONG_AGO = "2010-03-01"
"""Its ten years are over."""


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def an_entry(number: str = "P1", net: str = "200") -> EntryPatch:
    return patch_of(
        Entry(
            kind=Kind.PURCHASE_INVOICE,
            number=number,
            issue_date=date(2026, 10, 12),
            counterparty_name="Slagerij De Smet",
            rates=(Rate(percent=Decimal(21), taxable=Decimal(net), tax=Decimal(42)),),
        )
    )


async def typed(office: Office, number: str = "P1") -> Document:
    """A purchase typed from a PDF."""
    stored = await office.world.tools.store.put(
        office.company.id, a_pdf(number), media_type="application/pdf"
    )
    file = StoredFile(
        sha256=stored.sha256, size=stored.size, name=f"{number}.pdf", media_type="application/pdf"
    )
    async with office.world.tools.database.transaction(office.opened) as session:
        taken = await arrivals.enter(
            session, office.accountant, office.company.id, an_entry(number), file, us=f"BE:{US}"
        )
    await office.world.run_jobs()
    return taken.document


async def amend(office: Office, document: Document, entry: EntryPatch) -> Document:
    async with office.world.tools.database.transaction(office.opened) as session:
        now = await lookups.document(session, office.accountant, office.company.id, document.id)
        return await changes.amend(session, office.accountant, now, entry, us=f"BE:{US}")


async def actions(office: Office) -> list[str]:
    async with office.world.as_system() as session:
        return list(await session.scalars(sa.select(AuditEvent.action).order_by(AuditEvent.id)))


async def test_a_typed_document_is_amended_as_a_new_version_and_recorded(office: Office) -> None:
    document = await typed(office)
    new = await amend(office, document, an_entry(net="300"))
    assert (new.version, new.net, new.gross) == (2, Decimal(300), Decimal(342))
    assert new.original_sha256 == document.original_sha256
    assert "documents.amended" in await actions(office)
    same = await amend(office, document, an_entry(net="300.00"))
    assert same.version == 2, "nothing differs, nothing happens"


async def test_what_an_issuer_sent_as_data_is_not_amended(office: Office) -> None:
    with pytest.raises(Conflict) as refused:
        await amend(office, await office.purchase(), an_entry())
    assert refused.value.code == "received"


async def test_amending_into_another_documents_key_is_refused(office: Office) -> None:
    await typed(office, "P1")
    with pytest.raises(Conflict) as refused:
        await amend(office, await typed(office, "P2"), an_entry("P1"))
    assert refused.value.code == "duplicate"


async def test_a_locked_document_refuses_edit_and_deletion_but_takes_notes(office: Office) -> None:
    document = await typed(office)
    await office.export()
    for attempt in (amend(office, document, an_entry("other")), delete(office, document)):
        with pytest.raises(Conflict) as refused:
            await attempt
        assert refused.value.code == "locked"
    async with office.world.tools.database.transaction(office.opened) as session:
        now = await lookups.document(session, office.accountant, office.company.id, document.id)
        new = await changes.annotate(
            session,
            office.accountant,
            now,
            Annotation(tags=["car"], note="seen", payment_state=PaymentState.PAID),
        )
    assert (new.tags, new.note, new.payment_state, new.version) == (["car"], "seen", PaymentState.PAID, 1)


async def test_raw_sql_as_the_application_role_cannot_change_what_is_locked(office: Office) -> None:
    document = await office.purchase()
    await office.export()
    for statement in (
        "update document set gross = 1",
        "update document set counterparty_name = 'x'",
        "update document set state = 'credited'",
        "update document set pdf_sha256 = 'x'",
        "delete from document",
    ):
        with pytest.raises(DBAPIError) as refused:
            async with office.world.tools.database.transaction(office.opened) as session:
                await session.execute(sa.text(statement))
        assert getattr(refused.value.orig, "sqlstate", "") == "FL001"
    async with office.world.tools.database.transaction(office.opened) as session:
        await session.execute(sa.text("update document set note = 'fine'"))
        now = await lookups.by_id(session, document.id)
    assert now is not None
    assert now.note == "fine"


async def test_the_trigger_lets_exactly_the_columns_change_that_the_domain_names(office: Office) -> None:
    async with office.world.as_system() as session:
        source = await session.scalar(sa.text("select prosrc from pg_proc where proname = 'guard_document'"))
    listed = str(source).partition("array[")[2].partition("]")[0]
    assert {name.strip(" '") for name in listed.split(",")} == UNLOCKED_COLUMNS


async def delete(office: Office, document: Document) -> None:
    async with office.world.tools.database.transaction(office.opened) as session:
        now = await lookups.document(session, office.accountant, office.company.id, document.id)
        await deletion.delete(session, office.accountant, now, dossier_id=office.dossier.id)


async def test_deleting_takes_the_items_along_in_every_firm_and_is_recorded(office: Office) -> None:
    other = await a_firm(office.world, "ardennes", "Bureau Ardennes")
    await a_dossier(office.world, other, office.company, access=Access.GRANTED, code=None)
    document = await office.purchase(issued=LONG_AGO)
    assert await office.count(DossierItem) == 2
    await delete(office, document)
    assert (await office.count(DossierItem), await office.count(Document)) == (0, 0)
    assert "documents.deleted" in await actions(office)
    async with office.world.as_system() as session:
        counts = (await session.scalars(sa.text("select item_count from dossier"))).all()
    assert list(counts) == [0, 0]


async def test_a_member_deletes_too_although_the_items_are_the_firms(office: Office) -> None:
    document = await office.purchase(issued=LONG_AGO)
    async with office.world.tools.database.transaction(Scope(company_id=office.company.id)) as session:
        now = await lookups.document(session, office.entrepreneur, office.company.id, document.id)
        await deletion.delete(session, office.entrepreneur, now)
    assert await office.count(DossierItem) == 0


async def test_what_has_left_is_not_deleted_even_when_it_does_not_lock(office: Office) -> None:
    document = await office.purchase()
    await office.export(locked=False)
    with pytest.raises(Conflict) as refused:
        await delete(office, document)
    assert refused.value.code == "exported"


async def test_two_hand_ins_of_one_invoice_at_once_make_one_document(office: Office) -> None:
    files = {"a.xml": a_ubl(customer=US)}, {"b.xml": a_ubl(customer=US, note="again")}
    await asyncio.gather(*(hand_in(office.world, office.accountant, one, office.dossier.id) for one in files))
    assert await office.count(Document) == 1


async def test_who_may_only_read_changes_nothing(office: Office) -> None:
    document = await typed(office)
    reader = await a_member(office.world, office.firm, office.company.id, Role.READER)
    async with office.world.tools.database.transaction(Scope(company_id=office.company.id)) as session:
        now = await lookups.document(session, reader, office.company.id, document.id)
        with pytest.raises(Forbidden):
            await changes.amend(session, reader, now, an_entry("x"), us="")
        with pytest.raises(Forbidden):
            await deletion.delete(session, reader, now)
        with pytest.raises(Forbidden):
            await changes.annotate(session, reader, now, Annotation(note="x"))


async def test_other_firms_other_companies_and_other_contributors_see_nothing(office: Office) -> None:
    document = await office.purchase()
    world = office.world
    other = await a_firm(world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(world, other)
    elsewhere = await a_company(world, office.firm, "Garage Lambrecht", claimed=True)
    neighbour = await a_member(world, office.firm, elsewhere.id)
    contributor = await a_member(world, office.firm, office.company.id, Role.CONTRIBUTOR)
    for actor, scope in (
        (stranger, Scope(firm_id=other.id)),
        (stranger, Scope(firm_id=other.id, opened_company_id=office.company.id)),
        (office.accountant, Scope(firm_id=office.firm.id)),
        (neighbour, Scope(company_id=elsewhere.id)),
        (contributor, Scope(company_id=office.company.id)),
    ):
        async with world.tools.database.transaction(scope) as session:
            with pytest.raises(NotFound):
                await lookups.document(session, actor, office.company.id, document.id)
            assert not (await details.listed(session, actor, office.company.id, DocumentQuery())).rows


async def test_lists_search_filter_sort_and_page_without_losing_their_place(office: Office) -> None:
    for number in range(1, 6):
        await office.purchase(str(number), net=f"{number}00.00", tax="0.00", issued=f"2026-10-{number:02d}")
    await office.hand_in({"s.xml": a_ubl(supplier=US, number="V1", customer_name="Café Noord_zee")})
    async with office.world.tools.database.transaction(office.opened) as session:

        async def numbers(**query: object) -> list[str]:
            wanted = DocumentQuery(dossier_id=office.dossier.id, **query)  # type: ignore[arg-type] - a test names the fields it means
            page = await details.listed(session, office.accountant, office.company.id, wanted)
            return [row.document.number for row in page.rows]

        assert await numbers(kinds=frozenset({Kind.SALES_INVOICE})) == ["V1"]
        assert await numbers(search="noord_") == ["V1"]
        assert await numbers(search="090933755493", kinds=frozenset({Kind.SALES_INVOICE})) == ["V1"]
        assert await numbers(search=SUPPLIER) == ["5", "4", "3", "2", "1"]
        assert await numbers(sort="amount", descending=False) == ["1", "V1", "2", "3", "4", "5"]
        assert await numbers(states=frozenset({"waiting"})) == []
        assert await numbers(states=frozenset({"ready"}), search="telecom") == ["5", "4", "3", "2", "1"]
        from portal.features.records.repository import lists as lists_repository

        query = DocumentQuery(dossier_id=office.dossier.id, sort="number", descending=False)
        first = await lists_repository.page(session, office.company.id, query, size=4)
        assert [row.document.number for row in first.rows] == ["1", "2", "3", "4"]
        assert first.previous is None
        from msgspec.structs import replace

        second = await lists_repository.page(
            session, office.company.id, replace(query, cursor=first.next), size=4
        )
        assert [row.document.number for row in second.rows] == ["5", "V1"]
        assert second.next is None
        back = await lists_repository.page(
            session, office.company.id, replace(query, cursor=second.previous), size=4
        )
        assert [row.document.number for row in back.rows] == ["1", "2", "3", "4"]
        assert await details.state_counts(session, office.accountant, office.company.id, query) == {
            "ready": 6
        }


# ── pure rules ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_any_identifier_decides_the_direction_and_a_name_never_does() -> None:
    us = identity("BE", US, None, ["5412345000013"])
    assert direction_of(ubl.read(a_ubl(customer=US)), us) is Direction.CUSTOMER
    assert direction_of(ubl.read(a_ubl(supplier=US)), us) is Direction.SUPPLIER
    assert direction_of(ubl.read(a_ubl(supplier=US, customer=US)), us) is Direction.BOTH
    assert direction_of(ubl.read(a_ubl(customer_name="Bakkerij Peeters")), us) is Direction.NEITHER
    gln = a_ubl().replace(b'schemeID="0208">0202239951', b'schemeID="0088">5412345000013')
    assert direction_of(ubl.read(gln), us) is Direction.CUSTOMER
    dots = a_ubl(customer=US).replace(b"BE0999888767", b"BE 0999.888.767").replace(b">0999888767<", b"><")
    assert direction_of(ubl.read(dots), us) is Direction.CUSTOMER


def test_the_duplicate_key_is_supplier_number_date_and_type() -> None:
    day = date(2026, 10, 30)
    key = duplicate_key("BE:1", "A 1/2", day, "380")
    assert key == duplicate_key("BE:1", "a1-2", day, "380"), "spelling of the number does not matter"
    assert duplicate_key("BE:1", "N\u00ba 5", day, "380") == duplicate_key("BE:1", "NO 5", day, "380")
    assert key != duplicate_key("BE:2", "A 1/2", day, "380")
    assert key != duplicate_key("BE:1", "A 1/2", day, "381")
    assert key != duplicate_key("BE:1", "A 1/2", date(2026, 10, 31), "380")
    assert duplicate_key("", "A1", day, "380") is None
    assert duplicate_key("BE:1", " ", day, "380") is None


def test_an_entry_form_is_read_with_its_vat_worked_out_and_every_fault_beside_its_field() -> None:
    good = {
        "kind": "purchase_invoice",
        "number": "F1",
        "issue_date": "2026-10-12",
        "counterparty_name": "De Smet",
        "counterparty_number": "0417.497.106",
        "net_21": "100,00",
        "net_6": "10",
        "tax_6": "0,61",
    }
    patch, faults = read_form(good)
    assert faults == {}
    assert patch is not None
    entry = completed(patch)
    assert [(str(rate.percent), str(rate.taxable), str(rate.tax)) for rate in entry.rates] == [
        ("21", "100.00", "21.00"),
        ("6", "10", "0.61"),
    ]
    assert entry.counterparty_number == "0417497106"
    patch, faults = read_form(
        {
            "kind": "x",
            "issue_date": "2026-13-01",
            "counterparty_number": "0417497107",
            "net_21": "a",
            "tax_12": "1",
        }
    )
    assert patch is None
    assert set(faults) == {
        "kind",
        "number",
        "issue_date",
        "counterparty_name",
        "counterparty_number",
        "net_21",
        "net_12",
    }
