"""Company and VAT numbers: read in whatever spelling, check digits verified, stored in one form, shown in one spelling.

`read_number` is the one reader of numbers that people type, paste or bring in lists, whatever door they come through; what they mean is
never guessed: a number without a country's letters is one of the country that is named, else a Belgian one.

One form for each country, so that two spellings are one company:

| country | stored | from |
|---|---|---|
| BE | ten digits | the enterprise number, which is the VAT number; nine digits lost their zero |
| FR | SIREN, nine digits | the SIREN, a SIRET (its first nine) or a VAT number (its last nine); VAT numbers of Monaco have no SIREN and stay whole |
| CH | `CHE` and nine digits | the UID, with or without MWST, TVA or IVA |
| NO | nine digits | the organisation number, with or without MVA |
| SE | twelve digits | the VAT number, or the organisation number (its first ten) |
| HU | eight digits | the VAT number, or the tax number (its first eight) |
| others | the VAT number without the letters of its country | Greece writes EL, Northern Ireland XI |

Sources: python-stdnum's modules for each country; the Belgian number is ten digits, the first 0 or 1, and the last two are
97 minus the first eight modulo 97.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from stdnum import exceptions as stdnum_errors
from stdnum.at import uid as at_uid
from stdnum.be import vat as be_vat
from stdnum.bg import vat as bg_vat
from stdnum.ch import uid as ch_uid
from stdnum.cy import vat as cy_vat
from stdnum.cz import dic as cz_dic
from stdnum.de import vat as de_vat
from stdnum.dk import cvr as dk_cvr
from stdnum.ee import kmkr as ee_kmkr
from stdnum.es import nif as es_nif
from stdnum.fi import alv as fi_alv
from stdnum.fr import siren as fr_siren
from stdnum.fr import siret as fr_siret
from stdnum.fr import tva as fr_tva
from stdnum.gb import vat as gb_vat
from stdnum.gr import vat as gr_vat
from stdnum.hr import oib as hr_oib
from stdnum.hu import anum as hu_anum
from stdnum.ie import vat as ie_vat
from stdnum.it import iva as it_iva
from stdnum.lt import pvm as lt_pvm
from stdnum.lu import tva as lu_tva
from stdnum.lv import pvn as lv_pvn
from stdnum.mt import vat as mt_vat
from stdnum.nl import btw as nl_btw
from stdnum.no import orgnr as no_orgnr
from stdnum.pl import nip as pl_nip
from stdnum.pt import nif as pt_nif
from stdnum.ro import cf as ro_cf
from stdnum.se import vat as se_vat
from stdnum.si import ddv as si_ddv
from stdnum.sk import dph as sk_dph

from exports.spelling import pieces, unworded
from portal.kernel.language import N_

_MODULES: Final[dict[str, Any]] = {
    "BE": be_vat,
    "NL": nl_btw,
    "LU": lu_tva,
    "FR": fr_siren,
    "DE": de_vat,
    "AT": at_uid,
    "BG": bg_vat,
    "CH": ch_uid,
    "CY": cy_vat,
    "CZ": cz_dic,
    "DK": dk_cvr,
    "EE": ee_kmkr,
    "ES": es_nif,
    "FI": fi_alv,
    "GB": gb_vat,
    "GR": gr_vat,
    "HR": hr_oib,
    "HU": hu_anum,
    "IE": ie_vat,
    "IT": it_iva,
    "LT": lt_pvm,
    "LV": lv_pvn,
    "MT": mt_vat,
    "NO": no_orgnr,
    "PL": pl_nip,
    "PT": pt_nif,
    "RO": ro_cf,
    "SE": se_vat,
    "SI": si_ddv,
    "SK": sk_dph,
    "XI": gb_vat,
}
COUNTRIES: Final = tuple(_MODULES)
"""Countries whose numbers are verified: companies are ones of these."""
_PREFIXES: Final = {**{code: code for code in COUNTRIES}, "EL": "GR", "UK": "GB", "CHE": "CH"}
"""Letters before a number → the country. XI is Northern Ireland, whose VAT numbers are the United Kingdom's with other letters."""
_VAT_LETTERS: Final = {"GR": "EL"}
"""The letters of VAT numbers, where they are not the country's code."""
_WORDS_TOO: Final = frozenset({"NO", "DE", "SE", "ES"})
"""Letters of countries that are a word beside numbers as well (No., numéro de, SE-nr., n.º es)."""

