"""CAMT.053 and MT940 beside CODA: taken, told apart, and written as CODA only for accounts that have none."""

import io
import json
import zipfile
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
import sqlalchemy as sa

from exports import coda
from portal.features.banking.domain import HAS_CODA, LEFT_AS_DERIVED, StatementForm
from portal.features.banking.models import BankAccount, DerivedCoda, Statement
from portal.features.bundles.domain import ExportOptions
from portal.features.bundles.models import Export
from portal.features.bundles.service import selection
from portal.features.dossiers.service import opening
from portal.features.items.domain import ItemState
from portal.features.items.models import DossierItem
from portal.kernel.actor import Role
from tests.support.builders import a_staff_member, sign_in
from tests.support.builders_papers import a_coda
from tests.support.builders_scene import Office, an_office
from tests.support.statements import BEFORE, DAY, IBAN, Line, camt, camt_statement, mt940
from tests.support.world import World

OTHER = "BE71096123456769"
LINES = [
    Line(
        amount=Decimal("-60.50"), name="Energie NV", account=OTHER, reference="090933755493", end_to_end="E-1"
    ),
    Line(amount=Decimal("121.00"), name="Jansen & Zn", text="Factuur 2026/118"),
]


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


async def rows(world: World) -> Sequence[Statement]:
    async with world.as_system() as session:
        return (await session.scalars(sa.select(Statement).order_by(Statement.new_date, Statement.id))).all()


async def items(world: World) -> dict[UUID | None, DossierItem]:
    async with world.as_system() as session:
        found = await session.scalars(sa.select(DossierItem).where(DossierItem.statement_id.is_not(None)))
        return {item.statement_id: item for item in found}


async def export(office: Office) -> zipfile.ZipFile:
    """What leaves with an export that somebody asks for."""
    world = office.world
    owner = await a_staff_member(world, office.firm, Role.OWNER)
    async with opening.dossier(world.tools.database, owner, office.dossier.id) as (session, dossier):
        asked = await selection.request_export(session, owner, dossier, ExportOptions())
    await world.run_jobs()
    async with world.as_system() as session:
        made = await session.get(Export, asked.id)
        assert made is not None
        assert made.sha256 is not None, made.problem
    return zipfile.ZipFile(io.BytesIO(await world.tools.store.get(made.firm_id, made.sha256)))


async def test_a_camt_file_becomes_a_statement_that_says_what_it_is(office: Office) -> None:
    upload = await office.hand_in({"camt.xml": camt(camt_statement(LINES))})
    assert upload.outcomes[0].why == ""
    [row] = await rows(office.world)
    assert (row.form, row.coda_number, row.paper_number, row.movement_count) == (StatementForm.CAMT, 0, 12, 2)
    assert (row.old_balance, row.new_balance) == (Decimal("1000.000"), Decimal("1060.500"))
    async with sign_in(office.world, office.accountant) as client:
        listed = await client.get(f"{office.base}/bank")
        page = await client.get(f"{office.base}/bank/{row.id}")
        file = await client.get(f"{office.base}/bank/{row.id}/file")
    assert "CAMT.053" in listed.text
    assert "+++090/9337/55493+++" in page.text
    assert "Jansen &amp; Zn" in page.text
    assert "Will leave as CODA made here" in page.text
    assert file.content == camt(camt_statement(LINES))


async def test_what_the_bank_announces_is_named_and_not_counted(office: Office) -> None:
    pending = Line(amount=Decimal("7.00"), status="PDNG", text="Aangekondigd")
    await office.hand_in({"camt.xml": camt(camt_statement([*LINES, pending]))})
    [row] = await rows(office.world)
    assert (row.movement_count, row.new_balance) == (2, Decimal("1060.500"))
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(f"{office.base}/bank/{row.id}")
    assert "Announced, not booked yet" in page.text
    assert "Aangekondigd" in page.text


