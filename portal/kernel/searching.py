"""What somebody types into *Search everything*, and what a document or statement is found by. Pure."""

import re
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from exports.spelling import pieces, unworded
from portal.kernel.money import Amount, read_amount
from portal.kernel.names import fold
from portal.kernel.numbers import NotANumber, canonical, read_number

LONGEST = 100
"""Characters of a search."""
SHORTEST_NUMBER = 2
_IN_NAMES = re.compile(r"[_.]+")
_AMOUNT = re.compile(r"[0-9]")


class Sought(NamedTuple):
    """A text that is looked for, in every way in which it may be meant.

    Attributes:
        text: as it was typed, trimmed.
        folded: as names are searched (`names.fold`).
        named: the same, with the points and lines that names of files have between words as spaces.
        number: its letters and digits without signs and words, in small letters: a part of a company number. Empty where it has no
            two digits.
        company: the whole company number that it is, with its country in small letters (be0999888767); else empty.
        amounts: the amounts that it may be, with both signs.
    """

    text: str
    folded: str
    named: str
    number: str
    company: str
    amounts: tuple[Decimal, ...]

    @property
    def numbers(self) -> tuple[str, ...]:
        """The whole number without its country."""
        return (self.company[2:].upper(),) if self.company else ()

    @property
    def digits(self) -> str:
        """A part of a company number without the letters of Belgium before it; empty where it is no part of one."""
        bare = self.number.upper()
        return bare[2:] if bare.startswith("BE") and len(bare) > SHORTEST_NUMBER else bare


def sought(text: str) -> Sought:
    """What a typed text may mean."""
    text = text.strip()[:LONGEST]
    company = ""
    bare = unworded(pieces(text)).lower()
    try:
        read = read_number(text)
        company = f"{read.country}{read.number}".lower()
    except NotANumber:
        pass
    digits = sum(one.isdigit() for one in bare)
    letters = len(bare) - digits
    number = bare if digits >= SHORTEST_NUMBER and letters <= 4 and bare.isascii() and bare.isalnum() else ""
    return Sought(text, fold(text), fold(_IN_NAMES.sub(" ", text)), number, company, amounts_in(text))


def amounts_in(text: str) -> tuple[Decimal, ...]:
    """The amounts that a text may say, whatever currency stands beside them; both readings of one that can be read in two ways."""
    if not _AMOUNT.search(text):
        return ()
    read = read_amount(text)
    if not isinstance(read, Amount) and read.code == "other_currency":
        read = read_amount(text, read.params["found"])
    values: list[Decimal] = []
    if isinstance(read, Amount):
        values = [read.value]
    elif read.code == "ambiguous":
        both = [read_amount(read.params[name].replace(",", ".")) for name in ("whole", "broken")]
        values = [one.value for one in both if isinstance(one, Amount)]
    return tuple(dict.fromkeys(sign for one in values for sign in (abs(one), -abs(one))))


def found_by(names: Iterable[str | None], country: str | None, number: str | None) -> str:
    """What else a document is found by than its number and its counterparty's name: its files' names, and the counterparty's number.

    The number as it was given and in its one form, with and without its country, so that a search holds however either is written.
    """
    words = [fold(_IN_NAMES.sub(" ", name)) for name in names if name]
    if number:
        bare = "".join(pieces(number)).lower() or number.lower()
        land = (country or "").lower()
        words.append(land + bare)
        _country, one = canonical(country or "", bare.upper())
        words.append(land + one.lower())
    return " ".join(dict.fromkeys(word for word in words if word))[:1200]


__all__ = ["Sought", "amounts_in", "found_by", "sought"]
