"""Peppol's rules about codes and dates (PEPPOL-EN16931-CL…, P01…, F001)."""

from datetime import date

from exports.ubl.check.names import Element
from exports.ubl.check.rules import codelists
from exports.ubl.check.rules.amounts import AMOUNTS
from exports.ubl.check.rules.document import BILLING_PROCESSES
from exports.ubl.check.rules.model import Breach, Facts, Table, Test, child, normal, normal_text, text

RULES = Table()


@RULES.rule(
    "PEPPOL-EN16931-CL001",
    "An attachment is a PDF, PNG, JPEG, CSV, XLSX or ODS by its mime code.",
    "cbc:EmbeddedDocumentBinaryObject",
)
def _mime_code(element: Element, _facts: Facts) -> Breach | None:
    value = element.get("mimeCode")
    return None if value is None or value in codelists.MIME else {"value": value[:200]}


def _reason(element: Element, kind: str, codes: frozenset[str]) -> Breach | None:
    entry = element.getparent()
    indicator = None if entry is None else child(entry, "cbc:ChargeIndicator")
    value = normal(text(element))
    if indicator is None or text(indicator) != kind or value in codes:
        return None
    return {"value": value[:200]}


_REASON = "cac:AllowanceCharge/cbc:AllowanceChargeReasonCode"


@RULES.rule(
    "PEPPOL-EN16931-CL002", "An allowance's reason code is one of Peppol's part of UNCL 5189.", _REASON
)
def _allowance_reason(element: Element, _facts: Facts) -> Breach | None:
    return _reason(element, "false", codelists.ALLOWANCE_REASONS)


@RULES.rule("PEPPOL-EN16931-CL003", "A charge's reason code is one of UNCL 7161.", _REASON)
def _charge_reason(element: Element, _facts: Facts) -> Breach | None:
    return _reason(element, "true", codelists.CHARGE_REASONS)


@RULES.rule(
    "PEPPOL-EN16931-CL006",
    "An invoicing period's code is 3, 35 or 432.",
    "cac:InvoicePeriod/cbc:DescriptionCode",
)
def _period_code(element: Element, _facts: Facts) -> Breach | None:
    value = normal(text(element))
    return None if value in codelists.PERIOD_EVENTS else {"value": value[:200]}


@RULES.rule("PEPPOL-EN16931-CL007", "An amount's currency is a code of ISO 4217.", *AMOUNTS)
def _currency_code(element: Element, _facts: Facts) -> Breach | None:
    value = element.get("currencyID")
    return None if value in codelists.CURRENCIES else {"value": (value or "")[:200]}


@RULES.rule(
    "PEPPOL-EN16931-CL008",
    "An electronic address has a scheme of the EAS code list.",
    "cbc:EndpointID",
)
def _address_scheme(element: Element, _facts: Facts) -> Breach | None:
    value = element.get("schemeID")
    return None if value is None or value in codelists.ADDRESS_SCHEMES else {"value": value[:200]}


@RULES.rule(
    "PEPPOL-EN16931-P0100", "An invoice has a type code of the billing process.", "cbc:InvoiceTypeCode"
)
def _invoice_type(element: Element, facts: Facts) -> Breach | None:
    value = normal(text(element))
    if facts.process not in BILLING_PROCESSES or value in codelists.INVOICE_TYPES:
        return None
    return {"value": value[:200]}


@RULES.rule(
    "PEPPOL-EN16931-P0101", "A credit note has a type code of the billing process.", "cbc:CreditNoteTypeCode"
)
def _credit_note_type(element: Element, facts: Facts) -> Breach | None:
    value = normal(text(element))
    if facts.process not in BILLING_PROCESSES or value in codelists.CREDIT_NOTE_TYPES:
        return None
    return {"value": value[:200]}


@RULES.rule(
    "PEPPOL-EN16931-P0112",
    "Types 326 and 384 are for invoices between two German parties.",
    "cbc:InvoiceTypeCode",
)
def _german_type(element: Element, facts: Facts) -> Breach | None:
    value = normal(text(element))
    return {"value": value} if value in codelists.GERMAN_INVOICE_TYPES and not facts.both_german else None


def _category_of(reason: str, category: str) -> Test:
    def test(element: Element, _facts: Facts) -> Breach | None:
        code = child(element, "cbc:TaxExemptionReasonCode")
        if code is None or text(code).upper() != reason:
            return None
        found = normal_text(element, "cbc:ID")
        return None if found == category else {"expected": category, "found": found[:200], "reason": reason}

    return test


for _rule, (_code, _category) in codelists.EXEMPTION_CATEGORIES.items():
    RULES.add(
        _rule,
        f"The exemption reason {_code} goes with VAT category {_category}.",
        "cac:TaxCategory",
        test=_category_of(_code, _category),
    )


@RULES.rule(
    "PEPPOL-EN16931-F001",
    "A date is written YYYY-MM-DD and exists.",
    "cbc:IssueDate",
    "cbc:DueDate",
    "cbc:TaxPointDate",
    "cbc:StartDate",
    "cbc:EndDate",
    "cbc:ActualDeliveryDate",
)
def _date_format(element: Element, _facts: Facts) -> Breach | None:
    value = text(element)
    # fromisoformat takes 2026-W48-7 and other scripts' digits too; a date has ten signs, two of them hyphens.
    if len(value) == 10 and value.isascii() and value[4] == value[7] == "-" and value[5:7].isdigit():
        try:
            date.fromisoformat(value)
        except ValueError:
            pass
        else:
            return None
    return {"value": value[:200]}
