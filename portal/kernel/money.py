"""Money is Decimal, rounded half up as EN 16931 wants it; a float never comes near.

`read_amount` is the one reader of amounts that people and programs write, whatever door they come through. It never guesses: what can
be read in two ways (`1.234`, `0,125`) is a question, told as a fault with both readings.
"""

import re
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from exports.currencies import decimals, is_currency, places
from portal.kernel.language import N_, Told

CENT = Decimal("0.01")
LARGEST = Decimal(10) ** 12
"""Amounts from here on do not fit the books (numeric(14, 2)); no invoice is that large, but a slip or a broken file may say so."""
LONGEST = 60
"""Characters of an amount as written; the largest one with every ornament has half of that."""


def cents(amount: Decimal) -> Decimal:
    """The amount rounded half up to two decimals (2.665 becomes 2.67); nothing has no sign."""
    rounded = amount.quantize(CENT, rounding=ROUND_HALF_UP)
    return rounded or abs(rounded)


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount that was read; `currency` is the code that stood beside it, if one did."""

    value: Decimal
    currency: str | None = None


@dataclass(frozen=True, slots=True)
class NoAmount:
    """Why a text is no amount.

    Attributes:
        code: `empty`, `not_an_amount`, `ambiguous`, `decimals`, `too_large`, `other_currency` or `no_currency`.
        params: what the words need.
    """

    code: str
    params: dict[str, str] = field(default_factory=dict[str, str])

    def told(self) -> Told:
        """The words for a person, to be translated when they are shown."""
        return Told(FAULTS[self.code], **self.params)


FAULTS: Final = {
    "empty": N_("Please fill this in."),
    "not_an_amount": N_("Write an amount like 1234.50 or 1.234,50."),
    "ambiguous": N_(
        "Do you mean %(whole)s or %(broken)s? Write it with two decimals, so that nobody has to guess."
    ),
    "decimals": N_("Amounts in %(currency)s have at most %(places)s decimals, and this one has %(found)s."),
    "too_large": N_("This amount is too large to be true: twelve digits before the cents at most."),
    "other_currency": N_(
        "This says %(found)s, but the document is in %(expected)s. Correct the amount or the currency."
    ),
    "no_currency": N_("%(found)s is no currency. Write the amount without it, or with a code such as EUR."),
}
"""Code of a fault → what a person reads."""

_SIGNS: Final[dict[str, frozenset[str]]] = {
    "€": frozenset({"EUR"}),
    "EURO": frozenset({"EUR"}),
    "EUROS": frozenset({"EUR"}),
    "£": frozenset({"GBP"}),
    "US$": frozenset({"USD"}),
    "$US": frozenset({"USD"}),
    "$": frozenset({"USD", "CAD", "AUD", "NZD", "HKD", "SGD", "TWD", "MXN", "BBD", "BSD", "JMD", "TTD"}),
    "¥": frozenset({"JPY", "CNY"}),
    "FR.": frozenset({"CHF"}),
    "SFR.": frozenset({"CHF"}),
    "SFR": frozenset({"CHF"}),
    "KR": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "KR.": frozenset({"SEK", "NOK", "DKK", "ISK"}),
    "ZŁ": frozenset({"PLN"}),
    "KČ": frozenset({"CZK"}),
    "FT": frozenset({"HUF"}),
    "₺": frozenset({"TRY"}),
}
"""Signs and words beside amounts, and the currencies each may stand for; the first of several is not preferred."""
_WORD = r"(?:[^\W\d_]{2,6}\.?|US\$|\$US|[€£¥$₺])"
_BEFORE = re.compile(rf"({_WORD})[ ]*")
_AFTER = re.compile(rf"[ ]*({_WORD})$")
_INSIDE = re.compile(r"(\d)[ ]*€[ ]*(\d\d)$", re.ASCII)
"""12€50, as some write in French: the sign is the point."""
_NO_CENTS = re.compile(r"(?<=\d)[,.][ ]?(?:--?|=)$", re.ASCII)
"""12,- and 12,--: no cents."""

# What looks like something else: minus signs, apostrophes, blanks of any width, full-width digits and signs, and marks without width.
_MINUS = "\u2212\u2010\u2011\u2012\u2013\u2014\ufe63\uff0d"
_APOSTROPHES = "\u2019\u2018\u02bc\u00b4\uff07\u2032"
_BLANKS = "\t\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_INVISIBLE = "\u00ad\u061c\u200b\u200c\u200d\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
_PLAIN = str.maketrans(
    {
        **dict.fromkeys(_MINUS, "-"),
        **dict.fromkeys(_APOSTROPHES, "'"),
        **dict.fromkeys(_BLANKS, " "),
        **dict.fromkeys(_INVISIBLE, ""),
        **{chr(0xFF10 + digit): str(digit) for digit in range(10)},
        "\uff0c": ",",
        "\uff0e": ".",
        "\uff0b": "+",
        "\uff04": "$",
        "\uffe5": "¥",
        "\uffe1": "£",
    }
)

_GROUPED = re.compile(r"[1-9]\d{0,2}(?:(?P<mark>[., '])\d{3}(?:(?P=mark)\d{3})*)", re.ASCII)
_NUMBER = re.compile(
    r"(?P<whole>[0-9][0-9 '.,]*?|)(?:(?P<point>[.,])(?P<broken>[0-9]+))?",
    re.ASCII,
)


def read_amount(given: str | int | Decimal, currency: str = "EUR") -> Amount | NoAmount:
    """An amount as somebody wrote it: `1234,50`, `1.234,50`, `1,234.50`, `1 234,50`, `1'234.50`, `€ 12`, `12,50 EUR`, `+12,50`, `12,50-`.

    Args:
        given: a text, or a number of a program (which is what it says: a number has no thousands marks).
        currency: the one that the amount is in; another one beside it is a fault.
    """
    if isinstance(given, str):
        return _read_text(given, currency)
    value = Decimal(given)
    return _judged(value, currency, None) if value.is_finite() else NoAmount("not_an_amount")


def _read_text(given: str, currency: str) -> Amount | NoAmount:
    if len(given) > LONGEST * 4:
        return NoAmount("not_an_amount")
    text = given.translate(_PLAIN).strip(" ")
    if not text:
        return NoAmount("empty")
    if len(text) > LONGEST or not any(sign in "0123456789" for sign in text):
        return NoAmount("not_an_amount")
    bare, negative, words = _undressed(text)
    if bare is None:
        return NoAmount("not_an_amount")
    beside = _beside(words, currency)
    if isinstance(beside, NoAmount):
        return beside
    value = _number(bare)
    if isinstance(value, NoAmount):
        return value
    return _judged(-value if negative else value, beside or currency, beside, expected=currency)


def _judged(
    value: Decimal, currency: str, beside: str | None, expected: str | None = None
) -> Amount | NoAmount:
    if abs(value) >= LARGEST:
        return NoAmount("too_large")
    most = min(places(currency), 2)  # the books keep cents, also of the currencies that have thousandths
    found = decimals(value)
    if found > most:
        return NoAmount("decimals", {"currency": currency, "places": str(most), "found": str(found)})
    if beside is not None and expected is not None and beside != expected:
        return NoAmount("other_currency", {"found": beside, "expected": expected})
    return Amount(value + 0, beside)  # the plus makes -0 a 0


def _undressed(text: str) -> tuple[str | None, bool, list[str]]:
    """The digits and their marks without signs and currencies; whether it is negative; the currencies."""
    words: list[str] = []
    signs: list[str] = []
    before_digits = True
    while before_digits:
        text = text.lstrip(" ")
        if text[:1] in ("-", "+"):
            signs.append(text[0])
            text = text[1:]
        elif (word := _BEFORE.match(text)) is not None:
            words.append(word[1])
            text = text[word.end() :]
        else:
            before_digits = False
    if text.startswith("(") and text.rstrip(" ").endswith(")") and not signs:
        inner, negative, more = _undressed(text.strip(" ")[1:-1])
        return (None, False, words) if negative else (inner, True, words + more)
    if not words and (inside := _INSIDE.search(text)) is not None:
        words.append("€")
        text = f"{text[: inside.start()]}{inside[1]},{inside[2]}"
    while True:
        text = _NO_CENTS.sub("", text.rstrip(" "))
        if text[-1:] in ("-", "+"):
            signs.append(text[-1])
            text = text[:-1]
        elif (word := _AFTER.search(text)) is not None:
            words.append(word[1])
            text = text[: word.start()]
        else:
            break
    if len(signs) > 1 or len(words) > 2 or "(" in text or ")" in text:
        return None, False, words
    return text, signs == ["-"], words


def _beside(words: list[str], currency: str) -> str | NoAmount | None:
    """The currency that stands beside an amount: the expected one where a sign may mean it."""
    found: str | None = None
    for word in words:
        shown = word.upper()
        known = _SIGNS.get(shown) or (frozenset({shown}) if is_currency(shown) else None)
        if known is None:
            return NoAmount("no_currency", {"found": word[:10]})
        one = currency if currency in known else "USD" if "USD" in known else min(known)
        if found is not None and one != found:
            return NoAmount("not_an_amount")
        found = one
    return found


def _number(bare: str) -> Decimal | NoAmount:
    """What digits with their marks say; a mark that may be both is a question."""
    match = _NUMBER.fullmatch(bare)
    if match is None:
        return NoAmount("not_an_amount")
    whole, point, broken = match["whole"], match["point"], match["broken"]
    if point is None:
        return _whole(whole)
    if len(broken) == 3 and point in whole:  # 1.234.567: only thousands have several
        return _whole(bare)
    front = _whole(whole) if whole else Decimal(0)
    if isinstance(front, NoAmount) or point in whole or (not whole and len(broken) > 2):
        return NoAmount("not_an_amount")
    value = Decimal(f"{front}.{broken}")
    if len(broken) == 3 and (
        len(whole) <= 3 or not whole.isdigit()
    ):  # 1.234 and 0,125, and 1,234.500 as well
        meant = {"whole": f"{int(f'{front}{broken}')}.00", "broken": f"{cents(value)}"}
        return NoAmount("ambiguous", {name: text.replace(".", point) for name, text in meant.items()})
    return value


def _whole(text: str) -> Decimal | NoAmount:
    if re.fullmatch(r"[0-9]{1,24}", text, re.ASCII):
        return Decimal(text)
    if _GROUPED.fullmatch(text):
        return Decimal("".join(sign for sign in text if sign.isdigit()))
    return NoAmount("not_an_amount")
