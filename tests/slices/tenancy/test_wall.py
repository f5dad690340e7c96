"""Two owners, one wall: who sees a company's papers, and what the plain role can't do even in SQL of its own."""

from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from portal.db.session import Scope
from portal.features.bundles.models import Export
from portal.features.documents.models import Document, DocumentLock
from portal.features.dossiers.domain.dossiers import Access
from portal.features.dossiers.models import Dossier
from portal.features.items.models import DossierItem
from portal.kernel.ids import new_id
from tests.support.builders import a_company, a_dossier, a_member, opened, sign_in
from tests.support.builders_exports import (
    Office,
    a_statement,
    an_invoice,
    an_office,
    exports_of,
    press_export,
)
from tests.support.world import World


async def documents_seen(world: World, scope: Scope) -> int:
    async with world.tools.database.transaction(scope) as session:
        return len(list(await session.scalars(sa.select(Document.id))))


async def refusal(world: World, scope: Scope, statement: str, **values: Any) -> str:
    """The SQLSTATE with which a statement is refused; `0` when it touched nothing, else how many rows."""
    try:
        async with world.tools.database.transaction(scope) as session:
            result = await session.execute(sa.text(statement), values)
            return str(result.rowcount)  # pyright: ignore[reportAttributeAccessIssue] - an update has it
    except DBAPIError as error:
        return str(getattr(error.orig, "sqlstate", ""))


async def test_a_firm_sees_papers_of_the_company_it_has_opened_and_of_no_other(world: World) -> None:
    office = await an_office(world)
    second = await a_dossier(world, office.firm, code="01205")
    await an_invoice(world, office)
    await an_invoice(world, office, dossier=second)
    assert await documents_seen(world, Scope(firm_id=office.firm.id)) == 0
    assert await documents_seen(world, opened(office.firm, office.dossier)) == 1
    assert await documents_seen(world, opened(office.firm, second)) == 1


@pytest.mark.parametrize("access", [Access.REQUESTED, Access.DECLINED, Access.ENDED])
async def test_without_standing_access_opening_shows_nothing(world: World, access: Access) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    async with world.as_system() as session:
        await session.execute(sa.update(Dossier).values(access=access))
    assert await documents_seen(world, opened(office.firm, office.dossier)) == 0


async def test_members_see_their_own_company_and_no_other_of_the_same_firm(world: World) -> None:
    office = await an_office(world)
    other = await a_dossier(world, office.firm, code="01205")
    await an_invoice(world, office)
    mine, theirs = (
        Scope(company_id=office.dossier.company_id, host_firm_id=office.firm.id),
        Scope(company_id=other.company_id, host_firm_id=office.firm.id),
    )
    assert await documents_seen(world, mine) == 1
    assert await documents_seen(world, theirs) == 0
    async with world.tools.database.transaction(theirs) as session:
        assert list(await session.scalars(sa.select(DossierItem.id))) == []
        assert list(await session.scalars(sa.select(Dossier.id))) == []
        names = list(await session.scalars(sa.text("select name from member_dossier")))
    assert names == [other.name]


async def test_what_members_see_of_a_dossier_has_no_code_manager_or_folders(world: World) -> None:
    office = await an_office(world)
    scope = Scope(company_id=office.dossier.company_id, host_firm_id=office.firm.id)
    async with world.tools.database.transaction(scope) as session:
        row = (await session.execute(sa.text("select * from member_dossier"))).mappings().one()
    assert set(row) == {
        "id",
        "firm_id",
        "company_id",
        "name",
        "activity",
        "access",
        "access_since",
        "handed_over_at",
        "firm_name",
    }


async def test_another_firms_dossier_on_the_same_company_shows_only_its_own_items(world: World) -> None:
    office, other = await an_office(world), await an_office(world, "ardennes")
    company = await a_company(world, None, claimed=True)
    first = await a_dossier(world, office.firm, company, code="A", access=Access.GRANTED)
    second = await a_dossier(world, other.firm, company, code="B", access=Access.GRANTED)
    await an_invoice(world, office, dossier=first)
    for firm, dossier in ((office.firm, first), (other.firm, second)):
        async with world.tools.database.transaction(opened(firm, dossier)) as session:
            (item,) = await session.scalars(sa.select(DossierItem))
        assert (item.firm_id, item.dossier_id) == (firm.id, dossier.id)


