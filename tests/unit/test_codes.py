"""A dossier code is the name of a folder: what the form takes, the agent writes."""

import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from portal.features.dossiers.domain.codes import LONGEST_CODE, code_fault, code_key
from portal.syncagent.names import UnsafeNameError, dossier_folder, key

BAD = [
    "../../evil", "..", ".", "a/b", "a\\b", "C:", "a*", "a?", 'a"', "a|b", "<a>", "a.", "a ", " a", "NUL", "con", "COM1.txt",
    "LPT\u00b9", "aux .x", "a\u202eb", "a\u200bb", "_unassigned", "_Unassigned", ".fidero-x",
]  # fmt: skip
GOOD = [
    "01204",
    "A-017",
    "2026/1".replace("/", "-"),
    "Bakker & Zn",
    "Café",
    "a.b",
    ".a",
    "_x",
    "x" * LONGEST_CODE,
    "COM10",
]


def the_agent_takes(code: str) -> bool:
    try:
        dossier_folder(code, None, "id")
    except UnsafeNameError:
        return False
    return True


@pytest.mark.parametrize("code", BAD)
def test_what_is_no_folder_is_no_code(code: str) -> None:
    assert code_fault(code) is not None
    assert not the_agent_takes(code)


@pytest.mark.parametrize("code", GOOD)
def test_what_is_a_folder_is_a_code(code: str) -> None:
    assert code_fault(code) is None
    assert the_agent_takes(code)


def test_a_code_has_an_end() -> None:
    assert code_fault("x" * (LONGEST_CODE + 1)) is not None


@given(
    st.text(min_size=1, max_size=LONGEST_CODE) | st.text('./\\ :ACNOUXMLPT123$_-"', min_size=1, max_size=8)
)
def test_the_portal_and_the_agent_agree(code: str) -> None:
    assert (code_fault(code) is None) == the_agent_takes(code)


SAME = [
    ("A12", "a12"), ("stra\u00dfe", "STRASSE"), ("\u00c97", "E\u03017"), ("\u00c97", "e\u03017"), ("\uff21\uff11\uff12", "a12"),
    ("I1", "\u01311"), ("\u0130X", "i\u0307x"), ("\u03a3", "\u03c2"), ("\u212a1", "k1"), ("\ufb031", "FFI1"), ("\uff71", "\u30a2"),
    ("A\u00a01", "a 1"), ("A\u30001", "a 1"), ("12.", "12"), ("12 ", "12"), ("12. .", "12"), ("12\uff0e", "12"), ("A\u200b1", "a1"),
    ("A\ufe0f", "a"), ("\u017f", "S"),
]  # fmt: skip
APART = [
    ("A12", "A13"),
    ("E7", "\u00c97"),
    ("12 34", "1234"),
    ("012", "12"),
    ("A-1", "A_1"),
    ("0", "O"),
    ("a.b", "ab"),
]


@pytest.mark.parametrize(("one", "other"), SAME)
def test_what_some_folder_holds_for_one_has_one_key(one: str, other: str) -> None:
    assert code_key(one) == code_key(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_what_every_folder_holds_apart_has_two_keys(one: str, other: str) -> None:
    assert code_key(one) != code_key(other)


def disguised(code: str, how: int) -> str:
    """The same code as other programs write it."""
    forms = [
        str.upper, str.lower, str.swapcase, str.casefold, str.title,
        lambda text: unicodedata.normalize("NFD", text),
        lambda text: unicodedata.normalize("NFKC", text),
        lambda text: text + ". ",
        lambda text: "".join(chr(ord(c) + 0xFEE0) if "!" <= c <= "~" else c for c in text),
    ]  # fmt: skip
    return forms[how % len(forms)](code)


@given(st.text(min_size=1, max_size=LONGEST_CODE), st.integers(0, 8), st.integers(0, 8))
def test_where_the_agent_sees_one_folder_the_portal_sees_one_code(code: str, how: int, then: int) -> None:
    other = disguised(disguised(code, how), then)
    if key((code,)) == key((other,)):
        assert code_key(code) == code_key(other)


@given(st.text(st.characters(max_codepoint=0x2FF), min_size=1, max_size=8), st.integers(0, 8))
@example("\xa0", 6)
def test_no_disguise_of_a_latin_code_makes_it_another(code: str, how: int) -> None:
    assert code_key(disguised(code, how)) == code_key(code)


@given(st.text(max_size=LONGEST_CODE))
def test_a_key_has_itself_as_key(code: str) -> None:
    assert code_key(code_key(code)) == code_key(code)
