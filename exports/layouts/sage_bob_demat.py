"""Sage BOB 50 with BOB-demat: folders ``Demat/Aankopen`` and ``Demat/Verkopen``, CODA per account.

BOB-demat watches a folder per journal and takes PDF, UBL and e-FFF. Each financial journal has one transfer
directory for CODA, so every account gets a folder of its own.
"""

from exports.layouts.base import Source, layout

LAYOUT = layout(
    "sage-bob-demat",
    "Sage BOB (BOB-demat)",
    sales="Demat/Verkopen",
    purchases="Demat/Aankopen",
    receipts="Demat/Aankopen",
    other="Demat/Andere",
    statements="CODA/{account}",
    sources=(
        Source("what BOB-demat reads", "Sage BOB 50 help INV-026"),
        Source("the transfer directory of a financial journal", "Sage BOB 50 help BANK-022"),
        Source(
            "monitoring of dossiers: a folder per kind, such as Aankopen and Verkopen",
            "https://help.skwarel.com",
        ),
        Source(
            "UBL through BOB-demat",
            "https://documentatie.onfact.be/koppelingen/koppeling-met-de-boekhouder/sage-bob-50",
        ),
    ),
    unconfirmed=(
        "The names Demat/Aankopen and Demat/Verkopen: the office sets the monitored folders itself.",
        "No rule of BOB on file names was found; names are kept to what any package accepts.",
        "Whether BOB wants an extension for CODA files; .cod is the usual one.",
    ),
)
