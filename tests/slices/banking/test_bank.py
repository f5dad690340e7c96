"""Bank accounts, statements, and what is missing between them."""

import re
from datetime import date
from decimal import Decimal

import pytest
import sqlalchemy as sa

from exports import coda
from exports.coda import checks
from portal.features.banking.domain import (
    REMARKS,
    UNUSUAL,
    Coda,
    Link,
    StatementQuery,
    breaks,
    codas,
    conflict_with,
    fatal,
    remarks,
)
from portal.features.banking.models import BankAccount, Statement
from portal.features.banking.service import statements as service
from portal.features.dossiers.domain.dossiers import Access
from portal.kernel.actor import Role
from portal.kernel.ids import new_id
from tests.support.builders import a_company, a_dossier, a_firm, a_member, a_staff_member, sign_in
from tests.support.builders_papers import a_coda, hand_in
from tests.support.builders_scene import Office, an_office
from tests.support.world import World


@pytest.fixture
async def office(world: World) -> Office:
    return await an_office(world)


def made(data: bytes) -> tuple[Coda, ...]:
    file = coda.read(data)
    return codas(file, [("0" * 64, 1)] * len(file.statements), "bank.cod")


def link(number: int, old: str, new: str, day: date) -> Link:
    return Link(
        id=new_id(),
        coda_number=number,
        old_balance=Decimal(old),
        old_date=day,
        new_balance=Decimal(new),
        new_date=day,
    )


async def test_accounts_are_told_apart_by_number_currency_and_extension(office: Office) -> None:
    base = a_coda()
    lines = base.decode().split("\r\n")
    other = [line[:36] + "001" + line[39:] if line[:1] == "1" else line for line in lines]
    other = [line[:35] + "001" + line[38:] if line[:1] == "8" else line for line in other]
    await office.hand_in({"a.cod": base})
    upload = await office.hand_in({"b.cod": "\r\n".join(other).encode()})
    assert upload.outcomes[0].file.reason is None, upload.outcomes[0].why
    async with office.world.as_system() as session:
        rows = await session.execute(
            sa.select(BankAccount.number, BankAccount.currency, BankAccount.extension)
        )
    assert {tuple(row) for row in rows} == {
        ("BE68539007547034", "EUR", ""),
        ("BE68539007547034", "EUR", "001"),
    }


async def test_the_gap_is_shown_until_the_missing_statement_arrives_late(office: Office) -> None:
    whole = a_coda(days=3)
    parts = coda.split(whole, by="statement")
    await office.hand_in({"1.cod": parts[0], "3.cod": parts[2]})
    async with sign_in(office.world, office.accountant) as client:
        page = await client.get(f"{office.base}/bank")
        assert "Statements of BE68 5390 0754 7034 are missing" in page.text
        assert "Missing numbers: 45." in page.text
        assert "incomplete" in page.text
        await office.hand_in({"2.cod": parts[1]})
        page = await client.get(f"{office.base}/bank")
        assert "are missing" not in page.text
        assert "€1,448.50" in page.text


async def test_a_statement_shows_its_movements_and_leaves_as_it_came(office: Office) -> None:
    data = a_coda()
    upload = await office.hand_in({"KBC 44.cod": data})
    [(statement, _account)] = upload.outcomes[0].statements
    for actor, base in ((office.accountant, office.base), (office.entrepreneur, "")):
        async with sign_in(office.world, actor) as client:
            listed = await client.get(f"{base}/bank")
            assert "2026/044" in listed.text
            page = await client.get(f"{base}/bank/{statement.id}")
            for text in ("Claes Dakwerken", "betaling 0", "€250.00", "-€100.50", "€1,149.50"):
                assert text in page.text, text
            answer = await client.get(f"{base}/bank/{statement.id}/file")
            assert answer.content == data
            assert 'filename="KBC 44.cod"' in answer.headers["content-disposition"]


async def test_strangers_see_no_statement(office: Office) -> None:
    upload = await office.hand_in({"a.cod": a_coda()})
    [(statement, _account)] = upload.outcomes[0].statements
    other = await a_firm(office.world, "ardennes", "Bureau Ardennes")
    stranger = await a_staff_member(office.world, other, Role.OWNER)
    async with sign_in(office.world, stranger, "ardennes.localhost") as client:
        for path in ("/bank", f"/bank/{statement.id}", f"/bank/{statement.id}/file"):
            assert (await client.get(office.base + path)).status_code == 404
    elsewhere = await a_company(office.world, office.firm, "Garage Lambrecht", claimed=True)
    await a_dossier(office.world, office.firm, elsewhere, code="2", access=Access.GRANTED)
    neighbour = await a_member(office.world, office.firm, elsewhere.id)
    async with sign_in(office.world, neighbour) as client:
        assert (await client.get(f"/bank/{statement.id}")).status_code == 404
        assert "No bank statements yet" in (await client.get("/bank")).text


async def test_a_contributor_sees_the_own_uploads_and_no_balances_of_others(office: Office) -> None:
    await office.hand_in({"a.cod": a_coda()})
    contributor = await a_member(office.world, office.firm, office.company.id, Role.CONTRIBUTOR)
    own = await hand_in(office.world, contributor, {"b.cod": a_coda(iban="BE71096123456769")})
    [(mine, _account)] = own.outcomes[0].statements
    async with sign_in(office.world, contributor) as client:
        page = await client.get("/bank")
        assert "BE71 0961 2345 6769" in page.text
        assert "BE68" not in page.text
        assert (await client.get(f"/bank/{mine.id}")).status_code == 200
        async with office.world.as_system() as session:
            other = await session.scalar(sa.select(Statement.id).where(Statement.id != mine.id))
        assert (await client.get(f"/bank/{other}")).status_code == 404


