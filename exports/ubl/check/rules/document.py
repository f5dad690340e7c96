"""Peppol's rules about the document as a whole, its process, parties, references and payment."""

from exports.ubl.check.names import Element
from exports.ubl.check.rules.model import (
    BROKEN,
    Breach,
    Facts,
    Table,
    child,
    children,
    decimal,
    normal,
    normal_text,
    text,
)

RULES = Table()

BILLING = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0"
BILLING_PROCESSES = frozenset(
    {
        "urn:fdc:peppol.eu:2017:poacc:billing:01:1.0",
        "urn:peppol:bis:billing_with_response",
        "urn:peppol:france:billing:regulated",
        "urn:peppol:france:billing:non-regulated",
    }
)


@RULES.rule("PEPPOL-EN16931-R001", "The business process (ProfileID) is given.", "/")
def _process_given(root: Element, _facts: Facts) -> Breach | None:
    return BROKEN if child(root, "cbc:ProfileID") is None else None


@RULES.rule("PEPPOL-EN16931-R007", "The business process (ProfileID) is one that Peppol approved.", "/")
def _process_approved(_root: Element, facts: Facts) -> Breach | None:
    return None if facts.process in BILLING_PROCESSES else {"value": facts.process[:200]}


@RULES.rule(
    "PEPPOL-EN16931-R002", "There is one note at most, unless seller and buyer are both in Germany.", "/"
)
def _one_note(root: Element, facts: Facts) -> Breach | None:
    count = len(children(root, "cbc:Note"))
    return {"found": str(count)} if count > 1 and not facts.both_german else None


@RULES.rule("PEPPOL-EN16931-R003", "A buyer reference or the number of a purchase order is given.", "/")
def _buyer_reference(root: Element, _facts: Facts) -> Breach | None:
    given = child(root, "cbc:BuyerReference"), child(root, "cac:OrderReference", "cbc:ID")
    return BROKEN if given == (None, None) else None


@RULES.rule(
    "PEPPOL-EN16931-R004", f"The specification (CustomizationID) begins with {BILLING} and has no '::'.", "/"
)
def _specification(_root: Element, facts: Facts) -> Breach | None:
    value = facts.specification
    return None if value.startswith(BILLING) and "::" not in value else {"value": value[:200]}


@RULES.rule("PEPPOL-EN16931-R053", "There is exactly one tax total with a breakdown.", "/")
def _one_breakdown(root: Element, _facts: Facts) -> Breach | None:
    count = sum(child(total, "cac:TaxSubtotal") is not None for total in children(root, "cac:TaxTotal"))
    return None if count == 1 else {"expected": "1", "found": str(count)}


@RULES.rule(
    "PEPPOL-EN16931-R054",
    "There is one tax total without a breakdown when a VAT accounting currency is given, else none.",
    "/",
)
def _one_accounting_total(root: Element, _facts: Facts) -> Breach | None:
    expected = 0 if child(root, "cbc:TaxCurrencyCode") is None else 1
    count = sum(child(total, "cac:TaxSubtotal") is None for total in children(root, "cac:TaxTotal"))
    return None if count == expected else {"expected": str(expected), "found": str(count)}


@RULES.rule(
    "PEPPOL-EN16931-R055",
    "The total VAT has the same sign in the accounting currency as in the document's.",
    "/",
)
def _same_sign(root: Element, _facts: Facts) -> Breach | None:
    if child(root, "cbc:TaxCurrencyCode") is None:
        return None
    accounting = normal_text(root, "cbc:TaxCurrencyCode")
    document = normal_text(root, "cbc:DocumentCurrencyCode")
    amounts = [
        (amount.get("currencyID"), value)
        for amount in children(root, "cac:TaxTotal", "cbc:TaxAmount")
        if (value := decimal(amount)) is not None
    ]
    in_accounting = [value for currency, value in amounts if currency == accounting]
    in_document = [value for currency, value in amounts if currency == document]
    none_above = any(value <= 0 for value in in_accounting) and any(value <= 0 for value in in_document)
    none_below = any(value >= 0 for value in in_accounting) and any(value >= 0 for value in in_document)
    return None if none_above or none_below else {"currency": accounting[:20]}


@RULES.rule(
    "PEPPOL-EN16931-R005",
    "The VAT accounting currency, when given, is another than the document's.",
    "cbc:TaxCurrencyCode",
)
def _other_currency(element: Element, _facts: Facts) -> Breach | None:
    parent = element.getparent()
    value = normal(text(element))
    if parent is None or value != normal_text(parent, "cbc:DocumentCurrencyCode"):
        return None
    return {"value": value}


@RULES.rule(
    "PEPPOL-EN16931-R010",
    "The buyer's electronic address is given.",
    "cac:AccountingCustomerParty/cac:Party",
)
@RULES.rule(
    "PEPPOL-EN16931-R020",
    "The seller's electronic address is given.",
    "cac:AccountingSupplierParty/cac:Party",
)
def _electronic_address(party: Element, _facts: Facts) -> Breach | None:
    return BROKEN if child(party, "cbc:EndpointID") is None else None


@RULES.rule("PEPPOL-EN16931-R061", "A direct debit names its mandate.", "cac:PaymentMeans")
def _mandate(means: Element, _facts: Facts) -> Breach | None:
    code = normal_text(means, "cbc:PaymentMeansCode")
    if code not in {"49", "59"} or child(means, "cac:PaymentMandate", "cbc:ID") is not None:
        return None
    return {"value": code}


@RULES.rule("PEPPOL-EN16931-R080", "A credit note refers to one project at most.", "/")
def _one_project(root: Element, facts: Facts) -> Breach | None:
    """Among a credit note's references a project is the one with type 50; invoices have an element for it."""
    if not facts.is_credit_note:
        return None
    types = children(root, "cac:AdditionalDocumentReference", "cbc:DocumentTypeCode")
    count = sum(text(code) == "50" for code in types)
    return {"found": str(count)} if count > 1 else None


@RULES.rule("PEPPOL-EN16931-R008", "No element is empty.", "*")
def _no_empty_element(_element: Element, _facts: Facts) -> Breach | None:
    return BROKEN
