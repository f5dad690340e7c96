"""Code lists of Belgian invoices, as data.

Sources: UNCL1001, UNCL5305 and VATEX as OpenPeppol restricts them for BIS Billing 3.0.21; the Belgian codes
and their VAT return boxes from annex 1 of UBL.BE 1.31; rates from the Belgian VAT code, each with the days
it holds. A rate that changes is one more row here and nothing else.
"""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

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

#: The reason code that goes with a category where there is only one, and its words for people.
VATEX = {
    REVERSE_CHARGE: ("VATEX-EU-AE", "Reverse charge"),
    INTRA_COMMUNITY: ("VATEX-EU-IC", "Intra-community supply"),
    EXPORT: ("VATEX-EU-G", "Export outside the EU"),
    NOT_SUBJECT: ("VATEX-EU-O", "Not subject to VAT"),
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


class TaxCode(Struct, frozen=True):
    """A Belgian code, as ``TaxCategory/cbc:Name`` carries it.

    Attributes:
        code: The code.
        category: Its category in UNCL5305.
        percent: Its rate where the code fixes one.
        box: Box of the periodical VAT return for the taxable amount of a sale, where there is one.
        vatex: Reason code that goes with it.
        meaning: English, for a person who chooses.
    """

    code: str
    category: str
    meaning: str
    percent: Decimal | None = None
    box: str | None = None
    vatex: str | None = None
    valid_from: date = date(2018, 2, 14)
    valid_until: date | None = None


def _nil(code: str, category: str, meaning: str, box: str | None = None, vatex: str | None = None) -> TaxCode:
    return TaxCode(code, category, meaning, Decimal(0), box, vatex)


TAX_CODES: Sequence[TaxCode] = (
    _nil("00", ZERO_RATED, "Zero rate", "00"),
    TaxCode("01", STANDARD, "6 %", Decimal(6), "01"),
    TaxCode("02", STANDARD, "12 %", Decimal(12), "02"),
    TaxCode("03", STANDARD, "21 %", Decimal(21), "03"),
    TaxCode("03/SE", STANDARD, "Standard exchange", Decimal(21), "03"),
    TaxCode("MA", STANDARD, "Margin scheme"),
    TaxCode("OSS-G", STANDARD, "One stop shop, goods"),
    TaxCode("OSS-S", STANDARD, "One stop shop, services"),
    TaxCode("OSS-I", STANDARD, "One stop shop, imports"),
    _nil("45", REVERSE_CHARGE, "Co-contractor", "45", "VATEX-EU-AE"),
    _nil("NA", EXEMPT, "Exempt, other than in the return"),
    _nil("FD", EXEMPT, "Financial discount"),
    _nil("SC", EXEMPT, "Small company (article 56bis)"),
    _nil("00/44", EXEMPT, "Exempt by article 44", "00", "VATEX-EU-132"),
    _nil("46/GO", INTRA_COMMUNITY, "Goods within the EU", "46", "VATEX-EU-IC"),
    _nil("46/TR", INTRA_COMMUNITY, "Triangular sale", "46", "VATEX-EU-IC"),
    _nil("44", INTRA_COMMUNITY, "Services within the EU", "44", "VATEX-EU-IC"),
    _nil("47/TO", INTRA_COMMUNITY, "Manufacturing within the EU", "47", "VATEX-EU-IC"),
    _nil("47/AS", INTRA_COMMUNITY, "Assembly within the EU", "47", "VATEX-EU-IC"),
    _nil("47/DI", INTRA_COMMUNITY, "Distance sale within the EU", "47", "VATEX-EU-IC"),
    _nil("47/SE", INTRA_COMMUNITY, "Other services within the EU", "47", "VATEX-EU-IC"),
    _nil("47/EX", EXPORT, "Export", "47", "VATEX-EU-G"),
    _nil("47/EI", EXPORT, "Indirect export", "47", "VATEX-EU-G"),
    _nil("47/EE", EXPORT, "Export through the EU", "47", "VATEX-EU-G"),
    TaxCode("NS", NOT_SUBJECT, "Not subject to VAT", None, None, "VATEX-EU-O"),
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
