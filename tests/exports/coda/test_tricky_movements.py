"""The tricky cases that concern movements, details and communications, each under its number."""

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from types import SimpleNamespace

import pytest

from exports import coda

Rules = Callable[..., dict[str, str]]


def only(data: bytes) -> coda.Statement:
    (statement,) = coda.read(data).statements
    return statement


def test_t01_an_unknown_value_date_keeps_the_movement(make: SimpleNamespace, rules: Rules) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 1000, value_date="000000")]))
    (movement,) = only(data).movements
    assert movement.value_date is None
    assert movement.entry_date == date(2026, 11, 2)
    assert rules(data) == {}


def test_t02_an_empty_file_without_record_8_is_valid_and_extends_the_chain(
    make: SimpleNamespace, rules: Rules
) -> None:
    data = make.to_bytes(make.whole(balance=5000))
    statement = only(data)
    assert statement.is_empty
    assert statement.new_balance == statement.old_balance == Decimal("5.000")
    assert statement.movement_count == 0
    assert statement.is_complete
    assert rules(data) == {}


def test_t03_a_file_with_only_a_free_communication_is_valid(make: SimpleNamespace, rules: Rules) -> None:
    text = "The bank is closed on Monday".ljust(79) + "."
    data = make.to_bytes(make.whole(balance=100, frees=[make.free(0, text, link="1"), make.free(1, "two")]))
    statement = only(data)
    assert statement.free_text == f"{text}\ntwo"
    assert statement.trailer.record_count == 2
    assert rules(data) == {}


def test_t04_movements_without_record_8_are_an_error_and_no_balance_is_invented(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = make.whole([make.m21(1, 1000)])
    lines = [line for line in lines if line[0] != "8"]
    lines[-1] = make.end(lines[:-1])
    data = make.to_bytes(lines)
    statement = only(data)
    assert statement.new_balance is None
    assert not statement.is_complete
    assert rules(data) == {"NEW-BALANCE": "fatal"}


def test_t05_a_total_with_details_is_one_movement(make: SimpleNamespace, rules: Rules) -> None:
    lines = [make.m21(1, 15000, code="10150000", glob="1")]
    lines += [
        make.m21(1, 1000 * n, detail=n, code="50150000", glob="1" if n == 5 else "0") for n in range(1, 6)
    ]
    data = make.to_bytes(make.whole(lines))
    statement = only(data)
    (movement,) = statement.movements
    assert [detail.amount for detail in movement.details] == [Decimal(n) for n in range(1, 6)]
    assert statement.total_credit == 15
    assert rules(data) == {}


def test_t06_three_levels_with_details_of_type_9_below_type_7(make: SimpleNamespace, rules: Rules) -> None:
    lines = [
        make.m21(1, 10000, code="20150000"),
        make.m21(1, 4000, detail=1, code="60150000"),
        make.m21(1, 6000, detail=2, code="70150000"),
        make.m21(1, 2500, detail=3, code="90150000"),
        make.m21(1, 3500, detail=4, code="90150000"),
    ]
    data = make.to_bytes(make.whole(lines))
    (movement,) = only(data).movements
    assert [detail.transaction_type for detail in movement.details] == ["6", "7"]
    assert [detail.amount for detail in movement.details[1].details] == [Decimal("2.500"), Decimal("3.500")]
    assert rules(data) == {}


def test_t07_details_of_opposite_signs_add_up_to_the_net_amount(make: SimpleNamespace, rules: Rules) -> None:
    lines = [
        make.m21(1, 97000, code="34150000"),
        make.m21(1, 100000, detail=1, code="84150100"),
        make.m21(1, -2500, detail=2, code="84137013"),
        make.m21(1, -500, detail=3, code="84137011"),
    ]
    data = make.to_bytes(make.whole([lines[0], *lines[1:]]))
    statement = only(data)
    assert statement.total_credit == 97
    assert statement.total_debit == 0
    assert sum(detail.amount for detail in statement.movements[0].details) == 97
    assert rules(data) == {}


@pytest.mark.parametrize("kind", "123")
@pytest.mark.parametrize("glob", "01")
def test_t08_a_total_without_details_is_a_plain_movement(
    make: SimpleNamespace, rules: Rules, kind: str, glob: str
) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 5000, code=f"{kind}0150000", glob=glob)]))
    assert only(data).movements[0].details == ()
    assert rules(data) == {}


