"""Numbers as Belgian invoices write them: decimals, company numbers, structured communications."""

import re
from decimal import ROUND_HALF_UP, Decimal

from exports.spelling import pieces, unworded

CENT = Decimal("0.01")

#: xsd:decimal in ASCII, with a bound on its length so that no text becomes a number of a million digits.
_DECIMAL = re.compile(r"[+-]?(?:[0-9]{1,18}(?:\.[0-9]{0,18})?|\.[0-9]{1,18})", re.ASCII)
_NOT_DIGIT = re.compile(r"[^0-9]", re.ASCII)
_BELGIAN = re.compile(r"(?:BE)?[\s.]*(?:\(0\))?[0-9][0-9.\s\-/]*", re.ASCII | re.IGNORECASE)
#: The word for VAT that people put before a number, in Belgium's languages and English.
_TAX_WORD = re.compile(r"\s*(?:BTW|TVA|MWST|VAT)[\s.:\-]*", re.ASCII | re.IGNORECASE)
_FOREIGN_VAT = re.compile(r"([A-Z]{2})([0-9A-Z+*]{2,14})", re.ASCII)
_STRUCTURED = re.compile(r"[+*]{3}\s*[0-9]{3}\s*/\s*[0-9]{4}\s*/\s*[0-9]{5}\s*[+*]{3}|[0-9]{12}", re.ASCII)

#: ISO 3166-1 alpha-2, with what VAT numbers have instead: EL for Greece, XI for Northern Ireland.
_COUNTRY_CODES = """
    AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY
    BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK
    FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR
    IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK
    ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM
    PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF
    TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW EL XI
"""
_COUNTRIES = frozenset(_COUNTRY_CODES.split())

#: Schemes whose identifiers are Belgian enterprise numbers: 0208 is the register's, 9925 the VAT number's,
#: 9956 and 0193 what UBL.BE and older senders used for it.
_BELGIAN_SCHEMES = frozenset({"0208", "9925", "9956", "0193", "BE:CBE", "BE:EN", "BE:VAT", "BE:KBO"})


def is_country(code: str) -> bool:
    """Whether a text is a country as addresses and VAT numbers name it (``BE``, ``EL``); capitals."""
    return code in _COUNTRIES


def to_decimal(text: str) -> Decimal | None:
    """The value of an xsd:decimal, or ``None`` when the text is none.

    Only ASCII digits, one point and a sign: no exponent, no ``NaN``, no other scripts' digits, no thousands
    marks. At most 18 digits on each side. White space around it is the caller's to strip.
    """
    return Decimal(text) if _DECIMAL.fullmatch(text) else None


def half_up(value: Decimal, step: Decimal = CENT) -> Decimal:
    """The value rounded to the step (a cent), halves away from zero, as Belgian VAT is."""
    return value.quantize(step, rounding=ROUND_HALF_UP)


def enterprise_number(text: str) -> str | None:
    """A Belgian enterprise number as ten digits, or ``None`` when it is none.

    Accepts ``BE 0202.239.951``, ``0202239951``, ``202.239.951`` (nine digits, before 2005's leading zero),
    ``BE (0)202.239.951``, any of them beside ``BTW``, ``TVA``, ``MwSt``, ``VAT`` and other words (`exports.spelling`), with any
    dash, dot or space and whatever invisible signs. The last two digits are 97 minus the first eight modulo 97; the first
    digit is 0 or 1.
    """
    text = _without_tax_word(text.strip())
    if _BELGIAN.fullmatch(text):
        digits = _NOT_DIGIT.sub("", text)
    else:
        digits = unworded([one for one in pieces(text) if one != "BE"]).removeprefix("BE")
        if not (digits.isascii() and digits.isdigit()):
            return None
    if len(digits) == 9:
        digits = "0" + digits
    if len(digits) != 10 or digits[0] not in "01" or 97 - int(digits[:8]) % 97 != int(digits[8:]):
        return None
    return digits


def _without_tax_word(text: str) -> str:
    word = _TAX_WORD.match(text)
    return text[word.end() :] if word else text


def company_number(
    text: str, *, scheme: str | None = None, country: str | None = None
) -> tuple[str, str] | None:
    """``(country, number)`` of an identifier, normalised for comparing, or ``None``.

    Belgian: see :func:`enterprise_number`; a bare number counts as Belgian when its scheme or the party's country
    says so, or when neither says anything. A VAT id of another country, letters and digits only, that begins with
    a country's letters, with Greece as ``GR``: under the scheme ``VAT`` or an EAS one of VAT numbers (99…), as any
    customer code may look like one.
    """
    text = _without_tax_word(text)
    compact = re.sub(r"[\s.\-/]", "", text).upper() if text.isascii() else "".join(pieces(text))
    scheme = (scheme or "").upper()
    belgian = compact[:2] == "BE" or scheme in _BELGIAN_SCHEMES
    if belgian or (scheme in {"", "VAT"} and country in {"BE", None, ""}):
        number = enterprise_number(text)
        if number or belgian:
            return ("BE", number) if number else None
    match = _FOREIGN_VAT.fullmatch(compact)
    if (
        match
        and match[1] in _COUNTRIES
        and (scheme == "VAT" or scheme.startswith("99"))
        and any(sign.isdigit() for sign in match[2])
    ):
        return ("GR" if match[1] == "EL" else match[1]), match[2]
    return None


def structured_communication(text: str) -> str | None:
    """The twelve digits of a structured communication (OGM/VCS), or ``None`` when it is none.

    Accepts ``+++123/4567/89002+++``, ``***123/4567/89002***`` and twelve bare digits. The last two are the
    first ten modulo 97, with 97 for 0.
    """
    text = text.strip()
    if not _STRUCTURED.fullmatch(text):
        return None
    digits = _NOT_DIGIT.sub("", text)
    return digits if int(digits[10:]) == (int(digits[:10]) % 97 or 97) else None


def format_structured_communication(digits: str) -> str:
    """``123456789002`` as ``+++123/4567/89002+++``.

    Raises:
        ValueError: When it is not a structured communication.
    """
    normal = structured_communication(digits)
    if normal is None:
        raise ValueError(f"not a structured communication: {digits!r}")
    return f"+++{normal[:3]}/{normal[3:7]}/{normal[7:]}+++"


def make_structured_communication(number: int) -> str:
    """The twelve digits that carry a number below ten thousand million.

    Raises:
        ValueError: When the number does not fit in ten digits.
    """
    if not 0 <= number < 10**10:
        raise ValueError(f"does not fit in ten digits: {number}")
    return f"{number:010d}{number % 97 or 97:02d}"
