"""Whatever the bytes: only our own error, nothing lost silently, and what is written is read back."""

import string
from collections.abc import Iterator
from contextlib import suppress
from datetime import date
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import structs

from exports import coda

EVERY_CHECK: Any = list(HealthCheck)
RELAXED = settings(max_examples=40, deadline=None, suppress_health_check=EVERY_CHECK, derandomize=True)
DAY = date(2026, 11, 2)
#: Letters whose bytes in cp1252 never look like UTF-8 or CP850.
TEXT = st.text(string.ascii_letters + "éèàçüö", max_size=30)
AMOUNT = st.integers(-(10**12), 10**12)


@st.composite
def movements(draw: st.DrawFn, depth: int = 0) -> coda.Movement:
    kinds = {0: "0123", 1: "5678", 2: "9"}[depth]
    kind = draw(st.sampled_from(kinds))
    below: list[coda.Movement] = []
    if (depth == 0 and kind != "0") or kind == "7":
        below = draw(st.lists(movements(depth + 1), max_size=3))
    structured = draw(st.booleans())
    return coda.Movement(
        amount_thousandths=draw(AMOUNT),
        transaction_code=kind + draw(st.from_regex(r"[0-9]{7}", fullmatch=True)),
        value_date=draw(st.none() | st.dates(date(2000, 1, 1), date(2079, 12, 31))),
        entry_date=draw(st.none() | st.dates(date(1980, 1, 1), date(2079, 12, 31))),
        bank_reference=draw(st.text(string.ascii_letters, max_size=21)),
        is_structured=structured,
        communication=("127" if structured else "")
        + draw(st.text(string.printable[:95], max_size=146)).rstrip(),
        paper_number=draw(st.integers(0, 999)),
        globalisation_code=draw(st.sampled_from("01239")),
        customer_reference=draw(st.text(string.ascii_letters, max_size=35)),
        counterparty_bic=draw(st.text(string.ascii_uppercase, max_size=11)),
        r_transaction=draw(st.sampled_from(["", "1", "5"])),
        r_reason=draw(st.sampled_from(["", "AC04"])),
        category_purpose=draw(st.sampled_from(["", "SALA"])),
        purpose=draw(st.sampled_from(["", "RENT"])),
        counterparty_zone=draw(st.text(string.ascii_uppercase + string.digits, max_size=37)),
        counterparty_name=draw(TEXT),
        information=tuple(draw(st.lists(information_records(), max_size=2))),
        details=tuple(below),
    )


@st.composite
def information_records(draw: st.DrawFn) -> coda.Information:
    return coda.Information(
        transaction_code=draw(st.from_regex(r"[0-9]{8}", fullmatch=True)),
        bank_reference=draw(st.text(string.ascii_letters, max_size=21)),
        communication=draw(st.text(string.printable[:95], max_size=268)).rstrip(),
    )


@st.composite
def files(draw: st.DrawFn) -> coda.File:
    statements: list[coda.Statement] = []
    for number in range(draw(st.integers(1, 4))):
        name = draw(TEXT)
        made = coda.statement_of(
            account=draw(
                st.sampled_from(
                    [
                        coda.Account("BE68539007547034"),
                        coda.Account("BE68539007547034", "USD"),
                        coda.Account("539007547034", structure="0", country="BE"),
                        coda.Account("FR1420041010050500013M02606", structure="3"),
                    ]
                )
            ),
            holder=name[:26],
            old_balance=Decimal(draw(AMOUNT)).scaleb(-3),
            old_balance_date=DAY,
            date=DAY,
            movements=draw(st.lists(movements(), max_size=4)),
            coda_sequence=number,
            free_text=draw(st.lists(st.text(string.ascii_letters, max_size=80), max_size=2)),
        )
        statements.append(made)
    return coda.File(tuple(statements), line_end=draw(st.sampled_from([b"\r\n", b"\n", b"\r", b""])))


@RELAXED
@given(files())
def test_reading_what_was_written_gives_the_same_values_and_no_error(file: coda.File) -> None:
    data = coda.write(file)
    read = coda.read(data)
    assert read == file
    assert coda.write(read) == data
    assert not [item for item in coda.check(read) if item.severity == "fatal"]


@RELAXED
@given(files())
def test_merging_what_was_split_keeps_every_statement_and_its_bytes(file: coda.File) -> None:
    data = coda.write(file)
    parts = coda.split(data)
    assert len(parts) == len({statement.account.key for statement in file.statements})
    assert sorted(s.content_hash for part in parts for s in coda.read(part).statements) == sorted(
        s.content_hash for s in coda.read(data).statements
    )
    assert coda.merge(coda.split(data, by="statement")) == data
    for part in parts:
        assert len({statement.account.key for statement in coda.read(part).statements}) == 1
        assert not [item for item in coda.check(coda.read(part)) if item.severity == "fatal"]
    merged = coda.merge(parts)
    assert sorted(merged) == sorted(data)


def amounts(found: tuple[coda.Movement, ...]) -> Iterator[int]:
    for movement in found:
        yield abs(movement.amount_thousandths)
        yield from amounts(movement.details)


@RELAXED
@given(files(), st.data())
def test_damage_raises_only_our_error_and_loses_no_movement_silently(
    file: coda.File, data: st.DataObject
) -> None:
    whole = bytearray(coda.write(file))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(whole) - 1))
        if data.draw(st.booleans()):
            whole[at] = data.draw(st.integers(0, 255))
        else:
            del whole[at : at + data.draw(st.integers(1, 300))]
            if not whole:
                return
    try:
        read = coda.read(bytes(whole))
    except coda.Unreadable:
        return
    assert isinstance(coda.check(read), list)
    records = [line for statement in read.statements for line in statement.records if line[:2] == "21"]
    found = [value for s in read.statements for value in amounts((*s.movements, *s.orphan_details))]
    assert sorted(found) == sorted(int(line[32:47]) for line in records)
    for statement in read.statements:
        assert statement.content_hash
        for movement in (*statement.movements, *statement.orphan_details):
            assert "\n" not in movement.text
            assert movement.counterparty_account is None or movement.counterparty_account.key


@RELAXED
@given(st.binary(max_size=2000))
def test_any_bytes_raise_only_our_error(data: bytes) -> None:
    for work in (coda.read, coda.split, lambda some: coda.merge([some, some])):
        with suppress(coda.Unreadable):
            work(data)


@RELAXED
@given(st.lists(st.text("0123489 DEURB\u00e9\ufffd", min_size=100, max_size=140), max_size=6))
def test_lines_that_look_like_records_raise_only_our_error(lines: list[str]) -> None:
    start = "00000" + "021126" + "00005" + " " * 111 + "2"
    for head in ([start], [start, "12001" + "0" * 123]):
        with suppress(coda.Unreadable):
            coda.check(coda.read("\n".join([*head, *lines]).encode()))


def test_a_movement_found_by_hand_compares_by_what_it_says(make: SimpleNamespace) -> None:
    one, two = (
        coda.read(make.to_bytes(make.whole([make.m21(1, 10), make.m21(2, 10)]))).statements[0].movements
    )
    assert one == two
    assert hash(one) == hash(two)
    assert one.record != two.record
    assert one != structs.replace(one, amount_thousandths=11)
    assert one != "a text"
