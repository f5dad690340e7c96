"""How names are sorted and searched: the one place that says so.

PostgreSQL compares text by its bytes here (no ICU), so what is compared is written beside each name, by `name_keys` alone.
"""

import re
import unicodedata
from typing import Final, NamedTuple

from portal.kernel.texts import plain

LONGEST_KEY: Final = 600
"""Characters of a key: an index holds 2,704 bytes a row, a character takes up to four."""
DIGITS: Final = 12

_QUOTES: Final = re.compile(
    "[\"'`\u02b9-\u02bd\u02c8\u02ca\u02cb\u02ee\u055a\u05f3\u05f4\u201a\u201e\u2032-\u2037\u2057\u2212\u2e42\u301d-\u301f]"
)
"""Quotes and apostrophes that Unicode counts among other signs, letters or brackets, and the minus."""
_TWO_OR_PLAIN: Final = str.maketrans(
    {
        "\u0153": "oe",
        "\u00e6": "ae",
        "\u00f8": "o",
        "\u0142": "l",
        "\u0111": "d",
        "\u00f0": "d",
        "\u00fe": "th",
        "\u0131": "i",
        "\u0127": "h",
        "\u0167": "t",
    }
)
"""Letters that Unicode takes apart nowhere, as keyboards without them have them."""
_APART = frozenset({"Zs", "Zl", "Zp", "Pd", "Pi", "Pf", "Cc"})
"""Categories of spaces, dashes and quotes."""
_AS_EMOJI: Final = "\ufe0f"
_NUMBER: Final = re.compile("[0-9]+")


class NameKeys(NamedTuple):
    """What stands in the columns beside a name."""

    fold: str
    sort_key: str


def fold(text: str) -> str:
    """A text as names are searched: without accents, capitals, and the kind of quote, dash and space that somebody chose.

    In this order: hidden signs go (`texts.plain`), compatibility decomposition (NFKD), combining marks and signs without width go,
    casefold; letters with strokes and ligatures become plain ones (œ is oe); every digit becomes 0 to 9; every run of spaces, dashes, quotes and apostrophes becomes one space, none at the ends; what
    is left is composed (NFC, as texts are stored) and cut after `LONGEST_KEY` characters. Of a text of nothing but signs it is empty.
    Folding again changes nothing, and what stands in a stored text stands in it folded.
    """
    # Twice, since casefolding makes marks of its own (an I with a dot) and what it makes may decompose further.
    parts = _without_marks(_without_marks(plain(text))).split()
    return unicodedata.normalize("NFC", " ".join(parts))[:LONGEST_KEY].strip()


def _without_marks(text: str) -> str:
    kept = "".join(
        _sign(one) for one in unicodedata.normalize("NFKD", text) if not unicodedata.combining(one)
    )
    return _QUOTES.sub(" ", kept.casefold().translate(_TWO_OR_PLAIN))


def _sign(character: str) -> str:
    if character.isascii() and character.isalnum():
        return character
    category = unicodedata.category(character)
    if category in _APART:
        return " "
    if category == "Cf" or character == _AS_EMOJI:
        return ""
    return str(unicodedata.decimal(character)) if category == "Nd" else character


def name_keys(name: str) -> NameKeys:
    """The keys of a name: `fold` for searching it, `sort_key` for the order of lists.

    `sort_key` is the same as `fold` with every run of digits padded with zeros to `DIGITS`, so that 2 comes before 10. A longer run
    comes behind all shorter ones, by a colon and its length. It is cut like `fold`.
    """
    folded = fold(name)
    return NameKeys(folded, _NUMBER.sub(_padded, folded)[:LONGEST_KEY])


def _padded(run: re.Match[str]) -> str:
    digits = run[0].lstrip("0")
    return digits.zfill(DIGITS) if len(digits) <= DIGITS else f":{len(digits):04}{digits}"
