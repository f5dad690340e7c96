"""The command line: what it prints, and the exit codes that scripts rely on."""

import json
import os
import subprocess
import sys
import zipfile
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from exports import bundle, coda, layouts
from exports.cli import main

ROOT = Path(__file__).parents[3]
CORPUS = Path(os.environ.get("PORTAL_CORPUS", ROOT.parent / "shared" / "data"))
VALID_UBL = CORPUS / "ubl/OpenPEPPOL__peppol-bis-invoice-3/rules/examples/base-example.xml"

INVOICE = """<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2"
 xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2"
 xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
<cbc:ID>2026-77</cbc:ID><cbc:IssueDate>2026-11-02</cbc:IssueDate><cbc:DueDate>2026-12-02</cbc:DueDate>
<cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode><cbc:DocumentCurrencyCode>EUR</cbc:DocumentCurrencyCode>
<cac:AccountingSupplierParty><cac:Party><cac:PartyName><cbc:Name>Drukkerij Peeters</cbc:Name></cac:PartyName>
</cac:Party></cac:AccountingSupplierParty>
<cac:AccountingCustomerParty><cac:Party><cac:PartyName><cbc:Name>Bakkerij Claes</cbc:Name></cac:PartyName>
</cac:Party></cac:AccountingCustomerParty>
<cac:PaymentMeans><cbc:PaymentMeansCode>30</cbc:PaymentMeansCode>
<cbc:PaymentID>+++123/4567/89002+++</cbc:PaymentID></cac:PaymentMeans>
<cac:TaxTotal><cbc:TaxAmount currencyID="EUR">21.00</cbc:TaxAmount><cac:TaxSubtotal>
<cbc:TaxableAmount currencyID="EUR">100.00</cbc:TaxableAmount><cbc:TaxAmount currencyID="EUR">21.00</cbc:TaxAmount>
<cac:TaxCategory><cbc:ID>S</cbc:ID><cbc:Percent>21</cbc:Percent></cac:TaxCategory></cac:TaxSubtotal></cac:TaxTotal>
<cac:LegalMonetaryTotal><cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
<cbc:TaxExclusiveAmount currencyID="EUR">100.00</cbc:TaxExclusiveAmount>
<cbc:TaxInclusiveAmount currencyID="EUR">121.00</cbc:TaxInclusiveAmount>
<cbc:PayableAmount currencyID="EUR">121.00</cbc:PayableAmount></cac:LegalMonetaryTotal>
<cac:InvoiceLine><cbc:ID>1</cbc:ID><cbc:InvoicedQuantity unitCode="C62">4</cbc:InvoicedQuantity>
<cbc:LineExtensionAmount currencyID="EUR">100.00</cbc:LineExtensionAmount>
<cac:Item><cbc:Name>Visitekaartjes</cbc:Name></cac:Item></cac:InvoiceLine></Invoice>"""


def _statement(currency: str, text: str = "Huur november") -> coda.Statement:
    return coda.Statement(
        account=coda.Account("BE71096123456769", currency),
        old_balance_thousandths=100_000,
        new_balance_thousandths=87_500,
        movements=(
            coda.Movement(
                amount_thousandths=-12_500,
                transaction_code="00101000",
                entry_date=date(2026, 11, 3),
                value_date=date(2026, 11, 3),
                communication=text,
            ),
        ),
        old_balance_date=date(2026, 11, 2),
        new_balance_date=date(2026, 11, 3),
        creation_date=date(2026, 11, 3),
        coda_sequence=42,
        holder="BAKKERIJ CLAES",
    )


@pytest.fixture
def statements(tmp_path: Path) -> Path:
    path = tmp_path / "two accounts.cod"
    path.write_bytes(coda.write(coda.File(statements=(_statement("EUR"), _statement("USD")))))
    return path


