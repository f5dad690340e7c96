"""The tricky cases that concern accounts, encodings, line ends and damage, each under its number."""

import gzip
import io
import zipfile
from collections.abc import Callable
from decimal import Decimal
from types import SimpleNamespace

import pytest

from exports import coda

Rules = Callable[..., dict[str, str]]


def only(data: bytes) -> coda.Statement:
    (statement,) = coda.read(data).statements
    return statement


def account(number: str, currency: str = "EUR", extension: str = "") -> str:
    return f"{number:<31}{extension:<3}{currency:<3}"


def for_account(
    make: SimpleNamespace, zone: str, *, balance: int = 0, amount: int = 1000, code: str = "2", **old_kw: str
) -> list[str]:
    return make.whole(
        [make.m21(1, amount)],
        balance=balance,
        old_kw={"account": zone, **old_kw},
        new_kw={"account": zone},
        code=code,
    )


def test_t13_a_file_of_two_accounts_is_two_statements_and_two_parts(
    make: SimpleNamespace, rules: Rules
) -> None:
    first = for_account(make, account("BE68539007547034"), code="1")
    second = for_account(make, account("BE71096123456769"))
    data = make.to_bytes(first + second)
    assert [s.account.iban for s in coda.read(data).statements] == ["BE68539007547034", "BE71096123456769"]
    assert rules(data) == {}
    parts = coda.split(data)
    assert parts == [make.to_bytes([*first[:-1], first[-1][:127] + "2"]), make.to_bytes(second)]
    assert coda.merge(parts) == data


def test_t13_interleaved_accounts_are_gathered(make: SimpleNamespace) -> None:
    a, b = account("BE68539007547034"), account("BE71096123456769")
    data = make.to_bytes(
        [
            *for_account(make, a, code="1"),
            *for_account(make, b, code="1"),
            *for_account(make, a, balance=1000, code="2"),
        ]
    )
    parts = coda.split(data)
    assert [len(coda.read(part).statements) for part in parts] == [2, 1]
    assert [s.trailer.multiple_file_code for p in parts for s in coda.read(p).statements] == ["1", "2", "2"]
    assert coda.continuity(coda.read(parts[0]).statements) == []


def test_t14_one_iban_in_two_currencies_is_two_accounts(make: SimpleNamespace, rules: Rules) -> None:
    euro = for_account(make, account("BE68539007547034", "EUR"), balance=50, code="1")
    dollar = for_account(make, account("BE68539007547034", "USD"), balance=70)
    data = make.to_bytes(euro + dollar)
    file = coda.read(data)
    assert len({s.account.key for s in file.statements}) == 2
    assert len({s.content_hash for s in file.statements}) == 2
    assert coda.continuity(file.statements) == []
    assert coda.conflicts(file.statements) == []
    assert len(coda.split(data)) == 2
    assert rules(data) == {}


def test_t15_the_extension_zone_tells_accounts_apart(make: SimpleNamespace) -> None:
    data = make.to_bytes(
        for_account(make, account("BE68539007547034", extension="001"), balance=50, code="1")
        + for_account(make, account("BE68539007547034", extension="002"), balance=70)
    )
    file = coda.read(data)
    assert [s.account.key for s in file.statements] == [
        ("BE68539007547034", "EUR", "001"),
        ("BE68539007547034", "EUR", "002"),
    ]
    assert coda.continuity(file.statements) == []


def test_t16_the_iban_of_a_belgian_account_number_is_computed(make: SimpleNamespace, rules: Rules) -> None:
    zone = "737010689443 EUR0BE"
    data = make.to_bytes(for_account(make, zone, structure="0"))
    statement = only(data)
    assert statement.account.iban == "BE66737010689443"
    assert statement.account.key == ("BE66737010689443", "EUR", "")
    assert statement.account.country == "BE"
    assert rules(data) == {}


def test_t17_a_foreign_account_number_stays_as_written(make: SimpleNamespace, rules: Rules) -> None:
    data = make.to_bytes(for_account(make, "123456789".ljust(34) + "USD", structure="1"))
    statement = only(data)
    assert statement.account.iban is None
    assert statement.account.key == ("123456789", "USD", "")
    assert rules(data) == {}


