"""What the portal can write, the agent takes: both have rules of their own, and are compared over a corpus of names."""

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from exports import layouts
from exports.bundle import Kind
from exports.bundle.names import made_safe, path_fault, segment_fault
from exports.layouts.base import LayoutFault
from portal.features.dossiers.domain.codes import LONGEST_CODE, code_fault
from portal.syncagent.names import UnsafeNameError, check_component, check_relative, dossier_folder

ODD = [
    "-x", "-rf", "--", "~", "~x", "PROGRA~1", "a~1.xml", "A~12", "x~", "desktop.ini", "Thumbs.DB", "folder.htt", "AUTORUN.INF", ".DS_Store",
    ".htaccess", "CON", "con.txt", "nul .x", "PRN", "aux", "COM1", "com\u00b9.xml", "LPT9", "lpt0", "CONIN$", "conout$.x", "CLOCK$", "clock$.ini",
    ".fidero-", ".fidero-agent.json", ".FIDERO-1.part", "\uff0efidero-x", "_unassigned", "_UNASSIGNED", "\uff3funassigned", "_unassigned.", "..", ".",
    "...", "", " ", " a", "a ", "a.", "a. ", "a\u00a0", "\u00a0a", "a\u3000", "a\u200b", "\ufeffa", "a\u202eb", "a\u00adb", "\ufe0f", "e\u0301", "\u00e9", "\u0130",
    "\u0131", "stra\u00dfe", "\u1e9e", "\uff21\uff11\uff12", "a/b", "a\\b", "a:b", "c:", "a*", "a?", 'a"', "a<b", "a|b", "a\nb", "a\x00", "a\x7f", "a\u2028b",
    "manifest.json", "a.exe", "a.lnk", "a.xml", "x" * 80, "x" * 81, "\U0001f600" * 40, "\ud800",
]  # fmt: skip
NAMES = (
    st.sampled_from(ODD)
    | st.text(max_size=90)
    | st.text("-~. ./CONUXLPT123$_ads\u00b9\u200b\u0301", max_size=12)
    | st.tuples(st.sampled_from(ODD), st.text("-~.1 a", max_size=3)).map("".join)
)


def takes(check: Any, *given_names: Any) -> bool:
    try:
        check(*given_names)
    except UnsafeNameError:
        return False
    return True


@given(NAMES)
def test_what_the_portal_holds_for_a_safe_name_the_agent_takes(name: str) -> None:
    if segment_fault(name) is None:
        assert takes(check_component, name)


@given(st.lists(NAMES, min_size=1, max_size=20).map("/".join))
def test_what_the_portal_holds_for_a_safe_path_the_agent_takes(path: str) -> None:
    if path_fault(path) is None:
        assert takes(check_relative, path)


@pytest.mark.parametrize("name", ODD)
def test_a_code_that_the_form_takes_is_a_folder_of_its_own_at_the_agent(name: str) -> None:
    if code_fault(name) is None and name:
        assert takes(dossier_folder, name, None, "id")
        assert takes(check_relative, f"{name}/a.xml")
        assert len(name) <= LONGEST_CODE
    elif takes(dossier_folder, name, None, "id"):
        assert not name or len(name) > LONGEST_CODE or "unassigned" in name or "fidero" in name


@given(NAMES)
def test_an_odd_name_is_made_safe(name: str) -> None:
    if len(name) < 70 and path_fault(f"{name}_".replace("/", "") + "x") is None:
        assert segment_fault(made_safe(name.replace("/", ""))) is None


FOLDERS = st.lists(
    st.sampled_from(["{account}", "{year}", "{month}", "-", "~", "~1", ".", " ", "con", "desktop", ".ini", "a", "/", ".fidero", "{account}-"]),
    max_size=8,
).map("".join)  # fmt: skip


@given(FOLDERS, st.sampled_from([None, "", "CON", "-", "BE68539007547034", "desktop.ini", "com1"]))
@example("{account}-x", None)
@example("{account} x", None)
@example("desktop{account}.ini", None)
@example(".fidero{account}-x", None)
@example("a~{account}1", None)
@example("/".join("abcdefghijklmnopqrst"), None)
def test_a_dossiers_own_folder_is_refused_or_every_path_in_it_is_taken(
    make_item: Any, make_file: Any, folder: str, account: str | None
) -> None:
    try:
        layout = layouts.get("generic").with_folders({Kind.statement: folder})
    except LayoutFault:
        return
    item = make_item(kind=Kind.statement, account=account, files=(make_file("coda"),))
    for placement in layout.place(item, bundle=1, sequence=1):
        assert takes(check_relative, placement.path), placement.path