async def test_pages_of_another_company_answer_like_unknown_ones(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    other = await a_dossier(world, office.firm, code="01205")
    stranger = await a_member(world, office.firm, other.company_id)
    async with sign_in(world, stranger) as client:
        theirs = await client.get(f"/documents/{item.document_id}")
        nobodys = await client.get(f"/documents/{uuid4()}")
        assert theirs.status_code == nobodys.status_code == 404
        assert item.number not in theirs.text


async def test_a_foreign_key_neither_reaches_across_nor_tells_what_is_there(world: World) -> None:
    office, other = await an_office(world), await an_office(world, "ardennes")
    await an_invoice(world, office)
    (existing,) = [office.dossier.id]
    scope = Scope(firm_id=other.firm.id, opened_company_id=other.dossier.company_id)
    statement = (
        "insert into export (id, firm_id, dossier_id, company_id, target_id, state, layout, options, requested_by_name, by_policy,"
        " total, done, created_at)"
        " values (:id, :firm, :dossier, :company, :target, 'choosing', 'x', '{}', 'x', false, 0, 0, now())"
    )
    answers = {
        await refusal(
            world,
            scope,
            statement,
            id=new_id(),
            firm=other.firm.id,
            dossier=dossier,
            company=office.dossier.company_id,
            target=other.dossier.target_id,
        )
        for dossier in (existing, uuid4())
    }
    assert answers == {"23503"}


async def exported(world: World) -> tuple[Office, UUID, UUID]:
    office = await an_office(world)
    invoice, statement = await an_invoice(world, office), await a_statement(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    await world.run_jobs()
    assert invoice.document_id is not None
    assert statement.statement_id is not None
    return office, invoice.document_id, statement.statement_id


async def test_raw_sql_neither_changes_nor_deletes_what_is_locked_in_any_scope(world: World) -> None:
    office, document, statement = await exported(world)
    scopes = [opened(office.firm, office.dossier), Scope(company_id=office.dossier.company_id)]
    for scope in scopes:
        for sql, row in (
            ("update document set number = 'X' where id = :id", document),
            ("update document set net = net + 1, version = version + 1 where id = :id", document),
            ("update document set pdf_sha256 = 'x' where id = :id", document),
            ("delete from document where id = :id", document),
            ("update statement set new_balance = 0 where id = :id", statement),
            ("delete from statement where id = :id", statement),
        ):
            assert await refusal(world, scope, sql, id=row) == "FL001", (scope, sql)
        assert (
            await refusal(
                world,
                scope,
                "update document set note = 'paid by card', tags = '{a}', payment_state = 'paid' where id = :id",
                id=document,
            )
            == "1"
        )
        assert (
            await refusal(world, scope, "update statement set note = 'x' where id = :id", id=statement) == "1"
        )


async def test_an_original_never_changes_even_without_a_lock(world: World) -> None:
    office = await an_office(world)
    item = await an_invoice(world, office)
    scope = opened(office.firm, office.dossier)
    sql = "update document set original_sha256 = 'x' where id = :id"
    assert await refusal(world, scope, sql, id=item.document_id) == "FL002"


async def test_a_table_of_ones_own_does_not_hide_the_locks(world: World) -> None:
    """A temporary table shadows one of the same name: the trigger must not look there first."""
    office, document, _statement = await exported(world)
    async with world.tools.database.transaction(opened(office.firm, office.dossier)) as session:
        await session.execute(
            sa.text("create temporary table document_lock (company_id uuid, document_id uuid)")
        )
        with pytest.raises(DBAPIError) as refused:
            await session.execute(
                sa.text("update document set number = 'X' where id = :id"), {"id": document}
            )
        await session.rollback()
    assert getattr(refused.value.orig, "sqlstate", "") == "FL001"


async def test_a_finished_export_and_its_facts_never_change(world: World) -> None:
    office, _document, _statement = await exported(world)
    (export,) = await exports_of(world, office.dossier)
    scope = opened(office.firm, office.dossier)
    assert await refusal(world, scope, "update export set number = 9 where id = :id", id=export.id) == "FL003"
    assert await refusal(world, scope, "delete from export where id = :id", id=export.id) == "FL003"
    for table in ("bundle_item", "audit_event", "delivery_proof", "bundle_download"):
        assert await refusal(world, scope, f"delete from {table}") == "42501"
        assert await refusal(world, scope, f"update {table} set id = id") == "42501"


async def test_a_firm_cannot_turn_its_lock_on_somebody_elses_paper(world: World) -> None:
    office, _document, _statement = await exported(world)
    other = await an_office(world, "ardennes")
    theirs = await an_invoice(world, other)
    scope = opened(office.firm, office.dossier)
    sql = "update document_lock set company_id = :company, document_id = :document where document_id is not null"
    answer = await refusal(world, scope, sql, company=other.dossier.company_id, document=theirs.document_id)
    assert answer == "42501"
    async with world.as_system() as session:
        owners = set(await session.scalars(sa.select(DocumentLock.company_id)))
    assert owners == {office.dossier.company_id}


async def test_a_second_open_export_of_a_dossier_is_impossible_in_any_door(world: World) -> None:
    office = await an_office(world)
    await an_invoice(world, office)
    async with sign_in(world, office.owner, office.host) as client:
        await press_export(client, office)
    async with world.as_system() as session:
        row = await session.scalar(sa.select(Export))
    assert row is not None
    sql = (
        "insert into export (id, firm_id, dossier_id, company_id, target_id, state, layout, options, requested_by_name, by_policy,"
        " total, done, created_at)"
        " select :id, firm_id, dossier_id, company_id, target_id, 'choosing', layout, options, 'x', false, 0, 0, now() from export"
    )
    assert await refusal(world, opened(office.firm, office.dossier), sql, id=new_id()) == "23505"


async def test_a_firm_cannot_give_itself_access_in_sql_of_its_own(world: World) -> None:
    office = await an_office(world)
    claimed = await a_company(world, None, claimed=True)
    declined = await a_dossier(world, office.firm, claimed, code="A", access=Access.DECLINED)
    waiting = await a_dossier(world, office.firm, claimed, code="B", activity="Shop", access=Access.REQUESTED)
    scope = Scope(firm_id=office.firm.id)
    take = "update dossier set access = :access where id = :id"
    for dossier, access in (
        (declined, "granted"),
        (waiting, "granted"),
        (waiting, "managed"),
        (waiting, "ended"),
    ):
        assert await refusal(world, scope, take, id=dossier.id, access=access) == "42501", access
    move = "update dossier set company_id = :company where id = :id"
    assert await refusal(world, scope, move, id=office.dossier.id, company=claimed.id) == "42501"
    copy = (
        "insert into dossier select (jsonb_populate_record(d, jsonb_build_object("
        "'id', cast(:new as uuid), 'code', 'C', 'code_key', 'c', 'activity', 'Copy', 'access', cast(:access as text)))).* from dossier d where id = :id"
    )
    for access in ("granted", "managed"):
        answer = await refusal(world, scope, copy, new=new_id(), access=access, id=declined.id)
        assert answer == "42501", access
    assert await refusal(world, scope, take, id=declined.id, access="requested") == "1"
    assert await refusal(world, scope, copy, new=new_id(), access="managed", id=office.dossier.id) == "1"


async def test_a_firm_cannot_undo_a_claim_in_sql_of_its_own(world: World) -> None:
    office = await an_office(world)
    claimed = await a_company(world, None, claimed=True)
    dossier = await a_dossier(world, office.firm, claimed, code="A", access=Access.GRANTED)
    scope = opened(office.firm, dossier)
    for change in ("claimed_at = null", "brought_by_firm = :firm"):
        sql = f"update company set {change} where id = :id"
        values = {"firm": office.firm.id} if ":firm" in sql else {}
        assert await refusal(world, scope, sql, id=claimed.id, **values) == "42501", change
    assert (
        await refusal(world, scope, "update company set city = 'Gent' where id = :id", id=claimed.id) == "1"
    )
