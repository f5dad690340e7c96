"""Writing: what is read back, what other readers say, what is refused."""

import doctest
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from types import ModuleType, SimpleNamespace

import pytest
from msgspec import structs

from exports import coda
from exports.coda import writer
from exports.errors import UnwritableError

DAY = date(2026, 11, 2)
ACCOUNT = coda.Account("BE68539007547034")


def statement(
    *movements: coda.Movement, old: str = "100", day: date = DAY, number: int = 1
) -> coda.Statement:
    return coda.statement_of(
        account=ACCOUNT,
        holder="Bakkerij Peeters BV",
        old_balance=Decimal(old),
        old_balance_date=day - timedelta(days=1),
        date=day,
        movements=movements,
        coda_sequence=number,
    )


def written(*statements: coda.Statement) -> bytes:
    return coda.write(coda.File(statements))


def rich(*, levels: int = 3) -> coda.Statement:
    """A statement with all kinds of movement."""
    long = "A text that needs all of the communication and then some more of it. " * 9
    return statement(
        coda.movement_of(
            Decimal("121.00"), DAY, name="Jansen NV", account="BE71 0961 2345 6769", ogm="090933755493"
        ),
        coda.movement_of(
            Decimal("-60.505"), DAY, name="Énergie €", text=long, reference="E2E-1", bic="GEBABEBB"
        ),
        coda.movement_of(
            Decimal(30),
            DAY,
            transaction_code="10150000",
            details=[
                coda.movement_of(Decimal(10), DAY, name="One", transaction_code="50150000", text=long),
                coda.movement_of(Decimal(20), DAY, account="539007547034", transaction_code="50150000"),
            ],
        ),
        coda.movement_of(
            Decimal(10),
            DAY,
            transaction_code="20150000",
            details=[
                coda.movement_of(
                    Decimal(10),
                    DAY,
                    transaction_code="70150000",
                    details=[coda.movement_of(Decimal(10), DAY, transaction_code="90150000")][: levels - 2],
                )
            ],
        ),
    )


def test_the_example_of_the_module_holds() -> None:
    failed, tried = doctest.testmod(writer)
    assert tried > 5
    assert failed == 0


def test_t49_what_is_written_is_read_back_equal_and_clean() -> None:
    made = rich()
    file = coda.read(written(made))
    assert coda.check(file) == []
    (read,) = file.statements
    assert read.movements[0] == made.movements[0]
    assert read.movements[2:] == made.movements[2:]
    assert read.movements[1].counterparty_name == "Énergie €"
    assert read.new_balance == Decimal("200.495")
    assert coda.read(coda.write(file)) == file
    assert coda.write(coda.read(coda.write(file))) == coda.write(file)


def test_a_value_with_nothing_to_transliterate_is_equal_to_what_is_read_of_it() -> None:
    made = statement(coda.movement_of(Decimal("1.5"), DAY, name="Café"), coda.movement_of(Decimal(-3), DAY))
    assert coda.read(written(made)).statements == (made,)
    empty = statement()
    assert coda.read(written(empty)).statements == (empty,)
    assert [line[:1] for line in written(empty).splitlines()] == [b"0", b"1", b"9"]


def test_check_of_a_file_made_of_values_checks_what_would_be_written() -> None:
    assert coda.check(coda.File((rich(),))) == []
    broken = coda.File((rich(),)).replace(statements=(coda.read(written(rich())).statements[0],))
    assert coda.check(broken) == []


@pytest.mark.parametrize("encoding", ["cp1252", "cp850"])
@pytest.mark.parametrize(
    "name", ["Société €", "Ł😀ﬁ", "e\u0301\u0302", "tab\there", "œuvre d’art – “x”", "日本", "\x00\x1b"]
)
def test_t49_every_name_leaves_records_of_128_bytes(encoding: str, name: str) -> None:
    made = statement(coda.movement_of(Decimal(1), DAY, name=name, text=name * 3))
    data = coda.write(coda.File((made,), encoding=encoding))
    assert {len(line) for line in data.split(b"\r\n")[:-1]} == {128}
    assert coda.read(data).statements[0].movements[0].amount == 1


def test_a_character_that_needs_two_does_not_shift_a_structured_communication() -> None:
    base = coda.movement_of(Decimal(1), DAY)
    odd = structs.replace(base, is_structured=True, communication="113" + "487104€€€ﬁ7890".ljust(51) + "SHOP")
    (read,) = coda.read(coda.write(coda.File((statement(odd),), encoding="cp850"))).statements[0].movements
    assert read.communication[54:] == "SHOP"


def test_t49_febelfin_coda_accepts_what_is_written(febelfin: ModuleType, tmp_path: Path) -> None:
    path = tmp_path / "written.cod"
    second = statement(day=DAY + timedelta(days=1), old="200.495", number=2)
    path.write_bytes(written(rich(levels=2), second))  # it stops at details of type 9
    one, two = febelfin.CODA(str(path)).statements
    assert one.new_balance == Decimal("200.495")
    assert len(one.moves) == 4
    assert len(one.moves[2].moves) == 2
    assert (two.old_balance, two.new_balance, two.moves) == (Decimal("200.495"), Decimal("200.495"), [])


@pytest.mark.parametrize("line_end", [b"\n", b"\r", b"", b"\r\n"])
def test_line_ends_of_the_file_are_kept(line_end: bytes) -> None:
    data = coda.write(coda.File((rich(),), line_end=line_end))
    file = coda.read(data)
    assert file.line_end == line_end
    assert coda.write(file) == data


