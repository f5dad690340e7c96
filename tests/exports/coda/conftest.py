"""Records written by hand, position by position, so that the reader is not tested with our own writer."""

import os
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType, SimpleNamespace

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
    *,
    duplicate: bool = False,
    separate: str = "00000",
    version: str = "2",
    company: str = "00403019261",
    date: str = "021126",
    bic: str = "GKCCBEBB",
) -> str:
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


def old(
    balance: int = 0,
    *,
    structure: str = "2",
    account: str = ACCOUNT,
    date: str = "301026",
    number: str = "001",
    paper: str = "001",
) -> str:
    line = f"1{structure}{paper}{account:<37}{amount(balance)}{date}"
    return put(put(line.ljust(128), 65, "HOLDER BV"), 126, number)


def m21(
    seq: int,
    value: int,
    *,
    detail: int = 0,
    code: str = "00150000",
    text: str = "",
    structured: bool = False,
    value_date: str = "021126",
    entry: str = "021126",
    glob: str = "0",
    nxt: str = "0",
    link: str = "0",
    ref: str = "REF",
) -> str:
    return (
        f"21{seq % 10000:04d}{detail % 10000:04d}{ref:<21}{amount(value)}{value_date}{code}"
        f"{int(structured)}{text:<53}{entry}001{glob}{nxt} {link}"
    )


def m22(
    seq: int,
    *,
    detail: int = 0,
    text: str = "",
    reference: str = "",
    bic: str = "",
    r: str = "",
    reason: str = "",
    nxt: str = "0",
    link: str = "0",
) -> str:
    return f"22{seq % 10000:04d}{detail % 10000:04d}{text:<53}{reference:<35}{bic:<11}   {r:<1}{reason:<4}{'':<8}{nxt} {link}"


def m23(
    seq: int, *, detail: int = 0, account: str = "", name: str = "", text: str = "", link: str = "0"
) -> str:
    return f"23{seq % 10000:04d}{detail % 10000:04d}{account:<37}{name:<35}{text:<43}0 {link}"


def i31(
    seq: int,
    detail: int,
    *,
    text: str = "",
    structured: bool = False,
    ref: str = "REF",
    code: str = "00150000",
    nxt: str = "0",
    link: str = "0",
) -> str:
    return f"31{seq % 10000:04d}{detail % 10000:04d}{ref:<21}{code}{int(structured)}{text:<73}{'':12}{nxt} {link}"


def i32(seq: int, detail: int, *, text: str = "", nxt: str = "0", link: str = "0") -> str:
    return f"32{seq % 10000:04d}{detail % 10000:04d}{text:<105}{'':10}{nxt} {link}"


def i33(seq: int, detail: int, *, text: str = "", link: str = "0") -> str:
    return f"33{seq % 10000:04d}{detail % 10000:04d}{text:<90}{'':25}0 {link}"


def new(
    balance: int, *, account: str = ACCOUNT, date: str = "021126", link: str = "0", paper: str = "001"
) -> str:
    return f"8{paper}{account:<37}{amount(balance)}{date}{'':64}{link}"


def free(line: int, text: str, *, link: str = "0", seq: int = 1) -> str:
    return f"4 {seq:04d}{line:04d}{'':22}{text:<80}{'':15}{link}"


def end(records: Iterable[str], *, code: str = "2") -> str:
    """The trailer that belongs to the records, counted here and not by the code under test."""
    counted = [line for line in records if line[0] not in "04"]
    main = [line for line in records if line[:2] == "21" and line[6:10] == "0000" and line[53] not in "56789"]
    debit = sum(int(line[32:47]) for line in main if line[31] == "1")
    credit = sum(int(line[32:47]) for line in main if line[31] == "0")
    return f"9{'':15}{len(counted):06d}{debit:015d}{credit:015d}{'':75}{code}"


def whole(
    movements: Iterable[str] = (),
    *,
    balance: int = 0,
    frees: Iterable[str] = (),
    first: str | None = None,
    old_kw: dict[str, str] | None = None,
    new_kw: dict[str, str] | None = None,
    code: str = "2",
) -> list[str]:
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

    def collect(data: bytes, *, without: Iterable[str] = ()) -> dict[str, str]:
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


@pytest.fixture(scope="session")
def febelfin() -> ModuleType:
    """febelfin-coda, whose module is named ``coda`` as that of pycoda is."""
    module = pytest.importorskip("coda", reason="febelfin-coda is not installed")
    if not hasattr(module, "CODA"):
        pytest.skip("the installed module coda is not febelfin-coda")
    return module
