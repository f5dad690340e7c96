"""For every package that reads a folder, and for people: one folder per kind, CODA per account."""

from exports.bundle.model import Kind
from exports.layouts.base import layout

LAYOUT = layout(
    "generic",
    "Generic folders",
    sales="Sales",
    purchases="Purchases",
    receipts="Receipts",
    other="Other",
    papers={
        Kind.daily_receipts: "Daily-receipts",
        Kind.payroll: "Payroll",
        Kind.tax_letter: "Tax",
        Kind.contract: "Contracts",
    },
    statements="CODA/{account}",
    sources=(),
    unconfirmed=("Our own arrangement; set the folders per dossier to what the package reads.",),
)
