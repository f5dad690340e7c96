"""The tree CodaBox delivers, for offices whose package reads it: year, then account or direction.

CodaBox puts ``COMPANYCODE/YEAR/IBAN`` for CODA, with a PDF replica of each, ``YEAR/Invoices-IN-01`` for
purchases and ``YEAR/Invoices-OUT-01`` for sales. The company code is the dossier's folder.
"""

from exports.layouts.base import Source, layout

LAYOUT = layout(
    "codabox",
    "CodaBox",
    sales="{year}/Invoices-OUT-01",
    purchases="{year}/Invoices-IN-01",
    receipts="{year}/Invoices-IN-01",
    other="{year}/Other",
    statements="{year}/{account}",
    statement_pdf=True,
    sources=(Source("the tree on an office's server", "https://faq.codabox.com article 75000022794"),),
    unconfirmed=(
        "CodaBox's file names inside the folders, and what the 01 counts.",
        "Receipts and other papers are not in its tree.",
    ),
)
