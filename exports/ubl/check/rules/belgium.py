"""The rules of UBL.BE 1.31 (July 2024), successor of e-FFF: ``ubl-BE-01`` to ``-15`` and its own variants.

UBL.BE extends EN 16931 where Peppol restricts it, so it asks for more (two references, Belgian categories)
and leaves some out (see :mod:`exports.ubl.check.rules.belgium_cen`). Its Peppol part is that of 2020 to 2023: identifiers of schemes
that came later are not judged.
"""

import re

from exports.ubl.check.names import Element
from exports.ubl.check.rules import codelists
from exports.ubl.check.rules.model import (
    BROKEN,
    Breach,
    Facts,
    Table,
    child,
    children,
    day,
    decimal,
    normal,
    normal_text,
    text,
)

RULES = Table()

SPECIFICATION = "urn:cen.eu:en16931:2017#conformant#urn:UBL.BE:1.0.0.20180214"

#: Peppol rules that UBL.BE does not have: R120 is switched off, the others came after it.
DROPPED = frozenset(
    {
        "PEPPOL-EN16931-R120",
        "PEPPOL-EN16931-P0112",
        *(f"PEPPOL-COMMON-R{number:03}" for number in range(43, 56)),
        "PEPPOL-COMMON-R056-1",
        "PEPPOL-COMMON-R056-2",
        "PEPPOL-COMMON-R057",
    }
)

_PROCESS = re.compile(r"urn:fdc:peppol.eu:2017:poacc:billing:[0-9]{2}:1.0", re.ASCII)
_LINES = ("cac:InvoiceLine", "cac:CreditNoteLine")


@RULES.rule("PEPPOL-EN16931-R001", "The business process (ProfileID) is given.", "/", severity="warning")
def _process_given(root: Element, _facts: Facts) -> Breach | None:
    return BROKEN if child(root, "cbc:ProfileID") is None else None


@RULES.rule(
    "PEPPOL-EN16931-R007",
    "The business process (ProfileID) is urn:fdc:peppol.eu:2017:poacc:billing:NN:1.0 with two digits.",
    "/",
)
def _process_approved(_root: Element, facts: Facts) -> Breach | None:
    return None if _PROCESS.search(facts.process) else {"value": facts.process[:200]}


@RULES.rule("PEPPOL-EN16931-R002", "There is one note at most.", "/")
def _one_note(root: Element, _facts: Facts) -> Breach | None:
    count = len(children(root, "cbc:Note"))
    return {"found": str(count)} if count > 1 else None


@RULES.rule("PEPPOL-EN16931-R004", f"The specification (CustomizationID) begins with {SPECIFICATION}.", "/")
def _specification(_root: Element, facts: Facts) -> Breach | None:
    return None if facts.specification.startswith(SPECIFICATION) else {"value": facts.specification[:200]}


def _references(root: Element, code: str) -> int:
    types = children(root, "cac:AdditionalDocumentReference", "cbc:DocumentTypeCode")
    return sum(text(found) == code for found in types)


@RULES.rule("PEPPOL-EN16931-R006", "The document refers to one invoiced object at most.", "/")
def _one_object(root: Element, _facts: Facts) -> Breach | None:
    count = _references(root, "130")
    return {"found": str(count)} if count > 1 else None


@RULES.rule("PEPPOL-EN16931-R080", "The document refers to one project at most.", "/")
def _one_project(root: Element, _facts: Facts) -> Breach | None:
    count = _references(root, "50")
    return {"found": str(count)} if count > 1 else None


@RULES.rule(
    "PEPPOL-EN16931-CL008",
    "An electronic address has a scheme of the EAS code list.",
    "cbc:EndpointID",
    severity="warning",
)
def _address_scheme(element: Element, _facts: Facts) -> Breach | None:
    value = element.get("schemeID")
    # 0193 and 9956 are the Belgian schemes of UBL.BE's time.
    if value is None or value in codelists.ADDRESS_SCHEMES or value in {"0193", "9956"}:
        return None
    return {"value": value[:200]}


@RULES.rule("ubl-BE-01", "There are at least two additional document references.", "/")
def _two_references(root: Element, _facts: Facts) -> Breach | None:
    count = len(children(root, "cac:AdditionalDocumentReference"))
    return {"expected": "2", "found": str(count)} if count < 2 else None


@RULES.rule(
    "ubl-BE-02",
    "Exactly one reference is described as CommercialInvoice or CreditNote: the readable copy.",
    "/",
)
def _one_copy(root: Element, facts: Facts) -> Breach | None:
    if child(root, "cac:AdditionalDocumentReference") is None:
        return None  # ubl-BE-01 says it
    descriptions = facts.all("cbc:DocumentDescription")
    count = sum(text(found) in {"CommercialInvoice", "CreditNote"} for found in descriptions)
    return None if count == 1 else {"expected": "1", "found": str(count)}


