"""The names of files in a ZIP, whoever made it.

The format (PKWARE APPNOTE, appendix D) knows two encodings: cp437, and UTF-8 where a flag says so. In the wild macOS writes UTF-8 without
the flag, Windows the code page of the country (cp850 in Belgium), others what their programs speak (cp1252). Info-ZIP puts the name in
Unicode beside it (extra field 0x7075). All names of a ZIP were written by one program: the encoding is guessed from all of them together.
"""

import unicodedata
import zipfile
import zlib
from collections.abc import Sequence

_UTF8_FLAG = 0x800
_UNICODE_PATH = 0x7075
_GUESSES = ("cp850", "cp437", "cp1252")
"""In this order where they fit equally well."""
_USUAL = frozenset("éèêëàâäáçïîíìôöóòûüúùñœæßøåãõÿÉÈÊËÀÂÄÁÇÏÎÔÖÓÛÜÚÙÑŒÆØÅ")
"""The letters beyond ASCII of western European languages."""
_SIGNS = frozenset("°²³€§–—’‘“”«»·…´¨&")
LONGEST = 255


def names(entries: Sequence[zipfile.ZipInfo]) -> list[str]:
    """What each entry is called, with its folders, `/` between them (older .NET and PowerShell write backslashes)."""
    raw = [_raw(entry) for entry in entries]
    unsaid = [one for one, entry in zip(raw, entries, strict=True) if not entry.flag_bits & _UTF8_FLAG]
    guess = encoding_of([one for one in unsaid if not one.isascii()])
    return [_name(entry, one, guess).replace("\\", "/") for entry, one in zip(entries, raw, strict=True)]


def encoding_of(raw: Sequence[bytes]) -> str:
    """In which encoding names without the flag are: UTF-8 where all of them are that, else what makes the most sense of them."""
    if not raw:
        return "utf-8"
    try:
        for one in raw:
            one.decode("utf-8")
    except UnicodeDecodeError:
        return max(_GUESSES, key=lambda encoding: sum(_sense(one.decode(encoding, "replace")) for one in raw))
    return "utf-8"


def _sense(text: str) -> int:
    """How much a text looks like a name that a person gave a file."""
    sense = 0
    for place, letter in enumerate(text):
        if letter.isascii():
            continue
        if letter in _USUAL:
            before = text[place - 1 : place]
            sense += 1 if letter.isupper() and before.islower() else 3
        elif letter in _SIGNS:
            sense += 1
        elif letter.isalpha():
            sense -= 1
        else:
            sense -= 4
    return sense


def _raw(entry: zipfile.ZipInfo) -> bytes:
    if entry.flag_bits & _UTF8_FLAG:
        return entry.orig_filename.encode("utf-8", "surrogatepass")
    return entry.orig_filename.encode("cp437")


def _name(entry: zipfile.ZipInfo, raw: bytes, guess: str) -> str:
    if entry.flag_bits & _UTF8_FLAG:
        return entry.orig_filename
    given = _unicode_path(entry.extra, raw)
    if given is not None:
        return given
    return raw.decode(guess if not raw.isascii() else "ascii", "replace")


def _unicode_path(extra: bytes, raw: bytes) -> str | None:
    """The name beside the name: version 1, the checksum of the name it stands for, UTF-8. One for another name is out of date."""
    place = 0
    while place + 4 <= len(extra):
        kind = int.from_bytes(extra[place : place + 2], "little")
        size = int.from_bytes(extra[place + 2 : place + 4], "little")
        field = extra[place + 4 : place + 4 + size]
        if kind == _UNICODE_PATH and len(field) == size > 5 and field[0] == 1:
            if int.from_bytes(field[1:5], "little") != zlib.crc32(raw):
                return None
            try:
                return field[5:].decode("utf-8")
            except UnicodeDecodeError:
                return None
        place += 4 + size
    return None


def shown(name: str) -> str:
    """The name for people: what cannot be printed becomes a visible mark."""
    clean = "".join("\ufffd" if unicodedata.category(letter).startswith("C") else letter for letter in name)
    return clean[:LONGEST]
