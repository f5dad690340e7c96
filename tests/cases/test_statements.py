"""Bank statements as banks and programs make them: CODA of cash books and cards, CAMT.053 and MT940 with each bank's habits."""

import json
from decimal import Decimal
from pathlib import Path

import pytest

from exports import coda, mt940, statements
from exports.cli import main
from tests.support.cases import case
from tests.support.statements import IBAN, Line, camt, camt_statement
from tests.support.statements import mt940 as swift

pytestmark = pytest.mark.corpus
FORMATS = ("31-bancontact-pro-positions.cod", "32-cash-book-long-message.cod", "33-card-payment-113.cod")


def shown(capsys: pytest.CaptureFixture[str], path: Path, area: str = "coda") -> dict[str, object]:
    assert main([area, "show", "--json", str(path)]) == 0
    [file] = json.loads(capsys.readouterr().out)
    return file


def test_bancontact_pro_keeps_every_position(capsys: pytest.CaptureFixture[str]) -> None:
    found = case("formats/31-bancontact-pro-positions.cod")
    [statement] = shown(capsys, found.path)["statements"]  # type: ignore[misc]
    [movement] = statement["movements"]
    assert movement["amount"] == "250.500"
    assert len(movement["communication"]) == 100
    assert movement["text"].startswith("20261101PO-")
    assert movement["kind"] == "Transfer received"
    assert movement["counterparty_account"]["iban"] == "BE71096123456769"
    assert movement["structured_communication"] is None


def test_a_cash_book_is_an_account_like_any_other(capsys: pytest.CaptureFixture[str]) -> None:
    found = case("formats/32-cash-book-long-message.cod")
    [statement] = shown(capsys, found.path)["statements"]  # type: ignore[misc]
    assert statement["old_balance"] == "250.000"
    assert statement["new_balance"] == "1375.000"
    assert statement["movements"][0]["text"].endswith("Rest=1.60")
    assert coda.write(coda.read(found.read())) == found.read()


def test_a_card_payment_shows_its_terminal_and_hides_its_card(capsys: pytest.CaptureFixture[str]) -> None:
    found = case("formats/33-card-payment-113.cod")
    [statement] = shown(capsys, found.path)["statements"]  # type: ignore[misc]
    [movement] = statement["movements"]
    assert movement["text"] == "BAKKERIJ · BUITENPOST · 2026-11-01 · 14:32 · 487104******0012"
    assert movement["structured"]["terminal_number"] == "002517"
    assert movement["structured"]["card_number"] == "487104******0012"
    assert statement["account"]["formatted"] == "BE68 5390 0754 7034"


def test_coda_in_a_zip_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    found = case("formats/34-coda-in-zip.cod")
    assert main(["coda", "show", str(found.path)]) == 2
    assert "zip" in capsys.readouterr().err


