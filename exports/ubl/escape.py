"""Texts and numbers as XML takes them."""

import re
from decimal import Decimal

from exports.errors import UnwritableError

_SPECIAL = re.compile('[&<>"\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]')
_special = _SPECIAL.search
#: Two halves of a character outside the basic plane, as some programs hand them over.
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_REPLACED = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;"}


class Unwritable(UnwritableError):  # noqa: N818 - the library's public name for it, as ubl.Unreadable is
    """The values cannot be written as UBL. Reasons: ``not_a_number``, ``missing``."""


def escaped(text: str) -> str:
    """Character data or an attribute value, without the characters XML forbids."""
    return text if _special(text) is None else _escape(text)


def _escape(text: str) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
    return _SPECIAL.sub(lambda special: _REPLACED.get(special[0], ""), text)


def number(value: Decimal) -> str:
    """A Decimal as xsd:decimal: all its digits, never an exponent.

    Raises:
        Unwritable: ``not_a_number`` for NaN and infinities.
    """
    text = str(value)
    if text.isascii() and text.replace(".", "", 1).lstrip("-").isdigit():
        return text
    if not value.is_finite():
        raise Unwritable("not_a_number", params={"value": text})
    return f"{value:f}"
