"""Static files: names are hashes, only what is used stays, nothing is fetched from outside."""

from __future__ import annotations

import hashlib
import json
import os
import re
from pathlib import Path

import pytest

from themes import build
from themes.assets import DIST, Assets
from themes.purge import purge, without_unread_properties, words

ROOT = Path(__file__).parents[3]


def test_every_file_carries_the_hash_of_its_content(assets: Assets) -> None:
    assert assets.files
    for name, hashed in assets.files.items():
        content = (DIST / hashed).read_bytes()
        assert hashlib.sha256(content).hexdigest()[:16] in hashed
        assert hashed.startswith(name.rpartition(".")[0])


def test_a_second_build_changes_nothing(assets: Assets) -> None:
    assert build.build() is False


def test_the_build_is_deterministic(assets: Assets, tmp_path: Path) -> None:
    dist = tmp_path / "dist"
    assert build.build(dist)
    assert json.loads((dist / "manifest.json").read_text("utf-8")) == dict(assets.files)


OLD = "ui.0123456789abcdef.css"
LONG_AGO = 1_000_000_000.0


def a_folder_with_an_old_file(folder: Path, *, named: bool) -> Path:
    """A folder of an earlier build; its manifest still names the old file, or not any more."""
    dist = folder / "dist"
    dist.mkdir()
    (dist / OLD).write_text("old", encoding="utf-8")
    os.utime(dist / OLD, (LONG_AGO, LONG_AGO))
    (dist / "manifest.json").write_text(json.dumps({"ui.css": OLD} if named else {}), encoding="utf-8")
    return dist


def test_a_build_keeps_what_a_running_portal_still_names(assets: Assets, tmp_path: Path) -> None:
    dist = a_folder_with_an_old_file(tmp_path, named=True)
    assert build.build(dist)
    assert build.build(dist, force=True)  # and the build after it as well: its days have just begun
    assert (dist / OLD).read_text("utf-8") == "old"
    assert OLD not in json.loads((dist / "manifest.json").read_text("utf-8")).values()


def test_what_was_replaced_long_ago_goes(assets: Assets, tmp_path: Path) -> None:
    dist = a_folder_with_an_old_file(tmp_path, named=False)
    assert build.build(dist)
    assert not (dist / OLD).exists()


def test_the_stylesheet_asks_for_nothing_from_outside(assets: Assets) -> None:
    text = (DIST / assets.files["ui.css"]).read_text("utf-8")
    urls = re.findall(r"url\(([^)]*)\)", text)
    assert all(url.startswith(('"data:image/svg+xml', "inter-")) for url in urls)
    assert "@import" not in text
    for url in urls:
        if url.startswith("inter-"):
            assert (DIST / url).is_file()


def test_our_scripts_use_no_inline_style_and_no_evaluation() -> None:
    for script in (ROOT / "themes/static/src").glob("*.js"):
        text = script.read_text("utf-8")
        assert not re.search(r"\beval\(|new Function|innerHTML|setAttribute\(\"style\"", text)


def test_classes_of_components_are_in_the_stylesheet(assets: Assets) -> None:
    text = (DIST / assets.files["ui.css"]).read_text("utf-8")
    used: set[str] = set()
    for path in (ROOT / "themes/templates").glob("**/*.html"):
        for value in re.findall(r'class="([^"]*)"', path.read_text("utf-8")):
            used |= {
                name for name in re.findall(r"(?<![\w-])ui-[\w-]+(?!\{)\b", value) if not name.endswith("-")
            }
    missing = {name for name in used if not re.search(rf"\.{name}(?![\w-])", text)}
    assert missing == set()


def test_the_lock_names_no_address() -> None:
    text = (ROOT / "package-lock.json").read_text("utf-8")
    lock = json.loads(text)
    assert "resolved" not in text
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)
    assert lock["packages"]["node_modules/htmx.org"]["version"].startswith("2.")


@pytest.mark.parametrize(
    ("css", "left"),
    [
        (".a{x:1}.b{x:2}", ".a{x:1}"),
        (".a .b{x:1}", ""),
        (".a,.b{x:1}", ".a{x:1}"),
        ("p{x:1}", "p{x:1}"),
        (".a:not(.b){x:1}", ".a:not(.b){x:1}"),
        (".a:is(.b, .a){x:1}", ""),
        ("@media print{.b{x:1}}", ""),
        ("@media print{.a{x:1}.b{x:1}}", "@media print{.a{x:1}}"),
        ("@keyframes k{from{x:1}to{x:2}}", "@keyframes k{from{x:1}to{x:2}}"),
        ('.a{content:"}.b{"}.b{x:1}', '.a{content:"}.b{"}'),
        ("/* .a{} */.a{x:1}", ".a{x:1}"),
        (".a[data-x='b,c'],.b{x:1}", ".a[data-x='b,c']{x:1}"),
        (r".a\:b{x:1}", ""),
    ],
)
def test_only_rules_whose_classes_are_used_stay(css: str, left: str) -> None:
    assert purge(css, words(["a and c"])) == left


def test_custom_properties_that_nobody_reads_go() -> None:
    css = ":root{--one:1;--two:var(--one);--three:3}p{x:var(--three)}"
    assert without_unread_properties(css) == ":root{--three:3}p{x:var(--three)}"
    assert "--one:1" in without_unread_properties(css, also_read="q{x:var(--two)}")