def test_t09_details_without_globalisation_code_are_still_details(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = [make.m21(1, 5000, code="20450000"), make.m21(1, 5000, detail=1, code="60450000")]
    data = make.to_bytes(make.whole(lines))
    assert only(data).movement_count == 1
    assert rules(data) == {}


def test_t10_information_takes_detail_numbers(make: SimpleNamespace, rules: Rules) -> None:
    lines = [make.m21(1, 6000, code="10150000")]
    for n in (1, 3, 5):
        lines.append(make.m21(1, 2000, detail=n, code="50150000", link="1"))
        lines.append(make.i31(1, n + 1, text="about it"))
    data = make.to_bytes(make.whole(lines))
    (movement,) = only(data).movements
    assert [detail.information[0].text for detail in movement.details] == ["about it"] * 3
    assert rules(data) == {}


def test_t11_details_that_do_not_add_up_leave_the_total_as_the_movement(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = [make.m21(1, 6000, code="10150000"), make.m21(1, 5000, detail=1, code="50150000")]
    data = make.to_bytes(make.whole(lines))
    assert only(data).movements[0].amount == 6
    (finding,) = coda.check(coda.read(data))
    assert (finding.rule, finding.severity) == ("CODA-R8", "warning")
    assert finding.params == {"expected": "6.00", "found": "5.00"}
    assert finding.location == "record 3, position 33"


def test_t12_twelve_thousand_movements_wrap_their_numbers(make: SimpleNamespace, rules: Rules) -> None:
    data = make.to_bytes(make.whole([make.m21(n, 10) for n in range(1, 12001)]))
    statement = only(data)
    assert statement.movement_count == 12000
    assert statement.total_credit == Decimal("120.000")
    assert [m.sequence_number for m in statement.movements[9997:10001]] == [9998, 9999, 0, 1]
    assert rules(data) == {}


def test_t12_twelve_thousand_details_wrap_their_numbers(make: SimpleNamespace, rules: Rules) -> None:
    details = [make.m21(1, 10, detail=n, code="60150000") for n in range(1, 12001)]
    data = make.to_bytes(make.whole([make.m21(1, 120000, code="20150000"), *details, make.m21(2, 5)]))
    statement = only(data)
    assert statement.movement_count == 2
    assert len(statement.movements[0].details) == 12000
    assert rules(data) == {}


@pytest.mark.parametrize(
    ("zone", "number", "currency", "iban"),
    [
        ("539007547034 EUR0BE", "539007547034", "EUR", "BE68539007547034"),
        ("LU280019400644750000  ", "LU280019400644750000", "", "LU280019400644750000"),
        ("NO9386011117947".ljust(34) + "NOK", "NO9386011117947", "NOK", "NO9386011117947"),
        ("BE68539007547034".ljust(34) + "EUR", "BE68539007547034", "EUR", "BE68539007547034"),
        ("123456789".ljust(34) + "USD", "123456789", "USD", None),
    ],
)
def test_t21_counterparty_accounts_in_every_structure(
    make: SimpleNamespace, rules: Rules, zone: str, number: str, currency: str, iban: str | None
) -> None:
    lines = [make.m21(1, 10, nxt="1"), make.m23(1, account=zone, name="X")]
    data = make.to_bytes(make.whole(lines))
    account = only(data).movements[0].counterparty_account
    assert (account.number, account.currency, account.iban) == (number, currency, iban)
    assert rules(data) == {}


@pytest.mark.parametrize("zone", ["", "0" * 16, "000000000000 EUR0BE"[:12], "0" * 37])
def test_t21_a_blank_or_zero_account_is_none(make: SimpleNamespace, zone: str) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 10, nxt="1"), make.m23(1, account=zone, name="X")]))
    assert only(data).movements[0].counterparty_account is None


