"""By what else a company is known than its company number: the schemes, and what a value of each looks like."""

import enum
import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from stdnum import ean

from exports.spelling import pieces
from portal.kernel.language import N_
from portal.kernel.numbers import NotANumber, parse_company_number, read_vat


class Scheme(enum.StrEnum):
    """What kind of identifier it is."""

    ENTERPRISE = "enterprise"
    VAT = "vat"
    GLN = "gln"
    PEPPOL = "peppol"
    FOREIGN = "foreign"


class Source(enum.StrEnum):
    """How the office knows it."""

    TYPED = "typed"
    IMPORT = "import"
    REGISTER = "register"


@dataclass(frozen=True, slots=True)
class KnownAs:
    """An identifier as it is shown; one that has ended with its last day."""

    scheme: Scheme
    value: str
    valid_until: date | None


SCHEME_NAMES: Final = {
    Scheme.ENTERPRISE: N_("Belgian enterprise number"),
    Scheme.VAT: N_("VAT number"),
    Scheme.GLN: N_("GLN (location number)"),
    Scheme.PEPPOL: N_("Peppol address"),
    Scheme.FOREIGN: N_("Number in a foreign register"),
}
SOURCE_NAMES: Final = {
    Source.TYPED: N_("told or typed"),
    Source.IMPORT: N_("an imported list"),
    Source.REGISTER: N_("a public register"),
}

_PEPPOL = re.compile(r"([0-9]{4}):([0-9A-Za-z._~+-]{1,50})", re.ASCII)
_FOREIGN = re.compile(r"(?=.*[0-9])[0-9A-Z]{5,40}", re.ASCII)
NOT_VAT = N_(
    "A VAT number begins with the letters of its country, such as BE, EL or CHE, and its check digits are right."
)
NOT_GLN = N_("A GLN has thirteen digits, and the last one checks the others.")
NOT_PEPPOL = N_("A Peppol address is four digits, a colon and the number, for example 0208:0417497106.")
NOT_FOREIGN = N_("A number in a foreign register has 5 to 40 letters and digits.")
ENDS_FIRST = N_("It ends before it begins.")
ENDS_LATER = N_("This day is still to come: end it when it is over.")


def read_identifier(scheme: Scheme, text: str) -> str:
    """An identifier as it is stored: normalised, so that the same one is written in one way, its check digits verified.

    Raises:
        NotANumber: it is none of that scheme, with a reason for people.
    """
    bare = "".join(pieces(text))
    if scheme is Scheme.ENTERPRISE:
        return parse_company_number(text).number
    if scheme is Scheme.VAT:
        return _vat(text)
    if scheme is Scheme.GLN:
        return _gln(bare, NOT_GLN)
    if scheme is Scheme.PEPPOL:
        return _peppol("".join(text.split()))
    if not _FOREIGN.fullmatch(bare):
        raise NotANumber(NOT_FOREIGN)
    return bare


def _vat(text: str) -> str:
    read = read_vat(text)
    if read is None:
        raise NotANumber(NOT_VAT)
    return read


def _gln(bare: str, reason: str) -> str:
    if len(bare) != 13 or not ean.is_valid(bare):
        raise NotANumber(reason)
    return bare


def _peppol(text: str) -> str:
    """Of the schemes whose check digits are known, the number is verified too: 0208 and 9925 (Belgian), 0088 (GLN)."""
    found = _PEPPOL.fullmatch(text)
    if found is None:
        raise NotANumber(NOT_PEPPOL)
    scheme, value = found.groups()
    if scheme == "0208":
        value = parse_company_number(value).number
    elif scheme == "9925":
        value = f"BE{parse_company_number(value).number}"
    elif scheme == "0088":
        value = _gln(value, NOT_GLN)
    return f"{scheme}:{value}"


def as_on_papers(scheme: Scheme, value: str) -> str:
    """A stored identifier as invoices carry it, with the country where that may be another than the company's own.

    Of a Peppol address it is the number alone: its scheme stands beside it there.
    """
    if scheme is Scheme.ENTERPRISE:
        return f"BE{value}"
    if scheme is Scheme.PEPPOL:
        kind, _, bare = value.partition(":")
        return f"BE{bare}" if kind == "0208" else bare
    return value


def ends_before_it_begins(since: date | None, until: date) -> bool:
    """Whether a last day lies before the first; without a first day it never does."""
    return since is not None and until < since
