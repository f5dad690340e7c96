"""Records written by hand, position by position, so that the reader is not tested with our own writer."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import SimpleNamespace

import pytest

ACCOUNT = "BE68539007547034".ljust(34) + "EUR"
CORPUS = Path(os.environ.get("PORTAL_CORPUS", Path(__file__).parents[4] / "shared" / "data")) / "coda"


def amount(value: int) -> str:
    """Sign and amount of thousandths."""
    return f"{'1' if value < 0 else '0'}{abs(value):015d}"


def put(line: str, position: int, text: str) -> str:
    """A line with a text at a position (from 1)."""
    return line[: position - 1] + text + line[position - 1 + len(text) :]


def header(
    *, duplicate=False, separate="00000", version="2", company="00403019261", date="021126", bic="GKCCBEBB"
):
    line = put(" " * 128, 1, f"00000{date}00005{'D' if duplicate else ' '}")
    for position, text in (
        (25, "FILE01"),
        (35, "ADDRESSEE"),
        (61, bic),
        (72, company),
        (84, separate),
        (128, version),
    ):
        line = put(line, position, text)
    return line


def old(balance=0, *, structure="2", account=ACCOUNT, date="301026", number="001", paper="001"):
    line = f"1{structure}{paper}{account:<37}{amount(balance)}{date}"
    return put(put(line.ljust(128), 65, "HOLDER BV"), 126, number)


def m21(
    seq,
    value,
    *,
    detail=0,
    code="00150000",
    text="",
    structured=False,
    value_date="021126",
    entry="021126",
    glob="0",
    nxt="0",
    link="0",
    ref="REF",
):
    return (
        f"21{seq % 10000:04d}{detail % 10000:04d}{ref:<21}{amount(value)}{value_date}{code}"
        f"{int(structured)}{text:<53}{entry}001{glob}{nxt} {link}"
    )


def m22(seq, *, detail=0, text="", reference="", bic="", r="", reason="", nxt="0", link="0"):
    return f"22{seq % 10000:04d}{detail % 10000:04d}{text:<53}{reference:<35}{bic:<11}   {r:<1}{reason:<4}{'':<8}{nxt} {link}"


def m23(seq, *, detail=0, account="", name="", text="", link="0"):
    return f"23{seq % 10000:04d}{detail % 10000:04d}{account:<37}{name:<35}{text:<43}0 {link}"


def i31(seq, detail, *, text="", structured=False, ref="REF", code="00150000", nxt="0", link="0"):
    return f"31{seq % 10000:04d}{detail % 10000:04d}{ref:<21}{code}{int(structured)}{text:<73}{'':12}{nxt} {link}"


def i32(seq, detail, *, text="", nxt="0", link="0"):
    return f"32{seq % 10000:04d}{detail % 10000:04d}{text:<105}{'':10}{nxt} {link}"


def i33(seq, detail, *, text="", link="0"):
    return f"33{seq % 10000:04d}{detail % 10000:04d}{text:<90}{'':25}0 {link}"


def new(balance, *, account=ACCOUNT, date="021126", link="0", paper="001"):
    return f"8{paper}{account:<37}{amount(balance)}{date}{'':64}{link}"


def free(line, text, *, link="0", seq=1):
    return f"4 {seq:04d}{line:04d}{'':22}{text:<80}{'':15}{link}"


def end(records: Iterable[str], *, code="2"):
    """The trailer that belongs to the records, counted here and not by the code under test."""
    counted = [line for line in records if line[0] not in "04"]
    main = [line for line in records if line[:2] == "21" and line[6:10] == "0000" and line[53] not in "56789"]
    debit = sum(int(line[32:47]) for line in main if line[31] == "1")
    credit = sum(int(line[32:47]) for line in main if line[31] == "0")
    return f"9{'':15}{len(counted):06d}{debit:015d}{credit:015d}{'':75}{code}"


def whole(
    movements: Iterable[str] = (), *, balance=0, frees=(), first=None, old_kw=None, new_kw=None, code="2"
):
    """A consistent statement around movement records."""
    movements = list(movements)
    main = [
        line for line in movements if line[:2] == "21" and line[6:10] == "0000" and line[53] not in "56789"
    ]
    total = sum(int(line[32:47]) * (-1 if line[31] == "1" else 1) for line in main)
    lines = [first or header(), old(balance, **(old_kw or {})), *movements]
    if movements or frees:
        lines.append(new(balance + total, link="1" if frees else "0", **(new_kw or {})))
    lines += frees
    return [*lines, end(lines, code=code)]


def to_bytes(lines: Iterable[str], line_end: str = "\r\n", encoding: str = "cp1252") -> bytes:
    lines = list(lines)
    assert {len(line) for line in lines} == {128}
    return "".join(line + line_end for line in lines).encode(encoding)


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    return SimpleNamespace(
        amount=amount,
        put=put,
        header=header,
        old=old,
        m21=m21,
        m22=m22,
        m23=m23,
        i31=i31,
        i32=i32,
        i33=i33,
        new=new,
        free=free,
        end=end,
        whole=whole,
        to_bytes=to_bytes,
        ACCOUNT=ACCOUNT,
    )


@pytest.fixture(scope="session")
def rules() -> Callable[..., dict[str, str]]:
    """Rule to severity of a file's findings, without the prefix."""
    from exports import coda

    def collect(data: bytes, *, without=()) -> dict[str, str]:
        return {
            item.rule.removeprefix("CODA-"): item.severity
            for item in coda.check(coda.read(data))
            if item.rule.removeprefix("CODA-") not in without
        }

    return collect


@pytest.fixture(scope="session")
def corpus() -> list[Path]:
    files = sorted(path for path in CORPUS.glob("*/*") if path.is_file()) if CORPUS.is_dir() else []
    if not files:
        pytest.skip(f"no CODA files by others in {CORPUS}")
    return files