def test_t22_record_2_3_directly_after_2_1(make: SimpleNamespace, rules: Rules) -> None:
    lines = [
        make.m21(1, 10, text="A" * 53, nxt="1"),
        make.m23(1, account=make.ACCOUNT, name="NAME", text="B" * 43),
    ]
    data = make.to_bytes(make.whole(lines))
    (movement,) = only(data).movements
    assert movement.counterparty_name == "NAME"
    assert movement.communication == "A" * 53 + "B" * 43
    assert rules(data) == {}


def test_t23_all_information_records_are_kept_in_order_and_joined(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = [
        make.m21(1, 10, link="1"),
        make.i31(1, 1, text="a" * 73, nxt="1"),
        make.i32(1, 1, text="b" * 105, nxt="1"),
        make.i33(1, 1, text="c" * 90, link="1"),
        make.i31(1, 2, text="goes on", link="1"),
        make.i31(1, 3, text="a new line"),
    ]
    data = make.to_bytes(make.whole(lines))
    (movement,) = only(data).movements
    assert len(movement.information) == 3
    assert movement.information_text == "a" * 73 + "b" * 105 + "c" * 90 + "goes on\na new line"
    assert rules(data) == {}


def test_t24_text_cut_in_a_word_is_joined_without_a_blank_and_double_blanks_stay(
    make: SimpleNamespace,
) -> None:
    lines = [make.m21(1, 10, text="two  blanks ".ljust(50) + "WOR", nxt="1")]
    lines.append(make.m22(1, text="D"))
    (movement,) = only(make.to_bytes(make.whole(lines))).movements
    assert movement.communication == "two  blanks ".ljust(50) + "WORD"
    assert movement.text == "two blanks WORD"


def test_t25_a_direct_debit_that_spans_three_records(make: SimpleNamespace, rules: Rules) -> None:
    creditor, mandate = "BE68ZZZ0123456789", "MANDATE-2026-000000000000000000042"
    text = "127" + "021126" + "1" + "2" + "0" + creditor.ljust(35) + mandate.ljust(35)
    text += "Subscription November 2026 with a text that goes over the edge".ljust(62) + "2" + "AC04"
    lines = [
        make.m21(1, -9990, text=text[:53], structured=True, code="00501000", nxt="1"),
        make.m22(1, text=text[53:106], reference="E2E-7", nxt="1"),
        make.m23(1, account=make.ACCOUNT, name="CREDITOR", text=text[106:]),
    ]
    data = make.to_bytes(make.whole(lines, balance=10000))
    (movement,) = only(data).movements
    values = movement.structured.values
    assert values["settlement_date"] == date(2026, 11, 2)
    assert (values["direct_debit_type"], values["scheme"], values["paid_or_reason"]) == ("1", "2", "0")
    assert values["creditor_id"] == creditor
    assert values["mandate_reference"] == mandate
    assert values["communication"] == "Subscription November 2026 with a text that goes over the edge"
    assert (values["r_transaction"], values["r_reason"]) == ("2", "AC04")
    assert movement.customer_reference == "E2E-7"
    assert rules(data) == {}


def test_t26_a_creditor_reference_is_checked_and_not_shown_as_an_ogm(
    make: SimpleNamespace, rules: Rules
) -> None:
    right, wrong = "100RF18539007547034", "100RF19539007547034"
    data = make.to_bytes(make.whole([make.m21(1, 10, text=right, structured=True)]))
    (movement,) = only(data).movements
    assert movement.structured.values["reference"] == "RF18539007547034"
    assert movement.text == "RF18 5390 0754 7034"
    assert movement.structured_communication is None
    assert rules(data) == {}
    assert rules(make.to_bytes(make.whole([make.m21(1, 10, text=wrong, structured=True)]))) == {
        "RF": "warning"
    }


@pytest.mark.parametrize(
    ("digits", "right"),
    [("000000009797", True), ("000000009700", False), ("123456789002", True), ("123456789003", False)],
)
def test_t27_an_ogm_with_remainder_zero_ends_in_97(
    make: SimpleNamespace, rules: Rules, digits: str, right: bool
) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 10, text=f"101{digits}", structured=True)]))
    (movement,) = only(data).movements
    assert movement.structured_communication == (digits if right else None)
    assert movement.text == (f"+++{digits[:3]}/{digits[3:7]}/{digits[7:]}+++" if right else digits)
    assert rules(data) == ({} if right else {"OGM": "warning"})