@RULES.rule("ubl-BE-03", "Exactly one reference has the id UBL.BE: the software that made the document.", "/")
def _one_software(root: Element, facts: Facts) -> Breach | None:
    if child(root, "cac:AdditionalDocumentReference") is None:
        return None
    count = sum(text(found) == "UBL.BE" for found in facts.all("cbc:ID"))
    return None if count == 1 else {"expected": "1", "found": str(count)}


@RULES.rule(
    "ubl-BE-04", "Every additional document reference is described once.", "cac:AdditionalDocumentReference"
)
def _described(reference: Element, _facts: Facts) -> Breach | None:
    count = len(children(reference, "cbc:DocumentDescription"))
    if child(reference, "cbc:ID") is None or count == 1:
        return None
    return {"expected": "1", "found": str(count)}


@RULES.rule(
    "ubl-BE-05",
    "Delivery terms carry the code of a legal mention (BELM-…).",
    "cac:Delivery/cac:DeliveryTerms",
)
def _mention_code(terms: Element, _facts: Facts) -> Breach | None:
    value = normal_text(terms, "cbc:ID")
    return None if value in codelists.BELGIAN_MENTIONS else {"value": value[:200]}


_MENTIONS = frozenset(words for pair in codelists.BELGIAN_MENTIONS.values() for words in pair)


@RULES.rule(
    "ubl-BE-06", "Delivery terms carry the words of a legal mention.", "cac:Delivery/cac:DeliveryTerms"
)
def _mention_words(terms: Element, _facts: Facts) -> Breach | None:
    value = normal_text(terms, "cbc:SpecialTerms")
    return None if value in _MENTIONS else {"value": value[:200]}


def _discount(terms: Element) -> Element | None:
    return child(terms, "cbc:SettlementDiscountPercent")


@RULES.rule("ubl-BE-07", "A cash discount's percentage is between 0 and 100.", "cac:PaymentTerms")
def _discount_percentage(terms: Element, _facts: Facts) -> Breach | None:
    discount = _discount(terms)
    if discount is None:
        return None
    value = decimal(discount)
    return None if value is not None and 0 < value < 100 else {"value": normal(text(discount))[:200]}


@RULES.rule("ubl-BE-08", "A cash discount has its amount.", "cac:PaymentTerms")
def _discount_amount(terms: Element, _facts: Facts) -> Breach | None:
    return BROKEN if _discount(terms) is not None and not decimal(terms, "cbc:Amount") else None


@RULES.rule("ubl-BE-09", "A cash discount has its last day, written YYYY-MM-DD.", "cac:PaymentTerms")
def _discount_day(terms: Element, _facts: Facts) -> Breach | None:
    if _discount(terms) is None:
        return None
    last = child(terms, "cbc:PaymentDueDate")
    value = "" if last is None else text(last)
    return None if len(value) == 10 and day(last) is not None else {"value": value[:200]}


_GROUPS = "cac:TaxTotal/cac:TaxSubtotal/cac:TaxCategory"


@RULES.rule("ubl-BE-10", "Every VAT group names its Belgian category.", _GROUPS)
def _category(category: Element, _facts: Facts) -> Breach | None:
    value = normal_text(category, "cbc:Name")
    return None if value in codelists.BELGIAN_CATEGORIES else {"value": value[:200]}


@RULES.rule("ubl-BE-11", "A VAT group's exemption reason code is one of BETE-….", _GROUPS)
def _exemption_code(category: Element, _facts: Facts) -> Breach | None:
    if child(category, "cbc:TaxExemptionReasonCode") is None:
        return None
    value = normal_text(category, "cbc:TaxExemptionReasonCode")
    return None if value in codelists.BELGIAN_EXEMPTIONS else {"value": value[:200]}


@RULES.rule("ubl-BE-12", "A VAT group's exemption reason has the words that belong to a BETE code.", _GROUPS)
def _exemption_words(category: Element, _facts: Facts) -> Breach | None:
    if child(category, "cbc:TaxExemptionReason") is None:
        return None
    value = normal_text(category, "cbc:TaxExemptionReason")
    return None if value in codelists.BELGIAN_EXEMPTIONS.values() else {"value": value[:200]}


@RULES.rule(
    "ubl-BE-13",
    "A line's VAT amount is a number.",
    "cac:InvoiceLine/cac:TaxTotal",
    "cac:CreditNoteLine/cac:TaxTotal",
)
def _line_vat_amount(total: Element, _facts: Facts) -> Breach | None:
    found = child(total, "cbc:TaxAmount")
    value = "" if found is None else normal(text(found))
    return None if found is not None and decimal(found) is not None else {"value": value[:200]}


@RULES.rule("ubl-BE-14", "Every line has one tax total.", *_LINES)
def _line_vat(line: Element, _facts: Facts) -> Breach | None:
    count = len(children(line, "cac:TaxTotal"))
    return None if count == 1 else {"expected": "1", "found": str(count)}


@RULES.rule("ubl-BE-15", "Every line's VAT category is named.", "cac:ClassifiedTaxCategory")
def _line_category(category: Element, _facts: Facts) -> Breach | None:
    count = len(children(category, "cbc:Name"))
    return None if count == 1 else {"expected": "1", "found": str(count)}
