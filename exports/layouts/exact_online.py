"""Exact Online: files to hand to its digital mailboxes, one per kind; CODA one file per account.

Exact Online books the sub-accounts of one CODA file on the main account, so every account stays apart.
"""

from exports.layouts.base import Source, layout

LAYOUT = layout(
    "exact-online",
    "Exact Online",
    sales="Sales",
    purchases="Purchases",
    receipts="Purchases",
    other="Other",
    statements="CODA/{account}",
    sources=(
        Source("CODA goes to a digital mailbox", "https://faq.codabox.com article 75000026511"),
        Source("UBL and CODA into digital mailboxes", "https://www.scrada.be/integratie-exact-online/"),
        Source("several accounts in one CODA file", "https://faq.codabox.com article 75000057326"),
    ),
    unconfirmed=(
        "Rules of the Belgian Exact Online for reading a folder; the folders only keep the kinds apart.",
        "Whether a loose PDF with the base name of its UBL is joined to it.",
    ),
)
