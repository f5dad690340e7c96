"""The fonts of a PDF: those that are given, and then no other of the machine's.

The layout asks fontconfig for its fonts, which by default knows those of the machine. Here it is shown a folder
that holds the given fonts and nothing else, so that a text is set, measured and cut the same everywhere.
"""

from __future__ import annotations

import os
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from functools import lru_cache
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.sax.saxutils import escape

from fontTools.ttLib import TTFont, TTLibError

_SIGNATURES = (b"wOFF", b"wOF2", b"OTTO", b"\x00\x01\x00\x00", b"true")
_FAMILY, _SUBFAMILY, _TYPOGRAPHIC_FAMILY = 1, 2, 16
_SETTING = "FONTCONFIG_FILE"
_CONFIGURATION = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd">
<fontconfig><dir>{folder}/fonts</dir><cachedir>{folder}/cache</cachedir></fontconfig>
"""


class BadFont(ValueError):
    """A given font cannot be read; the message says which resource and why."""


@contextmanager
def only(resources: Mapping[str, bytes]) -> Generator[None]:
    """For the length of the block, the fonts among the resources are all there are.

    Each is known by the family name that it has inside. Where several share family and style (the subsets of
    one font), the first has the name and the others stand in for what it lacks. Without a font among the
    resources the machine's own stay. One block at a time: fontconfig is told through the environment.

    Raises:
        BadFont: A resource begins as a font and is none.
    """
    given = [(name, data) for name, data in resources.items() if data.startswith(_SIGNATURES)]
    if not given:
        yield
        return
    before = os.environ.get(_SETTING)
    with TemporaryDirectory(prefix="fonts-") as folder:
        (Path(folder) / "fonts").mkdir()
        for number, data in enumerate(_told_apart(tuple(given))):
            (Path(folder) / "fonts" / f"{number:03d}.ttf").write_bytes(data)
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


@lru_cache(maxsize=4)
def _told_apart(given: Iterable[tuple[str, bytes]]) -> tuple[bytes, ...]:
    """The fonts unpacked, each with a name of its own: the layout takes two of one name for one font."""
    seen: dict[tuple[str, str], int] = {}
    unpacked: list[bytes] = []
    for name, data in given:
        try:
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
            font.save(out)
        except (TTLibError, KeyError, ValueError, AssertionError, EOFError, ImportError) as fault:
            raise BadFont(f"{name}: {type(fault).__name__}: {fault}") from fault
        unpacked.append(out.getvalue())
    return tuple(unpacked)
