"""Account numbers as CODA writes them, and what an IBAN's check digits say.

Source: Febelfin, Coded statement of account (CODA) 2.6, record 1 and section 7.5; ISO 13616 for the IBAN.
"""

from functools import lru_cache

from msgspec import Struct

_LETTERS = {ord("A") + offset: str(10 + offset) for offset in range(26)}


class Account(Struct, frozen=True):
    """An account in one currency, as a bank identifies it.

    Attributes:
        number: As written, without the blanks behind it: 12 digits (BBAN), an IBAN or a foreign number.
        currency: ISO 4217 code, or nothing where the bank leaves it blank (it may, for a Belgian BBAN and
            for a counterparty).
        extension: Extension zone: accounts with one number and currency but another zone are other accounts.
        structure: 0 Belgian BBAN, 1 foreign number, 2 Belgian IBAN, 3 foreign IBAN (section 7.5).
        country: ISO 3166 code beside a Belgian BBAN (``BE``), or nothing.
        qualification: Qualification code beside a Belgian BBAN, or nothing.
    """

    number: str
    currency: str = "EUR"
    extension: str = ""
    structure: str = "2"
    country: str = ""
    qualification: str = ""

    @property
    def iban(self) -> str | None:
        """The IBAN without blanks: as given, or computed from a Belgian BBAN; ``None`` for other numbers."""
        number = self.number.replace(" ", "")
        if self.structure in "23":
            return number
        return belgian_iban(number) if self.structure == "0" else None

    @property
    def key(self) -> tuple[str, str, str]:
        """(number, currency, extension): what tells accounts apart.

        The number is the IBAN where there is one, so that an account is the same before and after its bank
        went over from BBAN to IBAN.
        """
        return self.iban or self.number.replace(" ", ""), self.currency, self.extension

    @property
    def formatted(self) -> str:
        """For people: an IBAN in groups of four, a Belgian BBAN as 3-7-2, another number as written."""
        iban = self.iban
        if iban:
            return " ".join(iban[start : start + 4] for start in range(0, len(iban), 4))
        return self.number


def check_digits_right(iban: str) -> bool:
    """Whether an IBAN's check digits are right (ISO 7064 mod 97-10) and its form is that of an IBAN."""
    if not 15 <= len(iban) <= 34 or not iban.isascii():
        return False
    if iban[:2] == "BE" and iban[2:].isdecimal():
        return len(iban) == 16 and int(f"{iban[4:]}1114{iban[2:4]}") % 97 == 1
    if not (iban.isalnum() and iban[:2].isalpha() and iban[2:4].isdecimal() and iban.isupper()):
        return False
    return int((iban[4:] + iban[:4]).translate(_LETTERS)) % 97 == 1


def looks_like_iban(number: str) -> bool:
    """Whether a number begins as an IBAN does: two letters, two digits."""
    return number[:2].isalpha() and number[2:4].isdecimal() and number[:4].isascii()


def belgian_iban(bban: str) -> str | None:
    """The Belgian IBAN of a 12-digit account number, or ``None`` when it is none."""
    if len(bban) != 12 or not (bban.isdecimal() and bban.isascii()):
        return None
    return f"BE{98 - int(bban + '111400') % 97:02d}{bban}"


def infer_structure(zone: str) -> str:
    """The structure of an account zone whose structure digit is missing."""
    if looks_like_iban(zone):
        return "2" if zone[:2] == "BE" else "3"
    return "0" if zone[:12].isdecimal() and zone[12:13] == " " else "1"


def parse_account(structure: str, zone: str) -> Account:
    """The account in the 37 positions of record 1 (6-42) or record 8 (5-41).

    Args:
        structure: ``0`` to ``3``; anything else makes the zone itself tell.
        zone: The 37 positions.
    """
    if structure not in ("0", "1", "2", "3"):
        structure = infer_structure(zone)
    if structure == "0":
        return Account(
            number=zone[:12].strip(),
            currency=zone[13:16].strip(),
            extension=zone[22:37].strip(),
            structure="0",
            country=zone[17:19].strip(),
            qualification=zone[16:17].strip(),
        )
    if structure == "2":
        return Account(zone[:31].strip(), zone[34:37].strip(), zone[31:34].strip(), "2")
    return Account(zone[:34].strip(), zone[34:37].strip(), "", structure)


def account_zone(account: Account) -> str:
    """The 37 positions that carry an account: :func:`parse_account` the other way."""
    if account.structure == "0":
        return (
            f"{account.number:<12} {account.currency:<3}{account.qualification:<1}{account.country:<2}   "
            f"{account.extension:<15}"
        )
    if account.structure == "2":
        return f"{account.number:<31}{account.extension:<3}{account.currency:<3}"
    return f"{account.number:<34}{account.currency:<3}"


@lru_cache(maxsize=4096)
def parse_counterparty(zone: str) -> Account | None:
    """The account of a counterparty (record 2.3, 11-47), or ``None`` when the bank gives none.

    The zone is in the structure of the original payment, which no digit tells (section 7.5): an IBAN shows
    itself, twelve positions with a blank behind them are a BBAN, all the rest is a foreign number.
    """
    if not zone.strip("0 "):
        return None
    zone = zone.ljust(37)
    if looks_like_iban(zone):
        if zone[:2] == "BE":
            return parse_account("2", zone)
        return parse_account("3", zone)
    if zone[12] == " " and zone[:12].isdecimal():
        return parse_account("0", zone)
    currency = zone[34:37].strip()
    if zone[12] == " " and not currency and zone[13:16].isalpha():
        return Account(zone[:12].strip(), zone[13:16], zone[22:37].strip(), "1")
    return Account(zone[:34].strip(), currency, "", "1")
