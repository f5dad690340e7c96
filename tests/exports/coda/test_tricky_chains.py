"""The tricky cases that concern chains, deliveries, writing and showing, each under its number."""

from datetime import date, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from exports import coda

START = date(2026, 1, 5)


def day(
    make: SimpleNamespace,
    number: int,
    old: int,
    amount: int,
    *,
    on: date,
    duplicate: bool = False,
    text: str = "T",
    code: str = "2",
) -> bytes:
    """The bytes of one banking day."""
    before = on - timedelta(days=1)
    stamp = on.strftime("%d%m%y")
    lines = make.whole(
        [make.m21(1, amount, entry=stamp, value_date=stamp, text=text)],
        balance=old,
        first=make.header(date=stamp, duplicate=duplicate),
        old_kw={
            "date": before.strftime("%d%m%y"),
            "number": f"{number:03d}",
        },
        new_kw={"date": stamp},
        code=code,
    )
    return make.to_bytes(lines)


def statements(*files: bytes) -> list[coda.Statement]:
    return [statement for data in files for statement in coda.read(data).statements]


def test_t33_the_number_begins_again_in_january_without_a_gap(make: SimpleNamespace) -> None:
    for last in (249, 365):
        chain = statements(
            day(make, last, 0, 1000, on=date(2025, 12, 31)), day(make, 1, 1000, 500, on=date(2026, 1, 2))
        )
        assert coda.continuity(chain) == []
        assert coda.conflicts(chain) == []
    years = statements(
        day(make, 1, 0, 1000, on=date(2025, 1, 2)), day(make, 1, 1000, 500, on=date(2026, 1, 2))
    )
    assert coda.conflicts(years) == []
    assert len({statement.content_hash for statement in years}) == 2


def test_t34_five_files_with_one_number_are_five_statements(make: SimpleNamespace) -> None:
    chain = statements(*(day(make, 5, n * 100, 100, on=START + timedelta(days=n)) for n in range(5)))
    assert len({statement.content_hash for statement in chain}) == 5
    assert coda.continuity(chain) == []
    assert coda.conflicts(chain) == []
    same_day = statements(*(day(make, 5, n * 100, 100, on=START) for n in (3, 0, 4, 1, 2)))
    assert coda.continuity(same_day) == []
    assert coda.conflicts(same_day) == []
    assert [statement.old_balance for statement in coda.order(same_day)] == [
        Decimal(n) / 10 for n in range(5)
    ]


def test_t35_the_balance_tells_a_gap_and_not_the_number(make: SimpleNamespace) -> None:
    chained = statements(
        day(make, 83, 0, 1000, on=date(2026, 3, 24)), day(make, 86, 1000, 500, on=date(2026, 3, 27))
    )
    assert coda.continuity(chained) == []
    broken = statements(
        day(make, 85, 0, 1000, on=date(2026, 3, 26)), day(make, 86, 1700, 500, on=date(2026, 3, 27))
    )
    (gap,) = coda.continuity(broken)
    assert (gap.expected, gap.found, gap.missing_amount) == (1, Decimal("1.700"), Decimal("0.700"))
    assert gap.missing_numbers == ()
    assert gap.account_key == ("BE68539007547034", "EUR", "")


def test_t35_missing_numbers_stand_beside_a_gap(make: SimpleNamespace) -> None:
    (gap,) = coda.continuity(
        statements(day(make, 41, 0, 1000, on=START), day(make, 44, 5000, 1, on=START + timedelta(days=3)))
    )
    assert gap.missing_numbers == (42, 43)
    assert (gap.from_date, gap.to_date) == (START, START + timedelta(days=2))


def test_t36_a_late_statement_closes_the_gap(make: SimpleNamespace) -> None:
    first = day(make, 41, 0, 1000, on=START)
    late = day(make, 42, 1000, 200, on=START + timedelta(days=1))
    third = day(make, 43, 1200, 1, on=START + timedelta(days=2))
    assert len(coda.continuity(statements(first, third))) == 1
    assert coda.continuity(statements(first, third, late)) == []
    assert [s.coda_sequence for s in coda.order(statements(third, late, first))] == [41, 42, 43]


def test_t37_a_second_delivery_is_the_same_statement(make: SimpleNamespace) -> None:
    original = day(make, 41, 0, 1000, on=START)
    again = day(make, 41, 0, 1000, on=START, duplicate=True, code="1")
    one, two = statements(original, again)
    assert two.is_duplicate
    assert one.content_hash == two.content_hash
    assert coda.continuity([one, two, one]) == []
    assert coda.conflicts([one, two]) == []
    assert [item.rule for item in coda.check(coda.read(again))] == ["CODA-DUPLICATE", "CODA-MULTIPLE"]


def test_t38_one_number_with_two_contents_is_a_conflict(make: SimpleNamespace) -> None:
    pair = statements(
        day(make, 41, 0, 1000, on=START, text="ONE"), day(make, 41, 0, 1000, on=START, text="TWO")
    )
    (conflict,) = coda.conflicts(pair)
    assert {conflict.first, conflict.second} == set(pair)


