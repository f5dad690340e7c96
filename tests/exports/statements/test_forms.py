"""What holds of every statement: sums are exact, nothing is lost on the way to CODA, no bytes do harm, a long file needs little."""

import subprocess
import sys
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import mt940 as peer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports import camt, coda, mt940, statements
from tests.support.statements import DAY, IBAN, Line, camt_statement
from tests.support.statements import camt as camt_file
from tests.support.statements import mt940 as swift

AMOUNTS = st.integers(-(10**9), 10**9).filter(bool).map(lambda cents: Decimal(cents).scaleb(-2))
TEXTS = st.text(
    st.characters(
        min_codepoint=32, max_codepoint=0x24F, exclude_categories=["Cc", "Cf"], exclude_characters="<>&"
    ),
    max_size=400,
)
LINES = st.lists(
    st.builds(
        Line,
        amount=AMOUNTS,
        name=TEXTS.map(lambda text: text[:90]),
        text=TEXTS,
        account=st.sampled_from(["", IBAN, "NL91ABNA0417164300", "FR1420041010050500013M02606"]),
        reference=st.sampled_from(
            ["", "090933755493", "RF18539007547034", "2026/118", "+++090/9337/55493+++"]
        ),
        end_to_end=TEXTS.map(lambda text: text[:35]),
        code=st.sampled_from(
            [None, ("PMNT", "ICDT", "ESCT"), ("PMNT", "RCDT", "ESCT"), ("PMNT", "RDDT", "ESDD")]
        ),
    ),
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(lines=LINES, opening=st.integers(-(10**9), 10**9), number=st.integers(501, 999))
def test_a_statement_written_as_coda_reads_as_the_same_movements(
    lines: list[Line], opening: int, number: int
) -> None:
    data = camt_file(camt_statement(lines, opening=Decimal(opening).scaleb(-2)))
    [one] = statements.read(data).statements
    assert [movement.amount for movement in one.values.movements] == [line.amount for line in lines]
    written = statements.to_coda(one, number)
    assert written == statements.to_coda(one, number)
    read = coda.read(written)
    # Few letters alone do not tell cp1252 from cp850: that is guessed, and said.
    assert [one for one in coda.check(read) if one.rule != "CODA-ENCODING"] == []
    [back] = read.statements
    assert statements.is_derived(back)
    assert (back.coda_sequence, back.account.key) == (number, one.values.account.key)
    assert (back.old_balance, back.new_balance) == (one.values.old_balance, one.values.new_balance)
    for before, after in zip(one.values.movements, back.movements, strict=True):
        assert after.amount == before.amount
        assert after.entry_date == before.entry_date
        assert after.structured_communication == before.structured_communication
        assert after.counterparty_zone == before.counterparty_zone
        told = _letters(" ".join((after.communication, *(one.communication for one in after.information))))
        for text in (before.communication, *(one.communication for one in before.information)):
            assert len(_letters(text)) <= len(told)


def _letters(text: str) -> str:
    return "".join(sign for sign in text if not sign.isspace())


@settings(max_examples=40, deadline=None)
@given(data=st.binary(max_size=600), cut=st.integers(0, 3000), place=st.integers(0, 3000))
def test_no_bytes_do_anything_but_be_read_or_refused(data: bytes, cut: int, place: int) -> None:
    lines = [
        Line(amount=Decimal("5.00"), name="A", text="B"),
        Line(amount=Decimal("-7.10"), reference="090933755493"),
    ]
    whole = camt_file(camt_statement(lines), camt_statement(lines, number=13))
    message = swift(":61:2611021102C5,00NTRFX//Y\r\n:86:/REMI/z", closing=Decimal("1005.00"))
    for file in (whole, message):
        for broken in (
            file[: cut % len(file)],
            file[: place % len(file)] + data + file[place % len(file) :],
            data,
        ):
            for read in (camt.read, mt940.read, statements.read):
                try:
                    found = read(broken)
                except statements.Unreadable:
                    continue
                assert all(one.content_hash for one in found.statements)


LISTED = st.lists(
    st.tuples(AMOUNTS, st.integers(0, 3), st.text("ABCDEFGHIJ 0123456789", min_size=1, max_size=60)),
    max_size=15,
)


@settings(max_examples=40, deadline=None)
@given(lines=LISTED)
def test_the_common_library_reads_the_same_amounts_and_days(lines: list[tuple[Decimal, int, str]]) -> None:
    told = [
        f":61:{DAY + timedelta(days=days):%y%m%d}{DAY + timedelta(days=days):%m%d}{'C' if amount > 0 else 'D'}"
        f"{abs(amount):.2f}NTRFNONREF\r\n:86:{text.strip() or 'X'}".replace(".", ",", 1)
        for amount, days, text in lines
    ]
    closing = Decimal(1000) + sum((amount for amount, _, _ in lines), Decimal(0))
    data = swift(*told, closing=closing)
    [one] = mt940.read(data).statements
    other = peer.parse(data.decode("cp1252"))
    mine = [(movement.amount, movement.value_date) for movement in one.values.movements]
    theirs = [
        (each.data["amount"].amount, date(*each.data["date"].timetuple()[:3]))
        for each in other
        if "amount" in each.data
    ]
    assert mine == theirs
    assert one.is_sound


@pytest.mark.parametrize(
    "document", ["<!DOCTYPE x [<!ENTITY a 'b'>]>", "<!DOCTYPE x SYSTEM 'http://localhost/x'>"]
)
def test_no_document_type_is_read(document: str) -> None:
    data = camt_file(camt_statement([])).replace(b"<Document", document.encode() + b"<Document")
    with pytest.raises(statements.Unreadable, match="doctype"):
        statements.read(data)


def test_depth_is_bounded() -> None:
    deep = b"<a>" * 60 + b"</a>" * 60
    data = camt_file(camt_statement([])).replace(b"</Stmt>", deep + b"</Stmt>")
    with pytest.raises(statements.Unreadable, match="too_deep"):
        statements.read(data)


def test_a_file_of_fifty_thousand_entries_stays_within_bounds(tmp_path: Path) -> None:
    path = tmp_path / "long.xml"
    with path.open("wb") as out:
        head, _, tail = camt_file(camt_statement([], closing=Decimal(51_000))).partition(b"</Stmt>")
        out.write(head)
        for number in range(50_000):
            line = Line(
                amount=Decimal("1.00"),
                name="Client",
                account=IBAN[:2] + "71096123456769",
                text=f"Factuur {number} van november",
            )
            one = camt_file(camt_statement([line]))
            out.write(one[one.index(b"<Ntry>") : one.index(b"</Stmt>")])
        out.write(b"</Stmt>" + tail)
    program = (
        "import re, sys, pathlib\n"
        "from exports import statements\n"
        "[one] = statements.read(pathlib.Path(sys.argv[1]).read_bytes()).statements\n"
        "assert one.is_sound and len(one.values.movements) == 50_000\n"
        # of this program alone: what getrusage tells may be the parent's, from before it began
        "status = pathlib.Path('/proc/self/status').read_text()\n"
        "print(int(re.search(r'VmHWM:\\s+([0-9]+)', status)[1]) // 1024)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert path.stat().st_size > 20_000_000
    assert int(done.stdout) < 400, f"{done.stdout} MB"