def test_t18_a_foreign_iban_with_blanks_inside(make: SimpleNamespace, rules: Rules) -> None:
    number = "FR14 2004 1010 0505 0001 3M02 606"
    data = make.to_bytes(for_account(make, number.ljust(34) + "EUR", structure="3"))
    statement = only(data)
    assert statement.account.number == number
    assert statement.account.iban == "FR1420041010050500013M02606"
    assert statement.account.currency == "EUR"
    assert rules(data) == {}


@pytest.mark.parametrize(
    ("zone", "structure"),
    [
        (account("BE68539007547034"), "2"),
        ("FR1420041010050500013M02606".ljust(34) + "EUR", "3"),
        ("737010689443 EUR0BE", "0"),
        ("123456789".ljust(34) + "EUR", "1"),
    ],
)
def test_t19_a_missing_structure_digit_is_inferred(
    make: SimpleNamespace, rules: Rules, zone: str, structure: str
) -> None:
    data = make.to_bytes(for_account(make, zone, structure=" "))
    assert only(data).account.structure == structure
    assert only(data).account.currency == "EUR"
    assert rules(data) == {"STRUCTURE": "warning"}


def test_t20_record_8_of_another_account_is_an_error_that_names_both(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = make.whole([make.m21(1, 1000)], new_kw={"account": account("BE71096123456769")})
    data = make.to_bytes(lines)
    assert only(data).movements[0].amount == 1
    (finding,) = coda.check(coda.read(data))
    assert (finding.rule, finding.severity) == ("CODA-R5", "fatal")
    assert finding.params == {"expected": "BE68539007547034 EUR", "found": "BE71096123456769 EUR"}


def test_t39_a_lost_record_shows_in_count_and_total(make: SimpleNamespace) -> None:
    lines = make.whole([make.m21(1, 1000), make.m21(2, 2000), make.m21(3, 4000)])
    del lines[3]
    findings = {item.rule: item for item in coda.check(coda.read(make.to_bytes(lines)))}
    assert findings["CODA-R2"].params == {"expected": "5.00", "found": "7.00"}
    assert findings["CODA-R3"].params == {"expected": "4", "found": "5"}
    assert findings["CODA-R1"].severity == "fatal"
    assert findings["CODA-R4"].params == {"expected": "00020000", "found": "00030000"}


def test_t39_a_lost_movement_record_does_not_lend_its_parts_to_the_one_before(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = make.whole([make.m21(1, 1000), make.m21(2, 2000, nxt="1"), make.m22(2, text="of the second")])
    del lines[3]
    assert rules(make.to_bytes(lines))["PART"] == "fatal"


def test_t39_details_without_their_movement_are_kept_and_reported(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = make.whole(
        [make.m21(1, 1000), make.m21(2, 2000, code="10150000"), make.m21(2, 2000, detail=1, code="50150000")]
    )
    del lines[3]
    statement = only(make.to_bytes(lines))
    assert [m.amount for m in statement.orphan_details] == [2]
    assert rules(make.to_bytes(lines))["ORPHAN"] == "fatal"


def test_t40_the_multiple_file_code_of_the_last_statement_is_a_warning_at_most(
    make: SimpleNamespace, rules: Rules
) -> None:
    assert rules(make.to_bytes(make.whole([make.m21(1, 10)], code="1"))) == {"MULTIPLE": "warning"}


def variants(make: SimpleNamespace) -> dict[str, bytes]:
    lines = make.whole(
        [make.m21(1, 1000, text="ONE"), make.m21(2, -500, text="TWO")], frees=[make.free(0, "TEXT")]
    )
    clean = make.to_bytes(lines)
    return {
        "crlf": clean,
        "lf": make.to_bytes(lines, "\n"),
        "cr": make.to_bytes(lines, "\r"),
        "none": make.to_bytes(lines, ""),
        "no final line end": clean[:-2],
        "ctrl-z": clean + b"\x1a",
        "ctrl-z on a line": clean + b"\x1a\r\n",
        "blank lines behind": clean + b"\r\n\r\n",
        "blank lines between": clean.replace(b"\r\n", b"\r\n\r\n"),
        "blank lines before": b"\r\n" + clean,
        "bom": b"\xef\xbb\xbf" + clean,
        "mixed": clean.replace(b"\r\n", b"\n", 2),
        "nul behind": clean + b"\0" * 7,
        "none, ctrl-z": make.to_bytes(lines, "") + b"\x1a",
        "none, one behind": make.to_bytes(lines, "") + b"\r\n",
    }


@pytest.mark.parametrize(
    "kind",
    [
        "crlf",
        "lf",
        "cr",
        "none",
        "no final line end",
        "ctrl-z",
        "ctrl-z on a line",
        "blank lines behind",
        "blank lines between",
        "blank lines before",
        "bom",
        "mixed",
        "nul behind",
        "none, ctrl-z",
        "none, one behind",
    ],
)
def test_t41_line_ends_and_end_marks_do_not_matter_and_bytes_stay(
    make: SimpleNamespace, rules: Rules, kind: str
) -> None:
    every = variants(make)
    file = coda.read(every[kind])
    clean = coda.read(every["crlf"])
    assert file == clean
    assert file.data == every[kind]
    assert file.statements[0].raw == every[kind]
    assert file.statements[0].content_hash == clean.statements[0].content_hash
    assert coda.split(every[kind]) == [every[kind]]
    assert rules(every[kind]) == {}


def test_t41_the_raw_bytes_of_the_statements_are_the_file(make: SimpleNamespace) -> None:
    data = (
        b"\xef\xbb\xbf"
        + make.to_bytes(make.whole([make.m21(1, 10)], code="1") + make.whole(balance=10))
        + b"\x1a"
    )
    assert b"".join(statement.raw for statement in coda.read(data).statements) == data


def test_t42_trimmed_lines_are_filled_up(make: SimpleNamespace, rules: Rules) -> None:
    data = b"\r\n".join(
        line.encode().rstrip() for line in make.whole([make.m21(1, 10)], frees=[make.free(0, "X")])
    )
    trimmed = data[:-76]  # the trailer's blanks and its code as well: 52 positions are left
    assert coda.read(trimmed) == coda.read(
        make.to_bytes(make.whole([make.m21(1, 10)], frees=[make.free(0, "X")]))
    )
    assert rules(trimmed) == {"LENGTH": "warning", "MULTIPLE": "warning"}


def test_t42_blanks_added_to_a_line_are_harmless(make: SimpleNamespace, rules: Rules) -> None:
    lines = make.whole([make.m21(1, 10)])
    lines[2] += " " * 9
    assert rules("\r\n".join(lines).encode()) == {"LENGTH": "warning"}


def test_t42_junk_behind_the_last_trailer_is_a_warning_and_a_record_there_is_not(
    make: SimpleNamespace, rules: Rules
) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 10)]))
    assert rules(data + b"-- \r\nsent by a program\r\n") == {"JUNK": "warning"}
    assert coda.read(data + b"END\r\n") == coda.read(data)
    for behind in (b"21 half a movement\r\n", b"END\r\n" + data[:50]):
        with pytest.raises(coda.Unreadable):
            coda.read(data + behind)


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("L’ARTISAN – “MAISON” „DE“ HOOP…", "cp1252"),
        ("SOCIÉTÉ à côté", "cp1252"),
        ("société à côté", "cp850"),
    ],
)
def test_t43_quotation_marks_and_dashes_are_no_letters_of_cp850(
    make: SimpleNamespace, text: str, encoding: str
) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 10, text=text)]), encoding=encoding)
    assert coda.read(data).encoding == encoding
    assert only(data).movements[0].text == text


