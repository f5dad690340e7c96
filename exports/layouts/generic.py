"""For every package that reads a folder, and for people: one folder per kind, CODA per account."""

from exports.layouts.base import layout

LAYOUT = layout(
    "generic",
    "Generic folders",
    sales="Sales",
    purchases="Purchases",
    receipts="Receipts",
    other="Other",
    statements="CODA/{account}",
    sources=(),
    unconfirmed=("Our own arrangement; set the folders per dossier to what the package reads.",),
)
