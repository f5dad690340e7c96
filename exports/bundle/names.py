r"""File and folder names that every reader accepts: ASCII, safe on Windows, short.

Everything that is safe here is taken by the desktop agent, which checks by rules of its own (a test compares both).

The rules for Windows are those of Microsoft's "Naming Files, Paths, and Namespaces": no control characters,
none of ``< > : " / \ | ? *``, no trailing dot or space, no device name (``CON``, ``COM1``, …) before the
first dot.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from datetime import date
from functools import lru_cache

MAX_NAME = 80
"""The longest file name, extension included."""

MAX_PATH = 160
"""The longest path inside a bundle: leaves 100 of the 260 characters of Windows for where it is put."""

MAX_DEPTH = 16
"""The most parts of a path, the file's name included."""

_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f<>:"|?*\\]')
_DEVICES = frozenset(
    ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$"]
    + [f"{port}{digit}" for port in ("COM", "LPT") for digit in "0123456789\u00b9\u00b2\u00b3"]
)
# What a system reads by itself, and by which a folder looks or acts otherwise.
_SYSTEM = frozenset({"desktop.ini", "thumbs.db", "folder.htt", "autorun.inf", ".ds_store", ".htaccess"})
# Windows has a second, short name for every file: LONGFI~1.XML may be another one.
_SHORT = re.compile(r"[^.]*~[0-9]+(\..*)?\Z")
_AGENTS = ".fidero-"
# Kinds of files that Windows runs.
_RUNNABLE = re.compile(
    r"ad[ep]|application|appref-ms|ba[st]|chm|cmd|com|cpl|crt|desktop|dll|exe|gadget|hlp|hta|in[fs]|isp"
    r"|jar|jse?|lnk|ma[dfmqrstvw]|md[abetwz]|ms[cip]|msix|ms[ht].*|ocx|pif|ps[12].*|psc[12]|psd1|psm1"
    r"|py[wz]?|reg|sc[frt]|sh[bs]?|sys|url|vb|vbe|vbs|ws[cfh]?|xll"
)
# Letters that Unicode does not decompose into a base letter and an accent.
_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "ø": "o", "Ø": "O"}
    | {"ł": "l", "Ł": "L", "đ": "d", "Đ": "D"}
)
_UNSAFE = re.compile(r"[^A-Za-z0-9.]+")
_DOTS = re.compile(r"\.{2,}")


def sanitise(text: str, limit: int) -> str:
    """``text`` as at most ``limit`` characters of ``A-Z a-z 0-9 . -``; empty where nothing is left.

    Accents fall off, everything else becomes one hyphen, and neither end is a dot or a hyphen.
    """
    plain = text
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
        plain = "".join(char for char in plain if not unicodedata.combining(char))
    plain = _DOTS.sub(".", _UNSAFE.sub("-", plain)).strip("-.")
    return plain[:limit].rstrip("-.")


def base_name(day: date, *, bundle: int, sequence: int, label: str, number: str, room: int) -> str:
    """The name of an item's files without extension, at most ``room`` characters.

    ``20261115_0012-000007_purchase-invoice_2026-77``: the legal date first, since most packages import in
    file-name order; then the bundle's number and the item's place in it, which make the name the only one
    in its folder for good; then what it is and its own number as far as there is room. From 10,000 on a letter
    before the bundle's number says how many digits it has (``a10000``, ``b100000``), so that 9999 stays before it.
    """
    digits = str(bundle)
    wide = chr(ord("a") + len(digits) - 5) if len(digits) > 4 else ""
    start = f"{day:%Y%m%d}_{wide}{digits:0>4}-{sequence:06d}_{label}"
    tail = sanitise(number, max(room - len(start) - 1, 0))
    return f"{start}_{tail}" if tail else start


def segment_fault(segment: str) -> str | None:
    """Why one folder or file name is not safe everywhere, as a code; None when it is.

    Codes: ``empty``, ``dots``, ``too_long``, ``forbidden_character``, ``trailing_dot_or_space``,
    ``device_name``, ``not_normalised``, ``leading_sign`` (``-`` or ``~`` in front, or a short name of Windows),
    ``system_file``, ``reserved_name`` (the agent's own).
    """
    if not segment:
        return "empty"
    if segment in {".", ".."}:
        return "dots"
    if len(segment) > MAX_NAME:
        return "too_long"
    if _FORBIDDEN.search(segment) or "/" in segment or not segment.isprintable():
        return "forbidden_character"
    if segment[-1] in ". " or segment[0] == " ":
        return "trailing_dot_or_space"
    if segment.split(".", 1)[0].rstrip(" ").upper() in _DEVICES:
        return "device_name"
    if segment[0] in "-~" or _SHORT.match(segment):
        return "leading_sign"
    if segment.casefold() in _SYSTEM:
        return "system_file"
    if segment.casefold().startswith(_AGENTS):
        return "reserved_name"
    if unicodedata.normalize("NFC", segment) != segment:
        return "not_normalised"
    return None


_folder_fault = lru_cache(maxsize=1024)(segment_fault)
"""The folders of a bundle are few, its files are not."""


@lru_cache(maxsize=1024)
def made_safe(segment: str) -> str:
    """A folder's name that is as near to this one as is safe: one whose variable came out as something odd."""
    for name in (segment, f"{segment}_", f"_{segment}", f"_{segment}_"):
        if segment_fault(name) is None:
            return name
    return "_"


def folders_of(path: str) -> Iterator[str]:
    """The folders that a path leads through, the innermost first: ``a/b`` and ``a`` of ``a/b/c.xml``."""
    while (path := path.rpartition("/")[0]) != "":
        yield path


def path_fault(path: str) -> str | None:
    """Why a relative path with ``/`` between its parts is not safe everywhere, as a code; None when it is.

    Codes: those of ``segment_fault``, and ``absolute``, ``path_too_long``, ``too_deep`` and ``runnable`` (a kind of
    file that Windows runs).
    """
    if path.startswith(("/", "\\")) or re.match(r"[A-Za-z]:", path):
        return "absolute"
    if len(path) > MAX_PATH:
        return "path_too_long"
    *folders, name = path.split("/")
    for folder in folders:
        if fault := _folder_fault(folder):
            return fault
    if fault := segment_fault(name):
        return fault
    if len(folders) >= MAX_DEPTH:
        return "too_deep"
    _, dot, extension = name.rpartition(".")
    return "runnable" if dot and _RUNNABLE.fullmatch(extension.casefold()) else None