@pytest.mark.parametrize("length", [130, 137])
def test_t42_a_longer_line_is_refused_with_its_number(make: SimpleNamespace, length: int) -> None:
    lines = make.whole([make.m21(1, 10)])
    lines[2] += "X" * (length - 128)
    with pytest.raises(coda.Unreadable) as caught:
        coda.read("\r\n".join(lines).encode())
    assert (caught.value.reason, caught.value.record) == ("length", 3)
    assert caught.value.found == f"{length} characters"


@pytest.mark.parametrize(
    ("encoding", "name", "found"),
    [
        ("cp1252", "CAFÉ DU THÉÂTRE €", "cp1252"),
        ("latin-1", "Café Zoë", "cp1252"),
        ("cp850", "CITROëN Réparé", "cp850"),
        ("utf-8", "Café Zoë", "utf-8"),
    ],
)
def test_t43_accents_in_every_character_set_keep_positions(
    make: SimpleNamespace, encoding: str, name: str, found: str
) -> None:
    lines = make.whole(
        [make.m21(1, 10, nxt="1"), make.m23(1, account=make.ACCOUNT, name=name, text="BEHIND")]
    )
    file = coda.read(make.to_bytes(lines, encoding=encoding))
    (movement,) = file.statements[0].movements
    assert file.encoding == found
    assert movement.counterparty_name == name
    assert movement.communication.endswith("BEHIND")


