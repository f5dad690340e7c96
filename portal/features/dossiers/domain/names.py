"""When people hold two names for one. Pure."""

import unicodedata
from typing import Final

from portal.features.dossiers.domain.dossiers import folded

_LETTERS = str.maketrans(
    {"æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "ð": "d", "þ": "th", "ı": "i", "&": " "}
)
_QUOTES = dict.fromkeys(map(ord, "'\u2019\u2018\u02bc\u00b4`\u2032\uff07"))
_ASCII: Final = str.maketrans(
    {chr(n): chr(n).lower() if chr(n).isalnum() else None if chr(n) in "'`" else " " for n in range(128)}
)
"""What the two tables and `folded` make of a sign of ASCII, in one step: most names have no other."""
_LEGAL_FORMS = frozenset(
    [
        "bv",
        "bvba",
        "srl",
        "sprl",
        "nv",
        "sa",
        "cv",
        "sc",
        "commv",
        "scomm",
        "vof",
        "snc",
        "vzw",
        "asbl",
        "gcv",
        "cvba",
        "scrl",
        "ebv",
        "esrl",
        "gmbh",
        "ag",
        "kg",
        "ug",
        "ohg",
        "ltd",
        "sarl",
        "sas",
        "sarls",
    ]
)


def name_key(name: str) -> str:
    """Equal for two names that people hold for one: without case, accents, quotes, punctuation and legal form.

    Written beside the name of every dossier, so that a list finds those of its names: a change of this function needs a migration that
    writes the keys anew.
    """
    if name.isascii():
        words = name.translate(_ASCII).split()
    else:
        words = folded(name.casefold().translate(_LETTERS).translate(_QUOTES)).split()
    if min(map(len, words), default=0) == 1:
        words = _spelled(words)
    plain = [word for word in words if word not in _LEGAL_FORMS]
    found = " ".join(plain or words)
    return found or unicodedata.normalize("NFKC", name).casefold().strip()


def _spelled(words: list[str]) -> list[str]:
    """The words with single letters that follow each other as one: B.V.B.A. is bvba."""
    joined: list[str] = []
    single = ""
    for word in [*words, ""]:
        if len(word) == 1:
            single += word
            continue
        if single:
            joined.append(single)
            single = ""
        if word:
            joined.append(word)
    return joined