@pytest.mark.parametrize("name", FORMATS)
def test_statement_show_and_coda_show_say_the_same(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    found = case(f"formats/{name}")
    assert shown(capsys, found.path) == shown(capsys, found.path, "statement")


# ── siblings of our own ──────────────────────────────────────────────────────────────────────────────────────────


def only(data: bytes) -> statements.ForeignStatement:
    [one] = statements.read(data).statements
    return one


def test_an_structured_communication_is_found_wherever_a_bank_puts_it() -> None:
    told = [
        Line(amount=Decimal("1.00"), reference="090933755493"),
        Line(amount=Decimal("1.00"), reference="+++090/9337/55493+++"),
        Line(amount=Decimal("1.00"), text="+++090/9337/55493+++"),
        Line(amount=Decimal("1.00"), text="***090/9337/55493***"),
        Line(amount=Decimal("1.00"), text="090933755493"),
    ]
    found = only(camt(camt_statement(told)))
    assert [one.structured_communication for one in found.values.movements] == ["090933755493"] * 5
    wrong = only(camt(camt_statement([Line(amount=Decimal("1.00"), reference="090933755494")])))
    assert wrong.values.movements[0].structured_communication is None
    assert wrong.values.movements[0].text == "090933755494"


def test_a_creditor_reference_is_one() -> None:
    found = only(camt(camt_statement([Line(amount=Decimal("-1.00"), reference="RF18 5390 0754 7034")])))
    [movement] = found.values.movements
    assert movement.communication_type == "100"
    assert movement.text == "RF18 5390 0754 7034"


GERMAN = (
    ":61:2611021102C119,00N052NONREF//POS 12\r\n:86:166?00GUTSCHRIFT?100599?20EREF+RE-118?21SVWZ+Rechnung 2026-11"
    "\r\n8 vielen?22 Dank?30COBADEFFXXX?31DE89370400440532013000?32Müller &?33 Söhne GmbH?34000"
)
DUTCH = (
    ":61:2611021102D10,50N544EREF//26306XX\r\n:86:/TRTP/SEPA Incasso algemeen doorlopend/CSID/NL98ZZZ999999990000\r\n"
    "/NAME/Energie BV/MARF/M-778/REMI/Termijn november/IBAN/NL20INGB0001234567/BIC/INGBNL2A/EREF/T-11"
)
ING = (
    ":61:2611021102D25,00NTRFEREF//26307000000001\r\n/TRCD/00100/\r\n:86:/EREF/R-9//CNTP/NL20INGB0001234567/INGBNL2A/Jansen B.V.\r\n"
    "///REMI/USTD//Factuur 12 van oktober/"
)
BELGIAN = ":61:2611021102C121,00NTRF090933755493//0001\r\nJANSEN NV\r\n:86:BETALING VAN JANSEN NV\r\nMEDEDELING: ***090/9337/55493***"


@pytest.mark.parametrize(
    ("line", "name", "account", "text"),
    [
        (GERMAN, "Müller & Söhne GmbH", "DE89370400440532013000", "Rechnung 2026-118 vielen Dank"),
        (DUTCH, "Energie BV", "NL20INGB0001234567", "Termijn november · M-778 · NL98ZZZ999999990000"),
        (ING, "Jansen B.V.", "NL20INGB0001234567", "Factuur 12 van oktober"),
        (BELGIAN, "", "", "+++090/9337/55493+++"),
    ],
)
def test_each_banks_narrative_is_understood(line: str, name: str, account: str, text: str) -> None:
    amount = Decimal(line[line.index(":61:") + 15 :].partition("N")[0].replace(",", "."))
    closing = Decimal(1000) + (amount if "1102C" in line else -amount)
    [movement] = only(swift(line, closing=closing)).values.movements
    assert movement.counterparty_name == name
    assert movement.counterparty_zone == account
    assert movement.text == text


@pytest.mark.parametrize(
    ("mark", "amount"),
    [
        ("C", "5.00"),
        ("D", "-5.00"),
        ("RC", "-5.00"),
        ("RD", "5.00"),
        ("CR", "5.00"),
        ("DR", "-5.00"),
        ("RCR", "-5.00"),
    ],
)
def test_reversals_and_funds_codes_have_their_sign(mark: str, amount: str) -> None:
    closing = Decimal(1000) + Decimal(amount)
    for entry_date in ("1102", ""):
        found = only(swift(f":61:261102{entry_date}{mark}5,NMSCNONREF", closing=closing))
        assert found.is_sound
        assert [one.amount for one in found.values.movements] == [Decimal(amount)]


def test_a_day_of_booking_around_new_year_has_the_right_year() -> None:
    [movement] = only(swift(":61:2612310102C5,00NTRFNONREF", closing=Decimal("1005.00"))).values.movements
    assert movement.entry_date is not None
    assert movement.entry_date.isoformat() == "2027-01-02"


def test_pages_of_one_statement_are_one_statement() -> None:
    first = swift(":61:261102C5,00NTRFNONREF", closing=Decimal("1005.00"), number="12/1").replace(
        b":62F:", b":62M:"
    )
    second = swift(
        ":61:261102C5,00NTRFNONREF", opening=Decimal("1005.00"), closing=Decimal("1010.00"), number="12/2"
    ).replace(b":60F:", b":60M:")
    found = only(first + second)
    assert (len(found.values.movements), found.is_sound, found.raw) == (2, True, first + second)
    with pytest.raises(statements.Unreadable, match="page_missing"):
        statements.read(second)


@pytest.mark.parametrize("end", ["\r\n", "\n"])
@pytest.mark.parametrize("envelope", [False, True])
def test_several_messages_of_a_file_are_cut_apart(end: str, envelope: bool) -> None:
    def wrapped(data: bytes) -> bytes:
        head = b"{1:F01KREDBEBBAXXX0000000000}{2:O9401200261102KREDBEBBAXXX}{4:" + end.encode()
        return head + data.rstrip(b"\r\n") + b"}" + end.encode() if envelope else data

    parts = [
        wrapped(swift(closing=Decimal("1000.00"), account=account, reference=f"R{place}", end=end))
        for place, account in enumerate((IBAN, "BE71096123456769", "NL91ABNA0417164300"))
    ]
    file = mt940.read(b"".join(parts))
    assert [one.reference for one in file.statements] == ["R0", "R1", "R2"]
    assert b"".join(one.raw for one in file.statements) == b"".join(parts)
    for one in file.statements:
        assert mt940.read(one.raw).statements[0].content_hash == one.content_hash


@pytest.mark.parametrize("version", ["02", "04", "06", "08", "10", "13"])
@pytest.mark.parametrize("prefix", ["", "ns2"])
@pytest.mark.parametrize("encoding", ["UTF-8", "ISO-8859-1", "UTF-16"])
def test_every_version_prefix_and_encoding_says_the_same(version: str, prefix: str, encoding: str) -> None:
    lines = [
        Line(amount=Decimal("-5.00"), name="Société Générale", text="Électricité"),
        Line(amount=Decimal("9.99")),
    ]
    pair = [camt_statement(lines, version=version), camt_statement(lines, number=13, version=version)]
    file = statements.read(camt(*pair, version=version, prefix=prefix, encoding=encoding))
    assert [one.version for one in file.statements] == [f"camt.053.001.{version}"] * 2
    for one in file.statements:
        assert one.values.movements[0].counterparty_name == "Société Générale"
        assert one.values.movements[0].text == "Électricité"
        assert one.values.bic == "GKCCBEBB"
        again = only(one.raw)
        assert again.content_hash == one.content_hash


def test_entries_that_are_not_booked_are_named_and_not_counted() -> None:
    lines = [Line(amount=Decimal("5.00")), Line(amount=Decimal("7.00"), status="PDNG", text="te boeken")]
    found = only(camt(camt_statement(lines)))
    assert found.is_sound
    assert [one.amount for one in found.values.movements] == [Decimal("5.000")]
    assert [(one.status, one.amount, one.text) for one in found.pending] == [
        ("PDNG", Decimal("7.000"), "te boeken")
    ]
    assert [one.rule for one in found.findings] == ["CAMT-PENDING"]


def test_a_batch_is_one_movement_with_its_transactions_below() -> None:
    parts = [
        Line(amount=Decimal("-10.00"), name="A"),
        Line(amount=Decimal("-20.50"), name="B", reference="090933755493"),
    ]
    [movement] = only(camt(camt_statement([Line(amount=Decimal("-30.50"), parts=parts)]))).values.movements
    assert movement.amount == Decimal("-30.500")
    assert [one.counterparty_name for one in movement.details] == ["A", "B"]
    assert movement.details[1].structured_communication == "090933755493"
    [loose] = only(camt(camt_statement([Line(amount=Decimal("-31.00"), parts=parts)]))).values.movements
    assert loose.details == ()
    assert "A" in loose.information_text + loose.text
    assert "B" in loose.information_text + loose.text


def test_what_was_ordered_in_another_currency_is_told() -> None:
    extra = (
        '<AmtDtls><InstdAmt><Amt Ccy="USD">120.00</Amt></InstdAmt><TxAmt><Amt Ccy="EUR">110.00</Amt>'
        "<CcyXchg><SrcCcy>USD</SrcCcy><TrgtCcy>EUR</TrgtCcy><XchgRate>1.0909</XchgRate></CcyXchg></TxAmt></AmtDtls>"
    )
    [movement] = only(camt(camt_statement([Line(amount=Decimal("-110.00"), extra=extra)]))).values.movements
    [information] = [one for one in movement.information if one.is_structured]
    told = information.structured
    assert told is not None
    assert told.values["original_amount"] == Decimal("120.000")
    assert told.values["original_currency"] == "USD"
    assert told.values["rate"] == Decimal("1.09090000")


def test_a_reversal_says_that_it_is_one() -> None:
    line = Line(amount=Decimal("10.00"), extra="<RvslInd>true</RvslInd>")
    [movement] = only(camt(camt_statement([line]))).values.movements
    assert movement.amount == Decimal("10.000"), "the mark says where the balance went"
    assert movement.r_transaction == "4"


@pytest.mark.parametrize(
    ("code", "amount", "kind"),
    [
        (("PMNT", "RCDT", "ESCT"), "5.00", "Transfer received"),
        (("PMNT", "ICDT", "ESCT"), "-5.00", "Transfer order"),
        (("PMNT", "RRCT", "ESCT"), "5.00", "Instant transfer received"),
        (("PMNT", "RDDT", "ESDD"), "-5.00", "Direct debit paid"),
        (("PMNT", "CCRD", "POSD"), "-5.00", "Card payment"),
        (("PMNT", "RCDT", "ESCT"), "-5.00", "Miscellaneous"),
        (("XTND", "NTAV", "NTAV"), "5.00", "Miscellaneous"),
        (None, "5.00", "Miscellaneous"),
    ],
)
def test_only_codes_that_are_surely_meant_become_codes_of_coda(
    code: tuple[str, str, str] | None, amount: str, kind: str
) -> None:
    [movement] = only(camt(camt_statement([Line(amount=Decimal(amount), code=code)]))).values.movements
    assert movement.kind == kind


@pytest.mark.parametrize(
    ("written", "number", "structure"),
    [
        (IBAN, IBAN, "2"),
        (f"{IBAN}EUR", IBAN, "2"),
        ("KREDBEBB/BE68539007547034", IBAN, "2"),
        ("539-0075470-34", "539007547034", "0"),
        ("NL91ABNA0417164300 EUR", "NL91ABNA0417164300", "3"),
        ("70020270/1234567", "70020270/1234567", "1"),
    ],
)
def test_an_account_is_read_as_the_bank_writes_it(written: str, number: str, structure: str) -> None:
    account = only(swift(closing=Decimal("1000.00"), account=written)).values.account
    assert (account.number, account.structure, account.currency) == (number, structure, "EUR")
    read = coda.read(statements.to_coda(only(swift(closing=Decimal("1000.00"), account=written)), 501))
    assert read.statements[0].account.key == account.key
    assert coda.check(read) == []


def test_show_reads_every_form(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "camt.xml"
    lines = [Line(amount=Decimal("-5.00"), text="brood"), Line(amount=Decimal("7.00"), status="PDNG")]
    path.write_bytes(camt(camt_statement(lines)))
    [told] = shown(capsys, path, "statement")["statements"]  # type: ignore[misc]
    assert (told["form"], told["version"], told["number"]) == ("camt", "camt.053.001.02", 12)
    assert told["movements"][0]["amount"] == "-5.000"
    assert told["pending"][0]["status"] == "PDNG"
    assert "coda_sequence" not in told
    assert main(["statement", "show", str(path)]) == 0
    assert "not booked (PDNG)" in capsys.readouterr().out
    path.write_bytes(path.read_bytes().replace(b"BkToCstmrStmt", b"BkToCstmrAcctRpt"))
    assert main(["statement", "show", str(path)]) == 2
    assert "camt.052" in capsys.readouterr().err
