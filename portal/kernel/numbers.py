"""Company numbers: normalised, check digits verified, shown as people write them.

Sources: python-stdnum's modules for each country; the Belgian number is ten digits, the first 0 or 1, and the last two are
97 minus the first eight modulo 97. Nine digits are an old number that lost its zero.
"""

import re
from dataclasses import dataclass

from stdnum import exceptions as stdnum_errors
from stdnum.be import vat as be_vat
from stdnum.de import vat as de_vat
from stdnum.fr import siren as fr_siren
from stdnum.lu import tva as lu_tva
from stdnum.nl import btw as nl_btw

from portal.kernel.language import N_

_NOISE = re.compile(r"[\s.\-/()]", re.ASCII)
_MODULES = {"BE": be_vat, "NL": nl_btw, "LU": lu_tva, "FR": fr_siren, "DE": de_vat}
COUNTRIES = tuple(_MODULES)
_BELGIAN = re.compile(r"[01][0-9]{9}")


@dataclass(frozen=True, slots=True)
class CompanyNumber:
    """A valid number: `country` is ISO 3166 alpha-2, `number` the bare normalised form (Belgium: ten digits)."""

    country: str
    number: str

    def shown(self) -> str:
        """As people write it: 0999.888.767 in Belgium."""
        if self.country == "BE":
            return f"{self.number[:4]}.{self.number[4:7]}.{self.number[7:]}"
        return self.number

    @property
    def vat_id(self) -> str:
        """With its country prefix; only meaningful where VAT and company number share digits (Belgium)."""
        return f"{self.country}{self.number}"


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
    """Read a company number as people and programs write it (`BE 0999.888.767`, `0999888767`, `999888767`).

    Raises:
        NotANumber: with a reason for people, for a wrong length, wrong characters or wrong check digits.
    """
    bare = _NOISE.sub("", text).upper()
    module = _MODULES.get(country)
    if module is None:
        raise NotANumber(N_("Company numbers of this country cannot be checked."))
    if not bare or not bare.isascii() or not bare.isalnum():
        raise NotANumber(N_("A company number has digits only."))
    if bare.startswith(country) and country != "NL":
        bare = bare[2:]
    if country == "BE" and len(bare) == 9 and bare.isdigit():
        bare = "0" + bare
    if country == "BE" and is_belgian(bare):
        return CompanyNumber(country, bare)
    try:
        number = module.validate(bare)
    except stdnum_errors.InvalidLength as error:
        raise NotANumber(N_("The company number has the wrong length.")) from error
    except stdnum_errors.InvalidChecksum as error:
        raise NotANumber(N_("The check digits are wrong: a digit was mistyped.")) from error
    except stdnum_errors.ValidationError as error:
        raise NotANumber(N_("This is not a company number.")) from error
    return CompanyNumber(country, number)


def shown_number(country: str, number: str | None) -> str:
    """A stored number as people write it; empty without one."""
    return CompanyNumber(country, number).shown() if number else ""