@pytest.mark.parametrize(
    ("account", "zone"),
    [
        (
            coda.Account("539007547034", structure="0", country="BE", qualification="0"),
            b"539007547034 EUR0BE",
        ),
        (coda.Account("123456789", "USD", structure="1"), b"123456789" + b" " * 25 + b"USD"),
        (coda.Account("BE68539007547034", "EUR", "007"), b"BE68539007547034" + b" " * 15 + b"007EUR"),
        (
            coda.Account("FR1420041010050500013M02606", "EUR", structure="3"),
            b"FR1420041010050500013M02606       EUR",
        ),
    ],
)
def test_accounts_of_every_structure_are_written_and_read(account: coda.Account, zone: bytes) -> None:
    made = coda.statement_of(
        account=account,
        holder="H",
        old_balance=Decimal(0),
        old_balance_date=DAY,
        date=DAY,
        movements=[coda.movement_of(Decimal(1), DAY)],
    )
    data = written(made)
    assert data.count(zone) == 2
    file = coda.read(data)
    assert file.statements[0].account == account
    assert coda.check(file) == []


def test_a_statement_with_free_text_only_has_a_closing_balance() -> None:
    made = coda.statement_of(
        account=ACCOUNT,
        holder="H",
        old_balance=Decimal(5),
        old_balance_date=DAY,
        date=DAY,
        free_text=["first line", "second line"],
    )
    file = coda.read(written(made))
    assert file.statements == (made,)
    assert file.statements[0].free_text == "first line\nsecond line"
    assert coda.check(file) == []


def test_twelve_thousand_movements_and_details_wrap_when_written() -> None:
    many = [coda.movement_of(Decimal("0.01"), DAY) for _ in range(10_500)]
    details = [coda.movement_of(Decimal("0.01"), DAY, transaction_code="60150000") for _ in range(10_500)]
    total = coda.movement_of(Decimal(105), DAY, transaction_code="20150000", details=details)
    made = statement(*many, total)
    file = coda.read(written(made))
    assert file.statements == (made,)
    assert coda.check(file) == []


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount_thousandths": 10**15}, "amount_too_large"),
        ({"communication": "x" * 150}, "too_long"),
        ({"customer_reference": "x" * 36}, "too_long"),
        ({"transaction_code": "001500000"}, "too_long"),
        ({"paper_number": 1000}, "bad_value"),
        ({"paper_number": -1}, "bad_value"),
        ({"information": (coda.Information(communication="x" * 269),)}, "too_long"),
    ],
)
def test_values_that_do_not_fit_are_refused(change: dict[str, object], reason: str) -> None:
    movement = structs.replace(coda.movement_of(Decimal(1), DAY), **change)
    with pytest.raises(UnwritableError) as caught:
        written(statement(movement))
    assert caught.value.reason == reason


def test_an_account_that_does_not_fit_orphans_and_an_open_end_are_refused(make: SimpleNamespace) -> None:
    with pytest.raises(UnwritableError):
        written(
            coda.statement_of(
                account=coda.Account("X" * 40),
                holder="H",
                old_balance=Decimal(0),
                old_balance_date=DAY,
                date=DAY,
            )
        )
    lines = make.whole([make.m21(1, 1000), make.m21(2, 1, detail=1, code="50150000")])
    with pytest.raises(UnwritableError) as caught:
        coda.write(coda.read(make.to_bytes(lines)))
    assert caught.value.reason == "orphan_details"
    open_end = [line for line in lines[:3] if line[0] != "8"]
    with pytest.raises(UnwritableError) as caught:
        coda.write(coda.read(make.to_bytes(open_end)))
    assert caught.value.reason == "closing_balance"
    with pytest.raises(UnwritableError):
        coda.write(coda.File(()))


@pytest.mark.parametrize("amount", ["0.0001", "NaN", "Infinity", "1000000000000"])
def test_amounts_coda_cannot_hold_are_refused(amount: str) -> None:
    with pytest.raises(UnwritableError):
        coda.movement_of(Decimal(amount), DAY)


def test_a_wrong_ogm_is_refused() -> None:
    with pytest.raises(UnwritableError):
        coda.movement_of(Decimal(1), DAY, ogm="090933755494")


@pytest.mark.parametrize("day", [date(1979, 12, 31), date(2080, 1, 1), date(1, 1, 1), date(9999, 12, 31)])
def test_a_date_that_two_digits_would_put_in_another_century_is_refused(day: date) -> None:
    for change in ({"value_date": day}, {"entry_date": day}):
        with pytest.raises(UnwritableError, match="bad_value: field=date"):
            written(statement(structs.replace(coda.movement_of(Decimal(1), DAY), **change)))
    for field in ("creation_date", "old_balance_date"):
        with pytest.raises(UnwritableError, match=day.isoformat()):
            written(replace(statement(), **{field: day}))


@pytest.mark.parametrize("day", [date(1980, 1, 1), date(2079, 12, 31)])
def test_the_first_and_the_last_date_are_read_back(day: date) -> None:
    made = replace(statement(coda.movement_of(Decimal(1), day)), creation_date=day, new_balance_date=day)
    (read,) = coda.read(written(made)).statements
    assert (read.new_balance_date, read.movements[0].entry_date) == (day, day)


@pytest.mark.parametrize("line_end", [b"\xff", b"\n\n", b" ", b"0"])
def test_a_line_end_that_is_none_is_refused(line_end: bytes) -> None:
    with pytest.raises(UnwritableError, match="line_end"):
        coda.write(coda.File((statement(),), line_end=line_end))


def test_another_application_is_found() -> None:
    (made,) = coda.read(written(statement())).statements
    (finding,) = coda.check(coda.read(written(replace(made, application_code="04"))))
    assert (finding.rule, finding.severity, finding.params["found"]) == ("CODA-APPLICATION", "warning", "04")
