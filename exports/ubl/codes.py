"""Code lists of Belgian invoices, as data.

Sources: UNCL1001, UNCL5305 and VATEX as OpenPeppol restricts them for BIS Billing 3.0.21; the Belgian codes
and their VAT return boxes from annex 1 of UBL.BE 1.31; rates from the Belgian VAT code, each with the days
it holds. A rate that changes is one more row here and nothing else.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal
from typing import Literal

from msgspec import Struct

BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
BILLING_PROFILE = "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0"
SELF_BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0"
SELF_BILLING_PROFILE = "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0"

#: UNCL1001 for invoices and credit notes in the billing profile; 389 and 261 are the self-billing profile's.
INVOICE_TYPES = frozenset(
    [
        "71",
        "80",
        "82",
        "84",
        "102",
        "218",
        "219",
        "326",
        "331",
        "380",
        "382",
        "383",
        "384",
        "386",
        "388",
        "393",
        "395",
        "553",
        "575",
        "623",
        "780",
        "817",
        "870",
        "875",
        "876",
        "877",
    ]
)
CREDIT_NOTE_TYPES = frozenset({"81", "83", "381", "396", "532"})

#: VAT categories (UNCL5305).
STANDARD, ZERO_RATED, EXEMPT, REVERSE_CHARGE = "S", "Z", "E", "AE"
INTRA_COMMUNITY, EXPORT, NOT_SUBJECT = "K", "G", "O"

Language = Literal["nl", "fr", "de", "en"]
Words = Mapping[Language, str]

#: The reason code that goes with a category where there is only one.
VATEX = {
    REVERSE_CHARGE: "VATEX-EU-AE",
    INTRA_COMMUNITY: "VATEX-EU-IC",
    EXPORT: "VATEX-EU-G",
    NOT_SUBJECT: "VATEX-EU-O",
}

#: Reasons of allowances (UNCL5189) and charges (UNCL7161) that Belgian invoices use.
DISCOUNT, CASH_DISCOUNT = "95", "64"
ENVIRONMENTAL_CONTRIBUTION, OTHER_CHARGE = "AEO", "ZZZ"


class Rate(Struct, frozen=True):
    """A Belgian VAT rate and the days it holds, both included."""

    percent: Decimal
    valid_from: date
    valid_until: date | None = None


RATES: Sequence[Rate] = (
    Rate(Decimal(0), date(1971, 1, 1)),
    Rate(Decimal(6), date(1971, 1, 1)),
    Rate(Decimal(12), date(1992, 1, 1)),
    Rate(Decimal(21), date(1996, 1, 1)),
)


def _words(nl: str, fr: str, de: str, en: str) -> Words:
    return {"nl": nl, "fr": fr, "de": de, "en": en}


# Legal mentions. Reverse charge, margin scheme: article 226 of directive 2006/112/EC as it is in each language, with
# Belgium's Dutch "Verlegging van heffing" (royal decree 1, article 5). Small companies: royal decree 19.
_REVERSE_CHARGE = _words(
    "Verlegging van heffing",
    "Autoliquidation",
    "Steuerschuldnerschaft des Leistungsempfängers",
    "Reverse charge",
)
_GOODS_IN_EUROPE = _words(
    "Vrijgestelde intracommunautaire levering - artikel 39bis W.Btw",
    "Livraison intracommunautaire exemptée - article 39bis C.TVA",
    "Steuerfreie innergemeinschaftliche Lieferung - Artikel 39bis MwStGB",
    "Exempt intra-Community supply - article 39bis Belgian VAT Code",
)
_TRIANGULAR = _words(
    "Verlegging van heffing - driehoeksverkeer",
    "Autoliquidation - opération triangulaire",
    "Steuerschuldnerschaft des Leistungsempfängers - Dreiecksgeschäft",
    "Reverse charge - triangular sale",
)
_TAXED_ELSEWHERE = _words(
    "Btw verschuldigd in een andere lidstaat",
    "TVA due dans un autre État membre",
    "Mehrwertsteuer in einem anderen Mitgliedstaat geschuldet",
    "VAT due in another member state",
)
_EXPORTED = _words(
    "Vrijgestelde uitvoer - artikel 39 W.Btw",
    "Exportation exemptée - article 39 C.TVA",
    "Steuerfreie Ausfuhr - Artikel 39 MwStGB",
    "Exempt export - article 39 Belgian VAT Code",
)
_EXEMPT = _words("Vrijgesteld van btw", "Exempté de TVA", "Von der Mehrwertsteuer befreit", "Exempt from VAT")
_FINANCIAL_DISCOUNT = _words("Financiële korting", "Escompte financier", "Skonto", "Financial discount")
_SMALL_COMPANY = _words(
    "Bijzondere vrijstellingsregeling kleine ondernemingen",
    "Régime particulier de franchise des petites entreprises",
    "Sonderregelung der Steuerbefreiung für Kleinunternehmen",
    "Special exemption scheme for small enterprises",
)
_ARTICLE_44 = _words(
    "Vrijgesteld van btw - artikel 44 W.Btw",
    "Exempté de TVA - article 44 C.TVA",
    "Von der Mehrwertsteuer befreit - Artikel 44 MwStGB",
    "Exempt from VAT - article 44 Belgian VAT Code",
)
_MARGIN = _words(
    "Bijzondere regeling - gebruikte goederen",
    "Régime particulier - Biens d'occasion",
    "Sonderregelung für Gebrauchtgegenstände",
    "Margin scheme - Second-hand goods",
)
_NOT_SUBJECT = _words(
    "Niet aan btw onderworpen",
    "Non soumis à la TVA",
    "Nicht der Mehrwertsteuer unterworfen",
    "Not subject to VAT",
)

#: What an exempt category says where its lines say nothing.
USUAL_MENTIONS: Mapping[str, Words] = {
    REVERSE_CHARGE: _REVERSE_CHARGE,
    INTRA_COMMUNITY: _GOODS_IN_EUROPE,
    EXPORT: _EXPORTED,
    NOT_SUBJECT: _NOT_SUBJECT,
}
#: The same for every other one.
EXEMPT_MENTION = _EXEMPT


class TaxCode(Struct, frozen=True):
    """A Belgian code, as ``TaxCategory/cbc:Name`` carries it.

    Attributes:
        code: The code.
        category: Its category in UNCL5305.
        meaning: English, for a person who chooses.
        mention: What the invoice must say, by language; empty where it need say nothing.
        percent: Its rate where the code fixes one.
        box: Box of the periodical VAT return for the taxable amount of a sale, where there is one.
        vatex: Reason code that goes with it.
    """

    code: str
    category: str
    meaning: str
    mention: Words = {}
    percent: Decimal | None = None
    box: str | None = None
    vatex: str | None = None
    valid_from: date = date(2018, 2, 14)
    valid_until: date | None = None


def _taxed(code: str, meaning: str, percent: int, box: str) -> TaxCode:
    return TaxCode(code, STANDARD, meaning, percent=Decimal(percent), box=box)


def _nil(
    code: str, category: str, meaning: str, mention: Words, box: str | None = None, vatex: str | None = None
) -> TaxCode:
    percent = None if category == NOT_SUBJECT else Decimal(0)
    return TaxCode(code, category, meaning, mention, percent, box, vatex or VATEX.get(category))


TAX_CODES: Sequence[TaxCode] = (
    _nil("00", ZERO_RATED, "Zero rate", {}, "00"),
    _taxed("01", "6 %", 6, "01"),
    _taxed("02", "12 %", 12, "02"),
    _taxed("03", "21 %", 21, "03"),
    _taxed("03/SE", "Standard exchange", 21, "03"),
    TaxCode("MA", STANDARD, "Margin scheme", _MARGIN),
    TaxCode("OSS-G", STANDARD, "One stop shop, goods"),
    TaxCode("OSS-S", STANDARD, "One stop shop, services"),
    TaxCode("OSS-I", STANDARD, "One stop shop, imports"),
    _nil("45", REVERSE_CHARGE, "Co-contractor", _REVERSE_CHARGE, "45"),
    _nil("NA", EXEMPT, "Exempt, other than in the return", _EXEMPT),
    _nil("FD", EXEMPT, "Financial discount", _FINANCIAL_DISCOUNT),
    _nil("SC", EXEMPT, "Small company (article 56bis)", _SMALL_COMPANY),
    _nil("00/44", EXEMPT, "Exempt by article 44", _ARTICLE_44, "00", "VATEX-EU-132"),
    _nil("46/GO", INTRA_COMMUNITY, "Goods within the EU", _GOODS_IN_EUROPE, "46"),
    _nil("46/TR", INTRA_COMMUNITY, "Triangular sale", _TRIANGULAR, "46"),
    _nil("44", INTRA_COMMUNITY, "Services within the EU", _REVERSE_CHARGE, "44"),
    _nil("47/TO", INTRA_COMMUNITY, "Manufacturing within the EU", _TAXED_ELSEWHERE, "47"),
    _nil("47/AS", INTRA_COMMUNITY, "Assembly within the EU", _TAXED_ELSEWHERE, "47"),
    _nil("47/DI", INTRA_COMMUNITY, "Distance sale within the EU", _TAXED_ELSEWHERE, "47"),
    _nil("47/SE", INTRA_COMMUNITY, "Other services within the EU", _TAXED_ELSEWHERE, "47"),
    _nil("47/EX", EXPORT, "Export", _EXPORTED, "47"),
    _nil("47/EI", EXPORT, "Indirect export", _EXPORTED, "47"),
    _nil("47/EE", EXPORT, "Export through the EU", _EXPORTED, "47"),
    _nil("NS", NOT_SUBJECT, "Not subject to VAT", _NOT_SUBJECT),
)

_USUAL = {
    ZERO_RATED: "00",
    REVERSE_CHARGE: "45",
    EXEMPT: "NA",
    INTRA_COMMUNITY: "46/GO",
    EXPORT: "47/EX",
    NOT_SUBJECT: "NS",
}


def rates(on: date) -> list[Decimal]:
    """The Belgian rates that hold on a day, lowest first."""
    return sorted(rate.percent for rate in RATES if _holds(rate, on))


def tax_code(code: str, on: date) -> TaxCode | None:
    """The Belgian code as it holds on a day."""
    return next((one for one in TAX_CODES if one.code == code and _holds(one, on)), None)


def usual_tax_code(category: str, percent: Decimal | None, on: date) -> str | None:
    """The Belgian code to propose for a category and rate; ``None`` for a rate Belgium does not have."""
    if category == STANDARD:
        return next(
            (one.code for one in TAX_CODES if one.percent == percent and one.box and _holds(one, on)), None
        )
    return _USUAL.get(category)


def _holds(row: Rate | TaxCode, on: date) -> bool:
    return row.valid_from <= on and (row.valid_until is None or on <= row.valid_until)
