"""Names that every reader accepts, whatever a supplier prints on an invoice."""

import re
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports import layouts
from exports.bundle import Kind
from exports.bundle.names import MAX_NAME, MAX_PATH, base_name, path_fault, sanitise, segment_fault

_WINDOWS_DEVICES = re.compile(r"(CON|PRN|AUX|NUL|CONIN\$|CONOUT\$|(COM|LPT)[0-9¹²³])(\.|$)", re.IGNORECASE)


def windows_accepts(name: str) -> bool:
    """Windows' own rules for one name, said a second time and in another way."""
    return (
        0 < len(name) <= 255
        and all(ord(char) >= 32 and char not in '<>:"/\\|?*' for char in name)
        and not name.endswith((" ", "."))
        and not _WINDOWS_DEVICES.match(re.sub(r" +(\.|$)", r"\1", name))
    )


@pytest.mark.parametrize(
    ("given_text", "safe"),
    [
        ("2026/77", "2026-77"),
        ("VF26-0012", "VF26-0012"),
        ("Ünïçødé œuvre Straße Łódź", "Unicode-oeuvre-Strasse-Lodz"),
        ("  ..//..  ", ""),
        ("a...b", "a.b"),
        ("№ 12", "No-12"),
        ("中文", ""),
        ("a\x00b\u202eb", "a-b-b"),
        ("-=(12)=-", "12"),
    ],
)
def test_a_number_becomes_plain_letters_digits_dots_and_hyphens(given_text: str, safe: str) -> None:
    assert sanitise(given_text, 40) == safe


@given(text=st.text(), limit=st.integers(0, 60))
def test_sanitised_text_is_short_ascii_without_loose_ends(text: str, limit: int) -> None:
    safe = sanitise(text, limit)
    assert len(safe) <= limit
    assert re.fullmatch(r"([A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)?", safe)
    assert ".." not in safe


@given(
    segment=st.text(max_size=90)
    | st.from_regex(r"(?i)(com|lpt|con|aux|nul)[0-9 .]?(\.[a-z]*)?", fullmatch=True)
)
def test_what_is_called_safe_is_accepted_by_windows(segment: str) -> None:
    if segment_fault(segment) is None:
        assert windows_accepts(segment)


@given(
    number=st.text(max_size=200),
    account=st.none() | st.text(max_size=60),
    kind=st.sampled_from(list(Kind)),
    bundle=st.integers(1, 10**7),
    sequence=st.integers(1, 10**6),
    day=st.dates(min_value=date(1900, 1, 1)),
    layout=st.sampled_from(layouts.all()),
    role=st.sampled_from(["ubl", "pdf", "coda", "original"]),
)
def test_every_path_is_short_ascii_and_safe_whatever_the_numbers_are(
    make_item: Any, make_file: Any, layout: layouts.FolderLayout, role: str, day: date, **values: Any
) -> None:
    bundle, sequence = values.pop("bundle"), values.pop("sequence")
    item = make_item(files=(make_file(role),), date=day, **values)
    for placement in layout.place(item, bundle=bundle, sequence=sequence):
        name = placement.path.rpartition("/")[2]
        assert name.isascii()
        assert len(name) <= MAX_NAME
        assert len(placement.path) <= MAX_PATH
        assert path_fault(placement.path) is None
        assert all(windows_accepts(part) for part in placement.path.split("/"))


@given(
    days=st.lists(st.dates(min_value=date(1000, 1, 1)), min_size=2, max_size=6),
    numbers=st.lists(st.text(max_size=30), min_size=6, max_size=6),
)
def test_names_sort_in_import_order(days: list[date], numbers: list[str]) -> None:
    names = [
        base_name(day, bundle=3, sequence=n, label="coda", number=number, room=70)
        for n, (day, number) in enumerate(zip(sorted(days), numbers, strict=False), start=1)
    ]
    assert names == sorted(names)


def test_names_of_one_day_keep_the_order_of_the_bundle_whatever_their_numbers() -> None:
    names = [
        base_name(date(2026, 1, 1), bundle=b, sequence=s, label="coda", number=n, room=70)
        for b, s, n in [(1, 1, "zz"), (1, 2, "aa"), (1, 10, "0"), (2, 1, "A")]
    ]
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("path", "fault"),
    [
        ("a/b.xml", None),
        ("Dépenses/b.xml", None),
        ("/a", "absolute"),
        ("\\a", "absolute"),
        ("c:a", "absolute"),
        ("a/../b", "dots"),
        ("", "empty"),
        ("a/", "empty"),
        ("com1.txt", "device_name"),
        ("lpt\u00b9", "device_name"),
        ("a/nul .txt", "device_name"),
        ("a\\b", "forbidden_character"),
        ("a\tb", "forbidden_character"),
        ("a\u202eb", "forbidden_character"),
        ("a.", "trailing_dot_or_space"),
        (" a", "trailing_dot_or_space"),
        ("e\u0301", "not_normalised"),
        ("-x", "leading_sign"),
        ("~x/b.xml", "leading_sign"),
        ("BOB5~1", "leading_sign"),
        ("longfi~1.xml", "leading_sign"),
        ("Desktop.INI", "system_file"),
        ("thumbs.db/b.xml", "system_file"),
        (".Fidero-agent.json", "reserved_name"),
        ("a/b.cmd", "runnable"),
        ("a.com/b.xml", None),
        ("/".join("abcdefghijklmnopq"), "too_deep"),
        ("x" * 81, "too_long"),
        ("/".join(["x" * 50] * 4)[1:], "path_too_long"),
    ],
)
def test_a_path_that_is_not_safe_says_why(path: str, fault: str | None) -> None:
    assert path_fault(path) == fault


def test_names_sort_by_bundle_however_many_there_are() -> None:
    numbers = (1, 9, 10, 999, 1000, 9999, 10_000, 10_001, 99_999, 100_000, 2_000_000)
    day = date(2026, 11, 2)
    made = [base_name(day, bundle=n, sequence=1, label="x", number="", room=70) for n in numbers]
    assert made == sorted(made)
    assert [name.casefold() for name in made] == sorted(name.casefold() for name in made)
