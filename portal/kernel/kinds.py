"""What a paper of a company is: one list for everybody, with the parts of it that rules are about."""

import enum

from portal.kernel.language import N_


class Kind(enum.StrEnum):
    """What a document is, seen from the company; and the bank statement."""

    SALES_INVOICE = "sales_invoice"
    SALES_CREDIT_NOTE = "sales_credit_note"
    PURCHASE_INVOICE = "purchase_invoice"
    PURCHASE_CREDIT_NOTE = "purchase_credit_note"
    EXPENSE_RECEIPT = "expense_receipt"
    DAILY_RECEIPTS = "daily_receipts"  # what a shop took in on a day
    PAYROLL = "payroll"
    TAX_LETTER = "tax_letter"
    CONTRACT = "contract"
    OTHER = "other"
    STATEMENT = "statement"


DOCUMENTS = tuple(kind for kind in Kind if kind is not Kind.STATEMENT)
"""What people choose from when they say what a document is."""
CREDIT_NOTES = frozenset({Kind.SALES_CREDIT_NOTE, Kind.PURCHASE_CREDIT_NOTE})
SALES = frozenset({Kind.SALES_INVOICE, Kind.SALES_CREDIT_NOTE, Kind.DAILY_RECEIPTS})
"""The company is the supplier."""
PURCHASES = frozenset({Kind.PURCHASE_INVOICE, Kind.PURCHASE_CREDIT_NOTE, Kind.EXPENSE_RECEIPT})
"""Somebody else is the supplier, and there is something to book."""
PAPERS = frozenset({Kind.PAYROLL, Kind.TAX_LETTER, Kind.CONTRACT, Kind.OTHER})
"""Neither sale nor purchase: may have neither number nor amounts."""
UNNUMBERED = PAPERS | {Kind.EXPENSE_RECEIPT, Kind.DAILY_RECEIPTS}
"""May have no number."""

KIND_NAMES = {
    Kind.SALES_INVOICE: N_("sales invoice"),
    Kind.SALES_CREDIT_NOTE: N_("sales credit note"),
    Kind.PURCHASE_INVOICE: N_("purchase invoice"),
    Kind.PURCHASE_CREDIT_NOTE: N_("purchase credit note"),
    Kind.EXPENSE_RECEIPT: N_("expense receipt"),
    Kind.DAILY_RECEIPTS: N_("daily receipts"),
    Kind.PAYROLL: N_("payroll document"),
    Kind.TAX_LETTER: N_("tax letter"),
    Kind.CONTRACT: N_("contract"),
    Kind.OTHER: N_("other document"),
}
"""What a document of a kind is called, in the middle of a sentence."""
KIND_PLURALS = {
    Kind.PURCHASE_INVOICE: N_("Purchase invoices"),
    Kind.PURCHASE_CREDIT_NOTE: N_("Purchase credit notes"),
    Kind.EXPENSE_RECEIPT: N_("Expense receipts"),
    Kind.OTHER: N_("Other documents"),
    Kind.SALES_INVOICE: N_("Sales invoices"),
    Kind.SALES_CREDIT_NOTE: N_("Sales credit notes"),
    Kind.DAILY_RECEIPTS: N_("Daily receipts"),
    Kind.PAYROLL: N_("Payroll documents"),
    Kind.TAX_LETTER: N_("Tax letters"),
    Kind.CONTRACT: N_("Contracts"),
}
"""What many of a kind are called; those that clients are most often asked about first."""
