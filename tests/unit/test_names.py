"""The keys beside names: what is found together, in which order names stand, and what nobody can break."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.kernel.names import LONGEST_KEY, fold, name_keys
from portal.kernel.texts import plain

NAMES = st.text(max_size=60) | st.text("aAéÉß'’\"„-–  \u00a0\u200b\u202e0129٣ﬁŁİ", max_size=30)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("café", "CAFE"),
        ("Müller", "muller"),
        ("Cafe\u0301", "Café"),
        ("STRASSE", "straße"),
        ("L'Oréal", "l\u2019oreal"),
        ("Saint-Gobain", "saint \u2013 gobain"),
        ("\u201eDe Kroon\u201c", '"de kroon"'),
        ("Cafe\u00a0\u2009De  Kroon ", "café de kroon"),
        ("\uff22\uff36 \ufb01n", "BV fin"),
        ("Bakk\u200berij\u202e", "Bakkerij"),
        ("Filiaal \u0663", "filiaal 3"),
        ("2m\u00b2", "2M2"),
        ("\u0141\u00f3d\u017a", "Lodz"),
        ("\u0152uvre", "oeuvre"),
        ("\u0130stanbul", "istanbul"),
        ("Frituur 't Hoekje", "frituur \u02bct hoekje"),
    ],
)
def test_what_is_written_otherwise_is_found_together(one: str, other: str) -> None:
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("Peeters", "Pieters"), ("AB", "A B"), ("A&B", "AB"), ("Lodz", "Lotz")]
)
def test_what_is_another_name_stays_one(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@pytest.mark.parametrize("text", ["", " ", "\u0301", "-\u2019\u201d", "\u200b\u202e\ufeff", "\t\n\r"])
def test_of_nothing_but_signs_nothing_stays(text: str) -> None:
    assert name_keys(text) == ("", "")


@given(NAMES)
def test_keys_are_the_same_whatever_was_done_to_the_name_before(name: str) -> None:
    assert fold(fold(name)) == fold(name)
    assert name_keys(plain(name)) == name_keys(name)
    assert fold(name.upper().lower()) == fold(name.lower())
    assert fold(f" {name}\u200b-") == fold(name)


@given(NAMES, st.integers(0, 60), st.integers(0, 60))
def test_what_stands_anywhere_in_a_name_finds_it(name: str, start: int, length: int) -> None:
    """As without keys: half a name typed finds the whole one."""
    name = plain(name)
    assert fold(name[start : start + length]) in fold(name)


@given(st.text(min_size=1, max_size=8), st.sampled_from([1, 100, LONGEST_KEY, 5000]))
def test_keys_fit_into_an_index_and_never_hold_what_postgresql_refuses(part: str, times: int) -> None:
    for key in name_keys(part * times):
        assert len(key) <= LONGEST_KEY
        assert len(key.encode()) <= 4 * LONGEST_KEY
        assert "\0" not in key
        assert plain(key) == key


def test_the_longest_names_have_keys() -> None:
    assert len(fold("\ufdfa" * 1000)) <= LONGEST_KEY
    assert len(name_keys("7 " * 1000).sort_key) == LONGEST_KEY


@given(st.integers(0, 10**40), st.integers(0, 10**40), st.sampled_from(["", "Filiaal ", "Zône-"]))
def test_numbers_in_names_sort_as_numbers(one: int, other: int, before: str) -> None:
    keys = [name_keys(f"{before}{number} NV").sort_key for number in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)


def test_lists_read_as_people_expect() -> None:
    names = [
        "zebra",
        "Ébène",
        "10 Rue",
        "2 Rue",
        "'t Hoekje",
        "Eben",
        "apotheek",
        "Zaal 12",
        "Zaal 3",
        "002 A",
    ]
    assert sorted(names, key=lambda name: name_keys(name).sort_key) == [
        "002 A", "2 Rue", "10 Rue", "apotheek", "Eben", "Ébène", "'t Hoekje", "Zaal 3", "Zaal 12", "zebra",
    ]  # fmt: skip