_BELGIAN = re.compile(r"[01][0-9]{9}")
_SWISS = re.compile("(?:CHE|E)?([0-9]{9})(?:MWST|TVA|IVA|TPV)?")
_SHORTENED = re.compile(r"([0-9])[.,]([0-9]+)E\+?([0-9]{1,2})", re.ASCII | re.IGNORECASE)
"""How spreadsheets write a long number in a narrow column."""
_REGISTER: Final = {
    "NL": re.compile("(?:KVK)?[0-9]{8}"),
    "DE": re.compile("HR[AB][0-9]{1,6}[A-Z]{0,2}"),
    "LU": re.compile("(?:RCS)?[A-Z][0-9]{1,6}"),
}
"""Numbers of trade registers that have no check digits, by country."""

DIGITS_ONLY: Final = N_("A company number has digits only.")
WRONG_LENGTH: Final = N_("The company number has the wrong length.")
WRONG_DIGITS: Final = N_("The check digits are wrong: a digit was mistyped.")
NO_NUMBER: Final = N_("This is not a company number.")
UNKNOWN_COUNTRY: Final = N_("Company numbers of this country cannot be checked.")
OTHER_COUNTRY: Final = N_(
    "The letters before this number are those of another country than the one that is named. Correct one of the two."
)
SHORTENED: Final = N_("A spreadsheet has shortened this number. Write all of its digits.")
OF_REGISTER: Final = N_(
    "This is a number of a trade register, and its digits cannot be checked. Write the VAT number, or leave it empty."
)


@dataclass(frozen=True, slots=True)
class CompanyNumber:
    """A valid number.

    Attributes:
        country: ISO 3166 alpha-2; XI for VAT numbers of Northern Ireland.
        number: its one form (see above).
        given_vat: the VAT number that stood there, where the company number does not tell it (France).
    """

    country: str
    number: str
    given_vat: str | None = None

    def shown(self) -> str:
        """As people write it: 0999.888.767, NL004495445B01, 404 833 048, CHE-107.787.577."""
        return shown_number(self.country, self.number)

    @property
    def vat_id(self) -> str | None:
        """The VAT number with the letters of its country; None where only the company number is known (France)."""
        return self.given_vat or vat_id_of(self.country, self.number)