@pytest.mark.parametrize(("name", "read"), [("CAFÉ THÉ \x81", "CAFÉ THÉ \x81"), ("A\x81B", "AüB")])
def test_t43_a_byte_cp1252_does_not_have_does_not_abort_the_file(
    make: SimpleNamespace, name: str, read: str
) -> None:
    lines = make.whole(
        [make.m21(1, 10, nxt="1"), make.m23(1, account=make.ACCOUNT, name=name, text="BEHIND")]
    )
    data = "\r\n".join(lines).encode("latin-1")
    (movement,) = only(data).movements
    assert movement.counterparty_name == read
    assert movement.communication.endswith("BEHIND")


@pytest.mark.parametrize("line_end", [b"\r\n", b""])
def test_t43_utf8_whose_writer_counted_bytes(make: SimpleNamespace, line_end: bytes) -> None:
    lines = [line.encode() for line in make.whole([make.m21(1, 10, nxt="1"), "?" * 128])]
    name = "Café Zoë".encode().ljust(35)
    lines[3] = b"23" + b"00010000" + make.ACCOUNT.encode() + name + b"BEHIND".ljust(43) + b"0 0"
    file = coda.read(line_end.join(lines))
    (movement,) = file.statements[0].movements
    assert movement.counterparty_name == "Café Zoë"
    assert movement.communication.endswith("BEHIND")


