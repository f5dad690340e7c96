"""Peppol's rules about the identifiers of parties (PEPPOL-COMMON-R040 to R057)."""

from collections.abc import Callable, Sequence

from exports.model import Severity
from exports.ubl.check.names import Element
from exports.ubl.check.rules import checkdigits
from exports.ubl.check.rules.model import Breach, Facts, Table, normal, normal_text, text

RULES = Table()

_PATHS = ("cbc:EndpointID", "cac:PartyIdentification/cbc:ID", "cbc:CompanyID")
_SCHEMES: set[str] = set()


def _scheme(
    rule: str,
    scheme: str,
    valid: Callable[[str], bool],
    words: str,
    *,
    severity: Severity = "fatal",
    as_written: bool = False,
) -> None:
    """Enters the rule of one identifier scheme.

    ``as_written``: the Danish rules count blanks around the number, the others do not.
    """

    def test(element: Element, _facts: Facts) -> Breach | None:
        value = text(element) if as_written else normal(text(element))
        return None if valid(value) else {"value": value[:200], "scheme": scheme}

    def select(facts: Facts) -> Sequence[Element]:
        return facts.identifiers.get(scheme, ())

    _SCHEMES.add(scheme)
    paths = (f"{path}[@schemeID='{scheme}']" for path in _PATHS)
    RULES.add(rule, words, *paths, severity=severity, select=select, test=test)


def _of_length(length: int) -> Callable[[str], bool]:
    return lambda number: checkdigits.digits(number, length)


_scheme("PEPPOL-COMMON-R040", "0088", checkdigits.gln, "A GLN (scheme 0088) has GS1's check digit.")
_scheme(
    "PEPPOL-COMMON-R041",
    "0192",
    checkdigits.norwegian,
    "A Norwegian organisation number (scheme 0192) has nine digits, the last a check digit.",
)
_scheme(
    "PEPPOL-COMMON-R042",
    "0184",
    checkdigits.danish_company,
    "A Danish CVR number (scheme 0184) has eight digits, with or without DK before them.",
    as_written=True,
)
_scheme(
    "PEPPOL-COMMON-R043",
    "0208",
    checkdigits.belgian,
    "A Belgian enterprise number (scheme 0208) has ten digits without BE or dots, the last two check digits.",
)
_scheme(
    "PEPPOL-COMMON-R044",
    "0201",
    checkdigits.italian_office,
    "An Italian IPA code (scheme 0201) has six letters or digits.",
    severity="warning",
)
_scheme(
    "PEPPOL-COMMON-R045",
    "0210",
    checkdigits.italian_fiscal,
    "An Italian codice fiscale (scheme 0210) has eleven digits, or the sixteen signs of a person's.",
    severity="warning",
)
_scheme(
    "PEPPOL-COMMON-R047",
    "0211",
    checkdigits.italian_vat,
    "An Italian partita IVA (scheme 0211) is IT and eleven digits, the last a check digit.",
    severity="warning",
)
_scheme(
    "PEPPOL-COMMON-R049",
    "0007",
    checkdigits.swedish,
    "A Swedish organisation number (scheme 0007) has ten digits, the last a check digit.",
)
_scheme(
    "PEPPOL-COMMON-R050",
    "0151",
    checkdigits.australian,
    "An Australian business number (scheme 0151) has eleven digits that pass its check.",
)
_scheme(
    "PEPPOL-COMMON-R052",
    "0096",
    _of_length(10),
    "A Danish P number (scheme 0096) has ten digits.",
    as_written=True,
)
_scheme(
    "PEPPOL-COMMON-R053",
    "0198",
    checkdigits.danish_vat,
    "A Danish SE number (scheme 0198) is DK and eight digits.",
    as_written=True,
)
_scheme(
    "PEPPOL-COMMON-R054",
    "0106",
    _of_length(8),
    "A Dutch KVK number (scheme 0106) has eight digits.",
    severity="warning",
)
_scheme(
    "PEPPOL-COMMON-R055",
    "0190",
    _of_length(20),
    "A Dutch OIN (scheme 0190) has twenty digits.",
    severity="warning",
)
_scheme(
    "PEPPOL-COMMON-R056-1",
    "9944",
    checkdigits.dutch_vat,
    "A Dutch VAT number (scheme 9944) is NL, nine digits, B and two digits.",
    severity="warning",
)
_scheme(
    "PEPPOL-COMMON-R057",
    "0217",
    _of_length(12),
    "A Dutch establishment number (scheme 0217) has twelve digits.",
    severity="warning",
)


@RULES.rule(
    "PEPPOL-COMMON-R046",
    "An Italian codice fiscale (scheme 9907) has eleven digits, or the sixteen signs of a person's.",
    "cbc:EndpointID",
    severity="warning",
)
def _italian_address(element: Element, _facts: Facts) -> Breach | None:
    """Of electronic addresses only: 9907 is no scheme of other identifiers."""
    value = normal(text(element))
    if element.get("schemeID") != "9907" or checkdigits.italian_fiscal(value):
        return None
    return {"value": value[:200], "scheme": "9907"}


@RULES.rule(
    "PEPPOL-COMMON-R056-2",
    "A VAT number that begins with NL has nine digits, B and two digits after it.",
    "cac:PartyTaxScheme/cbc:CompanyID",
    severity="warning",
)
def _dutch_vat_number(element: Element, _facts: Facts) -> Breach | None:
    """Evaluated only where no scheme above claims the identifier: the publisher's rules take the first."""
    value = normal(text(element))
    scheme = element.getparent()
    if element.get("schemeID") in _SCHEMES or not value.startswith("NL") or scheme is None:
        return None
    if normal_text(scheme, "cac:TaxScheme", "cbc:ID") != "VAT" or checkdigits.dutch_vat(value):
        return None
    return {"value": value[:200]}
