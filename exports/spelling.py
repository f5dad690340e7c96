"""How people and programs write numbers of companies: the signs and words that say nothing, taken away. Pure text, no check digits."""

import re
import unicodedata
from typing import Final

LONGEST: Final = 120
"""Characters of a number with everything around it; what is longer is none."""

_USUAL = re.compile(r"[0-9A-Za-z]{1,40}", re.ASCII)
_KEPT: Final = "+*"
"""Signs that are a part of old Irish numbers; all others only part them."""
_FILLERS: Final = "\u115f\u1160"
"""Letters without a shape."""
_WHOLE = re.compile(r"[0-9]{9,10}[.,]0{1,2}", re.ASCII)
"""A cell that holds a number with decimals: they are none of it."""

WORDS: Final = frozenset(
    [
        "ABN",
        "AFM",
        "ALV",
        "BCE",
        "BTW",
        "BTWID",
        "BTWNR",
        "BTWNUMMER",
        "BTWNO",
        "CBE",
        "CIF",
        "COMPANY",
        "CVR",
        "D",
        "DE",
        "DEL",
        "DER",
        "DES",
        "DI",
        "DNI",
        "DU",
        "E",
        "EN",
        "ENTERPRISE",
        "ENTREPRISE",
        "ET",
        "EU",
        "FISCAL",
        "FISCALE",
        "GST",
        "HET",
        "ID",
        "IDENT",
        "IDENTIFICATIE",
        "IDENTIFICATIENUMMER",
        "IDENTIFICATION",
        "IDENTIFICATIONNUMBER",
        "IDENTIFIKATIONSNUMMER",
        "IDNO",
        "IDNR",
        "IDNUMMER",
        "INTRA",
        "INTRACOM",
        "INTRACOMMUNAUTAIRE",
        "INTRACOMMUNITY",
        "IVA",
        "KBO",
        "KBONR",
        "KBONUMMER",
        "L",
        "LE",
        "MEHRWERTSTEUER",
        "MEHRWERTSTEUERNUMMER",
        "MOMS",
        "MOMSNR",
        "MVA",
        "MWST",
        "MWSTNR",
        "MWSTNUMMER",
        "N",
        "NI",
        "NIF",
        "NIP",
        "NIPC",
        "NO",
        "NR",
        "NRO",
        "NUM",
        "NUMBER",
        "NUMER",
        "NUMERO",
        "NUMMER",
        "O",
        "OF",
        "ONDERNEMING",
        "ONDERNEMINGS",
        "ONDERNEMINGSNR",
        "ONDERNEMINGSNUMMER",
        "ONDNR",
        "ORGANISASJONSNUMMER",
        "ORGANISATIONSNUMMER",
        "ORGNR",
        "P",
        "PARTITA",
        "PARTITAIVA",
        "PIVA",
        "REG",
        "REGISTERED",
        "REGISTRATION",
        "SE",
        "SIREN",
        "SIRET",
        "STEUER",
        "TAX",
        "TIN",
        "TPV",
        "TVA",
        "TVANO",
        "TVANR",
        "UID",
        "UMSATZSTEUER",
        "UMSATZSTEUERID",
        "UMSATZSTEUERIDENTIFIKATIONSNUMMER",
        "UNTERNEHMENS",
        "UNTERNEHMENSNR",
        "UNTERNEHMENSNUMMER",
        "UST",
        "USTID",
        "USTIDNR",
        "USTNR",
        "VAN",
        "VAT",
        "VATID",
        "VATIN",
        "VATNO",
        "VATNR",
        "VATNUMBER",
        "ZDU",
        "ZOU",
        "Y",
        "TUNNUS",
        "ΑΦΜ",
        "ΦΠΑ",
    ]
)
"""Words that stand before or after a number in the languages of Europe, in capitals and without accents."""
COURTS: Final = frozenset({"RPR", "RPM", "RJP", "RCS"})
"""Registers of courts: the name of a place may follow."""
_GLUED = re.compile(
    "(?:BTW|TVA|VAT|MWST|UST|USTID|USTIDNR|KBO|BCE|CBE|ZDU|RPR|RPM|UID|ONDERNEMINGSNUMMER|BTWNUMMER|NR)+(?=[A-Z]{0,3}[0-9])"
)
"""Words that are written against the number itself."""
_ENDING = re.compile("(?<=[0-9])(?:MWST|TVA|IVA|TPV|MVA|BTW|VAT|RPR|RPM)$")


def pieces(text: str) -> list[str]:
    """The letters and digits of a text, in capitals, parted where other signs stood; empty for what is too long to be a number.

    Compatibility forms are folded (full width, №), accents and invisible signs go; every dash, dot, space, comma, slash, bracket and quote
    parts pieces and is gone. Letters and digits of other scripts stay: no number has them.
    """
    if _USUAL.fullmatch(text):
        return [text.upper()]
    if len(text) > LONGEST:
        return []
    if _WHOLE.fullmatch(text.strip()):
        text = text.strip()[:-1].rstrip("0")
    kept = [_sign(one) for one in unicodedata.normalize("NFKD", text.replace("\u2116", "no "))]
    return _undotted("".join(kept).upper().split())


def _undotted(parts: list[str]) -> list[str]:
    """Words whose letters were parted by dots (B.T.W.), whole again."""
    whole: list[str] = []
    at = 0
    while at < len(parts):
        end = at
        while end < len(parts) and len(parts[end]) == 1 and parts[end].isalpha():
            end += 1
        word = "".join(parts[at:end])
        if end - at > 1 and (word in WORDS or word in COURTS):
            whole.append(word)
            at = end
        else:
            whole.append(parts[at])
            at += 1
    return whole


def _sign(one: str) -> str:
    if one.isascii():
        return one if one.isalnum() or one in _KEPT else " "
    category = unicodedata.category(one)
    if category in {"Mn", "Me", "Cf", "Cc", "Cn", "Co", "Cs"} or one in _FILLERS:
        return " " if one == "\u0085" else ""
    return one if category[0] == "L" or category == "Nd" else " "


def unworded(parts: list[str], keep: frozenset[str] = frozenset()) -> str:
    """Pieces put together without the words around them; `keep` are words that are meant (the letters of a country)."""
    court = any(one in COURTS for one in parts)
    said = [
        one
        for one in parts
        if one in keep or not (one in WORDS or one in COURTS or (court and one.isalpha() and len(one) > 3))
    ]
    whole = "".join(said)
    whole = _GLUED.sub("", whole, count=1) if _GLUED.match(whole) else whole
    return _ENDING.sub("", whole)


__all__ = ["COURTS", "LONGEST", "WORDS", "pieces", "unworded"]