def test_t44_a_file_whose_accents_were_destroyed_is_read_by_characters(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = make.whole(
        [make.m21(1, 10, nxt="1"), make.m23(1, account=make.ACCOUNT, name="ZO\ufffd", text="BEHIND")]
    )
    data = make.to_bytes(lines, encoding="utf-8")
    assert only(data).movements[0].counterparty_name == "ZO\ufffd"
    assert only(data).movements[0].communication.endswith("BEHIND")
    assert rules(data) == {"DAMAGED": "warning", "ENCODING": "warning"}


def test_t45_a_separate_application_is_an_extract_outside_the_chain(
    make: SimpleNamespace, rules: Rules
) -> None:
    lines = make.whole([make.m21(1, 1000), make.m21(2, 2000)], first=make.header(separate="01005"))
    lines[-2] = make.new(0)
    data = make.to_bytes(lines)
    statement = only(data)
    assert statement.is_extract
    assert statement.separate_application == "01005"
    assert rules(data) == {"SEPARATE": "warning"}
    day = coda.read(make.to_bytes(make.whole([make.m21(1, 10)], balance=7000))).statements
    assert coda.continuity([*day, statement]) == []


def test_t46_version_1_is_read_whole(make: SimpleNamespace, rules: Rules) -> None:
    first = make.put(make.header(version="1", bic="00000000430"), 20, "00000")
    zone = "737010689443 EUR0BE"
    movement = make.m21(1, -2500, nxt="1", code="00501000", value_date="140207", entry="140207")
    second = make.put(
        make.put(make.m22(1, text="MORE TEXT", nxt="1"), 64, " " * 62),
        64,
        "CUSTOMER REF".ljust(26) + "USD" + "000000000003300",
    )
    third = make.put("230001" + "0000" + "539007547034 EUR0BE".ljust(37), 48, "").ljust(128)
    third = make.put(make.put(make.put(third, 48, "NAME OF PARTY"), 74, "STREET 1"), 100, "9000 GENT")
    third = make.put(third, 126, "0 0")
    lines = [
        first,
        make.put(make.old(5000, structure=" ", account=zone, date="130207"), 1, "1"),
        movement,
        second,
        third,
    ]
    lines += [make.free(0, "FREE"), make.put(make.new(2500, account=zone, date="140207"), 128, " ")]
    lines.append(make.put(make.end(lines), 17, f"{6:06d}"))
    data = make.to_bytes(lines)
    statement = only(data)
    assert statement.version == "1"
    assert statement.account.iban == "BE66737010689443"
    (read,) = statement.movements
    assert (read.amount, read.counterparty_name) == (Decimal("-2.500"), "NAME OF PARTY")
    assert (read.counterparty_address, read.counterparty_city) == ("STREET 1", "9000 GENT")
    assert (read.customer_reference, read.original_currency, read.original_amount) == (
        "CUSTOMER REF",
        "USD",
        Decimal("3.300"),
    )
    assert read.counterparty_account.iban == "BE68539007547034"
    assert statement.free_text == "FREE"
    assert {key: value for key, value in rules(data).items() if key != "DATE"} == {"VERSION": "warning"}
    again = coda.read(coda.write(coda.read(data))).statements[0].movements[0]
    assert again.amount == read.amount
    assert again.information[0].structured.values["locality"] == "9000 GENT"
    assert again.information[1].structured.values["original_amount"] == Decimal("3.300")


@pytest.mark.parametrize("version", ["5", " ", "0", "3"])
def test_t46_other_versions_are_refused_by_name(make: SimpleNamespace, version: str) -> None:
    with pytest.raises(coda.Unreadable) as caught:
        coda.read(make.to_bytes(make.whole([make.m21(1, 10)], first=make.header(version=version))))
    assert (caught.value.reason, caught.value.record, caught.value.position) == (
        "unsupported_version",
        1,
        128,
    )
    assert caught.value.found == version


def test_t47_company_number_and_bic_are_no_part_of_the_account(make: SimpleNamespace) -> None:
    full = only(make.to_bytes(make.whole([make.m21(1, 10)])))
    bare = only(
        make.to_bytes(
            make.whole(
                balance=10, first=make.header(company="0" * 11, bic="GKCCBEBBXXX"), old_kw={"date": "021126"}
            )
        )
    )
    assert full.company_number == "0403019261"
    assert bare.company_number is None
    assert bare.bic == "GKCCBEBBXXX"
    assert full.account.key == bare.account.key
    assert coda.continuity([full, bare]) == []


def test_t48_wrong_next_and_link_codes_are_a_warning_only(make: SimpleNamespace, rules: Rules) -> None:
    lines = [
        make.m21(1, 10, link="1"),
        make.m22(1, text="T", nxt=" "),
        make.m23(1, account=make.ACCOUNT, name="NAME"),
        make.i31(1, 1, text="INFO", link="1"),
    ]
    data = make.to_bytes(make.whole(lines))
    (movement,) = only(data).movements
    assert movement.counterparty_name == "NAME"
    assert movement.information[0].text == "INFO"
    assert rules(data) == {"NEXT-LINK": "warning"}


def test_t51_a_file_that_is_still_being_written_is_recognised(make: SimpleNamespace) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 1000, nxt="1"), make.m22(1, text="T")]))
    reasons: set[str] = set()
    for length in range(1, len(data)):
        try:
            file = coda.read(data[:length])
        except coda.Unreadable as error:
            reasons.add(error.reason)
        else:
            whole = length >= len(data) - 2 - 76  # the trailer's totals end at position 52
            assert file.is_complete == whole, length
            assert whole or any(item.rule == "CODA-TRAILER" for item in coda.check(file))
    assert reasons == {"truncated"}


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (gzip.compress(b"0000", mtime=0), "gzip"),
        (b"%PDF-1.7\n", "pdf"),
        (b'<?xml version="1.0"?><Document/>', "xml"),
        (b"\xef\xbb\xbf<Document/>", "xml"),
        (b"Date;Amount;Name\n01/01/2026;1,00;X\n", "csv"),
        (b":20:START\n", "mt940"),
        ("0000".encode("utf-16"), "utf-16"),
        (b"hello", "hello"),
    ],
)
def test_t52_other_kinds_of_file_are_refused_with_their_name(data: bytes, found: str) -> None:
    with pytest.raises(coda.Unreadable) as caught:
        coda.read(data)
    assert caught.value.reason == "not_coda"
    assert caught.value.found == found


