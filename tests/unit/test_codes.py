"""A dossier code is the name of a folder: what the form takes, the agent writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.features.dossiers.domain.codes import LONGEST_CODE, code_fault
from portal.syncagent.names import UnsafeNameError, dossier_folder

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
