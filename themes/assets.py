"""Static files by their plain names: ``ui.css`` → ``/static/ui.3f2a9c….css``."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

DIST = Path(__file__).parent / "static" / "dist"
"""Where ``python -m themes.build`` puts the hashed files; serve this folder, immutable, under ``url``."""
DEMO = Path(__file__).parent / "static" / "demo"
"""Logos of the two demo firms."""
PRINT_FONTS = ("inter-latin.woff2", "inter-latin-ext.woff2", "inter-greek.woff2", "inter-cyrillic.woff2")
"""The fonts of everything printed; the first is the one, the others stand in for the letters it lacks."""


class AssetsMissingError(RuntimeError):
    """The static files were not built, or one is asked for that does not exist."""


@dataclass(frozen=True, slots=True)
class Assets:
    """The manifest of hashed static files.

    Attributes:
        files: plain name → hashed file name.
        url: the address under which the folder is served, with a closing slash.
    """

    files: Mapping[str, str] = field(default_factory=dict[str, str])
    url: str = "/static/"

    def __call__(self, name: str) -> str:
        """The address of a static file.

        Raises:
            AssetsMissingError: nothing of that name was built.
        """
        try:
            return self.url + self.files[name]
        except KeyError:
            known = ", ".join(sorted(self.files)) or "none"
            raise AssetsMissingError(f"There is no static file {name!r}; built are: {known}") from None


def load(dist: Path = DIST, url: str = "/static/") -> Assets:
    """Read the manifest that the build wrote.

    Raises:
        AssetsMissingError: there is none; the message says how to build it.
    """
    try:
        text = (dist / "manifest.json").read_text(encoding="utf-8")
    except FileNotFoundError:
        raise AssetsMissingError(f"{dist} has no manifest.json; run: python -m themes.build") from None
    files: dict[str, str] = json.loads(text)
    return Assets(files, url)


def read(name: str, dist: Path = DIST) -> bytes:
    """The bytes of a static file.

    Raises:
        AssetsMissingError: nothing of that name was built.
    """
    return (dist / load(dist, url="")(name)).read_bytes()


@dataclass(frozen=True, slots=True)
class FallbackFont:
    """A part of a typeface that stands in for what those of `PRINT_FONTS` lack.

    Attributes:
        path: the file.
        ranges: the signs it is made for, as CSS writes them ("U+0600-06FF,U+200C").
        writing: "hans", "hant", "ja" or "ko", where it draws Chinese signs as they are written there.
    """

    path: Path
    ranges: str
    writing: Literal["", "hans", "hant", "ja", "ko"]


def fallback_fonts(dist: Path = DIST) -> list[FallbackFont]:
    """All that can stand in on paper, in the order in which they are asked; some 600 files, none of which is read here.

    Raises:
        AssetsMissingError: the static files were not built.
    """
    folder = dist / "print"
    try:
        listed = json.loads((folder / "fonts.json").read_text(encoding="utf-8"))["fonts"]
    except FileNotFoundError:
        raise AssetsMissingError(f"{dist} has no fonts for paper; run: python -m themes.build") from None
    return [FallbackFont(folder / one["file"], one["ranges"], one["writing"]) for one in listed]