@pytest.fixture
def invoice(tmp_path: Path) -> Path:
    path = tmp_path / "invoice.xml"
    path.write_text(INVOICE, encoding="utf-8")
    return path


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    data = b"<Invoice/>"
    file = bundle.ItemFile(
        role="ubl",
        name="a.xml",
        media_type="application/xml",
        size=len(data),
        sha256=sha256(data).hexdigest(),
        origin="received",
        open=lambda: BytesIO(data),
    )
    item = bundle.Item(
        id="a",
        version=1,
        kind=bundle.Kind.purchase_invoice,
        number="1",
        date=date(2026, 11, 2),
        counterparty="Drukkerij",
        currency="EUR",
        files=(file,),
    )
    header = bundle.Header(
        dossier_id="d",
        dossier_code="0042",
        dossier_name="Bakkerij",
        company_number=None,
        number=2,
        previous_sha256="ab" * 32,
        policy="by_hand",
        created=datetime(2026, 12, 1, tzinfo=UTC),
        software="test",
    )
    path = tmp_path / "bundle.zip"
    with path.open("wb") as out:
        bundle.build(header, [item], layouts.get("sage-bob-demat"), out)
    return path


def test_a_whole_bundle_is_clean(archive: Path, capsys: Any) -> None:
    assert main(["bundle", "verify", str(archive)]) == 0
    assert capsys.readouterr().out == f"{archive}: nothing found\n"


def test_a_bundle_that_was_tampered_with_has_findings(archive: Path, capsys: Any) -> None:
    with zipfile.ZipFile(archive, "a") as opened:
        opened.writestr("../evil.exe", b"MZ")
    assert main(["bundle", "verify", str(archive)]) == 1
    out = capsys.readouterr().out
    assert "fatal BUNDLE-NAME-UNSAFE at ../evil.exe: The name is not safe everywhere. [fault: dots]" in out
    assert "fatal BUNDLE-FILE-EXTRA at ../evil.exe" in out


def test_the_chain_is_checked_when_the_hash_is_given(archive: Path) -> None:
    assert main(["bundle", "verify", "--previous", "ab" * 32, str(archive)]) == 0
    assert main(["bundle", "verify", "--previous", "AB" * 32, str(archive)]) == 0
    assert main(["bundle", "verify", "--previous", "cd" * 32, str(archive)]) == 1