async def test_it_leaves_as_coda_of_its_own_series_marked_as_derived(office: Office) -> None:
    days = [DAY + timedelta(days=place) for place in range(3)]
    statements = [
        camt_statement(
            LINES,
            day=day,
            before=day - timedelta(days=1),
            number=place,
            opening=Decimal(1000) + place * Decimal("60.50"),
        )
        for place, day in enumerate(days)
    ]
    await office.hand_in({"later.xml": camt(statements[2]), "two.xml": camt(*statements[:2])})
    bundle = await export(office)
    names = sorted(name for name in bundle.namelist() if name.endswith(".cod"))
    assert len(names) == 3
    assert all("coda-derived" in name for name in names)
    read = [coda.read(bundle.read(name)).statements[0] for name in names]
    assert [one.coda_sequence for one in read] == [501, 502, 503], (
        "in the order of their days, whenever they came"
    )
    assert [one.file_reference for one in read] == ["DERIVED"] * 3
    assert all("no CODA of the bank" in one.free_text for one in read)
    assert [one.new_balance_date for one in read] == days
    assert all(coda.check(coda.read(bundle.read(name))) == [] for name in names)
    manifest = json.loads(bundle.read("manifest.json"))
    files = [file for item in manifest["items"] for file in item["files"]]
    assert {file["origin"] for file in files} == {"derived"}
    assert all("derived-from-camt053" in file["name"] for file in files)
    [row, *_more] = await rows(office.world)
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(f"{office.base}/bank/{row.id}")
    assert "Derived: CODA made here" in page.text
    assert "2026/501" in page.text


async def test_with_coda_for_the_account_other_forms_stay_and_say_why(office: Office) -> None:
    await office.hand_in({"bank.cod": a_coda(iban=IBAN)})
    day = DAY + timedelta(days=200)
    await office.hand_in({"mt.sta": mt940(closing=Decimal("1000.00"), day=day)})
    by_form = {row.form: row for row in await rows(office.world)}
    waiting = await items(office.world)
    stays = waiting[by_form[StatementForm.MT940].id]
    assert (stays.state, stays.state_reason) == (ItemState.HELD, HAS_CODA)
    bundle = await export(office)
    [name] = [name for name in bundle.namelist() if name.endswith(".cod")]
    assert coda.read(bundle.read(name)).statements[0].file_reference != "DERIVED"
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(f"{office.base}/bank/{by_form[StatementForm.MT940].id}")
        asked = await client.get(f"{office.base}/export")
        await client.post(f"{office.base}/export/try-again")
    assert HAS_CODA in page.text
    assert "could not leave" not in asked.text
    again = (await items(office.world))[by_form[StatementForm.MT940].id]
    assert again.state is ItemState.HELD, "trying again lets nothing leave twice"


async def test_the_first_coda_is_told_and_what_has_left_is_not_booked_twice(office: Office) -> None:
    data = a_coda(iban=IBAN)
    first = coda.read(data).statements[0]
    assert first.new_balance_date is not None
    day = first.new_balance_date + timedelta(days=1)
    statement = camt_statement(LINES, day=day, before=first.new_balance_date, opening=Decimal("1000.00"))
    later = camt_statement(
        LINES, day=day + timedelta(days=1), before=day, opening=Decimal("1060.50"), number=13
    )
    await office.hand_in({"camt.xml": camt(statement)})
    await export(office)
    await office.hand_in({"later.xml": camt(later)})
    upload = await office.hand_in({"bank.cod": data})
    assert "first CODA" in upload.outcomes[0].why
    assert "1 statements have left" in upload.outcomes[0].why
    by_day = {row.new_date: row for row in await rows(office.world)}
    waiting = await items(office.world)
    held = waiting[by_day[first.new_balance_date].id]
    assert (held.state, held.state_reason) == (ItemState.HELD, LEFT_AS_DERIVED)
    assert waiting[by_day[day + timedelta(days=1)].id].state_reason == HAS_CODA
    async with sign_in(office.world, office.accountant) as client:
        await client.post(f"{office.base}/export/try-again")
    waiting = await items(office.world)
    assert waiting[held.statement_id].state is ItemState.READY, "a person has looked, and lets it go on"
    assert waiting[by_day[day + timedelta(days=1)].id].state is ItemState.HELD


