"""The typefaces that stand in where Inter has no letter: Noto and two more, for every script that a name or a line may be written in.

Only what is printed uses them. They are copied to ``static/dist/print`` as they come, in the parts their makers cut them into, with a list
that says which signs each part has: a paper unpacks the few parts that its own text needs. Their licences lie beside them.
"""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from pathlib import Path

FOLDER = "print"
LIST = "fonts.json"
FAMILIES: tuple[tuple[str, str], ...] = (
    ("@fontsource-variable/noto-sans", ""),
    ("@fontsource-variable/vazirmatn", ""),
    ("@fontsource-variable/noto-sans-arabic", ""),
    ("@fontsource-variable/noto-sans-hebrew", ""),
    ("@fontsource-variable/noto-sans-armenian", ""),
    ("@fontsource-variable/noto-sans-georgian", ""),
    ("@fontsource-variable/noto-sans-ethiopic", ""),
    ("@fontsource-variable/noto-sans-thaana", ""),
    ("@fontsource-variable/noto-sans-devanagari", ""),
    ("@fontsource-variable/noto-sans-bengali", ""),
    ("@fontsource-variable/noto-sans-gurmukhi", ""),
    ("@fontsource-variable/noto-sans-gujarati", ""),
    ("@fontsource-variable/noto-sans-oriya", ""),
    ("@fontsource-variable/noto-sans-tamil", ""),
    ("@fontsource-variable/noto-sans-telugu", ""),
    ("@fontsource-variable/noto-sans-kannada", ""),
    ("@fontsource-variable/noto-sans-malayalam", ""),
    ("@fontsource-variable/noto-sans-sinhala", ""),
    ("@fontsource-variable/noto-sans-thai", ""),
    ("@fontsource-variable/noto-sans-lao", ""),
    ("@fontsource-variable/noto-sans-khmer", ""),
    ("@fontsource-variable/noto-sans-myanmar", ""),
    ("@fontsource-variable/noto-serif-tibetan", ""),
    ("@fontsource-variable/noto-sans-sc", "hans"),
    ("@fontsource-variable/noto-sans-tc", "hant"),
    ("@fontsource-variable/noto-sans-jp", "ja"),
    ("@fontsource-variable/noto-sans-kr", "ko"),
    ("@fontsource-variable/noto-sans-symbols", ""),
    ("@fontsource/noto-sans-symbols-2", ""),
    ("@fontsource/noto-sans-math", ""),
    ("@fontsource-variable/noto-emoji", ""),
    ("@fontsource/dejavu-sans", ""),
)
"""Packages in the order in which they are asked for a sign, each with the way of writing Chinese signs that it is drawn for.

Vazirmatn comes before Noto's Arabic because each of its letters is one shape: those of Noto are composed of a body and dots, and the
text that people search for and copy from a paper would lose which letter it was. DejaVu has fractions and small figures that Noto lacks.
"""
ANY = "U+0-10FFFF"
_RULE = re.compile(r"@font-face\s*\{(.*?)\}", re.DOTALL)
_FILE = re.compile(r"url\(\./files/([^)]+\.woff2)\)")
_RANGES = re.compile(r"unicode-range:\s*([^;]+);")


class TypefaceMissingError(LookupError):
    """A package does not hold what its own list names."""


def parts(modules: Path, package: str, writing: str) -> list[dict[str, str]]:
    """The files of a package with the signs that each has (``ranges``, as CSS writes them) and its way of writing.

    Raises:
        TypefaceMissingError: there are none.
    """
    folder = modules / package
    found: list[dict[str, str]] = []
    listed = folder / "index.css"
    for rule in _RULE.findall(listed.read_text("utf-8")) if listed.is_file() else ():
        file, ranges = _FILE.search(rule), _RANGES.search(rule)
        if file is None or not (folder / "files" / file[1]).is_file():
            raise TypefaceMissingError(f"{package} lacks a file that its list names")
        found.append({"file": file[1], "ranges": ranges[1].strip() if ranges else ANY, "writing": writing})
    if len(found) == 1:  # not cut in parts, whatever range it says: it is looked into
        found[0]["ranges"] = ANY
    if not found:
        raise TypefaceMissingError(f"{package} holds no font")
    return found


def copy(modules: Path, dist: Path, stamp: str) -> bool:
    """Put the fonts into ``dist/print`` unless those of this stamp are there. Returns whether it did.

    Raises:
        TypefaceMissingError: a package lacks a font.
    """
    folder = dist / FOLDER
    listed = folder / LIST
    if listed.is_file() and json.loads(listed.read_text("utf-8"))["stamp"] == stamp:
        return False
    with tempfile.TemporaryDirectory(dir=dist.parent, prefix=".print-") as scratch:
        fresh = Path(scratch) / FOLDER
        fresh.mkdir()
        fonts: list[dict[str, str]] = []
        for package, writing in FAMILIES:
            for part in parts(modules, package, writing):
                shutil.copyfile(modules / package / "files" / part["file"], fresh / part["file"])
                fonts.append(part)
            licence = modules / package / "LICENSE"
            shutil.copyfile(licence, fresh / f"LICENSE-{package.rpartition('/')[2]}.txt")
        (fresh / LIST).write_text(json.dumps({"stamp": stamp, "fonts": fonts}), encoding="utf-8")
        if folder.exists():
            folder.rename(Path(scratch) / "before")
        fresh.rename(folder)
    return True
