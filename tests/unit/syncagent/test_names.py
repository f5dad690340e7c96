"""Names: what is harmless here may be a device, a stream or another folder on the Windows share behind it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from portal.syncagent.names import (
    UnsafeNameError,
    check_component,
    check_relative,
    dossier_folder,
    key,
    too_long_for_windows,
    version_tuple,
    write_order,
)


@pytest.mark.parametrize(
    "path",
    [
        "Demat/Aankopen/20261001_000001_Peeters.xml",
        "CODA/BE68539007547034/2026.cod",
        "Café & Söhne (2).pdf",
        "CONTRACT.pdf",
        "COM10.pdf",
        "nulpunt.pdf",
        "a.b.c.xml",
        "données/été.xml",
        "x" * 255,
    ],
)
def test_ordinary_names_pass_unchanged(path: str) -> None:
    assert "/".join(check_relative(path)) == path


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/etc/passwd",
        "//server/share/x.xml",
        "\\\\server\\share\\x.xml",
        "..",
        "../x.xml",
        "a/../../x.xml",
        "a/./x.xml",
        "a//x.xml",
        "a/",
        "a\\..\\x.xml",
        "C:/x.xml",
        "C:x.xml",
        "x.xml:stream",
        "x.xml::$DATA",
        "CON",
        "con.xml",
        "Aux.tar.gz",
        "nul .xml",
        "PRN",
        "COM1",
        "com¹.xml",
        "LPT9.pdf",
        "CONIN$",
        "conout$.x",
        "a/NUL/b.xml",
        "x.xml.",
        "x.xml ",
        " x.xml",
        "a./x.xml",
        "...",
        "what?.xml",
        "a*b.xml",
        'a"b.xml',
        "a<b.xml",
        "a>b.xml",
        "a|b.xml",
        "a\nb.xml",
        "a\x00.xml",
        "a\x1b[2J.xml",
        "a\x7f.xml",
        "a\u202egpj.xml",
        "a\u200b.xml",
        "a\ufeff.xml",
        "a\u2028.xml",
        "a\ud800.xml",
        "x" * 256,
        "é" * 128,
        "/".join("abcdefghijklmnopq"),
        ".fidero-agent.json",
        "a/.FIDERO-0123456789abcdef.part",
        "run.exe",
        "x.pdf.LNK",
        "desktop.ini.bat",
        "x.ps1",
        "autorun.inf",
    ],
)
def test_names_that_are_not_what_they_seem_are_refused(path: str) -> None:
    with pytest.raises(UnsafeNameError):
        check_relative(path)


@given(st.text(max_size=40))
def test_whatever_passes_has_no_way_up_and_no_windows_meaning(path: str) -> None:
    try:
        parts = check_relative(path)
    except UnsafeNameError:
        return
    assert "/".join(parts) == path
    for part in parts:
        assert part not in {"", ".", ".."}
        assert not set(part) & set('\\/:*?"<>|')
        assert part == part.rstrip(". ")
        assert part.isprintable() or " " in part or not part.isascii()


@pytest.mark.parametrize("code", ["A/B", "..", "CON", "12.", "_unassigned", "_UNASSIGNED", "a:b"])
def test_a_dossier_code_that_cannot_be_a_folder_is_refused(code: str) -> None:
    with pytest.raises(UnsafeNameError):
        dossier_folder(code, None, "d1")


def test_zeros_of_a_dossier_code_are_kept() -> None:
    assert dossier_folder("00815", "BE0403199702", "d1") == ("00815",)


def test_names_that_one_file_system_holds_for_the_same_have_the_same_key() -> None:
    assert key(("Demat", "É.xml")) == key(("demat", "e\u0301.XML"))
    assert key(("a", "b.xml")) != key(("a", "c.xml"))


def test_the_pdf_comes_before_its_xml_and_the_rest_keeps_its_order() -> None:
    paths = ["b.xml", "a/x.xml", "b.pdf", "z.cod", "a/x.pdf", "A/X.png", "noext"]
    assert [paths[index] for index in write_order(paths)] == [
        "b.pdf",
        "b.xml",
        "a/x.pdf",
        "A/X.png",
        "a/x.xml",
        "z.cod",
        "noext",
    ]


@given(st.lists(st.sampled_from(["a.xml", "a.pdf", "b.xml", "b.pdf", "c.cod"]), unique=True))
def test_the_order_of_writing_loses_and_repeats_nothing(paths: list[str]) -> None:
    assert sorted(write_order(paths)) == list(range(len(paths)))


def test_paths_longer_than_importers_can_open_are_found() -> None:
    root = "C:\\BOB"
    assert not too_long_for_windows(root, ("a" * (259 - 7),))
    assert too_long_for_windows(root, ("a" * (260 - 7),))


def test_components_may_not_be_paths() -> None:
    with pytest.raises(UnsafeNameError):
        check_component("a/b")


def test_versions_are_compared_as_numbers() -> None:
    assert version_tuple("0.10.0") > version_tuple("0.9.9")
    assert version_tuple("strange") == (0,)