async def test_statements_page_by_account(office: Office) -> None:
    await office.hand_in({"a.cod": a_coda(days=4), "b.cod": a_coda(days=1, iban="BE71096123456769")})
    async with office.world.tools.database.transaction(office.opened) as session:
        accounts = await service.accounts(session, office.accountant, office.company.id)
        assert [(view.statements, len(view.gaps)) for view in accounts] == [(4, 0), (1, 0)]
        from portal.features.records.repository import statements as statements_repository

        query = StatementQuery(account_id=accounts[0].account.id)
        first = await statements_repository.page(session, office.company.id, office.dossier.id, query, size=3)
        assert [row.statement.coda_number for row in first.rows] == [47, 46, 45]
        assert {row.state for row in first.rows} == {"ready"}
        from msgspec.structs import replace

        second = await statements_repository.page(
            session, office.company.id, None, replace(query, cursor=first.next), size=3
        )
        assert [row.statement.coda_number for row in second.rows] == [44]


async def test_raw_sql_cannot_change_a_locked_statement_or_its_bytes(office: Office) -> None:
    await office.hand_in({"a.cod": a_coda()})
    await office.export()
    from sqlalchemy.exc import DBAPIError

    for statement, code in (
        ("update statement set new_balance = 1", "FL001"),
        ("delete from statement", "FL001"),
        ("update statement set file_sha256 = 'x'", "FL002"),
    ):
        with pytest.raises(DBAPIError) as refused:
            async with office.world.tools.database.transaction(office.opened) as session:
                await session.execute(sa.text(statement))
        assert getattr(refused.value.orig, "sqlstate", "") == code
    assert await office.count(Statement) == 1


@pytest.mark.corpus
async def test_what_banks_really_send_is_taken_or_refused_with_a_place(
    office: Office, corpus: object
) -> None:
    from pathlib import Path

    folder = Path(str(corpus)) / "coda"
    files = {
        path.name: path.read_bytes() for path in sorted(folder.rglob("*")) if path.suffix in (".cod", ".txt")
    }
    upload = await office.hand_in(files)
    states = {one.file.name: (one.file.state.value, one.file.reason, one.why) for one in upload.outcomes}
    assert all(state in ("processed", "rejected", "to_process") for state, _reason, _why in states.values())
    assert "unexpected" not in {reason for _state, reason, _why in states.values()}
    for name, (state, _reason, why) in states.items():
        assert state != "rejected" or any(word in why for word in ("ecord", "kind of file", "plain text")), (
            name,
            why,
        )
    assert sum(1 for state, _reason, _why in states.values() if state != "rejected") >= 10


# ── pure rules ───────────────────────────────────────────────────────────────────────────────────────────────────


def test_findings_belong_to_their_statement_and_fatal_ones_name_record_expected_and_found() -> None:
    lines = a_coda(days=2).decode().split("\r\n")
    broken = [line[:24] + "9" + line[25:] if line[:1] == "9" else line for line in lines]
    refusal = fatal(coda.check(coda.read("\r\n".join(broken).encode())))
    assert refusal is not None
    assert (refusal.rule, refusal.position) == ("R2", 23)
    assert refusal.record == 2 + lines[1:].index(next(line for line in lines if line[:1] == "9"))
    assert refusal.expected == "100.50"
    first, second = made(a_coda(days=2))
    assert (first.derived, second.derived) == (True, True)
    assert (first.file_name, second.file_name) == ("bank-001.cod", "bank-002.cod")


def test_a_number_conflicts_only_where_the_place_is_the_same() -> None:
    [new] = made(a_coda())
    day = date(2026, 11, 2)
    assert conflict_with(new, [link(44, "1000", "900", day)]) is not None
    assert conflict_with(new, [link(44, "500", "1000", date(2026, 11, 1))]) is None, "it goes before"
    assert conflict_with(new, [link(44, "1", "2", date(2025, 11, 2))]) is None, "last year's number"
    assert conflict_with(new, [link(45, "1000", "900", day)]) is None


def test_gaps_follow_the_balances_in_any_order_of_arrival() -> None:
    chain = [
        link(3, "30", "40", date(2026, 1, 3)),
        link(1, "10", "20", date(2026, 1, 1)),
        link(5, "40", "41", date(2026, 1, 5)),
    ]
    [gap] = breaks(chain)
    assert (gap.before, gap.after, gap.expected, gap.found, gap.numbers) == (
        chain[1].id,
        chain[0].id,
        Decimal(20),
        Decimal(30),
        (2,),
    )


def test_every_warning_of_a_file_is_told_in_a_sentence_of_ours_with_its_record() -> None:
    table = re.findall(r"^([A-Z0-9, -]+?)  +warning ", checks.__doc__ or "", re.MULTILINE)
    rules = {rule for row in table for rule in row.split(", ")}
    assert rules == set(REMARKS)
    finding = {
        "rule": "CODA-R6",
        "severity": "warning",
        "location": "record 2, position 43",
        "text": "English",
    }
    assert remarks([finding]) == [f"Record 2: {REMARKS['R6']}"]
    assert remarks([{**finding, "rule": "CODA-NEW-ONE", "location": "file"}]) == [UNUSUAL.capitalize()]