def test_t52_a_zip_and_nothing_at_all_are_refused() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("a.cod", "x")
    for data, reason in ((packed.getvalue(), "not_coda"), (b"", "empty"), (b"\r\n \r\n", "empty")):
        with pytest.raises(coda.Unreadable) as caught:
            coda.read(data)
        assert caught.value.reason == reason


def test_t55_a_file_over_the_limit_is_refused_before_it_is_read(make: SimpleNamespace) -> None:
    data = make.to_bytes(make.whole([make.m21(1, 10)]))
    with pytest.raises(coda.Unreadable) as caught:
        coda.read(data, limit=len(data) - 1)
    assert caught.value.reason == "too_large"
    assert coda.read(data, limit=len(data)).movement_count == 1


def test_t55_ten_thousand_movements_are_read_and_checked(make: SimpleNamespace, rules: Rules) -> None:
    lines = []
    for n in range(1, 10001):
        lines.append(make.m21(n, 10, nxt="1"))
        lines.append(make.m22(n, reference=f"R{n}", nxt="1"))
        lines.append(make.m23(n, account=make.ACCOUNT, name=f"N{n}", link="1"))
        lines.append(make.i31(n, 1, text="X" * 73, nxt="1"))
        lines.append(make.i32(n, 1, text="Y"))
    data = make.to_bytes(make.whole(lines))
    assert only(data).movement_count == 10000
    assert rules(data) == {}


@pytest.mark.parametrize(
    ("position", "text", "reason"),
    [
        (33, "00000000000001X", "not_a_number"),
        (32, "X", "sign"),
        (3, "00A1", "not_a_number"),
        (33, " " * 15, "not_a_number"),
    ],
)
def test_what_makes_an_amount_uncertain_is_refused_with_its_place(
    make: SimpleNamespace, position: int, text: str, reason: str
) -> None:
    lines = make.whole([make.m21(1, 10)])
    lines[2] = make.put(lines[2], position, text)
    with pytest.raises(coda.Unreadable) as caught:
        coda.read(make.to_bytes(lines))
    assert (caught.value.reason, caught.value.record) == (reason, 3)
    assert caught.value.expected
    assert caught.value.found


def test_digits_of_other_scripts_are_no_amount(make: SimpleNamespace) -> None:
    lines = make.whole([make.m21(1, 10)])
    lines[2] = make.put(lines[2], 33, "\u0661" * 15)
    with pytest.raises(coda.Unreadable):
        coda.read(make.to_bytes(lines, encoding="utf-8"))


@pytest.mark.parametrize(
    ("swap", "reason"),
    [
        ((1, "5" + " " * 127), "unknown_record"),
        ((1, "22" + " " * 126), "order"),
        ((2, "22" + "00010000".ljust(126)), "order"),
        ((2, "31" + "00010000".ljust(126)), "order"),
        ((2, "24" + "00010000".ljust(126)), "unknown_record"),
    ],
)
def test_records_that_do_not_belong_there_are_refused(
    make: SimpleNamespace, swap: tuple[int, str], reason: str
) -> None:
    lines = make.whole([make.m21(1, 10)])
    lines[swap[0]] = swap[1]
    with pytest.raises(coda.Unreadable) as caught:
        coda.read(make.to_bytes(lines))
    assert (caught.value.reason, caught.value.record) == (reason, swap[0] + 1)
