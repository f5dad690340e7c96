"""The fonts of a PDF: those that are given, and then no other of the machine's.

The layout asks fontconfig for its fonts, which by default knows those of the machine. Here it is shown a folder
that holds the given fonts and nothing else, so that a text is set, measured and cut the same everywhere.

Beside them stand those that a text may need and rarely does, in parts: a part is read only where the text has a
sign that the given fonts lack and the part is made for. So an ordinary paper unpacks no more than it always did.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from html import unescape
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal, NamedTuple
from unicodedata import category
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont, TTLibError

Writing = Literal["", "hans", "hant", "ja", "ko"]
"""For whose way of writing Chinese signs a font is drawn; empty for all others."""

_SIGNATURES = (b"wOFF", b"wOF2", b"OTTO", b"\x00\x01\x00\x00", b"true")
_FAMILY, _SUBFAMILY, _TYPOGRAPHIC_FAMILY = 1, 2, 16
_SETTING = "FONTCONFIG_FILE"
_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""
_KANA, _HANGUL = (
    re.compile("[\u3041-\u30ff\u31f0-\u31ff\uff66-\uff9d]"),
    re.compile("[\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3]"),
)
_HAN = re.compile("[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")
_SHAPELESS = frozenset({"Cc", "Cf", "Cs", "Zs", "Zl", "Zp"})
"""Categories of what has no shape of its own: no font is looked for."""
_SELECTORS = frozenset(map(chr, range(0xFE00, 0xFE10)))


class BadFont(ValueError):
    """A given font cannot be read; the message says which resource and why."""


@dataclass(frozen=True, slots=True)
class Fallback:
    """A font that stands in for signs that the given ones lack.

    Attributes:
        name: for people, in errors.
        ranges: the signs it is made for, as the style sheets of the web say it ("U+0600-06FF,U+200C,U+4??").
        read: gives its bytes; asked only where one of its signs is needed.
        writing: set for fonts of Chinese signs: which of them comes first is settled by the text.
    """

    name: str
    ranges: str
    read: Callable[[], bytes]
    writing: Writing = ""


@contextmanager
def only(
    resources: Mapping[str, bytes],
    html: str = "",
    fallbacks: Callable[[], Sequence[Fallback]] = tuple,
    besides: str = "",
) -> Generator[None]:
    """For the length of the block, the fonts among the resources, and those of the fallbacks that the HTML needs, are all there are.

    Each is known by the family name that it has inside. Where several share family and style (the subsets of
    one font), the first has the name and the others stand in for what it lacks. Without a font among the
    resources the machine's own stay. One block at a time: fontconfig is told through the environment.

    Args:
        fallbacks: asked once, where the resources lack a sign of the HTML; in the order in which they stand in.
        besides: signs that are needed as well where any is lacking.

    Raises:
        BadFont: A resource begins as a font and is none.
    """
    given = [(name, data) for name, data in resources.items() if data.startswith(_SIGNATURES)]
    if not given:
        yield
        return
    fonts = list(_unpacked(tuple(given)))
    lacking = signs(html).difference(*(font.signs for font in fonts))
    if lacking:
        given += needed(lacking.union(besides), fallbacks())
        fonts = list(_unpacked(tuple(given)))
    before = os.environ.get(_SETTING)
    with TemporaryDirectory(prefix="fonts-") as folder:
        (Path(folder) / "fonts").mkdir()
        for number, font in enumerate(fonts):
            (Path(folder) / "fonts" / f"{number:03d}.ttf").write_bytes(font.data)
        configuration = Path(folder) / "fonts.conf"
        configuration.write_text(_CONFIGURATION.format(folder=escape(folder)))
        os.environ[_SETTING] = str(configuration)
        try:
            yield
        finally:
            if before is None:
                del os.environ[_SETTING]
            else:
                os.environ[_SETTING] = before


def signs(html: str) -> set[str]:
    """The signs of an HTML for which a font is needed: without blanks and marks of format."""
    every = set(unescape(html) if "&" in html else html)
    return {sign for sign in every if category(sign) not in _SHAPELESS and sign not in _SELECTORS}


def needed(lacking: Collection[str], fallbacks: Sequence[Fallback]) -> list[tuple[str, bytes]]:
    """The fonts, with their names, that have the signs which are lacking, as far as any has them."""
    wanted = set(lacking)
    chosen: list[tuple[str, bytes]] = []
    for fallback in _in_order(wanted, fallbacks):
        if not wanted:
            break
        if not _within(wanted, fallback.ranges):
            continue
        data = fallback.read()
        has = wanted.intersection(_signs_of(fallback.name, data))
        if has:
            wanted -= has
            chosen.append((fallback.name, data))
    return chosen


def _in_order(wanted: Collection[str], fallbacks: Sequence[Fallback]) -> list[Fallback]:
    """The fallbacks with those of Chinese signs in the order that suits the text."""
    text = "".join(wanted)
    if _KANA.search(text):
        first: Writing = "ja"
    elif _HANGUL.search(text):
        first = "ko"
    else:
        first = "hant" if _traditional(_HAN.findall(text)) else "hans"
    places = [place for place, one in enumerate(fallbacks) if one.writing]
    sorted_ = sorted((fallbacks[place] for place in places), key=lambda one: one.writing != first)
    ordered = list(fallbacks)
    for place, one in zip(places, sorted_, strict=True):
        ordered[place] = one
    return ordered


def _traditional(chinese: Iterable[str]) -> bool:
    """Whether signs are those that Taiwan's standard has and the mainland's lacks."""

    def lacked(sign: str, standard: str) -> bool:
        try:
            sign.encode(standard)
        except UnicodeEncodeError:
            return True
        return False

    every = list(chinese)
    return any(lacked(one, "gb2312") for one in every) and not any(lacked(one, "big5") for one in every)


def _within(wanted: Collection[str], ranges: str) -> bool:
    return any(low <= ord(sign) <= high for low, high in _parsed(ranges) for sign in wanted)


@lru_cache(maxsize=2048)
def _parsed(ranges: str) -> tuple[tuple[int, int], ...]:
    """Ranges as a style sheet writes them, U+4E00-4EFF or U+4??, as pairs of first and last."""
    found: list[tuple[int, int]] = []
    for part in ranges.upper().split(","):
        low, _, high = part.strip().removeprefix("U+").partition("-")
        found.append((int(low.replace("?", "0"), 16), int((high or low).replace("?", "F"), 16)))
    return tuple(found)


class _Font(NamedTuple):
    data: bytes
    signs: frozenset[str]


@contextmanager
def _readable(name: str) -> Generator[None]:
    try:
        yield
    except (TTLibError, KeyError, ValueError, AssertionError, EOFError, ImportError) as fault:
        raise BadFont(f"{name}: {type(fault).__name__}: {fault}") from fault


def _signs_in(font: TTFont) -> frozenset[str]:
    return frozenset(map(chr, font.getBestCmap() or {}))


@lru_cache(maxsize=64)
def _signs_of(name: str, data: bytes) -> frozenset[str]:
    with _readable(name):
        return _signs_in(TTFont(BytesIO(data), lazy=True))


@lru_cache(maxsize=4)
def _unpacked(given: Iterable[tuple[str, bytes]]) -> tuple[_Font, ...]:
    """The fonts unpacked, each with a name of its own: the layout takes two of one name for one font."""
    seen: dict[tuple[str, str], int] = {}
    unpacked: list[_Font] = []
    for name, data in given:
        with _readable(name):
            font = TTFont(BytesIO(data), recalcTimestamp=False)
            names = font["name"]
            family = names.getDebugName(_TYPOGRAPHIC_FAMILY) or names.getDebugName(_FAMILY) or name
            style = (family, names.getDebugName(_SUBFAMILY) or "")
            seen[style] = copy = seen.get(style, 0) + 1
            if copy > 1:
                for record in list(names.names):
                    if record.nameID in {_FAMILY, _TYPOGRAPHIC_FAMILY}:
                        names.setName(
                            f"{family} {copy}",
                            record.nameID,
                            record.platformID,
                            record.platEncID,
                            record.langID,
                        )
            font.flavor = None
            out = BytesIO()
            found = _signs_in(font)
            font.save(out)
        unpacked.append(_Font(out.getvalue(), found))
    return tuple(unpacked)
