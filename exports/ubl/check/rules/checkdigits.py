"""Check digits of the party identifiers that Peppol verifies.

Every function takes the identifier without surrounding blanks and says whether it has a valid form. They are
exactly as strict as the published rules, which is not always as strict as the number's owner.
"""

import re
from collections.abc import Sequence

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_INTEGER = re.compile(r"[+-]?[0-9]+", re.ASCII)
_FISCAL_PERSON = re.compile(r"[A-Za-z]{6}(.{2})[A-Za-z](.{2}).{3}(.)[A-Za-z]", re.ASCII | re.DOTALL)


def digits(number: str, length: int) -> bool:
    """Exactly so many ASCII digits."""
    return len(number) == length and _DIGITS.fullmatch(number) is not None


def _weighted(number: str, weights: Sequence[int]) -> int:
    return sum(int(digit) * weight for digit, weight in zip(number, weights, strict=True))


def gln(number: str) -> bool:
    """GS1 location number (0088): modulo 10 with weights 3 and 1 from the right; any length."""
    if not _DIGITS.fullmatch(number):
        return False
    body = number[-2::-1]
    total = sum(int(digit) * (1 if place % 2 else 3) for place, digit in enumerate(body))
    return -total % 10 == int(number[-1])


def norwegian(number: str) -> bool:
    """Organisation number (0192): nine digits, modulo 11."""
    if not digits(number, 9) or int(number) == 0:
        return False
    return -_weighted(number[:8], (3, 2, 7, 6, 5, 4, 3, 2)) % 11 == int(number[8])


def danish_company(number: str) -> bool:
    """CVR number (0184): eight digits, with or without ``DK`` before them; no check digit is verified."""
    return digits(number.removeprefix("DK"), 8)


def danish_vat(number: str) -> bool:
    """SE number (0198): ``DK`` and eight digits."""
    return number.startswith("DK") and digits(number[2:], 8)


def belgian(number: str) -> bool:
    """Enterprise number (0208): ten digits, the last two are 97 minus the first eight modulo 97."""
    return digits(number, 10) and 97 - int(number[:8]) % 97 == int(number[8:])


def italian_office(number: str) -> bool:
    """Codice univoco of a public office (0201): six letters or digits."""
    return len(number) == 6 and number.isascii() and number.isalnum()


def italian_fiscal(number: str) -> bool:
    """Codice fiscale (0210): eleven digits for a company, the form of sixteen signs for a person."""
    if len(number) == 11:
        return _INTEGER.fullmatch(number) is not None
    match = _FISCAL_PERSON.fullmatch(number) if len(number) == 16 else None
    return match is not None and all(_INTEGER.fullmatch(part.strip()) for part in match.groups())


def italian_vat(number: str) -> bool:
    """Partita IVA (0211): after ``IT`` eleven digits with Luhn's check digit; others are not judged."""
    if number[:2] not in {"IT", "it"}:
        return True
    body = number[2:]
    return digits(body, 11) and _luhn(body)


def swedish(number: str) -> bool:
    """Organisation number (0007): ten digits with Luhn's check digit."""
    return digits(number, 10) and _luhn(number)


def _luhn(number: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(number)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def australian(number: str) -> bool:
    """Business number (0151): eleven digits, modulo 89 after one is taken from the first."""
    if not digits(number, 11):
        return False
    total = _weighted(number, (10, 1, 3, 5, 7, 9, 11, 13, 15, 17, 19)) - 10
    return total % 89 == 0


def dutch_vat(number: str) -> bool:
    """``NL``, nine digits, ``B`` and two digits."""
    return (
        len(number) == 14
        and number.startswith("NL")
        and digits(number[2:11], 9)
        and number[11] == "B"
        and digits(number[12:], 2)
    )
