"""Readers, checks and the command line say one and the same of what is no plain UBL."""

from pathlib import Path

import pytest

from exports import invoices, ubl
from exports.cli import main
from exports.ubl.check import check_natively
from tests.support.builders_cii import a_page, an_envelope, cii, page_of
from tests.support.builders_papers import a_pdf, a_ubl

INVOICE = ubl.read(a_ubl())
OTHERS = {
    "pdf": a_pdf(),
    "hybrid": a_page(page_of(INVOICE), {"factur-x.xml": cii(INVOICE)}),
    "cii": cii(INVOICE),
    "envelope": an_envelope(a_ubl()),
    "order": b'<o:Order xmlns:o="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>',
    "unknown": b"<note/>",
    "text": b"Factuur",
    "empty": b"",
}


def answer(read: object, data: bytes) -> tuple[str, object]:
    """What somebody says of bytes."""
    with pytest.raises(ubl.Unreadable) as refused:
        read(data)  # pyright: ignore[reportCallIssue, reportGeneralTypeIssues]
    return refused.value.reason, refused.value.params.get("what")


@pytest.mark.parametrize("name", [name for name in OTHERS if name != "text"])
def test_reader_and_check_give_the_same_answer(name: str) -> None:
    assert (
        answer(ubl.read, OTHERS[name])
        == answer(check_natively, OTHERS[name])
        == answer(ubl.check, OTHERS[name])
    )


@pytest.mark.parametrize("name", ["hybrid", "cii", "envelope"])
def test_the_command_line_shows_and_checks_what_is_inside(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in"
    path.write_bytes(OTHERS[name])
    assert main(["ubl", "show", str(path)]) == 0
    shown = capsys.readouterr().out
    assert "7205519" in shown
    assert "121.00" in shown
    assert ("0208:0417497106" in shown) == (name == "envelope")
    assert main(["ubl", "check", "--profile", "en16931", str(path)]) in {0, 1}
    assert "unreadable" not in capsys.readouterr().err


@pytest.mark.parametrize(("name", "word"), [("pdf", "a PDF"), ("order", "an order")])
def test_the_command_line_names_what_it_cannot_read(
    name: str, word: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "in"
    path.write_bytes(OTHERS[name])
    for command in ("show", "check"):
        assert main(["ubl", command, str(path)]) == 2
        assert word in capsys.readouterr().err


def test_what_is_wrapped_is_checked_as_it_is_inside() -> None:
    plain = ubl.check(a_ubl(), profile="en16931")
    inside = invoices.check(an_envelope(a_ubl()), profile="en16931")
    assert [one.rule for one in inside] == [one.rule for one in plain]
    wrong = invoices.check(an_envelope(a_ubl(), kind="CreditNote"), profile="en16931")
    assert [one.rule for one in wrong] == [*(one.rule for one in plain), "ENVELOPE-TYPE"]
