"""What differs in Peppol's self-billing rules: the ids of the process and the types of document.

The overlay of BIS Self-Billing 3.0 (release of May 2026) has the billing rules but for these five: the first
four below replace a rule of billing, P0112 has no counterpart.
"""

from exports.ubl.check.names import Element, clark
from exports.ubl.check.rules import amounts, codelists
from exports.ubl.check.rules.model import Breach, Facts, Table, normal, text

RULES = Table()

#: Rules of billing that self-billing does not have.
DROPPED = frozenset({"PEPPOL-EN16931-P0112"})

SPECIFICATION = "urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:selfbilling:3.0"
_PROCESS = "urn:fdc:peppol.eu:2017:poacc:selfbilling:01:1.0"
_FRENCH = frozenset({"urn:peppol:france:billing:regulated", "urn:peppol:france:billing:non-regulated"})
#: Processes in which the type codes are judged, and all that are approved.
_JUDGED = _FRENCH | {_PROCESS}
_APPROVED = _JUDGED | {"urn:peppol:bis:billing_with_response"}
_SUBTOTAL = clark("cac:TaxSubtotal")
_BILLING_CURRENCY = amounts.RULES["PEPPOL-EN16931-R051"]


def is_self_billing(facts: Facts) -> bool:
    """Whether a document says by its specification, or its process, that the buyer issued it."""
    return facts.specification.startswith(SPECIFICATION) or facts.process == _PROCESS


@RULES.rule("PEPPOL-EN16931-R007", "The business process (ProfileID) is one that Peppol approved.", "/")
def _process_approved(_root: Element, facts: Facts) -> Breach | None:
    return None if facts.process in _APPROVED else {"value": facts.process[:200]}


@RULES.rule(
    "PEPPOL-EN16931-R004",
    f"The specification (CustomizationID) begins with {SPECIFICATION} and has no '::'.",
    "/",
)
def _specification(_root: Element, facts: Facts) -> Breach | None:
    value = facts.specification
    return None if value.startswith(SPECIFICATION) and "::" not in value else {"value": value[:200]}


@RULES.rule("PEPPOL-EN16931-P0100", "A self-billed invoice has type 389 or 527.", "cbc:InvoiceTypeCode")
def _invoice_type(element: Element, facts: Facts) -> Breach | None:
    value = normal(text(element))
    if facts.process not in _JUDGED or value in codelists.SELF_BILLED_INVOICE_TYPES:
        return None
    return {"value": value[:200]}


@RULES.rule("PEPPOL-EN16931-P0101", "A self-billed credit note has type 261.", "cbc:CreditNoteTypeCode")
def _credit_note_type(element: Element, facts: Facts) -> Breach | None:
    value = normal(text(element))
    if facts.process not in _JUDGED or value in codelists.SELF_BILLED_CREDIT_NOTE_TYPES:
        return None
    return {"value": value[:200]}


@RULES.rule("PEPPOL-EN16931-R051", _BILLING_CURRENCY.text, *amounts.AMOUNTS)
def _document_currency(amount: Element, facts: Facts) -> Breach | None:
    """As in billing, but the overlay leaves out the amounts of the breakdown's groups."""
    above = amount.getparent()
    if above is not None and above.tag == _SUBTOTAL and amount.tag == clark("cbc:TaxAmount"):
        return None
    return _BILLING_CURRENCY.test(amount, facts)