def test_t28_movement_types_in_information_and_unknown_types_are_kept(
    make: SimpleNamespace, rules: Rules
) -> None:
    text = "105" + "000000000100000" + "000000000110000" + "000110000000" + "USD" + "0" * 12 + "US" + "0" * 15
    lines = [
        make.m21(1, 10, link="1"),
        make.i31(1, 1, text=text[:73], structured=True, nxt="1"),
        make.i32(1, 1, text=text[73:], link="1"),
        make.i31(1, 2, text="199something new", structured=True),
    ]
    data = make.to_bytes(make.whole(lines))
    first, second = only(data).movements[0].information
    assert first.structured.values["original_amount"] == 110
    assert first.structured.values["rate"] == Decimal("1.1")  # 4 + 8 positions
    assert first.structured.values["original_currency"] == "USD"
    assert second.communication == "199something new"
    assert not second.structured.is_known
    assert second.structured.values == {"text": "something new"}
    assert rules(data) == {"COMMUNICATION": "warning"}


def test_t29_the_sign_of_a_detail_amount_in_information_006(make: SimpleNamespace) -> None:
    text = "006" + "Payment commission".ljust(30) + "EUR" + "000000000123000" + "1" + "013"
    data = make.to_bytes(make.whole([make.m21(1, 10, link="1"), make.i31(1, 1, text=text, structured=True)]))
    values = only(data).movements[0].information[0].structured.values
    assert values["amount"] == Decimal("-123.000")
    assert values["category"] == "013"


def test_t30_all_positions_of_the_three_information_records_are_read(make: SimpleNamespace) -> None:
    text = "".join(chr(33 + n % 90) for n in range(268))
    lines = [
        make.m21(1, 10, link="1"),
        make.i31(1, 1, text=text[:73], nxt="1"),
        make.i32(1, 1, text=text[73:178], nxt="1"),
        make.i33(1, 1, text=text[178:]),
    ]
    (movement,) = only(make.to_bytes(make.whole(lines))).movements
    assert movement.information[0].communication == text


def test_t31_amounts_are_exact(make: SimpleNamespace, rules: Rules) -> None:
    large = make.to_bytes(make.whole([make.m21(1, 123456789012345)]))
    assert only(large).movements[0].amount == Decimal("123456789012.345")
    many = make.to_bytes(make.whole([make.m21(n, 100) for n in range(1, 10001)]))
    assert only(many).total_credit == Decimal("1000.000")
    dinar = make.to_bytes(make.whole([make.m21(1, 1234)], old_kw={"account": make.ACCOUNT[:34] + "KWD"}))
    assert only(dinar).movements[0].amount == Decimal("1.234")


def test_t32_balances_below_zero_and_a_negative_zero(make: SimpleNamespace, rules: Rules) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 7000)], balance=-5000))
    statement = only(data)
    assert (statement.old_balance, statement.new_balance) == (-5, 2)
    assert rules(data) == {}
    lines = make.whole([make.m21(1, 5000)], balance=-5000)
    lines[-2] = make.put(lines[-2], 42, "1")
    assert only(make.to_bytes(lines)).new_balance == 0
    assert rules(make.to_bytes(lines)) == {}