async def test_the_same_statement_in_another_form_is_told_as_the_same(office: Office) -> None:
    statement = camt_statement([Line(amount=Decimal("-10.00"), text="Eén")])
    await office.hand_in({"camt.xml": camt(statement)})
    line = ":61:2611021102D10,00NTRFNONREF\r\n:86:Een"
    same = await office.hand_in({"mt.sta": mt940(line, closing=Decimal("990.00"))})
    assert "same account, day and balances" in same.outcomes[0].why
    again = await office.hand_in({"again.xml": camt(statement, version="08").replace(b"M-1", b"M-2")})
    assert again.outcomes[0].file.reason in ("already", "statement.same")
    other = await office.hand_in({"other.sta": mt940(line.replace("D10", "D11"), closing=Decimal("989.00"))})
    assert other.outcomes[0].file.reason is None
    assert len(await rows(office.world)) == 2


async def test_a_coda_made_here_that_comes_back_is_recognised(office: Office) -> None:
    await office.hand_in({"camt.xml": camt(camt_statement(LINES))})
    bundle = await export(office)
    [name] = [name for name in bundle.namelist() if name.endswith(".cod")]
    upload = await office.hand_in({"back.cod": bundle.read(name)})
    assert upload.outcomes[0].file.reason in ("already", "statement.same")
    [row] = await rows(office.world)
    assert row.form is StatementForm.CAMT


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (camt(camt_statement(LINES, closing=Decimal("1.00"))), "the new balance says"),
        (
            camt(camt_statement(LINES))
            .replace(b"camt.053", b"camt.052")
            .replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt"),
            "camt.052",
        ),
        (
            camt(camt_statement(LINES))
            .replace(b"camt.053", b"camt.054")
            .replace(b"BkToCstmrStmt", b"BkToCstmrDbtCdtNtfctn"),
            "camt.054",
        ),
        (camt(camt_statement(LINES)).replace(b"OPBD", b"OPAV"), "Bal OPBD"),
        (camt(camt_statement(LINES)).replace(b"<Document", b"<!DOCTYPE x><Document"), "DOCTYPE"),
        (camt(camt_statement(LINES))[:-60], "well-formed"),
        (mt940(":61:2611021102D10.00NTRFNONREF", closing=Decimal("990.00")), ":61:"),
        (mt940(closing=Decimal("990.00")), "the new balance says"),
        (mt940(closing=Decimal("1000.00")).replace(b":62F:", b":62M:"), "page"),
        (
            b'<?xml version="1.0"?><SocialDocument><EnterpriseNumber>0403019261</EnterpriseNumber></SocialDocument>',
            "SODA",
        ),
        (b'<?xml version="1.0"?><CreditCardStatement/>', "CARO"),
    ],
)
async def test_what_cannot_be_taken_is_named(office: Office, data: bytes, told: str) -> None:
    upload = await office.hand_in({"file.dat": data})
    assert told in upload.outcomes[0].why
    assert await rows(office.world) == []


async def test_the_inbox_finds_the_dossier_by_the_account(office: Office) -> None:
    await office.hand_in({"camt.xml": camt(camt_statement(LINES))})
    async with office.world.as_system() as session:
        [account] = (await session.scalars(sa.select(BankAccount))).all()
    assert (account.number, account.currency, account.extension) == (IBAN, "EUR", "")


async def test_numbers_are_taken_once_and_stay_when_an_export_is_made_again(office: Office) -> None:
    await office.hand_in({"camt.xml": camt(camt_statement(LINES))})
    await export(office)
    async with office.world.as_system() as session:
        [made] = (await session.scalars(sa.select(DerivedCoda))).all()
    assert (made.year, made.number) == (2026, 501)
    next_year = camt_statement(LINES, day=date(2027, 1, 4), before=BEFORE, opening=Decimal("1060.50"))
    await office.hand_in({"next.xml": camt(next_year)})
    await export(office)
    async with office.world.as_system() as session:
        found = await session.execute(
            sa.select(DerivedCoda.year, DerivedCoda.number).order_by(DerivedCoda.year)
        )
    assert [tuple(row) for row in found] == [(2026, 501), (2027, 501)]
