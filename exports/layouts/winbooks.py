"""WinBooks (classic): folders per kind that the office picks in WinBooks; CODA per account.

WinBooks prefers one CODA file per account, and refuses the same statement twice. ``FinancialTransactions``
is where offices that come from another portal's agent have their CODA.
"""

from exports.layouts.base import Source, layout

LAYOUT = layout(
    "winbooks",
    "WinBooks",
    sales="Sales",
    purchases="Purchases",
    receipts="Purchases",
    other="Other",
    statements="FinancialTransactions/{account}",
    sources=(
        Source(
            "a folder per dossier and kind, CODA in FinancialTransactions",
            "https://billit.eu, help on WinBooks, settings per dossier",
        ),
        Source(
            "WinBooks on Web takes e-mail, one address per kind",
            "https://billit.eu, help on WinBooks on Web",
        ),
    ),
    unconfirmed=(
        "The usual folder names for sales and purchases; set them per dossier.",
        "WinBooks on Web and Connect take no folder: mail each kind to its address.",
    ),
)
