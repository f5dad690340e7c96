"""E-mail addresses as they stand in cells and fields: what surrounds them taken away, each of several found. Pure.

Whether one is an address that mail can be sent to is another question (`accounts.domain.is_address`).
"""

import re
import unicodedata
from typing import Final

from portal.kernel.texts import line

LONGEST: Final = 2_000
"""Characters of a cell that are looked at: thirty addresses and their names."""
MOST: Final = 30
_PARTS = re.compile(r"[;,<>()\[\]\"\u00ab\u00bb\u201c\u201d\u201e\s]+")
_MAY_BE_IN_NAMES = re.compile("[/|&]+")
"""Signs that part addresses where several stand, and may be a letter of one that stands alone."""
_SCHEME = re.compile(r"^(?:mailto:|e-?mail:|mail:|smtp:)+", re.IGNORECASE)
_LETTERS: Final = frozenset({"Ll", "Lo", "Lm", "Mn", "Mc", "Nd"})
"""Categories of what domains are made of, beside the hyphen."""
_AND: Final = frozenset({"en", "et", "and", "und", "of", "ou", "or", "oder", "&"})
_AROUND: Final = "/|&.:'`\u2018\u2019*\u2022\u00b7-\u2013\u2014"
"""Signs at the ends of an address that are none of it."""


def clean_address(text: str) -> str:
    """What somebody typed into a field for one address: without invisible signs, blanks around it and full-width signs.

    A `mailto:` before it, pointed brackets around it and a point or comma behind it go as well; the rest stays as it was written.
    """
    found = addresses(text)
    return found[0] if len(found) == 1 else line(text)


def addresses(text: str) -> list[str]:
    """The addresses of a cell in their order, each once whatever its capitals; empty when nothing in it looks like one.

    `Els <els@x.example>`, `mailto:a@x.example?subject=…`, `a@x.example; b@x.example`, `a@x.example / b@x.example`, one a line. Names
    before pointed brackets are left out; other words beside an address make it none, since a blank may stand in it. Letters stay as they are written, those of other scripts too; composed (NFC).
    """
    plain = line(_narrow(text[:LONGEST]))
    found: dict[str, str] = {}
    parts = _PARTS.split(plain)
    for part in (one for each in parts for one in _apart(each)):
        bare = _SCHEME.sub("", part.strip(_AROUND)).split("?", 1)[0].strip(_AROUND)
        name, _at, domain = bare.rpartition("@")
        if name and domain:
            found.setdefault(bare.casefold(), bare)
        elif bare and "<" not in plain and bare.casefold() not in _AND:
            return []  # a blank in the middle of an address would make another one of it
    return list(found.values())[:MOST]


def _apart(part: str) -> list[str]:
    return _MAY_BE_IN_NAMES.split(part) if part.count("@") > 1 else [part]


def mailable(address: str) -> str | None:
    """An address as mail servers everywhere take it: a domain of other letters in its ASCII form (RFC 5891); None when it has none.

    What stands before the @ must be ASCII: mail servers that take more are few.
    """
    if address.isascii():
        return address
    name, _at, domain = address.rpartition("@")
    if not name.isascii():
        return None
    labels = [_label(one) for one in unicodedata.normalize("NFC", domain.lower()).split(".")]
    return None if None in labels else f"{name}@{'.'.join(one or '' for one in labels)}"


def _label(label: str) -> str | None:
    if label.isascii():
        return label
    if any(one != "-" and unicodedata.category(one) not in _LETTERS for one in label):
        return None
    written = "xn--" + label.encode("punycode").decode("ascii")
    return written if len(written) <= 63 else None


def _narrow(text: str) -> str:
    """Full-width signs as ordinary ones; everything else as it is."""
    if text.isascii():
        return text
    return "".join(
        unicodedata.normalize("NFKC", one) if "\uff01" <= one <= "\uff5e" or one == "\ufe6b" else one
        for one in text
    )


__all__ = ["addresses", "clean_address", "mailable"]