def test_chains_of_accounts_are_apart_and_a_missing_closing_balance_breaks_none(
    make: SimpleNamespace,
) -> None:
    whole = statements(day(make, 1, 0, 1000, on=START))[0]
    open_end = coda.read(
        b"".join(make.to_bytes([line]) for line in whole.records if line[0] not in "89")
    ).statements[0]
    after = statements(day(make, 2, 77, 1, on=START + timedelta(days=1)))[0]
    assert open_end.new_balance is None
    assert coda.continuity([open_end, after]) == []


def test_r6_and_r7_are_found_within_a_file(make: SimpleNamespace) -> None:
    data = coda.merge(
        [day(make, 41, 0, 1000, on=START), day(make, 44, 5000, 1, on=START + timedelta(days=1))]
    )
    findings = {item.rule: item for item in coda.check(coda.read(data))}
    assert set(findings) == {"CODA-R6", "CODA-R7"}
    assert findings["CODA-R6"].params["expected"] == "1.00"
    assert findings["CODA-R7"].params["found"] == "44"
    assert {item.severity for item in findings.values()} == {"warning"}


def test_t50_splitting_and_merging_thirty_three_statements(make: SimpleNamespace) -> None:
    parts = [day(make, n, n * 100, 100, on=START + timedelta(days=n), code="2") for n in range(1, 34)]
    data = coda.merge(parts)
    assert len(coda.read(data).statements) == 33
    assert coda.split(data) == [data]
    assert coda.merge(coda.split(data)) == data
    assert coda.split(data, by="statement") == parts
    assert coda.merge(coda.split(data, by="statement")) == data
    assert coda.continuity(coda.read(data).statements) == []


def test_t50_what_cannot_be_merged_is_refused(make: SimpleNamespace) -> None:
    whole = day(make, 1, 0, 100, on=START)
    cases = [
        ([whole, whole.replace(b"\r\n", b"\n")], "mixed_line_ends", 2),
        ([whole, whole[:-130]], "truncated", 2),
        ([whole[:-130], whole], "truncated", 1),
        ([whole, b"<xml/>"], "not_coda", 2),
        (
            [whole.replace(b"HOLDER", b"HOLD\xc9R"), whole.replace(b"HOLDER", "HOLDÉ".encode())],
            "mixed_encodings",
            2,
        ),
    ]
    for parts, reason, number in cases:
        with pytest.raises(coda.Unreadable) as caught:
            coda.merge(parts)
        assert (caught.value.reason, caught.value.record) == (reason, number)
    with pytest.raises(coda.Unreadable):
        coda.split(b"<xml/>")
    with pytest.raises(coda.Unreadable, match="empty"):
        coda.merge([])


def test_t50_end_marks_between_parts_are_left_out(make: SimpleNamespace) -> None:
    one, two = day(make, 1, 0, 100, on=START), day(make, 2, 100, 100, on=START + timedelta(days=1))
    clean = coda.merge([one, two])
    assert coda.merge([one + b"\x1a", two]) == clean
    assert coda.merge([one[:-2], b"\xef\xbb\xbf" + two]) == clean
    bare = [part.replace(b"\r\n", b"") for part in (one, two)]
    assert coda.merge(bare) == clean.replace(b"\r\n", b"")
    assert coda.split(coda.merge(bare), by="statement") == bare


def test_t53_texts_are_given_out_as_they_are_and_t54_card_numbers_masked(make: SimpleNamespace) -> None:
    script = "<script>alert(1)</script>"
    card = "1134871041234567890100012300045602112610151" + "SHOP".ljust(16) + "GENT".ljust(10)
    card += "0" * 15 + "0" * 12 + "EUR" + "0" * 5 + "  " + "0" * 5
    lines = [
        make.m21(1, -1000, text=card[:53], structured=True, code="00402000", nxt="1"),
        make.m22(1, text=card[53:106], nxt="1"),
        make.m23(1, name=script, text=card[106:]),
    ]
    data = make.to_bytes(make.whole(lines, balance=5000))
    file = coda.read(data)
    (movement,) = file.statements[0].movements
    assert movement.counterparty_name == script
    assert movement.structured.values["card_number"] == "4871041234567890"
    assert "4871041234567890" not in movement.text
    assert "487104******7890" in movement.text
    assert b"4871041234567890" in file.data
    wide = "124" + "5413330000000000123".ljust(20) + "1" + "000000123456" + "IDENTIFICATION1" + "021126"
    data = make.to_bytes(
        make.whole(
            [make.m21(1, -1000, text=wide[:53], structured=True, nxt="1"), make.m22(1, text=wide[53:])],
            balance=5000,
        )
    )
    assert "541333*********0123" in coda.read(data).statements[0].movements[0].text
