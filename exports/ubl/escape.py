"""Texts and numbers as XML takes them.

Nothing reaches a file but through here: :func:`clean` makes all texts of a struct safe at once, because asking once
about a dozen texts costs as little as asking about one, and nearly all of them need no change.
"""

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import astuple, replace

from exports.errors import UnwritableError

#: What XML forbids, what it wants written otherwise, and the spaces ``str.strip`` knows beside the usual one.
_FORBIDDEN = "\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff"
_SPACES = "\t\n\r\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_SPECIAL = re.compile(f'[&<>"{_FORBIDDEN}{_SPACES}]')
_CHANGED = re.compile(f'[&<>"{_FORBIDDEN}]')
#: Whether a text needs a change; space around it apart.
special = _SPECIAL.search
#: Two halves of a character outside the basic plane, as some programs hand them over.
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_REPLACED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}
#: Between the texts that are looked at together: in none of them, or it does no harm.
_BETWEEN = "\x7f"
#: The bytes of Latin-1 that are nothing special: most texts are in it, and looking for others among them is quickest.
_PLAIN = bytes(one for one in range(256) if special(chr(one)) is None)

AnyStruct = TypeVar("AnyStruct", bound=Struct)


#: Digits on either side of the point: what a reader takes (:func:`exports.numbers.to_decimal`).
MOST_DIGITS = 18


class Unwritable(UnwritableError):
    """The values cannot be written as UBL. Reasons: ``not_a_number``, ``too_large``, ``missing``, ``unknown_kind``."""


def escaped(text: str) -> str:
    """Character data or an attribute value, without the characters XML forbids and without space around it."""
    text = text.strip()
    if special(text) is None:
        return text
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _CHANGED.sub(lambda found: _REPLACED.get(found[0], ""), text).strip()


def are_safe(texts: Iterable[str]) -> bool:
    """Whether no text of all these would be another one :func:`escaped`. A no may be wrong."""
    together = f"{_BETWEEN}{_BETWEEN.join(texts)}{_BETWEEN}"
    try:
        plain = not together.encode("latin-1").translate(None, _PLAIN)
    except UnicodeEncodeError:
        plain = special(together) is None
    return plain and f"{_BETWEEN} " not in together and f" {_BETWEEN}" not in together


def clean(of: AnyStruct) -> AnyStruct:
    """The struct with every text of its own :func:`escaped`; texts inside its tuples are not."""
    if are_safe([value for value in filter(None, astuple(of)) if value.__class__ is str]):
        return of
    fields = zip(of.__struct_fields__, astuple(of), strict=True)
    return replace(of, **{name: escaped(value) for name, value in fields if value.__class__ is str})


def attribute(text: str) -> str:
    """A safe text as the value of an attribute: a reader takes white space there for blanks (XML 1.0, 3.3.3)."""
    return text if text.isprintable() else text.replace("\n", " ").replace("\t", " ")


def odd_number(text: str) -> bool:
    """Whether the text of a Decimal, or of several, holds an exponent or no number."""
    return "E" in text or "N" in text or "n" in text


def number(value: Decimal) -> str:
    """A Decimal as xsd:decimal: all its digits, never an exponent.

    Raises:
        Unwritable: See :func:`finite`.
    """
    text = str(value)
    return f"{finite(value):f}" if odd_number(text) else text


def numbers(values: Sequence[Decimal]) -> Sequence[str]:
    """Several Decimals as xsd:decimal, looked at together.

    Raises:
        Unwritable: See :func:`finite`.
    """
    texts = [str(value) for value in values]
    return [number(value) for value in values] if odd_number("".join(texts)) else texts


def finite(value: Decimal) -> Decimal:
    """The value, when it is one that can be written and reckoned with.

    Raises:
        Unwritable: ``not_a_number`` for NaN and infinities, ``too_large`` beyond :data:`MOST_DIGITS`.
    """
    if not isinstance(value, Decimal) or not value.is_finite():  # pyright: ignore[reportUnnecessaryIsInstance] - callers without types
        raise Unwritable("not_a_number", params={"value": str(value)})
    if value.adjusted() >= MOST_DIGITS or value.adjusted() < -MOST_DIGITS:
        raise Unwritable("too_large", params={"value": str(value)})
    return value