def test_what_is_no_bundle_is_unreadable_and_told_on_the_error_stream(invoice: Path, capsys: Any) -> None:
    assert main(["bundle", "verify", str(invoice)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"{invoice}: unreadable: not_a_zip")


def test_the_worst_of_several_files_decides(archive: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(["bundle", "verify", str(archive), str(tmp_path / "absent.zip")]) == 2
    captured = capsys.readouterr()
    assert "nothing found" in captured.out
    assert "absent.zip: unreadable: No such file or directory" in captured.err


def test_json_is_one_array_with_an_object_per_file(archive: Path, tmp_path: Path, capsys: Any) -> None:
    assert main(["bundle", "verify", "--json", str(archive), str(tmp_path)]) == 2
    first, second = json.loads(capsys.readouterr().out)
    assert first == {"file": str(archive), "findings": []}
    assert second["error"]["reason"] == "cannot_read"


def test_a_statement_whose_sums_are_right_is_clean(statements: Path, capsys: Any) -> None:
    assert main(["coda", "check", str(statements)]) == 0, capsys.readouterr().out


def test_a_statement_whose_sums_are_wrong_has_findings(statements: Path, capsys: Any) -> None:
    damaged = statements.read_bytes().replace(b"0000000000087500", b"0000000000088500")
    statements.write_bytes(damaged)
    assert main(["coda", "check", "--json", str(statements)]) == 1
    (answer,) = json.loads(capsys.readouterr().out)
    assert {finding["severity"] for finding in answer["findings"]} == {"fatal"}
    assert answer["findings"][0]["params"]


def test_statements_and_movements_are_shown(statements: Path, capsys: Any) -> None:
    assert main(["coda", "show", str(statements)]) == 0
    out = capsys.readouterr().out
    assert "BE71 0961 2345 6769 EUR · statement 042 of 2026-11-03 · BAKKERIJ CLAES" in out
    assert "-12.500  2026-11-03 Huur november" in out
    assert out.count("87.500  balance after") == 2


def test_statements_are_shown_as_values(statements: Path, capsys: Any) -> None:
    assert main(["coda", "show", "--json", str(statements)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert [one["account"]["currency"] for one in answer["statements"]] == ["EUR", "USD"]
    assert answer["statements"][0]["movements"][0]["amount_thousandths"] == -12_500
    assert answer["statements"][0]["new_balance_date"] == "2026-11-03"


def test_t54_card_numbers_are_shown_nowhere(tmp_path: Path, capsys: Any) -> None:
    lines = [
        coda.movement_of(Decimal(-1), date(2026, 11, 3), text="Kaart 5412 7512 3456 7890 te Gent"),
        structs.replace(
            coda.movement_of(Decimal(-1), date(2026, 11, 3)),
            is_structured=True,
            communication="1134871041234567890100012300045602112610151SHOP",
            information=(coda.Information(communication="PAN 4111111111111111"),),
        ),
    ]
    path = tmp_path / "cards.cod"
    made = replace(_statement("EUR"), movements=tuple(lines), new_balance_thousandths=98_000)
    path.write_bytes(coda.write(coda.File((made,))))
    for options in ([], ["--json"]):
        assert main(["coda", "show", *options, str(path)]) == 0
        out = capsys.readouterr().out
        assert "5412 75** **** 7890" in out
        assert "487104******7890" in out
        assert not any(card in out for card in ("3456 7890", "4871041234567890", "4111111111111111"))
    shown = json.loads(out)[0]["statements"][0]["movements"][1]
    assert shown["communication"] == lines[1].communication.replace("123456", "******")
    assert shown["information"][0]["communication"] == "PAN 411111******1111"


def test_a_file_of_two_accounts_is_split_beside_itself(statements: Path, capsys: Any) -> None:
    assert main(["coda", "split", str(statements)]) == 0
    names = sorted(path.name for path in statements.parent.glob("*_*.cod"))
    assert names == [
        "two accounts_01_BE71096123456769-EUR.cod",
        "two accounts_02_BE71096123456769-USD.cod",
    ]
    parts = [(statements.parent / name).read_bytes() for name in names]
    assert parts == coda.split(statements.read_bytes())
    out = capsys.readouterr().out
    assert all(name in out for name in names)


def test_splitting_again_changes_nothing_and_never_overwrites(statements: Path, tmp_path: Path) -> None:
    into = tmp_path / "parts"
    assert main(["coda", "split", "--into", str(into), str(statements)]) == 0
    assert main(["coda", "split", "--into", str(into), str(statements)]) == 0
    first = min(into.iterdir())
    first.write_bytes(b"somebody else's")
    assert main(["coda", "split", "--into", str(into), str(statements)]) == 2
    assert first.read_bytes() == b"somebody else's"


def test_a_folder_that_cannot_be_written_is_named_as_such(
    statements: Path, tmp_path: Path, capsys: Any
) -> None:
    into = tmp_path / "a file"
    into.write_bytes(b"")
    assert main(["coda", "split", "--into", str(into), str(statements)]) == 2
    err = capsys.readouterr().err
    assert f"{into}/two accounts_01_BE71096123456769-EUR.cod could not be written: File exists" in err
    assert "unreadable" not in err
    assert main(["coda", "split", "--json", "--into", str(into), str(statements)]) == 2
    assert json.loads(capsys.readouterr().out)[0]["error"]["reason"] == "cannot_write"


def test_an_invoice_is_shown(invoice: Path, capsys: Any) -> None:
    assert main(["ubl", "show", str(invoice)]) == 0
    out = capsys.readouterr().out
    assert "invoice 2026-77 (380) of 2026-11-02, due 2026-12-02" in out
    assert "from  Drukkerij Peeters" in out
    assert "to    Bakkerij Claes" in out
    assert "VAT S 21%: 100.00 → 21.00" in out
    assert "net 100.00, VAT 21.00, gross 121.00, to pay 121.00 EUR" in out
    assert "+++123/4567/89002+++" in out


def test_an_invoice_is_shown_as_values(invoice: Path, capsys: Any) -> None:
    assert main(["ubl", "show", "--json", str(invoice)]) == 0
    (answer,) = json.loads(capsys.readouterr().out)
    assert answer["document"]["number"] == "2026-77"
    assert answer["document"]["payable"] == "121.00"
    assert answer["document"]["lines"][0]["net_amount"] == "100.00"


def test_an_invoice_that_breaks_the_rules_has_findings(invoice: Path, capsys: Any) -> None:
    assert main(["ubl", "check", "--profile", "en16931", str(invoice)]) == 1
    assert "fatal BR-" in capsys.readouterr().out


@pytest.mark.corpus
@pytest.mark.skipif(not VALID_UBL.exists(), reason="needs the data written by others")
def test_an_invoice_that_follows_the_rules_is_clean(capsys: Any) -> None:
    assert main(["ubl", "check", str(VALID_UBL)]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("command", [["ubl", "check"], ["ubl", "show"], ["coda", "check"], ["coda", "show"]])
def test_noise_is_unreadable(command: list[str], tmp_path: Path, capsys: Any) -> None:
    noise = tmp_path / "noise.bin"
    noise.write_bytes(bytes(range(256)))
    assert main([*command, str(noise)]) == 2
    assert "unreadable" in capsys.readouterr().err


def test_what_a_file_says_cannot_talk_to_the_terminal(statements: Path, capsys: Any) -> None:
    escape = b"\x1b[31m clear"
    statements.write_bytes(statements.read_bytes().replace(b"Huur novembe", escape[:12], 1))
    main(["coda", "show", str(statements)])
    captured = capsys.readouterr()
    assert "\x1b" not in captured.out + captured.err


def test_wrong_use_ends_with_two_and_a_message(capsys: Any) -> None:
    short = ["bundle", "verify", "--previous", "abc", "x"]
    for arguments in (
        [],
        ["ubl"],
        ["ubl", "check"],
        ["coda", "burn", "x"],
        short,
        [*short[:3], "g" * 64, "x"],
    ):
        with pytest.raises(SystemExit) as stop:
            main(arguments)
        assert stop.value.code == 2
    assert "usage: python -m exports" in capsys.readouterr().err


def _run(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "exports", *arguments]
    return subprocess.run(command, input=data, capture_output=True, cwd=ROOT, check=False)


def test_it_runs_as_a_module_and_reads_the_standard_input(statements: Path) -> None:
    done = _run("coda", "show", "-", data=statements.read_bytes())
    assert done.returncode == 0
    assert "Huur november" in done.stdout.decode()
    assert done.stderr == b""


def test_splitting_the_standard_input_needs_a_folder(statements: Path, tmp_path: Path) -> None:
    done = _run("coda", "split", "-", data=statements.read_bytes())
    assert done.returncode == 2
    assert b"--into" in done.stderr
    done = _run("coda", "split", "-", "--into", str(tmp_path / "in"), data=statements.read_bytes())
    assert done.returncode == 0
    assert len(list((tmp_path / "in").iterdir())) == 2


def test_a_reader_that_stops_reading_is_no_error(statements: Path) -> None:
    program = [sys.executable, "-m", "exports", "coda", "show", *[str(statements)] * 400]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.readline()
        running.stdout.close()
        assert running.stderr.read() == b""
        assert running.wait() == 0