class NotANumber(ValueError):
    """The text is no company number of that country; `reason` is a message for people (marked for translation)."""

    def __init__(self, reason: str, fixed: str | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fixed = fixed


def is_belgian(text: str) -> bool:
    """Whether a text is the ten digits of a Belgian number, as nearly every list has them."""
    return _BELGIAN.fullmatch(text) is not None and 97 - int(text[:8]) % 97 == int(text[8:])


def parse_company_number(text: str, country: str = "BE") -> CompanyNumber:
    """A number of one country: as `read_number`, where nothing else may stand before it."""
    return read_number(text, country)


def read_number(text: str, country: str | None = None) -> CompanyNumber:
    """Read a company or VAT number as people and programs write it.

    `BE 0999.888.767`, `0999888767`, `999888767`, `BTW BE-0999.888.767 RPR Gent`, `FR 83 404 833 048`, `CHE-107.787.577 MWST`, in full
    width, with any dash, dot, space or invisible sign between.

    Args:
        country: the one that was named, as `countries.country_code` gives it; None takes it from the letters, else it is Belgium.

    Raises:
        NotANumber: with a reason for people, for a wrong length, wrong characters, wrong check digits or another country's letters.
    """
    if country in (None, "BE") and is_belgian(text):
        return CompanyNumber("BE", text)
    country = None if country is None else _PREFIXES.get(country, country)
    if country is not None and country not in _MODULES:
        raise NotANumber(UNKNOWN_COUNTRY)
    parts = pieces(_unshortened(text))
    fault: NotANumber | None = None
    for bare, found in _readings(parts, country):
        try:
            number = _checked(bare, found)
        except NotANumber as wrong:
            if fault is None or found == country:
                fault = wrong
            continue
        if country is not None and found != country and (country, found) != ("GB", "XI"):
            raise NotANumber(OTHER_COUNTRY)
        return number
    raise fault or NotANumber(DIGITS_ONLY)


def read_vat(text: str) -> str | None:
    """A VAT number as it is stored, with the letters of its country (BE0999888767, EL094259216, CHE107787577); None when it is none.

    The letters must stand there, as a number without them may be one of several countries.
    """
    parts = pieces(text)
    whole = unworded(parts, frozenset(_PREFIXES))
    if not any(one in _PREFIXES for one in parts) and not any(whole.startswith(one) for one in _PREFIXES):
        return None
    try:
        return read_number(text).vat_id
    except NotANumber:
        return None


def _unshortened(text: str) -> str:
    """A number that a spreadsheet wrote with an exponent, whole again.

    Raises:
        NotANumber: digits are gone.
    """
    found = _SHORTENED.fullmatch("".join(text[:40].split())) if "+" in text or "e" in text.lower() else None
    if found is None:
        return text
    digits, exponent = found[1] + found[2], int(found[3])
    if exponent + 1 != len(digits):
        raise NotANumber(SHORTENED)
    return digits


def _readings(parts: list[str], country: str | None) -> Iterator[tuple[str, str]]:
    """What the pieces of a text may say, the likeliest first: bare characters, and the country whose number they would be.

    A country whose letters stand there comes before the one that is named.
    """
    plain = unworded(parts)
    named = country or ("NO" if any(one.endswith("MVA") for one in parts) else "BE")
    letters = [one for one in dict.fromkeys(parts) if one in _PREFIXES]
    letters.sort(key=lambda one: _PREFIXES[one] != named)
    meant = [one for one in letters if one not in _WORDS_TOO or _PREFIXES[one] == named or _leads(one, parts)]
    for one in meant:
        yield unworded([part for part in parts if part != one]), _PREFIXES[one]
    if not meant:
        glued = next((plain[:size] for size in (3, 2) if plain[:size] in _PREFIXES), None)
        if glued is not None:
            yield plain[len(glued) :], _PREFIXES[glued]
    # What looks like the letters of a country may be a part of the number itself (a French key), or a word.
    yield plain, named
    for one in letters:
        if one not in meant:
            yield unworded([part for part in parts if part != one]), _PREFIXES[one]


def _leads(letters: str, parts: list[str]) -> bool:
    """Whether letters that may be a word stand right before digits, as those of a country do."""
    following = parts[parts.index(letters) + 1 :]
    return letters != "NO" and bool(following) and following[0][0].isdigit()


def _checked(bare: str, country: str) -> CompanyNumber:
    """The bare characters of a number of a country, verified."""
    if not bare or not bare.isascii() or not any(one.isdigit() for one in bare):
        raise NotANumber(DIGITS_ONLY)
    if not bare.isalnum() and country != "IE":
        raise NotANumber(DIGITS_ONLY)
    # Letters said twice, as in "BTW-nr. BE: BE 0999.888.767" without spaces.
    own = _VAT_LETTERS.get(country, country)
    if bare.startswith(own) and country not in {"CH", "FR"}:
        bare = bare[len(own) :]
    try:
        return _BY_COUNTRY.get(country, _by_module)(bare, country)
    except stdnum_errors.ValidationError as error:
        register = _REGISTER.get(country)
        if register is not None and register.fullmatch(bare):
            raise NotANumber(OF_REGISTER) from error
        if isinstance(error, stdnum_errors.InvalidLength):
            raise NotANumber(WRONG_LENGTH) from error
        if isinstance(error, stdnum_errors.InvalidChecksum):
            raise NotANumber(WRONG_DIGITS) from error
        raise NotANumber(NO_NUMBER) from error


def _by_module(bare: str, country: str) -> CompanyNumber:
    return CompanyNumber(country, str(_MODULES[country].validate(bare)))


def _belgian(bare: str, country: str) -> CompanyNumber:
    if len(bare) == 9 and bare.isdigit():
        bare = "0" + bare
    return CompanyNumber(country, bare) if is_belgian(bare) else _by_module(bare, country)


def _dutch(bare: str, country: str) -> CompanyNumber:
    if not 10 <= len(bare) <= 12:  # the module takes shorter ones for numbers that lost their zeros
        raise stdnum_errors.InvalidLength
    return _by_module(bare, country)


def _french(bare: str, country: str) -> CompanyNumber:
    bare = bare.removeprefix("FR")
    if len(bare) == 14 and bare.isdigit():
        return CompanyNumber(country, str(fr_siret.validate(bare))[:9])
    if len(bare) == 11:
        key = str(fr_tva.validate(bare))
        monaco = key[2:5] == "000"
        return CompanyNumber(country, key if monaco else key[2:], f"FR{key}")
    return CompanyNumber(country, str(fr_siren.validate(bare)))


def _swiss(bare: str, country: str) -> CompanyNumber:
    digits = bare.removeprefix("CHE").removeprefix("E")
    return CompanyNumber(country, str(ch_uid.validate("CHE" + digits)))


def _swedish(bare: str, country: str) -> CompanyNumber:
    return _by_module(bare + "01" if len(bare) == 10 and bare.isdigit() else bare, country)


def _hungarian(bare: str, country: str) -> CompanyNumber:
    return _by_module(bare[:8] if len(bare) == 11 and bare.isdigit() else bare, country)


_BY_COUNTRY: Final[dict[str, Callable[[str, str], CompanyNumber]]] = {
    "BE": _belgian,
    "NL": _dutch,
    "FR": _french,
    "CH": _swiss,
    "SE": _swedish,
    "HU": _hungarian,
}


def vat_id_of(country: str, number: str | None) -> str | None:
    """The VAT number of a stored number, with its letters; None where the number does not tell it (France), or there is none."""
    if not number:
        return None
    if country == "FR":
        return f"FR{number}" if len(number) == 11 else None
    if country == "CH":
        return number
    return f"{_VAT_LETTERS.get(country, country)}{number}"


def french_vat(siren: str) -> str:
    """The VAT number that France gives a SIREN: its key is 12 plus three times the number modulo 97, modulo 97.

    Some companies have another key; so it is for comparing, not for showing.
    """
    return f"FR{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def canonical(country: str, number: str) -> tuple[str, str]:
    """The pair by which a company is told from others, of one that a file carries (`exports.numbers.company_number`).

    Files are taken as they are: no check digits are asked for, only spellings of one number become one.
    """
    if country == "FR" and len(number) == 11 and number[2:].isdigit() and number[2:5] != "000":
        return country, number[2:]
    if country == "FR" and len(number) == 14 and number.isdigit():
        return country, number[:9]
    if country == "CH" and (found := _SWISS.fullmatch(number)) is not None:
        return country, f"CHE{found[1]}"
    if country == "NO" and number.endswith("MVA"):
        return country, number[:-3]
    return country, number


@lru_cache(maxsize=4096)
def shown_number(country: str, number: str | None) -> str:
    """A stored number as people write it; empty without one. What is no number of that country is shown as it stands."""
    if not number:
        return ""
    if country == "BE" and _BELGIAN.fullmatch(number):
        return f"{number[:4]}.{number[4:7]}.{number[7:]}"
    if country not in _MODULES:
        return number
    try:
        read = read_number(number, country)
    except NotANumber:
        return number
    return read.given_vat or _spelled(read)


_WITH_LETTERS = re.compile(r"(BE ?)?([01][0-9]{3})[. ]?([0-9]{3})[. ]?([0-9]{3})", re.ASCII)


def spelled(text: str, country: str | None) -> str:
    """A number that is shown, whether its country is known or its letters stand before it; what is none stays as it is."""
    if country is not None and country != "BE":
        return shown_number(_PREFIXES.get(country, country), text)
    found = _WITH_LETTERS.fullmatch(text)
    if found is not None:
        letters = "BE " if found[1] else ""
        return f"{letters}{found[2]}.{found[3]}.{found[4]}"
    letters, _space, rest = text.partition(" ")
    return shown_number(_PREFIXES[letters], rest) if rest and letters in _PREFIXES else text


def _spelled(read: CompanyNumber) -> str:
    number = read.number
    if read.country == "BE":
        return f"{number[:4]}.{number[4:7]}.{number[7:]}"
    if read.country == "FR" and len(number) == 9:
        return f"{number[:3]} {number[3:6]} {number[6:]}"
    if read.country == "CH":
        return f"CHE-{number[3:6]}.{number[6:9]}.{number[9:]}"
    return vat_id_of(read.country, number) or number


def shown_vat(vat_id: str | None) -> str:
    """A stored VAT number as people write it: BE 0999.888.767; what is none is shown as it stands."""
    if not vat_id:
        return ""
    if vat_id.startswith("BE") and _BELGIAN.fullmatch(vat_id[2:]):
        return f"BE {shown_number('BE', vat_id[2:])}"
    return vat_id
